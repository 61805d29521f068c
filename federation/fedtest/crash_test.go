package fedtest_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// program is the real binary on real data, killed again and again.
type program struct {
	t     *testing.T
	bin   string
	data  string
	host  string
	token string
	cmd   *exec.Cmd
	log   *os.File
}

func build(t *testing.T) *program {
	t.Helper()
	p := &program{t: t, bin: filepath.Join(t.TempDir(), "dassie"), data: filepath.Join(t.TempDir(), "data")}
	p.run("go", "build", "-o", p.bin, "dassie")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	p.host = "alice.localhost:" + port
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(p.bin, "init", "-data", p.data, "-domain", p.host, "-name", "alice", "-password-file", password, "-approve-followers=false")
	p.token = strings.TrimSpace(p.run(p.bin, "token", "-data", p.data, "-scopes", "read write follow"))
	if p.log, err = os.Create(filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) run(name string, args ...string) string {
	p.t.Helper()
	cmd := exec.Command(name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("%s %v: %v\n%s", name, args, err, errs.String())
	}
	return out.String()
}

// up starts the program, which may be killed before it is well.
func (p *program) up() {
	p.t.Helper()
	_, port, _ := net.SplitHostPort(p.host)
	p.cmd = exec.Command(p.bin, "serve", "-data", p.data, "-listen", "127.0.0.1:"+port)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *program) start() {
	p.t.Helper()
	p.up()
	if !eventually(10*time.Second, func() bool {
		resp, err := p.do("GET", "/healthz", nil, "")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}) {
		text, _ := os.ReadFile(p.log.Name())
		p.t.Fatalf("the server did not start:\n%s", text)
	}
}

func (p *program) end(sig syscall.Signal) {
	p.cmd.Process.Signal(sig)
	p.cmd.Wait()
}

func (p *program) do(method, path string, form url.Values, key string) (*http.Response, error) {
	_, port, _ := net.SplitHostPort(p.host)
	r, err := http.NewRequestWithContext(context.Background(), method, "http://127.0.0.1:"+port+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Host = p.host
	r.Header.Set("Authorization", "Bearer "+p.token)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return (&http.Client{Timeout: 5 * time.Second}).Do(r)
}

// publish posts a text and returns the post's uri once it was acknowledged.
func (p *program) publish(text, key string) string {
	resp, err := p.do("POST", "/api/v1/statuses", url.Values{"status": {text}, "visibility": {"public"}}, key)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var status struct{ URI string }
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, &status) != nil {
		return ""
	}
	return status.URI
}

func eventually(limit time.Duration, done func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if done() {
			return true
		}
		time.Sleep(20 * time.Millisecond) // another process: there is no queue to drive
	}
	return false
}

// TestKillNine kills the server at random moments while posts arrive and leave:
// what was acknowledged is there, what was published arrives once and again.
func TestKillNine(t *testing.T) {
	rounds := 6
	if os.Getenv("DASSIE_LONG") != "" {
		rounds = 60
	}
	if testing.Short() {
		t.Skip("starts and kills the real program")
	}
	p := build(t)
	c := fedtest.NewAt(t, time.Now())
	bob := c.Stranger("bob")
	p.start()
	alice := fedtest.Remote(p.host)
	if status := bob.Send(alice, bob.Activity("Follow", p.actor())); status != http.StatusAccepted {
		t.Fatalf("the Follow was answered %d", status)
	}
	p.follow(bob)
	var mu sync.Mutex
	var published, delivered []string
	for round := range rounds {
		if round > 0 {
			p.start()
		}
		kill := time.After(time.Duration(30+rand.IntN(400)) * time.Millisecond)
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for lane := range 4 {
			wg.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					name := fmt.Sprintf("%d-%d-%d", round, lane, n)
					uri := p.publish("Post "+name, "key-"+name)
					note := bob.Note("/n/"+name, "<p>"+name+"</p>")
					ok := bob.TrySend(alice, bob.Activity("Create", note)) == http.StatusAccepted
					mu.Lock()
					if uri != "" {
						published = append(published, uri)
					}
					if ok {
						delivered = append(delivered, note["id"].(string))
					}
					mu.Unlock()
				}
			})
		}
		<-kill
		p.end(syscall.SIGKILL)
		cancel()
		wg.Wait()
	}
	p.start()
	arrived := map[string]bool{}
	if !eventually(60*time.Second, func() bool {
		for _, r := range bob.Received("Create") {
			for _, uri := range published {
				if !arrived[uri] && strings.Contains(r.Body, `"`+uri+`"`) {
					arrived[uri] = true
				}
			}
		}
		return len(arrived) == len(published)
	}) {
		t.Errorf("%d of %d published posts arrived", len(arrived), len(published))
	}
	p.end(syscall.SIGTERM)
	checkStored(t, p.data, append(published, delivered...))
	t.Logf("%d rounds: %d posts published, %d taken, all there", rounds, len(published), len(delivered))
}

func checkStored(t *testing.T, data string, uris []string) {
	t.Helper()
	st, err := store.Open(data, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	missing := 0
	err = st.Read(context.Background(), func(tx *store.Tx) error {
		for _, uri := range uris {
			if _, err := tx.PostIDByURI(uri); err != nil {
				missing++
			}
		}
		return nil
	})
	if err != nil || missing > 0 {
		t.Errorf("%d of %d acknowledged posts are missing, %v", missing, len(uris), err)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(data, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("pragma integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %q %v", verdict, err)
	}
}

// actor reads the actor's id from WebFinger.
func (p *program) actor() string {
	resp, err := p.do("GET", "/.well-known/webfinger?resource=acct:alice@"+p.host, nil, "")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		Links []struct{ Rel, Href string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		p.t.Fatal(err)
	}
	for _, l := range doc.Links {
		if l.Rel == "self" {
			return l.Href
		}
	}
	p.t.Fatal("no actor")
	return ""
}

// follow makes the owner follow a stranger, through the client API.
func (p *program) follow(who *fedtest.Stranger) {
	p.t.Helper()
	resp, err := p.do("GET", "/api/v2/search?resolve=true&type=accounts&q="+url.QueryEscape("@"+who.Name+"@"+who.Host), nil, "")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var found struct{ Accounts []struct{ ID string } }
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil || len(found.Accounts) != 1 {
		p.t.Fatalf("search found %v, %v", found, err)
	}
	resp, err = p.do("POST", "/api/v1/accounts/"+found.Accounts[0].ID+"/follow", url.Values{}, "")
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("follow: %v %v", resp, err)
	}
	resp.Body.Close()
	if !eventually(10*time.Second, func() bool { return len(who.Received("Follow")) > 0 }) {
		p.t.Fatal("the Follow did not leave")
	}
	var follow struct{ ID string }
	if err := json.Unmarshal([]byte(who.Received("Follow")[0].Body), &follow); err != nil {
		p.t.Fatal(err)
	}
	if status := who.Send(fedtest.Remote(p.host), who.Activity("Accept", follow.ID)); status != http.StatusAccepted {
		p.t.Fatalf("the Accept was answered %d", status)
	}
}
