package federation

import (
	"context"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/time/rate"
)

const (
	hostBurst, hostRefill     = 6000, 50 // inbox requests per sending host (DECISIONS 19)
	sourceBurst, sourceRefill = 12000, 100
	badBurst, badRefill       = 300, 1      // failed requests and unknown keys per address
	keyPerHost                = 600         // key fetches from one host per hour …
	newHostsPerDomain         = 10          // hosts of one registrable domain met through third parties, per hour (T31)
	limitersKept              = 20_000      // rows in memory
	keyWait                   = time.Minute // how long a key fetch waits for its host's turn
)

// budget bounds what strangers can make us do. All of it is in memory and
// bounded in rows.
type budget struct {
	now     func() time.Time
	hosts   *limiters // inbox requests by the signer's host
	sources *limiters // inbox requests by address
	bad     *limiters // failures by address
	keys    *limiters // key fetches by host
	domains *limiters // new hosts by registrable domain

	mu    sync.Mutex
	turns map[string]chan struct{} // hosts that are being asked for a key right now
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
	return &budget{
		now:     now,
		hosts:   newLimiters(hostRefill, hostBurst),
		sources: newLimiters(sourceRefill, sourceBurst),
		bad:     newLimiters(badRefill, badBurst),
		keys:    newLimiters(rate.Every(time.Hour/keyPerHost), keyPerHost),
		domains: newLimiters(rate.Every(time.Hour/newHostsPerDomain), newHostsPerDomain),
		turns:   map[string]chan struct{}{},
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
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		domain = host
	}
	return b.domains.allow(domain, b.now())
}

// source is the address that a request counts against: "" means that it counts
// against none, because the peer is this machine and no proxy is trusted.
func (s *Service) source(r *http.Request) string {
	if s.clientAddr == nil {
		return ""
	}
	return s.clientAddr(r)
}
