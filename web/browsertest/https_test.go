package browsertest

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHTTPS runs two servers with public names, as they run in the world: once
// behind a proxy that does TLS, once with certificates of their own.
func TestHTTPS(t *testing.T) {
	for _, way := range []string{"proxy", "files"} {
		t.Run(way, func(t *testing.T) {
			needRoot(t)
			dir := t.TempDir()
			ca := newAuthority(t, dir)
			anna := &site{name: "anna", host: "anna-dassie.test", addr: "127.0.3.1", dir: filepath.Join(dir, "anna")}
			boris := &site{name: "boris", host: "boris-dassie.test", addr: "127.0.3.2", dir: filepath.Join(dir, "boris")}
			addHosts(t, anna.addr+" "+anna.host, boris.addr+" "+boris.host)
			for _, s := range []*site{anna, boris} {
				s.boot(t, ca, way == "proxy")
			}
			anna.discovered(t)
			anna.doctored(t, ca)
			anna.acquainted(t, boris)
		})
	}
}

// site is one server with a public name.
type site struct {
	name, host, addr, dir string
	client                *http.Client
	token                 string
}

// boot makes the account and starts the server.
func (s *site) boot(t *testing.T, ca *authority, proxied bool) *running {
	t.Helper()
	s.client = &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	password := filepath.Join(filepath.Dir(s.dir), s.name+"-password")
	if err := os.WriteFile(password, []byte("a-password-in-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "init", "-data", s.dir, "-name", s.name, "-domain", s.host, "-approve-followers=false", "-password-file", password)
	s.token = strings.TrimSpace(command(t, "token", "-data", s.dir, "-scopes", "read write follow"))
	return s.serve(t, ca, proxied)
}

// serve starts the server, and a proxy if there is to be one.
func (s *site) serve(t *testing.T, ca *authority, proxied bool) *running {
	t.Helper()
	cert, key := ca.issue(t, s.host)
	args := []string{"serve", "-data", s.dir, "-allow-networks", "127.0.0.0/8"}
	if proxied {
		args = append(args, "-tls", "off", "-listen", "127.0.0.1:0", "-trusted-proxies", "127.0.0.0/8")
	} else {
		args = append(args, "-tls", "files", "-tls-cert", cert, "-tls-key", key, "-listen", s.addr+":443")
	}
	r := start(t, []string{"SSL_CERT_FILE=" + ca.file}, args...)
	addr := r.until(`listening.*for=web.*addr=(\S+)`)[1]
	if proxied {
		s.proxy(t, cert, key, addr)
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		res, err := s.client.Get("https://" + s.host + "/healthz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == 200 {
				return r
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not there after %v: %v", s.host, patience, err)
		}
	}
}

// proxy does TLS for a server, and says so in X-Forwarded-Proto.
func (s *site) proxy(t *testing.T, cert, key, to string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", s.addr+":443", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Skipf("port 443 of %s cannot be had: %v", s.addr, err)
	}
	server := &http.Server{Handler: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: to})
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}}}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}

// doctored: doctor finds nothing that fails, and says what is odd about names
// that lead to this machine alone and certificates that live for an hour.
func (s *site) doctored(t *testing.T, ca *authority) {
	t.Helper()
	cmd := exec.Command(program(t), "doctor", "-data", s.dir, "-json")
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+ca.file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("doctor: %v\n%s", err, out)
	}
	var report struct {
		OK   bool
		Rows []struct{ ID, Status, Value string }
	}
	if err := json.Unmarshal(out, &report); err != nil || !report.OK {
		t.Errorf("doctor: %v\n%s", err, out)
	}
	want := map[string]string{"database": "ok", "server": "ok", "webfinger": "ok", "actor": "ok", "certificate": "warn", "dns": "warn", "networks": "warn"}
	for _, row := range report.Rows {
		if w, ok := want[row.ID]; ok && w != row.Status {
			t.Errorf("doctor on %s: %s, %s", row.ID, row.Status, row.Value)
		}
		delete(want, row.ID)
		if row.ID == "way" && !strings.HasPrefix(row.Value, "Host "+s.host+", scheme https") {
			t.Errorf("doctor on what arrives: %s", row.Value)
		}
	}
	if len(want) > 0 {
		t.Errorf("doctor has no rows %v", want)
	}
}

