package listen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// askAgain is how long nothing is asked after each failure in a row. Let's
// Encrypt allows five in an hour for one name, and strangers who knock make us
// ask.
var askAgain = []time.Duration{time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour}

// auto fetches and renews certificates by ACME (RFC 8555), for our own names
// only. It asks for the host's at once, and for the domain's when somebody comes
// to us under that name: it may well lead elsewhere.
type auto struct {
	manager *autocert.Manager
	names   Names
	log     *slog.Logger

	mu     sync.Mutex
	failed map[string]failure
	told   map[string]time.Time // until when the certificate is valid that was logged last
}

type failure struct {
	count int
	until time.Time
	err   error
}

// retryOne is how long one request waits before its next try, after an answer
// that may pass: 1, 2, 4 and 8 seconds. Then askAgain decides.
func retryOne(n int, _ *http.Request, _ *http.Response) time.Duration {
	if n > 4 {
		return -1
	}
	return time.Second << (n - 1)
}

func newAuto(f *Front, n Names) *auto {
	a := &auto{names: n, log: f.Log, failed: map[string]failure{}, told: map[string]time.Time{}}
	a.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(f.Cache), HostPolicy: a.policy, Email: f.Email,
		Client: &acme.Client{DirectoryURL: f.Directory, UserAgent: "dassie", RetryBackoff: retryOne},
	}
	if f.Directory == "" {
		a.manager.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return a
}

func (a *auto) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.get, NextProtos: []string{acme.ALPNProto}}
}

// policy names what certificates may be asked for.
func (a *auto) policy(_ context.Context, name string) error {
	if name = withoutPort(name); !strings.EqualFold(name, withoutPort(a.names.Host)) && !strings.EqualFold(name, withoutPort(a.names.Domain)) {
		return fmt.Errorf("%q is not a name of this server", name)
	}
	return nil
}

func withoutPort(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// get is what TLS asks for each connection.
func (a *auto) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
		return a.manager.GetCertificate(hello) // the authority looks whether it is us (RFC 8737)
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if err := a.policy(hello.Context(), name); err != nil {
		return nil, err
	}
	return a.certificate(name)
}

// certificate is the one of a name, fetched if there is none yet. Clients that
// know RSA alone are older than what Mastodon and browsers need.
func (a *auto) certificate(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	last := a.failed[name]
	a.mu.Unlock()
	if wait := time.Until(last.until); wait > 0 {
		return nil, fmt.Errorf("no certificate for %s yet: %w", name, last.err)
	}
	c, err := a.manager.GetCertificate(&tls.ClientHelloInfo{
		ServerName:       name,
		CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
		SupportedCurves:  []tls.CurveID{tls.CurveP256},
	})
	a.note(name, c, err)
	return c, err
}

// note keeps count of failures, and says in the log what changed.
func (a *auto) note(name string, c *tls.Certificate, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	last := a.failed[name]
	switch {
	case err != nil && now.Before(last.until): // others waited for the same answer
	case err != nil:
		wait := askAgain[min(last.count, len(askAgain)-1)]
		a.failed[name] = failure{last.count + 1, now.Add(wait), err}
		a.log.Warn("no certificate: the authority must reach this machine under this name, on ports 80 or 443", "name", name, "again_in", wait, "err", err)
	default:
		delete(a.failed, name)
		if leaf := leafOf(c); leaf != nil && !leaf.NotAfter.Equal(a.told[name]) {
			a.told[name] = leaf.NotAfter
			a.log.Info("certificate", "name", name, "valid_until", leaf.NotAfter.UTC().Format(time.RFC3339))
		}
	}
}

func leafOf(c *tls.Certificate) *x509.Certificate {
	if c.Leaf != nil {
		return c.Leaf
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil // only a line of the log depends on it
	}
	return leaf
}

// run asks for the host's certificate until there is one, so that no visitor
// has to wait for it.
func (a *auto) run(ctx context.Context) {
	name := strings.ToLower(withoutPort(a.names.Host))
	for ctx.Err() == nil {
		done := make(chan error, 1)
		go func() {
			_, err := a.certificate(name)
			done <- err
		}()
		select {
		case <-ctx.Done():
			return
		case err := <-done:
			if err == nil {
				return
			}
		}
		a.mu.Lock()
		wait := time.Until(a.failed[name].until)
		a.mu.Unlock()
		timer := time.NewTimer(max(wait, time.Second))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// plainHandler answers what comes unencrypted: the authority's questions
// (http-01), and everybody else with the way to the encrypted door.
func (a *auto) plainHandler() http.Handler {
	return a.manager.HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := a.names.Host
		switch name := withoutPort(r.Host); {
		case strings.EqualFold(name, withoutPort(a.names.Host)):
		case strings.EqualFold(name, withoutPort(a.names.Domain)):
			to = a.names.Domain
		default:
			http.Error(w, "This server does not answer under that name.", http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "Send this encrypted, to https://"+to, http.StatusForbidden)
			return
		}
		path := r.URL.RequestURI()
		if !strings.HasPrefix(path, "/") {
			path = "/" // a whole URL, as proxies are asked
		}
		http.Redirect(w, r, "https://"+to+path, http.StatusMovedPermanently)
	}))
}

func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
