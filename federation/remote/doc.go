// Package remote is the only place from which dassie talks to other servers:
// signed GET of ActivityPub documents, plain GET of discovery documents, of media
// and of web pages, signed POST to inboxes. (For certificates of its own it also talks to
// their authority, by package acme in web/listen.)
//
// It owns the judgement of URLs and addresses (no request ever reaches a
// private network that was not allowed), the limits of time, size and
// redirects, and the check of content types. It never decides what a document
// means or whether its origin may say it, never signs with a key of its own,
// never retries, and keeps nothing but idle connections, TLS sessions and a
// small cache of refused URLs. It writes no tables and no files.
//
// Every connection goes the same way: the name is resolved once, every address
// of the answer is judged, one of these addresses is dialled, and the dialer
// judges again what it is about to connect to. A redirect starts over.
package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Config says who we are and what may be reached. The zero value reaches the
// public internet over https.
type Config struct {
	UserAgent string // product, version and +https://host/

	// Loopback is http mode: only http URLs, only loopback addresses are
	// dialled, *.localhost is loopback without asking DNS, any port. Otherwise
	// https only, on ports 443, 80 and from 1024 on but for well-known services.
	Loopback bool

	AllowNetworks []netip.Prefix // private networks that may be reached all the same
	OwnHosts      []string       // our own host and handle domain, with port if not the default; never dialled

	// LookupIP resolves a name; nil is the system's resolver. IPv4 addresses
	// must come as such, not mapped into IPv6.
	LookupIP func(ctx context.Context, host string) ([]netip.Addr, error)
	// DialContext connects to an ip:port that has been judged; nil is a
	// net.Dialer that judges again before it connects.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	RootCAs *x509.CertPool   // nil: the system's
	Now     func() time.Time // nil: time.Now; used for signatures and the cache of refusals
	Limits  Limits
}

// Limits bound each request. A zero field takes the default in its comment.
type Limits struct {
	DNS     time.Duration // resolving a name: 5 s
	Connect time.Duration // connecting to all addresses of a name: 5 s
	TLS     time.Duration // handshake: 5 s
	Header  time.Duration // from the request's last byte to the end of the answer's headers: 10 s
	Total   time.Duration // all of one call, redirects and body included: 30 s
	Snippet time.Duration // reading the body of an answer to a POST: 2 s
	Object  int64         // bytes of an ActivityPub or discovery document, decompressed: 1 MiB
}

func (l Limits) withDefaults() Limits {
	set := func(d *time.Duration, seconds int) {
		if *d <= 0 {
			*d = time.Duration(seconds) * time.Second
		}
	}
	set(&l.DNS, 5)
	set(&l.Connect, 5)
	set(&l.TLS, 5)
	set(&l.Header, 10)
	set(&l.Total, 30)
	set(&l.Snippet, 2)
	if l.Object <= 0 {
		l.Object = 1 << 20
	}
	return l
}

const (
	maxRedirects   = 3
	maxIdle        = 64 // connections, about 50 KiB each
	maxTLSSessions = 128
	maxHeaderBytes = 32 << 10
)

// Client makes requests. It is safe for concurrent use; hundreds of calls may
// wait for slow hosts at the same time without hindering others.
type Client struct {
	cfg       Config
	limits    Limits
	own       map[string]bool // canonical host[:port]
	transport *http.Transport
	refused   *refusals
}

// New returns a Client. Call [Client.CloseIdle] when it is not needed any more.
func New(cfg Config) *Client {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{cfg: cfg, limits: cfg.Limits.withDefaults(), own: map[string]bool{}, refused: newRefusals()}
	for _, h := range cfg.OwnHosts {
		if host, port, err := splitHost(h); err == nil {
			h = joinPort(host, port)
		}
		c.own[c.dropDefaultPort(strings.ToLower(h))] = true
	}
	if c.cfg.LookupIP == nil {
		c.cfg.LookupIP = lookupSystem
	}
	if c.cfg.DialContext == nil {
		d := &net.Dialer{KeepAlive: 30 * time.Second, ControlContext: c.control}
		c.cfg.DialContext = d.DialContext
	}
	// HTTP/1.1 on purpose: most hosts get one request now and then, and the limit of
	// idle connections does not hold for HTTP/2, of which each weighs 45 KiB.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	c.transport = &http.Transport{
		Protocols:   &protocols,
		Proxy:       nil, // a proxy from the environment would dial what we have not judged
		DialContext: c.dial,
		TLSClientConfig: &tls.Config{
			RootCAs:            cfg.RootCAs,
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(maxTLSSessions),
		},
		TLSHandshakeTimeout:    c.limits.TLS,
		ResponseHeaderTimeout:  c.limits.Header,
		DisableCompression:     true, // we ask for gzip ourselves, to bound what comes out of it
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		WriteBufferSize:        2 << 10,
		ReadBufferSize:         2 << 10,
	}
	return c
}

// CloseIdle closes the connections that no request is using.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }
