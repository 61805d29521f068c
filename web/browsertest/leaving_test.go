package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// TestDisasterAndLeaving is the end of a server: the power is pulled while posts
// arrive, the last backup is restored elsewhere, an archive is taken along, the
// account deleted and watched to the end.
func TestDisasterAndLeaving(t *testing.T) {
	long(t)
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		e := newEndOfHouse(t)
		e.meet()
		e.pullThePower()
		e.moveTheDisk()
		p := newTab(t, "http://"+e.host, l)
		p.scripts(scripts)
		p.logIn("alice", streetPassword)
		e.takeArchive(p)
		e.leave(p)
		e.watch(p)
	})
}

// endOfHouse is the real program with peers of each kind.
type endOfHouse struct {
	t *testing.T
	*fedtest.Cluster
	host, data    string
	password      string // file
	run           *running
	bob, busy     *fedtest.Stranger // takes everything; is down
	unsure, burnt *fedtest.Stranger // does not believe the signature; is gone
	peers         []*fedtest.Stranger
	ending        bool
}

func newEndOfHouse(t *testing.T) *endOfHouse {
	t.Helper()
	e := &endOfHouse{t: t, Cluster: fedtest.NewAt(t, time.Now()), host: fmt.Sprintf("alice.localhost:%d", freePort(t)), data: filepath.Join(t.TempDir(), "data"), password: filepath.Join(t.TempDir(), "password")}
	if err := os.WriteFile(e.password, []byte(streetPassword), 0o600); err != nil {
		t.Fatal(err)
	}
	e.command("init", "-domain", e.host, "-name", "alice", "-password-file", e.password, "-approve-followers=false")
	e.serve()
	return e
}

