// Package smtptest is a mail server on loopback for tests. It speaks SMTP (RFC 5321)
// with STARTTLS (RFC 3207), AUTH PLAIN and LOGIN (RFC 4954), keeps what it takes, and
// misbehaves when it is told to. It owns nothing but memory.
package smtptest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// The log-in that the server takes.
const (
	User     = "dassie"
	Password = "smtp secret words"
)

// Mood is how the server behaves.
type Mood int

// Moods. The server keeps a letter where it is said, and in the first.
const (
	Well          Mood = iota
	Busy               // 451 to RCPT
	Refuses            // 550 to RCPT, with the address repeated
	RefusesData        // 554 after the letter
	RefusesUser        // 535 to AUTH, with what was given
	Hangs              // connects, and never says a word
	HangsInData        // never answers after the letter
	DropsInData        // closes in the midst of the letter
	NoGreeting         // 421 instead of a greeting
	DropsAnswer        // takes the letter, and closes before it says so
	SlowAnswer         // takes the letter, and says so after a second
	Chatters           // greets without end
	NotMail            // speaks HTTP
	RefusesSender      // 553 to MAIL
	Greylists          // 451 to the first RCPT of each address, then as Well
)

// Letter is what the server took.
type Letter struct {
	From, To  string // of the envelope
	Raw       string
	Encrypted bool
	User      string // who had logged in; "" for nobody

	Header     mail.Header
	Text, HTML string // the parts, decoded
}

// Subject is the header, decoded.
func (l Letter) Subject() string {
	text, err := new(mime.WordDecoder).DecodeHeader(l.Header.Get("Subject"))
	if err != nil {
		return l.Header.Get("Subject")
	}
	return text
}

// Server is a mail server.
type Server struct {
	Host        string
	Port        int
	Roots       *x509.CertPool    // that know its certificate …
	Certificate *x509.Certificate // … which is this

	tb       testing.TB
	implicit bool // TLS from the first byte
	auth     bool
	utf8     bool
	config   *tls.Config
	listener net.Listener
	arrived  chan struct{}

	mu      sync.Mutex
	mood    Mood
	letters []Letter
	tries   int
	open    map[net.Conn]bool
	grey    map[string]bool // addresses that were held back once
	closed  bool
}

// Options say what kind of server it is.
type Options struct {
	TLS     bool   // from the first byte; else STARTTLS is offered
	NoTLS   bool   // neither
	UTF8    bool   // addresses may have any letters (RFC 6531)
	NoAuth  bool   // nobody needs to log in
	Name    string // in the certificate; "" for localhost
	Expired bool   // the certificate is
}

// New starts a server that ends with the test.
func New(tb testing.TB, o Options) *Server {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{Host: "localhost", Port: l.Addr().(*net.TCPAddr).Port, tb: tb, implicit: o.TLS, auth: !o.NoAuth, utf8: o.UTF8, listener: l, open: map[net.Conn]bool{}, grey: map[string]bool{}, arrived: make(chan struct{}, 1000)}
	if !o.NoTLS {
		s.certify(o)
	}
	tb.Cleanup(s.Close)
	go s.run()
	return s
}

func (s *Server) certify(o Options) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.tb.Fatal(err)
	}
	name, until := "localhost", time.Now().Add(time.Hour)
	if o.Name != "" {
		name = o.Name
	}
	if o.Expired {
		until = time.Now().Add(-time.Hour)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		s.tb.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.Certificate, s.Roots = parsed, x509.NewCertPool()
	s.Roots.AddCert(parsed)
	s.config = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// Close ends the server, with all connections.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		c.Close()
	}
}

// Be sets how the server behaves from the next connection on.
func (s *Server) Be(m Mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = m
}

// Letters are those that were taken so far.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// Take is Letters, and forgets them.
func (s *Server) Take() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.letters
	s.letters = nil
	return list
}

// Tries is how often somebody connected.
func (s *Server) Tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

// Next waits for a letter that nobody has waited for yet, and returns the newest.
func (s *Server) Next(patience time.Duration) (Letter, bool) {
	select {
	case <-s.arrived:
		list := s.Letters()
		return list[len(list)-1], true
	case <-time.After(patience):
		return Letter{}, false
	}
}

func (s *Server) run() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			conn.Close()
		}
		s.open[conn] = true
		s.tries++
		mood := s.mood
		s.mu.Unlock()
		go func() {
			defer func() {
				conn.Close()
				s.mu.Lock()
				delete(s.open, conn)
				s.mu.Unlock()
			}()
			t := &talk{server: s, mood: mood, conn: conn}
			if s.implicit {
				t.conn, t.encrypted = tls.Server(conn, s.config), true
			}
			t.run()
		}()
	}
}

// talk is one connection.
type talk struct {
	server    *Server
	mood      Mood
	conn      net.Conn
	in        *bufio.Reader
	encrypted bool
	user      string
	from, to  string
}

func (t *talk) say(format string, args ...any) { fmt.Fprintf(t.conn, format+"\r\n", args...) }

func (t *talk) hear() (string, bool) {
	line, err := t.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err == nil
}

