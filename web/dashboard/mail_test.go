package dashboard

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/mail"
	"dassie/web/mail/smtptest"
)

const mailbox = "alice.private@mail.example"

var codeMailed = regexp.MustCompile(`\n    ([A-Z0-9]{5}-[A-Z0-9]{5})\n`)

// postOffice puts a real mail server behind alice's.
func (h *house) postOffice(t *testing.T) *smtptest.Server {
	t.Helper()
	t.Setenv("DASSIE_SMTP_PASSWORD", smtptest.Password)
	s := smtptest.New(t, smtptest.Options{})
	sender, err := mail.New(mail.Config{Host: s.Host, Port: s.Port, TLS: mail.STARTTLS, User: smtptest.User, From: "dassie@alice.example", RootCAs: s.Roots}, h.Host)
	if err != nil {
		t.Fatal(err)
	}
	h.MailBy(sender.Send)
	return s
}

// confirms gives an address and the code that came there, as a person does.
func (h *house) confirms(t *testing.T, s *smtptest.Server, address string) {
	t.Helper()
	h.sent("/me/mail/address", "address", address, "password", password).says(t, "A code was sent", address)
	h.cluster.Settle()
	for _, l := range s.Take() {
		if code := codeMailed.FindStringSubmatch(l.Text); code != nil {
			if l.To != address {
				t.Errorf("the code went to %s", l.To)
			}
			h.sent("/me/mail/confirm", "code", code[1]).says(t, "Confirmed", address)
			h.cluster.Settle()
			s.Take()
			return
		}
	}
	t.Fatal("no code came")
}

// The owner gives an address with the password, confirms it with the code from the mail,
// chooses, is written to, and takes it off again.
func TestMailIsSetUpOnItsPage(t *testing.T) {
	h := newHouse(t, "bob")
	s := h.postOffice(t)
	h.open("/me/settings").says(t, `href="/me/mail"`)
	h.open("/me/mail").says(t, "There is none yet", "smtp.example")
	if p := h.submit("/me/mail/address", "address", mailbox, "password", "wrong"); p.status != http.StatusUnauthorized || !strings.Contains(p.body, "The password is wrong.") || !strings.Contains(p.body, mailbox) {
		t.Errorf("a wrong password: %d %s", p.status, p.main())
	}
	if p := h.submit("/me/mail/address", "address", "nonsense", "password", password); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, "not a mail address") {
		t.Errorf("no address: %d %s", p.status, p.main())
	}
	h.cluster.Settle()
	if s.Tries() > 0 {
		t.Error("something was sent")
	}
	h.sent("/me/mail/address", "address", mailbox, "password", password)
	if p := h.submit("/me/mail/confirm", "code", "AAAAA-AAAAA"); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, "not the code") {
		t.Errorf("a wrong code: %d %s", p.status, p.main())
	}
	h.sent("/me/mail/forget").says(t, "There is none yet")
	h.confirms(t, s, mailbox)

	// The link of the mail brings the code along and changes nothing by itself.
	h.sent("/me/mail/address", "address", "other@mail.example", "password", password).says(t, "mail goes to the address above")
	h.cluster.Settle()
	list := s.Take()
	link := regexp.MustCompile(`/me/mail\?code=[A-Z0-9-]+`).FindString(list[0].Text + list[len(list)-1].Text)
	h.open(link).says(t, `value="`+link[len("/me/mail?code="):]+`"`, mailbox)
	h.sent("/me/mail/forget")

	h.sent("/me/mail", "when_mention", "now", "when_follow", "off", "hour", "7", "always", "yes", "private_text", "yes").says(t, "Saved.", `value="7" selected`)
	m, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Mail, error) { return tx.Mail() })
	if err != nil || m.WhenOf("follow") != store.MailOff || m.WhenOf("quote") != store.MailNow || m.Hour != 7 || !m.Always || !m.PrivateText {
		t.Errorf("%+v %v", m, err)
	}
	for _, bad := range []url.Values{{"when_mention": {"sometimes"}, "hour": {"7"}}, {"hour": {"24"}}, {"hour": {"x"}}, {}} {
		bad.Set("csrf", h.token())
		if p := h.do("POST", "/me/mail", bad); p.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, p.status)
		}
	}
	h.sent("/me/mail/test").says(t, "The mail server took it.")
	if list := s.Take(); len(list) != 1 || !strings.HasPrefix(list[0].Subject(), "This is a test") {
		t.Errorf("the test: %d letters", len(list))
	}
	bob := h.other("bob")
	h.sent("/me/mail", "hour", "7", "always", "yes")
	bob.Post(t, store.Direct, "@"+h.Handle()+" The secret word.")
	h.cluster.Advance(time.Minute)
	h.cluster.Settle()
	list = s.Take()
	if len(list) != 1 || list[0].To != mailbox || list[0].Subject() != "bob sent you a private message" || strings.Contains(list[0].Raw+list[0].Text+list[0].HTML, "secret word") {
		t.Fatalf("%d letters, %+v", len(list), list)
	}
	if off := list[0].Header.Get("List-Unsubscribe"); !strings.HasPrefix(off, "<"+h.Origin().URL("/mail/off/")) {
		t.Errorf("List-Unsubscribe is %s", off)
	}

	h.cluster.Advance(time.Hour) // the password was given too long ago
	if p := h.do("GET", "/me/mail/forget", nil); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/me/security/check?") {
		t.Errorf("%d %s: nobody asked for the password", p.status, p.location)
	}
	if p := h.submit("/me/mail/forget"); !strings.HasPrefix(p.location, "/me/security/check?") {
		t.Errorf("%d %s: it was taken off without the password", p.status, p.location)
	}
	h.submit("/me/security/check", "password", password, "next", "/me/mail/forget")
	h.open("/me/mail/forget").says(t, "One last mail")
	last := h.sent("/me/mail/forget")
	last.says(t, "Taken off.", "There is none yet")
	last.hides(t, mailbox)
}

