package fedtest_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dassie/federation/fedtest"
)

// load publishes and delivers in four lanes until ctx ends, and notes what was
// acknowledged.
type load struct {
	p   *program
	bob *fedtest.Stranger

	mu           sync.Mutex
	acknowledged []string
}

func (l *load) run(ctx context.Context) {
	var wg sync.WaitGroup
	for lane := range 4 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				name := fmt.Sprintf("%d-%d", lane, n)
				uri := l.p.publish("Post "+name, "key-"+name)
				note := l.bob.Note("/n/"+name, "<p>"+name+"</p>")
				ok := l.bob.TrySend(fedtest.Remote(l.p.host), l.bob.Activity("Create", note)) == http.StatusAccepted
				l.mu.Lock()
				if uri != "" {
					l.acknowledged = append(l.acknowledged, uri)
				}
				if ok {
					l.acknowledged = append(l.acknowledged, note["id"].(string))
				}
				l.mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// soFar is what was acknowledged until now.
func (l *load) soFar() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.acknowledged...)
}

// TestRestoredServerFederatesOn takes a backup of the real program in the middle
// of its work, loses the machine, and goes on from the backup on another: with
// everything that was acknowledged before, as the same person, to the same
// followers.
func TestRestoredServerFederatesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills the real program")
	}
	p := build(t)
	c := fedtest.NewAt(t, time.Now())
	bob := c.Stranger("bob")
	p.start()
	alice := fedtest.Remote(p.host)
	actor := p.actor()
	if status := bob.Send(alice, bob.Activity("Follow", actor)); status != http.StatusAccepted {
		t.Fatalf("the Follow was answered %d", status)
	}
	p.follow(bob)
	before, key := bob.Fetch(actor, false)
	if before != http.StatusOK {
		t.Fatalf("the actor answers %d", before)
	}

	l := &load{p: p, bob: bob}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan struct{})
	go func() { l.run(ctx); close(done) }()
	if !eventually(20*time.Second, func() bool { return len(l.soFar()) > 40 }) {
		t.Fatal("nothing is acknowledged")
	}
	saved := l.soFar()
	file := filepath.Join(t.TempDir(), "alice.tar")
	p.run(p.bin, "backup", file, "-data", p.data)
	if !eventually(20*time.Second, func() bool { return len(l.soFar()) > len(saved)+10 }) {
		t.Error("the server does not go on after a backup")
	}
	p.end(syscall.SIGKILL) // the machine is lost
	stop()
	<-done

	p.data = filepath.Join(t.TempDir(), "new")
	p.run(p.bin, "restore", file, "-data", p.data, "-old-is-off")
	p.start()
	if status, again := bob.Fetch(actor, false); status != http.StatusOK || again != key {
		t.Errorf("the actor is another: %d\n%s\n%s", status, again, key)
	}
	uri := p.publish("After the fire.", "after")
	if uri == "" {
		t.Fatal("nothing can be published")
	}
	if !eventually(30*time.Second, func() bool {
		for _, r := range bob.Received("Create") {
			if strings.Contains(r.Body, `"`+uri+`"`) {
				return true
			}
		}
		return false
	}) {
		t.Error("the follower does not get what is published after the restore")
	}
	note := bob.Note("/n/after", "<p>Glad that you are back.</p>")
	if status := bob.Send(alice, bob.Activity("Create", note)); status != http.StatusAccepted {
		t.Errorf("what arrives after the restore is answered %d", status)
	}
	p.end(syscall.SIGTERM)
	checkStored(t, p.data, append(saved, uri, note["id"].(string)))
	t.Logf("%d posts were acknowledged before the backup, all there", len(saved))
}
