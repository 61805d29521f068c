package federation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	testTime    = 20 * time.Second // how long somebody who sends a test waits for it
	codeLasts   = 24 * time.Hour
	codeTries   = 10
	codesHourly = 5
	codeLetters = "ABCDEFGHJKMNPQRSTVWXYZ23456789" // none that looks like another
)

// errNoMail is the answer where nothing can be sent.
var errNoMail = reply.Errorf(reply.Conflict, "This server has no mail server to send by. Start dassie with -smtp-host; the README says how.")

// MailOn says whether there is a mail server.
func (s *Service) MailOn() bool { return s.mail != nil }

// MailServer is its name.
func (s *Service) MailServer() string { return s.mailServer }

// AskMail sends a code to an address, which is the owner's as soon as the code comes
// back; until then nothing changes. The address from before is told. Errors: Conflict
// without a mail server, Unprocessable for what is no address, RateLimited.
func (s *Service) AskMail(ctx context.Context, address string) error {
	if s.mail == nil {
		return errNoMail
	}
	address, err := checkAddress(address)
	if err != nil {
		return err
	}
	code := newMailCode()
	return s.store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail()
		if err != nil {
			return err
		}
		id, err := tx.Identity()
		if err != nil {
			return err
		}
		if m.Confirmed() && strings.EqualFold(id.Email, address) {
			return reply.Errorf(reply.Unprocessable, "That is the address already.")
		}
		if err := countCode(&m, s.now()); err != nil {
			return err
		}
		fresh := !strings.EqualFold(m.Pending, address)
		m.Pending, m.CodeHash, m.CodeAt, m.Tries = address, hashCode(code), s.now(), 0
		if err := tx.SaveMail(m); err != nil {
			return err
		}
		if err := tx.LogSecurity("mail", "code sent to a new address", ""); err != nil {
			return err
		}
		if m.Confirmed() && fresh {
			if err := s.queueLetter(tx, letterJob{Letter: s.securityLetter("Your mail address is to be changed", "Somebody who is logged in, and knows the password, asked to send mail to another address. "+
				"Until that address is confirmed, mail comes here as before.", s.now())}); err != nil {
				return err
			}
		}
		return s.queueLetter(tx, letterJob{Code: true, Letter: s.codeLetter(code)})
	})
}

func (s *Service) codeLetter(code string) assets.Letter {
	return assets.Letter{
		Subject: "Confirm your address for " + s.origin.Host, Lead: "Type this code on the page Mail of your server, or open the link there, to have mail sent to this address:", Code: code,
		Link: s.origin.URL(mailPages + "?code=" + code), Button: "Confirm this address",
		Notes: []string{"The code holds for 24 hours. If you do not know what this is about, leave it: nothing else will be sent here."},
		Why:   "Somebody gave this address to " + s.origin.Host + ", one person’s server.",
	}
}

// checkAddress reads what somebody typed.
func checkAddress(text string) (string, error) {
	a, err := mail.ParseAddress(strings.TrimSpace(text))
	if err != nil || len(a.Address) > 254 || a.Name != "" || strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`"<>,;`, r) }) {
		return "", reply.Errorf(reply.Unprocessable, "That is not a mail address, such as you@example.org.")
	}
	return a.Address, nil
}

// countCode holds back whoever would have a stranger's box filled.
func countCode(m *store.Mail, now time.Time) error {
	if now.Sub(m.AskedFrom) > time.Hour {
		m.AskedFrom, m.Asked = now, 0
	}
	if m.Asked++; m.Asked > codesHourly {
		return reply.Errorf(reply.RateLimited, "%d codes were sent within an hour. Wait an hour, and look into the folder for spam.", codesHourly)
	}
	return nil
}

func newMailCode() string {
	b := make([]byte, 10)
	rand.Read(b)
	for i := range b {
		b[i] = codeLetters[int(b[i])%len(codeLetters)]
	}
	return string(b[:5]) + "-" + string(b[5:])
}

func hashCode(code string) []byte {
	code = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, code))
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// ConfirmMail takes the code that was sent. Errors: Unprocessable for a wrong one, or
// one that is too old.
func (s *Service) ConfirmMail(ctx context.Context, code string) error {
	wrong := false
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail()
		if err != nil {
			return err
		}
		if m.Pending == "" || s.now().Sub(m.CodeAt) > codeLasts || m.Tries >= codeTries {
			return reply.Errorf(reply.Unprocessable, "There is no code that still holds. Have a new one sent.")
		}
		if subtle.ConstantTimeCompare(hashCode(code), m.CodeHash) != 1 {
			wrong = true
			m.Tries++
			return tx.SaveMail(m)
		}
		return s.takeAddress(tx, m)
	})
	if err == nil && wrong {
		return reply.Errorf(reply.Unprocessable, "That is not the code. It stands in the newest mail that was sent there.")
	}
	return err
}

// takeAddress makes the address that was proven the owner's.
func (s *Service) takeAddress(tx *store.Tx, m store.Mail) error {
	id, err := tx.Identity()
	if err != nil {
		return err
	}
	if m.Confirmed() {
		if err := s.mailOld(tx, id.Email, "Your mail address was changed", "Mail from your server goes to another address from now on. This is the last that comes here."); err != nil {
			return err
		}
	} else if err := s.notePrivacy(tx, mailSetting, false, true); err != nil {
		return err
	}
	if err := tx.SetEmail(m.Pending); err != nil {
		return err
	}
	m.NewKey()
	m.ConfirmedAt, m.Pending, m.CodeHash, m.Tries = s.now(), "", nil, 0
	if err := tx.LogSecurity("mail", "address confirmed", ""); err != nil {
		return err
	}
	last, err := tx.SecurityLog(1)
	if err != nil {
		return err
	}
	m.LineSeen = last[0].ID // what happened before was not to be told there
	return tx.SaveMail(m)
}

