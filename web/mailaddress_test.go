package web

import (
	"archive/zip"
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

// secretMailbox is in parts, so that no word of it is anything else's.
const secretMailbox = "zzmailbox.secret@zzpost.example"

// The owner's mail address is on the page of mail and nowhere else: no page, API,
// actor, NodeInfo, stream of events, archive or log has it (PRIVACY-CLAUSES 24).
func TestTheMailAddressIsNowhere(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })

	s := newStreet(t)
	must(t, s.alice.ForgetMail(bg))
	s.alice.Proves(t, secretMailbox)
	if !strings.Contains(s.ask("GET", "/me/mail", browser, s.here, s.login).Body.String(), secretMailbox) {
		t.Fatal("the page of mail does not say which address it is")
	}
	s.happens()
	s.c.Settle()

	leaks := func(what, text string) {
		t.Helper()
		if lower := strings.ToLower(text); strings.Contains(lower, "zzmailbox") || strings.Contains(lower, "zzpost") {
			t.Errorf("%s has the address", what)
		}
	}
	id := formatID(s.question.ID)
	for pattern, is := range matrix {
		path := strings.NewReplacer("ID", id, "KEY", s.alice.Identity().ActorKey, "nora", "alice", testHost, s.alice.Host).Replace(is.path)
		if pattern == "/me/*rest" {
			continue
		}
		for _, accept := range []string{browser, peer, "application/json"} {
			leaks("GET "+path, head(s.ask("GET", path, accept, s.here)))
			leaks("GET "+path+" by the owner", head(s.ask("GET", path, accept, s.here, s.login)))
			leaks("GET "+path+" by an app", head(s.ask("GET", path, accept, s.here, s.bearer)))
		}
	}
	for _, path := range []string{
		"/api/v1/accounts/verify_credentials", "/api/v1/preferences", "/api/v1/instance", "/api/v2/instance", "/api/v1/instance/privacy_policy", "/api/v1/accounts/1", "/api/v1/directory",
		"/api/v1/notifications", "/api/v2/notifications", "/oauth/userinfo", "/api/v1/apps/verify_credentials",
		"/me", "/me/inbox", "/me/settings", "/me/security", "/me/security/log", "/me/data", "/me/profile", "/me/reach", "/me/deliveries", "/me/push",
	} {
		leaks("GET "+path, head(s.ask("GET", path, "", s.here, s.login, s.bearer)))
	}
	s.mu.Lock()
	for name, told := range s.told {
		leaks("the stream "+name, told.String())
	}
	leaks("a push message", strings.Join(s.pushed, "\n"))
	s.mu.Unlock()
	for _, l := range s.alice.Letters() {
		leaks("a letter", l.Subject+l.Lead+l.Off+l.Manage+l.Why)
	}

	file := filepath.Join(t.TempDir(), "all.zip")
	_, err := archive.ExportCommand(bg, s.alice.Store(), s.alice.Store().Dir(), file, "test", func(string) {})
	must(t, err)
	packed, err := zip.OpenReader(file)
	must(t, err)
	defer packed.Close()
	for _, f := range packed.File {
		r, err := f.Open()
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		leaks("the archive's "+f.Name, string(b))
	}
	if info, err := os.Stat(file); err != nil || info.Size() < 1000 {
		t.Errorf("the archive is empty: %v", err)
	}
	leaks("the log", log.String())
}

func head(w interface{ Result() *http.Response }) string {
	r := w.Result()
	b, _ := io.ReadAll(r.Body)
	var h strings.Builder
	r.Header.Write(&h)
	return h.String() + string(b)
}

// The policy says that there is mail, through which server, and what is in it, from
// when an address is confirmed.
func TestThePrivacyPolicyFollowsMail(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	h := &house{t: t, now: c.Now(), svc: alice.Service}
	var err error
	h.web, err = New(Config{Service: h.svc, Log: quiet, Templates: pages(t)})
	must(t, err)
	t.Cleanup(h.web.Close)
	read := func() string {
		return h.ask("GET", "/privacy-policy", browser, func(r *http.Request) { r.Host, r.URL.Host, r.URL.Scheme, r.TLS = alice.Host, alice.Host, "http", nil }).Body.String()
	}
	hides(t, read(), "by mail", "smtp.example")
	must(t, alice.AskMail(bg, "a@mail.example"))
	hides(t, read(), "by mail", "smtp.example") // nobody has proven it
	alice.Proves(t, "a@mail.example")
	says(t, read(), "by mail, through", "smtp.example", "but not of private messages", "What happens is told by mail: <b>yes</b>, before that no")
	must(t, alice.ChooseMail(bg, federation.MailChoice{PrivateText: true}))
	says(t, read(), "in private messages too", "Such mail has the words of private messages: <b>yes</b>, before that no")
	must(t, alice.ForgetMail(bg))
	page := read()
	says(t, page, "What happens is told by mail: <b>no</b>, before that yes")
	hides(t, page, "smtp.example", "mail.example")
}

// The link in a mail ends it: a GET asks, a POST does it, without cookie and form (RFC
// 8058), and nothing else is a link.
func TestMailEndsWithOneClick(t *testing.T) {
	s := newStreet(t)
	s.says(s.bob, "zzmention", s.names)
	s.c.Advance(40 * 60 * 1e9)
	s.c.Settle()
	off := ""
	for _, l := range s.alice.Letters() {
		off = l.Off
	}
	_, path, ok := strings.Cut(off, s.alice.Host)
	if !ok || !strings.HasPrefix(path, "/mail/off/") {
		t.Fatalf("the link is %q", off)
	}
	when := func() store.MailWhen {
		m, err := store.Get(bg, s.alice.Store(), func(tx *store.Tx) (store.Mail, error) { return tx.Mail() })
		must(t, err)
		return m.WhenOf("mention")
	}
	for _, method := range []string{"GET", "HEAD"} {
		if w := s.ask(method, path, browser, s.here); w.Code != 200 || w.Header().Get("Set-Cookie") != "" || when() != store.MailNow {
			t.Errorf("%s: %d, %s", method, w.Code, when())
		}
	}
	page := s.ask("GET", path, browser, s.here).Body.String()
	says(t, page, "Turn off mail about mentions?", `<form method="post" action="`+path+`"`)
	hides(t, page, "alice@mail.example", "zzmention")
	for _, wrong := range []string{path + "x", "/mail/off/x", "/mail/off/" + strings.Repeat("A", 300) + ".B"} {
		for _, method := range []string{"GET", "POST"} {
			if w := s.ask(method, wrong, browser, s.here); w.Code != 404 || when() != store.MailNow {
				t.Errorf("%s %s: %d", method, wrong, w.Code)
			}
		}
	}
	for range 2 {
		w := s.ask("POST", path, "", s.here, form("List-Unsubscribe=One-Click"), func(r *http.Request) {
			r.Header.Set("Origin", "https://webmail.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		})
		if w.Code != 200 || when() != store.MailOff {
			t.Errorf("one click: %d, %s", w.Code, when())
		}
		says(t, w.Body.String(), "No more mail about mentions")
	}
}
