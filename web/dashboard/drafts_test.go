package dashboard

import (
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

func TestScheduledPostsStandAmongTheDrafts(t *testing.T) {
	h := newHouse(t)
	at := h.cluster.Now().Add(26 * time.Hour)
	u, err := h.Schedule(ctx, federation.Draft{Text: "The swap is on Saturday", Visibility: store.Followers, App: "Phone"}, at)
	if err != nil {
		t.Fatal(err)
	}
	h.open("/me/drafts").says(t, "The swap is on Saturday", "goes out Saturday 21 November, 14:00", "Send now")
	h.open("/me").hides(t, "The swap is on Saturday")
	if p := h.do("GET", "/me/write?draft="+decimal(u.ID), nil); p.status != 404 {
		t.Errorf("a scheduled post opens as a draft: %d", p.status)
	}
	h.open("/me/drafts/"+decimal(u.ID)+"/delete").says(t, "Delete this scheduled post?", "The swap is on Saturday")
	draft := h.sent("/me/drafts/" + decimal(u.ID) + "/unschedule")
	draft.says(t, "The swap is on Saturday</textarea>")
	draft.says(t, "It does not go out by itself now.", `value="2026-11-21T14:00"`)
	if !strings.HasPrefix(draft.location, "/me/write?draft="+decimal(u.ID)) {
		t.Errorf("led to %s", draft.location)
	}
	h.open("/me/drafts").hides(t, "goes out")
	if p := h.submit("/me/drafts/" + decimal(u.ID) + "/unschedule"); p.status != 404 {
		t.Errorf("twice: %d", p.status)
	}
	if u, err = h.Schedule(ctx, federation.Draft{Text: "Another"}, at); err != nil {
		t.Fatal(err)
	}
	h.sent("/me/drafts/"+decimal(u.ID)+"/delete").hides(t, "Another")
	h.cluster.Advance(48 * time.Hour)
	h.cluster.Settle()
	if n := len(h.own()); n != 0 {
		t.Errorf("%d posts went out", n)
	}
}
