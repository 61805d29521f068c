package auth

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
)

// T52: a form without its token, with another's, or from another site does nothing.
func TestT52_ForgedForms(t *testing.T) {
	h := newHouse(t)
	owner := h.browser("192.0.2.1")
	before := owner.get("/login").body
	owner.logIn("alice", ownerPassword)
	token := owner.get("/me").body
	other := h.browser("192.0.2.9").get("/login").body
	for name, a := range map[string]answer{
		"no token":                  owner.post("/me", url.Values{}),
		"empty token":               owner.post("/me", url.Values{"csrf": {""}}),
		"token of the log-in page":  owner.post("/me", url.Values{"csrf": {before}}),
		"token of somebody else":    owner.post("/me", url.Values{"csrf": {other}}),
		"token in the address only": owner.post("/me?csrf="+token, url.Values{}),
		"foreign origin":            owner.post("/me", url.Values{"csrf": {token}}, "Origin", "https://evil.example"),
		"origin null":               owner.post("/me", url.Values{"csrf": {token}}, "Origin", "null"),
		"cross-site":                owner.post("/me", url.Values{"csrf": {token}}, "Sec-Fetch-Site", "cross-site"),
		"same-site neighbour":       owner.post("/me", url.Values{"csrf": {token}}, "Sec-Fetch-Site", "same-site", "Origin", "http://bob.localhost:8081"),
		"no token, our own origin":  owner.post("/me", url.Values{}, "Origin", "http://"+testHost),
		"other method":              owner.do("DELETE", "/me", "application/x-www-form-urlencoded", "csrf="+token),
	} {
		if a.status != 403 || !strings.Contains(a.body, "nothing was done") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for name, a := range map[string]answer{
		"old browser":  owner.post("/me", url.Values{"csrf": {token}}),
		"our origin":   owner.post("/me", url.Values{"csrf": {token}}, "Origin", "http://"+testHost),
		"behind proxy": owner.post("/me", url.Values{"csrf": {token}}, "Sec-Fetch-Site", "same-origin", "Origin", "http://"+testHost),
	} {
		if a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// T52: the log-in form is protected before there is a session.
func TestT52_ForgedLogIn(t *testing.T) {
	h := newHouse(t)
	form := url.Values{"name": {"alice"}, "password": {ownerPassword}}
	b := h.browser("192.0.2.1")
	if a := b.post("/login", form); a.status != 403 {
		t.Errorf("without cookie and token: %d", a.status)
	}
	form.Set("csrf", h.browser("192.0.2.2").get("/login").body)
	if a := b.post("/login", form); a.status != 403 {
		t.Errorf("with a token that belongs to another cookie: %d", a.status)
	}
	form.Set("csrf", b.get("/login").body)
	if a := b.post("/login", form, "Sec-Fetch-Site", "cross-site"); a.status != 403 {
		t.Errorf("from another site: %d", a.status)
	}
	if len(h.sessions()) != 0 {
		t.Error("somebody was logged in")
	}
	if a := b.post("/login", form); a.status != 303 {
		t.Errorf("the real one: %d %s", a.status, a.body)
	}
}

// T52: a log-in page left open over a restart still works.
func TestT52_FormSurvivesRestart(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	token, cookie := b.get("/login").body, b.cookie("dassie_8080-form")
	h.restart()
	a := h.browser("192.0.2.1").post("/login", url.Values{"csrf": {token}, "name": {"alice"}, "password": {ownerPassword}}, "Cookie", "dassie_8080-form="+cookie)
	if a.status != 303 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestFormsAreLimited(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	token := b.get("/me").body
	upload := func(path string, size int) answer {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		m.WriteField("csrf", token)
		f, _ := m.CreateFormFile("avatar", "a.png")
		f.Write(make([]byte, size))
		m.Close()
		return b.do("POST", path, m.FormDataContentType(), body.String())
	}
	for name, c := range map[string]struct {
		a      answer
		status int
	}{
		"a post of 5,000 emoji": {b.post("/me", url.Values{"csrf": {token}, "text": {strings.Repeat("🐹", 5000)}}), 200},
		"70 KB":                 {b.post("/me", url.Values{"csrf": {token}, "text": {strings.Repeat("x", 70000)}}), 413},
		"upload where allowed":  {upload("/me/upload", 700000), 200},
		"upload over its limit": {upload("/me/upload", 1<<20), 413},
		"upload elsewhere":      {upload("/me", 70000), 413},
		"JSON":                  {b.do("POST", "/me", "application/json", `{"csrf":"`+token+`"}`), 415},
		"no type":               {b.do("POST", "/me", "", "csrf="+token), 415},
		"broken encoding":       {b.do("POST", "/me", "application/x-www-form-urlencoded", "csrf=%zz"), 400},
		"broken multipart":      {b.do("POST", "/me", "multipart/form-data; boundary=x", "--x\r\nnonsense"), 400},
	} {
		if c.a.status != c.status {
			t.Errorf("%s: %d %s, want %d", name, c.a.status, c.a.body, c.status)
		}
	}
}

func TestT52_ChunkedBodyIsLimitedToo(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	r := request("127.0.0.1", "Content-Type", "application/x-www-form-urlencoded")
	r.Method, r.ContentLength = "POST", -1
	r.Body = readCloser{strings.NewReader("csrf=" + strings.Repeat("x", 70000))}
	r.Header.Set("Cookie", "dassie_8080="+b.cookie("dassie_8080"))
	w := recorder()
	h.guard.Protect(nil).ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