func (t *talk) run() {
	t.in = bufio.NewReader(t.conn)
	switch t.mood {
	case Hangs:
		io.Copy(io.Discard, t.in)
		return
	case NoGreeting:
		t.say("421 try again later")
		return
	case NotMail:
		t.say("HTTP/1.1 400 Bad Request")
		return
	case Chatters:
		for err := error(nil); err == nil; {
			_, err = fmt.Fprintf(t.conn, "220-%s\r\n", strings.Repeat("hello ", 100))
		}
		return
	}
	t.say("220 localhost ESMTP")
	for {
		line, ok := t.hear()
		if !ok {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			t.greet()
		case "STARTTLS":
			t.say("220 go on")
			t.conn, t.encrypted = tls.Server(t.conn, t.server.config), true
			t.in = bufio.NewReader(t.conn)
		case "AUTH":
			t.login(rest)
		case "MAIL":
			if t.server.auth && t.user == "" {
				t.say("530 5.7.0 log in first")
				continue
			}
			if t.mood == RefusesSender {
				t.say("553 5.7.1 not from you")
				continue
			}
			t.from = inBrackets(rest)
			t.say("250 ok")
		case "RCPT":
			t.recipient(rest)
		case "DATA":
			if !t.data() {
				return
			}
		case "RSET", "NOOP":
			t.say("250 ok")
		case "QUIT":
			t.say("221 bye")
			return
		default:
			t.say("502 what is %s", verb)
		}
	}
}

func (t *talk) greet() {
	t.say("250-localhost")
	if t.server.config != nil && !t.encrypted {
		t.say("250-STARTTLS")
	}
	if t.server.auth && (t.encrypted || t.server.config == nil) {
		t.say("250-AUTH PLAIN LOGIN")
	}
	if t.server.utf8 {
		t.say("250-SMTPUTF8")
	}
	t.say("250-ENHANCEDSTATUSCODES")
	t.say("250 8BITMIME")
}

func (t *talk) login(rest string) {
	way, first, _ := strings.Cut(rest, " ")
	user, password := "", ""
	read := func(text string) string {
		b, _ := base64.StdEncoding.DecodeString(text)
		return string(b)
	}
	switch strings.ToUpper(way) {
	case "PLAIN":
		if first == "" {
			t.say("334 ")
			first, _ = t.hear()
		}
		parts := strings.Split(read(first), "\x00")
		if len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		t.say("334 VXNlcm5hbWU6")
		line, _ := t.hear()
		user = read(line)
		t.say("334 UGFzc3dvcmQ6")
		line, _ = t.hear()
		password = read(line)
	}
	if t.mood == RefusesUser || user != User || password != Password {
		t.say("535 5.7.8 no %s with %s here", user, password)
		return
	}
	t.user = user
	t.say("235 welcome")
}

func (t *talk) recipient(rest string) {
	t.to = inBrackets(rest)
	switch t.mood {
	case Busy:
		t.say("451 4.3.0 <%s> later, please", t.to)
	case Greylists:
		if t.server.holds(t.to) {
			t.say("451 4.7.1 greylisted, try again later")
			return
		}
		t.say("250 ok")
	case Refuses:
		t.say("550 5.1.1 <%s> is unknown here", t.to)
	default:
		t.say("250 ok")
	}
}

// holds says whether an address is held back, which happens once.
func (s *Server) holds(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.grey[address]
	s.grey[address] = true
	return !was
}

// data reads a letter; false ends the connection.
func (t *talk) data() bool {
	t.say("354 go on")
	var raw bytes.Buffer
	for {
		line, ok := t.hear()
		if !ok {
			return false
		}
		if t.mood == DropsInData && raw.Len() > 100 {
			return false
		}
		if line == "." {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	switch t.mood {
	case HangsInData:
		io.Copy(io.Discard, t.in)
		return false
	case RefusesData:
		t.say("554 5.7.1 this is not wanted")
		return true
	}
	t.server.keep(Letter{From: t.from, To: t.to, Raw: raw.String(), Encrypted: t.encrypted, User: t.user})
	switch t.mood {
	case DropsAnswer:
		return false
	case SlowAnswer:
		time.Sleep(time.Second)
	}
	t.say("250 2.0.0 taken")
	return true
}

func (s *Server) keep(l Letter) {
	if err := l.parse(); err != nil {
		s.tb.Errorf("a letter that cannot be read: %v\n%s", err, l.Raw)
	}
	s.mu.Lock()
	s.letters = append(s.letters, l)
	s.mu.Unlock()
	s.arrived <- struct{}{}
}

// parse reads the letter as a mail program does.
func (l *Letter) parse() error {
	m, err := mail.ReadMessage(strings.NewReader(l.Raw))
	if err != nil {
		return err
	}
	l.Header = m.Header
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return fmt.Errorf("it has one part, of %s", kind)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var body io.Reader = p
		switch strings.ToLower(p.Header.Get("Content-Transfer-Encoding")) {
		case "quoted-printable":
			body = quotedprintable.NewReader(p)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(b), "\r\n", "\n")
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.HTML = text
		} else {
			l.Text = text
		}
	}
}

func inBrackets(text string) string {
	_, text, _ = strings.Cut(text, "<")
	text, _, _ = strings.Cut(text, ">")
	return text
}
