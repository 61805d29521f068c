package auth

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"dassie/web/reply"
)

const (
	freeTries       = 10               // wrong passwords within tryWindow that cost no delay
	tryWindow       = 15 * time.Minute // how long a wrong password counts
	firstDelay      = 2 * time.Second  // doubles with each further wrong password
	maxAddressDelay = 5 * time.Minute
	maxAccountDelay = time.Minute // what strangers can make a newcomer wait
	maxTries        = 32          // remembered per address; beyond it the delay is at its ceiling anyway
	maxBlocks       = 2048        // addresses remembered
	maxKnown        = 64          // addresses remembered to have logged in
)

// throttle slows down guessing, by address and for the account as a whole. It
// only ever delays: each address that waits as long as it was told gets its
// try, however many others are guessing, so that nobody can lock the owner
// out. Addresses from which the owner logged in before are not slowed down by
// what strangers do.
type throttle struct {
	now func() time.Time

	mu      sync.Mutex
	blocks  *simplelru.LRU[netip.Prefix, *tries]
	known   *simplelru.LRU[netip.Prefix, struct{}]
	account tries
}

// tries are the wrong passwords of one address, oldest first, and the time
// before which its next one is not looked at.
type tries struct {
	wrong     []time.Time
	notBefore time.Time
}

func newThrottle(now func() time.Time) *throttle {
	blocks, err := simplelru.NewLRU[netip.Prefix, *tries](maxBlocks, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	known, err := simplelru.NewLRU[netip.Prefix, struct{}](maxKnown, nil)
	if err != nil {
		panic(err)
	}
	return &throttle{now: now, blocks: blocks, known: known}
}

// begin asks for a try from an address block; the zero block stands for peers
// that are not counted by address. A positive result is how long to wait. With
// zero the try is counted as wrong at once, so that many at the same time gain
// nothing; passed or undone takes that back. known says that the owner logged
// in from this block before.
func (t *throttle) begin(from netip.Prefix, known bool) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	own := t.of(from)
	own.forget(now)
	t.account.forget(now)
	known = known || t.known.Contains(from)
	if d := t.delay(from, own, known); d > 0 {
		if own.notBefore.IsZero() {
			own.notBefore = now.Add(d)
		}
		if now.Before(own.notBefore) {
			return own.notBefore.Sub(now)
		}
	}
	own.add(now)
	t.account.add(now)
	own.notBefore = time.Time{}
	if d := t.delay(from, own, known); d > 0 {
		own.notBefore = now.Add(d)
	}
	return 0
}

// knows says whether the owner logged in from this block before.
func (t *throttle) knows(from netip.Prefix) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known.Contains(from)
}

// passed ends a try whose password was right.
func (t *throttle) passed(from netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.blocks.Remove(from)
	t.account.takeBack()
	if from.IsValid() {
		t.known.Add(from, struct{}{})
	}
}

// undone ends a try whose password was never looked at.
func (t *throttle) undone(from netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.of(from)
	own.takeBack()
	own.notBefore = time.Time{}
	t.account.takeBack()
}

func (t *throttle) of(from netip.Prefix) *tries {
	own, ok := t.blocks.Get(from)
	if !ok {
		own = new(tries)
		t.blocks.Add(from, own)
	}
	return own
}

func (t *throttle) delay(from netip.Prefix, own *tries, known bool) time.Duration {
	var d time.Duration
	if from.IsValid() {
		d = delayAfter(len(own.wrong), maxAddressDelay)
	}
	if !known {
		d = max(d, delayAfter(len(t.account.wrong), maxAccountDelay))
	}
	return d
}

func delayAfter(wrong int, ceiling time.Duration) time.Duration {
	if wrong < freeTries {
		return 0
	}
	return min(firstDelay<<(wrong-freeTries), ceiling)
}

func (a *tries) forget(now time.Time) {
	for len(a.wrong) > 0 && now.Sub(a.wrong[0]) >= tryWindow {
		a.wrong = a.wrong[1:]
	}
}

func (a *tries) add(now time.Time) {
	if len(a.wrong) >= maxTries {
		a.wrong = append(a.wrong[:0], a.wrong[1:]...)
	}
	a.wrong = append(a.wrong, now)
}

func (a *tries) takeBack() {
	if n := len(a.wrong); n > 0 {
		a.wrong = a.wrong[:n-1]
	}
}

// tooMany tells how long to wait.
func tooMany(what string, wait time.Duration) error {
	seconds := int((wait + time.Second - 1) / time.Second)
	text := fmt.Sprintf("%d seconds", seconds)
	if seconds == 1 {
		text = "1 second"
	}
	return &reply.Error{
		Code:       reply.RateLimited,
		Message:    fmt.Sprintf("Too many wrong %s. Wait %s, then try again.", what, text),
		RetryAfter: wait,
	}
}
