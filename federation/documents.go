package federation

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	documentsKept = 1000             // public documents in memory …
	documentBytes = 4 << 20          // … and their bytes in all
	documentAge   = 30 * time.Second // counts of replies, likes and posts may be this old
)

// documentKind tells apart what is served under one number.
type documentKind uint8

const (
	docActor documentKind = iota
	docStub
	docInstance
	docWebFinger
	docInstanceFinger
	docHostMeta
	docHostMetaJSON
	docNodeInfoIndex
	docNodeInfo20
	docNodeInfo21
	docPost
	docPostActivity
)

type documentKey struct {
	kind documentKind
	id   int64 // of the post, 0 for the others
}

// document is a public answer as it leaves: nothing in it depends on who asks.
type document struct {
	body        []byte
	etag        string
	contentType string
	control     string
	vary        string
	made        time.Time
}

// documentCache holds the bytes of public documents, so that the usual request
// touches neither SQLite nor the JSON encoder. The zero value is ready. What is
// in it may be documentAge old; changes by the owner clear it at once.
type documentCache struct {
	mu         sync.Mutex
	kept       *simplelru.LRU[documentKey, *document]
	bytes      int
	generation uint64

	fetched fetchMemory // who asked for posts with a signature
}

// clear forgets every document.
func (c *documentCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	if c.kept != nil {
		c.kept.Purge()
	}
	c.bytes = 0
}

// forget drops what is kept of one post, after a reply, like or boost arrived.
func (c *documentCache) forget(postID int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	if c.kept != nil {
		c.kept.Remove(documentKey{docPost, postID})
		c.kept.Remove(documentKey{docPostActivity, postID})
	}
}

// get returns a document that is young enough, or the generation to put one under.
func (c *documentCache) get(key documentKey, now time.Time) (*document, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		return nil, c.generation
	}
	d, ok := c.kept.Get(key)
	if !ok || now.Sub(d.made) > documentAge || now.Before(d.made) {
		return nil, c.generation
	}
	return d, c.generation
}

// put keeps a document that was made from what was read in a generation. If the
// cache was cleared since, what was read may be stale and is not kept.
func (c *documentCache) put(key documentKey, d *document, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation || len(d.body) > documentBytes/4 {
		return
	}
	if c.kept == nil {
		kept, err := simplelru.NewLRU(documentsKept, func(_ documentKey, d *document) { c.bytes -= len(d.body) })
		if err != nil {
			return // only for a size below 1
		}
		c.kept = kept
	}
	c.kept.Remove(key)
	c.bytes += len(d.body)
	c.kept.Add(key, d)
	for c.bytes > documentBytes {
		c.kept.RemoveOldest()
	}
}

// cached returns a public document from memory, or makes and keeps it.
func (s *Service) cached(ctx context.Context, key documentKey, render func(*store.Tx) (*document, error)) (*document, error) {
	d, generation := s.documents.get(key, s.now())
	if d != nil {
		return d, nil
	}
	d, err := store.Get(ctx, s.store, render)
	if err != nil {
		return nil, err
	}
	d.etag, d.made = reply.ETag(d.body), s.now()
	s.documents.put(key, d, generation)
	return d, nil
}

// activityDocument is v as ActivityPub clients get it.
func activityDocument(v any) (*document, error) {
	body, err := ap.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return &document{body: body, contentType: reply.TypeActivity, vary: "Accept"}, nil
}

// send writes a public document, or 304 to who has it.
func (d *document) send(w http.ResponseWriter, r *http.Request) {
	reply.Cached(w, r, d.body, d.contentType, reply.Cache{ETag: d.etag, Control: d.control, Vary: d.vary})
}

// serveCached answers with a public document that is the same for everybody.
func (s *Service) serveCached(w http.ResponseWriter, r *http.Request, kind documentKind, render func(*store.Tx) (*document, error)) {
	d, err := s.cached(r.Context(), documentKey{kind: kind}, render)
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	d.send(w, r)
}
