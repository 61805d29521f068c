package browsertest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/mail"
	"dassie/web/mail/smtptest"
)

// TestMail is Alice's way to mail: she gives an address, follows the link in the mail
// that comes there, is written to when Bob mentions her, and ends that from the mail.
func TestMail(t *testing.T) {
	long(t)
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		t.Setenv("DASSIE_SMTP_PASSWORD", smtptest.Password)
		s := newStreet(t, "alice", "bob")
		alice, bob := s.at("alice"), s.at("bob")
		office := smtptest.New(t, smtptest.Options{})
		sender, err := mail.New(mail.Config{Host: office.Host, Port: office.Port, TLS: mail.STARTTLS, User: smtptest.User, RootCAs: office.Roots}, alice.Host)
		if err != nil {
			t.Fatal(err)
		}
		alice.MailBy(sender.Send)
		link := func(pattern string) string {
			t.Helper()
			s.Settle()
			for _, got := range office.Take() {
				if m := regexp.MustCompile(pattern).FindString(got.Text); m != "" {
					u, err := url.Parse(m)
					if err != nil {
						t.Fatal(err)
					}
					return u.RequestURI()
				}
			}
			t.Fatalf("no letter has %s", pattern)
			return ""
		}

		p := s.window("alice", l, scripts)
		p.open("/me/settings")
		p.press("Mail: where to, and about what")
		p.sees("There is none yet")
		p.fill("address", "alice@mail.example")
		p.fill("password", "not my password")
		p.press("Send a code there")
		p.sees("The password is wrong.")
		p.fill("password", streetPassword)
		p.press("Send a code there")
		p.sees("A code was sent")

		// The mail is read in another browser, which is not logged in.
		confirm := link(`http://\S+/me/mail\?code=\S+`)
		elsewhere := newTab(t, "http://"+alice.Host, l)
		elsewhere.scripts(scripts)
		elsewhere.open(confirm)
		elsewhere.sees("Log in")
		elsewhere.logIn("alice", streetPassword)
		elsewhere.open(confirm)
		elsewhere.press("Confirm")
		elsewhere.sees("Confirmed.", "alice@mail.example")
		elsewhere.choose("hour", "7")
		elsewhere.touch("Also while I am here", "#kinds")
		elsewhere.pressNear("Save", "#kinds")
		elsewhere.sees("Saved.")
		elsewhere.press("Send a test")
		elsewhere.sees("The mail server took it.")
		s.Settle()
		office.Take()

		bob.Post(t, store.Public, "@"+alice.Handle()+" Are you awake?")
		s.Advance(time.Minute)
		off := link(`http://\S+/mail/off/\S+`)
		visitor := newTab(t, "http://"+alice.Host, l)
		visitor.scripts(scripts)
		visitor.open(off)
		visitor.sees("Turn off mail about mentions?")
		visitor.isPolite()
		visitor.press("Turn off")
		visitor.sees("No more mail about mentions")

		bob.Post(t, store.Public, "@"+alice.Handle()+" And now?")
		s.Advance(time.Hour)
		s.Settle()
		if list := office.Take(); len(list) > 0 {
			t.Errorf("mail about mentions came after it was turned off: %s", list[0].Subject())
		}
		// A mail program does the same without asking anybody (RFC 8058).
		bob.Post(t, store.Direct, "@"+alice.Handle()+" Between us.")
		s.Advance(time.Hour)
		click := httptest.NewRequest("POST", "http://"+alice.Host+link(`http://\S+/mail/off/\S+`), strings.NewReader("List-Unsubscribe=One-Click"))
		click.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		alice.ServeHTTP(answer, click)
		if answer.Code != http.StatusOK {
			t.Fatalf("one click: %d %s", answer.Code, answer.Body)
		}
		elsewhere.open("/me/mail")
		if got := eval[string](elsewhere, `() => document.querySelector("[name=when_private]").value + document.querySelector("[name=when_mention]").value`); got != "offoff" {
			t.Errorf("the page says %s", got)
		}
	})
}
