package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"

	"dassie/store"
)

// maxSaid is how much of what a mail server says stands in an error, in bytes.
const maxSaid = 300

// problem is what went wrong with a mail server, in words, and what can be done.
type problem struct{ words, mend string }

func (p problem) Error() string { return p.words }

// Mend tells federation and doctor, which ask for no more of this package.
func (p problem) Mend() string { return p.mend }

// refusal is an error that will be the same tomorrow: the mail server does not want
// the letter, or the address.
type refusal struct{ error }

// Refused tells federation.
func (refusal) Refused() bool { return true }

func (r refusal) Unwrap() error { return r.error }

// problem says what happened at a step. An answer of the 500s to the address or to the
// letter is a refusal; one to the greeting, the log-in or the sender is for the owner to
// mend, and the letter waits.
func (s *Sender) problem(t *talk, at step, err error, to, password string) error {
	if cause := context.Cause(t.ctx); errors.Is(cause, context.Canceled) {
		return fmt.Errorf("dassie was stopped meanwhile: %w", cause)
	}
	p := s.config.explain(at, err)
	if errors.Is(err, errLetters) {
		return refusal{p}
	}
	var said *textproto.Error
	if !errors.As(err, &said) {
		return p
	}
	p.words += fmt.Sprintf(": “%s”", short(s.hidden(fmt.Sprint(said.Code, " ", said.Msg), to, password)))
	if said.Code >= 500 && (at == offering || at == answering) {
		return refusal{p}
	}
	return p
}

// explain puts an error into words, without what the server said.
func (c Config) explain(at step, err error) problem {
	who := c.Address()
	var said *textproto.Error
	answered := errors.As(err, &said)
	switch at {
	case reaching:
		return c.unreached(err)
	case greeting:
		switch {
		case answered:
			return problem{who + " takes no mail now", "wait; if it stays so, ask those who run it whether dassie may send mail there"}
		case c.TLS != TLS && (late(err) || ended(err)):
			return problem{who + " did not say that it is a mail server", "on port 465 a mail server waits for -smtp-tls tls"}
		case late(err), ended(err):
			return problem{who + " did not say that it is a mail server", "look whether -smtp-host and -smtp-port are right"}
		}
		return problem{"what answers at " + who + " is no mail server", "look whether -smtp-host and -smtp-port are right"}
	case encrypting:
		return c.unencrypted(err, answered)
	case loggingIn:
		switch {
		case errors.Is(err, errNoWay):
			return problem{who + " offers no way to log in that dassie knows", "leave -smtp-user away if it wants no log-in; else it is the wrong port"}
		case answered && said.Code < 500:
			return problem{who + " cannot look at the log-in now", "wait"}
		case answered:
			return problem{who + " does not take the user and the password", "look whether -smtp-user and the password are right; many providers want a password made for programs"}
		}
		return problem{who + " broke off at the log-in", "look whether -smtp-user and the password are right"}
	case sending:
		return problem{who + broken(answered, " takes no mail from this sender", " broke off before the letter"), "look whether -smtp-from is an address that you may send from, and whether a log-in is wanted"}
	case offering:
		switch {
		case errors.Is(err, errLetters):
			return problem{who + " cannot write to an address with such letters", "give an address of plain letters"}
		case answered && said.Code < 500:
			return problem{who + " does not take the letter yet", "wait"}
		}
		return problem{who + broken(answered, " refuses the letter", " broke off before the letter"), "look whether the address is right"}
	case handing:
		return problem{who + " broke off in the midst of the letter", "wait"}
	}
	switch {
	case answered && said.Code < 500:
		return problem{who + " does not take the letter yet", "wait"}
	case answered:
		return problem{who + " refuses the letter", "look whether the address is right"}
	}
	return problem{who + " did not say whether it took the letter", "wait; it may come twice"}
}

func broken(answered bool, refuses, breaks string) string {
	if answered {
		return refuses
	}
	return breaks
}

