package federation

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation/httpsig"
	"dassie/store"
)

// fetchJobs lists the waiting checks of signatures.
func (d *docServer) fetchJobs() []store.Job {
	d.t.Helper()
	if err := d.queueFetches(context.Background()); err != nil {
		d.t.Fatal(err)
	}
	jobs, err := store.Get(context.Background(), d.store, func(tx *store.Tx) ([]store.Job, error) {
		jobs, err := tx.DueJobs(d.now().Add(time.Minute), 100)
		for i := range jobs {
			if err == nil {
				jobs[i].Payload, err = tx.JobPayload(jobs[i].ID)
			}
		}
		return jobs, err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return jobs
}

// recordAll runs the waiting checks.
func (d *docServer) recordAll() int {
	d.t.Helper()
	jobs := d.fetchJobs()
	for _, j := range jobs {
		if j.Kind != "fetched" {
			continue
		}
		if err := d.recordFetch(context.Background(), j.Payload); err != nil {
			d.t.Fatal(err)
		}
		d.write(func(tx *store.Tx) error { return tx.JobDone(j.ID) })
	}
	return len(jobs)
}

// readers lists the inboxes of the servers that verifiably fetched a post.
func (d *docServer) readers(p store.Post) []string {
	d.t.Helper()
	var hosts []string
	d.write(func(tx *store.Tx) error {
		list, err := tx.Holders(p.ID, nil)
		for _, in := range list {
			hosts = append(hosts, in.URL)
		}
		return err
	})
	return hosts
}

func TestVerifiedFetchEntersTheLedgerOnceADay(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob := d.person("bob", "b.example")
	d.follows(bob, store.FollowAccepted)
	for _, v := range []store.Visibility{store.Public, store.Followers} {
		p := d.post(v)
		d.object(p.URI, &bob)
		if got := d.readers(p); len(got) != 0 {
			t.Errorf("noted on the way: %v", got)
		}
		if n := d.recordAll(); n != 1 {
			t.Errorf("%d jobs", n)
		}
		if got := d.readers(p); len(got) != 1 || got[0] != bob.Inbox {
			t.Errorf("readers %v", got)
		}
		d.object(p.URI, &bob)
		if n := d.recordAll(); n != 0 {
			t.Errorf("the same day again: %d jobs", n)
		}
		d.later(24 * time.Hour)
		d.object(p.URI, &bob)
		if n := d.recordAll(); n != 1 {
			t.Errorf("the next day: %d jobs", n)
		}
	}
	if n := d.documents.fetched.waiting; n != 0 {
		t.Errorf("%d still counted as waiting", n)
	}
}

func TestUnsignedAndForgedFetchesAreNotNoted(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob, eve := d.person("bob", "b.example"), d.person("eve", "e.example")
	p := d.post(store.Public)
	d.object(p.URI, nil)
	if n := len(d.fetchJobs()); n != 0 {
		t.Errorf("unsigned: %d jobs", n)
	}
	forged := bob
	forged.sign.Key = eve.sign.Key
	d.object(p.URI, &forged)
	half := d.request(p.URI, &bob)
	half.Header.Set("Signature", strings.Replace(half.Header.Get("Signature"), "host ", "", 1))
	d.handler().ServeHTTP(httptest.NewRecorder(), half)
	d.recordAll()
	if got := d.readers(p); len(got) != 0 {
		t.Errorf("noted %v", got)
	}
	d.object(p.URI, &bob)
	d.recordAll()
	if got := d.readers(p); len(got) != 1 {
		t.Errorf("the true one after the forged one: %v", got)
	}
}

func TestFetchesThatWaitAreBounded(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	p := d.post(store.Public)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := range fetchesWaiting + 50 {
		stranger := docPerson{sign: httpsig.Signer{KeyID: fmt.Sprintf("https://h%d.example/key", i), Key: key}}
		d.noteFetch(d.request(p.URI, &stranger), asker{server: fmt.Sprintf("h%d.example", i)}, p.ID)
	}
	if n := d.documents.fetched.waiting; n != fetchesWaiting {
		t.Errorf("%d waiting", n)
	}
	big := d.request(p.URI, nil)
	big.Header.Set("X-Big", strings.Repeat("x", 20<<10))
	if _, ok := signedHeaders(big.Header); ok {
		t.Error("20 KB of headers are kept")
	}
	secret := http.Header{"Cookie": {"a"}, "Authorization": {"b"}, "X-Forwarded-For": {"192.0.2.1"}, "Date": {"now"}}
	if kept, _ := signedHeaders(secret); len(kept) != 1 {
		t.Errorf("kept %v", kept)
	}
}

// A reader whose key is not known yet is fetched afterwards and stored with its
// inbox, so that a Delete finds it.
func TestReaderMetForTheFirstTime(t *testing.T) {
	d := newDocServer(t, "ann.localhost:8080", "ann.localhost:8080")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := httpsig.EncodePublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	var base string
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/actor" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/activity+json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"id": base + "/actor", "type": "Application", "preferredUsername": "peer", "inbox": base + "/inbox",
			"publicKey": map[string]string{"id": base + "/actor#key", "owner": base + "/actor", "publicKeyPem": pem},
		})
	}))
	defer peer.Close()
	base = peer.URL
	p := d.post(store.Public)
	stranger := docPerson{sign: httpsig.Signer{KeyID: base + "/actor#key", Key: key}}
	d.object(p.URI, &stranger)
	if asked.Load() != 0 {
		t.Error("the peer was asked before the answer")
	}
	d.recordAll()
	if got := d.readers(p); len(got) != 1 || got[0] != base+"/inbox" {
		t.Errorf("readers %v", got)
	}
}