// command runs one on the present data directory and returns what it prints.
func (e *endOfHouse) command(name string, args ...string) string {
	e.t.Helper()
	cmd := exec.Command(program(e.t), append([]string{name, "-data", e.data}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		e.t.Fatalf("dassie %s %v: %v\n%s%s", name, args, err, out, errs.String())
	}
	return string(out)
}

func (e *endOfHouse) serve() {
	e.t.Helper()
	_, port, _ := strings.Cut(e.host, ":")
	e.run = start(e.t, nil, "serve", "-data", e.data, "-listen", "localhost:"+port)
	e.run.until(`msg=serving|serving that it is gone`)
}

// get asks the server as a stranger does.
func (e *endOfHouse) get(path string) (int, string) {
	e.t.Helper()
	_, port, _ := strings.Cut(e.host, ":")
	r, err := http.NewRequest("GET", "http://localhost:"+port+path, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	r.Host = e.host
	r.Header.Set("Accept", "application/activity+json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		e.t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

// actor is the owner's id, with the key in it.
func (e *endOfHouse) actor() (id, key string) {
	e.t.Helper()
	_, body := e.get("/@alice")
	m := regexp.MustCompile(`"id":"([^"]+/users/[^"#]+)"`).FindStringSubmatch(body)
	k := regexp.MustCompile(`"publicKeyPem":"([^"]+)"`).FindStringSubmatch(body)
	if m == nil || k == nil {
		e.t.Fatalf("no actor: %s", body)
	}
	return m[1], k[1]
}

// meet lets peers follow, each of another kind once the account ends.
func (e *endOfHouse) meet() {
	id, _ := e.actor()
	answer := func(name string, status int) *fedtest.Stranger {
		s := e.Stranger(name)
		s.Handle(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodGet:
				s.Write(w, s.Actor())
			case e.ending:
				w.WriteHeader(status)
			default:
				w.WriteHeader(http.StatusAccepted)
			}
		})
		if got := s.Send(fedtest.Remote(e.host), s.Activity("Follow", id)); got != http.StatusAccepted {
			e.t.Fatalf("%s may not follow: %d", name, got)
		}
		e.peers = append(e.peers, s)
		return s
	}
	e.bob, e.busy, e.unsure, e.burnt = answer("bob", 202), answer("busy", 503), answer("unsure", 401), answer("burnt", 410)
	for _, s := range e.peers {
		e.until(s.Name+" was accepted", func() bool { return len(s.Received("Accept")) > 0 })
	}
}

func (e *endOfHouse) until(what string, ok func() bool) {
	e.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) { // other processes: there is no queue to drive
		if time.Now().After(end) {
			e.t.Fatalf("not after %v: %s", patience, what)
		}
	}
}

// pullThePower kills the program while 50 posts arrive. What it took is there
// afterwards, and the doctor finds nothing wrong with the database.
func (e *endOfHouse) pullThePower() {
	id, _ := e.actor()
	var taken []string
	for i := range 50 {
		note := e.bob.Note(fmt.Sprintf("/n/%d", i), fmt.Sprintf("<p>Bird %d</p>", i))
		note["to"] = []any{id, "https://www.w3.org/ns/activitystreams#Public"}
		note["tag"] = []any{map[string]any{"type": "Mention", "href": id, "name": "@alice@" + e.host}}
		if i == 30 {
			go e.run.cmd.Process.Signal(syscall.SIGKILL)
		}
		if e.bob.TrySend(fedtest.Remote(e.host), e.bob.Activity("Create", note)) == http.StatusAccepted {
			taken = append(taken, note["id"].(string))
		} else if i < 30 {
			e.t.Fatalf("post %d was not taken", i)
		}
	}
	e.run.ended.Do(func() { _ = e.run.cmd.Wait() }) // it was killed, so it says so
	e.serve()
	st, err := store.Open(e.data, store.Options{})
	if err != nil {
		e.t.Fatal(err)
	}
	e.until("all that were taken are there", func() bool {
		n := 0
		err = st.Read(context.Background(), func(tx *store.Tx) error {
			for _, uri := range taken {
				if _, err := tx.PostIDByURI(uri); err == nil {
					n++
				}
			}
			return nil
		})
		return err == nil && n == len(taken)
	})
	if err := st.Close(); err != nil {
		e.t.Fatal(err)
	}
	out, _ := exec.Command(program(e.t), "doctor", "-data", e.data, "-json").Output() // the outside cannot be reached from here
	for _, row := range regexp.MustCompile(`"id": "(\w+)",\s+"title": "[^"]*",\s+"status": "fail"`).FindAllSubmatch(out, -1) {
		e.t.Errorf("doctor: %s failed: %s", row[1], out)
	}
	if !bytes.Contains(out, []byte(`"id"`)) {
		e.t.Errorf("doctor said nothing: %s", out)
	}
}

// moveTheDisk restores the last backup into another directory, which goes on under
// the same key.
func (e *endOfHouse) moveTheDisk() {
	_, key := e.actor()
	file := filepath.Join(e.t.TempDir(), "last.backup")
	e.command("backup", file)
	e.run.stop()
	e.data = filepath.Join(e.t.TempDir(), "other")
	e.command("restore", "-old-is-off", file)
	e.command("backup", filepath.Join(e.data, "kept-here")) // goes with the account
	e.serve()
	if _, now := e.actor(); now != key {
		e.t.Fatal("the restored server has another key")
	}
}

// takeArchive asks for one, follows it, and downloads it in parts.
func (e *endOfHouse) takeArchive(p *tab) {
	p.open("/me/leaving")
	p.sees("There is no archive of what you wrote here.", "4 servers that may hold something of yours are asked", "can never be used again")
	p.press("Pack an archive")
	p.press("Pack an archive…")
	p.sees("Is it you?")
	p.fill("password", streetPassword)
	p.press("Go on")
	p.press("Pack an archive")
	p.awaitsText("/me/data", "Download")
	link := eval[string](p, `() => document.querySelector('a[download][href^="/me/data/archive/"]').href`)
	const part = `(url, range) => { const x = new XMLHttpRequest(); x.open("GET", url, false); x.setRequestHeader("Range", range); x.overrideMimeType("text/plain; charset=x-user-defined"); x.send(); return [String(x.status), x.responseText.slice(0, 2), x.getResponseHeader("Content-Range") || ""] }`
	got := eval[[]string](p, part, link, "bytes=0-99")
	if got[0] != "206" || got[1] != "PK" || !strings.HasPrefix(got[2], "bytes 0-99/") {
		e.t.Errorf("the first part of the archive: %q", got)
	}
}

// leave deletes the account, after typing what is asked for wrongly.
func (e *endOfHouse) leave(p *tab) {
	p.open("/me/data")
	p.press("Delete account…")
	p.sees("An archive is ready", "Nobody can undo this")
	p.fill("confirm", "@alice")
	p.fill("password", streetPassword)
	p.press("Delete account")
	p.sees("the whole handle of the account", "Nothing was deleted")
	p.fill("confirm", "@alice@"+e.host)
	p.fill("password", "not the password")
	p.press("Delete account")
	p.sees("The password is wrong.")
	e.ending = true
	p.fill("confirm", "@alice@"+e.host)
	p.fill("password", streetPassword)
	p.press("Delete account")
	p.sees("Deleting @alice@"+e.host, "This page is the only one left", "We asked the 4 servers", "Download archive")
}

// watch looks at the page until all is over, and compares it with the peers' logs.
func (e *endOfHouse) watch(p *tab) {
	p.awaitsText("/me/leaving", "1 accepted the request 1 does not answer 1 could not verify 1 no longer exists")
	p.sees("Leave this machine on until", "Answered 503", "Answered 401", "Next try")
	if code, _ := e.get("/@alice"); code != http.StatusGone {
		e.t.Errorf("while servers are told the profile is answered %d", code)
	}
	if code, _ := e.get("/instance"); code != http.StatusOK {
		e.t.Errorf("while servers are told the server's own actor is answered %d", code)
	}
	p.open("/me")
	p.sees("This account was deleted.")
	p.open("/me/leaving")
	p.touch("Stop asking and wipe now…", "")
	p.press("Wipe now")
	p.awaits("/me/leaving", "the account is wiped", func(text string) bool { return strings.Contains(text, "Wiped") })
	p.sees("Deleted @alice@"+e.host, "1 accepted the request 1 does not answer 1 could not verify 1 no longer exists", "Accepting is not proof of deletion.")
	p.misses("Stop asking", "Download archive")
	report := e.command("delete-account")
	for _, want := range []struct {
		of    *fedtest.Stranger
		state string
	}{{e.bob, "accepted"}, {e.busy, "no answer"}, {e.unsure, "could not verify"}, {e.burnt, "gone"}} {
		if !strings.Contains(report, want.of.Host+": "+want.state) {
			e.t.Errorf("the report does not say %s of %s:\n%s", want.state, want.of.Name, report)
		}
		if len(want.of.Received("Delete")) == 0 {
			e.t.Errorf("%s was never told", want.of.Name)
		}
	}
	for _, path := range []string{"/@alice", "/instance", "/.well-known/webfinger?resource=acct:alice@" + e.host} {
		if code, _ := e.get(path); code != http.StatusGone {
			e.t.Errorf("at the end %s is answered %d", path, code)
		}
	}
	e.until("nothing is left", func() bool {
		entries, err := os.ReadDir(e.data)
		for _, f := range entries {
			if !strings.HasPrefix(f.Name(), store.FileName) && f.Name() != "lock" {
				return false
			}
		}
		return err == nil
	})
}
