package federation

import (
	"context"
	"errors"
	"fmt"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	threadBatch   = 20  // posts stored in one transaction
	threadAdopted = 100 // posts below a new one that are taken in at a time
)

// heldNote is a fetched post with its author, to be stored.
type heldNote struct {
	note   *ap.Note
	author store.Actor
}

// readPost does one post: from here if it came meanwhile, else from its own server.
func (r *threadRun) readPost(h *threadHost, t threadTask) {
	p, err := store.Get(r.ctx, r.s.store, func(tx *store.Tx) (store.Post, error) { return tx.PostByURI(t.uri) })
	if err == nil {
		r.meet(p)
		return
	}
	if r.ctx.Err() != nil {
		r.fail(h, err, 1)
		return
	}
	if !errors.Is(err, store.ErrNotFound) {
		r.end(err)
		return
	}
	if !r.admit(h, 1) {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, askTime)
	defer cancel()
	note, err := r.s.fetchOpenNote(ctx, t.uri)
	if err != nil {
		r.fail(h, err, 1)
		return
	}
	r.answered(h)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle(note)
}

// meet takes in a post that is stored here but was not known to be of the thread.
func (r *threadRun) meet(p store.Post) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[p.ParentURI]; ok {
		r.join(p)
		r.queueReplies(p)
	} else if p.ParentURI != "" && p.ParentID == 0 {
		r.addPost(p.ParentURI) // the store links them when it comes
	}
}

// settle queues a fetched post to be stored if what it answers is in the thread.
// Else it is held until that is here, and dropped if it never comes: no list can
// bring in what does not belong to the thread. r.mu is held.
func (r *threadRun) settle(n *ap.Note) {
	if n.InReplyTo == "" {
		return // another conversation
	}
	if r.bytes+weight(n) > threadHeld {
		r.miss(ap.Host(n.ID), whyEnough, false, 1)
		return
	}
	r.bytes += weight(n)
	if _, ok := r.known[n.InReplyTo]; ok {
		r.release(n)
		return
	}
	r.held[n.InReplyTo] = append(r.held[n.InReplyTo], n)
	r.addPost(n.InReplyTo)
}

func weight(n *ap.Note) int { return len(n.Content) + len(n.Summary) + 2000 }

// release queues a post whose parent is in the thread. r.mu is held.
func (r *threadRun) release(n *ap.Note) {
	h := r.host(ap.Host(n.ID))
	h.notes = append(h.notes, n)
	r.changed.Signal()
}

// join notes a post of the thread and releases what waited for it. r.mu is held.
func (r *threadRun) join(p store.Post) {
	r.known[p.URI] = p.ID
	for _, n := range r.held[p.URI] {
		r.release(n)
	}
	delete(r.held, p.URI)
}

// keepNote finds the author of a post and stores it, together with those that the
// other workers have ready: whoever comes while one is writing leaves it theirs.
func (r *threadRun) keepNote(h *threadHost, n *ap.Note) {
	ctx, cancel := context.WithTimeout(r.ctx, askTime)
	defer cancel()
	author, err := r.s.talker(ctx, n.AttributedTo)
	if err != nil {
		r.fail(h, fmt.Errorf("fetch the author of %s: %w", n.ID, err), 1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes -= weight(n)
	if err != nil {
		return
	}
	r.ready = append(r.ready, heldNote{n, author})
	if r.writing {
		return
	}
	r.writing = true
	for len(r.ready) > 0 && r.err == nil {
		batch := r.ready[:min(len(r.ready), threadBatch)]
		r.ready = r.ready[len(batch):]
		r.mu.Unlock()
		kept, err := r.write(batch)
		r.mu.Lock()
		if err != nil {
			r.stop(err)
		}
		for i, k := range kept {
			r.take(batch[i].note, k)
		}
	}
	r.writing = false
}

// keptNote is what became of a post that was to be stored.
type keptNote struct {
	post  store.Post
	fresh bool
	gone  error        // it was deleted lately, is not its author's, or its author is blocked
	below []store.Post // what waited in the store for it
}

func (r *threadRun) write(batch []heldNote) ([]keptNote, error) {
	return store.Put(context.WithoutCancel(r.ctx), r.s.store, func(tx *store.Tx) ([]keptNote, error) {
		kept := make([]keptNote, len(batch))
		for i, b := range batch {
			k := &kept[i]
			var err error
			k.post, k.fresh, err = r.s.storeNote(tx, b.note, b.author)
			if errors.Is(err, store.ErrNotFound) {
				k.gone = err
				continue
			}
			if err == nil && k.fresh && r.found != nil {
				err = r.found(tx, k.post)
			}
			if err == nil && k.fresh && k.post.Replies > 0 {
				k.below, err = tx.Descendants(k.post.ID, threadAdopted)
			}
			if err != nil {
				return nil, err
			}
		}
		return kept, nil
	})
}

// take takes a stored post into the thread, and its replies into the queue. r.mu is held.
func (r *threadRun) take(n *ap.Note, k keptNote) {
	if k.gone != nil {
		why, silent := missingWhy(k.gone)
		r.miss(ap.Host(n.ID), why, silent, 1)
		return
	}
	if k.fresh {
		r.fresh = append(r.fresh, k.post)
	}
	r.join(k.post)
	for _, p := range k.below {
		r.join(p)
		r.queueReplies(p)
	}
	if !r.listed {
		r.repliesIn(n, k.post)
	}
}

// repliesIn takes the replies that a fetched post carries, and queues the rest. r.mu is held.
func (r *threadRun) repliesIn(n *ap.Note, p store.Post) {
	list := &threadList{postID: p.ID, base: n.ID}
	if c := n.Replies; c != nil && (len(c.Items) > 0 || c.FirstPage != nil || c.First != "" || c.Next != "") {
		r.s.lists.note(n.RepliesID, r.s.now())
		r.takeList(list, c, n.ID, 0)
		return
	}
	if n.RepliesID == "" || n.RepliesCount == 0 {
		r.whole[p.ID] = true
		return
	}
	r.addPage(threadTask{uri: n.RepliesID, of: list})
}
