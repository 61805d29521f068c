//go:build unix

package federation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// BenchmarkFanOut sends one post to 1,000 servers met for the first time, a
// tenth of which has a fault, and tells when the last healthy one had it; those
// that answer 500 heal, and must get it at their next try. Run it with
// -benchtime 3x: the figures are to be compared with those of "well" in the same run.
func BenchmarkFanOut(b *testing.B) {
	const servers = 1000
	for _, fault := range []string{"well", "hang", "refuse", "500"} {
		b.Run(fault, func(b *testing.B) {
			c := fedtest.New(b, "alice")
			alice := c.Servers[0]
			good, bad := c.Stranger("good"), c.Stranger("bad")
			reached, healed := make(chan struct{}, servers), make(chan struct{}, servers)
			release := make(chan struct{})
			var well atomic.Bool
			good.Handle(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusAccepted)
				reached <- struct{}{}
			})
			bad.Handle(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case well.Load():
					w.WriteHeader(http.StatusAccepted)
					healed <- struct{}{}
				case fault == "500":
					w.WriteHeader(http.StatusInternalServerError)
				default:
					select {
					case <-release:
					case <-r.Context().Done():
					}
				}
			})
			b.Cleanup(func() { close(release) })
			stop := run(b, alice)
			defer stop()
			var last, spent time.Duration
			for n := 0; b.Loop(); n++ {
				var inboxes []string
				broken := 0
				for i := range servers {
					to := good.Host
					if fault != "well" && i%10 == 0 {
						broken++
						if to = bad.Host; fault == "refuse" {
							to = "bad.localhost:9" // nothing listens at the discard port
						}
					}
					inboxes = append(inboxes, fmt.Sprintf("http://s%d-%d.%s/inbox", n, i, to))
				}
				well.Store(false)
				start, used := time.Now(), cpu()
				queueToStrangers(b, alice, inboxes)
				wake(b, alice)
				wait(b, reached, servers-broken, "healthy servers")
				last, spent = last+time.Since(start), spent+cpu()-used
				if fault == "500" {
					well.Store(true)
					for got := 0; got < broken; {
						select {
						case <-healed:
							got++
						case <-time.After(200 * time.Millisecond): // those that failed last wait longest
							c.Advance(20 * time.Second)
							wake(b, alice)
						}
					}
				}
			}
			b.ReportMetric(float64(last.Milliseconds())/float64(b.N), "ms-to-the-last-healthy")
			b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "cpu-ms")
		})
	}
}

// wake makes the workers look at what is due.
func wake(tb testing.TB, s *fedtest.Server) {
	tb.Helper()
	if err := s.RetryNow(ctx(), 1); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkFollowers lets people follow, 16 at a time, each with an actor of
// their own on one of 200 servers; an operation is one follower, from the POST to
// the Accept, with what their own side costs. Run it with -benchtime 2000x.
func BenchmarkFollowers(b *testing.B) {
	const servers = 200
	c := fedtest.New(b, "alice")
	alice := c.Servers[0]
	crowd := c.Stranger("crowd")
	accepted := make(chan struct{}, b.N)
	host := func(i int) string { return fmt.Sprintf("s%d.%s", i%servers, crowd.Host) }
	actor := func(i int) string { return fmt.Sprintf("http://%s/users/p%d", host(i), i) }
	key, err := httpsig.EncodePublicKey(&crowd.Key.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	var gets atomic.Int64
	crowd.Handle(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusAccepted)
			accepted <- struct{}{}
			return
		}
		gets.Add(1)
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if name == "webfinger" {
			name, _, _ = strings.Cut(strings.TrimPrefix(r.URL.Query().Get("resource"), "acct:"), "@")
			w.Header().Set("Content-Type", "application/jrd+json")
			fmt.Fprintf(w, `{"subject":"acct:%s@%s","links":[{"rel":"self","type":"application/activity+json","href":"http://%[2]s/users/%[1]s"}]}`, name, r.Host)
			return
		}
		id := "http://" + r.Host + "/users/" + name
		w.Header().Set("Content-Type", "application/activity+json")
		fmt.Fprintf(w, `{"@context":"https://www.w3.org/ns/activitystreams","id":%q,"type":"Person","preferredUsername":%q,"inbox":%q,
			"publicKey":{"id":%q,"owner":%q,"publicKeyPem":%q}}`, id, name, id+"/inbox", id+"#main-key", id, key)
	})
	stop := run(b, alice)
	defer stop()
	follows := make([]*http.Request, b.N)
	for i := range follows {
		body, err := json.Marshal(map[string]any{
			"@context": "https://www.w3.org/ns/activitystreams", "id": actor(i) + "/follow", "type": "Follow", "actor": actor(i), "object": alice.ActorURI(),
		})
		if err != nil {
			b.Fatal(err)
		}
		if follows[i], err = http.NewRequest(http.MethodPost, "http://"+alice.Host+"/inbox", bytes.NewReader(body)); err != nil {
			b.Fatal(err)
		}
		follows[i].Header.Set("Content-Type", "application/activity+json")
		if err := (httpsig.Signer{KeyID: actor(i) + "#main-key", Key: crowd.Key}).SignCavage(follows[i], body, c.Now()); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	start := cpu()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(follows)); i = next.Add(1) - 1 {
				if status := c.Do(follows[i]); status != http.StatusAccepted {
					b.Errorf("follow %d: %d", i, status)
				}
			}
		})
	}
	wg.Wait()
	for range b.N {
		select {
		case <-accepted:
		case <-time.After(30 * time.Second):
			b.Fatal("an Accept is missing")
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((cpu()-start).Microseconds())/float64(b.N), "cpu-µs/follower")
	b.ReportMetric(float64(gets.Load())/float64(b.N), "GETs/follower")
	n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
	if err != nil || n != b.N {
		b.Errorf("%d of %d follow, %v", n, b.N, err)
	}
}
