package web

import (
	"bytes"
	"crypto/sha256"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"dassie/store"
)

// written posts the long form of a post, pairs of name and value, as a browser does.
func written(t *testing.T, site string, pairs ...string) func(*http.Request) {
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		must(t, mw.WriteField(pairs[i], pairs[i+1]))
	}
	f, err := mw.CreateFormFile("files", "sill.png")
	must(t, err)
	_, err = f.Write(bytes.Repeat([]byte("not kept"), 50000))
	must(t, err)
	must(t, mw.Close())
	return func(r *http.Request) {
		r.Header.Set("Content-Type", mw.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", site)
		r.Body, r.ContentLength = io.NopCloser(&body), int64(body.Len())
	}
}

var carried = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// hiddenFields are those of the log-in, as the browser sends them back.
func hiddenFields(page string) url.Values {
	form := url.Values{}
	for _, m := range carried.FindAllStringSubmatch(page, -1) {
		form.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return form
}

// A post that is sent after the session ended comes back after the log-in, without
// any script, also where that has two steps.
func TestATextOutlivesItsSession(t *testing.T) {
	for _, code := range []string{"", "k3f92mzq77abx4ct"} {
		h := newHouse(t)
		if code != "" {
			sum := sha256.Sum256([]byte(code))
			h.write(func(tx *store.Tx) error {
				if err := tx.BeginSecondFactor("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
					return err
				}
				return tx.ConfirmSecondFactor([][]byte{sum[:]})
			})
		}
		text := "Three lines\r\nof <b>work</b>\r\nand \"quotes\" — что-то"
		fields := []string{"csrf", "of-the-old-session", "key", "k", "do", "post", "text", text, "warning", "Seeds", "audience", "followers", "lang", "nl", "option", "Kale", "option", "Leek", "lasts", "3600"}
		first := h.ask("POST", "/me/write", browser, encrypted, written(t, "same-origin", fields...))
		page := first.Body.String()
		if first.Code != 401 || !strings.Contains(page, "Your session has ended, so nothing was sent.") || !strings.Contains(page, `name="password"`) || !strings.Contains(page, "of &lt;b&gt;work") {
			t.Fatalf("%d %s", first.Code, page)
		}
		send := func(page string, more ...string) *httptest.ResponseRecorder {
			fields := hiddenFields(page)
			for i := 0; i < len(more); i += 2 {
				fields.Set(more[i], more[i+1])
			}
			return h.ask("POST", "/login", browser, encrypted, cookies(first), form(fields.Encode()))
		}
		wrong := send(page, "name", "nora", "password", "not this one")
		if wrong.Code != 401 || !strings.Contains(wrong.Body.String(), "kept-text") {
			t.Fatalf("a wrong password: %d %s", wrong.Code, wrong.Body)
		}
		in := send(wrong.Body.String(), "name", "nora", "password", "three short words")
		if code != "" {
			if in.Code != 200 || !strings.Contains(in.Body.String(), `name="code"`) {
				t.Fatalf("the second step: %d %s", in.Code, in.Body)
			}
			fields := hiddenFields(in.Body.String())
			fields.Set("code", code)
			in = h.ask("POST", "/login", browser, encrypted, cookies(first), cookies(in), form(fields.Encode()))
		}
		at := in.Header().Get("Location")
		if in.Code != 303 || !strings.HasPrefix(at, "/me/write?draft=") {
			t.Fatalf("leads to %q: %d %s", at, in.Code, in.Body)
		}
		again := h.ask("GET", at, browser, cookies(in)).Body.String()
		for _, part := range []string{"Your text is here.", "of &lt;b&gt;work&lt;/b&gt;", "что-то</textarea>", `value="Seeds"`, `value="followers" checked`, `value="Kale"`, `value="Leek"`, `<option value="nl" selected>`} {
			if !strings.Contains(again, part) {
				t.Errorf("the form lacks %s:\n%s", part, again)
			}
		}
		if own, err := store.Get(bg, h.svc.Store(), func(tx *store.Tx) (int, error) { return tx.CountOwnPosts() }); err != nil || own != 0 {
			t.Errorf("%d posts, %v", own, err)
		}
	}
}

// What another site sends is nobody's text, and no page for it is made.
func TestNothingIsKeptOfWhatOthersSend(t *testing.T) {
	h := newHouse(t)
	for what, change := range map[string]func(*http.Request){
		"another site": written(t, "cross-site", "text", "mine"), "no text": written(t, "same-origin", "text", " "), "a plain form": form("text=mine"),
		"too much": written(t, "same-origin", "text", strings.Repeat("a", 200<<10)),
	} {
		w := h.ask("POST", "/me/write", browser, encrypted, change)
		if w.Code != 401 || strings.Contains(w.Body.String(), "kept-") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := h.ask("POST", "/me/read", browser, encrypted, written(t, "same-origin", "text", "x")); w.Code != 401 || strings.Contains(w.Body.String(), "kept-") {
		t.Errorf("another form: %d", w.Code)
	}
}

// Who logged in anew in another window sends the form of the session before.
func TestAFormOfAnEarlierSessionComesBack(t *testing.T) {
	h := newHouse(t)
	first := h.ask("GET", "/login", browser, encrypted)
	in := h.ask("POST", "/login", browser, encrypted, cookies(first), form(url.Values{"csrf": {hiddenFields(first.Body.String()).Get("csrf")}, "name": {"nora"}, "password": {"three short words"}}.Encode()))
	if in.Code != 303 {
		t.Fatalf("log in: %d %s", in.Code, in.Body)
	}
	for _, do := range []string{"post", "autosave"} {
		w := h.ask("POST", "/me/write", browser, cookies(in), written(t, "same-origin", "csrf", strings.Repeat("x", 43), "do", do, "text", "Still mine", "audience", "everyone"))
		if w.Code != 403 || do == "post" && (!strings.Contains(w.Body.String(), "Still mine</textarea>") || !strings.Contains(w.Body.String(), "of an earlier log-in")) {
			t.Errorf("%s: %d %s", do, w.Code, w.Body)
		}
	}
	n, err := store.Get(bg, h.svc.Store(), func(tx *store.Tx) (int, error) {
		list, err := tx.UnsentList(store.UnsentDraft)
		held, err2 := tx.Held()
		uploads, err3 := tx.CountOwnPosts()
		must(t, err2)
		must(t, err3)
		return len(list) + len(held) + uploads, err
	})
	if err != nil || n != 0 {
		t.Errorf("%d things were done, %v", n, err)
	}
	if w := h.ask("POST", "/me/write", browser, cookies(in), written(t, "cross-site", "csrf", strings.Repeat("x", 43), "do", "post", "text", "theirs")); w.Code != 403 || strings.Contains(w.Body.String(), "<textarea") {
		t.Errorf("T57: from another site: %d", w.Code)
	}
}
