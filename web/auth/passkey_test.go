package auth

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/auth/webauthn/webauthntest"
	"dassie/web/reply"
)

const (
	rpID       = "alice.localhost"
	rpOrigin   = "http://alice.localhost:8080"
	sessionKey = "dassie_8080"
)

// added is a passkey that the owner made at a browser.
func (h *house) added(b *browser, name string, change ...func(*webauthntest.Device)) *webauthntest.Device {
	h.t.Helper()
	c, err := h.guard.BeginPasskey(b.asOwner(), name, ownerPassword, "")
	if err != nil {
		h.t.Fatal(err)
	}
	d := webauthntest.New(h.t, rpID, rpOrigin)
	d.User = handleOf(h.t, c.User.ID)
	for _, f := range change {
		f(d)
	}
	if err := h.guard.FinishPasskey(b.asOwner(), d.Create(c.Challenge)); err != nil {
		h.t.Fatal(err)
	}
	return d
}

func handleOf(t testing.TB, text string) []byte {
	t.Helper()
	var out []byte
	b, err := json.Marshal(strings.NewReplacer("-", "+", "_", "/").Replace(text) + "=")
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stranger is a request of a browser that has been to the log-in page and no further.
func (b *browser) stranger() *http.Request {
	b.h.t.Helper()
	b.get("/login")
	return request("127.0.0.1", "Cookie", "dassie_8080-form="+b.cookie("dassie_8080-form"), "X-Forwarded-For", b.addr, "User-Agent", "Test browser")
}

// asked is a challenge for the browser of a request.
func (h *house) asked(r *http.Request) string {
	h.t.Helper()
	a, err := h.guard.AskPasskey(r)
	if err != nil {
		h.t.Fatal(err)
	}
	if a.Party != rpID || a.Timeout != 300000 || a.Verification != "preferred" {
		h.t.Errorf("%+v", a)
	}
	return a.Challenge
}

// enters logs in with an answer; the cookie of its session, "" for none.
func (h *house) enters(r *http.Request, answer string) (session string, err error) {
	w := httptest.NewRecorder()
	err = h.guard.LogInPasskey(w, r, answer)
	for _, c := range w.Result().Cookies() {
		if c.Name == sessionKey {
			session = c.Value
		}
	}
	if (session != "") != (err == nil) {
		h.t.Errorf("a session %q with the error %v", session, err)
	}
	return session, err
}

func withKey(t *testing.T) (*house, *browser, *webauthntest.Device) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	return h, b, h.added(b, "Phone")
}

// T50: a passkey whose device made sure of who is there is both factors.
func TestT50_PasskeyIsBothFactors(t *testing.T) {
	h, b, d := withKey(t)
	h.withFactor(b)
	r := h.browser("192.0.2.2").stranger()
	session, err := h.enters(r, d.Get(h.asked(r)))
	if err != nil {
		t.Fatal(err)
	}
	in := request("127.0.0.1", "Cookie", sessionKey+"="+session)
	if _, ok := h.guard.Session(in); !ok || !h.guard.Fresh(in) {
		t.Error("the session does not stand, or is not fresh")
	}
	if e := h.securityLog()[0]; e.Kind != EventLogIn || e.Detail != "Test browser, with a passkey (Phone)" || e.Address != "192.0.2.2" {
		t.Errorf("%+v", e)
	}
	list, err := store.Get(ctx, h.st, (*store.Tx).Passkeys)
	if err != nil || len(list) != 1 || list[0].UsedAt.IsZero() || list[0].Name != "Phone" || list[0].Synced {
		t.Errorf("%+v %v", list, err)
	}
}

