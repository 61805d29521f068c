package listen

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// Files makes a TLS configuration from a certificate and its key. The files
// are read again when they change, so that a renewal needs no restart.
func Files(cert, key string) (*tls.Config, error) {
	p := &pair{cert: cert, key: key}
	if _, err := p.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.get}, nil
}

type pair struct {
	cert, key string

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed time.Time
}

func (p *pair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	info, err := os.Stat(p.cert)
	if err == nil && p.loaded != nil && info.ModTime().Equal(p.changed) {
		return p.loaded, nil
	}
	if err == nil {
		var c tls.Certificate
		if c, err = tls.LoadX509KeyPair(p.cert, p.key); err == nil {
			p.loaded, p.changed = &c, info.ModTime()
			return p.loaded, nil
		}
	}
	if p.loaded != nil {
		return p.loaded, nil // in the middle of a renewal the old one still serves
	}
	return nil, fmt.Errorf("read the certificate: %w", err)
}
