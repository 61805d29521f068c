package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"dassie/assets"
)

// patience is how long a letter may take from the first packet to the last.
const patience = 45 * time.Second

// Sender gives letters to a mail server. It is safe for use by many goroutines.
type Sender struct {
	config  Config
	host    string // of this server: in the greeting and the Message-ID
	letters *assets.Letters
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
	return &Sender{config: c, host: host, letters: letters}, nil
}

// refusal is an error that will be the same tomorrow: the mail server does not want
// the letter, or the address.
type refusal struct{ error }

// Refused tells federation, which knows no more of this package.
func (refusal) Refused() bool { return true }

func (r refusal) Unwrap() error { return r.error }

// Send gives a letter to the mail server. It returns nil if and only if the server took
// it. Errors name neither the address nor the password; those that no later try can
// mend have a method Refused.
func (s *Sender) Send(ctx context.Context, to string, letter assets.Letter) error {
	m, err := s.message(to, letter)
	if err != nil {
		return refusal{s.hide(fmt.Errorf("write a letter: %w", err), to, "")}
	}
	password, err := s.config.password()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := &line{sender: s, ctx: ctx}
	defer l.close()
	client, err := s.client(l, password)
	if err != nil {
		return s.hide(err, to, password)
	}
	err = client.DialAndSendWithContext(ctx, m)
	if m.IsDelivered() {
		return nil // what failed came after the server had said yes
	}
	if err == nil {
		err = errors.New("the mail server ended without an answer")
	}
	final := refusedForGood(err)
	if err = s.hide(err, to, password); final {
		return refusal{err}
	}
	return fmt.Errorf("send mail by %s: %w", s.config.Host, err)
}

// refusedForGood is true of an answer of the 500s to the letter itself. One to the
// greeting or to the log-in is for the owner to mend, and the letter waits.
func refusedForGood(err error) bool {
	var failed *gomail.SendError
	return errors.As(err, &failed) && !failed.IsTemp() && failed.ErrorCode() >= 500
}

// hide takes out of an error what must not stand in a log: mail servers like to repeat
// what they were told.
func (s *Sender) hide(err error, to, password string) error {
	text := err.Error()
	var failed *gomail.SendError
	if errors.As(err, &failed) {
		text, _, _ = strings.Cut(text, ", affected recipient(s):")
		text, _, _ = strings.Cut(text, ", affected message ID:")
	}
	for _, secret := range []struct{ of, instead string }{{to, "(your address)"}, {password, "(password)"}, {s.config.User, "(user)"}} {
		if len(secret.of) > 2 {
			text = replaceFold(text, secret.of, secret.instead)
		}
	}
	return errors.New(oneLine(text))
}

// replaceFold replaces whatever the case of the letters.
func replaceFold(text, old, with string) string {
	lower := strings.ToLower(old)
	for {
		i := strings.Index(strings.ToLower(text), lower)
		if i < 0 || i+len(old) > len(text) {
			return text
		}
		text = text[:i] + with + text[i+len(old):]
	}
}

func (s *Sender) client(l *line, password string) (*gomail.Client, error) {
	helo, _, err := net.SplitHostPort(s.host)
	if err != nil {
		helo = s.host
	}
	options := []gomail.Option{
		gomail.WithPort(s.config.port()), gomail.WithTimeout(patience), gomail.WithHELO(helo),
		gomail.WithTLSConfig(s.tls()), gomail.WithDialContextFunc(l.dial), gomail.WithTLSPolicy(gomail.NoTLS),
	}
	if s.config.TLS == STARTTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.config.User != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&login{user: s.config.User, password: password, host: s.config.Host}))
	}
	return gomail.NewClient(s.config.Host, options...)
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.config.Host, MinVersion: tls.VersionTLS12, RootCAs: s.config.RootCAs}
}

// line is one connection to the mail server.
type line struct {
	sender *Sender
	ctx    context.Context // ends it, whatever the library does
	conn   net.Conn
}

func (l *line) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}

// dial connects, with a time by which all must be said: a server that hangs anywhere,
// also before its greeting, holds nothing for longer.
func (l *line) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.conn = raw
	end, _ := l.ctx.Deadline()
	raw.SetDeadline(end)
	context.AfterFunc(l.ctx, func() { raw.Close() })
	conn := &bounded{Conn: raw, end: end}
	if l.sender.config.TLS != TLS {
		return conn, nil
	}
	safe := tls.Client(conn, l.sender.tls())
	return safe, safe.HandshakeContext(ctx)
}

// bounded is a connection whose deadline cannot be moved beyond its end.
type bounded struct {
	net.Conn
	end time.Time
}

func (b *bounded) limit(t time.Time) time.Time {
	if t.IsZero() || t.After(b.end) {
		return b.end
	}
	return t
}

func (b *bounded) SetDeadline(t time.Time) error      { return b.Conn.SetDeadline(b.limit(t)) }
func (b *bounded) SetReadDeadline(t time.Time) error  { return b.Conn.SetReadDeadline(b.limit(t)) }
func (b *bounded) SetWriteDeadline(t time.Time) error { return b.Conn.SetWriteDeadline(b.limit(t)) }

// login logs in by the best way that the server offers. Over a connection that is not
// encrypted it goes to this machine alone: Config.Check sees to that.
type login struct {
	user, password, host string
	way                  smtp.Auth
}

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	offers := strings.ToUpper(" " + strings.Join(server.Auth, " ") + " ")
	switch {
	case strings.Contains(offers, " PLAIN "):
		l.way = smtp.PlainAuth("", l.user, l.password, l.host, true)
	case strings.Contains(offers, " LOGIN "):
		l.way = smtp.LoginAuth(l.user, l.password, l.host, true)
	case strings.Contains(offers, " SCRAM-SHA-256 "):
		l.way = smtp.ScramSHA256Auth(l.user, l.password)
	case strings.Contains(offers, " CRAM-MD5 "):
		l.way = smtp.CRAMMD5Auth(l.user, l.password)
	default:
		return "", nil, errors.New("the mail server offers no way to log in that dassie knows")
	}
	return l.way.Start(server)
}

func (l *login) Next(from []byte, more bool) ([]byte, error) { return l.way.Next(from, more) }

// Check connects and logs in without sending anything, for doctor, and says what was
// found. Errors as of Send.
func (s *Sender) Check(ctx context.Context) (string, error) {
	password, err := s.config.password()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := &line{sender: s, ctx: ctx}
	defer l.close()
	client, err := s.client(l, password)
	if err != nil {
		return "", s.hide(err, "", password)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return "", s.hide(err, "", password)
	}
	client.Close() // it said all that was asked
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
	addressee, err := netmail.ParseAddress(to)
	if err != nil {
		return nil, errors.New("the address cannot be written to")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(from)
	m.ToMailAddress(&netmail.Address{Address: addressee.Address})
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
