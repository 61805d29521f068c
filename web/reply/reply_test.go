package reply

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func get(path string) *http.Request { return httptest.NewRequest("GET", path, nil) }

// T52: no page can be framed, and a form sends only home.
func TestT52_PagesCannotBeFramed(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	answers := map[string]func(http.ResponseWriter){
		"page":   func(w http.ResponseWriter) { HTML(w, get("/"), 200, []byte("x"), Headers{}) },
		"cached": func(w http.ResponseWriter) { Cached(w, get("/"), []byte("x"), TypeHTML, Cache{}) },
		"error": func(w http.ResponseWriter) {
			Fail(w, get("/"), Errorf(NotFound, ""), quiet, func(int, string, string) []byte { return nil })
		},
		"redirect": func(w http.ResponseWriter) { Redirect(w, get("/"), "/me") },
		"json":     func(w http.ResponseWriter) { JSON(w, 200, 1) },
		"text":     func(w http.ResponseWriter) { Text(w, get("/"), 200, "ok") },
		"activity": func(w http.ResponseWriter) { Activity(w, get("/"), 200, []byte("{}")) },
		"empty":    func(w http.ResponseWriter) { Empty(w, 202) },
	}
	for name, answer := range answers {
		w := httptest.NewRecorder()
		answer(w)
		h := w.Header()
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %s", name, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "nonce") {
			t.Errorf("%s: policy %q", name, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", name, h)
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS without being told of https", name)
		}
	}
}

func TestT52_OnlyNamedPagesSendFormsElsewhere(t *testing.T) {
	for open, want := range map[bool]bool{false: true, true: false} {
		w := httptest.NewRecorder()
		HTML(w, get("/login"), 200, nil, Headers{OpenForms: open})
		if got := strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self'"); got != want {
			t.Errorf("OpenForms %v: form-action 'self' is %v", open, got)
		}
		for _, script := range []bool{false, true} {
			w := httptest.NewRecorder()
			HTML(w, get("/login"), 200, nil, Headers{OpenForms: open, Script: script})
			if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "script-src 'self'") != script || strings.Contains(policy, "form-action 'self'") != want {
				t.Errorf("OpenForms %v, Script %v: %s", open, script, policy)
			}
		}
	}
}

// T57: a page never allows another site to read it, even inside the API's wrapper.
func TestT57_NoCORSOnPages(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { HTML(w, r, 200, []byte("x"), Headers{}) })
	for name, handler := range map[string]http.Handler{"bare": page, "wrapped": CORS(page)} {
		w := httptest.NewRecorder()
		r := get("/me")
		r.Header.Set("Origin", "https://evil.example")
		handler.ServeHTTP(w, r)
		for key := range w.Header() {
			if strings.HasPrefix(key, "Access-Control-") {
				t.Errorf("%s: %s: %s", name, key, w.Header().Get(key))
			}
		}
	}
}

func TestT57_APIForAnyOriginWithoutCredentials(t *testing.T) {
	api := CORS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { JSON(w, 200, map[string]int{"a": 1}) }))
	for _, method := range []string{"GET", "OPTIONS"} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(method, "/api/v1/instance", nil))
		if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", method, w.Header())
		}
	}
}

func TestHSTSOnlyOverHTTPS(t *testing.T) {
	for _, https := range []bool{true, false} {
		w := httptest.NewRecorder()
		Secure(https, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { HTML(w, r, 200, nil, Headers{}) })).ServeHTTP(w, get("/"))
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != https {
			t.Errorf("https %v: HSTS %v", https, got)
		}
	}
}

