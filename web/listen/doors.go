package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

const (
	plainAddr  = "localhost:8080" // without TLS, and for set-up with -tls auto
	lingerTime = time.Minute      // how long set-up's door stays open once the account is made
)

// Doors are the flags that say where requests come in, and by which TLS.
type Doors struct {
	Listen    string
	HTTP      string // for -tls auto; empty for none
	TLS       string
	Cert, Key string
	Directory string // of the certificate authority, for -tls auto
	Email     string // told to that authority; may be empty
}

// Flags declares them.
func (d *Doors) Flags(set *flag.FlagSet) {
	set.StringVar(&d.Listen, "listen", "", "`address` and port to listen on: localhost:8080, or :443 with -tls auto")
	set.StringVar(&d.TLS, "tls", "off", "`off` (a proxy does it), auto (a certificate is fetched and renewed) or files")
	set.StringVar(&d.Cert, "tls-cert", "", "`file` of the certificate chain, for -tls files")
	set.StringVar(&d.Key, "tls-key", "", "`file` of the certificate's key, for -tls files")
	set.StringVar(&d.HTTP, "listen-http", ":80", "`address` for what comes unencrypted, for -tls auto; none if empty")
	set.StringVar(&d.Directory, "acme-directory", "", "`URL` of another certificate authority than Let's Encrypt, for -tls auto")
	set.StringVar(&d.Email, "acme-email", "", "`address` under which the certificate authority may write to you, for -tls auto")
}

// Check says in plain words what is wrong with the flags.
func (d *Doors) Check() error {
	if d.Listen == "" {
		d.Listen = plainAddr
		if d.TLS == "auto" {
			d.Listen = ":443"
		}
	}
	if _, _, err := net.SplitHostPort(d.Listen); err != nil {
		return fmt.Errorf("-listen %q is not an address with a port, such as localhost:8080", d.Listen)
	}
	switch d.TLS {
	case "off":
	case "files":
		if d.Cert == "" || d.Key == "" {
			return errors.New("-tls files needs -tls-cert and -tls-key")
		}
	case "auto":
		if _, _, err := net.SplitHostPort(d.HTTP); err != nil && d.HTTP != "" {
			return fmt.Errorf("-listen-http %q is not an address with a port, such as :80", d.HTTP)
		}
		if d.Directory != "" && !isHTTPS(d.Directory) {
			return fmt.Errorf("-acme-directory %q is not an https address", d.Directory)
		}
	default:
		return fmt.Errorf("-tls %q is none of off, auto and files", d.TLS)
	}
	return nil
}

// Names are those that a certificate is fetched for.
type Names struct {
	Host   string // of the server, with its port if that is not the default
	Domain string // of the handle
	Public bool   // not on this machine alone
}

// Front is the doors once they are open, and what stands behind them.
type Front struct {
	Doors
	Handler http.Handler
	Server  func(http.Handler) *http.Server // makes one with limits and a log
	Log     *slog.Logger
	Cache   string        // folder of the certificates of -tls auto
	Grace   time.Duration // for what is under way at the end

	names   chan Names
	once    sync.Once
	addr    net.Addr // of the first door that was opened
	sockets []net.Listener
	plain   []net.Listener // those of -listen-http
	early   bool           // there was no account yet
	conf    *tls.Config
	auto    *auto
}

// Open opens the doors; nobody is answered yet. names is nil while there is no
// account: then -tls auto opens a door on this machine alone, for set-up, and
// the others once Made tells the names. Errors are those of Open and Files.
func (f *Front) Open(names *Names) (err error) {
	f.names = make(chan Names, 1)
	defer func() {
		if err == nil {
			f.addr = f.sockets[0].Addr()
		}
	}()
	switch {
	case f.TLS == "files":
		if f.conf, err = Files(f.Cert, f.Key); err != nil {
			return err
		}
	case f.TLS == "auto" && names != nil:
		return f.openPublic(*names)
	case f.TLS == "auto":
		return f.openEarly()
	}
	f.sockets, err = Open(f.Listen)
	return err
}

// openEarly makes sure that the public doors could be opened, so that it is not
// found out only once the account is made.
func (f *Front) openEarly() (err error) {
	f.early = true
	for _, addr := range []string{f.Listen, f.HTTP} {
		if addr == "" {
			continue
		}
		try, err := Open(addr)
		if err != nil {
			return err
		}
		closeAll(try)
	}
	if f.sockets, err = Open(plainAddr); errors.Is(err, syscall.EADDRINUSE) {
		f.sockets, err = Open("localhost:0")
	}
	return err
}

func (f *Front) openPublic(n Names) (err error) {
	if !n.Public {
		return fmt.Errorf("no authority certifies the name %s, which every machine has: start it with -tls off", n.Host)
	}
	if f.sockets, err = Open(f.Listen); err != nil {
		return err
	}
	if f.HTTP != "" {
		if f.plain, err = Open(f.HTTP); err != nil {
			closeAll(f.sockets)
			return err
		}
	}
	f.auto = newAuto(f, n)
	f.conf = f.auto.config()
	return nil
}

func closeAll(list []net.Listener) {
	for _, l := range list {
		l.Close()
	}
}

// Made tells whose server this is; only the first time counts.
func (f *Front) Made(n Names) { f.once.Do(func() { f.names <- n }) }

// Addr is where the first door is that was opened.
func (f *Front) Addr() net.Addr { return f.addr }

// Run answers until ctx ends, and closes the doors.
func (f *Front) Run(ctx context.Context) error {
	if !f.early {
		return f.serve(ctx)
	}
	setup, end := context.WithCancel(ctx)
	defer end()
	done := make(chan error, 1)
	first := f.sockets
	go func() { done <- Serve(setup, f.Server(f.Handler), first, nil, f.Grace) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return <-done
	case n := <-f.names:
		if err := f.openPublic(n); err != nil {
			return err
		}
		f.Log.Info("listening", "for", "web", "addr", f.sockets[0].Addr())
	}
	timer := time.AfterFunc(lingerTime, end) // the browser still shows the last page of set-up
	defer timer.Stop()
	err := f.serve(ctx)
	return errors.Join(err, <-done)
}

// serve answers at the doors that stay.
func (f *Front) serve(ctx context.Context) error {
	if f.auto == nil {
		return Serve(ctx, f.Server(f.Handler), f.sockets, f.conf, f.Grace)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	work := []func() error{
		func() error { return Serve(ctx, f.Server(f.Handler), f.sockets, f.conf, f.Grace) },
		func() error { f.auto.run(ctx); return nil },
	}
	if len(f.plain) > 0 {
		work = append(work, func() error { return Serve(ctx, f.Server(f.auto.plainHandler()), f.plain, nil, f.Grace) })
	}
	failed := make(chan error, len(work))
	for _, w := range work {
		go func() { failed <- w() }()
	}
	var errs error
	for range work {
		err := <-failed
		if err != nil {
			end() // one door alone is not what was asked for
		}
		errs = errors.Join(errs, err)
	}
	return errs
}
