package dashboard

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"dassie/store"
)

func TestQuarantineIsSetAndNamesItsReason(t *testing.T) {
	h := newHouse(t)
	h.open("/me/held").says(t, ">Quarantine<", `value="0" selected`, "Switch on for 24 hours")
	h.sent("/me/held/quarantine", "do", "save", "days", "7").says(t, "Saved.", `value="7" selected`)
	for _, bad := range [][]string{{"do", "save", "days", "many"}, {"do", "save"}, {"do", "save", "days", "99999999999"}, {"days", "3"}} {
		if p := h.submit("/me/held/quarantine", bad...); p.status != http.StatusUnprocessableEntity {
			t.Errorf("%v answers %d", bad, p.status)
		}
	}
	fresh := h.cluster.Stranger("fresh")
	h.names(fresh, "/1", "<p>Buy leeks</p>")
	h.open("/me/inbox").hides(t, "Buy leeks")
	p := h.open("/me/held")
	p.says(t, "Buy leeks", "Quarantine: their server does not say how old", "Let through")
	p.hides(t, "Let all through")
	h.names(h.cluster.Stranger("second"), "/1", "<p>More leeks</p>")
	h.open("/me/held").says(t, "Let all through once", "Put all aside")
	h.sent("/me/held", "do", "allow-all").says(t, "All that waited stands in the inbox", "Nothing is held back")
	h.open("/me/inbox").says(t, "Buy leeks", "More leeks")
	h.names(fresh, "/2", "<p>Yet more leeks</p>")
	h.open("/me/inbox").hides(t, "Yet more leeks")
	h.sent("/me/held", "do", "aside-all").says(t, "Put aside.")
	h.open("/me/held?k=aside").says(t, "Yet more leeks")
}

func TestQuarantineReasons(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	a := store.Actor{ID: store.IDAt(now.Add(-30 * time.Hour))}
	long := store.Host{CreatedAt: now.Add(-100 * day)}
	for _, c := range []struct {
		published, server time.Duration // ago; 0 is not said, or long known
		want              string
	}{
		{2 * day, 0, "Quarantine: their account was 2 days old."},
		{400 * day, 5 * time.Minute, "Quarantine: their server was first met 5 minutes before, so what it says about the age of accounts does not count yet."},
		{0, 0, "Quarantine: their server does not say how old the account is; it was first met 30 hours before."},
		{-day, 0, "Quarantine: their server does not say how old the account is; it was first met 30 hours before."},
	} {
		who, server := a, long
		if c.published != 0 {
			who.PublishedAt = now.Add(-c.published)
		}
		if c.server != 0 {
			server.CreatedAt = now.Add(-c.server)
		}
		if got := quarantineWhy(who, server, now); got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
}

func TestAWaveOfStrangersIsOfferedTheQuarantine(t *testing.T) {
	h := newHouse(t)
	for i := range 10 {
		if i == 9 {
			h.open("/me").hides(t, "whom you do not know")
		}
		h.names(h.cluster.Stranger(fmt.Sprint("spam", i)), "/1", "<p>Cheap leeks</p>")
		h.cluster.Advance(time.Minute)
	}
	for _, page := range []string{"/me", "/me/inbox"} {
		h.open(page).says(t, "10 people whom you do not know wrote to you within an hour.", "Hold them back for 24 hours")
	}
	h.sent("/me/held/quarantine", "do", "begin").says(t, "The quarantine is on for 24 hours.", "Cheap leeks", `Waiting <span class="n">10<`, "On until tomorrow, ")
	h.open("/me").hides(t, "whom you do not know", "Hold them back")
	inbox := h.open("/me/inbox")
	inbox.hides(t, "Cheap leeks")
	inbox.says(t, "wait apart</a> until tomorrow, ", "End it now", `Held back <span class="n">10<`)
	h.sent("/me/held/quarantine", "do", "end").says(t, "The quarantine for a wave is over.", "Switch on for 24 hours", "Cheap leeks")
	h.open("/me/inbox").hides(t, "wait apart")
}
