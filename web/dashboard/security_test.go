package dashboard

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

var (
	keyShown  = regexp.MustCompile(`<code class="words">([A-Z2-7 ]+)</code>`)
	codeShown = regexp.MustCompile(`<li><code>([a-z2-7-]{19})</code>`)
)

// code is what the owner's app shows for a key.
func (h *house) code(key string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), h.cluster.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// enrol switches the second factor on, and returns its key and the recovery codes.
func (h *house) enrol() (key string, codes []string) {
	h.t.Helper()
	m := keyShown.FindStringSubmatch(h.sent("/me/security/factor").body)
	if m == nil {
		h.t.Fatal("the page shows no key")
	}
	p := h.submit("/me/security/factor/confirm", "code", h.code(m[1]))
	for _, c := range codeShown.FindAllStringSubmatch(p.body, -1) {
		codes = append(codes, c[1])
	}
	if p.status != 200 || len(codes) != 10 {
		h.t.Fatalf("%d: %s", p.status, p.main())
	}
	h.cluster.Advance(time.Minute)
	return m[1], codes
}

// guest is another browser of the owner's, logged in beside the first.
func (h *house) guest(agent string) *http.Client {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	mine := h.browser
	defer func() { h.browser = mine }()
	h.browser = &http.Client{Jar: jar, CheckRedirect: mine.CheckRedirect}
	r, err := http.NewRequest("POST", h.web.URL+"/login", strings.NewReader(url.Values{"name": {"alice"}, "password": {password}}.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", agent)
	h.send(r)
	return h.browser
}

// in says whether a browser is logged in.
func (h *house) in(b *http.Client) bool {
	h.t.Helper()
	mine := h.browser
	defer func() { h.browser = mine }()
	h.browser = b
	return h.do("GET", "/me/more", nil).status == 200
}

func TestT50_SecondFactorFromThePages(t *testing.T) {
	h := newHouse(t)
	h.open("/me/security").says(t, "whoever learns your password can log in", "Set up a second factor…")
	if p := h.do("GET", "/me/security/factor", nil); p.location != "/me/security" {
		t.Errorf("the page of a key that was not drawn: %d %s", p.status, p.location)
	}
	page := h.sent("/me/security/factor")
	page.says(t, "scan this with your app", `src="/me/security/factor/qr"`)
	key := keyShown.FindStringSubmatch(page.body)[1]
	if again := h.open("/me/security/factor"); !strings.Contains(again.body, key) {
		t.Error("opening the page again draws another key")
	}
	qr := h.open("/me/security/factor/qr")
	if img, err := png.Decode(bytes.NewReader([]byte(qr.body))); err != nil || img.Bounds().Dx() != auth.QRPixels ||
		qr.header.Get("Content-Type") != "image/png" || qr.header.Get("Cache-Control") != reply.NoStore {
		t.Errorf("the picture: %v, %v", err, qr.header)
	}
	if p := h.submit("/me/security/factor/confirm", "code", "123"); p.status != 422 || !strings.Contains(p.body, "The code is wrong") || !strings.Contains(p.body, key) {
		t.Errorf("a wrong code: %d %s", p.status, p.main())
	}
	p := h.submit("/me/security/factor/confirm", "code", h.code(key))
	if p.status != 200 || len(codeShown.FindAllString(p.body, -1)) != 10 || p.header.Get("Cache-Control") != reply.NoStore {
		t.Fatalf("the right one: %d, %s", p.status, p.main())
	}
	h.open("/me/security").says(t, "10 of 10 recovery codes are left", "asks for a code from your app")
	h.open("/me/security/log").says(t, "Second factor on")
	if p := h.do("GET", "/me/security/factor/qr", nil); p.status != 404 {
		t.Errorf("the key can be seen once it is on: %d", p.status)
	}
	if p := h.submit("/me/security/factor"); p.status != 409 {
		t.Errorf("a second one beside it: %d", p.status)
	}
}

func TestT50_NewCodesAndSwitchingOffFromThePages(t *testing.T) {
	h := newHouse(t)
	if p := h.do("GET", "/me/security/codes", nil); p.status != 404 {
		t.Errorf("codes of no second factor: %d", p.status)
	}
	key, old := h.enrol()
	h.open("/me/security/codes").says(t, "You get ten new ones")
	if p := h.submit("/me/security/codes", "code", "999"); p.status != 422 {
		t.Errorf("wrong code: %d", p.status)
	}
	p := h.submit("/me/security/codes", "code", h.code(key))
	p.says(t, "The old codes are void")
	fresh := codeShown.FindAllStringSubmatch(p.body, -1)
	if len(fresh) != 10 || slices.Contains(old, fresh[0][1]) {
		t.Fatalf("%d %v", p.status, fresh)
	}
	h.open("/me/security/factor/off").says(t, "Switch the second factor off?", `name="password"`, `name="code"`)
	for what, fields := range map[string][]string{
		"no code": {"password", password}, "no password": {"code", fresh[0][1]}, "an old code": {"password", password, "code", old[0]},
	} {
		if p := h.submit("/me/security/factor/off", fields...); p.status != 422 {
			t.Errorf("%s: %d", what, p.status)
		}
	}
	h.sent("/me/security/factor/off", "password", password, "code", fresh[1][1]).says(t, "The second factor is off", "Set up a second factor…")
	h.open("/me/security/log").says(t, "Second factor off", "New recovery codes", "Wrong code", "In a browser that is logged in here")
}

func TestT51_SessionsAreListedAndEnd(t *testing.T) {
	h := newHouse(t)
	phone := h.guest("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1")
	laptop := h.guest("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	page := h.open("/me/security")
	page.says(t, "Safari on iPhone", "Firefox on Linux", "this one", "127.0.0.1", "End all but this one…")
	if n := strings.Count(page.body, "this one</span>"); n != 1 {
		t.Errorf("%d are this one", n)
	}
	sessions, err := store.Get(ctx, h.Store(), (*store.Tx).Sessions)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if strings.Contains(page.body, s.CSRF) && !strings.Contains(page.body, `name="csrf" value="`+s.CSRF) {
			t.Error("the token of another log-in is shown")
		}
	}
	end := regexp.MustCompile(`href="(/me/security/sessions/[0-9a-f]{16}/end)">End…<span class="vh"> Safari on iPhone`).FindStringSubmatch(page.body)
	if end == nil {
		t.Fatal(page.main())
	}
	h.open(end[1]).says(t, "End this log-in?", "Safari on iPhone")
	if !h.in(phone) {
		t.Fatal("opening the page ended it")
	}
	h.sent(end[1]).hides(t, "Safari on iPhone")
	if h.in(phone) || !h.in(laptop) || !h.in(h.browser) {
		t.Errorf("phone %v, laptop %v, here %v", h.in(phone), h.in(laptop), h.in(h.browser))
	}
	if p := h.submit(end[1]); p.status != 404 {
		t.Errorf("again: %d", p.status)
	}
	h.open("/me/security/others").says(t, "1 log-in ends")
	h.sent("/me/security/others")
	if h.in(laptop) || !h.in(h.browser) {
		t.Errorf("laptop %v, here %v", h.in(laptop), h.in(h.browser))
	}
	h.open("/me/security/log").says(t, "Log-in ended", "all but one: 1")
}

// T51: a stream that is open ends with its session, however that ends.
func TestT51_StreamEndsWithItsSession(t *testing.T) {
	h := newHouse(t)
	mine := h.browser
	h.browser = h.guest("curl/8")
	e := h.listens("")
	e.wants(hello)
	h.browser = mine
	h.sent("/me/security/others")
	e.ends(time.Second)
}

func TestT51_NewPasswordEndsAllOtherSessions(t *testing.T) {
	h := newHouse(t)
	other := h.guest("curl/8")
	token, err := auth.TokenCommand(ctx, h.Store(), "read", "script")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ current, password, says string }{
		"wrong": {"wrong password", "another horse battery", "The password is wrong."}, "short": {password, "short", "at least 10 characters"},
		"empty": {"", "", "at least 10 characters"},
	} {
		if p := h.submit("/me/security/password", "current", c.current, "password", c.password); p.status != 422 || !strings.Contains(p.body, c.says) {
			t.Errorf("%s: %d %s", what, p.status, p.main())
		}
	}
	before, _ := url.Parse(h.web.URL)
	cookie := h.browser.Jar.Cookies(before)[0].Value
	h.sent("/me/security/password", "current", password, "password", "another horse battery").says(t, "Password changed.")
	if h.in(other) || !h.in(h.browser) || h.browser.Jar.Cookies(before)[0].Value == cookie {
		t.Errorf("the other %v, this one %v, under the same cookie %v", h.in(other), h.in(h.browser), h.browser.Jar.Cookies(before)[0].Value == cookie)
	}
	if !h.takes(token) {
		t.Error("the app was to stay")
	}
	h.sent("/me/security/password", "current", "another horse battery", "password", "a third horse battery", "revoke", "yes")
	if h.takes(token) {
		t.Error("the app was to go")
	}
	h.open("/me/security/log").says(t, "Password changed", "all other sessions ended, all apps revoked", "Wrong password")
}

// takes says whether the client API takes a token.
func (h *house) takes(token string) bool {
	r, err := http.NewRequestWithContext(context.Background(), "GET", "http://"+h.Host+"/api/v1/x", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.RemoteAddr = "192.0.2.1:80"
	_, err = h.guard.Token(r)
	return err == nil
}

func TestT51_AppsAreListedAndRevoked(t *testing.T) {
	h := newHouse(t)
	h.open("/me/apps").says(t, "No app has access", h.Host)
	phone, err := auth.TokenCommand(ctx, h.Store(), "read push", "Phone <b>")
	if err != nil {
		t.Fatal(err)
	}
	bot, err := auth.TokenCommand(ctx, h.Store(), "write:statuses", "Bot")
	if err != nil {
		t.Fatal(err)
	}
	if !h.takes(phone) || !h.takes(bot) {
		t.Fatal("the tokens are not taken")
	}
	page := h.open("/me/apps")
	page.says(t, "Phone &lt;b&gt;", "be woken by this server", "Bot", "post, edit, boost", "last used", "Revoke all apps…")
	page.hides(t, phone, bot)
	revoke := regexp.MustCompile(`href="(/me/apps/\d+/revoke)">Revoke…<span class="vh"> Phone`).FindStringSubmatch(page.body)
	if revoke == nil {
		t.Fatal(page.main())
	}
	h.open(revoke[1]).says(t, "Revoke “Phone &lt;b&gt;”?")
	h.sent(revoke[1]).hides(t, "Phone &lt;b&gt;")
	if h.takes(phone) || !h.takes(bot) {
		t.Errorf("phone %v, bot %v", h.takes(phone), h.takes(bot))
	}
	if p := h.submit(revoke[1]); p.status != 404 {
		t.Errorf("again: %d", p.status)
	}
	h.open("/me/revoke-apps").says(t, "Bot: cut off within a second")
	h.sent("/me/revoke-apps").says(t, "No app has access")
	if h.takes(bot) {
		t.Error("the bot goes on")
	}
	h.open("/me/security/log").says(t, "App revoked", "Phone &lt;b&gt;", "all of them")
}

// Before what a stranger at an open browser must not do, the password is asked for
// unless it was given just now.
func TestDangerousStepsAskForThePasswordAgain(t *testing.T) {
	h := newHouse(t, "home")
	archive := "/me/data/archive"
	h.cluster.Advance(11 * time.Minute)
	p := h.submit(archive)
	if p.status != 303 || p.location != "/me/security/check?next=%2Fme%2Fdata%2Farchive" {
		t.Fatalf("%d %s", p.status, p.location)
	}
	h.open(p.location).says(t, "Is it you?", `value="/me/data/archive"`)
	if p := h.submit("/me/security/check", "next", "/me/move", "password", "wrong password"); p.status != 422 || !strings.Contains(p.body, "The password is wrong") {
		t.Errorf("%d %s", p.status, p.main())
	}
	for next, leads := range map[string]string{"//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "/me/move?to=x": "/me/move?to=x"} {
		if p := h.submit("/me/security/check", "next", next, "password", password); p.status != 303 || p.location != leads {
			t.Errorf("T55: %s leads to %d %s", next, p.status, p.location)
		}
	}
	if p := h.submit(archive); p.location != "/me/data" {
		t.Errorf("asked again at once: %s", p.location)
	}
	if p := h.submit("/me/security/factor"); p.location != "/me/security/factor" {
		t.Errorf("%d %s", p.status, p.location)
	}
	h.cluster.Advance(11 * time.Minute)
	for _, path := range []string{"/me/security/factor", "/me/security/factor/qr"} {
		if p := h.do("GET", path, nil); p.status == 200 {
			t.Errorf("%s shows the key to whoever sits there", path)
		}
	}
	if p := h.submit("/me/security/factor/confirm", "code", "123456"); p.status != 303 || !strings.HasPrefix(p.location, "/me/security/check") {
		t.Errorf("confirm: %d %s", p.status, p.location)
	}
}

func TestFreshCheckTakesACodeToo(t *testing.T) {
	h := newHouse(t)
	key, codes := h.enrol()
	h.cluster.Advance(11 * time.Minute)
	h.open("/me/security/check?next=/me/move").says(t, "Or a code from your app")
	code := h.code(key)
	if p := h.submit("/me/security/check", "next", "/me/move", "code", code); p.location != "/me/move" {
		t.Errorf("a code: %d %s", p.status, p.location)
	}
	h.cluster.Advance(11 * time.Minute)
	if p := h.submit("/me/security/check", "next", "/me/move", "code", code); p.status != 422 {
		t.Errorf("the same code again: %d", p.status)
	}
	if p := h.submit("/me/security/check", "next", "/me/move", "code", codes[0]); p.location != "/me/move" {
		t.Errorf("a recovery code: %d %s", p.status, p.location)
	}
	h.open("/me/security").says(t, "9 of 10 recovery codes are left")
}

func TestSecurityLogIsReadInPages(t *testing.T) {
	h := newHouse(t)
	h.open("/me/security/log").says(t, "Logged in", "Lines are kept 180 days, addresses 365 days")
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for range logShown + 5 {
			if err := tx.LogSecurity("later kind", "<i>", ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	page := h.open("/me/security/log")
	page.says(t, "Later kind", "&lt;i&gt;")
	page.hides(t, "<b>Logged in</b>")
	older := regexp.MustCompile(`href="(/me/security/log\?before=\d+)"`).FindStringSubmatch(page.body)
	if older == nil || strings.Count(page.body, "Later kind") != logShown {
		t.Fatalf("%d lines, older %v", strings.Count(page.body, "Later kind"), older)
	}
	h.open(older[1]).says(t, "Logged in", "Later kind")
	h.open("/me/security/log?before=x").says(t, "Later kind")
}

func TestBrowserNames(t *testing.T) {
	for agent, want := range map[string]string{
		"": "A program that gave no name",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0": "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":         "Safari on Mac",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36":         "Chrome on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile Safari/605": "Firefox on iPhone",
		"curl/8.14.1":                   "curl",
		"elinks/0.17 (textmode; Linux)": "elinks/0.17",
		strings.Repeat("é", 60):         strings.Repeat("é", 30) + "…",
	} {
		if got := assets.BrowserName(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

// T49: every page that takes the password or a code counts what is wrong.
func TestT49_EveryFormWithASecretIsThrottled(t *testing.T) {
	for path, wrong := range map[string][]string{
		"/me/security/check":          {"password", "wrong password"},
		"/me/security/check#code":     {"code", "000000"},
		"/me/security/password":       {"current", "wrong password", "password", "another horse battery"},
		"/me/security/factor/off":     {"password", "wrong password", "code", "000000"},
		"/me/security/factor/off#2":   {"password", password, "code", "000000"},
		"/me/security/codes":          {"code", "000000"},
		"/me/security/codes#recovery": {"code", "aaaa-bbbb-cccc-dddd"},
	} {
		t.Run(path, func(t *testing.T) {
			h := newHouse(t, "bob")
			h.guard = auth.New(h.Store(), h.Origin(), trustAll, auth.Options{Now: h.cluster.Now})
			h.board.guard = h.guard
			h.enrol()
			at, _, _ := strings.Cut(path, "#")
			looked := 0
			for range 12 {
				p := h.submit(at, wrong...)
				if p.status == 429 {
					if p.header.Get("Retry-After") == "" || !strings.Contains(p.body, "Wait ") {
						t.Errorf("%v: %s", p.header, p.main())
					}
					break
				}
				looked++
			}
			if looked != 5 && looked != 10 {
				t.Errorf("%d tries were looked at", looked)
			}
		})
	}
}

// trustAll lets loopback be counted as any other address: with a proxy that is
// trusted it is no longer everybody.
var trustAll = []netip.Prefix{netip.MustParsePrefix("203.0.113.1/32")}

// What a line of the log says is taken apart rightly, whatever browsers and passkeys are
// called.
func TestLinesOfTheSecurityLog(t *testing.T) {
	const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	for want, e := range map[string]store.SecurityEvent{
		"Password changed: Firefox on Linux; all other sessions ended":                          {Kind: auth.EventPassword, Detail: firefox + "; all other sessions ended"},
		"Password changed: Firefox on Linux; all other sessions ended, all apps revoked":        {Kind: auth.EventPassword, Detail: firefox + "; all other sessions ended, all apps revoked"},
		"Password changed: on the command line; all sessions ended":                             {Kind: auth.EventPassword, Detail: "on the command line; all sessions ended"},
		"Password changed: x; all y; all other sessions ended":                                  {Kind: auth.EventPassword, Detail: "x; all y; all other sessions ended"},
		"Password changed: A program that gave no name":                                         {Kind: auth.EventPassword},
		"Passkey used: The laptop, in the attic, in Firefox on Linux":                           {Kind: auth.EventPasskeyUsed, Detail: "The laptop, in the attic" + auth.In + firefox},
		"Passkey removed: all 2, on the command line":                                           {Kind: auth.EventPasskeyRemoved, Detail: "all 2, on the command line"},
		"Logged in: Firefox on Linux, with a passkey (The one, with a dent)":                    {Kind: auth.EventLogIn, Detail: firefox + auth.WithCode + " passkey (The one, with a dent)"},
		"Wrong code: In a browser that is logged in here. If that was not you, end its log-in.": {Kind: auth.EventCheckFailed},
		"Right password, wrong code: 4 wrong codes since the last line":                         {Kind: auth.EventCodeFailed, Detail: "4 wrong codes since the last line"},
	} {
		if line := lineOfLog(e, time.Time{}); line.What+": "+line.Detail != want {
			t.Errorf("%s: %s, want %s", line.What, line.Detail, want)
		}
	}
}
