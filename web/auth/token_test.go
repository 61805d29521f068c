package auth

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		have, need string
		ok         bool
	}{
		{"read", "read", true},
		{"read", "read:statuses", true},
		{"read:statuses", "read:statuses", true},
		{"read:statuses", "read:accounts", false},
		{"read:statuses", "read", false},
		{"read", "write:statuses", false},
		{"write", "read", false},
		{"write", "write:media", true},
		{"follow", "read:follows", true},
		{"follow", "write:follows", true},
		{"follow", "write:blocks", true},
		{"follow", "read:mutes", true},
		{"follow", "write:statuses", false},
		{"follow", "read", false},
		{"follow", "follow", true},
		{"write:follows", "follow", false},
		{"push", "push", true},
		{"read write follow", "push", false},
		{"profile", "profile", true},
		{"profile", "read:accounts", false},
		{"read:accounts write", "write:lists", true},
	} {
		s, err := ParseScopes(c.have)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Allow(c.need); got != c.ok {
			t.Errorf("%q allows %q: %v", c.have, c.need, got)
		}
	}
	s := Scopes{"profile"}
	if !s.Allow("profile", "read", "read:accounts") || s.Allow() {
		t.Error("any of the needed ones is enough, and none is not")
	}
}

func TestScopesThatAreRefused(t *testing.T) {
	for _, bad := range []string{"", " ", "admin", "admin:read", "admin:write:accounts", "read admin:read", "reads", "read:everything", "Read", "read,write", "write:search", "push:all"} {
		if s, err := ParseScopes(bad); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%q: %v %v", bad, s, err)
		}
	}
	s, err := ParseScopes(" read  write:media\tread push ")
	if err != nil || s.String() != "read write:media push" {
		t.Errorf("%q %v", s, err)
	}
}

