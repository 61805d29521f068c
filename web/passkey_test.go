package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"dassie/store"
	"dassie/web/auth/webauthn"
	"dassie/web/auth/webauthn/webauthntest"
)

// withPasskey stores a passkey of the owner's.
func (h *house) withPasskey(host string) *webauthntest.Device {
	h.t.Helper()
	d := webauthntest.New(h.t, testHost, "https://"+testHost)
	d.User = []byte("0123456789abcdef")
	raw := []byte("0123456789abcdef")
	a, err := webauthn.Read(d.Create(webauthn.Encode(raw)))
	must(h.t, err)
	made, err := webauthn.Party{ID: testHost, Origin: "https://" + testHost}.Register(a, raw)
	must(h.t, err)
	h.write(func(tx *store.Tx) error {
		if err := tx.SetPasskeyUser(base64.RawURLEncoding.EncodeToString(d.User)); err != nil {
			return err
		}
		return tx.AddPasskey(&store.Passkey{Credential: made.ID, Key: made.Key, Host: host, Name: "Phone"})
	})
	return d
}

// atLogin is a browser at the log-in page: what it sends back, and its token.
func (h *house) atLogin(path string) (page *httptest.ResponseRecorder, csrf string) {
	h.t.Helper()
	page = h.ask("GET", path, browser)
	return page, "csrf=" + url.QueryEscape(between(page.Body.String(), `name="csrf" value="`, `"`))
}

// challenge asks as the page's script does.
func (h *house) challenge(page *httptest.ResponseRecorder, csrf string) string {
	h.t.Helper()
	w := h.ask("POST", "/login/passkey", "application/json", cookies(page), form(csrf))
	var asked struct{ Challenge, RpID string }
	if err := json.Unmarshal(w.Body.Bytes(), &asked); err != nil || w.Code != 200 || asked.RpID != testHost || w.Header().Get("Cache-Control") != "private, no-store" {
		h.t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	return asked.Challenge
}

// Without a passkey the log-in has no script; with one it has ours, and the button
// stands there hidden, for the script to show.
func TestLogInPageWithPasskeys(t *testing.T) {
	h := newHouse(t)
	bare := h.ask("GET", "/login", browser)
	if strings.Contains(bare.Body.String(), "passkey") || strings.Contains(bare.Header().Get("Content-Security-Policy"), "script-src") {
		t.Errorf("%v %s", bare.Header(), bare.Body)
	}
	if w := h.ask("POST", "/login/passkey", "application/json", cookies(bare), form("csrf="+between(bare.Body.String(), `name="csrf" value="`, `"`))); w.Code != 404 {
		t.Errorf("a challenge for nothing: %d", w.Code)
	}
	h.withPasskey("old.example")
	if w := h.ask("GET", "/login", browser); strings.Contains(w.Body.String(), "passkey") {
		t.Error("one that was made for another host is offered")
	}
	h.withPasskey(testHost)
	w := h.ask("GET", "/login", browser)
	for _, part := range []string{`data-passkey="` + testHost + `" data-ask="/login/passkey" data-fill hidden>`, `-passkey.js" defer></script>`, `autocomplete="username webauthn"`, `type="button">Log in with a passkey</button>`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("lacks %s:\n%s", part, w.Body)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'; connect-src 'self'") || !strings.Contains(policy, "form-action 'self'") {
		t.Error(policy)
	}
	w = h.ask("GET", "/login?next="+url.QueryEscape("/oauth/authorize?client_id=x"), browser)
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'; connect-src 'self'") || strings.Contains(policy, "form-action") {
		t.Errorf("on the way to an app: %s", policy)
	}
}

// T50, T52, T55: a passkey leads where the log-in was to lead, and a form without our
// token, or from elsewhere, gets no challenge.
func TestT50_LogInWithAPasskey(t *testing.T) {
	h := newHouse(t)
	d := h.withPasskey(testHost)
	page, csrf := h.atLogin("/login?next=/me/requests")
	send := func(answer, next string) *httptest.ResponseRecorder {
		return h.ask("POST", "/login", browser, cookies(page), encrypted, form(csrf+"&name=&password=&next="+url.QueryEscape(next)+"&passkey="+url.QueryEscape(answer)))
	}
	if w := send(d.Get(h.challenge(page, csrf)), "//evil.example"); w.Code != 303 || w.Header().Get("Location") != "/me" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	d.Counter++
	in := send(d.Get(h.challenge(page, csrf)), "/me/requests")
	if in.Code != 303 || in.Header().Get("Location") != "/me/requests" {
		t.Fatalf("%d %v %s", in.Code, in.Header(), in.Body)
	}
	if w := h.ask("GET", "/me/security", browser, cookies(in)); w.Code != 200 || !strings.Contains(w.Body.String(), "Phone") {
		t.Errorf("afterwards: %d", w.Code)
	}
	for what, answer := range map[string]string{"garbage": "\xff{", "an old count": d.Get(h.challenge(page, csrf))} {
		if w := send(answer, "/me/requests"); w.Code != 401 || !strings.Contains(w.Body.String(), `role="alert"`) || !strings.Contains(w.Body.String(), `name="password"`) {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	foreign := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	for what, w := range map[string]*httptest.ResponseRecorder{
		"without a token": h.ask("POST", "/login/passkey", "application/json", cookies(page), form("")),
		"from elsewhere":  h.ask("POST", "/login/passkey", "application/json", cookies(page), form(csrf), foreign),
	} {
		if w.Code != 403 {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	if w := h.ask("GET", "/login/passkey", browser); w.Code != 405 {
		t.Errorf("GET: %d", w.Code)
	}
}

// A device that does not make sure of who holds it leads to the password, and the page
// says why. The text of a form that came without a session goes along.
func TestPasskeyThenPassword(t *testing.T) {
	h := newHouse(t)
	d := h.withPasskey(testHost)
	d.Flags = webauthntest.Present
	page, csrf := h.atLogin("/login?next=/me/requests")
	half := h.ask("POST", "/login", browser, cookies(page), encrypted, form(csrf+"&next=/me/requests&passkey="+url.QueryEscape(d.Get(h.challenge(page, csrf)))))
	if half.Code != 303 || half.Header().Get("Location") != "/login?next=%2Fme%2Frequests" {
		t.Fatalf("%d %v", half.Code, half.Header())
	}
	again := h.ask("GET", "/login?next=/me/requests", browser, cookies(page), cookies(half))
	if body := again.Body.String(); !strings.Contains(body, "Your passkey was right. The device did not make sure that it is you") || strings.Contains(body, "Log in with a passkey") {
		t.Errorf("%s", body)
	}
	in := h.ask("POST", "/login", browser, cookies(page), cookies(half), encrypted, form(csrf+"&name=nora&password=three+short+words&next=/me/requests"))
	if in.Code != 303 || in.Header().Get("Location") != "/me/requests" {
		t.Errorf("%d %v", in.Code, in.Header())
	}
	kept := h.ask("POST", "/login", browser, cookies(page), encrypted, form(csrf+"&kept-text=Took+stock&passkey="+url.QueryEscape(d.Get(h.challenge(page, csrf)))))
	if body := kept.Body.String(); kept.Code != 200 || !strings.Contains(body, `value="Took stock"`) || !strings.Contains(body, "Your passkey was right") {
		t.Errorf("%d %s", kept.Code, body)
	}
}
