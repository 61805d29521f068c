package store

import (
	"regexp"
	"slices"
	"sync"
)

const (
	maxPeople   = 512     // who are kept in memory, and …
	maxPerson   = 8 << 10 // … how long a profile may be that is, so that all of them are bounded
	personBytes = 700     // of a row without its texts
)

// changesPeople finds the statements that change rows of people.
var changesPeople = regexp.MustCompile(`(?i)\b(?:update(?: or \w+)?|(?:insert(?: or \w+)?|replace) into|delete from)\s+actors\b`)

// peopleCache keeps the rows of the people who were read last. The same few write
// most of what is read, and their rows are wide and seldom change. Whenever any
// row of anybody changes, all are forgotten: what is found here is never older
// than the last commit that was answered before the reading began.
type peopleCache struct {
	mu     sync.Mutex
	forgot int64 // how often all were forgotten
	rows   map[int64]Actor
}

// forget is called after each commit that changed people, before anybody hears of it.
func (c *peopleCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgot++
	clear(c.rows)
}

// view is what one reading transaction may use; it is made before its view of the
// file is.
func (c *peopleCache) view() *peopleView {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &peopleView{c, c.forgot}
}

// peopleView is the cache as one transaction sees it; the nil one, of the writer,
// holds nobody.
type peopleView struct {
	cache  *peopleCache
	forgot int64 // when it began
}

func (v *peopleView) get(id int64) (Actor, bool) {
	if v == nil {
		return Actor{}, false
	}
	v.cache.mu.Lock()
	defer v.cache.mu.Unlock()
	a, ok := v.cache.rows[id]
	return a, ok
}

// keep leaves a row to later readers, unless somebody's changed since the view was
// taken: it may be from before. Where there are too many, any other goes.
func (v *peopleView) keep(a Actor) {
	if v == nil || a.bytes() > maxPerson {
		return
	}
	c := v.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgot != v.forgot {
		return
	}
	if c.rows == nil {
		c.rows = make(map[int64]Actor, maxPeople)
	}
	if len(c.rows) >= maxPeople {
		for id := range c.rows {
			delete(c.rows, id)
			break
		}
	}
	// Readers share the lists: who appends to one gets one of their own.
	x := &a.Extra
	x.Fields, x.Emojis, x.AlsoKnownAs, x.CreditedBy = slices.Clip(x.Fields), slices.Clip(x.Emojis), slices.Clip(x.AlsoKnownAs), slices.Clip(x.CreditedBy)
	c.rows[a.ID] = a
}

// bytes is about what somebody's row takes in memory.
func (a *Actor) bytes() int {
	n := personBytes + len(a.URI) + len(a.Name) + len(a.Summary) + len(a.Source) + len(a.URL) + len(a.Inbox) + len(a.SharedInbox) +
		len(a.Outbox) + len(a.FollowersURI) + len(a.FeaturedURI) + len(a.IconURL) + len(a.ImageURL)
	for _, f := range a.Extra.Fields {
		n += len(f.Name) + len(f.Value) + len(f.Source)
	}
	for _, e := range a.Extra.Emojis {
		n += len(e.Shortcode) + len(e.URL)
	}
	for _, uri := range a.Extra.AlsoKnownAs {
		n += len(uri)
	}
	return n
}
