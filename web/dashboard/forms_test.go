package dashboard

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dassie/store"
)

// upload sends the profile form with a file.
func (h *house) upload(field string, file []byte, pairs ...string) page {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	pairs = append(pairs, "csrf", h.token())
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := form.WriteField(pairs[i], pairs[i+1]); err != nil {
			h.t.Fatal(err)
		}
	}
	w, err := form.CreateFormFile(field, "me.png")
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := w.Write(file); err != nil {
		h.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		h.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", h.web.URL+"/me/profile", &body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return h.send(r)
}

func (h *house) me() store.Actor {
	h.t.Helper()
	a, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func TestProfile(t *testing.T) {
	h := newHouse(t)
	var picture bytes.Buffer
	square := image.NewRGBA(image.Rect(0, 0, 40, 40))
	square.Set(3, 3, color.RGBA{200, 0, 0, 255})
	if err := png.Encode(&picture, square); err != nil {
		t.Fatal(err)
	}
	p := h.upload("avatar", picture.Bytes(), "display", "Alice of the leeks", "bio", "Grows #leeks.", "bot", "yes",
		"field_name", "Site", "field_value", "https://alice.example", "field_name", "", "field_value", "")
	if p.status != http.StatusSeeOther {
		t.Fatalf("the form answers %d: %s", p.status, p.main())
	}
	me := h.me()
	if me.Name != "Alice of the leeks" || me.Source != "Grows #leeks." || !me.Bot || me.Avatar == "" || len(me.Extra.Fields) != 1 {
		t.Errorf("stored: %+v", me)
	}
	h.open("/me/profile").says(t, "Alice of the leeks", "Grows #leeks.", `value="https://alice.example"`, "/media/"+me.Avatar, "Take it away")

	p = h.upload("avatar", []byte("this is no picture"), "display", "Alice again", "bio", "Kept")
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("a text as a picture answers %d", p.status)
	}
	p.says(t, "Alice again", "Everything else is saved.")
	if now := h.me(); now.Avatar != me.Avatar || now.Name != "Alice again" {
		t.Errorf("stored: %+v", now)
	}
	h.sent("/me/profile", "display", "Alice", "avatar_remove", "yes").says(t, "Saved.")
	if h.me().Avatar != "" {
		t.Error("the picture is still there")
	}
	p = h.submit("/me/profile", "display", strings.Repeat("a", 101), "bio", strings.Repeat("b", 1001), "field_name", "half", "field_value", "")
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("a profile too long answers %d", p.status)
	}
	p.says(t, "Use at most 100 characters.", "Use at most 1,000 characters.", "or neither", strings.Repeat("b", 1001))
	if h.me().Name != "Alice" {
		t.Error("a profile with errors was saved")
	}
}

func TestAppearance(t *testing.T) {
	h := newHouse(t)
	h.sent("/me/appearance", "theme", "dark", "contrast", "yes", "size", "125", "motion", "yes").
		says(t, "Saved.", `<html lang="en" data-theme="dark" data-contrast="more" data-size="125" data-motion="less">`)
	h.sent("/me/settings", "language", "nl", "timezone", "UTC").says(t, `data-theme="dark"`)
	h.sent("/me/appearance", "theme", "pink", "size", "9000").says(t, `<html lang="en">`)
}

func TestWhatOthersSee(t *testing.T) {
	h := newHouse(t)
	before := h.Settings()
	h.open("/me/reach").says(t, "What others see", "Not every robot obeys", `name="posts" value="yes" checked`, `name="feeds" value="yes" checked`, `name="ai" value="yes" aria`)
	h.sent("/me/reach", "discoverable", "yes", "counts", "yes", "search", "yes", "contact", " alice@alice.example ", "rules", "Be kind.\r\nBe brief.").says(t, "Saved.", `value="alice@alice.example"`)
	want := before
	want.Discoverable, want.Indexable, want.ShowLists, want.PostsOnWeb, want.Feeds, want.SearchEngines, want.ShowCounts, want.VisitorSearch = true, false, false, false, false, false, true, true
	want.Contact, want.Rules = "alice@alice.example", "Be kind.\nBe brief."
	if got := h.Settings(); got != want {
		t.Errorf("stored: %+v, want %+v", got, want)
	}
	for _, odd := range []string{"alice", "javascript:alert(1)", "http://alice.example", "https://", "https://eve@alice.example", "Alice <alice@alice.example>", "a@b.example?bcc=c@d.example", "alice@alice.example\nX: y", strings.Repeat("x", 200) + "@b.example"} {
		if p := h.submit("/me/reach", "contact", odd); p.status != http.StatusUnprocessableEntity {
			t.Errorf("contact %q: %d", odd, p.status)
		}
	}
	p := h.submit("/me/reach", "rules", strings.Repeat("x", 2001), "ai", "yes")
	if p.status != http.StatusUnprocessableEntity || h.Settings() != want {
		t.Errorf("rules too long: %d", p.status)
	}
	p.says(t, "Use at most 2,000 characters.", `name="ai" value="yes" checked`)
	h.sent("/me/reach", "contact", "https://alice.example/write", "lists", "yes")
	if set := h.Settings(); set.Contact != "https://alice.example/write" || !set.ShowLists {
		t.Errorf("stored: %+v", set)
	}
}

