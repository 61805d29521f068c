package fedtest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// TestKillNineWhilePostsAreHeld kills the real program twice while posts wait for
// their undo window: each goes out once, also if the app repeats its request, and what
// was taken back does not.
func TestKillNineWhilePostsAreHeld(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 kills the real program there")
	}
	if testing.Short() {
		t.Skip("starts and kills the real program")
	}
	p := build(t)
	p.holds(5)
	c := fedtest.NewAt(t, time.Now())
	bob := c.Stranger("bob")
	p.start()
	if status := bob.Send(fedtest.Remote(p.host), bob.Activity("Follow", p.actor())); status != http.StatusAccepted {
		t.Fatalf("the Follow was answered %d", status)
	}
	var uris []string
	for n := range 3 {
		uri := p.publish(fmt.Sprintf("Post %d", n), fmt.Sprintf("key %d", n))
		if uri == "" {
			t.Fatal("a post was not taken")
		}
		uris = append(uris, uri)
	}
	taken := p.publish("Never mind", "key never")
	p.end(syscall.SIGKILL)
	p.start()
	var wg sync.WaitGroup
	for range 20 { // the app did not hear the answer
		wg.Go(func() {
			if again := p.publish("Post 0", "key 0"); again != uris[0] {
				t.Errorf("%q again is %q", uris[0], again)
			}
		})
	}
	wg.Wait()
	resp, err := p.do("DELETE", "/api/v1/statuses/"+taken[strings.LastIndex(taken, "/")+1:], url.Values{}, "")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("take back: %v %v", resp, err)
	}
	resp.Body.Close()
	if n := len(bob.Received("Create")); n != 0 {
		t.Fatalf("%d Creates within the window", n)
	}
	p.end(syscall.SIGKILL)
	p.start()
	if !eventually(30*time.Second, func() bool { return len(bob.Received("Create")) >= len(uris) }) {
		t.Fatalf("%d of %d posts went out", len(bob.Received("Create")), len(uris))
	}
	if again := p.publish("Post 1", "key 1"); again != uris[1] {
		t.Errorf("after it went out, %q again is %q", uris[1], again)
	}
	eventually(time.Second, func() bool { return len(bob.Received("Create")) > len(uris) })
	for _, uri := range append(uris, taken) {
		n := 0
		for _, r := range bob.Received("Create") {
			if strings.Contains(r.Body, `"`+uri+`"`) {
				n++
			}
		}
		if want := map[bool]int{true: 0, false: 1}[uri == taken]; n != want {
			t.Errorf("%s came in %d Creates, want %d", uri, n, want)
		}
	}
	p.end(syscall.SIGTERM)
	checkStored(t, p.data, uris)
}

// holds sets for how many seconds posts wait, those of apps too.
func (p *program) holds(seconds int) {
	p.t.Helper()
	p.writes(func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		set.UndoSeconds, set.UndoApps = seconds, true
		return tx.SaveSettings(set)
	})
}
