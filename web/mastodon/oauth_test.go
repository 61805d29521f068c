package mastodon

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Apps register by any form of body, with addresses as a list or a text.
func TestRegisterInEveryForm(t *testing.T) {
	h := newHouse(t)
	multipart := "--x\r\nContent-Disposition: form-data; name=\"client_name\"\r\n\r\nElk\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"redirect_uris\"\r\n\r\nelk://a\nhttps://elk.zone/api/x/oauth/https%3A%2F%2Felk.zone\r\n--x--\r\n"
	for i, c := range []struct{ kind, body, scopes string }{
		{"application/x-www-form-urlencoded", "client_name=Elk&redirect_uris=elk%3A%2F%2Fa%0Ahttps%3A%2F%2Felk.zone%2Fapi%2Fx%2Foauth%2Fhttps%253A%252F%252Felk.zone&scopes=read+write+follow+push&website=", "read write follow push"},
		{"application/json", `{"client_name":"Elk","redirect_uris":["elk://a","https://elk.zone/api/x/oauth/https%3A%2F%2Felk.zone"],"scopes":"read write:statuses","website":null}`, "read write:statuses"},
		{"multipart/form-data; boundary=x", multipart, "read"},
	} {
		app := read[object](h, "POST", "/api/v1/apps", c.body, "Content-Type", c.kind, "Authorization", "", "X-Forwarded-For", "198.51.100."+string(rune('1'+i)))
		hasKeys(t, c.kind, app, "id name website scopes redirect_uris redirect_uri vapid_key client_id client_secret client_secret_expires_at")
		list, _ := json.Marshal(app["redirect_uris"])
		if string(list) != `["elk://a","https://elk.zone/api/x/oauth/https%3A%2F%2Felk.zone"]` || app["redirect_uri"] != "elk://a\nhttps://elk.zone/api/x/oauth/https%3A%2F%2Felk.zone" {
			t.Errorf("%s: addresses %s, %q", c.kind, list, app["redirect_uri"])
		}
		scopes, _ := json.Marshal(app["scopes"])
		if want, _ := json.Marshal(strings.Fields(c.scopes)); string(scopes) != string(want) || app["website"] != nil || app["client_secret_expires_at"] != 0.0 {
			t.Errorf("%s: %v", c.kind, app)
		}
		if _, text := app["id"].(string); !text || len(app["client_secret"].(string)) != 43 {
			t.Errorf("%s: %v", c.kind, app)
		}
	}
}

// T53: what cannot be an app's address, name or wish is refused in words, and
// registrations are counted by address.
func TestT53_RegistrationsThatAreRefused(t *testing.T) {
	h := newHouse(t)
	n := 0
	for _, c := range []struct{ name, value string }{
		{"redirect_uris", "javascript:alert(1)"}, {"redirect_uris", "JavaScript:alert(1)"}, {"redirect_uris", "data:text/html,x"}, {"redirect_uris", "vbscript:x"}, {"redirect_uris", "file:///etc"},
		{"redirect_uris", "blob:https://x/1"}, {"redirect_uris", "/local"}, {"redirect_uris", "//x"}, {"redirect_uris", "x"}, {"redirect_uris", ""}, {"redirect_uris", "https://a/#b"}, {"redirect_uris", "https://user:pass@a/"},
		{"redirect_uris", "https:a"}, {"redirect_uris", `https://a\b`}, {"redirect_uris", "app://" + strings.Repeat("a", 2001)}, {"redirect_uris", "https://a/\x00"},
		{"client_name", ""}, {"client_name", "\u202e \n"}, {"client_name", strings.Repeat("a", 61)}, {"website", "javascript:x"}, {"website", "elk.zone"}, {"website", "https://u:p@x/"},
		{"scopes", "admin:read"}, {"scopes", "read everything"}, {"scopes", "READ"},
	} {
		form := url.Values{"client_name": {"App"}, "redirect_uris": {"app://x"}, "scopes": {"read"}}
		form.Set(c.name, c.value)
		n++
		w := h.ask("POST", "/api/v1/apps", form.Encode(), "Authorization", "", "X-Forwarded-For", "203.0.113."+id(int64(n)))
		checkError(t, w, 422, c.name+" "+c.value)
	}
	good := url.Values{"client_name": {"App"}, "redirect_uris": {"app://x"}}.Encode()
	for i := range 6 {
		w := h.ask("POST", "/api/v1/apps", good, "Authorization", "", "X-Forwarded-For", "198.51.100.9")
		if want := map[bool]int{true: 200, false: 429}[i < 5]; w.Code != want || w.Header().Get("X-RateLimit-Limit") != "5" || i == 5 && w.Header().Get("Retry-After") == "" {
			t.Errorf("registration %d: %d %v", i, w.Code, w.Header())
		}
	}
}