// What the mail server does not take stands on the page, with its reason and what can be
// done; the address is not in the reason.
func TestLettersThatAreNotTaken(t *testing.T) {
	h := newHouse(t, "bob")
	s := h.postOffice(t)
	h.confirms(t, s, mailbox)
	h.sent("/me/mail", "hour", "8", "always", "yes")
	s.Be(smtptest.Busy)
	if p := h.submit("/me/mail/test"); p.status != http.StatusConflict || !strings.Contains(p.body, "did not take it") || !strings.Contains(p.body, "451") {
		t.Errorf("the test: %d %s", p.status, p.main())
	}
	h.other("bob").Post(t, store.Public, "@"+h.Handle()+" hello")
	h.cluster.Advance(time.Minute)
	h.cluster.Settle()
	drop := regexp.MustCompile(`/me/mail/letters/\d+/drop`)
	retry := regexp.MustCompile(`/me/mail/letters/\d+/retry`)
	p := h.open("/me/mail")
	p.says(t, "Not sent", "Tried again", "bob mentioned you", "451")
	s.Be(smtptest.Refuses)
	h.sent(retry.FindString(p.body))
	h.cluster.Settle()
	p = h.open("/me/mail")
	p.says(t, "Not tried any more", "550", "(your address)")
	s.Be(smtptest.Well)
	h.sent(retry.FindString(p.body))
	h.cluster.Settle()
	if list := s.Take(); len(list) != 1 || list[0].Subject() != "bob mentioned you" {
		t.Errorf("tried again: %d letters", len(list))
	}
	h.open("/me/mail").hides(t, "Not sent")
	s.Be(smtptest.RefusesData)
	h.other("bob").Post(t, store.Public, "@"+h.Handle()+" hello again")
	h.cluster.Advance(time.Hour)
	h.cluster.Settle()
	p = h.sent(drop.FindString(h.open("/me/mail").body))
	p.says(t, "Forgotten.")
	p.hides(t, "Not sent")
	if p := h.submit("/me/mail/letters/12345/retry"); p.status != http.StatusNotFound {
		t.Errorf("a letter that never was: %d", p.status)
	}
}

// After a long time without the mail server, the page shows some and says how many more.
func TestManyLettersThatAreNotTaken(t *testing.T) {
	h := newHouse(t)
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for range lettersShow + 5 {
			if err := tx.AddJob("mail", "", []byte(`{"Letter":{"Subject":"Late"}}`), time.Time{}); err != nil {
				return err
			}
		}
		list, err := tx.JobsOf("mail", lettersRead)
		for _, j := range list {
			if err := tx.JobAside(j.ID, "it does not answer"); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p := h.open("/me/mail")
	p.says(t, "And 5 more.", "it does not answer")
	if n := strings.Count(p.body, "/drop\""); n != lettersShow {
		t.Errorf("%d letters are shown", n)
	}
}

// Who changes the password on a page is told by mail.
func TestChangesOfThePasswordAreMailed(t *testing.T) {
	h := newHouse(t)
	s := h.postOffice(t)
	h.confirms(t, s, mailbox)
	h.submit("/me/security/password", "current", password, "password", "another long password", "again", "another long password")
	h.cluster.Settle()
	list := s.Take()
	if len(list) != 1 || !strings.HasPrefix(list[0].Subject(), "Your password was changed") || list[0].Header.Get("List-Unsubscribe") != "" {
		t.Fatalf("%d letters %+v", len(list), list)
	}
	if strings.Contains(list[0].Raw, "another long") {
		t.Error("the password is in the mail")
	}
}
