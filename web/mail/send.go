package mail

import (
	"context"
	"errors"
	"net"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"dassie/assets"
)

// checkTime is how long doctor waits for the mail server.
const checkTime = 20 * time.Second

// Sender gives letters to a mail server. It is safe for use by many goroutines.
type Sender struct {
	config  Config
	host    string // of this server: in the greeting and the Message-ID
	letters *assets.Letters

	opens, answers time.Duration // how long the server may take until it wants the letter, and to say that it has it
}

// New makes the sender of a server.
func New(c Config, host string) (*Sender, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	letters, err := assets.ReadLetters()
	if err != nil {
		return nil, err
	}
	return &Sender{config: c, host: host, letters: letters, opens: openTime, answers: answerTime}, nil
}

// Send gives a letter to the mail server. It returns nil if and only if the server took
// it. Errors are in words and name neither the address nor the password. Those of the
// mail server and of the flags have a method Mend that says what can be done; those that
// no later try can mend have a method Refused.
func (s *Sender) Send(ctx context.Context, to string, letter assets.Letter) error {
	to, err := envelope(to)
	if err != nil {
		return refusal{errors.New("the address cannot be written to")}
	}
	m, err := s.message(to, letter)
	if err != nil {
		return refusal{errors.New("the letter cannot be written: " + s.hidden(err.Error(), to, ""))}
	}
	password, err := s.config.password()
	if err != nil {
		return err
	}
	t := s.talk(ctx)
	defer t.close()
	step, err := t.open(password)
	if err == nil {
		step, err = t.give(s.config.from(s.host), to, m)
	}
	if err != nil {
		return s.problem(t, step, err, to, password)
	}
	t.leave()
	return nil
}

// Check connects and logs in without sending anything, for doctor, and says what was
// found. Errors as of Send.
func (s *Sender) Check(ctx context.Context) (string, error) {
	password, err := s.config.password()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	t := s.talk(ctx)
	defer t.close()
	if step, err := t.open(password); err != nil {
		return "", s.problem(t, step, err, "", password)
	}
	t.leave()
	found := s.config.Address() + " answers"
	switch s.config.TLS {
	case Plain:
		found += ", not encrypted, on this machine"
	default:
		found += ", encrypted, with a certificate that holds"
	}
	if s.config.User != "" {
		found += ", and takes the log-in"
	}
	return found, nil
}

// message puts a letter into its envelope.
func (s *Sender) message(to string, l assets.Letter) (*gomail.Msg, error) {
	from := &netmail.Address{Name: "dassie at " + s.host, Address: s.config.from(s.host)}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(from)
	m.ToMailAddress(&netmail.Address{Address: to})
	m.Subject(oneLine(l.Subject))
	m.SetMessageIDWithValue(oneLine(l.ID) + "@" + domainOf(s.host))
	m.SetDateWithValue(l.Date)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 5
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetGenHeader("List-Id", "<dassie."+domainOf(s.host)+">") // RFC 2919
	if l.Off != "" {
		m.SetGenHeader("List-Unsubscribe", "<"+oneLine(l.Off)+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") // RFC 8058 3.1
	}
	var text, html strings.Builder
	if err := s.letters.Text(&text, l); err != nil {
		return nil, err
	}
	if err := s.letters.HTML(&html, l); err != nil {
		return nil, err
	}
	m.SetBodyString(gomail.TypeTextPlain, text.String())
	m.AddAlternativeString(gomail.TypeTextHTML, html.String())
	return m, nil
}

// envelope is an address as mail servers know it: the host in ASCII (RFC 5891). What
// stands before the @ is the business of the server there alone.
func envelope(address string) (string, error) {
	a, err := netmail.ParseAddress(address)
	if err != nil {
		return "", err
	}
	cut := strings.LastIndexByte(a.Address, '@')
	if isASCII(a.Address[cut:]) {
		return a.Address, nil
	}
	host, err := idna.Lookup.ToASCII(a.Address[cut+1:])
	if err != nil {
		return "", err
	}
	return a.Address[:cut+1] + host, nil
}

// domainOf is a host without its port, which cannot stand in a Message-ID.
func domainOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// oneLine is a text that fits into a header: what a stranger called themself ends none.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
