package fedtest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// leaver is the program whose account is being deleted, with its password.
func leaver(t *testing.T) (*program, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts and kills the real program")
	}
	p := build(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return p, password
}

// deletes counts the Deletes of the account that a peer got.
func deletes(s *fedtest.Stranger) (n int) {
	for _, r := range s.Received("Delete") {
		if strings.Contains(r.Body, "#delete") {
			n++
		}
	}
	return n
}

func (p *program) status(path string) int {
	resp, err := p.do("GET", path, nil, "")
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// everywhere waits until all peers got an activity.
func everywhere(t *testing.T, peers map[string]*fedtest.Stranger, kind string) {
	t.Helper()
	for name, s := range peers {
		if !eventually(30*time.Second, func() bool { return len(s.Received(kind)) > 0 }) {
			t.Fatalf("%s got no %s", name, kind)
		}
	}
}

// reported reads the report: host -> state.
func (p *program) reported() map[string]string {
	p.t.Helper()
	line := regexp.MustCompile(`(?m)^(\S+): (accepted|waiting|no answer|could not verify|refused|gone)\b`)
	out := map[string]string{}
	for _, m := range line.FindAllStringSubmatch(p.run(p.bin, "delete-account", "-data", p.data), -1) {
		out[m[1]] = m[2]
	}
	return out
}

func (p *program) left() (names []string) {
	entries, err := os.ReadDir(p.data)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "-wal") && !strings.HasSuffix(e.Name(), "-shm") {
			names = append(names, e.Name())
		}
	}
	return names
}

// litter puts so much into the media folder that its removal takes a while.
func (p *program) litter(n int) {
	p.t.Helper()
	for i := range n {
		dir := filepath.Join(p.data, "media", fmt.Sprintf("%02x", i%256), fmt.Sprintf("%02x", i/256%256))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte("x"), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

// TestKillNineWhileTheAccountEnds kills the server in every phase of the deletion:
// when it is begun, while servers are told, when that is done and nothing wiped, in
// the middle of wiping, and after it. In the end each peer was told, the report is
// what the peers' own logs say, and nothing is left.
func TestKillNineWhileTheAccountEnds(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 kills the real program there")
	}
	p, password := leaver(t)
	c := fedtest.NewAt(t, time.Now())
	answers := map[string]int{"bob": 202, "gone": 410, "busy": 503, "unsure": 401, "refuses": 403, "slow": 202}
	peers := map[string]*fedtest.Stranger{}
	p.start()
	alice, actor := fedtest.Remote(p.host), p.actor()
	var ending, slowly atomic.Bool
	for name, status := range answers {
		s := c.Stranger(name)
		peers[name] = s
		if code := s.Send(alice, s.Activity("Follow", actor)); code != http.StatusAccepted {
			t.Fatalf("the Follow of %s was answered %d", name, code)
		}
		s.Handle(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodGet:
				s.Write(w, s.Actor())
				return
			case name == "slow" && slowly.Load():
				select {
				case <-r.Context().Done():
					return
				case <-time.After(1500 * time.Millisecond):
				}
			}
			if ending.Load() {
				w.WriteHeader(status)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		})
	}
	everywhere(t, peers, "Accept")
	uri := p.publish("Everywhere", "k")
	everywhere(t, peers, "Create")
	p.run(p.bin, "backup", "-data", p.data, filepath.Join(p.data, "monday")) // it holds the key
	post := strings.TrimPrefix(uri, "http://"+p.host)
	ending.Store(true)
	slowly.Store(true)

	// Begun, with nobody told: the server is off when it is decided.
	p.end(syscall.SIGKILL)
	p.run(p.bin, "delete-account", "-data", p.data, "-confirm", "@alice@"+p.host, "-password-file", password)
	p.up()
	time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
	p.end(syscall.SIGKILL)

	// While servers are told.
	for range 3 {
		p.start()
		if code := p.status(post); code != http.StatusGone {
			t.Fatalf("while servers are told the post is answered %d", code)
		}
		time.Sleep(time.Duration(100+rand.IntN(600)) * time.Millisecond)
		p.end(syscall.SIGKILL)
	}
	slowly.Store(false)
	p.start()
	if !eventually(30*time.Second, func() bool {
		r := p.reported()
		return r[peers["slow"].Host] == "accepted" && r[peers["bob"].Host] == "accepted" && r[peers["busy"].Host] == "no answer" && r[peers["unsure"].Host] == "could not verify"
	}) {
		t.Fatalf("so far: %v", p.reported())
	}
	for path, want := range map[string]int{"/instance": 200, "/@alice": 410, strings.TrimPrefix(actor, "http://"+p.host): 410, "/inbox": 410, "/api/v1/timelines/home": 410, "/api/v1/streaming/user": 410, "/oauth/token": 410, "/@alice.atom": 410, "/nodeinfo/2.1": 410, "/.well-known/webfinger?resource=acct:alice@" + p.host: 410, "/media/x": 410, "/login": 410, "/me": 410} {
		if code := p.status(path); code != want {
			t.Errorf("while servers are told %s is answered %d, want %d", path, code, want)
		}
	}
	if code := peers["bob"].TrySend(alice, peers["bob"].Activity("Create", peers["bob"].Note("/n/1", "late"))); code != http.StatusGone {
		t.Errorf("a post to the inbox is answered %d", code)
	}

	// Done, and not wiped; then in the middle of wiping, again and again.
	p.end(syscall.SIGKILL)
	p.litter(8000)
	p.run(p.bin, "delete-account", "-data", p.data, "-stop-asking", "-password-file", password)
	final := p.reported()
	for round := range 12 {
		p.up()
		time.Sleep(time.Duration(20+round*25+rand.IntN(30)) * time.Millisecond)
		p.end(syscall.SIGKILL)
	}
	p.start()
	if !eventually(2*time.Minute, func() bool { return slices.Equal(p.left(), []string{store.FileName, "lock"}) }) { // a busy disk takes its time
		t.Errorf("left are %q", p.left())
	}
	for round := range 2 { // after it, and after a crash then
		for _, path := range []string{"/@alice", post, "/instance", "/inbox", "/"} {
			if code := p.status(path); code != http.StatusGone {
				t.Errorf("round %d: at the end %s is answered %d", round, path, code)
			}
		}
		p.end(syscall.SIGKILL)
		p.start()
	}
	report := p.reported()
	want := map[string]string{"bob": "accepted", "slow": "accepted", "gone": "gone", "busy": "no answer", "unsure": "could not verify", "refuses": "could not verify"}
	for name, s := range peers {
		if report[s.Host] != want[name] || final[s.Host] != want[name] {
			t.Errorf("%s: the report says %q, and said %q before the wiping; want %q", name, report[s.Host], final[s.Host], want[name])
		}
		if deletes(s) == 0 {
			t.Errorf("%s was never told", name)
		}
	}
	if len(report) != len(peers) {
		t.Errorf("the report has %d servers: %v", len(report), report)
	}
	p.end(syscall.SIGTERM)
	if text, _ := os.ReadFile(p.log.Name()); !strings.Contains(string(text), "server="+peers["gone"].Host+" state=gone") {
		t.Error("the log does not say what became of each server")
	}
}