// command runs the program to its end and returns what it prints.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(program(t), args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("dassie %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

// ask sends one request and reads JSON; form is nil for a GET.
func (s *site) ask(t *testing.T, path string, form url.Values, into any) {
	t.Helper()
	method := "GET"
	if form != nil {
		method = "POST"
	}
	status, text := s.request(t, method, path, form)
	if status != 200 {
		t.Fatalf("%s %s: %d\n%s", method, path, status, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
}

// request sends one request with the token.
func (s *site) request(t *testing.T, method, path string, form url.Values) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequest(method, "https://"+s.host+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, text
}

// discovered: WebFinger and NodeInfo lead to https addresses, and pages are
// answered as they are over https.
func (s *site) discovered(t *testing.T) {
	t.Helper()
	var finger struct {
		Subject string
		Links   []struct{ Rel, Href string }
	}
	s.ask(t, "/.well-known/webfinger?resource=acct:"+s.name+"@"+s.host, nil, &finger)
	actor := ""
	for _, l := range finger.Links {
		if l.Rel == "self" {
			actor = l.Href
		}
	}
	if finger.Subject != "acct:"+s.name+"@"+s.host || !strings.HasPrefix(actor, "https://"+s.host+"/users/") {
		t.Errorf("WebFinger: %+v", finger)
	}
	var info struct {
		Links []struct{ Rel, Href string }
	}
	s.ask(t, "/.well-known/nodeinfo", nil, &info)
	if len(info.Links) == 0 || !strings.HasPrefix(info.Links[0].Href, "https://"+s.host+"/nodeinfo/") {
		t.Fatalf("NodeInfo: %+v", info)
	}
	var node struct{ Software struct{ Name string } }
	s.ask(t, strings.TrimPrefix(info.Links[0].Href, "https://"+s.host), nil, &node)
	if node.Software.Name != "dassie" {
		t.Errorf("NodeInfo: %+v", node)
	}
	res, err := s.client.Get("https://" + s.host + "/login")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if cookie := res.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-") || !strings.Contains(cookie, "Secure") {
		t.Errorf("over https the log-in gives the cookie %q", cookie)
	}
	if hsts := res.Header.Get("Strict-Transport-Security"); hsts == "" {
		t.Error("over https there is no Strict-Transport-Security")
	}
}

// acquainted: both follow each other through the API, and what one writes the
// other has.
func (s *site) acquainted(t *testing.T, other *site) {
	t.Helper()
	s.follow(t, other)
	other.follow(t, s)
	const text = "The first words over https."
	var sent struct{ URI string }
	s.ask(t, "/api/v1/statuses", url.Values{"status": {text}}, &sent)
	if !strings.HasPrefix(sent.URI, "https://"+s.host+"/posts/") {
		t.Errorf("the post is %q", sent.URI)
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		var home []struct{ URI, Content string }
		other.ask(t, "/api/v1/timelines/home", nil, &home)
		for _, p := range home {
			if p.URI == sent.URI && strings.Contains(p.Content, text) {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the post is not at %s after %v: %+v", other.host, patience, home)
		}
	}
}

func (s *site) follow(t *testing.T, whom *site) {
	t.Helper()
	var found struct{ Accounts []struct{ ID, Acct string } }
	s.ask(t, "/api/v2/search?type=accounts&resolve=true&q="+url.QueryEscape("@"+whom.name+"@"+whom.host), nil, &found)
	if len(found.Accounts) != 1 {
		t.Fatalf("%s looks %s up and finds %+v", s.name, whom.name, found)
	}
	var is struct{ Following, Requested bool }
	id := found.Accounts[0].ID
	s.ask(t, "/api/v1/accounts/"+id+"/follow", url.Values{}, &is)
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		var list []struct{ Following bool }
		s.ask(t, "/api/v1/accounts/relationships?id[]="+id, nil, &list)
		if len(list) == 1 && list[0].Following {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not follow %s after %v", s.name, whom.name, patience)
		}
	}
}
