package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"dassie/federation/fedtest"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/auth"
)

// TestEveryCapturedPostIsShown delivers the captured documents of other servers
// to a whole server and opens every post that came of them: the owner's page,
// the client API, and the public page of a post that it answers.
func TestEveryCapturedPostIsShown(t *testing.T) {
	dir := fedtest.CorpusDir(t, "..")
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	world := c.World(dir, alice)
	h := &house{t: t, now: c.Now()}
	hash, err := passwordHash()
	must(t, err)
	must(t, alice.Store().Write(bg, func(tx *store.Tx) error { return tx.SetPassword(hash) }))
	h.open(alice.Store(), filepath.Join(t.TempDir(), "media"))
	here := func(r *http.Request) { r.Host, r.URL.Host, r.URL.Scheme, r.TLS = alice.Host, alice.Host, "http", nil }
	first := h.ask("GET", "/login", browser, here)
	token := between(first.Body.String(), `name="csrf" value="`, `"`)
	in := h.ask("POST", "/login", browser, here, cookies(first), form("csrf="+token+"&name=alice&password="+strings.ReplaceAll(testPassword, " ", "+")))
	if in.Code != http.StatusSeeOther {
		t.Fatalf("log-in: %d %s", in.Code, in.Body)
	}
	bearer, err := auth.TokenCommand(bg, alice.Store(), "read", "test")
	must(t, err)
	app := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+bearer) }

	shown := 0
	for _, d := range world.Documents {
		activity := d.Body
		switch d.Kind {
		case "object":
			activity = world.Create(d.Body)
		case "activity":
		default:
			continue
		}
		inner, ok := activity["object"].(map[string]any)
		actor, _ := activity["actor"].(string)
		if _, err := world.Meet(alice, actor); err != nil || !ok {
			continue // nobody sends it
		}
		world.Send(alice, activity)
		c.Settle()
		id, _ := inner["id"].(string)
		p, ok := alice.Has(t, id)
		if !ok {
			continue
		}
		shown++
		text := firstWords(p)
		mine := h.ask("GET", "/me/post/"+formatID(p.ID), browser, here, cookies(in))
		opened(t, d.Path+" in the dashboard", mine, text)
		api := h.ask("GET", "/api/v1/statuses/"+formatID(p.ID), "application/json", here, app)
		var status struct {
			Content, SpoilerText, Visibility, URL string
			Account                               struct{ Acct string }
			Media                                 []struct{ URL, Type string } `json:"media_attachments"`
		}
		if err := json.Unmarshal(api.Body.Bytes(), &status); err != nil || api.Code != http.StatusOK || status.Account.Acct == "" {
			t.Errorf("%s in the API: %d, %v: %s", d.Path, api.Code, err, api.Body)
		}
		if !strings.Contains(markup.Text(status.Content), text) || len(status.Media) != len(p.Extra.Attachments) {
			t.Errorf("%s in the API: %+v, want %q", d.Path, status, text)
		}
		inert(t, d.Path+" in the API", status.Content)
		opened(t, d.Path+" in public", h.ask("GET", h.answered(p), browser, here), text)
	}
	if shown < 60 {
		t.Errorf("only %d posts were shown", shown)
	}
	opened(t, "home", h.ask("GET", "/me", browser, here, cookies(in)), "")
}

// firstWords are some words that every view of a post must show.
func firstWords(p store.Post) string {
	text, _, _ := strings.Cut(markup.Text(p.HTML()), "\n")
	return strings.TrimSpace(text)
}

// answered makes the post a public answer to one of the owner's, and says where
// that is shown.
func (h *house) answered(p store.Post) string {
	own := h.post(store.Public, "What do you say?")
	p.ID, p.URI, p.ParentID, p.ParentURI, p.Visibility = 0, p.URI+"#answer", own.ID, own.URI, store.Public
	h.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
	return "/@alice/" + formatID(own.ID)
}

// opened: the page is there, is text, runs nothing, and shows the words.
func opened(t *testing.T, what string, w *httptest.ResponseRecorder, words string) {
	t.Helper()
	page := w.Body.String()
	if w.Code != http.StatusOK || !utf8.ValidString(page) || strings.Contains(page, "\x00") {
		t.Errorf("%s: answered %d, %q", what, w.Code, page[:min(len(page), 200)])
	}
	inert(t, what, page)
	if !strings.Contains(html.UnescapeString(markup.Text(page)), words) {
		t.Errorf("%s: %q is not shown", what, words)
	}
}
