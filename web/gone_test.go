package web

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// leaver is a house with a second factor and a browser that is logged in, at the form
// that deletes the account. One server waits to be told, so that it does not end at once.
func leaver(t *testing.T) (h *house, in func(*http.Request), csrf, recovery string) {
	t.Helper()
	h = newHouse(t)
	in = h.logIn()
	h.person("fan", "fans.example")
	h.write(func(tx *store.Tx) error {
		host, err := tx.EnsureHost("fans.example")
		if err != nil {
			return err
		}
		if _, err := tx.EnsureInbox(store.InboxTarget{URL: "https://fans.example/inbox", HostID: host}); err != nil {
			return err
		}
		if err := tx.BeginSecondFactor("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte("k3f92mzq77abx4ct"))
		return tx.ConfirmSecondFactor([][]byte{sum[:]})
	})
	page := h.ask("GET", leavingPath, browser, in, encrypted)
	if page.Code != 200 || !strings.Contains(page.Body.String(), `name="code"`) {
		t.Fatalf("%d %s", page.Code, page.Body)
	}
	return h, in, between(page.Body.String(), `name="csrf" value="`, `"`), "k3f92mzq77abx4ct"
}

const rightHandle = "confirm=@nora@" + testHost

// T50: a handle that is typed wrong uses no code up, a code that is used is used once, and
// a second click finds what the first one began.
func TestT50_AWrongHandleKeepsTheCode(t *testing.T) {
	h, in, csrf, recovery := leaver(t)
	send := func(fields string) (int, string) {
		w := h.ask("POST", leavingPath, browser, in, form("csrf="+csrf+"&password=three+short+words&"+fields), encrypted)
		return w.Code, w.Body.String()
	}
	for fields, words := range map[string]string{
		"confirm=@nora&code=" + recovery: "the whole handle",
		rightHandle:                      "code",
		rightHandle + "&code=000000":     "code",
	} {
		if code, body := send(fields); code < 400 || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, words) || h.svc.Ending() != nil {
			t.Errorf("%s is answered %d: %s", fields, code, body)
		}
	}
	for range 2 {
		if code, body := send(rightHandle + "&code=" + recovery); code != http.StatusSeeOther {
			t.Fatalf("%d: %s", code, body)
		}
	}
	if h.svc.Ending() == nil {
		t.Fatal("the account goes on")
	}
}

// What DECISIONS 25 says of every address while the account ends and afterwards, also of
// the page that is left: it is there for one browser. Apps in browsers may read that it
// is gone.
func TestEveryRouteOfADeletedAccount(t *testing.T) {
	h, in, csrf, recovery := leaver(t)
	if w := h.ask("POST", leavingPath, browser, in, form("csrf="+csrf+"&password=three+short+words&"+rightHandle+"&code="+recovery), encrypted); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	d, list, err := h.svc.Told(bg)
	must(t, err)
	d.Report, d.Done, d.Wiped = list, noon, noon
	gone, err := NewGone(h.svc.Store(), h.svc.Identity(), d, nil, quiet)
	must(t, err)
	gone.Rest(true, nil)
	for when, server := range map[string]http.Handler{"while it ends": h.web, "afterwards": gone} {
		want := func(method, path, accept string, status int, change ...func(*http.Request)) {
			t.Helper()
			w := ask(server, method, path, accept, append(change, encrypted)...)
			if w.Code != status {
				t.Errorf("%s %s %s (%s) is answered %d, want %d", when, method, path, accept, w.Code, status)
			}
			if status == http.StatusGone && strings.Contains(w.Body.String(), "href=\"/\"") {
				t.Errorf("%s the page of %s leads to a front page that is gone", when, path)
			}
		}
		for route, row := range matrix {
			path := strings.ReplaceAll(row.path, "ID", "117689370872184832")
			status := http.StatusGone
			switch {
			case route == "/healthz", route == "/instance" && when == "while it ends":
				status = http.StatusOK
			case route == "/static/:name":
				status = http.StatusNotFound
			}
			for _, accept := range []string{browser, peer} {
				want("GET", path, accept, status)
			}
		}
		for _, path := range []string{"/inbox", "/login", "/api/v1/statuses", "/oauth/token", leavingPath, "/setup"} {
			want("POST", path, "", http.StatusGone)
		}
		for _, path := range []string{leavingPath + "/none", "/setup", "/nothing"} {
			want("GET", path, browser, http.StatusGone, in)
		}
		want("GET", leavingPath, browser, http.StatusOK, in)
		want("GET", leavingPath+"/report", browser, http.StatusOK, in)
		for _, path := range []string{"/api/v2/instance", "/oauth/token", "/.well-known/webfinger?resource=acct:nora@" + testHost} {
			if w := ask(server, "GET", path, "", encrypted); w.Code != http.StatusGone || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s no script may read that %s is gone: %d %v", when, path, w.Code, w.Header())
			}
		}
		want("OPTIONS", "/api/v2/instance", "", http.StatusNoContent)
	}
	// A second click on "Wipe now" comes after it.
	if w := ask(gone, "POST", leavingPath, browser, in, form("csrf="+csrf+"&do=wipe"), encrypted); w.Code != http.StatusSeeOther {
		t.Errorf("a late click is answered %d", w.Code)
	}
}

// The page that is left says what is wiped, when it is, and not before.
func TestThePageOfAWipedAccountTellsTheTruth(t *testing.T) {
	h, in, _, _ := leaver(t)
	viewer := sha256.Sum256(nil)
	d := store.Farewell{Begun: noon, Until: noon.Add(7 * 24 * time.Hour), Done: noon.Add(time.Hour), Wiped: noon.Add(50 * time.Hour), Posts: 3, Viewer: viewer[:],
		Report: []store.Told{{Host: "a.example", State: store.DeliveryAccepted, TriedAt: noon}, {Host: "b.example"}}}
	session, err := store.Get(bg, h.svc.Store(), func(tx *store.Tx) ([]store.Session, error) { return tx.Sessions() })
	must(t, err)
	d.Viewer = session[0].Hash
	gone, err := NewGone(h.svc.Store(), h.svc.Identity(), d, nil, quiet)
	must(t, err)
	page := func() string {
		w := ask(gone, "GET", leavingPath, browser, in, encrypted)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w.Body.String()
	}
	for _, step := range []struct {
		set   func()
		says  []string
		hides []string
	}{
		{func() {}, []string{"Wiping", "are being removed now", "not asked any more", "Not asked", "Wednesday 25 November, 14:00"}, []string{">Wiped<", "still to be asked"}},
		{func() { gone.Rest(false, errors.New("busy")) }, []string{"could not all be removed yet", "are not all removed yet"}, []string{">Wiped<", "are removed too"}},
		{func() { gone.Rest(true, nil, "mine.txt", "weekly") }, []string{">Wiped<", "pictures, messages and followers are gone from the disk", `>mine.txt</bdi>, <bdi dir="ltr">weekly<`, "are removed too", "look through: mine.txt, weekly."}, []string{"removed now", "Wiping", "not all removed"}},
	} {
		step.set()
		body := page() + ask(gone, "GET", leavingPath+"/report", "", in, encrypted).Body.String()
		for _, s := range step.says {
			if !strings.Contains(body, s) {
				t.Errorf("the page does not say %q:\n%s", s, body)
			}
		}
		for _, s := range step.hides {
			if strings.Contains(body, s) {
				t.Errorf("the page says %q", s)
			}
		}
	}
}
