package mail

import (
	"context"
	"errors"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/assets"
	"dassie/web/mail/smtptest"
)

const owner = "Nora.Private+dassie@Mail.example"

var (
	bg   = context.Background()
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
)

// of is what reaches a test server.
func of(t *testing.T, s *smtptest.Server, change func(*Config)) *Sender {
	t.Helper()
	t.Setenv(passwordVariable, smtptest.Password)
	c := Config{Host: s.Host, Port: s.Port, TLS: STARTTLS, User: smtptest.User, From: "dassie@nora.example", RootCAs: s.Roots}
	if change != nil {
		change(&c)
	}
	sender, err := New(c, "nora.example")
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func letter() assets.Letter {
	return assets.Letter{
		ID: "17-x", Date: noon, Host: "nora.example", Subject: "Bob mentioned you", Lead: "Bob mentioned you.", Why: "You asked for it.", Manage: "https://nora.example/me/mail",
		Off: "https://nora.example/mail/off/TOKEN", Link: "https://nora.example/me/inbox", Button: "Open the inbox",
		Events: []assets.Event{{What: "Bob mentioned you", Who: "bob@peer.example", Text: "One line\n.\nand <b>another</b>", At: noon, Link: "https://nora.example/me/post/1"}},
	}
}

func is(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}

// A letter arrives whole, over each kind of connection, with what RFC 5322, 3834 and
// 8058 want in its head.
func TestALetterArrives(t *testing.T) {
	for name, o := range map[string]smtptest.Options{"starttls": {}, "tls": {TLS: true}, "none": {NoTLS: true}, "starttls, no log-in": {NoAuth: true}} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.New(t, o)
			how, _, _ := strings.Cut(name, ",")
			sender := of(t, s, func(c *Config) {
				if c.TLS = how; o.NoAuth {
					c.User = ""
				}
			})
			if err := sender.Send(bg, owner, letter()); err != nil {
				t.Fatal(err)
			}
			got := s.Letters()
			if len(got) != 1 {
				t.Fatalf("%d letters", len(got))
			}
			l := got[0]
			if l.Encrypted == (how == Plain) || (l.User == "") != o.NoAuth {
				t.Errorf("encrypted %v, logged in as %q", l.Encrypted, l.User)
			}
			is(t, "the recipient", l.To, owner)
			is(t, "the sender", l.From, "dassie@nora.example")
			is(t, "the subject", l.Subject(), "Bob mentioned you")
			from, err := l.Header.AddressList("From")
			if err != nil || len(from) != 1 || from[0].Address != "dassie@nora.example" || from[0].Name != "dassie at nora.example" {
				t.Errorf("from %v %v", from, err)
			}
			is(t, "Message-ID", l.Header.Get("Message-ID"), "<17-x@nora.example>")
			if at, err := l.Header.Date(); err != nil || !at.Equal(noon) {
				t.Errorf("date %v %v", at, err)
			}
			is(t, "Auto-Submitted", l.Header.Get("Auto-Submitted"), "auto-generated")
			is(t, "List-Unsubscribe", l.Header.Get("List-Unsubscribe"), "<https://nora.example/mail/off/TOKEN>")
			is(t, "List-Unsubscribe-Post", l.Header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click")
			for _, part := range []string{l.Text, l.HTML} {
				for _, want := range []string{"Bob mentioned you", "@bob@peer.example", "One line", "https://nora.example/me/post/1", "https://nora.example/mail/off/TOKEN"} {
					if !strings.Contains(part, want) {
						t.Errorf("%q is not in\n%s", want, part)
					}
				}
			}
			if strings.Contains(l.HTML, "<img") || strings.Contains(l.HTML, "<b>another") || strings.Contains(l.HTML, "url(") || strings.Contains(l.HTML, "<script") {
				t.Errorf("the page has what it must not:\n%s", l.HTML)
			}
			if !strings.Contains(l.Text, "\n  > .\n  > and <b>another</b>\n") {
				t.Errorf("the text is cut:\n%s", l.Text)
			}
		})
	}
}

