package auth

import (
	"bytes"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"dassie/store"
	"dassie/web/reply"
)

// phone is the owner's app with codes.
type phone struct {
	h      *house
	secret string
}

func (p phone) code() string { return p.at(p.h.clock.now()) }

func (p phone) at(t time.Time) string {
	code, err := totp.GenerateCode(p.secret, t)
	if err != nil {
		p.h.t.Fatal(err)
	}
	return code
}

// asOwner is a request of the session that a browser holds.
func (b *browser) asOwner() *http.Request {
	return request("127.0.0.1", "Cookie", "dassie_8080="+b.cookie("dassie_8080"), "X-Forwarded-For", b.addr)
}

// withFactor switches the second factor on, as the owner does at a browser.
func (h *house) withFactor(b *browser) (phone, []string) {
	h.t.Helper()
	if err := h.guard.BeginSecondFactor(ctx); err != nil {
		h.t.Fatal(err)
	}
	key, err := h.guard.Enrolment(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	p := phone{h, strings.ReplaceAll(key.Secret, " ", "")}
	codes, err := h.guard.ConfirmSecondFactor(b.asOwner(), p.code())
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.pass(time.Minute)
	return p, codes
}

// step is the second step of a log-in, after the first was taken.
func (b *browser) step(code string) answer {
	b.h.t.Helper()
	return b.post("/login", url.Values{"csrf": {b.get("/login").body}, "code": {code}})
}

func TestT50_CodeIsAskedForAndWorksOnce(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	p, codes := h.withFactor(b)
	if len(codes) != recoveryCodes {
		t.Fatalf("%d recovery codes", len(codes))
	}

	other := h.browser("192.0.2.2")
	if a := other.logIn("alice", ownerPassword); a.status != 303 || a.header.Get("Location") != "/login" || other.cookie("dassie_8080") != "" {
		t.Fatalf("after the password: %d %s, session %q", a.status, a.header.Get("Location"), other.cookie("dassie_8080"))
	}
	if a := other.get("/me"); a.status != 303 {
		t.Fatalf("the password alone opens the dashboard: %d", a.status)
	}
	now := p.code()
	for name, code := range map[string]string{
		"wrong": "000000", "empty": "", "two steps ago": p.at(h.clock.now().Add(-61 * time.Second)), "letters": "abcdef", "the secret": p.secret[:6],
	} {
		h.guard.codes = newCodeThrottle(h.clock.now)
		if a := other.step(code); a.status != 401 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	h.guard.codes = newCodeThrottle(h.clock.now)
	if a := other.step(now[:3] + " " + now[3:]); a.status != 303 || other.get("/me").status != 200 {
		t.Fatalf("the right code: %d %s", a.status, a.body)
	}
	third := h.browser("192.0.2.3")
	third.logIn("alice", ownerPassword)
	if a := third.step(now); a.status != 401 {
		t.Errorf("the same code again: %d", a.status)
	}
	if a := third.step(p.at(h.clock.now().Add(-30 * time.Second))); a.status != 401 {
		t.Errorf("the code before one that was used: %d", a.status)
	}
	if a := third.step(p.at(h.clock.now().Add(30 * time.Second))); a.status != 303 {
		t.Errorf("a clock half a minute ahead: %d %s", a.status, a.body)
	}
}

// The code may come with the password, as some who fill in forms do.
func TestCodeInTheFirstForm(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	p, _ := h.withFactor(b)
	other := h.browser("192.0.2.2")
	if a := other.logIn("alice", ownerPassword, "code", "123"); a.status != 401 || strings.Contains(a.body, "password") {
		t.Errorf("wrong code: %d %s", a.status, a.body)
	}
	if a := other.logIn("alice", "wrong password", "code", p.code()); a.status != 401 || !strings.Contains(a.body, "password") {
		t.Errorf("wrong password: %d %s", a.status, a.body)
	}
	if a := other.logIn("alice", ownerPassword, "code", p.code()); a.status != 303 || other.get("/me").status != 200 {
		t.Errorf("both right: %d %s", a.status, a.body)
	}
}

func TestT50_RecoveryCodesWorkOnceAndAreHashed(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	_, codes := h.withFactor(b)
	seen := map[string]bool{}
	for i, code := range codes {
		if seen[code] || len(code) != 19 {
			t.Fatalf("code %d: %q", i, code)
		}
		seen[code] = true
	}
	try := func(code string) int {
		t.Helper()
		lost := h.browser("192.0.2.9")
		lost.logIn("alice", ownerPassword)
		return lost.step(code).status
	}
	if s := try(strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))); s != 303 {
		t.Errorf("first use, as somebody reads it from paper: %d", s)
	}
	if s := try(codes[0]); s != 401 {
		t.Errorf("second use: %d", s)
	}
	if s := try(codes[1]); s != 303 {
		t.Errorf("another: %d", s)
	}
	if e := h.securityLog()[0]; e.Kind != EventLogIn || !strings.Contains(e.Detail, "recovery code") {
		t.Errorf("%+v", e)
	}
	if err := h.st.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(h.dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range codes {
		if bytes.Contains(file, []byte(code)) || bytes.Contains(file, []byte(typed(code))) {
			t.Fatal("a recovery code stands in the file")
		}
	}
}

// T50: five tries, then each costs a longer wait, and being many gains nothing;
// the owner gets in from home, and with a recovery code from anywhere.
func TestT50_FiveTriesThenDelayButNeverLockedOut(t *testing.T) {
	h := newHouse(t)
	home := h.browser("192.0.2.1")
	home.logIn("alice", ownerPassword)
	p, codes := h.withFactor(home)
	halfway := func(addr string) *browser {
		b := h.browser(addr)
		if a := b.logIn("alice", ownerPassword); a.status != 303 {
			t.Fatalf("%s: %d %s", addr, a.status, a.body)
		}
		return b
	}
	looked := 0
	var wait int
	for i := range 40 {
		b := halfway("198.51.100." + strconv.Itoa(i))
		a := b.step("000000")
		if a.status == 401 {
			looked++
			continue
		}
		wait, _ = strconv.Atoi(a.header.Get("Retry-After"))
		if a.status != 429 || wait < 1 || wait > 60 || !strings.Contains(a.body, "Too many wrong codes") {
			t.Fatalf("%d: %d, wait %d: %s", i, a.status, wait, a.body)
		}
	}
	if looked != freeCodes {
		t.Fatalf("%d of 40 guesses were looked at, want %d", looked, freeCodes)
	}
	if a := halfway("192.0.2.1").step(p.code()); a.status != 303 {
		t.Errorf("at home: %d %s", a.status, a.body)
	}
	if a := halfway("203.0.113.5").step(codes[3]); a.status != 303 {
		t.Errorf("from anywhere with a recovery code: %d %s", a.status, a.body)
	}
	h.clock.pass(time.Minute)
	if a := halfway("203.0.113.6").step(p.code()); a.status != 303 {
		t.Errorf("from anywhere, having waited: %d %s", a.status, a.body)
	}
	failed := false
	for _, e := range h.securityLog() {
		failed = failed || e.Kind == EventCodeFailed
	}
	if !failed {
		t.Error("the log does not say that somebody has the password")
	}
}

// What says that the password was given ends with it, in minutes, and cannot be
// made by anybody else.
func TestHalfwayEnds(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	p, _ := h.withFactor(b)
	name := "dassie_8080-code"
	start := func() *browser {
		o := h.browser("192.0.2.2")
		o.logIn("alice", ownerPassword)
		return o
	}
	o := start()
	h.clock.pass(halfwayAge + time.Second)
	if a := o.step(p.code()); a.status != 403 {
		t.Errorf("too late: %d", a.status)
	}
	o = start()
	good := o.cookie(name)
	for what, value := range map[string]string{
		"later": strings.Replace(good, ".", ".9", 1), "cut": good[:len(good)-1], "no seal": good[:strings.LastIndexByte(good, '.')+1], "empty": "", "dots": "..", "text": "x",
	} {
		r := request("127.0.0.1", "Cookie", name+"="+value)
		if h.guard.CodeAsked(r) {
			t.Errorf("%s: taken", what)
		}
	}
	if !h.guard.CodeAsked(request("127.0.0.1", "Cookie", name+"="+good)) {
		t.Fatal("the good one is not taken")
	}
	if err := PasswdCommand(ctx, h.st, "another long one", PasswdOptions{}); err != nil {
		t.Fatal(err)
	}
	if a := o.step(p.code()); a.status != 403 {
		t.Errorf("after a new password: %d", a.status)
	}
}

// T50: it takes password and code to switch it off.
func TestT50_SwitchingOffTakesBoth(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	p, codes := h.withFactor(b)
	r := b.asOwner()
	for what, c := range map[string][2]string{
		"no code": {ownerPassword, ""}, "wrong code": {ownerPassword, "000000"}, "no password": {"", p.code()}, "wrong password": {"wrong password", p.code()},
	} {
		if err := h.guard.EndSecondFactor(r, c[0], c[1]); reply.CodeOf(err) != reply.Unauthorized {
			t.Errorf("%s: %v", what, err)
		}
	}
	if f := h.factor(); !f.On() {
		t.Fatal("it is off")
	}
	if err := h.guard.EndSecondFactor(r, ownerPassword, codes[0]); err != nil {
		t.Fatal(err)
	}
	if f := h.factor(); f.On() || f.Secret != "" {
		t.Errorf("%+v", f)
	}
	if a := h.browser("192.0.2.3").logIn("alice", ownerPassword); a.header.Get("Location") != "/me" {
		t.Errorf("log-in without it: %d %s", a.status, a.header.Get("Location"))
	}
	if err := h.guard.EndSecondFactor(r, ownerPassword, codes[1]); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("again: %v", err)
	}
}

