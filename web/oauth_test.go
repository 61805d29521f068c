package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

const (
	verifier = "a-verifier-that-is-long-enough-for-every-reader-of-it"
	target   = "https://elk.zone/api/x/oauth/https%3A%2F%2Felk.zone?keep=1"
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// app is one that was registered.
type app struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

func (h *house) register(targets string) (a app) {
	h.t.Helper()
	fields := url.Values{"client_name": {"Elk <b>"}, "website": {"https://elk.zone"}, "redirect_uris": {targets}, "scopes": {"read write follow push"}}
	w := h.ask("POST", "/api/v1/apps", "", form(fields.Encode()), from("198.51.100.1"))
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 {
		h.t.Fatalf("register: %d %s", w.Code, w.Body)
	}
	return a
}

func from(addr string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = addr + ":4711" }
}

func (h *house) owner() func(*http.Request) {
	h.t.Helper()
	first := h.ask("GET", "/login", browser)
	in := h.ask("POST", "/login", browser, cookies(first), form("csrf="+between(first.Body.String(), `name="csrf" value="`, `"`)+"&name=nora&password=three+short+words"), encrypted)
	if in.Code != 303 {
		h.t.Fatalf("log in: %d", in.Code)
	}
	return cookies(in)
}

func (a app) query(change ...string) url.Values {
	q := url.Values{"client_id": {a.ID}, "redirect_uri": {target}, "response_type": {"code"}, "scope": {"read write"}, "state": {"s t&ate=1"},
		"code_challenge": {challenge()}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(change); i += 2 {
		if q.Set(change[i], change[i+1]); change[i+1] == "" {
			q.Del(change[i])
		}
	}
	return q
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// consent asks and answers as the owner does; the answer is where that leads.
func (h *house) consent(me func(*http.Request), q url.Values, answer string) *httptest.ResponseRecorder {
	h.t.Helper()
	page := h.ask("GET", "/oauth/authorize?"+q.Encode(), browser, me)
	if page.Code != 200 {
		h.t.Fatalf("consent page: %d %s", page.Code, page.Body)
	}
	fields := url.Values{"answer": {answer}}
	for _, m := range hiddenField.FindAllStringSubmatch(page.Body.String(), -1) {
		fields.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return h.ask("POST", "/oauth/authorize", browser, me, form(fields.Encode()))
}

func (h *house) token(a app, code string, change ...string) *httptest.ResponseRecorder {
	fields := url.Values{"grant_type": {"authorization_code"}, "client_id": {a.ID}, "client_secret": {a.Secret}, "code": {code}, "redirect_uri": {target}, "code_verifier": {verifier}}
	for i := 0; i < len(change); i += 2 {
		fields.Set(change[i], change[i+1])
	}
	return h.ask("POST", "/oauth/token", "", form(fields.Encode()), from("198.51.100.1"))
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func tokenOf(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("token: %d %s", w.Code, w.Body)
	}
	return got.Token
}

func codeOf(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusFound || u.Query().Get("code") == "" {
		t.Fatalf("after consent: %d %q", w.Code, w.Header().Get("Location"))
	}
	return u.Query().Get("code")
}

func TestAnAppSignsIn(t *testing.T) {
	h := newHouse(t)
	a := h.register("app://x\n" + target)
	path := "/oauth/authorize?" + a.query().Encode()
	asked := h.ask("GET", path, browser)
	if asked.Code != 303 || !strings.HasPrefix(asked.Header().Get("Location"), "/login?next=%2Foauth%2Fauthorize%3F") {
		t.Fatalf("without a session: %d %q", asked.Code, asked.Header().Get("Location"))
	}
	login := h.ask("GET", asked.Header().Get("Location"), browser)
	back := html.UnescapeString(between(login.Body.String(), `name="next" value="`, `"`))
	if back != path {
		t.Errorf("the log-in leads to %q", back)
	}
	fields := url.Values{"csrf": {between(login.Body.String(), `name="csrf" value="`, `"`)}, "name": {"nora"}, "password": {testPassword}, "next": {back}}
	in := h.ask("POST", "/login", browser, cookies(login), form(fields.Encode()), encrypted)
	me := cookies(in)
	page := h.ask("GET", in.Header().Get("Location"), browser, me)
	says(t, page.Body.String(), "Elk &lt;b&gt;", `href="https://elk.zone"`, "elk.zone", "@nora@"+testHost, "do nearly everything", "read everything here", ">Allow<", ">Refuse<")
	hides(t, page.Body.String(), "push</code>")

	// Some apps put a slash too many there.
	slashed := h.ask("GET", "/oauth/authorize/?"+a.query().Encode(), browser)
	if slashed.Code != 303 || slashed.Header().Get("Location") != path {
		t.Errorf("with a slash: %d %q", slashed.Code, slashed.Header().Get("Location"))
	}

	// On the way to the app no answer may cut the app's window off or hold the form back.
	for what, w := range map[string]*httptest.ResponseRecorder{"slashed": slashed, "asked": asked, "log-in": login, "logged in": in, "consent": page, "error": h.ask("GET", "/oauth/authorize", browser, me)} {
		policy := w.Header().Get("Content-Security-Policy")
		if w.Header().Get("Cross-Origin-Opener-Policy") != "unsafe-none" || strings.Contains(policy, "form-action") || !strings.Contains(policy, "frame-ancestors 'none'") || w.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", what, w.Header())
		}
	}
	if plain := h.ask("GET", "/login?next=/me/requests", browser); plain.Header().Get("Cross-Origin-Opener-Policy") != "same-origin" || !strings.Contains(plain.Header().Get("Content-Security-Policy"), "form-action 'self'") {
		t.Errorf("any other log-in: %v", plain.Header())
	}

	done := h.consent(me, a.query(), "allow")
	want := target + "&code=" + codeOf(t, done) + "&state=s+t%26ate%3D1"
	if got := done.Header().Get("Location"); got != want {
		t.Errorf("the app gets\n%s, not\n%s", got, want)
	}
	token := tokenOf(t, h.token(a, codeOf(t, done)))
	if w := h.ask("GET", "/api/v1/accounts/verify_credentials", "", bearer(token)); w.Code != 200 || !strings.Contains(w.Body.String(), `"username":"nora"`) {
		t.Errorf("with the token: %d %s", w.Code, w.Body)
	}
	if w := h.ask("GET", "/api/v1/notifications", "", bearer(token)); w.Code != 200 {
		t.Errorf("read has notifications in it: %d", w.Code)
	}
	if w := h.ask("GET", "/api/v1/accounts/verify_credentials?access_token="+token, ""); w.Code != 401 {
		t.Errorf("T53: a token in the address: %d", w.Code)
	}
	var events []store.SecurityEvent
	must(t, h.svc.Store().Read(bg, func(tx *store.Tx) (err error) { events, err = tx.SecurityLog(10); return err }))
	if text := strings.ToLower(eventText(events)); !strings.Contains(text, "app allowed: elk <b> (read write)") || !strings.Contains(text, "token made") {
		t.Errorf("the security log: %s", text)
	}

	refused := h.consent(me, a.query(), "refuse")
	if got := refused.Header().Get("Location"); !strings.HasPrefix(got, target+"&error=access_denied&") || !strings.HasSuffix(got, "&state=s+t%26ate%3D1") {
		t.Errorf("after a no: %s", got)
	}
}

func eventText(list []store.SecurityEvent) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString(e.Kind + ": " + e.Detail + "\n")
	}
	return b.String()
}

