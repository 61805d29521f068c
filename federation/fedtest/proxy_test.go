package fedtest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"dassie/assets"
	"dassie/federation/httpsig"
)

const proxied = "veldkamp.example" // the name that the snippets are written for

// TestProxySnippets runs the snippets that the README gives out: what stands
// behind them must see the right host, the right scheme and the right address.
func TestProxySnippets(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 starts the proxies")
	}
	for _, proxy := range []struct {
		name string
		run  func(t *testing.T, dir, backend, front string) *exec.Cmd
	}{{"nginx", nginx}, {"caddy", caddy}} {
		t.Run(proxy.name, func(t *testing.T) {
			if _, err := exec.LookPath(proxy.name); err != nil {
				t.Skipf("%s is not installed: its snippet is not tested here", proxy.name)
			}
			p := build(t)
			p.data += "-public"
			password := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(password, []byte("correct horse battery"), 0o600); err != nil {
				t.Fatal(err)
			}
			p.run(p.bin, "init", "-data", p.data, "-domain", proxied, "-name", "anna", "-password-file", password)
			p.startBehind()
			defer p.end(syscall.SIGTERM)
			dir := t.TempDir()
			os.Chmod(dir, 0o755)
			writeCertificate(t, dir)
			_, port, _ := net.SplitHostPort(p.host)
			front := freeAddress(t)
			cmd := proxy.run(t, dir, "127.0.0.1:"+port, front)
			cmd.Stdout, cmd.Stderr = p.log, p.log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				cmd.Process.Signal(os.Interrupt)
				cmd.Wait()
			}()
			lookThroughProxy(t, front)
			if t.Failed() {
				text, _ := os.ReadFile(p.log.Name())
				t.Logf("%s", text)
			}
		})
	}
}

// startBehind starts the server for a public domain, with a proxy on loopback.
func (p *program) startBehind() {
	p.t.Helper()
	_, port, _ := net.SplitHostPort(p.host)
	p.cmd = exec.Command(p.bin, "serve", "-data", p.data, "-listen", "127.0.0.1:"+port, "-trusted-proxies", "127.0.0.1/32,::1/128")
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	if !eventually(10*time.Second, func() bool {
		resp, err := p.do("GET", "/healthz", nil, "")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}) {
		p.t.Fatal("the server did not start")
	}
}

func lookThroughProxy(t *testing.T, front string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // a certificate made for this test alone
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, front)
		},
	}}
	get := func(address string) (int, string) {
		resp, err := client.Get(address)
		if err != nil {
			return 0, err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	base := "https://" + proxied
	if !eventually(10*time.Second, func() bool { status, _ := get(base + "/"); return status == http.StatusOK }) {
		status, body := get(base + "/")
		t.Fatalf("the profile answers %d %s", status, body)
	}
	status, page := get(base + "/login")
	csrf := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(page)
	if status != http.StatusOK || csrf == nil {
		t.Fatalf("the log-in page answers %d", status)
	}
	resp, err := client.PostForm(base+"/login", url.Values{"csrf": {csrf[1]}, "name": {"anna"}, "password": {"correct horse battery"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	// Over plain http the log-in is refused: the session shows that the scheme arrived.
	if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != "/me" {
		t.Errorf("logging in ended at %s with %d", resp.Request.URL, resp.StatusCode)
	}
	r, err := http.NewRequest(http.MethodPost, base+"/inbox", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer := httpsig.Signer{KeyID: "https://nobody.example/key", Key: key}
	if err := signer.SignCavage(r, []byte(`{}`), time.Now()); err != nil {
		t.Fatal(err)
	}
	resp, err = client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); strings.Contains(string(body), "signed for") || strings.Contains(string(body), "host") || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a signed request did not arrive as it was signed: %d %s", resp.StatusCode, body)
	}
}

func nginx(t *testing.T, dir, backend, front string) *exec.Cmd {
	t.Helper()
	snippet := deployed(t, "nginx.conf")
	for from, to := range map[string]string{
		"listen 80;": "listen " + freeAddress(t) + ";", "\tlisten [::]:80;\n": "", "\tlisten [::]:443 ssl http2;\n": "",
		"listen 443 ssl": "listen " + front + " ssl", "127.0.0.1:8080": backend, "/etc/letsencrypt/live/" + proxied: dir,
	} {
		if !strings.Contains(snippet, from) {
			t.Fatalf("the snippet no longer holds %q", from)
		}
		snippet = strings.ReplaceAll(snippet, from, to)
	}
	conf := "daemon off;\npid " + dir + "/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\nclient_body_temp_path " + dir + "/b;\nproxy_temp_path " + dir + "/p;\nfastcgi_temp_path " + dir + "/f;\nuwsgi_temp_path " + dir + "/u;\nscgi_temp_path " + dir + "/s;\n" + snippet + "}\n"
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command("nginx", "-c", file, "-p", dir)
}

func caddy(t *testing.T, dir, backend, front string) *exec.Cmd {
	t.Helper()
	snippet := deployed(t, "Caddyfile")
	_, port, _ := net.SplitHostPort(front)
	snippet = strings.Replace(snippet, "\n"+proxied+" {\n", "\n"+proxied+":"+port+" {\n\tbind 127.0.0.1\n\ttls "+dir+"/fullchain.pem "+dir+"/privkey.pem\n", 1)
	snippet = strings.Replace(snippet, "localhost:8080", backend, -1)
	conf := "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + snippet
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("caddy", "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	return cmd
}

func deployed(t *testing.T, name string) string {
	t.Helper()
	b, err := assets.Deploy(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// writeCertificate makes a certificate for the snippets' name in their file names.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: proxied}, DNSNames: []string{proxied},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"fullchain.pem": {Type: "CERTIFICATE", Bytes: der}, "privkey.pem": {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