func (h *house) factor() store.SecondFactor {
	h.t.Helper()
	f, err := store.Get(ctx, h.st, (*store.Tx).SecondFactor)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

func TestSecondFactorIsAskedForOnlyOnceConfirmed(t *testing.T) {
	h := newHouse(t)
	b, other := h.browser("192.0.2.1"), h.browser("192.0.2.2")
	b.logIn("alice", ownerPassword)
	other.logIn("alice", ownerPassword)
	r := b.asOwner()
	if _, err := h.guard.ConfirmSecondFactor(r, "123456"); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("none begun: %v", err)
	}
	if _, err := h.guard.Enrolment(ctx); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("none begun: %v", err)
	}
	if err := h.guard.BeginSecondFactor(ctx); err != nil {
		t.Fatal(err)
	}
	key, err := h.guard.Enrolment(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := "otpauth://totp/" + testHost + ":alice@" + testHost + "?"; !strings.HasPrefix(strings.ReplaceAll(key.key.URL(), "%3A", ":"), want) {
		t.Errorf("the app is given %s", key.key.URL())
	}
	b1, err := key.PNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b1))
	if err != nil || img.Bounds().Dx() != QRPixels || len(b1) > 20000 {
		t.Errorf("the picture: %v, %v, %d bytes", err, img.Bounds(), len(b1))
	}
	if r, g, bl, _ := img.At(2, 2).RGBA(); r+g+bl != 3*0xffff {
		t.Error("there is no white around it")
	}
	if a := h.browser("192.0.2.4").logIn("alice", ownerPassword); a.header.Get("Location") != "/me" {
		t.Errorf("not confirmed, and asked for: %s", a.header.Get("Location"))
	}
	if _, err := h.guard.ConfirmSecondFactor(r, "000000"); reply.CodeOf(err) != reply.Unauthorized {
		t.Errorf("wrong code: %v", err)
	}
	p := phone{h, strings.ReplaceAll(key.Secret, " ", "")}
	if _, err := h.guard.ConfirmSecondFactor(r, p.code()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.guard.Enrolment(ctx); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a secret that is on is shown: %v", err)
	}
	if b.get("/me").status != 200 || other.get("/me").status != 303 || len(h.sessions()) != 1 {
		t.Errorf("others that were begun without it go on: %d sessions", len(h.sessions()))
	}
	if err := h.guard.BeginSecondFactor(ctx); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("begun again while on: %v", err)
	}
}