func TestAnAppForItself(t *testing.T) {
	h := newHouse(t)
	app := read[CredentialApp](h, "POST", "/api/v1/apps", "client_name=Reader&redirect_uris=app://x&scopes=read+write:statuses", "Authorization", "")
	ask := func(change map[string]string, headers ...string) *tokenAnswer {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {app.ClientID}, "client_secret": {app.ClientSecret}}
		for k, v := range change {
			form.Set(k, v)
		}
		w := h.ask("POST", "/oauth/token", form.Encode(), append([]string{"Authorization", ""}, headers...)...)
		a := &tokenAnswer{status: w.Code, header: w.Header()}
		if err := json.Unmarshal(w.Body.Bytes(), a); err != nil {
			t.Fatalf("%v in %s", err, w.Body)
		}
		return a
	}
	for _, c := range []struct {
		what   string
		change map[string]string
		status int
		error  string
	}{
		{"as it should be", nil, 200, ""},
		{"a narrower scope", map[string]string{"scope": "read:accounts write:statuses"}, 200, ""},
		{"a wider scope", map[string]string{"scope": "write"}, 400, "invalid_scope"},
		{"no such scope", map[string]string{"scope": "admin:read"}, 400, "invalid_scope"},
		{"a wrong secret", map[string]string{"client_secret": app.ClientSecret + "x"}, 401, "invalid_client"},
		{"no secret", map[string]string{"client_secret": ""}, 401, "invalid_client"},
		{"nobody", map[string]string{"client_id": "x"}, 401, "invalid_client"},
		{"no grant", map[string]string{"grant_type": ""}, 400, "invalid_request"},
		{"a password", map[string]string{"grant_type": "password", "username": "alice", "password": "x"}, 400, "unsupported_grant_type"},
		{"a code that never was", map[string]string{"grant_type": "authorization_code", "code": strings.Repeat("x", 43)}, 400, "invalid_grant"},
	} {
		a := ask(c.change)
		if a.status != c.status || a.Error != c.error || c.error != "" && a.Description == "" || a.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: %+v", c.what, a)
		}
	}
	basic := "Basic " + basicOf(app.ClientID, app.ClientSecret)
	if a := ask(map[string]string{"client_id": "", "client_secret": ""}, "Authorization", basic); a.status != 200 || a.Type != "Bearer" || a.Scope != "read" || a.CreatedAt == 0 {
		t.Errorf("by Basic: %+v", a)
	}
	if a := ask(map[string]string{"client_id": "", "client_secret": ""}, "Authorization", "Basic "+basicOf(app.ClientID, "x")); a.status != 401 {
		t.Errorf("by a wrong Basic: %+v", a)
	}
	body := `{"grant_type":"client_credentials","client_id":"` + app.ClientID + `","client_secret":"` + app.ClientSecret + `","scope":"read"}`
	token := read[AccessToken](h, "POST", "/oauth/token", body, "Content-Type", "application/json", "Authorization", "").AccessToken
	mine := []string{"Authorization", "Bearer " + token}
	if got := read[object](h, "GET", "/api/v1/apps/verify_credentials", "", mine...); got["name"] != "Reader" || got["client_secret"] != nil {
		t.Errorf("the app: %v", got)
	}
	checkError(t, h.ask("GET", "/api/v1/timelines/home", "", mine...), 422, "Home for nobody")
	checkError(t, h.ask("GET", "/oauth/userinfo", "", mine...), 422, "who is nobody")

	// It ends its own token and no other's.
	other := read[CredentialApp](h, "POST", "/api/v1/apps", "client_name=Other&redirect_uris=app://x", "Authorization", "")
	revoke := func(by CredentialApp, secret, token string) int {
		form := url.Values{"client_id": {by.ClientID}, "client_secret": {secret}, "token": {token}}
		return h.ask("POST", "/oauth/revoke", form.Encode(), "Authorization", "").Code
	}
	for what, got := range map[string][2]int{
		"another app":     {revoke(other, other.ClientSecret, token), 403},
		"a wrong secret":  {revoke(app, "x", token), 403},
		"what never was":  {revoke(app, app.ClientSecret, strings.Repeat("y", 43)), 200},
		"nothing at all":  {revoke(app, app.ClientSecret, ""), 200},
		"still it stands": {h.ask("GET", "/api/v1/apps/verify_credentials", "", mine...).Code, 200},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d, not %d", what, got[0], got[1])
		}
	}
	if got := revoke(app, app.ClientSecret, token); got != 200 {
		t.Errorf("revoke: %d", got)
	}
	checkError(t, h.ask("GET", "/api/v1/apps/verify_credentials", "", mine...), 401, "a revoked token")
}

func TestUserInfo(t *testing.T) {
	h := newHouse(t)
	for _, method := range []string{"GET", "POST"} {
		got := read[object](h, method, "/oauth/userinfo", "", "Authorization", "Bearer "+h.newToken("profile"))
		hasKeys(t, "userinfo", got, "iss sub name preferred_username profile picture")
		if got["preferred_username"] != "alice" || !strings.HasPrefix(got["picture"].(string), "http") {
			t.Errorf("%v", got)
		}
	}
}

type tokenAnswer struct {
	status      int
	header      http.Header
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Type        string `json:"token_type"`
	Scope       string `json:"scope"`
	CreatedAt   int64  `json:"created_at"`
}

func basicOf(user, password string) string {
	r, _ := http.NewRequest("GET", "/", nil)
	r.SetBasicAuth(user, password)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}