// T43: a cache on the way must not hand a private answer to the next asker.
func TestT43_PrivateAnswer(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	for name, answer := range map[string]func(http.ResponseWriter){
		"found":   func(w http.ResponseWriter) { Activity(w, get("/posts/1"), 200, []byte("{}")) },
		"missing": func(w http.ResponseWriter) { FailText(w, get("/posts/1"), Errorf(NotFound, ""), quiet) },
	} {
		w := httptest.NewRecorder()
		PrivateAnswer(w.Header())
		answer(w)
		if w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("Vary") != "Signature, Authorization, Accept" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

func TestFailSaysNothingOfItsCause(t *testing.T) {
	secret := errors.New("open /var/lib/dassie.db: key 12345")
	for _, err := range []error{secret, fmt.Errorf("load post: %w", secret), &Error{Internal, "cause: key 12345", 0, secret}, &Error{"made up", "key 12345", 0, nil}} {
		var log bytes.Buffer
		w := httptest.NewRecorder()
		FailJSON(w, get("/api"), err, slog.New(slog.NewTextHandler(&log, nil)))
		body := w.Body.String()
		if w.Code != 500 || strings.Contains(body, "12345") || strings.Contains(body, "dassie.db") {
			t.Errorf("%v: %d %s", err, w.Code, body)
		}
		_, code, _ := strings.Cut(body, "Code ")
		code, _, _ = strings.Cut(code, ".")
		if len(code) < 6 || !strings.Contains(log.String(), code) || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%v: code %q, log %q", err, code, log.String())
		}
	}
}

func TestFailHidesTheCauseOfOrdinaryErrorsToo(t *testing.T) {
	var log bytes.Buffer
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"stale"`)
	err := fmt.Errorf("fetch: %w", &Error{RateLimited, "Wait a minute.", 59*time.Second + 1, errors.New("secret")})
	FailText(w, get("/inbox"), err, slog.New(slog.NewTextHandler(&log, nil)))
	if w.Code != 429 || w.Body.String() != "Wait a minute.\n" || w.Header().Get("Retry-After") != "60" || w.Header().Get("ETag") != "" || log.Len() != 0 {
		t.Errorf("%d %q %v log %q", w.Code, w.Body, w.Header(), log.String())
	}
}

func TestAskerWhoLeftIsNotAFault(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var log bytes.Buffer
	FailText(httptest.NewRecorder(), get("/").WithContext(ctx), fmt.Errorf("read: %w", ctx.Err()), slog.New(slog.NewTextHandler(&log, nil)))
	if log.Len() != 0 {
		t.Errorf("logged %q", log.String())
	}
}

func TestStatusOfEveryCode(t *testing.T) {
	for code, want := range statuses {
		err := fmt.Errorf("around: %w", Errorf(code, "Sentence."))
		if Status(err) != want || CodeOf(err) != code || Message(err) == "" {
			t.Errorf("%s: %d %s %q", code, Status(err), CodeOf(err), Message(err))
		}
		if Message(&Error{Code: code}) == "" {
			t.Errorf("%s: no sentence of its own", code)
		}
	}
	if Status(&http.MaxBytesError{}) != 413 || Status(context.DeadlineExceeded) != 503 || Status(nil) != 200 || Message(nil) != "" {
		t.Error("well-known errors of net/http and context")
	}
}

func TestCached(t *testing.T) {
	body := []byte(strings.Repeat("a page ", 100))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(body)
	_ = z.Close()
	ask := func(encoding, tag string) *httptest.ResponseRecorder {
		r := get("/")
		r.Header.Set("Accept-Encoding", encoding)
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		w := httptest.NewRecorder()
		Cached(w, r, body, TypeHTML, Cache{Vary: "Accept", Gzip: packed.Bytes()})
		return w
	}
	plain, zipped := ask("", ""), ask("br;q=1, gzip", "")
	if plain.Code != 200 || !bytes.Equal(plain.Body.Bytes(), body) || plain.Header().Get("Vary") != "Accept, Accept-Encoding" || plain.Header().Get("Cache-Control") != Revalidate {
		t.Errorf("plain: %d %v", plain.Code, plain.Header())
	}
	unpacked, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(unpacked); !bytes.Equal(got, body) || zipped.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("gzip: %v", zipped.Header())
	}
	if plain.Header().Get("ETag") == zipped.Header().Get("ETag") {
		t.Error("two forms share one strong tag")
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"same":   ask("", plain.Header().Get("ETag")),
		"listed": ask("gzip", `"other", W/`+zipped.Header().Get("ETag")),
		"star":   ask("", "*"),
	} {
		if w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") == "" || w.Header().Get("Vary") == "" {
			t.Errorf("%s: %d, %d bytes, %v", name, w.Code, w.Body.Len(), w.Header())
		}
	}
	for _, w := range []*httptest.ResponseRecorder{ask("", `"other"`), ask("gzip;q=0", ""), ask("gzip; q=0.000", "")} {
		if w.Code != 200 || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
}
