package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// A server may take its time (RFC 5321 4.5.3.2), the longest when it has the letter:
// whoever leaves then without waiting has it sent twice.
const (
	openTime   = 2 * time.Minute
	answerTime = 10 * time.Minute

	maxHeard = 64 << 10 // bytes that a server may say
)

// step is how far a talk with a mail server came.
type step int

const (
	reaching   step = iota // there is no connection
	greeting               // it has not said that it is a mail server
	encrypting             // nothing is said before
	loggingIn
	sending   // it does not take mail from this sender
	offering  // it does not take mail to this address, or the letter
	handing   // it has a part of the letter
	answering // it has all of it, and did not say so
)

// talk is one connection to the mail server.
type talk struct {
	sender *Sender
	ctx    context.Context // ends it, whatever waits
	end    context.CancelFunc
	conn   net.Conn
	client *smtp.Client
}

func (s *Sender) talk(ctx context.Context) *talk {
	ctx, end := context.WithCancel(ctx)
	return &talk{sender: s, ctx: ctx, end: end}
}

func (t *talk) close() {
	t.end()
	if t.conn != nil {
		t.conn.Close()
	}
}

// within is how long the server may take from now on.
func (t *talk) within(d time.Duration) { t.conn.SetDeadline(time.Now().Add(d)) }

// open connects, encrypts and logs in, and says how far it came.
func (t *talk) open(password string) (step, error) {
	s := t.sender
	ctx, cancel := context.WithTimeout(t.ctx, s.opens)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.config.Address())
	if err != nil {
		return reaching, err
	}
	context.AfterFunc(t.ctx, func() { raw.Close() })
	t.conn = &heard{Conn: raw, left: maxHeard}
	t.within(s.opens)
	conn := t.conn
	if s.config.TLS == TLS {
		safe := tls.Client(conn, s.tls())
		if err := safe.HandshakeContext(ctx); err != nil {
			return encrypting, err
		}
		conn = safe
	}
	if t.client, err = smtp.NewClient(conn, s.config.Host); err != nil {
		return greeting, err
	}
	if err := t.client.Hello(domainOf(s.host)); err != nil {
		return greeting, err
	}
	if s.config.TLS == STARTTLS {
		if offered, _ := t.client.Extension("STARTTLS"); !offered {
			return encrypting, errNotOffered
		}
		if err := t.client.StartTLS(s.tls()); err != nil {
			return encrypting, err
		}
	}
	if s.config.User == "" {
		return sending, nil
	}
	return loggingIn, t.client.Auth(&login{user: s.config.User, password: password, host: s.config.Host})
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.config.Host, MinVersion: tls.VersionTLS12, RootCAs: s.config.RootCAs}
}

// give hands a letter over, and says how far it came.
func (t *talk) give(from, to string, m *gomail.Msg) (step, error) {
	wide := ""
	if !isASCII(from + to) {
		if offered, _ := t.client.Extension("SMTPUTF8"); !offered { // RFC 6531 3.1
			return offering, errLetters
		}
		wide = " SMTPUTF8"
	}
	if err := t.say(250, "MAIL FROM:<%s>%s", from, wide); err != nil {
		return sending, err
	}
	if err := t.say(25, "RCPT TO:<%s>", to); err != nil {
		return offering, err
	}
	if err := t.say(354, "DATA"); err != nil {
		return offering, err
	}
	t.within(t.sender.opens)
	w := t.client.Text.DotWriter()
	if _, err := m.WriteTo(w); err != nil {
		return handing, err
	}
	if err := w.Close(); err != nil {
		return handing, err
	}
	t.within(t.sender.answers)
	_, _, err := t.client.Text.ReadResponse(250)
	return answering, err
}

// say gives a command, and wants an answer that begins with a code.
func (t *talk) say(want int, format string, args ...any) error {
	id, err := t.client.Text.Cmd(format, args...)
	if err != nil {
		return err
	}
	t.client.Text.StartResponse(id)
	defer t.client.Text.EndResponse(id)
	_, _, err = t.client.Text.ReadResponse(want)
	return err
}

// leave says good-bye. What a server makes of that changes nothing any more.
func (t *talk) leave() {
	t.within(time.Second)
	t.client.Quit()
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7e })
}

var (
	errNotOffered = errors.New("no encryption is offered")
	errNoWay      = errors.New("no way to log in is offered that is known")
	errLetters    = errors.New("the address has letters that it does not take")
	errTooMuch    = errors.New("it talks without end")
)

// heard is a connection on which so much may be said and no more.
type heard struct {
	net.Conn
	left int
}

func (h *heard) Read(b []byte) (int, error) {
	if h.left <= 0 {
		return 0, errTooMuch
	}
	n, err := h.Conn.Read(b[:min(len(b), h.left)])
	h.left -= n
	return n, err
}

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
		return "", nil, errNoWay
	}
	return l.way.Start(server)
}

func (l *login) Next(from []byte, more bool) ([]byte, error) { return l.way.Next(from, more) }

// ended says whether a server closed the connection.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
