package auth

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"dassie/web/reply"
)

const (
	challengeAge   = 5 * time.Minute
	maxChallenges  = 2048 // of browsers that are not logged in
	maxOwn         = 64   // of the owner's
	challengeBytes = 32

	challengesAtOnce = 120 // drawn for an address within tryWindow
)

// purpose is what a challenge was drawn for; an answer counts for nothing else.
type purpose int

const (
	forLogIn purpose = iota
	forCheck
	forAdding
)

// challenge waits for the answer of one browser.
type challenge struct {
	purpose purpose
	browser string // what the browser proves to be by its cookie
	name    string // of the passkey that is being added
	until   time.Time
}

// challenges are those that wait for an answer. They are in memory: a restart costs
// another try at most. Each counts once. What strangers ask for has a list of its own,
// so that they cannot crowd the owner's out.
type challenges struct {
	now func() time.Time

	mu        sync.Mutex
	strangers *simplelru.LRU[string, challenge]
	own       *simplelru.LRU[string, challenge]
}

// errLate is the answer to a challenge that waits no longer.
var errLate = &reply.Error{Code: reply.Unauthorized, Message: "That took longer than five minutes, or was sent twice. Try again."}

func newChallenges(now func() time.Time) *challenges {
	list := func(size int) *simplelru.LRU[string, challenge] {
		l, err := simplelru.NewLRU[string, challenge](size, nil)
		if err != nil {
			panic(err) // only for a size below one
		}
		return l
	}
	return &challenges{now: now, strangers: list(maxChallenges), own: list(maxOwn)}
}

func (c *challenges) of(p purpose) *simplelru.LRU[string, challenge] {
	if p == forLogIn {
		return c.strangers
	}
	return c.own
}

// draw makes a challenge for one browser.
func (c *challenges) draw(p purpose, browser, name string) []byte {
	b := make([]byte, challengeBytes)
	rand.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of(p).Add(string(b), challenge{p, browser, name, c.now().Add(challengeAge)})
	return b
}

// take uses a challenge up, whatever becomes of its answer. The error is errLate
// unless it waits for this purpose and this browser; another browser's stays.
func (c *challenges) take(raw []byte, p purpose, browser string) (challenge, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.of(p)
	found, ok := list.Get(string(raw))
	if !ok || found.purpose != p || found.browser != browser {
		return challenge{}, errLate
	}
	list.Remove(string(raw))
	if !c.now().Before(found.until) {
		return challenge{}, errLate
	}
	return found, nil
}
