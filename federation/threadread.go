package federation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
)

// search does everything: up to the first post, the conversation's own
// collection if it has one, else the replies of every post.
func (r *threadRun) search(postID int64) error {
	focus, err := store.Get(r.ctx, r.s.store, func(tx *store.Tx) (store.Post, error) {
		p, err := tx.Post(postID)
		if err == nil && p.BoostOf != 0 {
			p, err = tx.Post(p.BoostOf)
		}
		return p, err
	})
	if err != nil {
		return err
	}
	if r.root, err = r.s.climb(r.ctx, focus, threadUp); err != nil {
		r.fail(r.host(ap.Host(r.root.ParentURI)), err, 1)
	}
	posts, err := r.load()
	if err != nil {
		return err
	}
	r.readConversation(focus)
	if !r.listed {
		r.queueAll(posts)
	}
	r.crawl()
	if r.listed && r.err == nil {
		// What its owner left out, or has not heard of, is known to the posts' own servers.
		if posts, err = r.load(); err != nil {
			return err
		}
		r.queueAll(incomplete(posts))
		r.crawl()
	}
	if errors.Is(r.ctx.Err(), context.Canceled) {
		return r.ctx.Err() // the program ends: again at the next start
	}
	r.drain()
	return r.err
}

// load reads what is known of the thread.
func (r *threadRun) load() ([]store.Post, error) {
	below, err := store.Get(context.WithoutCancel(r.ctx), r.s.store, func(tx *store.Tx) ([]store.Post, error) {
		return tx.Descendants(r.root.ID, threadObjects)
	})
	if err != nil {
		return nil, fmt.Errorf("read thread of post %d: %w", r.root.ID, err)
	}
	posts := append([]store.Post{r.root}, below...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range posts {
		r.known[p.URI] = p.ID
	}
	return posts, nil
}

// incomplete picks the posts that have more replies than are known, by their server's word.
func incomplete(posts []store.Post) (short []store.Post) {
	children := map[int64]int{}
	for _, p := range posts {
		children[p.ParentID]++
	}
	for _, p := range posts {
		if p.Replies > children[p.ID] {
			short = append(short, p)
		}
	}
	return short
}

func (r *threadRun) queueAll(posts []store.Post) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range posts {
		r.queueReplies(p)
	}
}

// queueReplies queues the collection of replies of a known post, unless it was
// read lately. r.mu is held.
func (r *threadRun) queueReplies(p store.Post) {
	uri := p.Extra.RepliesURI
	if uri == "" || p.Own() || r.s.origin.Owns(uri) {
		return
	}
	if r.s.lists.recent(uri, r.s.now()) {
		r.whole[p.ID] = true
		return
	}
	r.addPage(threadTask{uri: uri, of: &threadList{postID: p.ID, base: p.URI}})
}

// readConversation reads the collection of the whole conversation, if its
// `context` is one on the server of its owner (FEP-7888, FEP-f228). Many contexts
// are opaque names, or lead to pages for people: that is no fault.
func (r *threadRun) readConversation(focus store.Post) {
	tried := ""
	for _, uri := range []string{r.root.Extra.Context, focus.Extra.Context} {
		if r.listed || uri == tried || !ap.IsURL(uri) || strings.Contains(uri, "#") || r.s.origin.Owns(uri) {
			continue
		}
		tried = uri
		if r.s.lists.recent(uri, r.s.now()) {
			r.listed = true
			continue
		}
		r.listed = r.readContext(uri)
		if r.listed {
			r.s.lists.note(uri, r.s.now())
		}
	}
}

// readContext reads one conversation page by page, and says whether it was read
// to its end and holds a post of this thread.
func (r *threadRun) readContext(uri string) bool {
	h := r.host(ap.Host(uri))
	list := &threadList{base: uri}
	asked := map[string]bool{}
	for page := 0; uri != "" && page < threadPages && !asked[uri]; page++ {
		asked[uri] = true
		if !r.admit(h, 0) || !ap.SameOrigin(uri, list.base) {
			return false
		}
		c, from, err := r.collection(uri)
		if err != nil {
			if _, silent := missingWhy(err); silent {
				r.fail(h, err, 0)
			}
			return false
		}
		// Its owner speaks for it: on its own server, or, when none is named, the first post's author.
		if page == 0 && !ap.SameOrigin(from, ownerOf(c, r.root.URI)) {
			return false
		}
		items, next := unfold(c)
		r.mu.Lock()
		all := r.takeItems(list, items, from)
		r.mu.Unlock()
		if !all {
			return false
		}
		uri = next
	}
	return list.ours && uri == ""
}

func ownerOf(c *ap.Collection, otherwise string) string {
	if c.AttributedTo != "" {
		return c.AttributedTo
	}
	return otherwise
}

