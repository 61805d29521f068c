package browsertest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// clientDay is a day's use of one client: it is signed in on home by its owner, who
// meets the owner of away, on another server.
type clientDay struct {
	t          *testing.T
	ca         *authority
	home, away *site
	push       *pushService
	picture    string
}

// newClientDay starts both servers, over https, and a push service.
func newClientDay(t *testing.T) *clientDay {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	d := &clientDay{t: t, ca: newAuthority(t, dir), picture: filepath.Join(dir, "picture.png")}
	drawPicture(t, d.picture)
	d.home = &site{name: "hana", host: "hana-dassie.test", addr: "127.0.4.1", dir: filepath.Join(dir, "hana")}
	d.away = &site{name: "awe", host: "awe-dassie.test", addr: "127.0.4.2", dir: filepath.Join(dir, "awe")}
	d.push = &pushService{host: "push-dassie.test", addr: "127.0.4.3"}
	addHosts(t, d.home.addr+" "+d.home.host, d.away.addr+" "+d.away.host, d.push.addr+" "+d.push.host)
	d.push.start(t, d.ca)
	d.home.boot(t, d.ca, false)
	d.away.boot(t, d.ca, false)
	return d
}

// run runs a client to the end of its day. It asks for the owner's consent by a line
// "consent ADDRESS", and is told where the browser was led; by a line "pushed" it waits
// until something was pushed to it; it tells of faults by lines "fault TEXT".
func (d *clientDay) run(cmd *exec.Cmd) {
	d.t.Helper()
	cmd.Env = append(os.Environ(), "HOME_SERVER="+d.home.host, "AWAY_SERVER="+d.away.host, "AWAY_TOKEN="+d.away.token, "PUSH="+d.push.url(),
		"PICTURE="+d.picture, "NODE_EXTRA_CA_CERTS="+d.ca.file, "SSL_CERT_FILE="+d.ca.file)
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	force := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
	defer force.Stop()
	for s := bufio.NewScanner(out); s.Scan(); {
		if address, asked := strings.CutPrefix(s.Text(), "consent "); asked {
			fmt.Fprintln(in, d.home.consents(d.t, d.ca, address))
			continue
		}
		if s.Text() == "pushed" {
			d.push.pushed(d.t)
			fmt.Fprintln(in, "yes")
			continue
		}
		said.WriteString(s.Text() + "\n")
	}
	if err := cmd.Wait(); err != nil {
		d.t.Errorf("the day did not end well: %v\n%s", err, &said)
	} else {
		d.t.Logf("%s", &said)
	}
}

// consents is the owner in a browser at the address to which an app sends them: logs
// in, and allows what is asked for. It returns where the browser is led.
func (s *site) consents(t *testing.T, ca *authority, address string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	browser := &http.Client{Jar: jar, Timeout: patience, Transport: reader{&http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool}}},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if last = r.URL.String(); r.URL.Host != s.host {
				return http.ErrUseLastResponse
			}
			return nil
		}}
	defer browser.CloseIdleConnections()
	page := func(res *http.Response, err error) string {
		if err != nil {
			t.Error(err)
			return ""
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode >= 400 {
			t.Errorf("on the way to consent: %d %v\n%s", res.StatusCode, err, text)
		}
		return string(text)
	}
	login := page(browser.Get(address))
	asked := page(browser.PostForm("https://"+s.host+"/login", fields(login, "name", s.name, "password", "a-password-in-a-file")))
	last = ""
	page(browser.PostForm("https://"+s.host+"/oauth/authorize", fields(asked, "answer", "allow")))
	return last
}

// reader asks for pages, as browsers do.
type reader struct{ http.RoundTripper }

func (b reader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	return b.RoundTripper.RoundTrip(r)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// fields are what a page's form sends along, and what is filled in.
func fields(page string, pairs ...string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// pushService takes what is pushed to the client.
type pushService struct {
	host, addr string
	mu         sync.Mutex
	got        []http.Header
}

func (p *pushService) url() string { return "https://" + p.host + "/to/this-phone" }

func (p *pushService) start(t *testing.T, ca *authority) {
	t.Helper()
	cert, key := ca.issue(t, p.host)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", p.addr+":443", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Skipf("port 443 of %s cannot be had: %v", p.addr, err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, r.Header.Clone())
		w.WriteHeader(http.StatusCreated)
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}

// pushed: something came, encrypted as clients have it that do not ask for the standard
// way, and signed by the server.
func (p *pushService) pushed(t *testing.T) {
	t.Helper()
	eventually(t, "the push service is told", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.got) > 0
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.got {
		if h.Get("Content-Encoding") != "aesgcm" || h.Get("Authorization") == "" || h.Get("TTL") == "" {
			t.Errorf("pushed: %v", h)
		}
	}
}

// clientModules is the folder with the client libraries from npm.
func clientModules(t *testing.T) string {
	t.Helper()
	modules := os.Getenv("DASSIE_CLIENTS")
	if modules == "" {
		t.Skip("DASSIE_CLIENTS is not set: copy web/browsertest/clients to a folder, run npm ci there, and name it")
	}
	return modules
}

// script runs one of the scripts in clients.
func (d *clientDay) script(modules, name string) {
	d.t.Helper()
	for _, file := range []string{"day.mjs", "shapes.mjs", name} { // node looks for modules beside the script
		text, err := os.ReadFile(filepath.Join("clients", file))
		if err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(modules, file), text, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(d.t.Context(), 3*time.Minute)
	defer cancel()
	d.run(exec.CommandContext(ctx, node(modules, os.Getenv("DASSIE_PEER")), filepath.Join(modules, name)))
}

// node is the one that was installed among modules, or else the machine's, which is
// to be 22 or newer.
func node(folders ...string) string {
	for _, modules := range folders {
		path := filepath.Join(modules, "node_modules", "node-linux-"+map[string]string{"amd64": "x64"}[runtime.GOARCH], "bin", "node")
		if _, err := os.Stat(path); modules != "" && err == nil {
			return path
		}
	}
	return "node"
}

// The day of an app in JavaScript: Elk and Phanpy are written with this library.
func TestDayWithMasto(t *testing.T) {
	modules := clientModules(t)
	d := newClientDay(t)
	d.script(modules, "masto.mjs")
}

// The day of an app that speaks with many kinds of server.
func TestDayWithMegalodon(t *testing.T) {
	modules := clientModules(t)
	d := newClientDay(t)
	d.script(modules, "megalodon.mjs")
}

// The day of a bot or a program in a terminal, in Go: server-sent events, and all
// that is sent as plain forms.
func TestDayWithGoMastodon(t *testing.T) {
	clientModules(t) // the library is fetched like those
	needRoot(t)
	path := filepath.Join(t.TempDir(), "gomastodon")
	if out, err := goCommand(t, "gomastodon", []string{"GOFLAGS=-mod=readonly"}, "build", "-o", path, "."); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	d := newClientDay(t)
	d.run(exec.Command(path))
}
