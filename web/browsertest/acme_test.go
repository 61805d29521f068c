package browsertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/letsencrypt/challtestsrv"
	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

const acmeHost = "anna-dassie.test"

// acmeServer is a certificate authority on loopback: Let's Encrypt's own test
// server, with a DNS in which every name is 127.0.0.1.
type acmeServer struct {
	url    string
	roots  *x509.CertPool
	orders atomic.Int64
	asked  atomic.Int64
	closed atomic.Bool // it refuses everybody
}

// newACME starts one that finds the servers it certifies on two ports.
func newACME(t *testing.T, trust *authority, httpPort, tlsPort int) *acmeServer {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	quiet := log.New(io.Discard, "", 0)
	names := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	dns, err := challtestsrv.New(challtestsrv.Config{Log: quiet, DNSAddrs: []string{names}})
	if err != nil {
		t.Fatal(err)
	}
	dns.SetDefaultDNSIPv4("127.0.0.1")
	dns.SetDefaultDNSIPv6("")
	go dns.Run()
	t.Cleanup(dns.Shutdown)

	memory := db.NewMemoryStore()
	issuer := ca.New(quiet, memory, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "test", ValidityPeriod: 90 * 24 * 3600}})
	front := wfe.New(quiet, memory, va.New(quiet, httpPort, tlsPort, true, names, memory), issuer, []string{"dassie.test"}, true, false, 1, 1)
	handler := front.Handler()
	a := &acmeServer{roots: x509.NewCertPool()}
	if !a.roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM()) {
		t.Fatal("the authority has no root")
	}
	cert, key := trust.issue(t, "localhost")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ErrorLog: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.asked.Add(1)
		if a.closed.Load() {
			http.Error(w, "not you", http.StatusForbidden)
			return
		}
		// Pebble refuses a good nonce now and then, so that clients learn to send
		// again: what counts is the order that was taken.
		seen := &statusWriter{ResponseWriter: w}
		handler.ServeHTTP(seen, r)
		if strings.HasPrefix(r.URL.Path, "/order-plz") && seen.status == http.StatusCreated {
			a.orders.Add(1)
		}
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	a.url = "https://localhost:" + port + wfe.DirectoryPath
	return a
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// certified is a server with -tls auto.
type certified struct {
	t         *testing.T
	acme      *acmeServer
	ca        *authority
	data      string
	http, tls int // ports
}

func newCertified(t *testing.T) *certified {
	dir := t.TempDir()
	return &certified{t: t, ca: newAuthority(t, dir), data: filepath.Join(dir, "data"), http: freePort(t), tls: freePort(t)}
}

func (c *certified) init() {
	c.t.Helper()
	password := filepath.Join(c.t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("a-password-in-a-file\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	command(c.t, "init", "-data", c.data, "-name", "anna", "-domain", acmeHost, "-password-file", password)
}

func (c *certified) start() *running {
	return start(c.t, []string{"SSL_CERT_FILE=" + c.ca.file}, "serve", "-data", c.data, "-tls", "auto", "-acme-directory", c.acme.url,
		"-listen", fmt.Sprintf("127.0.0.1:%d", c.tls), "-listen-http", fmt.Sprintf("127.0.0.1:%d", c.http))
}

// shake makes a TLS connection under a name and returns the verified certificate.
func (c *certified) shake(name string) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: c.acme.roots}}
	conn, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", c.tls))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// waitFor asks until there is a certificate.
func (c *certified) waitFor() *x509.Certificate {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		cert, err := c.shake(acmeHost)
		if err == nil {
			return cert
		}
		if time.Now().After(end) {
			c.t.Fatalf("no certificate after %v: %v", patience, err)
		}
	}
}

// ask sends one request to one of the two doors, under the server's name.
func (c *certified) ask(address string, port int) (int, http.Header, string) {
	c.t.Helper()
	client := &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.acme.roots}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", port))
			}}}
	res, err := client.Get(address)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

