package auth

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// freeCodes is how many wrong codes within tryWindow cost no delay (T50).
const freeCodes = 5

// codeThrottle slows down guessing codes. Six digits are few, and whoever guesses
// has the password already: so all addresses that the owner is not known at share
// one count, and gain nothing by being many. It only ever delays, by a minute at
// most; the owner's own addresses each have their own count, and so have recovery
// codes, which nobody guesses: with one of them the owner gets in from anywhere.
type codeThrottle struct {
	now func() time.Time

	mu     sync.Mutex
	counts *simplelru.LRU[codeKey, *tries]
}

// codeKey is what codes are counted by: the zero block is everybody whose address
// is not known.
type codeKey struct {
	from     netip.Prefix
	recovery bool
}

// codeTry is a try of a code that was let through, or how long to wait for one.
type codeTry struct {
	key  codeKey
	wait time.Duration
}

func newCodeThrottle(now func() time.Time) *codeThrottle {
	counts, err := simplelru.NewLRU[codeKey, *tries](maxBlocks, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &codeThrottle{now: now, counts: counts}
}

// begin asks for a try. One that is let through counts as wrong at once, so that
// many at the same time gain nothing; passed or undone takes that back.
func (t *codeThrottle) begin(from netip.Prefix, known, recovery bool) codeTry {
	try := codeTry{key: codeKey{recovery: recovery}}
	if known || recovery {
		try.key.from = from
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	own, ok := t.counts.Get(try.key)
	if !ok {
		own = new(tries)
		t.counts.Add(try.key, own)
	}
	own.forget(now)
	if now.Before(own.notBefore) {
		try.wait = own.notBefore.Sub(now)
		return try
	}
	own.add(now)
	own.notBefore = time.Time{}
	if n := len(own.wrong); n >= freeCodes {
		own.notBefore = now.Add(min(firstDelay<<(n-freeCodes), maxAccountDelay))
	}
	return try
}

// passed ends a try whose code was right.
func (t *codeThrottle) passed(try codeTry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Remove(try.key)
}

// undone ends a try whose code was not looked at.
func (t *codeThrottle) undone(try codeTry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own, ok := t.counts.Get(try.key); ok {
		own.takeBack()
		own.notBefore = time.Time{}
	}
}