// notePrivacy notes a change of what the privacy policy says, whose page is made anew.
func (s *Service) notePrivacy(tx *store.Tx, what string, was, now bool) error {
	words := map[bool]string{false: "no", true: "yes"}
	s.emit(tx, EventProfile, 0)
	return tx.AddPrivacyChange(store.PrivacyChange{What: what, Was: words[was], Now: words[now]})
}

// mailOld writes to an address that is the owner's no more.
func (s *Service) mailOld(tx *store.Tx, address, subject, lead string) error {
	l := s.securityLetter(subject, lead, s.now())
	l.Why = "This address was the one for mail about the safety of " + s.origin.Host + "."
	return s.queueLetter(tx, letterJob{To: address, Letter: l})
}

// ForgetMail drops the address that waits for its code or, if none does, the one that
// mail goes to, and tells it so.
func (s *Service) ForgetMail(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail()
		if err != nil {
			return err
		}
		if m.Pending != "" {
			m.Pending, m.CodeHash, m.Tries = "", nil, 0
			return tx.SaveMail(m)
		}
		id, err := tx.Identity()
		if err != nil || id.Email == "" && !m.Confirmed() {
			return err
		}
		if m.Confirmed() {
			if err := s.mailOld(tx, id.Email, "No more mail comes here", "This address was taken off your server. This is the last mail that comes here."); err != nil {
				return err
			}
			if err := s.notePrivacy(tx, mailSetting, true, false); err != nil {
				return err
			}
		}
		m.ConfirmedAt, m.Key, m.Events = time.Time{}, nil, nil
		if err := tx.SaveMail(m); err != nil {
			return err
		}
		if err := tx.LogSecurity("mail", "address taken off", ""); err != nil {
			return err
		}
		return tx.SetEmail("")
	})
}

// MailChoice is what the owner wants to be told of by mail, and when.
type MailChoice struct {
	When                map[string]store.MailWhen // kinds that are not in it stay as they are
	Hour                int
	Always, PrivateText bool
}

// ChooseMail stores it. Errors: Unprocessable.
func (s *Service) ChooseMail(ctx context.Context, c MailChoice) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return s.chooseMail(tx, c) })
}

func (s *Service) chooseMail(tx *store.Tx, c MailChoice) error {
	if c.Hour < 0 || c.Hour > 23 {
		return reply.Errorf(reply.Unprocessable, "The digest has an hour from 0 to 23.")
	}
	m, err := tx.Mail()
	if err != nil {
		return err
	}
	if m.PrivateText != c.PrivateText {
		if err := s.notePrivacy(tx, mailPrivateSetting, m.PrivateText, c.PrivateText); err != nil {
			return err
		}
	}
	if m.When == nil {
		m.When = map[string]store.MailWhen{}
	}
	for kind, when := range c.When {
		if _, known := store.MailUsual[kind]; !known || !slices.Contains([]store.MailWhen{store.MailOff, store.MailNow, store.MailDigest}, when) {
			return reply.Errorf(reply.Unprocessable, "Choose off, at once or in the digest.")
		}
		m.When[kind] = when
	}
	later := m.Hour != c.Hour
	m.Hour, m.Always, m.PrivateText = c.Hour, c.Always, c.PrivateText
	if err := tx.SaveMail(m); err != nil || !later {
		return err
	}
	planned, err := tx.JobPlanned("mail-digest", s.now())
	if err != nil || !planned {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.PlanJob("mail-digest", "mail-digest", nil, s.digestAfter(s.now(), m.Hour))
}

// TestMail sends a letter now, and says in plain words what came of it. Errors: Conflict.
func (s *Service) TestMail(ctx context.Context) error {
	if s.mail == nil {
		return errNoMail
	}
	to, err := s.addressee(ctx, letterJob{})
	if err == nil && to == "" {
		err = reply.Errorf(reply.Conflict, "There is no confirmed address yet.")
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	now := s.now()
	err = s.mail(ctx, to, assets.Letter{
		ID: "test-" + newMailCode(), Date: now.In(s.zone()), Host: s.origin.Host, Subject: "This is a test (" + s.origin.Host + ")", Lead: "Mail from your server arrives here.",
		Why: "Somebody pressed “Send a test” on the page Mail.", Manage: s.origin.URL(mailPages),
	})
	if err != nil {
		words := "The mail server did not take it: " + err.Error() + "."
		var known interface{ Mend() string }
		if errors.As(err, &known) {
			words += " What to do: " + known.Mend() + "."
		}
		return &reply.Error{Code: reply.Conflict, Message: words, Err: err}
	}
	return nil
}

// RetryLetter makes a letter due again that waits or was set aside; DropLetter forgets
// it. Errors: store.ErrNotFound.
func (s *Service) RetryLetter(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		tx.After(s.work.pokeJobs)
		return tx.JobAgain(id, "mail")
	})
}

// DropLetter forgets a letter that was not sent; one that is gone is no error.
func (s *Service) DropLetter(ctx context.Context, id int64) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.DropJob(id, "mail") })
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
