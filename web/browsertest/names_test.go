package browsertest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const hostsFile = "/etc/hosts"

// needRoot skips where port 443 and the names of hosts are not ours.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may listen on port 443 and add names to /etc/hosts")
	}
	f, err := os.OpenFile(hostsFile, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Skipf("names cannot be added: %v", err)
	}
	f.Close()
}

// addHosts adds lines to /etc/hosts, and takes just these away at the end. The
// file is written in place, since containers mount it.
func addHosts(t *testing.T, lines ...string) {
	t.Helper()
	const mark = " # dassie browsertest, may be removed\n"
	without := func() []byte {
		text, err := os.ReadFile(hostsFile)
		if err != nil {
			t.Fatal(err)
		}
		var keep bytes.Buffer
		for line := range strings.Lines(string(text)) {
			if !strings.HasSuffix(line, mark) {
				keep.WriteString(line)
			}
		}
		return keep.Bytes()
	}
	write := func(text []byte) {
		if err := os.WriteFile(hostsFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { write(without()) })
	text := without()
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	for _, l := range lines {
		text = append(text, l+mark...)
	}
	write(text)
}

// authority is a certificate authority that lives for one test.
type authority struct {
	dir, file string
	cert      *x509.Certificate
	key       *ecdsa.PrivateKey
	pool      *x509.CertPool
}

func newAuthority(t *testing.T, dir string) *authority {
	t.Helper()
	a := &authority{dir: dir, pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dassie test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	a.file, _ = a.sign(t, "authority", template)
	return a
}

// issue makes a certificate for a host, as two files.
func (a *authority) issue(t *testing.T, host string) (cert, key string) {
	t.Helper()
	return a.sign(t, host, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	})
}

func (a *authority) sign(t *testing.T, name string, template *x509.Certificate) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, own
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, own.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert == nil {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		a.key = own
		a.pool.AddCert(a.cert)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return a.write(t, name+".crt", "CERTIFICATE", der), a.write(t, name+".key", "PRIVATE KEY", secret)
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