// TestTLSAuto: without an account no authority hears of us; with one there is a
// certificate, which outlives a restart; it is for our names alone.
func TestTLSAuto(t *testing.T) {
	c := newCertified(t)
	c.acme = newACME(t, c.ca, c.http, c.tls)
	r := c.start()
	setup := r.until(`http://localhost:(\d+)/setup`)[1]
	if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.tls)); err == nil {
		conn.Close()
		t.Error("the public door is open before there is an account")
	}
	res, err := http.Get("http://localhost:" + setup + "/setup")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || c.acme.asked.Load() != 0 {
		t.Errorf("set-up answers %d, the authority was asked %d times", res.StatusCode, c.acme.asked.Load())
	}

	c.init()
	first := c.waitFor()
	if err := first.VerifyHostname(acmeHost); err != nil || len(first.DNSNames) != 1 {
		t.Errorf("the certificate is for %v", first.DNSNames)
	}
	c.doors()
	orders := c.acme.orders.Load()
	for _, name := range []string{"evil.test", "www." + acmeHost, "127.0.0.1", ""} {
		if _, err := c.shake(name); err == nil {
			t.Errorf("there is a certificate for %q", name)
		}
	}
	if n := c.acme.orders.Load(); n != orders || orders != 1 {
		t.Errorf("%d orders, then %d", orders, n)
	}
	private(t, filepath.Join(c.data, "acme"))

	r.end()
	c.acme.closed.Store(true)
	asked := c.acme.asked.Load()
	r = c.start()
	r.until(`msg=certificate name=` + acmeHost)
	if again := c.waitFor(); again.SerialNumber.Cmp(first.SerialNumber) != 0 {
		t.Error("after a restart there is another certificate")
	}
	if n := c.acme.asked.Load(); n != asked {
		t.Errorf("after a restart the authority was asked %d times", n-asked)
	}
}

// doors: the encrypted one has the pages, the other leads to it.
func (c *certified) doors() {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		status, head, body := c.ask("https://"+acmeHost+"/@anna", c.tls)
		if status == 503 && time.Now().Before(end) {
			continue // the account was made this moment
		}
		if status != 200 || !strings.Contains(body, "@anna@"+acmeHost) || head.Get("Strict-Transport-Security") == "" {
			c.t.Errorf("encrypted: %d %v", status, head)
		}
		break
	}
	if status, head, _ := c.ask("http://"+acmeHost+"/@anna?a=b", c.http); status != 301 || head.Get("Location") != "https://"+acmeHost+"/@anna?a=b" {
		c.t.Errorf("unencrypted: %d %v", status, head)
	}
	if status, head, _ := c.ask("http://evil.test/", c.http); status != 421 || head.Get("Location") != "" {
		c.t.Errorf("unencrypted, under another name: %d %v", status, head)
	}
	if status, _, _ := c.ask("http://"+acmeHost+"/.well-known/acme-challenge/guess", c.http); status != 404 {
		c.t.Errorf("a challenge that was never made: %d", status)
	}
}

// private: nobody else can read what is in a folder.
func private(t *testing.T, dir string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n++
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil || n < 2 {
		t.Errorf("%d files in %s: %v", n, dir, err)
	}
}

// Where port 443 is not reached, port 80 is enough.
func TestTLSAutoByHTTP(t *testing.T) {
	c := newCertified(t)
	c.acme = newACME(t, c.ca, c.http, freePort(t))
	c.init()
	r := c.start()
	r.until(`msg=certificate name=` + acmeHost)
	c.waitFor()
}

// An authority that refuses us, or does not reach us, is not asked again at once,
// however many strangers knock.
func TestTLSAutoAsksSeldom(t *testing.T) {
	c := newCertified(t)
	c.acme = newACME(t, c.ca, c.http, c.tls)
	c.acme.closed.Store(true)
	c.init()
	r := c.start()
	r.until(`level=WARN msg="no certificate.*again_in=1m0s`)
	asked := c.acme.asked.Load()
	for range 20 {
		if _, err := c.shake(acmeHost); err == nil {
			t.Fatal("there is a certificate")
		}
	}
	if n := c.acme.asked.Load(); n != asked || asked == 0 {
		t.Errorf("asked %d times, then %d", asked, n)
	}
	if status, _, _ := c.ask("http://"+acmeHost+"/", c.http); status != 301 {
		t.Errorf("unencrypted: %d", status)
	}
}

// end ends the program now, as Ctrl-C does.
func (r *running) end() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Fatal(err)
	}
	for line := range r.lines { // they end with the program
		r.said.WriteString(line + "\n")
	}
}