// collection fetches a page within the time for one question.
func (r *threadRun) collection(uri string) (*ap.Collection, string, error) {
	ctx, cancel := context.WithTimeout(r.ctx, askTime)
	defer cancel()
	return r.s.fetchCollection(ctx, uri)
}

// unfold is what a collection or a page of one lists itself, and where it goes on.
func unfold(c *ap.Collection) (items []any, next string) {
	if c.FirstPage != nil {
		return append(c.Items[:len(c.Items):len(c.Items)], c.FirstPage.Items...), c.FirstPage.Next
	}
	if len(c.Items) == 0 && c.Next == "" {
		return nil, c.First
	}
	return c.Items, c.Next
}

// admit asks once whether a server may be asked at all, and counts what was to
// be asked of it as missing if not.
func (r *threadRun) admit(h *threadHost, count int) bool {
	r.mu.Lock()
	checked, closed := h.checked, h.closed()
	r.mu.Unlock()
	if !checked {
		err := r.s.notBlocked(r.ctx, r.s.origin.Scheme+"://"+h.name+"/")
		if err == nil {
			err = r.s.mayAsk(r.ctx, h.name)
		}
		r.mu.Lock()
		h.checked = true
		if err != nil {
			h.refused = err
			r.waiting -= len(h.posts)
		}
		closed = h.closed()
		r.mu.Unlock()
	}
	if !closed {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	why, silent := whySilent, true
	if h.refused != nil {
		why, silent = missingWhy(h.refused)
	}
	r.miss(h.name, why, silent, count)
	return false
}

// readPage does one page of replies.
func (r *threadRun) readPage(h *threadHost, t threadTask) {
	if !r.admit(h, 0) {
		return
	}
	c, from, err := r.collection(t.uri)
	if isGone(err) && t.page == 0 {
		// Some servers have the list only inside the post.
		r.answered(h)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.addPage(threadTask{uri: t.of.base, of: t.of, again: true})
		return
	}
	if err != nil {
		r.fail(h, err, 0)
		return
	}
	r.answered(h)
	if t.page == 0 {
		r.s.lists.note(t.uri, r.s.now())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takeList(t.of, c, from, t.page)
}

// readAgain reads a known post anew for the replies that it carries.
func (r *threadRun) readAgain(h *threadHost, t threadTask) {
	if !r.admit(h, 0) {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, askTime)
	defer cancel()
	note, err := r.s.fetchOpenNote(ctx, t.uri)
	if err != nil {
		r.fail(h, err, 0)
		return
	}
	r.answered(h)
	if note.Replies == nil || note.ID != t.of.base {
		return
	}
	r.s.lists.note(note.RepliesID, r.s.now())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takeList(t.of, note.Replies, note.ID, 0)
}

// takeList takes what a page of replies lists and queues the page after it. r.mu is held.
func (r *threadRun) takeList(list *threadList, c *ap.Collection, from string, page int) {
	if c.TotalItems > 0 {
		r.claims[list.postID] = max(r.claims[list.postID], count(c.TotalItems))
	}
	items, next := unfold(c)
	switch {
	case !r.takeItems(list, items, from):
	case next != "":
		r.addPage(threadTask{uri: next, of: list, page: page + 1})
	default:
		r.whole[list.postID] = true
	}
}

// takeItems queues what a list names. What it embeds of its own server's posts
// counts without another request (DECISIONS 38); what it embeds of others is asked
// for at their servers. It is false if not all was taken. r.mu is held.
func (r *threadRun) takeItems(list *threadList, items []any, from string) bool {
	most := threadReplies
	if list.postID == 0 {
		most = threadObjects
	}
	for i, item := range items {
		if list.taken >= most {
			r.miss(ap.Host(list.base), whyEnough, false, len(items)-i)
			return false
		}
		list.taken++
		id, _ := item.(string)
		if obj, ok := item.(ap.Object); ok {
			var note *ap.Note
			if note, id = r.embedded(obj, from); note != nil {
				r.settle(note)
				continue
			}
		}
		_, known := r.known[id]
		list.ours = list.ours || known
		r.addPost(id)
	}
	return true
}

// embedded reads an item that came whole, alone or in its Create, if it is of the
// server that the list came from; else it returns its id. r.mu is held.
func (r *threadRun) embedded(obj ap.Object, from string) (*ap.Note, string) {
	if ap.IsActivityType(obj.Type()) {
		inner, ok := obj.Obj("object")
		if !ok {
			return nil, obj.FirstID("object")
		}
		obj = inner
	}
	id := obj.ID()
	if _, known := r.known[id]; known || r.asked[id] || !ap.SameOrigin(id, from) {
		return nil, id
	}
	note, err := r.s.openNote(obj)
	if err != nil || r.objects >= threadObjects {
		return nil, "" // not for everybody, no post, or one too many
	}
	r.asked[id] = true
	r.objects++
	return note, ""
}