func TestTokenCommand(t *testing.T) {
	h := newHouse(t)
	beside, err := store.Open(h.dir, store.Options{Now: h.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	token, err := TokenCommand(ctx, beside, "read write:statuses", "my script")
	if err != nil || len(token) != 43 {
		t.Fatalf("%q %v", token, err)
	}
	g, err := h.guard.Token(request("192.0.2.1", "Authorization", "bearer "+token))
	if err != nil {
		t.Fatal(err)
	}
	if g.App.Name != "my script" || g.Require("read:statuses") != nil || g.Require("write:statuses") != nil {
		t.Errorf("%+v", g)
	}
	if err := g.Require("write:media"); reply.Status(err) != 403 || reply.Message(err) != "This action is outside the authorized scopes" {
		t.Errorf("%v", err)
	}
	if _, err := TokenCommand(ctx, beside, "read admin:read", ""); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("admin: %v", err)
	}
	if e := h.securityLog()[0]; e.Kind != EventToken || !strings.Contains(e.Detail, "my script") || strings.Contains(e.Detail, token) {
		t.Errorf("%+v", e)
	}
}

func TestCommandsWithoutAnAccount(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := TokenCommand(ctx, st, "read", ""); !errors.Is(err, store.ErrNoAccount) {
		t.Errorf("token: %v", err)
	}
	if err := PasswdCommand(ctx, st, ownerPassword, PasswdOptions{}); !errors.Is(err, store.ErrNoAccount) {
		t.Errorf("passwd: %v", err)
	}
}

func TestTokenThatIsNotOurs(t *testing.T) {
	h := newHouse(t)
	token, err := TokenCommand(ctx, h.st, "read", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]string{
		"none": "", "no scheme": token, "basic": "Basic " + token, "wrong": "Bearer " + newSecret(), "short": "Bearer x",
		"cut": "Bearer " + token[:42], "long": "Bearer " + token + "A", "two": "Bearer " + token + " " + token,
	} {
		_, err := h.guard.Token(request("192.0.2.1", "Authorization", header))
		if reply.Status(err) != 401 || reply.Message(err) != "The access token is invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The query counts only where the caller asks for it.
	r := request("192.0.2.1")
	r.URL.RawQuery = "access_token=" + token
	if _, err := h.guard.Token(r); reply.Status(err) != 401 {
		t.Errorf("token in the query: %v", err)
	}
	if _, err := h.guard.TokenValue(r, r.URL.Query().Get("access_token")); err != nil {
		t.Errorf("streaming: %v", err)
	}
}

// T65: what is compared with a secret is compared by its hash or in constant
// time, so that a right beginning tells nothing; at rest there are only hashes.
func TestT65_OnlyHashesAtRest(t *testing.T) {
	h := newHouse(t)
	token, err := TokenCommand(ctx, h.st, "read", "")
	if err != nil {
		t.Fatal(err)
	}
	almost := []byte(token)
	almost[42] ^= 1
	if bytes.HasPrefix(hashSecret(token), hashSecret(string(almost))[:4]) {
		t.Error("a token and its neighbour lie side by side")
	}
	if err := h.st.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(h.dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte(token)) || bytes.Contains(file, []byte(ownerPassword)) || !bytes.Contains(file, hashSecret(token)) {
		t.Error("a secret stands in the file")
	}
}

func TestApiLimits(t *testing.T) {
	h := newHouse(t)
	token, err := TokenCommand(ctx, h.st, "read", "")
	if err != nil {
		t.Fatal(err)
	}
	h.clock.pass(time.Minute)
	wrong := request("192.0.2.1", "Authorization", "Bearer "+newSecret())
	for i := range strayRequests {
		if _, err := h.guard.Token(wrong); reply.CodeOf(err) != reply.Unauthorized {
			t.Fatalf("%d: %v", i, err)
		}
	}
	var limited *reply.Error
	if _, err := h.guard.Token(wrong); !errors.As(err, &limited) || limited.Code != reply.RateLimited || limited.RetryAfter != apiWindow {
		t.Fatalf("301st: %v", err)
	}
	if _, err := h.guard.Stranger(request("192.0.2.1")); reply.CodeOf(err) != reply.RateLimited {
		t.Errorf("without a token from the same address: %v", err)
	}
	if _, err := h.guard.Stranger(request("192.0.2.2")); err != nil {
		t.Errorf("another address: %v", err)
	}
	// A good token works from there all the same.
	good := request("192.0.2.1", "Authorization", "Bearer "+token)
	g, err := h.guard.Token(good)
	if err != nil {
		t.Fatal(err)
	}
	head := http.Header{}
	g.Rate.SetHeaders(head)
	if head.Get("X-RateLimit-Limit") != "30000" || head.Get("X-RateLimit-Remaining") != "29999" || head.Get("X-RateLimit-Reset") != "2026-05-01T12:06:00.000000Z" {
		t.Errorf("%v", head)
	}
	for range tokenRequests - 1 {
		if _, err := h.guard.calls.take(g.Token.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.guard.Token(good); reply.CodeOf(err) != reply.RateLimited {
		t.Errorf("beyond 30,000: %v", err)
	}
	h.clock.pass(apiWindow)
	if _, err := h.guard.Token(good); err != nil {
		t.Errorf("in the next window: %v", err)
	}
	if h.guard.strays.keys.Len() > 4096 {
		t.Error("unbounded")
	}
}

func TestTokenUseIsNotedByTheDay(t *testing.T) {
	h := newHouse(t)
	token, err := TokenCommand(ctx, h.st, "read", "")
	if err != nil {
		t.Fatal(err)
	}
	used := func() time.Time {
		if _, err := h.guard.Token(request("192.0.2.1", "Authorization", "Bearer "+token)); err != nil {
			t.Fatal(err)
		}
		k, err := store.Get(ctx, h.st, func(tx *store.Tx) (store.Token, error) { k, _, err := tx.TokenAndApp(hashSecret(token)); return k, err })
		if err != nil {
			t.Fatal(err)
		}
		return k.UsedAt
	}
	first := used()
	h.clock.pass(23 * time.Hour)
	if !used().Equal(first) {
		t.Error("written again within the day")
	}
	h.clock.pass(2 * time.Hour)
	if !used().Equal(h.clock.now()) {
		t.Error("not written the next day")
	}
}

func BenchmarkToken(b *testing.B) {
	h := newHouse(b)
	token, err := TokenCommand(ctx, h.st, "read write follow push", "")
	if err != nil {
		b.Fatal(err)
	}
	h.guard.calls.limit = 1 << 30
	r := request("192.0.2.1", "Authorization", "Bearer "+token)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.guard.Token(r); err != nil {
			b.Fatal(err)
		}
	}
}