// T41: what strangers call themselves ends no header and begins none.
func TestT41_NamesCannotWriteHeaders(t *testing.T) {
	s := smtptest.New(t, smtptest.Options{})
	sender := of(t, s, nil)
	for name, want := range map[string]string{
		"Eve\r\nBcc: all@evil.example\r\n\r\nHello": "Eve Bcc: all@evil.example Hello mentioned you",
		"Eve\nX: y":                          "Eve X: y mentioned you",
		"Eve\x00\x1b[31m\u2028":              "Eve [31m mentioned you",
		"🦊🌈 سلمى":                            "🦊🌈 سلمى mentioned you",
		strings.Repeat("長い名前", 60):           strings.Repeat("長い名前", 60) + " mentioned you",
		"=?utf-8?q?=0D=0ABcc:_x@y.example?=": "=?utf-8?q?=0D=0ABcc:_x@y.example?= mentioned you",
	} {
		l := letter()
		l.Subject, l.Events[0].What, l.Events[0].Who, l.Off = name+" mentioned you", name, "eve\r\nX: y@evil.example", l.Off+"\r\nX: y"
		if err := sender.Send(bg, owner, l); err != nil {
			t.Fatal(err)
		}
		got := s.Take()[0]
		for _, header := range []string{"Bcc", "X"} {
			if v := got.Header.Get(header); v != "" {
				t.Errorf("%q made the header %s: %q", name, header, v)
			}
		}
		if got.Subject() != want && !strings.HasPrefix(name, "=?") {
			t.Errorf("subject %q, want %q", got.Subject(), want)
		}
		for line := range strings.Lines(got.Raw) {
			if len(line) > 1000 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
}

// What goes wrong is said in words, with what can be done; what can pass is tried again,
// what cannot is said so; nothing names the address or the password.
func TestMailServersThatMisbehave(t *testing.T) {
	for mood, want := range map[smtptest.Mood]struct {
		refused    bool
		says, mend string
	}{
		smtptest.Busy:          {false, "does not take the letter yet: “451 4.3.0 <(your address)> later, please”", "wait"},
		smtptest.Greylists:     {false, "does not take the letter yet: “451", "wait"},
		smtptest.Refuses:       {true, "refuses the letter: “550 5.1.1 <(your address)> is unknown here”", "address"},
		smtptest.RefusesData:   {true, "refuses the letter: “554", "address"},
		smtptest.RefusesSender: {false, "takes no mail from this sender: “553", "-smtp-from"},
		smtptest.RefusesUser:   {false, "does not take the user and the password: “535 5.7.8 no (user) with (password) here”", "-smtp-user"},
		smtptest.NoGreeting:    {false, "takes no mail now: “421 try again later”", "wait"},
		smtptest.NotMail:       {false, "is no mail server", "-smtp-port"},
		smtptest.Chatters:      {false, "is no mail server", "-smtp-port"},
		smtptest.DropsInData:   {false, "did not say whether it took the letter", "twice"},
		smtptest.DropsAnswer:   {false, "did not say whether it took the letter", "twice"},
	} {
		s := smtptest.New(t, smtptest.Options{})
		sender := of(t, s, nil)
		s.Be(mood)
		err := sender.Send(bg, owner, letter())
		if err == nil {
			t.Errorf("mood %d: no error", mood)
			continue
		}
		var final interface{ Refused() bool }
		if errors.As(err, &final) != want.refused || !strings.Contains(err.Error(), want.says) || !strings.Contains(err.Error(), sender.config.Address()) {
			t.Errorf("mood %d: %v", mood, err)
		}
		var mend interface{ Mend() string }
		if !errors.As(err, &mend) || !strings.Contains(mend.Mend(), want.mend) {
			t.Errorf("mood %d: nothing says how to mend %v", mood, err)
		}
		for _, secret := range []string{"private", "mail.example", smtptest.Password} {
			if strings.Contains(strings.ToLower(err.Error()), secret) {
				t.Errorf("mood %d: the error names a secret: %v", mood, err)
			}
		}
		s.Be(smtptest.Well)
		if err := sender.Send(bg, owner, letter()); err != nil {
			t.Errorf("after mood %d: %v", mood, err)
		}
		if list := s.Letters(); list[len(list)-1].Header.Get("Message-ID") != "<17-x@nora.example>" {
			t.Error("a second try has another Message-ID")
		}
	}
}

// A server that hangs anywhere is left when the time is over.
func TestMailServersThatHang(t *testing.T) {
	for mood, says := range map[smtptest.Mood]string{smtptest.Hangs: "does not answer|did not say that it is a mail server", smtptest.HangsInData: "did not say whether it took the letter"} {
		for _, o := range []smtptest.Options{{}, {TLS: true}} {
			s := smtptest.New(t, o)
			sender := of(t, s, func(c *Config) {
				if o.TLS {
					c.TLS = TLS
				}
			})
			s.Be(mood)
			ctx, cancel := context.WithTimeout(bg, 300*time.Millisecond)
			begun := time.Now()
			err := sender.Send(ctx, owner, letter())
			cancel()
			if err == nil || time.Since(begun) > 5*time.Second || !regexp.MustCompile(says).MatchString(err.Error()) {
				t.Errorf("mood %d: %v after %v", mood, err, time.Since(begun))
			}
		}
	}
}

// A server that has the letter may take longer to say so than to take it: whoever did
// not wait would send it again and again.
func TestASlowAnswerIsWaitedFor(t *testing.T) {
	s := smtptest.New(t, smtptest.Options{})
	sender := of(t, s, nil)
	sender.opens = 600 * time.Millisecond
	s.Be(smtptest.SlowAnswer)
	if err := sender.Send(bg, owner, letter()); err != nil || len(s.Letters()) != 1 {
		t.Errorf("%v, %d letters", err, len(s.Letters()))
	}
	if answerTime < 10*time.Minute { // RFC 5321 4.5.3.2.6
		t.Error("a server has not the time that it may take")
	}
}

// Nothing of a letter outlives it, however long its context goes on.
func TestALetterLeavesNothingBehind(t *testing.T) {
	s := smtptest.New(t, smtptest.Options{})
	sender := of(t, s, nil)
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	one := sender.talk(ctx)
	if _, err := one.open(smtptest.Password); err != nil {
		t.Fatal(err)
	}
	one.close()
	if one.ctx.Err() == nil {
		t.Error("a talk that is over still waits for the end of the server")
	}
}

// A log-in whose words stand in what takes their place is hidden all the same.
func TestSecretsThatLookLikeTheirVeil(t *testing.T) {
	s := smtptest.New(t, smtptest.Options{})
	sender := of(t, s, func(c *Config) { c.User = "user" })
	t.Setenv(passwordVariable, "password")
	err := sender.Send(bg, owner, letter())
	if err == nil || !strings.Contains(err.Error(), "“535 5.7.8 no (user) with (password) here”") {
		t.Error(err)
	}
	for _, text := range []string{"AUTH PLAIN " + inBase64("\x00user\x00password"), inBase64("password"), "NORA.private+DASSIE@mail.EXAMPLE", "İİİİ " + owner, owner + owner} {
		got := sender.hidden(text, owner, "password")
		for _, secret := range []string{"AHVz", "cGFzc3", "private", "PRIVATE", "example"} {
			if strings.Contains(got, secret) {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
}

// An address may be of a host with any letters; one with such letters before the @ goes
// where the server can take them, and nowhere else is asked for that.
func TestAddressesWithOtherLetters(t *testing.T) {
	for to, want := range map[string]struct {
		utf8     bool
		envelope string // "" for a refusal
	}{
		"nora@müller.example": {false, "nora@xn--mller-kva.example"}, "ñora@mail.example": {true, "ñora@mail.example"}, "ñora@müller.example": {false, ""}, owner: {true, owner},
	} {
		s := smtptest.New(t, smtptest.Options{UTF8: want.utf8})
		sender := of(t, s, nil)
		err := sender.Send(bg, to, letter())
		var final interface{ Refused() bool }
		if got := s.Take(); want.envelope == "" && (!errors.As(err, &final) || len(got) > 0) || want.envelope != "" && (err != nil || len(got) != 1 || got[0].To != want.envelope) {
			t.Errorf("%s: %v, %+v", to, err, got)
		}
	}
}

// What is wrong with the flags is said before anything is said to the server.
func TestWrongFlagsAreSaidInWords(t *testing.T) {
	closed := smtptest.New(t, smtptest.Options{})
	closed.Close()
	for name, c := range map[string]struct {
		o          smtptest.Options
		change     func(*Config)
		says, mend string
	}{
		"no server there":        {change: func(c *Config) { c.Port = closed.Port }, says: "nothing takes mail at localhost:", mend: "-smtp-port"},
		"no such name":           {change: func(c *Config) { c.Host = "nowhere.invalid" }, says: "nowhere.invalid", mend: "look whether"},
		"tls for starttls":       {change: func(c *Config) { c.TLS = TLS }, says: "does not encrypt from the first byte", mend: "-smtp-tls starttls"},
		"starttls for tls":       {o: smtptest.Options{TLS: true}, says: "did not say that it is a mail server", mend: "-smtp-tls tls"},
		"no encryption":          {o: smtptest.Options{NoTLS: true}, says: "offers no encryption", mend: "-smtp-tls none"},
		"another name":           {o: smtptest.Options{Name: "other.example"}, says: "is for other.example, and not for localhost", mend: "-smtp-host"},
		"expired":                {o: smtptest.Options{Expired: true}, says: "has expired", mend: "clock"},
		"unknown authority":      {change: func(c *Config) { c.RootCAs = nil }, says: "nobody whom this machine trusts", mend: "authority"},
		"unknown authority, tls": {o: smtptest.Options{TLS: true}, change: func(c *Config) { c.TLS, c.RootCAs = TLS, nil }, says: "nobody whom this machine trusts", mend: "authority"},
		"log-in not wanted":      {o: smtptest.Options{NoAuth: true}, says: "offers no way to log in", mend: "-smtp-user"},
		"log-in wanted":          {change: func(c *Config) { c.User = "" }, says: "takes no mail from this sender: “530", mend: "log-in"},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.New(t, c.o)
			sender := of(t, s, c.change)
			sender.opens = 500 * time.Millisecond
			err := sender.Send(bg, owner, letter())
			var mend interface{ Mend() string }
			if err == nil || !strings.Contains(err.Error(), c.says) || !errors.As(err, &mend) || !strings.Contains(mend.Mend(), c.mend) {
				t.Errorf("%v, %+v", err, mend)
			}
			var final interface{ Refused() bool }
			if errors.As(err, &final) || len(s.Letters()) > 0 {
				t.Error("it is not tried again")
			}
		})
	}
}

// No letter and no password goes over a connection whose other end nobody vouches for.
func TestCertificatesAreChecked(t *testing.T) {
	for name, o := range map[string]smtptest.Options{
		"another name": {Name: "other.example"}, "expired": {Expired: true}, "no starttls": {NoTLS: true}, "unknown authority": {}, "another name, tls": {TLS: true, Name: "other.example"},
	} {
		s := smtptest.New(t, o)
		sender := of(t, s, func(c *Config) {
			if o.TLS {
				c.TLS = TLS
			}
			if name == "unknown authority" {
				c.RootCAs = nil
			}
		})
		if err := sender.Send(bg, owner, letter()); err == nil || len(s.Letters()) > 0 {
			t.Errorf("%s: the letter went out, %v", name, err)
		}
		if _, err := sender.Check(bg); err == nil {
			t.Errorf("%s: the check is content", name)
		}
	}
}

func TestCheckSendsNothing(t *testing.T) {
	s := smtptest.New(t, smtptest.Options{})
	sender := of(t, s, nil)
	found, err := sender.Check(bg)
	if err != nil || !strings.Contains(found, "encrypted") || !strings.Contains(found, "takes the log-in") || len(s.Letters()) > 0 {
		t.Errorf("%q %v, %d letters", found, err, len(s.Letters()))
	}
	s.Be(smtptest.RefusesUser)
	if _, err := sender.Check(bg); err == nil || strings.Contains(err.Error(), smtptest.Password) {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Config{
		"-smtp-host is missing":     {User: "x"},
		"for all to read":           {Host: "smtp.example.org", TLS: Plain},
		"is starttls, tls or none":  {Host: "smtp.example.org", TLS: "ssl"},
		"not the name of a server":  {Host: "smtp.example.org:25", TLS: TLS},
		"is not a port":             {Host: "smtp.example.org", TLS: TLS, Port: 70000},
		"is not a mail address":     {Host: "smtp.example.org", TLS: TLS, From: "nobody"},
		"no password":               {Host: "smtp.example.org", TLS: TLS, User: "x"},
		"read -smtp-password-file:": {Host: "smtp.example.org", TLS: TLS, User: "x", PasswordFile: file + "x"},
	} {
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for want, c := range map[string]Config{
		"":                     {},
		"localhost:587":        {Host: "localhost", TLS: Plain},
		"smtp.example.org:465": {Host: "smtp.example.org", TLS: TLS, User: "x", PasswordFile: file},
	} {
		if err := c.Check(); err != nil || want != "" && c.Address() != want {
			t.Errorf("%v, at %s, want %s", err, c.Address(), want)
		}
	}
	if p, err := (Config{PasswordFile: file}).password(); err != nil || p != "from a file" {
		t.Errorf("password %q, %v", p, err)
	}
	for want, c := range map[string]Config{"a@b.example": {From: "Me <a@b.example>"}, "me@c.example": {User: "me@c.example"}, "no-reply@nora.example": {User: "me"}} {
		if got := c.from("nora.example:8080"); got != want {
			t.Errorf("from %s, want %s", got, want)
		}
	}
	if _, err := mail.ParseAddress((Config{}).from("nora.example")); err != nil {
		t.Error(err)
	}
}

// A file with the password that went missing is said with what to do, and the letter waits.
func TestAPasswordFileThatIsGone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(smtptest.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	sender := of(t, smtptest.New(t, smtptest.Options{}), func(c *Config) { c.PasswordFile = file })
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	_, checked := sender.Check(bg)
	for _, err := range []error{sender.Send(bg, owner, letter()), checked} {
		var mend interface{ Mend() string }
		if err == nil || !strings.Contains(err.Error(), "-smtp-password-file") || !errors.As(err, &mend) || !strings.Contains(mend.Mend(), "the file is there") {
			t.Errorf("%v", err)
		}
		var final interface{ Refused() bool }
		if errors.As(err, &final) {
			t.Error("it is not tried again")
		}
	}
}
