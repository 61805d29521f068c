package federation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/time/rate"

	"dassie/store"
)

const (
	hostBurst, hostRefill     = 6000, 50 // inbox requests per sending host (DECISIONS 19)
	sourceBurst, sourceRefill = 12000, 100
	badBurst, badRefill       = 300, 1      // failed requests and unknown keys per address
	keyPerHost                = 600         // key fetches from one host per hour …
	newHostsPerDomain         = 10          // hosts of one registrable domain met through third parties, per hour (T31)
	limitersKept              = 20_000      // rows in memory
	keyWait                   = time.Minute // how long a key fetch waits for its host's turn
	stampsPerDomain           = 1000        // consents given to one registrable domain per day
	largeBodies               = 4           // inbox bodies over smallBody in memory at a time: parsed, each can take 10 MB
	keyWaiting, keyQueue      = 128, 16     // requests that wait for unknown keys, in all and of one host
)

// budget bounds what strangers can make us do. All of it is in memory and
// bounded in rows.
type budget struct {
	now     func() time.Time
	hosts   *limiters                    // inbox requests by the signer's host
	sources *limiters                    // inbox requests by address
	bad     *limiters                    // failures by address
	keys    *limiters                    // key fetches by host
	domains *limiters                    // new hosts by registrable domain
	syncs   *limiters                    // lists of followers by host
	stamps  *limiters                    // consents by registrable domain
	pages   *limiters                    // pages that links lead to, by registrable domain
	met     *lru.Cache[string, struct{}] // hosts whose pages were had
	large   chan struct{}                // places for inbox bodies over smallBody

	mu    sync.Mutex
	turns map[string]chan struct{} // hosts that are being asked for a key right now
	queue map[string]int           // requests that wait for keys, by host
	total int                      // the same in all
}

type limiters struct {
	mu    sync.Mutex
	known *lru.Cache[string, *rate.Limiter]
	every rate.Limit
	burst int
}

func newLimiters(every rate.Limit, burst int) *limiters {
	known, err := lru.New[string, *rate.Limiter](limitersKept)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &limiters{known: known, every: every, burst: burst}
}

func (l *limiters) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lim, ok := l.known.Get(key)
	if !ok {
		lim = rate.NewLimiter(l.every, l.burst)
		l.known.Add(key, lim)
	}
	return lim.AllowN(now, 1)
}

// empty says whether a key has used up its share, without taking of it.
func (l *limiters) empty(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	lim, ok := l.known.Get(key)
	return ok && lim.TokensAt(now) < 1
}

func newBudget(now func() time.Time) *budget {
	met, err := lru.New[string, struct{}](limitersKept)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &budget{
		now:     now,
		hosts:   newLimiters(hostRefill, hostBurst),
		sources: newLimiters(sourceRefill, sourceBurst),
		bad:     newLimiters(badRefill, badBurst),
		keys:    newLimiters(rate.Every(time.Hour/keyPerHost), keyPerHost),
		domains: newLimiters(rate.Every(time.Hour/newHostsPerDomain), newHostsPerDomain),
		syncs:   newLimiters(rate.Every(syncEvery), 1),
		stamps:  newLimiters(rate.Every(24*time.Hour/stampsPerDomain), stampsPerDomain),
		pages:   newLimiters(rate.Every(time.Hour/pageHour), pageHour),
		met:     met,
		large:   make(chan struct{}, largeBodies),
		turns:   map[string]chan struct{}{}, queue: map[string]int{},
	}
}

// keyFetch says whether one more unknown key of a host may be fetched for a
// source; source is empty for peers that are not throttled by address.
func (b *budget) keyFetch(host, source string) bool {
	if host == "" {
		return false
	}
	return (source == "" || !b.bad.empty(source, b.now())) && b.keys.allow(host, b.now())
}

// enter takes a place among the requests that wait for unknown keys: each holds
// a body in memory and can wait for a minute.
func (b *budget) enter(host string) (leave func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.total >= keyWaiting || b.queue[host] >= keyQueue {
		return nil, false
	}
	b.total++
	b.queue[host]++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.total--
		if b.queue[host]--; b.queue[host] == 0 {
			delete(b.queue, host)
		}
	}, true
}

// keyHost waits for the host's turn: one key is fetched from a host at a time.
func (b *budget) keyHost(ctx context.Context, host string) (release func(), ok bool) {
	timeout := time.NewTimer(keyWait)
	defer timeout.Stop()
	for {
		b.mu.Lock()
		busy, taken := b.turns[host]
		if !taken {
			mine := make(chan struct{})
			b.turns[host] = mine
			b.mu.Unlock()
			return func() {
				b.mu.Lock()
				delete(b.turns, host)
				b.mu.Unlock()
				close(mine)
			}, true
		}
		b.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, false
		case <-timeout.C:
			return nil, false
		}
	}
}

// thirdParty says whether a host that only a third party named may be
// contacted: at most ten new ones of a registrable domain in an hour (T31).
func (b *budget) thirdParty(host string) bool {
	return b.domains.allow(registrable(host), b.now())
}

// pageMet notes that a host gave us a page; pageKnown says so. Most sites that
// people link to are no servers of people, and so in no table.
func (b *budget) pageMet(host string)        { b.met.Add(host, struct{}{}) }
func (b *budget) pageKnown(host string) bool { return b.met.Contains(host) }

// registrable is the domain that somebody registered, or the host itself.
func registrable(host string) string {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return domain
	}
	return host
}

// mayContact says whether a host may be contacted because somebody else named
// it: one that was met before always may.
func (s *Service) mayContact(ctx context.Context, host string) (bool, error) {
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		_, err := tx.Host(host)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return s.budget.thirdParty(host), nil
	}
	return err == nil, err
}

// errOverBudget says that third parties named more new servers of one domain
// than are contacted in an hour (T31).
var errOverBudget = errors.New("too many new servers of this domain were named")

// mayAsk is mayContact as an error.
func (s *Service) mayAsk(ctx context.Context, host string) error {
	ok, err := s.mayContact(ctx, host)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s", errOverBudget, host)
	}
	return err
}

// source is the address that a request counts against: "" means that it counts
// against none, because the peer is this machine and no proxy is trusted.
func (s *Service) source(r *http.Request) string {
	if s.clientAddr == nil {
		return ""
	}
	return s.clientAddr(r)
}
