package remote

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation/httpsig"
)

const activityJSON = "application/activity+json"

var (
	loopback = netip.MustParsePrefix("127.0.0.0/8")
	here     = netip.MustParseAddr("127.0.0.1")
)

// peer is another server: real TLS on loopback. Its certificate is good for
// example.com and all names below it, which all lead to it.
type peer struct {
	*httptest.Server
	port string
}

func newPeer(t testing.TB, handler http.HandlerFunc) *peer {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &peer{srv, u.Port()}
}

func (p *peer) at(host, path string) string { return "https://" + host + ":" + p.port + path }

// client reaches p by any name; change may alter the configuration. Its limits
// are short, so that tests wait for milliseconds.
func (p *peer) client(t testing.TB, change func(*Config)) *Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(p.Certificate())
	cfg := Config{
		UserAgent:     "dassie/test (+https://us.example/)",
		AllowNetworks: []netip.Prefix{loopback},
		OwnHosts:      []string{"us.example.com", "Us.example"},
		LookupIP:      func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{here}, nil },
		RootCAs:       pool,
		Now:           time.Now,
		Limits: Limits{DNS: 300 * time.Millisecond, Connect: 300 * time.Millisecond, TLS: 300 * time.Millisecond,
			Header: 300 * time.Millisecond, Total: 600 * time.Millisecond, Snippet: 100 * time.Millisecond},
	}
	if change != nil {
		change(&cfg)
	}
	c := New(cfg)
	t.Cleanup(c.CloseIdle)
	return c
}

func generous(cfg *Config) { cfg.Limits = Limits{} }

// dialled records what was connected to and sends it all to one real address.
type dialled struct {
	mu    sync.Mutex
	addrs []string
}

func (d *dialled) to(real string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		d.mu.Lock()
		d.addrs = append(d.addrs, addr)
		d.mu.Unlock()
		return (&net.Dialer{}).DialContext(ctx, network, real)
	}
}

func (d *dialled) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.addrs, " ")
}

func serveObject(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", activityJSON)
	fmt.Fprint(w, `{"id":"x"}`)
}

var signer = sync.OnceValue(func() *httpsig.Signer {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	return &httpsig.Signer{KeyID: "https://us.example/instance#key", Key: key}
})

func wantErr(t *testing.T, err error, want ...error) {
	t.Helper()
	for _, w := range want {
		if errors.Is(err, w) {
			return
		}
	}
	t.Errorf("got %v, want %v", err, want)
}

// within fails the test if f takes longer than d.
func within(t *testing.T, d time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > d {
		t.Errorf("took %s, allowed are %s", took, d)
	}
}
