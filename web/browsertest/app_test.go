package browsertest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// phoneApp is an app of another site: its pages send the browser to the server of
// whoever signs in, and take what comes back.
type phoneApp struct {
	t        testing.TB
	server   string // of the person
	site     *httptest.Server
	url      string
	id       string
	secret   string
	verifier string
	token    string
}

func newPhoneApp(t testing.TB, server string) *phoneApp {
	t.Helper()
	a := &phoneApp{t: t, server: server, verifier: rand.Text() + rand.Text()}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { a.page(w, `<a href="/sign-in">Sign in</a>`) })
	pages.HandleFunc("GET /sign-in", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, a.authorizeURL("read write", a.url+"/back"), http.StatusFound)
	})
	pages.HandleFunc("GET /window", func(w http.ResponseWriter, r *http.Request) { a.page(w, windowPage) })
	pages.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, a.server+"/login", http.StatusFound) })
	pages.HandleFunc("GET /back", a.back)
	a.site = httptest.NewServer(pages)
	t.Cleanup(a.site.Close)
	a.url = strings.Replace(a.site.URL, "127.0.0.1", "localhost", 1)
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	a.ask("POST", "/api/v1/apps", url.Values{"client_name": {"Pocket"}, "website": {a.url}, "redirect_uris": {a.url + "/back\nurn:ietf:wg:oauth:2.0:oob"}, "scopes": {"read write"}}, &made)
	a.id, a.secret = made.ID, made.Secret
	return a
}

func (a *phoneApp) page(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Pocket</title><body>%s`, body)
}

func (a *phoneApp) authorizeURL(scope, back string) string {
	sum := sha256.Sum256([]byte(a.verifier))
	return a.server + "/oauth/authorize?" + url.Values{"client_id": {a.id}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {scope}, "state": {"seven"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}.Encode()
}

// back is the page that the server leads to.
func (a *phoneApp) back(w http.ResponseWriter, r *http.Request) {
	if q := r.URL.Query(); q.Get("error") != "" || q.Get("state") != "seven" {
		a.page(w, "<p>They said "+html.EscapeString(q.Get("error"))+"</p>")
		return
	}
	a.redeem(r.URL.Query().Get("code"), a.url+"/back")
	var me struct{ Acct string }
	a.ask("GET", "/api/v1/accounts/verify_credentials", nil, &me)
	a.page(w, "<p>Signed in as "+html.EscapeString(me.Acct)+"</p><script>if (opener) { opener.postMessage(document.body.innerText, location.origin); close() }</script>")
}

func (a *phoneApp) redeem(code, back string) {
	var got struct {
		Token string `json:"access_token"`
	}
	a.ask("POST", "/oauth/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {a.id}, "client_secret": {a.secret}, "code": {code}, "redirect_uri": {back}, "code_verifier": {a.verifier}}, &got)
	a.token = got.Token
}

// onThisMachine finds names below localhost, as browsers do.
var onThisMachine = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}}}

// ask talks to the server; only the status comes back if v is nil.
func (a *phoneApp) ask(method, path string, form url.Values, v any) int {
	r, err := http.NewRequest(method, a.server+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	res, err := onThisMachine.Do(r)
	if err != nil {
		a.t.Error(err)
		return 0
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if v != nil && (err != nil || res.StatusCode != 200 || json.Unmarshal(body, v) != nil) {
		a.t.Errorf("%s %s: %d %s (%v)", method, path, res.StatusCode, body, err)
	}
	return res.StatusCode
}

// UX.md journey 9, in a browser without scripts: an app on another site sends its
// person to their server, where they log in, read what it asks for, and allow it.
// It posts, reads, shares the place, and is out at once when its token is revoked.
func TestPhoneApp(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", phone)
	alice := demo(t)["alice"]
	a := newPhoneApp(t, alice.url(""))
	p := newTab(t, a.url, phone)
	p.open("/")
	p.press("Sign in")
	p.sees("Password", alice.host)
	p.fill("name", "alice")
	p.fill("password", alice.password)
	p.press("Log in")
	p.sees("Allow Pocket to use your account?", alice.handle(), "It may", "do nearly everything that you can do here", "read everything here that you can read", strings.TrimPrefix(a.url, "http://"))
	p.press("Refuse")
	p.sees("They said access_denied")
	if a.token != "" {
		t.Fatal("an app that was refused has a token")
	}
	p.open("/")
	p.press("Sign in") // now without the log-in
	p.press("Allow")
	p.sees("Signed in as alice")

	var post struct{ ID, Content string }
	a.ask("POST", "/api/v1/statuses", url.Values{"status": {"Written in my pocket."}}, &post)
	var home []struct{ ID string }
	a.ask("GET", "/api/v1/timelines/home", nil, &home)
	if len(home) < 2 || home[0].ID != post.ID {
		t.Errorf("home: %v, not begun by %s", home, post.ID)
	}
	var places map[string]struct {
		Last string `json:"last_read_id"`
	}
	a.ask("POST", "/api/v1/markers", url.Values{"home[last_read_id]": {post.ID}}, &places)
	a.ask("GET", "/api/v1/markers?timeline[]=home", nil, &places)
	if places["home"].Last != post.ID {
		t.Errorf("places: %v", places)
	}
	p.site = alice.url("")
	p.open("/me")
	p.sees("Written in my pocket.")

	if status := a.ask("POST", "/oauth/revoke", url.Values{"client_id": {a.id}, "client_secret": {a.secret}, "token": {a.token}}, nil); status != 200 {
		t.Errorf("revoke: %d", status)
	}
	if status := a.ask("GET", "/api/v1/timelines/home", nil, nil); status != 401 {
		t.Errorf("with a revoked token: %d", status)
	}

	// An app without an address: the code is carried over by hand.
	a.token = ""
	oob := "urn:ietf:wg:oauth:2.0:oob"
	p.open(a.authorizeURL("read:accounts", oob))
	p.sees("You will get a code to type into it", "see your profile and those of other people")
	p.press("Allow")
	p.sees("Copy this code into the app", "It works once")
	a.redeem(eval[string](p, `() => document.querySelector("textarea").value`), oob)
	if status := a.ask("GET", "/api/v1/accounts/verify_credentials", nil, nil); status != 200 {
		t.Errorf("with the code that was carried: %d", status)
	}
	if status := a.ask("GET", "/api/v1/timelines/home", nil, nil); status != 403 {
		t.Errorf("beyond its scope: %d", status)
	}
}