func TestTheOwnerCarriesTheCode(t *testing.T) {
	h := newHouse(t)
	oob := "urn:ietf:wg:oauth:2.0:oob"
	a, me := h.register(oob), h.owner()
	q := a.query("redirect_uri", oob, "code_challenge", "", "code_challenge_method", "", "state", "")
	done := h.consent(me, q, "allow")
	page := h.ask("GET", done.Header().Get("Location"), browser, me)
	code := between(page.Body.String(), "<textarea", "</textarea>")
	_, code, _ = strings.Cut(code, ">")
	if done.Code != 303 || page.Code != 200 || len(code) != 43 {
		t.Fatalf("%d %s: %d %q", done.Code, done.Header().Get("Location"), page.Code, code)
	}
	if h.ask("GET", done.Header().Get("Location"), browser).Code != 303 {
		t.Error("the code is shown to anybody")
	}
	if w := h.ask("GET", "/oauth/authorize/native?code=Call+0900+and+say+your+password", browser, me); w.Code != 400 || strings.Contains(w.Body.String(), "0900") {
		t.Errorf("words of a stranger as a code: %d", w.Code)
	}
	tokenOf(t, h.token(a, code, "redirect_uri", oob, "code_verifier", ""))
	if w := h.consent(me, q, "refuse"); w.Code != 200 || !strings.Contains(w.Body.String(), "Nothing was given") {
		t.Errorf("a no: %d %s", w.Code, w.Body)
	}
}

