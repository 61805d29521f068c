package mail

import (
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"strings"

	"dassie/store"
)

// How the connection to the mail server is made safe.
const (
	STARTTLS = "starttls" // begun in the clear and encrypted before anything is said
	TLS      = "tls"      // encrypted from the first byte
	Plain    = "none"     // not at all: on this machine alone
)

// passwordVariable holds the password in the environment, where no list of processes
// shows it.
const passwordVariable = "DASSIE_SMTP_PASSWORD"

// Config is the mail server that takes what dassie sends. Without a Host there is no mail.
type Config struct {
	Host         string
	Port         int // 0: that of TLS
	TLS          string
	User         string // "" to send without logging in
	PasswordFile string
	From         string // address of the sender; "" for the user's, or no-reply at the server's host

	RootCAs *x509.CertPool // tests; nil: the system's
}

// Flags are those of serve and doctor.
func (c *Config) Flags(set *flag.FlagSet) {
	set.StringVar(&c.Host, "smtp-host", "", "`name` of the mail server that sends mail to you, such as smtp.example.org; none without it")
	set.IntVar(&c.Port, "smtp-port", 0, "`port` of the mail server; without it 587, or 465 for tls")
	set.StringVar(&c.TLS, "smtp-tls", STARTTLS, "`how` the connection to the mail server is encrypted: starttls, tls, or none on this machine alone")
	set.StringVar(&c.User, "smtp-user", "", "`name` to log in with at the mail server; without it dassie does not log in")
	set.StringVar(&c.PasswordFile, "smtp-password-file", "", "`file` with the password for the mail server; or set "+passwordVariable)
	set.StringVar(&c.From, "smtp-from", "", "`address` from which the mail comes; without it the user's, or no-reply at this host")
}

// On says whether there is a mail server.
func (c Config) On() bool { return c.Host != "" }

// Address is where the mail server listens.
func (c Config) Address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.port())) }

func (c Config) port() int {
	switch {
	case c.Port != 0:
		return c.Port
	case c.TLS == TLS:
		return 465
	}
	return 587
}

// Started is what doctor finds in the database.
func (c Config) Started() store.StartedMail {
	if !c.On() {
		return store.StartedMail{}
	}
	return store.StartedMail{Host: c.Host, Port: c.Port, TLS: c.TLS, User: c.User, PasswordFile: c.PasswordFile}
}

// FromStarted is the way back.
func FromStarted(s store.StartedMail) Config {
	return Config{Host: s.Host, Port: s.Port, TLS: s.TLS, User: s.User, PasswordFile: s.PasswordFile}
}

// HasPassword says whether there is a password here, for a command whose environment
// is not the server's.
func (c Config) HasPassword() bool {
	password, err := c.password()
	return err != nil || password != ""
}

// Check says in plain words what is wrong with the flags.
func (c Config) Check() error {
	if !c.On() {
		if c.User != "" || c.PasswordFile != "" || c.From != "" {
			return errors.New("-smtp-host is missing: it names the mail server")
		}
		return nil
	}
	if strings.ContainsAny(c.Host, ":/@ ") && net.ParseIP(c.Host) == nil {
		return fmt.Errorf("-smtp-host %q is not the name of a server; the port goes into -smtp-port", c.Host)
	}
	if c.Port < 0 || c.Port > 65535 {
		return fmt.Errorf("-smtp-port %d is not a port", c.Port)
	}
	switch c.TLS {
	case STARTTLS, TLS:
	case Plain:
		if !store.IsLoopbackHost(c.Host) {
			return fmt.Errorf("-smtp-tls none would send your mail through the net for all to read; it is for a mail server on this machine, and %s is not", c.Host)
		}
	default:
		return fmt.Errorf("-smtp-tls is starttls, tls or none, not %q", c.TLS)
	}
	if c.From != "" {
		if _, err := netmail.ParseAddress(c.From); err != nil {
			return errors.New("-smtp-from is not a mail address")
		}
	}
	if c.User == "" {
		return nil
	}
	if password, err := c.password(); err != nil {
		return err
	} else if password == "" {
		return errors.New("there is -smtp-user and no password: give -smtp-password-file, or set " + passwordVariable)
	}
	return nil
}

// password is read anew for each connection, so that a new one needs no restart.
func (c Config) password() (string, error) {
	if c.PasswordFile == "" {
		return os.Getenv(passwordVariable), nil
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", problem{"read -smtp-password-file: " + err.Error(), "look whether the file is there, and whether dassie may read it"}
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// from is the sender's address.
func (c Config) from(host string) string {
	if c.From != "" {
		if a, err := netmail.ParseAddress(c.From); err == nil {
			return a.Address
		}
	}
	if a, err := netmail.ParseAddress(c.User); err == nil {
		return a.Address
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return "no-reply@" + name
}
