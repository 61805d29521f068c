package federation

import (
	"context"
	"slices"
	"sync"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	threadWorkers  = 8       // servers that are asked at the same time …
	threadPerHost  = 2       // … and requests to one of them
	threadFailures = 3       // after which a server is not asked any more
	threadReplies  = 500     // replies taken of one post
	threadPages    = 10      // pages read of one collection (T29)
	threadHeld     = 4 << 20 // bytes of posts that wait for their parents or to be stored
)

// threadTask is one thing to ask a server for: a post, or a page of replies.
type threadTask struct {
	uri   string
	of    *threadList // the list that a page is of; nil for a post
	page  int
	again bool // the uri is that of a known post, for the list inside it
	note  *ap.Note
}

// threadList is a collection that is being read: the replies to one post, or the
// conversation as a whole.
type threadList struct {
	postID int64 // whose replies they are; 0 for a conversation
	base   string
	taken  int  // items so far
	ours   bool // it names a post of this thread
}

// threadHost is what is left to ask of one server.
type threadHost struct {
	name     string
	notes    []*ap.Note // fetched, to be stored
	posts    []threadTask
	pages    []threadTask
	running  int
	failures int
	refused  error // why it is not asked at all
	checked  bool  // that it may be asked
}

func (h *threadHost) closed() bool { return h.refused != nil || h.failures >= threadFailures }

// threadRun is one search. Eight workers take tasks, posts before pages, two of
// one server at a time; nothing in it recurses.
type threadRun struct {
	s     *Service
	ctx   context.Context
	meter *meter
	found func(*store.Tx, store.Post) error

	mu      sync.Mutex
	changed sync.Cond
	hosts   map[string]*threadHost
	order   []*threadHost
	running int
	waiting int // posts that wait to be fetched

	root    store.Post
	known   map[string]int64      // posts of the thread by id
	asked   map[string]bool       // posts that were queued
	held    map[string][]*ap.Note // by the id of the parent that is not here
	bytes   int                   // of what is held or waits to be stored
	ready   []heldNote            // to be stored next
	writing bool                  // a worker stores
	objects int
	whole   map[int64]bool // posts whose replies were listed to the end
	claims  map[int64]int  // how many replies a post's list says that it has
	listed  bool           // the conversation's own collection was read
	fresh   []store.Post   // stored by this search
	lost    map[MissingPart]int
	err     error // of the store: it ends the search
}

func newThreadRun(s *Service, ctx context.Context, m *meter, found func(*store.Tx, store.Post) error) *threadRun {
	r := &threadRun{
		s: s, ctx: ctx, meter: m, found: found, hosts: map[string]*threadHost{}, known: map[string]int64{},
		asked: map[string]bool{}, held: map[string][]*ap.Note{}, whole: map[int64]bool{}, claims: map[int64]int{}, lost: map[MissingPart]int{},
	}
	r.changed.L = &r.mu
	return r
}

func (r *threadRun) host(name string) *threadHost {
	h := r.hosts[name]
	if h == nil {
		h = &threadHost{name: name}
		r.hosts[name] = h
		r.order = append(r.order, h)
	}
	return h
}

// addPost queues a post to be fetched from its own server, once. r.mu is held.
func (r *threadRun) addPost(uri string) {
	host := ap.Host(uri)
	if _, known := r.known[uri]; known || r.asked[uri] || host == "" || r.s.origin.Owns(uri) {
		return
	}
	if r.objects >= threadObjects {
		r.miss(host, whyEnough, false, 1)
		return
	}
	r.objects++
	r.asked[uri] = true
	h := r.host(host)
	h.posts = append(h.posts, threadTask{uri: uri})
	r.waiting++
	r.changed.Signal()
}

// addPage queues a page of a list. Pages that lead away or on for ever end it. r.mu is held.
func (r *threadRun) addPage(t threadTask) {
	if !ap.SameOrigin(t.uri, t.of.base) {
		r.miss(ap.Host(t.of.base), whyAway, false, 0)
		return
	}
	if r.asked[t.uri] {
		return
	}
	if t.page >= threadPages || t.of.taken >= threadReplies {
		r.miss(ap.Host(t.of.base), whyEnough, false, 0)
		return
	}
	r.asked[t.uri] = true
	h := r.host(ap.Host(t.uri))
	h.pages = append(h.pages, t)
	r.changed.Signal()
}

// crawl works until nothing is left to ask or the time is over.
func (r *threadRun) crawl() {
	stop := context.AfterFunc(r.ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changed.Broadcast()
	})
	defer stop()
	var wg sync.WaitGroup
	for range threadWorkers {
		wg.Go(func() {
			for {
				h, t, ok := r.next()
				if !ok {
					return
				}
				switch {
				case t.note != nil:
					r.keepNote(h, t.note)
				case t.again:
					r.readAgain(h, t)
				case t.of != nil:
					r.readPage(h, t)
				default:
					r.readPost(h, t)
				}
				r.mu.Lock()
				r.running--
				h.running--
				r.changed.Broadcast()
				r.mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// next waits for a task that may run; false when there will be none.
func (r *threadRun) next() (*threadHost, threadTask, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.err == nil && r.ctx.Err() == nil {
		if h, t, ok := r.pick(); ok {
			h.running++
			r.running++
			return h, t, true
		}
		if r.running == 0 {
			break
		}
		r.changed.Wait()
	}
	r.changed.Broadcast() // the others are to see it too
	return nil, threadTask{}, false
}

// pick takes a task: first what is to be stored, then posts, since what is known
// to exist is worth more than a page that may list nothing. A page may not use up
// the requests that the waiting posts need. r.mu is held.
func (r *threadRun) pick() (*threadHost, threadTask, bool) {
	for i, h := range r.order {
		if len(h.notes) > 0 && h.running < threadPerHost {
			t := threadTask{note: h.notes[0]}
			h.notes = h.notes[1:]
			return r.turn(i), t, true
		}
	}
	left := r.meter.left()
	for _, pages := range []bool{false, true} {
		if left == 0 || pages && left <= r.waiting {
			break
		}
		for i, h := range r.order {
			list := &h.posts
			if pages {
				list = &h.pages
			}
			if len(*list) == 0 || h.running >= threadPerHost || h.closed() || !h.checked && h.running > 0 {
				continue
			}
			t := (*list)[0]
			*list = (*list)[1:]
			if !pages {
				r.waiting--
			}
			return r.turn(i), t, true
		}
	}
	return nil, threadTask{}, false
}

// turn puts a server behind all others: the next turn is another's. r.mu is held.
func (r *threadRun) turn(i int) *threadHost {
	h := r.order[i]
	r.order = append(slices.Delete(r.order, i, i+1), h)
	return h
}

// answered forgets the failures of a server that answers again.
func (r *threadRun) answered(h *threadHost) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.failures < threadFailures {
		h.failures = 0
	}
}

// end stops the search: the store failed.
func (r *threadRun) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop(err)
}

// stop is end with r.mu held.
func (r *threadRun) stop(err error) {
	if r.err == nil && r.ctx.Err() == nil {
		r.err = err
	}
}