// T53, T55: a request that is not as it should be is a page of ours, and leads
// nowhere; nothing is given.
func TestT53_WhatIsNotAsked(t *testing.T) {
	h := newHouse(t)
	a, me := h.register(target+"\nhttp://127.0.0.1/cb\nhttp://localhost:3000/cb\nhttps://one.example/cb"), h.owner()
	for _, change := range [][]string{
		{"client_id", ""}, {"client_id", "x"}, {"client_id", strings.Repeat("x", 5000)},
		{"redirect_uri", ""}, {"redirect_uri", "https://evil.example"}, {"redirect_uri", target + "/"}, {"redirect_uri", target + "&more=1"}, {"redirect_uri", "https://elk.zone/api/x/oauth/https://elk.zone?keep=1"},
		{"redirect_uri", strings.ToUpper(target)}, {"redirect_uri", "https://one.example/cb/../evil"}, {"redirect_uri", "https://one.example:444/cb"}, {"redirect_uri", "https://one.example/cb?x=1"},
		{"redirect_uri", "http://127.0.0.1:1/other"}, {"redirect_uri", "http://127.0.0.1.evil.example/cb"}, {"redirect_uri", "http://127.0.0.1:1@evil.example/cb"}, {"redirect_uri", "http://127.0.0.2/cb"}, {"redirect_uri", "https://127.0.0.1:1/cb"},
		{"response_type", ""}, {"response_type", "token"}, {"scope", "admin:read"}, {"scope", "read everything"}, {"scope", "profile"},
		{"code_challenge_method", "plain"}, {"code_challenge_method", ""}, {"code_challenge", "short"}, {"code_challenge", ""}, {"state", strings.Repeat("x", 2001)},
	} {
		w := h.ask("GET", "/oauth/authorize?"+a.query(change...).Encode(), browser, me)
		if w.Code != 400 || w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "<form") {
			t.Errorf("%.80q: %d %q", change, w.Code, w.Header().Get("Location"))
		}
	}
	for _, good := range []string{"http://127.0.0.1:51234/cb", "http://127.0.0.1/cb", "http://localhost:1/cb", "https://one.example/cb"} {
		if w := h.ask("GET", "/oauth/authorize?"+a.query("redirect_uri", good).Encode(), browser, me); w.Code != 200 {
			t.Errorf("%s: %d", good, w.Code)
		}
	}
	// T52: nobody but our own page answers for the owner.
	fields := a.query()
	fields.Set("answer", "allow")
	for what, change := range map[string]func(*http.Request){
		"without the page's token": form(fields.Encode()),
		"from another site":        func(r *http.Request) { form(fields.Encode())(r); r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		if w := h.ask("POST", "/oauth/authorize", browser, me, change); w.Code != 403 || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %s", what, w.Code, w.Header().Get("Location"))
		}
	}
	// What the page was asked with is checked anew when its form comes.
	page := h.ask("GET", "/oauth/authorize?"+a.query().Encode(), browser, me)
	fields.Set("csrf", between(page.Body.String(), `name="csrf" value="`, `"`))
	fields.Set("redirect_uri", "https://evil.example/")
	if w := h.ask("POST", "/oauth/authorize", browser, me, form(fields.Encode())); w.Code != 400 {
		t.Errorf("another address in the form: %d %s", w.Code, w.Header().Get("Location"))
	}
}

