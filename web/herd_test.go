package web

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation/httpsig"
	"dassie/store"
)

// serve puts the house on a port of this machine.
func (h *house) serve() (address string) {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(h.t, err)
	s := Server(h.web, quiet)
	go func() { _ = s.Serve(l) }()
	h.t.Cleanup(func() { _ = s.Close() })
	return "http://" + l.Addr().String()
}

// deliver sends so many mentions to the inbox, one after another, and says how
// long each took to be on disk.
func (h *house) deliver(address string, client *http.Client, by store.Actor, key httpsig.Signer, kind string, n int) (took []time.Duration) {
	h.t.Helper()
	me := h.svc.ActorURI()
	for i := range n {
		id := fmt.Sprintf("https://%s/%s/%d", by.Domain, kind, i)
		body := fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/activitystreams","id":%q,"type":"Create","actor":%q,"to":[%q],"object":{"id":%q,"type":"Note","attributedTo":%q,"to":[%q],
			"content":"<p>Hello</p>","published":"2026-11-23T12:00:00Z","tag":[{"type":"Mention","href":%q}]}}`, id+"/activity", by.URI, me, id, by.URI, me, me)
		r, err := http.NewRequest("POST", address+"/inbox", bytes.NewReader(body))
		must(h.t, err)
		r.Host = testHost
		r.Header.Set("Content-Type", peer)
		must(h.t, key.SignCavage(r, body, h.clock()))
		start := time.Now()
		resp, err := client.Do(r)
		must(h.t, err)
		took = append(took, time.Since(start))
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusAccepted {
			h.t.Fatalf("delivery %d: %d %s", i, resp.StatusCode, text)
		}
	}
	return took
}

// A link that is passed on is looked at by many servers at once. 500 of them ask
// for one post while others deliver: nobody is turned away, and deliveries are
// taken as before.
func TestAHerdOfPreviewsDoesNotMoveTheInbox(t *testing.T) {
	h := newHouse(t)
	ann, key := h.person("ann", "there.example")
	p := h.post(store.Public, "Frost on the beds, first of the year. The kale is pleased. The dahlias have resigned.")
	for range 30 {
		h.answer(ann, store.Public, p, "Indeed.")
	}
	address := h.serve()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	t.Cleanup(client.CloseIdleConnections)
	h.deliver(address, client, ann, key, "warm", 3)
	alone := h.deliver(address, client, ann, key, "alone", 20)

	const herd, askers = 500, 16
	var left, failed, unchanged atomic.Int64
	left.Store(herd)
	var mu sync.Mutex
	var waited []time.Duration
	var all sync.WaitGroup
	begun := make(chan struct{})
	for range askers {
		all.Go(func() {
			<-begun
			etag := ""
			for left.Add(-1) >= 0 {
				r, err := http.NewRequest("GET", address+"/@nora/"+formatID(p.ID), nil)
				if err != nil {
					failed.Add(1)
					continue
				}
				r.Host = testHost
				r.Header.Set("Accept", browser)
				if etag != "" {
					r.Header.Set("If-None-Match", etag)
				}
				start := time.Now()
				resp, err := client.Do(r)
				if err != nil {
					failed.Add(1)
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				switch resp.StatusCode {
				case 200:
					etag = resp.Header.Get("ETag")
				case 304:
					unchanged.Add(1)
				default:
					failed.Add(1)
				}
				mu.Lock()
				waited = append(waited, time.Since(start))
				mu.Unlock()
			}
		})
	}
	close(begun)
	busy := h.deliver(address, client, ann, key, "busy", 20)
	all.Wait()
	slices.Sort(waited)
	t.Logf("%d previews, %d unchanged: median %v, 95th %v, worst %v; inbox alone: median %v, worst %v; meanwhile: median %v, worst %v",
		len(waited), unchanged.Load(), waited[len(waited)/2], waited[len(waited)*95/100], waited[len(waited)-1], median(alone), slices.Max(alone), median(busy), slices.Max(busy))
	if failed.Load() > 0 || len(waited) != herd {
		t.Errorf("%d of %d previews failed", failed.Load(), herd)
	}
	if p95 := waited[len(waited)*95/100]; p95 > 500*time.Millisecond {
		t.Errorf("one preview in twenty waits longer than %v", p95)
	}
	if worst := slices.Max(busy); worst > time.Second {
		t.Errorf("a delivery waited %v", worst)
	}
}

func median(list []time.Duration) time.Duration {
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}
