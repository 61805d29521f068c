package mastodon

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
	"dassie/store/storetest"
	"dassie/web/auth"
)

// house is Alice's server with an app that may do everything.
type house struct {
	storetest.World
	t     testing.TB
	st    *store.Store
	svc   *federation.Service
	guest string // token of an app for itself, where a test made one
	api   http.Handler
	token string
	ahead atomic.Int64 // nanoseconds that passed since the house was built
}

// pass lets time go by.
func (h *house) pass(d time.Duration) { h.ahead.Add(int64(d)) }

func newHouse(t testing.TB, more ...storetest.Option) *house {
	t.Helper()
	h := &house{t: t}
	clock := func() time.Time { return storetest.Start.Add(time.Hour + time.Duration(h.ahead.Load())) }
	st := storetest.OpenAlice(t, append(more, storetest.Clock(clock))...)
	h.World, h.st = storetest.Populate(t, st), st
	files, err := media.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	me, err := store.Get(context.Background(), st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		t.Fatal(err)
	}
	client := remote.New(remote.Config{UserAgent: "dassie-test", Loopback: true, OwnHosts: []string{me.Host}, Now: clock})
	t.Cleanup(client.CloseIdle)
	h.svc, err = federation.New(context.Background(), federation.Config{
		Store: st, Media: files, Remote: client, Identity: me, Version: "1.2.3", Log: slog.New(slog.DiscardHandler), Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	proxy, err := auth.ParseTrusted("192.0.2.1") // where httptest's requests come from
	if err != nil {
		t.Fatal(err)
	}
	guard := auth.New(st, me.Origin(), proxy, auth.Options{Now: clock, Log: quiet})
	h.api = New(Config{Service: h.svc, Guard: guard, Log: quiet}).Handler()
	h.token = h.newToken("read write follow push")
	return h
}

func (h *house) newToken(scopes string) string {
	h.t.Helper()
	token, err := auth.TokenCommand(context.Background(), h.st, scopes, "Phone")
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

func (h *house) write(fn func(*store.Tx) error) {
	h.t.Helper()
	if err := h.st.Write(context.Background(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// ask sends a request with Alice's token; headers come as name, value. Whatever is
// answered must be as it is written in testdata.
func (h *house) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+h.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	checkAnswer(h.t, method, path, w)
	if strings.Contains(w.Body.String(), "alice@mail.example") { // PRIVACY-CLAUSES 24
		h.t.Errorf("%s %s gives the owner's mail address away: %s", method, path, w.Body)
	}
	return w
}

type object = map[string]any

// read is ask for an answer that must be 200.
func read[T any](h *house, method, path, body string, headers ...string) T {
	h.t.Helper()
	w := h.ask(method, path, body, headers...)
	if w.Code != http.StatusOK {
		h.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		h.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return v
}

// hasKeys checks the documented keys, and that none of ours is undocumented.
func hasKeys(t *testing.T, what string, v any, documented string, optional ...string) {
	t.Helper()
	o, ok := v.(object)
	if !ok {
		t.Fatalf("%s is no object: %v", what, v)
	}
	want := strings.Fields(documented)
	for _, key := range want {
		if _, ok := o[key]; !ok {
			t.Errorf("%s lacks %s", what, key)
		}
	}
	for key := range o {
		if !slices.Contains(want, key) && !slices.Contains(optional, key) {
			t.Errorf("%s has an undocumented %s", what, key)
		}
	}
}

// newClientToken is one of an app for itself, got as apps do.
func (h *house) newClientToken(scopes string) string {
	h.t.Helper()
	app := read[CredentialApp](h, "POST", "/api/v1/apps", url.Values{"client_name": {"Reader"}, "redirect_uris": {auth.OutOfBand}, "scopes": {scopes}}.Encode(), "Authorization", "")
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {app.ClientID}, "client_secret": {app.ClientSecret}, "scope": {scopes}}
	return read[AccessToken](h, "POST", "/oauth/token", form.Encode(), "Authorization", "").AccessToken
}
