package mastodon

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"dassie/web/reply"
)

// checkError wants a JSON error with a status, readable by any site.
func checkError(t *testing.T, w *httptest.ResponseRecorder, status int, what string) {
	t.Helper()
	var body map[string]string
	if w.Code != status || json.Unmarshal(w.Body.Bytes(), &body) != nil || body["error"] == "" {
		t.Errorf("%s: %d %s", what, w.Code, w.Body)
	}
	if w.Header().Get("Content-Type") != reply.TypeJSON || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s: headers %v", what, w.Header())
	}
}

// T47: every endpoint wants a token, and one with the right scope; ids that are
// not the owner's to see or to change are not found; nothing makes it fail.
func TestT47_EveryRoute(t *testing.T) {
	h := newHouse(t)
	wrong := map[string]string{"read": h.newToken("write push"), "write": h.newToken("read push"), "push": h.newToken("read write follow"), "profile": h.newToken("push")}
	itself := h.newClientToken("read write")
	for i, rt := range routes {
		path := strings.Replace(rt.path, ":id", "4711", 1)
		what := rt.method + " " + rt.path
		from := fmt.Sprintf("198.51.100.%d", i%250) // each with its own count of strangers
		as := func(token string) *httptest.ResponseRecorder {
			if token != "" {
				token = "Bearer " + token
			}
			return h.ask(rt.method, path, "", "Authorization", token, "X-Forwarded-For", from)
		}
		open := rt.scopes == anyone || rt.scopes == client || strangers[rt.method+" "+rt.path] != nil
		if open {
			if w := as(""); w.Code == 401 && rt.scopes != client || w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s is for everybody: %d %s", what, w.Code, w.Body)
			}
		} else {
			checkError(t, as(""), 401, what+" without a token")
		}
		if rt.scopes != client {
			checkError(t, as(strings.Repeat("x", 43)), 401, what+" with a wrong token")
		}
		if rt.scopes != client && rt.scopes != anyone && rt.scopes != anyApp {
			first, _, _ := strings.Cut(rt.scopes, " ")
			family, _, _ := strings.Cut(first, ":")
			checkError(t, as(wrong[family]), 403, what+" with a wrong scope")
			if !open {
				checkError(t, as(itself), 422, what+" by an app for itself")
			}
		}
		if w := h.ask(http.MethodOptions, path, "", "Authorization", ""); w.Code != 204 || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
			t.Errorf("%s: preflight %d %v", what, w.Code, w.Header())
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "BREW"} {
			if !slices.ContainsFunc(routes, func(other route) bool { return other.path == rt.path && other.method == method }) {
				checkError(t, h.ask(method, path, "", "X-Forwarded-For", from), 404, method+" "+path)
			}
		}
		if w := as(h.token); w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s without a body: %d %s", what, w.Code, w.Body)
		}
		if !strings.Contains(rt.path, ":id") {
			continue
		}
		for _, bad := range []string{"4711", "0", "-1", "+5", "05", "x", "99999999999999999999", "%00", "1%20or%201=1"} {
			checkError(t, h.ask(rt.method, strings.Replace(rt.path, ":id", bad, 1), ""), 404, what+" "+bad)
		}
	}
	checkError(t, h.ask("DELETE", "/api/v1/statuses/"+id(h.Walk.ID), ""), 404, "delete of another's post")
}

func TestGarbage(t *testing.T) {
	h := newHouse(t)
	for i, body := range []struct{ kind, text string }{
		{"application/json", "{"}, {"application/json", "[]"}, {"application/json", `{"status":"a"} {}`}, {"application/json", `"x"`},
		{"application/json", `{"a":` + strings.Repeat("[", 100_000)}, {"application/json", `{"a":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}"},
		{"multipart/form-data; boundary=x", "nonsense"}, {"multipart/form-data", "nonsense"},
		{"application/x-www-form-urlencoded", "status=%zz"}, {"application/x-www-form-urlencoded", "a=1;b=2"},
		{"text/plain", "hello"}, {"; ;", "hello"}, {"application/json", `{"status":{"a":"b"}}`},
		{"application/x-www-form-urlencoded", "status=" + strings.Repeat("a", 2<<20)}, {"application/json", `{"status":"` + strings.Repeat("a", 2<<20) + `"}`},
	} {
		for _, rt := range routes {
			path := strings.Replace(rt.path, ":id", "4711", 1)
			w := h.ask(rt.method, path, body.text, "Content-Type", body.kind, "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
			if w.Code >= 500 || !json.Valid(w.Body.Bytes()) || rt.method+rt.path == "POST/api/v1/statuses" && w.Code/100 != 4 {
				t.Errorf("%s %s with %s %.40q: %d %.200s", rt.method, rt.path, body.kind, body.text, w.Code, w.Body)
			}
		}
	}
	for _, query := range []string{"limit=-1&max_id=x&min_id=0", "limit=99999999999999999999&since_id=-5", "types[]=,&exclude_types=%27", "max_id=&limit=", "%zz"} {
		for _, rt := range routes {
			if rt.method == http.MethodGet {
				w := h.ask("GET", strings.Replace(rt.path, ":id", "1", 1)+"?q=a&"+query, "")
				if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
					t.Errorf("%s?%s: %d %.200s", rt.path, query, w.Code, w.Body)
				}
			}
		}
	}
}

func TestUnknownPathsAndHeaders(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/api", "/api/v1/nothing", "/api/v1/accounts/1/nothing", "/api/v1/statuses/1/", "/api/v9/"} {
		checkError(t, h.ask("GET", path, "", "Authorization", ""), 404, path)
	}
	w := h.ask("GET", "/api/v1/timelines/home", "")
	for name, want := range map[string]string{
		"X-RateLimit-Limit": "30000", "Cache-Control": reply.NoStore,
		"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "Link") {
		t.Error("Link is not exposed")
	}
	if w := h.ask("HEAD", "/api/v1/accounts/verify_credentials", ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
	if w := h.ask("GET", "/api/v1/accounts/verify_credentials/", "", "Authorization", "Bearer "+h.newToken("profile")); w.Code != 200 {
		t.Errorf("profile scope, trailing slash: %d %s", w.Code, w.Body)
	}
}
