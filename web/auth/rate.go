package auth

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"dassie/web/reply"
)

// Rate is how much a client may still ask for.
type Rate struct {
	Limit     int
	Remaining int
	Reset     time.Time // when Remaining is Limit again
}

// SetHeaders adds the X-RateLimit headers as Mastodon writes them.
func (t Rate) SetHeaders(h http.Header) {
	if t.Limit == 0 { // not counted
		return
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(t.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(t.Remaining))
	h.Set("X-RateLimit-Reset", t.Reset.UTC().Format("2006-01-02T15:04:05.000000Z"))
}

// limiter counts requests per key in windows of fixed length. It remembers a
// bounded number of keys, the latest used.
type limiter[K comparable] struct {
	limit  int
	window time.Duration
	now    func() time.Time

	mu   sync.Mutex
	keys *simplelru.LRU[K, *span]
}

type span struct {
	used int
	ends time.Time
}

func newLimiter[K comparable](limit int, window time.Duration, keys int, now func() time.Time) *limiter[K] {
	lru, err := simplelru.NewLRU[K, *span](keys, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &limiter[K]{limit: limit, window: window, now: now, keys: lru}
}

// take counts one request. Beyond the limit the error is RateLimited.
func (l *limiter[K]) take(key K) (Rate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	s, ok := l.keys.Get(key)
	if !ok || !now.Before(s.ends) {
		s = &span{ends: now.Add(l.window)}
		l.keys.Add(key, s)
	}
	if s.used >= l.limit {
		return Rate{Limit: l.limit, Reset: s.ends}, &reply.Error{
			Code: reply.RateLimited, Message: "Too many requests", RetryAfter: s.ends.Sub(now),
		}
	}
	s.used++
	return Rate{Limit: l.limit, Remaining: l.limit - s.used, Reset: s.ends}, nil
}