func TestSettings(t *testing.T) {
	h := newHouse(t)
	h.sent("/me/settings", "approve", "yes", "language", "nl", "timezone", "Europe/Amsterdam").says(t, "Saved.")
	set := h.Settings()
	if !set.ApproveFollowers || set.Language != "nl" || set.Timezone != "Europe/Amsterdam" {
		t.Errorf("stored: %+v", set)
	}
	h.open("/me").says(t, `name="lang" value="nl"`)
	h.sent("/me/settings", "language", "nl", "timezone", "UTC", "authorized_fetch", "yes").says(t, `name="authorized_fetch" value="yes" checked`)
	if !h.Settings().AuthorizedFetch {
		t.Error("other servers need not sign")
	}
	h.sent("/me/settings", "language", "nl", "timezone", "UTC", "cover_media", "all", "open_warnings", "yes").says(t, `value="all" selected`, `name="open_warnings" value="yes" checked`)
	h.sent("/me/settings", "language", "nl", "timezone", "UTC")
	if h.Settings().AuthorizedFetch {
		t.Error("other servers still have to sign")
	}
	p := h.submit("/me/settings", "language", "klingon", "timezone", "../../etc/passwd")
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("wrong settings answer %d", p.status)
	}
	p.says(t, "Choose a language from the list.", "Choose a time zone from the list.")
	if h.Settings().Timezone != "UTC" {
		t.Error("wrong settings were stored")
	}
}

func TestInboxRead(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	h.Post(t, store.Public, "Frost on the beds")
	frost, ok := bob.Has(t, h.own()[0].URI)
	if !ok {
		t.Fatal("bob did not get the post")
	}
	bob.Post(t, store.Public, "@"+h.Handle()+" bei uns minus vier", frost.ID)
	h.open("/me/inbox").says(t, "follows you", "answered you", "bei uns minus vier", "Mark all read", `class="note new"`)
	h.open("/me/inbox?k=mentions").hides(t, "follows you")
	h.open("/me/inbox").says(t, "Mark all read")
	h.sent("/me/inbox/read").hides(t, "Mark all read", `class="note new"`)
	thread := h.open(postPath(h.own()[0].ID))
	thread.says(t, "bei uns minus vier", "In this conversation", "1 of 1 server")
}

func TestNothingIsThere(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{
		"/me/post/99", "/me/post/0", "/me/post/x", "/me/post/-1", "/me/post/99/delete", "/me/post/99/delivery", "/me/person/99", "/me/person/99/unfollow",
		"/me/person/99/remove", "/me/person/1/remove", "/me/requests/99/block", "/me/drafts/99/delete", "/me/write?reply=99", "/me/write?edit=99",
		"/me/write?draft=99", "/me/nowhere", "/me/",
	} {
		if p := h.do("GET", path, nil); p.status != http.StatusNotFound {
			t.Errorf("GET %s answers %d", path, p.status)
		}
	}
	for _, path := range []string{"/me/person/99/follow", "/me/post/99/delete"} {
		if p := h.submit(path); p.status != http.StatusNotFound {
			t.Errorf("POST %s answers %d: %s", path, p.status, p.main())
		}
	}
	if p := h.submit("/me/requests", "do", "accept", "id", "99"); p.status >= 500 {
		t.Errorf("accepting nobody answers %d", p.status)
	}
	h.open("/me?done=%3Cscript%3E&before=zzz&after=-1").hides(t, "<script>")
}

func TestForgedFormDoesNothing(t *testing.T) {
	h := newHouse(t)
	for _, at := range h.board.routes() {
		if at.method != http.MethodPost {
			continue
		}
		path := strings.ReplaceAll(at.path, ":id", "1")
		if p := h.do("POST", path, url.Values{"csrf": {"guessed"}, "text": {"forged"}, "do": {"post"}, "audience": {"everyone"}}); p.status != http.StatusForbidden {
			t.Errorf("POST %s with a wrong token answers %d", path, p.status)
		}
	}
	if len(h.own()) != 0 {
		t.Error("a forged form made a post")
	}
}

// T42: nothing of the owner's pages without a session, not even whether an id exists.
func TestT42_NoPageWithoutASession(t *testing.T) {
	h := newHouse(t)
	mine := h.Post(t, store.Followers, "For followers alone")
	h.browser.Jar = nil
	for _, at := range h.board.routes() {
		for _, id := range []string{decimal(mine.ID), "99"} {
			path := strings.ReplaceAll(at.path, ":id", id)
			p := h.do(at.method, path, url.Values{"csrf": {"x"}})
			if at.method == http.MethodGet && (p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login")) {
				t.Errorf("GET %s leads a stranger to %d %s", path, p.status, p.location)
			}
			if at.method == http.MethodPost && p.status != http.StatusUnauthorized {
				t.Errorf("POST %s answers a stranger %d", path, p.status)
			}
			if strings.Contains(p.body, "alone") {
				t.Errorf("%s %s shows the post", at.method, path)
			}
		}
	}
}

// Every page is kept by nobody, or only by the browser that may ask again.
func TestPagesAreNotCached(t *testing.T) {
	h := newHouse(t)
	for _, at := range h.board.routes() {
		if at.method != http.MethodGet {
			continue
		}
		method := "GET"
		if at.path == "/me/events" { // its body never ends
			method = "HEAD"
		}
		p := h.do(method, strings.ReplaceAll(at.path, ":id", "1"), nil)
		if c := p.header.Get("Cache-Control"); !strings.HasPrefix(c, "private, no-") {
			t.Errorf("%s: Cache-Control %q", at.path, c)
		}
	}
}
