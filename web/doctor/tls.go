package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"dassie/federation/remote"
)

const certificateDays = 14 // left at least: renewal comes at 30

// certificate looks at the one that the world sees, and at nothing on the disk.
func (d *doctor) certificate(ctx context.Context, name string) Row {
	r := Row{ID: "certificate", Title: "certificate of " + bare(name), Status: Fail, Limit: fmt.Sprintf("trusted, and valid for %d days at least", certificateDays)}
	if name != d.origin.Host {
		r.ID = "certificate-domain"
	}
	if !d.serving && d.started.TLS != "off" {
		return d.notRunning(r.ID, r.Title)
	}
	leaf, err := d.handshake(ctx, name)
	if err != nil {
		r.Value, r.Mend = d.explain(err, name)
		return r
	}
	left := leaf.NotAfter.Sub(d.Now())
	r.Status, r.Value = OK, "valid for "+spanText(left)+", until "+leaf.NotAfter.UTC().Format("2 January 2006")
	if left < certificateDays*24*time.Hour {
		r.Status, r.Mend = Warn, "it should have been renewed by now: look into the log of what does TLS, the proxy or dassie, and see that port 80 or 443 of this name is reached from outside"
	}
	return r
}

// handshake connects as another server would, and returns the verified leaf.
func (d *doctor) handshake(ctx context.Context, name string) (*x509.Certificate, error) {
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		host, port = name, "443"
	}
	raw, err := d.dial(ctx, host, port)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	conn := tls.Client(raw, &tls.Config{ServerName: host, RootCAs: d.RootCAs, Time: d.Now, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return conn.ConnectionState().PeerCertificates[0], nil
}

func (d *doctor) dial(ctx context.Context, host, port string) (net.Conn, error) {
	if d.LookupIP == nil {
		return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	}
	addrs, err := d.LookupIP(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", remote.ErrResolve, err)
	}
	err = remote.ErrResolve
	for _, a := range addrs {
		var conn net.Conn
		if conn, err = d.dialAddr(ctx, a, port); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (d *doctor) dialAddr(ctx context.Context, a netip.Addr, port string) (net.Conn, error) {
	addr := net.JoinHostPort(a.String(), port)
	if d.DialContext != nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
}

// explain says in plain words why one of our own names cannot be asked, and what
// to do.
func (d *doctor) explain(err error, name string) (value, mend string) {
	var status *remote.StatusError
	var dns *net.DNSError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var foreign x509.HostnameError
	switch {
	case errors.As(err, &status):
		return d.explainStatus(status, name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired, or the clock is wrong", "renew the certificate: look into the log of what does TLS, the proxy or dassie; and look at the row of the clock"
	case errors.As(err, &foreign):
		return "the certificate is for another name", "get a certificate for " + bare(name) + ", and let the proxy use it"
	case errors.As(err, &unknown), errors.As(err, &invalid):
		return "the certificate is of an authority that nobody trusts", "get one from a public authority: Caddy and dassie serve -tls auto do so by themselves"
	case errors.Is(err, remote.ErrResolve), errors.As(err, &dns):
		return name + " has no address", "see the row of its DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return name + " refuses the connection", "start the proxy, let the router pass ports 80 and 443 on to this machine, and open them in the firewall"
	case errors.Is(err, remote.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return name + " does not answer in time", "let the router pass ports 80 and 443 on to this machine and open them in the firewall; some routers cannot be reached under their outer address from inside: then ask from elsewhere"
	case errors.Is(err, remote.ErrContentType):
		return name + " answers with a page of another kind", "let the proxy pass everything on to dassie, with the Accept header"
	case errors.Is(err, remote.ErrRedirect):
		return name + " sends the asker elsewhere", "take redirects out of the proxy for what other servers ask; only /.well-known/webfinger of a handle's domain may lead to the host"
	}
	return err.Error(), "see that https://" + name + "/healthz answers ok"
}

func (d *doctor) explainStatus(err *remote.StatusError, name string) (value, mend string) {
	value = fmt.Sprintf("%s answers %d", err.URL, err.Code)
	switch err.Code {
	case 421:
		return value + ": it does not see its own name", "let the proxy pass the Host header on unchanged: in nginx proxy_set_header Host $host"
	case 403, 429, 503:
		return value, "if something before dassie protects against robots, such as Cloudflare's Bot Fight Mode, switch it off: other servers are robots; otherwise look into the log"
	case 502, 504:
		return value + ": the proxy does not reach dassie", "let the proxy pass requests on to the address that dassie listens on (" + d.started.Listen + ")"
	case 404:
		return value, "let " + name + " lead to this server"
	}
	return value, "look into the log of the proxy and of dassie"
}