// Without that it is one: the password is asked for, and no code.
func TestT50_PasskeyWithoutVerificationIsOneFactor(t *testing.T) {
	h, b, d := withKey(t)
	h.withFactor(b)
	d.Flags = webauthntest.Present
	other := h.browser("192.0.2.2")
	r := other.stranger()
	w := httptest.NewRecorder()
	if err := h.guard.LogInPasskey(w, r, d.Get(h.asked(r))); err != ErrPasswordNeeded {
		t.Fatalf("%v", err)
	}
	var key *http.Cookie
	for _, c := range w.Result().Cookies() {
		if c.Name == sessionKey {
			t.Error("it opens a session alone")
		}
		if c.Name == "dassie_8080-key" {
			key = c
		}
	}
	if key == nil || !key.HttpOnly {
		t.Fatalf("%v", w.Header())
	}
	u, err := url.Parse(h.web.URL)
	if err != nil {
		t.Fatal(err)
	}
	other.client.Jar.SetCookies(u, []*http.Cookie{{Name: key.Name, Value: key.Value, Path: "/"}})
	if a := other.logIn("alice", "wrong password"); a.status != 401 {
		t.Errorf("with a wrong password: %d", a.status)
	}
	if a := other.logIn("alice", ownerPassword); a.status != 303 || other.get("/me").status != 200 {
		t.Fatalf("with the right one: %d %s", a.status, a.header.Get("Location"))
	}
	if e := h.securityLog()[0]; !strings.Contains(e.Detail, "with a passkey (Phone) and the password") {
		t.Errorf("%+v", e)
	}
	for name, value := range map[string]string{"bent": key.Value + "x", "cut": key.Value[:20], "of another passkey": "7" + key.Value, "empty": ""} {
		third := h.browser("192.0.2.3")
		third.client.Jar.SetCookies(u, []*http.Cookie{{Name: key.Name, Value: value, Path: "/"}})
		if a := third.logIn("alice", ownerPassword); a.header.Get("Location") != "/login" || third.get("/me").status == 200 {
			t.Errorf("%s: %d %s", name, a.status, a.header.Get("Location"))
		}
	}
	late := h.browser("192.0.2.4")
	late.client.Jar.SetCookies(u, []*http.Cookie{{Name: key.Name, Value: key.Value, Path: "/"}})
	h.clock.pass(halfwayAge)
	if late.logIn("alice", ownerPassword); late.get("/me").status == 200 {
		t.Error("it counts after ten minutes")
	}
	if err := h.guard.RemovePasskey(b.asOwner(), h.key(t).ID, ownerPassword); err != nil {
		t.Fatal(err)
	}
}

// key is the only passkey there is.
func (h *house) key(t *testing.T) store.Passkey {
	t.Helper()
	list, err := store.Get(ctx, h.st, (*store.Tx).Passkeys)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d passkeys, %v", len(list), err)
	}
	return list[0]
}

// T50: a challenge counts once, for the browser that it was drawn for, for what it was
// drawn for, and for five minutes.
func TestT50_ChallengeOfAPasskey(t *testing.T) {
	h, b, d := withKey(t)
	r := h.browser("192.0.2.2").stranger()
	answer := d.Get(h.asked(r))
	if _, err := h.enters(r, answer); err != nil {
		t.Fatal(err)
	}
	if _, err := h.enters(r, answer); err != errLate {
		t.Errorf("the same answer again: %v", err)
	}
	mine := h.asked(r)
	thief := h.browser("192.0.2.3").stranger()
	if _, err := h.enters(thief, d.Get(mine)); err != errLate {
		t.Errorf("from another browser: %v", err)
	}
	if _, err := h.enters(r, d.Get(mine)); err != nil {
		t.Errorf("another browser used it up: %v", err)
	}
	if _, err := h.enters(r, d.Get(h.asked(b.asOwner()))); err != errLate {
		t.Errorf("drawn for the check: %v", err)
	}
	if err := h.guard.CheckPasskey(b.asOwner(), d.Get(h.asked(r))); err != errLate {
		t.Errorf("drawn for a log-in: %v", err)
	}
	c, err := h.guard.BeginPasskey(b.asOwner(), "Second", ownerPassword, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.guard.CheckPasskey(b.asOwner(), d.Get(c.Challenge)); err != errLate {
		t.Errorf("drawn for adding one: %v", err)
	}
	old := h.asked(r)
	h.clock.pass(challengeAge)
	if _, err := h.enters(r, d.Get(old)); err != errLate {
		t.Errorf("after five minutes: %v", err)
	}
	if _, err := h.enters(r, d.Get("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")); err != errLate {
		t.Errorf("never drawn: %v", err)
	}
	if n := len(h.sessions()); n != 3 {
		t.Errorf("%d sessions", n)
	}
}

// T50: what is not a right answer opens nothing, is counted as a wrong password is, and
// leaves a line in the log.
func TestT50_HostilePasskeys(t *testing.T) {
	h, _, good := withKey(t)
	for name, change := range map[string]func(*webauthntest.Device){
		"another origin":       func(d *webauthntest.Device) { d.Origin = "https://evil.example" },
		"another server":       func(d *webauthntest.Device) { d.RPID = "evil.example" },
		"nobody there":         func(d *webauthntest.Device) { d.Flags = webauthntest.Verified },
		"an unknown id":        func(d *webauthntest.Device) { d.ID = []byte("somebody else") },
		"another key":          func(d *webauthntest.Device) { d.Key = webauthntest.New(t, rpID, rpOrigin).Key },
		"another person":       func(d *webauthntest.Device) { d.User = []byte("eve") },
		"nobody's":             func(d *webauthntest.Device) { d.User = nil },
		"of another kind":      func(d *webauthntest.Device) { d.Flags |= webauthntest.Synced },
		"a registration":       func(d *webauthntest.Device) { d.Type = "webauthn.create" },
		"bytes behind":         func(d *webauthntest.Device) { d.Flags |= 0x80; d.Extra = []byte("\xbf\xff\x00garbage") },
		"larger than anything": func(d *webauthntest.Device) { d.Extra = make([]byte, 40000) },
	} {
		d := *good
		change(&d)
		r := h.browser("192.0.2.9").stranger()
		h.guard.throttle = newThrottle(h.clock.now)
		h.guard.wrongKeys = failureLog{lines: 1, filled: h.clock.now()}
		_, err := h.enters(r, d.Get(h.asked(r)))
		if reply.CodeOf(err) != reply.Unauthorized || err == errLate {
			t.Errorf("%s: %v", name, err)
		}
		if e := h.securityLog()[0]; e.Kind != EventPasskeyFailed || e.Address != "192.0.2.9" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	r := h.browser("192.0.2.9").stranger()
	h.guard.throttle = newThrottle(h.clock.now)
	for i := range freeTries {
		if _, err := h.enters(r, "{garbage"); reply.CodeOf(err) != reply.Unauthorized {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if _, err := h.enters(r, good.Get(h.asked(r))); reply.CodeOf(err) != reply.RateLimited || !strings.Contains(err.Error(), "Too many wrong passkeys") {
		t.Errorf("after ten: %v", err)
	}
	h.clock.pass(3 * time.Second)
	if _, err := h.enters(r, good.Get(h.asked(r))); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// T50: a counter that goes back may be a copy's. It is refused, and the owner is told.
func TestT50_PasskeyThatCountsBackwards(t *testing.T) {
	h, _, d := withKey(t)
	enter := func(counter uint32) error {
		d.Counter = counter
		r := h.browser("192.0.2.2").stranger()
		_, err := h.enters(r, d.Get(h.asked(r)))
		return err
	}
	if err := enter(8); err != nil {
		t.Fatal(err)
	}
	for _, counter := range []uint32{8, 7, 0} {
		if err := enter(counter); reply.CodeOf(err) != reply.Unauthorized || !strings.Contains(err.Error(), "copy") {
			t.Errorf("%d: %v", counter, err)
		}
		if e := h.securityLog()[0]; e.Kind != EventPasskeyCopied || e.Detail != "Phone, in Test browser" {
			t.Errorf("%+v", e)
		}
	}
	if k := h.key(t); k.DoubtedAt.IsZero() || k.Counter != 8 {
		t.Errorf("%+v", k)
	}
	if err := enter(9); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// A passkey stands for the password where the owner is asked again, if the device made
// sure of who is there.
func TestPasskeyMakesASessionFresh(t *testing.T) {
	h, b, d := withKey(t)
	h.clock.pass(freshAge + time.Millisecond) // the password was given to add the passkey
	d.Flags = webauthntest.Present
	if err := h.guard.CheckPasskey(b.asOwner(), d.Get(h.asked(b.asOwner()))); reply.CodeOf(err) != reply.Unauthorized || h.guard.Fresh(b.asOwner()) {
		t.Errorf("without verification: %v", err)
	}
	d.Flags |= webauthntest.Verified
	if err := h.guard.CheckPasskey(b.asOwner(), d.Get(h.asked(b.asOwner()))); err != nil || !h.guard.Fresh(b.asOwner()) {
		t.Errorf("%v, fresh: %v", err, h.guard.Fresh(b.asOwner()))
	}
	if e := h.securityLog()[0]; e.Kind != EventPasskeyUsed {
		t.Errorf("%+v", e)
	}
	if err := h.guard.CheckPasskey(h.browser("192.0.2.4").stranger(), "{}"); reply.CodeOf(err) != reply.Unauthorized {
		t.Errorf("a stranger: %v", err)
	}
}

// Adding one costs as much as switching the second factor off.
func TestT50_AddingAPasskeyTakesPasswordAndCode(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	p, _ := h.withFactor(b)
	for name, given := range map[string][2]string{"nothing": {}, "a wrong password": {"wrong password", p.code()}, "no code": {ownerPassword, ""}, "a wrong code": {ownerPassword, "000000"}} {
		h.guard.codes = newCodeThrottle(h.clock.now)
		if _, err := h.guard.BeginPasskey(b.asOwner(), "Phone", given[0], given[1]); reply.CodeOf(err) != reply.Unauthorized {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", " \n", strings.Repeat("x", MaxPasskeyName+1)} {
		if _, err := h.guard.BeginPasskey(b.asOwner(), name, ownerPassword, p.code()); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	c, err := h.guard.BeginPasskey(b.asOwner(), " My\nphone ", ownerPassword, p.code())
	if err != nil {
		t.Fatal(err)
	}
	if c.Attestation != "none" || c.Selection.Resident != "required" || len(c.Algorithms) != 3 || c.Party.ID != rpID || strings.Contains(c.User.ID, "alice") || len(c.Exclude) != 0 {
		t.Errorf("%+v", c)
	}
	d := webauthntest.New(t, rpID, rpOrigin)
	other := h.browser("192.0.2.2")
	other.logIn("alice", ownerPassword, "code", p.at(h.clock.now().Add(30*time.Second)))
	if err := h.guard.FinishPasskey(other.asOwner(), d.Create(c.Challenge)); err != errLate {
		t.Errorf("from another session: %v", err)
	}
	bad := *d
	bad.Origin = "https://evil.example"
	for name, answer := range map[string]string{"garbage": "{", "another origin": bad.Create(c.Challenge)} {
		if err := h.guard.FinishPasskey(b.asOwner(), answer); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.guard.FinishPasskey(b.asOwner(), d.Create(c.Challenge)); err != errLate {
		t.Errorf("a challenge that was answered: %v", err)
	}
	h.clock.pass(2 * time.Minute)
	if c, err = h.guard.BeginPasskey(b.asOwner(), " My\nphone ", ownerPassword, p.code()); err != nil {
		t.Fatal(err)
	}
	if err := h.guard.FinishPasskey(b.asOwner(), d.Create(c.Challenge)); err != nil {
		t.Fatal(err)
	}
	if k := h.key(t); k.Name != "My phone" || k.Host != rpID {
		t.Errorf("%+v", k)
	}
	if e := h.securityLog()[0]; e.Kind != EventPasskeyAdded || !strings.HasPrefix(e.Detail, "My phone, in ") {
		t.Errorf("%+v", e)
	}
	h.clock.pass(2 * time.Minute)
	again, err := h.guard.BeginPasskey(b.asOwner(), "Again", ownerPassword, p.code())
	if err != nil || len(again.Exclude) != 1 || again.User.ID != c.User.ID {
		t.Fatalf("%+v %v", again, err)
	}
	if err := h.guard.FinishPasskey(b.asOwner(), d.Create(again.Challenge)); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("the same passkey twice: %v", err)
	}
}

// Lost: the password goes on working, and what was removed opens nothing.
func TestPasskeyLostAndRemoved(t *testing.T) {
	h, b, d := withKey(t)
	other := h.browser("192.0.2.2")
	r := other.stranger()
	waiting := d.Get(h.asked(r))
	if err := h.guard.RemovePasskey(b.asOwner(), h.key(t).ID, "wrong password"); reply.CodeOf(err) != reply.Unauthorized {
		t.Errorf("a wrong password: %v", err)
	}
	if err := h.guard.RemovePasskey(b.asOwner(), h.key(t).ID, ownerPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := h.enters(r, waiting); reply.CodeOf(err) != reply.Unauthorized || !strings.Contains(err.Error(), "removed") {
		t.Errorf("with one that was removed: %v", err)
	}
	if _, err := h.guard.AskPasskey(r); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a challenge for none: %v", err)
	}
	if a := other.logIn("alice", ownerPassword); a.status != 303 {
		t.Errorf("the password: %d", a.status)
	}
	if err := h.guard.RemovePasskey(b.asOwner(), 7, ownerPassword); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("one that never was: %v", err)
	}
}

// T51: the command line ends sessions, and removes passkeys if it is told to.
func TestT51_PasswdAndPasskeys(t *testing.T) {
	h, b, d := withKey(t)
	r := h.browser("192.0.2.2").stranger()
	if err := PasswdCommand(ctx, h.st, "another long password", PasswdOptions{}); err != nil {
		t.Fatal(err)
	}
	if b.get("/me").status == 200 {
		t.Error("the session stands")
	}
	session, err := h.enters(r, d.Get(h.asked(r)))
	if err != nil {
		t.Fatalf("the passkey, which stays: %v", err)
	}
	if err := PasswdCommand(ctx, h.st, "another long password", PasswdOptions{RemovePasskeys: true}); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.guard.Session(request("127.0.0.1", "Cookie", sessionKey+"="+session)); ok {
		t.Error("the passkey's session stands")
	}
	if h.guard.Passkeys(ctx) != 0 {
		t.Error("the passkey stands")
	}
	if e := h.securityLog()[0]; e.Kind != EventPasskeyRemoved || e.Detail != "all 1, on the command line" {
		t.Errorf("%+v", e)
	}
}

// Another host has other passkeys, an address has none (DECISIONS 30).
func TestPasskeysAreForAName(t *testing.T) {
	h, _, _ := withKey(t)
	for host, want := range map[string]int{testHost: 1, "alice.localhost": 1, "moved.localhost:8080": 0, "127.0.0.1:8080": 0, "[::1]:8080": 0, "alice.example": 0} {
		g := New(h.st, store.NewOrigin(host, host), nil, Options{Now: h.clock.now})
		if n := g.Passkeys(ctx); n != want {
			t.Errorf("%s: %d", host, n)
		}
	}
	g := New(h.st, store.NewOrigin("127.0.0.1:8080", "127.0.0.1:8080"), nil, Options{Now: h.clock.now})
	if _, err := g.BeginPasskey(request("127.0.0.1"), "Phone", ownerPassword, ""); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("%v", err)
	}
}

// Strangers cannot make the server remember without end, nor crowd out the owner.
func TestChallengesAreBounded(t *testing.T) {
	h, b, d := withKey(t)
	mine := h.asked(b.asOwner())
	for range maxChallenges + 100 {
		h.guard.challenges.draw(forLogIn, "somebody", "")
	}
	if n := h.guard.challenges.strangers.Len(); n != maxChallenges {
		t.Errorf("%d remembered", n)
	}
	if err := h.guard.CheckPasskey(b.asOwner(), d.Get(mine)); err != nil {
		t.Errorf("the owner's is gone: %v", err)
	}
	r := h.browser("192.0.2.77").stranger()
	var err error
	for range challengesAtOnce + 1 {
		_, err = h.guard.AskPasskey(r)
	}
	if reply.CodeOf(err) != reply.RateLimited {
		t.Errorf("%v", err)
	}
	if _, err := h.guard.AskPasskey(request("192.0.2.78", "X-Forwarded-For", "192.0.2.78")); reply.CodeOf(err) != reply.Forbidden {
		t.Errorf("without a cookie: %v", err)
	}
	if _, err := h.enters(request("192.0.2.79"), "{}"); reply.CodeOf(err) != reply.Forbidden && reply.CodeOf(err) != reply.Unauthorized {
		t.Errorf("not encrypted: %v", err)
	}
}
