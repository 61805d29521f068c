package web

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/store"
	"dassie/web/auth"
)

// uploaded is a picture that no post shows yet.
func (h *house) uploaded(shade int) store.Media {
	h.t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 30+shade))
	var b bytes.Buffer
	must(h.t, png.Encode(&b, m))
	up, err := h.svc.Upload(bg, &b, "SECRET-NAME.png")
	must(h.t, err)
	return up
}

// T42, T46: a file of a draft, of an upload that was never posted and of a deleted
// post is, to anybody but the owner, exactly what a name is that never was; and no
// file of the owner answers to the hash of its content.
func TestT42_MediaThatIsNotShownIsLikeWhatNeverWas(t *testing.T) {
	h := newHouse(t)
	loose, drafted, gone := h.uploaded(1), h.uploaded(2), h.uploaded(3)
	_, err := h.svc.SaveDraft(bg, 0, store.UnsentText{Text: "half", Media: []int64{drafted.ID}})
	must(t, err)
	p, err := h.svc.Publish(bg, federation.Draft{Text: "Gone soon", Media: []federation.Attached{{ID: gone.ID}}})
	must(t, err)
	_, err = h.svc.Delete(bg, p.ID)
	must(t, err)
	private := map[string]store.Media{}
	for name, v := range map[string]store.Visibility{"followers-only": store.Followers, "deleted private": store.Followers} {
		m := h.uploaded(4 + len(private))
		p, err := h.svc.Publish(bg, federation.Draft{Text: "Fans", Visibility: v, Media: []federation.Attached{{ID: m.ID}}})
		must(t, err)
		private[name] = m
		if name == "deleted private" {
			_, err := h.svc.Delete(bg, p.ID)
			must(t, err)
		}
	}
	_, stranger := h.person("eve", "evil.example")
	askers := map[string]func(*http.Request){
		"anonymous": func(*http.Request) {},
		"stranger": func(r *http.Request) {
			if err := stranger.SignCavage(r, nil, noon); err != nil {
				t.Fatal(err)
			}
		},
		"wrong token": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("x", 43)) },
	}
	const never = "00000000000000000000000000000000"
	names := map[string]string{
		"upload": loose.Name, "draft": drafted.Name, "deleted": gone.Name, "deleted private": private["deleted private"].Name,
		"content of a private post": private["followers-only"].File, "preview of a private post": private["followers-only"].Preview, "content of an upload": loose.File,
	}
	for what, name := range names {
		for who, sign := range askers {
			for _, accept := range []string{browser, peer, "image/*"} {
				for _, method := range []string{"GET", "HEAD"} {
					for _, end := range []string{"", "-small"} {
						got := h.ask(method, "/media/"+name+end, accept, sign)
						compareAnswers(t, strings.Join([]string{method, what, who, accept, end}, " "), name, got, h.ask(method, "/media/"+never+end, accept, sign))
						if got.Code != http.StatusNotFound {
							t.Errorf("%s %s: %d", what, who, got.Code)
						}
					}
				}
			}
		}
	}
	// Who was told the name of a private file may have it, and nobody may keep it.
	w := h.ask("GET", "/media/"+private["followers-only"].Name, "image/*")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
		t.Errorf("with its name: %d %v", w.Code, w.Header())
	}
}

// The owner sees what is not posted yet, in the browser and in apps that may write.
func TestTheOwnerSeesUploadsBeforeTheyArePosted(t *testing.T) {
	h := newHouse(t)
	m := h.uploaded(1)
	token := func(scopes string) func(*http.Request) {
		text, err := auth.TokenCommand(bg, h.svc.Store(), scopes, "Phone")
		must(t, err)
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text) }
	}
	session := h.logIn()
	for name, c := range map[string]struct {
		who    func(*http.Request)
		status int
	}{
		"browser": {session, 200}, "app": {token("write"), 200}, "app that only reads": {token("read"), 404},
	} {
		for _, end := range []string{"", "-small"} {
			w := h.ask("GET", "/media/"+m.Name+end, "image/*", c.who)
			if w.Code != c.status || w.Header().Get("Cache-Control") != "private, no-store" {
				t.Errorf("%s: %d %v", name, w.Code, w.Header())
			}
		}
	}
}

func TestOwnPicturesStandOnThePagesOfTheirPosts(t *testing.T) {
	h := newHouse(t)
	m := h.uploaded(1)
	alt := "Leeks & <frost>"
	p, err := h.svc.Publish(bg, federation.Draft{Text: "Look", Media: []federation.Attached{{ID: m.ID, Alt: &alt}}})
	must(t, err)
	for _, path := range []string{"/@nora/" + formatID(p.ID), "/@nora"} {
		w := h.ask("GET", path, browser)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "/media/"+m.Name) || !strings.Contains(w.Body.String(), "Leeks &amp; &lt;frost&gt;") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "SECRET-NAME") {
			t.Errorf("%s tells what the file was called", path)
		}
	}
	if w := h.ask("GET", "/@nora.atom", ""); !strings.Contains(w.Body.String(), "https://"+testHost+"/media/"+m.Name) {
		t.Errorf("the feed: %s", w.Body)
	}
	if w := h.ask("GET", "/posts/"+formatID(p.ID), peer); !strings.Contains(w.Body.String(), `"url":"https://`+testHost+"/media/"+m.Name+`"`) || strings.Contains(w.Body.String(), "SECRET-NAME") {
		t.Errorf("the object: %s", w.Body)
	}
}

// logIn is a browser in which the owner is logged in.
func (h *house) logIn() func(*http.Request) {
	h.t.Helper()
	page := h.ask("GET", "/login", browser, encrypted)
	token := between(page.Body.String(), `name="csrf" value="`, `"`)
	w := h.ask("POST", "/login", browser, cookies(page), form("csrf="+token+"&name=nora&password=three+short+words"), encrypted)
	if w.Code != http.StatusSeeOther {
		h.t.Fatalf("log in: %d %s", w.Code, w.Body)
	}
	return cookies(w)
}
