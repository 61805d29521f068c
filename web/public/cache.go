package public

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	pagesKept  = 500              // rendered pages in memory …
	pageBytes  = 4 << 20          // … and their bytes in all, packed ones included
	pageAge    = time.Minute      // what no event tells of (counts, strangers' edits) may be this old
	renderTime = 10 * time.Second // for one page
)

// page is an answer as it leaves: nothing in it depends on who asks.
type page struct {
	body        []byte
	gzip        []byte // nil where that saves nothing
	etag        string
	contentType string
	vary        string
	open        bool // its form ends at another host
	made        time.Time
}

func (p *page) size() int { return len(p.body) + len(p.gzip) }

// pageCache holds rendered pages by address. It has no goroutine: events are
// taken up by the next look-up, so that a visitor who comes after a change
// never sees the page from before it.
type pageCache struct {
	svc    *federation.Service
	flight singleflight.Group

	mu         sync.Mutex
	pages      *simplelru.LRU[string, *page]
	bytes      int
	generation uint64
	set        store.Settings // under which the pages were made
	events     <-chan federation.Event
	stop       func()
	closed     bool
}

func newPageCache(svc *federation.Service) *pageCache {
	c := &pageCache{svc: svc}
	pages, err := simplelru.NewLRU(pagesKept, func(_ string, p *page) { c.bytes -= p.size() })
	if err != nil {
		panic(err) // only for a size below one
	}
	c.pages = pages
	c.set = svc.Settings()
	c.events, c.stop = svc.Subscribe()
	return c
}

func (c *pageCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.stop()
}

// get returns the page kept under key, or makes it, once for all who ask at
// the same time.
func (c *pageCache) get(ctx context.Context, key string, render func(context.Context) (*page, error)) (*page, error) {
	p, generation := c.look(ctx, key)
	if p != nil {
		return p, nil
	}
	// Who comes after a change must not be given what was begun before it.
	made, err, _ := c.flight.Do(fmt.Sprintf("%d %s", generation, key), func() (any, error) {
		// The first asker may leave; the others still want the page.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renderTime)
		defer cancel()
		p, err := render(ctx)
		if err != nil {
			return nil, err
		}
		p.etag, p.made = reply.ETag(p.body), c.svc.Now()
		p.gzip = pack(p.body)
		c.put(key, p, generation)
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*page), nil
}

// look takes up what happened since, and looks for a page that still stands.
func (c *pageCache) look(ctx context.Context, key string) (*page, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stale(ctx) {
		c.generation++
		c.pages.Purge()
	}
	p, ok := c.pages.Get(key)
	if !ok {
		return nil, c.generation
	}
	if age := c.svc.Now().Sub(p.made); age < 0 || age > pageAge {
		return nil, c.generation
	}
	return p, c.generation
}

// stale says whether anything happened that pages show.
func (c *pageCache) stale(ctx context.Context) bool {
	changed := false
	if set := c.svc.Settings(); set != c.set {
		c.set, changed = set, true
	}
	for {
		select {
		case e, open := <-c.events:
			if !open {
				// Too much happened at once; listen anew.
				if c.closed {
					c.events = nil
				} else {
					c.events, c.stop = c.svc.Subscribe()
				}
				changed = true
				continue
			}
			changed = changed || c.shown(ctx, e)
		default:
			return changed
		}
	}
}

// shown says whether an event concerns a public page. Of what arrives in the
// home timeline most does not.
func (c *pageCache) shown(ctx context.Context, e federation.Event) bool {
	if e.Kind.ForApps() {
		return false
	}
	switch e.Kind {
	case federation.EventDeliveries, federation.EventMarker, federation.EventFilters:
		return false
	case federation.EventPost:
		p, err := store.Get(ctx, c.svc.Store(), func(tx *store.Tx) (store.Post, error) { return tx.Post(e.ID) })
		return err != nil || p.Own() || p.ParentURI != ""
	}
	return true
}

// put keeps a page, unless something happened since it was begun.
func (c *pageCache) put(key string, p *page, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation || p.size() > pageBytes/8 {
		return
	}
	c.pages.Remove(key)
	c.bytes += p.size()
	c.pages.Add(key, p)
	for c.bytes > pageBytes {
		c.pages.RemoveOldest()
	}
}

var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// pack compresses a page; nil if that saves little.
func pack(body []byte) []byte {
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	var b bytes.Buffer
	z.Reset(&b)
	_, _ = z.Write(body) // a bytes.Buffer does not fail
	_ = z.Close()
	if b.Len() > len(body)*9/10 {
		return nil
	}
	return bytes.Clone(b.Bytes())
}