func TestNewRecoveryCodesReplaceTheOld(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	p, old := h.withFactor(b)
	fresh, err := h.guard.NewRecoveryCodes(b.asOwner(), p.code())
	if err != nil || len(fresh) != recoveryCodes {
		t.Fatal(fresh, err)
	}
	lost := h.browser("192.0.2.9")
	lost.logIn("alice", ownerPassword)
	if a := lost.step(old[5]); a.status != 401 {
		t.Errorf("an old one: %d", a.status)
	}
	if a := lost.step(fresh[5]); a.status != 303 {
		t.Errorf("a new one: %d", a.status)
	}
}

// A lost telephone is mended at the machine.
func TestPasswdResetsTheSecondFactor(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	h.withFactor(b)
	beside, err := store.Open(h.dir, store.Options{Now: h.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if err := PasswdCommand(ctx, beside, "another long one", PasswdOptions{}); err != nil || !h.factor().On() {
		t.Fatalf("a new password alone: %v, on %v", err, h.factor().On())
	}
	h.clock.pass(time.Second)
	if err := PasswdCommand(ctx, beside, "another long one", PasswdOptions{ResetSecondFactor: true}); err != nil {
		t.Fatal(err)
	}
	h.clock.pass(time.Second)
	if a := h.browser("192.0.2.7").logIn("alice", "another long one"); a.header.Get("Location") != "/me" {
		t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
	}
	if e := h.securityLog()[1]; e.Kind != EventFactorOff || e.Detail != "on the command line" {
		t.Errorf("%+v", e)
	}
}

// T50: wrong codes of who is logged in, however many, leave the log room for those of who
// has the password and is not: a letter tells the owner of these.
func TestT50_WrongChecksHideNoWrongLogIn(t *testing.T) {
	h := newHouse(t)
	home := h.browser("192.0.2.1")
	home.logIn("alice", ownerPassword)
	h.withFactor(home)
	for range 3 * maxFailureLines {
		if err := h.guard.Check(home.asOwner(), "", "000000"); err == nil {
			t.Fatal("a wrong code was taken")
		}
		h.clock.pass(20 * time.Second)
	}
	stranger := h.browser("198.51.100.7")
	stranger.logIn("alice", ownerPassword)
	if a := stranger.step("000000"); a.status != 401 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	lines := map[string]int{}
	for _, e := range h.securityLog() {
		lines[e.Kind]++
	}
	if lines[EventCodeFailed] != 1 || lines[EventCheckFailed] < 2 || lines[EventCheckFailed] > maxFailureLines+1 {
		t.Errorf("the log has %v", lines)
	}
}