// T53: a code is for one app, one address, who has the verifier, ten minutes, and
// once; a second use ends what came of the first.
func TestT53_CodesWorkOnce(t *testing.T) {
	h := newHouse(t)
	a, b, me := h.register(target), h.register(target), h.owner()
	for what, c := range map[string]struct {
		app    app
		change []string
		wait   time.Duration
		ask    []string
		status int
	}{
		"as it should be":         {a, nil, 9 * time.Minute, nil, 200},
		"too late":                {a, nil, 11 * time.Minute, nil, 400},
		"another app":             {b, nil, 0, nil, 400},
		"a wrong secret":          {app{a.ID, "x"}, nil, 0, nil, 401},
		"another address":         {a, []string{"redirect_uri", "app://x"}, 0, nil, 400},
		"no verifier":             {a, []string{"code_verifier", ""}, 0, nil, 400},
		"a wrong verifier":        {a, []string{"code_verifier", verifier + "x"}, 0, nil, 400},
		"the challenge itself":    {a, []string{"code_verifier", challenge()}, 0, nil, 400},
		"PKCE taken away":         {a, nil, 0, []string{"code_challenge", "", "code_challenge_method", ""}, 400},
		"without PKCE altogether": {a, []string{"code_verifier", ""}, 0, []string{"code_challenge", "", "code_challenge_method", ""}, 200},
	} {
		code := codeOf(t, h.consent(me, a.query(c.ask...), "allow"))
		h.wait(c.wait)
		w := h.token(c.app, code, c.change...)
		if w.Code != c.status || c.status != 200 && !strings.Contains(w.Body.String(), `"error":"invalid_`) || w.Header().Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
		if c.status == 400 { // it is burnt, whoever tried
			if again := h.token(a, code); again.Code != 400 {
				t.Errorf("%s, then as it should be: %d", what, again.Code)
			}
		}
	}
	code := codeOf(t, h.consent(me, a.query(), "allow"))
	token := tokenOf(t, h.token(a, code))
	other := tokenOf(t, h.token(a, codeOf(t, h.consent(me, a.query(), "allow"))))
	if w := h.token(a, code); w.Code != 400 {
		t.Errorf("used twice: %d", w.Code)
	}
	if w := h.ask("GET", "/api/v1/timelines/home", "", bearer(token)); w.Code != 401 {
		t.Errorf("the token of a code that was used twice: %d", w.Code)
	}
	if w := h.ask("GET", "/api/v1/timelines/home", "", bearer(other)); w.Code != 200 {
		t.Errorf("another one: %d", w.Code)
	}
}

// T57: apps in browsers read what they need, errors too; pages are for nobody else.
func TestT57_AppsInBrowsers(t *testing.T) {
	h := newHouse(t)
	elk := func(r *http.Request) { r.Header.Set("Origin", "https://elk.zone") }
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/.well-known/oauth-authorization-server", 200}, {"GET", "/.well-known/host-meta", 200}, {"GET", "/.well-known/nodeinfo", 200}, {"GET", "/nodeinfo/2.0", 200},
		{"GET", "/nodeinfo/9.9", 404}, {"GET", "/.well-known/nothing", 404}, {"GET", "/.well-known/webfinger?resource=acct:x@" + testHost, 404}, {"POST", "/.well-known/nodeinfo", 405},
		{"POST", "/oauth/token", 400}, {"GET", "/oauth/token", 404}, {"POST", "/oauth/revoke", 200}, {"GET", "/oauth/userinfo", 401}, {"POST", "/api/v1/apps", 422}, {"GET", "/api/v1/nothing", 404},
		{"OPTIONS", "/oauth/token", 204}, {"OPTIONS", "/.well-known/oauth-authorization-server", 204}, {"OPTIONS", "/nodeinfo/2.0", 204}, {"OPTIONS", "/api/v1/statuses", 204},
	} {
		w := h.ask(c.method, c.path, "", elk)
		if w.Code != c.status || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" || strings.Contains(w.Header().Get("Content-Type"), "html") {
			t.Errorf("%s %s: %d %v", c.method, c.path, w.Code, w.Header())
		}
	}
	me := h.owner()
	for _, path := range []string{"/oauth/authorize", "/oauth/authorize/native?code=x", "/login?next=/oauth/authorize?x=1"} {
		for _, method := range []string{"GET", "OPTIONS"} {
			if w := h.ask(method, path, browser, elk, me); w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s: %v", method, path, w.Header())
			}
		}
	}
	var doc struct {
		Issuer     string   `json:"issuer"`
		Challenges []string `json:"code_challenge_methods_supported"`
		Scopes     []string `json:"scopes_supported"`
		Token      string   `json:"token_endpoint"`
	}
	must(t, json.Unmarshal(h.ask("GET", "/.well-known/oauth-authorization-server", "").Body.Bytes(), &doc))
	if doc.Issuer != "https://"+testHost+"/" || doc.Token != "https://"+testHost+"/oauth/token" || strings.Join(doc.Challenges, "") != "S256" || len(doc.Scopes) < 20 {
		t.Errorf("%+v", doc)
	}
}
