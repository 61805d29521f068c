package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
	"dassie/web"
)

const (
	host  = "alice.example"
	proxy = "127.0.0.0/8"
)

var quiet = log.New(io.Discard, "", 0)

// world is an installation as it should be: a real server with an account behind
// a proxy that does TLS, names that lead there, and a peer. A test spoils one
// thing in it before look.
type world struct {
	t       *testing.T
	dir     string
	account store.NewAccount
	st      *store.Store
	svc     *federation.Service
	started store.Started
	trusted []netip.Prefix
	running bool
	version string // of the program that looks

	pool  *x509.CertPool
	root  *x509.Certificate
	key   *ecdsa.PrivateKey
	addrs map[string]netip.Addr   // DNS
	doors map[netip.Addr]string   // what listens at an address
	certs map[string]*certOptions // by host name
	proxy func(*httputil.ProxyRequest)
	wrap  func(http.Handler) http.Handler // what stands before everything
	peer  time.Duration                   // how wrong the peer's clock is
	free  int64
}

type certOptions struct {
	names []string
	until time.Duration
	self  bool // signed by nobody
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "data"), running: true, version: "1", free: 100 << 30, pool: x509.NewCertPool(),
		account: store.NewAccount{Name: "alice", Domain: host, PasswordHash: "none", ApproveFollowers: true},
		started: store.Started{Version: "1", TLS: "off", Listen: "localhost:8080"}, trusted: []netip.Prefix{netip.MustParsePrefix(proxy)},
		addrs: map[string]netip.Addr{host: netip.MustParseAddr("93.184.216.34"), "bob.example": netip.MustParseAddr("93.184.216.35")},
		doors: map[netip.Addr]string{}, certs: map[string]*certOptions{host: {names: []string{host}, until: 60 * 24 * time.Hour}},
		proxy: func(r *httputil.ProxyRequest) {
			r.SetXForwarded()
			r.Out.Header.Set("X-Forwarded-For", "93.184.216.99") // doctor itself is on loopback here
			r.Out.Host = r.In.Host
		},
		wrap: func(h http.Handler) http.Handler { return h },
	}
	w.root, w.key = w.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "doctor test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour * 24 * 365)}, false)
	w.pool.AddCert(w.root)
	return w
}

func (w *world) sign(template *x509.Certificate, self bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	template.SerialNumber, template.NotBefore = big.NewInt(time.Now().UnixNano()), time.Now().Add(-100*24*time.Hour)
	parent, signer := w.root, w.key
	if parent == nil || self {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		w.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		w.t.Fatal(err)
	}
	return cert, key
}

// listen answers at an address with TLS.
func (w *world) listen(addr netip.Addr, c *certOptions, h http.Handler) {
	w.t.Helper()
	cert, key := w.sign(&x509.Certificate{DNSNames: c.names, NotAfter: time.Now().Add(c.until), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, c.self)
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
	s.StartTLS()
	w.t.Cleanup(s.Close)
	w.doors[addr] = s.Listener.Addr().String()
}

// serve starts the server, the proxy and the peer.
func (w *world) serve() {
	w.t.Helper()
	ctx := context.Background()
	w.makeAccount()
	st, err := store.Open(w.dir, store.Options{Serve: w.running})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { st.Close() })
	w.st = st
	id := w.identity()
	w.write(func(tx *store.Tx) error { return tx.SaveStarted(w.started) })
	pictures, err := media.Open(filepath.Join(w.dir, "media"))
	if err != nil {
		w.t.Fatal(err)
	}
	discard := slog.New(slog.DiscardHandler)
	svc, err := federation.New(ctx, federation.Config{Store: st, Media: pictures, Identity: id, Version: "1", Log: discard, Remote: remote.New(remote.Config{UserAgent: "test"})})
	if err != nil {
		w.t.Fatal(err)
	}
	w.svc = svc
	pages, err := web.New(web.Config{Service: svc, Trusted: w.trusted, Log: discard})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(pages.Close)
	inner := httptest.NewServer(pages)
	w.t.Cleanup(inner.Close)
	to, err := url.Parse(inner.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	w.listen(w.addrs[host], w.certs[host], w.wrap(&httputil.ReverseProxy{ErrorLog: quiet, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		w.proxy(r)
	}}))
	w.listen(w.addrs["bob.example"], &certOptions{names: []string{"bob.example"}, until: time.Hour}, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Date", time.Now().Add(w.peer).UTC().Format(http.TimeFormat))
		rw.Header().Set("Content-Type", "application/json")
		io.WriteString(rw, "{}")
	}))
	w.followBob()
}

// made are databases with an account, by domain: drawing keys takes longer than
// a whole test.
var made = map[string][]byte{}

func (w *world) makeAccount() {
	w.t.Helper()
	file := filepath.Join(w.dir, store.FileName)
	if made[w.account.Domain] == nil {
		if _, err := store.InitCommand(context.Background(), w.dir, w.account, func() (string, error) { return "none", nil }); err != nil {
			w.t.Fatal(err)
		}
		body, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		made[w.account.Domain] = body
		return
	}
	if err := errors.Join(os.MkdirAll(w.dir, 0o700), os.WriteFile(file, made[w.account.Domain], 0o600)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) identity() store.Identity {
	w.t.Helper()
	id, err := store.Get(context.Background(), w.st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) followBob() {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		at, err := tx.EnsureHost("bob.example")
		if err != nil {
			return err
		}
		bob := store.Actor{URI: "https://bob.example/bob", HostID: at, Username: "bob", Domain: "bob.example", Kind: "Person", Inbox: "https://bob.example/inbox"}
		if err := tx.SaveActor(&bob); err != nil {
			return err
		}
		return tx.SaveFollowing(store.Following{ActorID: bob.ID, FollowURI: "https://alice.example/activities/1", AskedAt: tx.Now()})
	})
}

func (w *world) write(fn func(*store.Tx) error) {
	w.t.Helper()
	if err := w.st.Write(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// look examines the world.
func (w *world) look() Report {
	w.t.Helper()
	return Run(context.Background(), Config{Dir: w.dir, Version: w.version, RootCAs: w.pool,
		Free: func(string) (int64, error) { return w.free, nil },
		LookupIP: func(_ context.Context, name string) ([]netip.Addr, error) {
			if a, ok := w.addrs[name]; ok {
				return []netip.Addr{a}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			at, err := netip.ParseAddrPort(addr)
			if err != nil {
				return nil, err
			}
			to := w.doors[at.Addr()]
			if to == "" {
				to = "127.0.0.1:1" // nobody listens
			}
			return (&net.Dialer{}).DialContext(ctx, network, to)
		},
	})
}

// row finds one of a report.
func (r Report) row(t *testing.T, id string) Row {
	t.Helper()
	for _, row := range r.Rows {
		if row.ID == id {
			return row
		}
	}
	var text strings.Builder
	r.Text(&text)
	t.Fatalf("there is no row %q:\n%s", id, &text)
	return Row{}
}