// unreached is why there is no connection.
func (c Config) unreached(err error) problem {
	const port = "look whether -smtp-host and -smtp-port are right; a firewall, or the provider of this machine, may keep the port shut"
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return problem{"there is no server by the name of " + c.Host, "look whether -smtp-host is right"}
	case errors.As(err, &name):
		return problem{"the name " + c.Host + " could not be looked up", "look whether this machine is on the net"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return problem{"nothing takes mail at " + c.Address(), port}
	case late(err):
		return problem{c.Address() + " does not answer", port}
	}
	return problem{c.Address() + " cannot be reached", port}
}

// unencrypted is why nobody vouches for the other end. Nothing was said to it.
func (c Config) unencrypted(err error, answered bool) problem {
	who := c.Address()
	var plain tls.RecordHeaderError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, errNotOffered):
		mend := "look for a port of it that is encrypted"
		if store.IsLoopbackHost(c.Host) {
			mend = "-smtp-tls none is for a mail server on this machine that does not encrypt"
		}
		return problem{who + " offers no encryption (STARTTLS), so nothing is sent through it", mend}
	case answered:
		return problem{who + " cannot encrypt now", "wait"}
	case errors.As(err, &plain):
		return problem{who + " does not encrypt from the first byte", "on port 587 a mail server waits for -smtp-tls starttls"}
	case errors.As(err, &name):
		return problem{"the certificate of " + who + " is for " + namesOf(name.Certificate) + ", and not for " + c.Host, "give -smtp-host the name that stands in the certificate"}
	case errors.As(err, &unknown):
		return problem{"the certificate of " + who + " is from nobody whom this machine trusts", "have a certificate made by a known authority, or make its authority known to this machine"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return problem{"the certificate of " + who + " has expired, or is not valid yet", "look whether the clock of this machine is right; else who runs the mail server must renew it"}
	case errors.As(err, &invalid):
		return problem{"the certificate of " + who + " does not hold", "who runs the mail server must renew it"}
	case late(err):
		return problem{who + " does not answer", "look whether -smtp-port and -smtp-tls are right"}
	}
	return problem{"no encrypted connection to " + who + " comes about", "look whether -smtp-port and -smtp-tls are right"}
}

func namesOf(c *x509.Certificate) string {
	switch {
	case c == nil || len(c.DNSNames) == 0:
		return "no name"
	case len(c.DNSNames) > 1:
		return c.DNSNames[0] + " and others"
	}
	return c.DNSNames[0]
}

// late says whether a server took too long.
func late(err error) bool {
	var slow net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) || errors.As(err, &slow) && slow.Timeout()
}

// hidden is what a mail server said, in one line and without what must not stand in a
// log: they like to repeat what they were told.
func (s *Sender) hidden(text, to, password string) string {
	const encoded = "(log-in)" // as it was sent
	for _, secret := range []struct{ of, instead string }{
		{inBase64("\x00" + s.config.User + "\x00" + password), encoded}, {inBase64(password), encoded}, {inBase64(s.config.User), encoded},
		{to, "(your address)"}, {password, "(password)"}, {s.config.User, "(user)"},
	} {
		if len(secret.of) > 2 {
			text = replaceFold(text, secret.of, secret.instead)
		}
	}
	return oneLine(text)
}

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// replaceFold replaces whatever the case of the letters.
func replaceFold(text, old, with string) string {
	var b strings.Builder
	for len(text) > 0 {
		if n := foldedPrefix(text, old); n > 0 {
			b.WriteString(with)
			text = text[n:]
			continue
		}
		_, size := utf8.DecodeRuneInString(text)
		b.WriteString(text[:size])
		text = text[size:]
	}
	return b.String()
}

// foldedPrefix is how many bytes at the beginning of a text are another, but for the
// case of its letters; 0 for none.
func foldedPrefix(text, old string) int {
	n := 0
	for range utf8.RuneCountInString(old) {
		if n >= len(text) {
			return 0
		}
		_, size := utf8.DecodeRuneInString(text[n:])
		n += size
	}
	if !strings.EqualFold(text[:n], old) {
		return 0
	}
	return n
}

func short(text string) string {
	if len(text) > maxSaid {
		return strings.ToValidUTF8(text[:maxSaid], "") + "…"
	}
	return text
}
