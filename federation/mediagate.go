package federation

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	downloads        = 6        // of pictures at a time; their bytes are in files, not in memory …
	downloadsPerHost = 3        // … and one server that hangs holds at most these
	domainFiles      = 4000     // pictures from one registrable domain in a day
	domainBytes      = 1 << 30  // and their bytes, as they come
	allBytes         = 4 << 30  // of all domains
	domainsMet       = 20_000   // domains that are counted; of more nothing is fetched that day
	streams          = 3        // films that are handed through at a time
	streamBytes      = 99 << 20 // of one film
)

// errMediaBudget says that enough was fetched for today (T62).
var errMediaBudget = errors.New("enough pictures were fetched for today")

// mediaGate bounds what is fetched of pictures and films: how much at once, and
// how much in a day. It is all in memory.
type mediaGate struct {
	slots   chan struct{}
	streams chan struct{}

	mu    sync.Mutex
	hosts map[string]*hostGate
	day   int64 // since 1970, that the sums are of
	total int64
	by    map[string]*spent
}

type hostGate struct {
	slots chan struct{}
	users int
}

type spent struct {
	files int
	bytes int64
}

func newMediaGate() *mediaGate {
	return &mediaGate{
		slots: make(chan struct{}, downloads), streams: make(chan struct{}, streams),
		hosts: map[string]*hostGate{}, by: map[string]*spent{},
	}
}

// enter waits for a place, first among the downloads of one host, so that one that
// hangs does not keep the others waiting.
func (g *mediaGate) enter(ctx context.Context, host string) (leave func(), err error) {
	g.mu.Lock()
	h := g.hosts[host]
	if h == nil {
		h = &hostGate{slots: make(chan struct{}, downloadsPerHost)}
		g.hosts[host] = h
	}
	h.users++
	g.mu.Unlock()
	done := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if h.users--; h.users == 0 {
			delete(g.hosts, host)
		}
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		<-h.slots
		done()
		return nil, ctx.Err()
	}
	return func() {
		<-g.slots
		<-h.slots
		done()
	}, nil
}

// allow counts one more file of a domain, if it may be fetched today.
func (g *mediaGate) allow(domain string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if day := now.Unix() / 86400; day != g.day {
		g.day, g.total = day, 0
		clear(g.by)
	}
	s := g.by[domain]
	if s == nil {
		if len(g.by) >= domainsMet {
			return errMediaBudget
		}
		s = &spent{}
		g.by[domain] = s
	}
	if s.files >= domainFiles || s.bytes >= domainBytes || g.total >= allBytes {
		return errMediaBudget
	}
	s.files++
	return nil
}

// spend counts bytes that came.
func (g *mediaGate) spend(domain string, bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total += bytes
	if s := g.by[domain]; s != nil {
		s.bytes += bytes
	}
}
