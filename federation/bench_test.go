//go:build unix

package federation_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkInbox takes Creates of a known and followed author, 16 at a time,
// signed beforehand with RSA-2048; each is on disk when it is answered.
func BenchmarkInbox(b *testing.B) {
	c := fedtest.New(b, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(b, alice, bob)
	text := "<p>" + strings.Repeat("A post of the usual length with <a href=\"https://example.org/\">a link</a>. ", 5) + "</p>"
	type signed struct {
		r    *http.Request
		body []byte
	}
	list := make([]signed, b.N)
	for i := range list {
		list[i].r, list[i].body = bob.Request(alice, bob.Activity("Create", bob.Note(fmt.Sprintf("/n/%d", i), text)))
	}
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(list)); i = next.Add(1) - 1 {
				if w := take(alice, list[i].r, bytes.NewReader(list[i].body)); w.Code != http.StatusAccepted {
					b.Errorf("answered %d: %s", w.Code, w.Body)
				}
				if i%5000 == 4999 {
					c.Advance(100 * time.Second) // the host's share is not what is measured
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpu()-start).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// BenchmarkDelivery sends one activity to 300 servers on loopback over warm
// connections; an operation is one delivery, signed and recorded, with what the
// receiving side costs.
func BenchmarkDelivery(b *testing.B) {
	const servers = 300
	c := fedtest.New(b, "alice")
	alice := c.Servers[0]
	reached := make(chan struct{}, servers)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
		reached <- struct{}{}
	}))
	b.Cleanup(srv.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "http://"), ":")
	var inboxes []string
	for i := range servers {
		inboxes = append(inboxes, fmt.Sprintf("http://s%d.localhost:%s/inbox", i, port))
	}
	workers, cancel := context.WithCancel(ctx())
	ended := make(chan error, 1)
	go func() { ended <- alice.Run(workers) }()
	fan := func() {
		queueToStrangers(b, alice, inboxes)
		if err := alice.RetryNow(ctx(), 1); err != nil { // wakes the workers
			b.Fatal(err)
		}
		wait(b, reached, servers, "deliveries")
	}
	fan()
	b.ReportAllocs()
	b.ResetTimer()
	start, sent := cpu(), 0
	for sent < b.N {
		fan()
		sent += servers
	}
	b.StopTimer()
	b.ReportMetric(float64((cpu()-start).Microseconds())/float64(sent), "cpu-µs/delivery")
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "deliveries/s")
	failed, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) {
		_, failing, err := tx.CountDeliveries()
		return failing, err
	})
	if err != nil || failed > 0 {
		b.Errorf("%d inboxes failed, %v", failed, err)
	}
	cancel()
	<-ended
}
