package federation

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	repliesPage  = 50   // replies on a page of their own
	repliesRead  = 1000 // direct replies of one post that are looked through
	contextItems = 1000 // posts of one thread
	contextShown = 100  // of them on a page
)

// ServeReplies answers GET of the replies to an own post that are known here and
// that everybody may read. Readers of other servers find each other's answers
// by it. Whoever may not read the post may not read this either.
func (s *Service) ServeReplies(w http.ResponseWriter, r *http.Request, id int64) {
	q := r.URL.Query()
	s.serveOfPost(w, r, id, func(tx *store.Tx, p store.Post) (any, error) {
		if q.Get("page") == "" {
			return s.repliesOf(tx, p)
		}
		after, err := number(q, "min_id")
		if err != nil {
			return nil, err
		}
		ids, next, err := s.replyIDs(tx, p, after, repliesPage)
		if err != nil {
			return nil, err
		}
		page := s.repliesCollection(p, ids, next).FirstPage
		page.ID = p.URI + "/replies?page=true"
		if after != 0 {
			page.ID += "&min_id=" + strconv.FormatInt(after, 10)
		}
		return page, nil
	})
}

// ServeLikes answers GET of the likes of an own post: their number.
func (s *Service) ServeLikes(w http.ResponseWriter, r *http.Request, id int64) {
	s.serveOfPost(w, r, id, func(_ *store.Tx, p store.Post) (any, error) {
		return &ap.Collection{ID: p.URI + "/likes", Type: "Collection", TotalItems: int64(p.Likes)}, nil
	})
}

// ServeShares answers GET of the boosts of an own post: their number.
func (s *Service) ServeShares(w http.ResponseWriter, r *http.Request, id int64) {
	s.serveOfPost(w, r, id, func(_ *store.Tx, p store.Post) (any, error) {
		return &ap.Collection{ID: p.URI + "/shares", Type: "Collection", TotalItems: int64(p.Boosts)}, nil
	})
}

// ServeContext answers GET of the conversation around an own post: every post of
// the thread that is known here and that everybody may read, the oldest first
// (FEP-7888, FEP-f228). A long one comes in pages, of which the first stands in
// the collection, as Mastodon has it.
func (s *Service) ServeContext(w http.ResponseWriter, r *http.Request, id int64) {
	q := r.URL.Query()
	s.serveOfPost(w, r, id, func(tx *store.Tx, p store.Post) (any, error) {
		posts, err := conversation(tx, p)
		if err != nil {
			return nil, err
		}
		after, err := number(q, "min_id")
		if err != nil {
			return nil, err
		}
		if q.Get("page") != "" {
			return s.contextPage(id, posts, after), nil
		}
		c := &ap.Collection{ID: s.contextURI(id), Type: "OrderedCollection", AttributedTo: s.actorURI, TotalItems: int64(len(posts))}
		if page := s.contextPage(id, posts, 0); page.Next == "" {
			c.Items = page.Items
		} else {
			c.FirstPage = page
		}
		return c, nil
	})
}

// conversation lists the posts of a thread that may be named to everybody, by date.
func conversation(tx *store.Tx, p store.Post) ([]store.Post, error) {
	root, err := topIn(tx, p)
	if err != nil {
		return nil, err
	}
	down, err := tx.Descendants(root.ID, contextItems-1)
	if err != nil {
		return nil, fmt.Errorf("read thread of post %d: %w", p.ID, err)
	}
	all := append([]store.Post{root}, down...)
	open, err := newOpenPosts(tx, all)
	if err != nil {
		return nil, err
	}
	posts := make([]store.Post, 0, len(all))
	for _, q := range all {
		ok, err := open.has(q)
		if err != nil {
			return nil, err
		}
		if ok {
			posts = append(posts, q)
		}
	}
	slices.SortFunc(posts, func(a, b store.Post) int { return cmp.Compare(a.ID, b.ID) })
	return posts, nil
}

// contextPage is the page of a conversation above a place.
func (s *Service) contextPage(id int64, posts []store.Post, after int64) *ap.Collection {
	base := s.contextURI(id) + "?page=true"
	page := &ap.Collection{ID: base, Type: "OrderedCollectionPage", PartOf: s.contextURI(id), TotalItems: -1, Items: []any{}}
	if after != 0 {
		page.ID += "&min_id=" + strconv.FormatInt(after, 10)
	}
	last := int64(0)
	for _, p := range posts {
		if p.ID <= after {
			continue
		}
		if len(page.Items) == contextShown {
			page.Next = base + "&min_id=" + strconv.FormatInt(last, 10)
			break
		}
		page.Items = append(page.Items, p.URI)
		last = p.ID
	}
	return page
}

// serveOfPost answers with what hangs on an own post, to those who may read the
// post. A boost has nothing of the kind.
func (s *Service) serveOfPost(w http.ResponseWriter, r *http.Request, id int64, render postRender) {
	if s.claimedAsker(r).blocked {
		s.nothingHere(w, r)
		return
	}
	if !s.mayFetch(w, r) {
		return
	}
	d, private := s.renderPost(w, r, id, func(tx *store.Tx, p store.Post) (any, error) {
		if p.BoostOf != 0 {
			return nil, store.ErrNotFound
		}
		return render(tx, p)
	})
	switch {
	case d == nil:
	case private:
		reply.PrivateAnswer(w.Header())
		reply.Activity(w, r, http.StatusOK, d.body)
	default:
		s.hand(w, r, d)
	}
}

// replyIDs lists the ids of replies to a post above a place, oldest first, and
// where the next page starts (0 if there is none).
func (s *Service) replyIDs(tx *store.Tx, p store.Post, after int64, limit int) (ids []string, next int64, err error) {
	list, err := tx.Replies(p.ID, repliesRead)
	if err != nil {
		return nil, 0, fmt.Errorf("read replies to post %d: %w", p.ID, err)
	}
	open, err := newOpenPosts(tx, list)
	if err != nil {
		return nil, 0, err
	}
	last := int64(0)
	for _, q := range list {
		if q.ID <= after {
			continue
		}
		ok, err := open.has(q)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			continue
		}
		if len(ids) == limit {
			return ids, last, nil
		}
		ids, last = append(ids, q.URI), q.ID
	}
	return ids, 0, nil
}

// repliesCollection is the collection with the given replies as its first page.
func (s *Service) repliesCollection(p store.Post, ids []string, next int64) *ap.Collection {
	base := p.URI + "/replies"
	page := &ap.Collection{Type: "CollectionPage", PartOf: base, TotalItems: -1, Items: make([]any, len(ids))}
	for i, id := range ids {
		page.Items[i] = id
	}
	if next != 0 {
		page.Next = base + "?page=true&min_id=" + strconv.FormatInt(next, 10)
	}
	return &ap.Collection{ID: base, Type: "Collection", TotalItems: -1, FirstPage: page}
}

// openPosts tells which posts may be named to everybody: public or unlisted, no
// boosts, not of a blocked server or person (T19, T48), and nothing that a rule of the
// owner holds back.
type openPosts struct {
	tx    *store.Tx
	hosts map[int64]bool // actor id -> blocked, or the account gone
	held  map[int64]bool // posts
}

func newOpenPosts(tx *store.Tx, list []store.Post) (*openPosts, error) {
	ids := make([]int64, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	held, err := tx.HeldAmong(ids...)
	return &openPosts{tx, map[int64]bool{}, held}, err
}

func (o *openPosts) has(p store.Post) (bool, error) {
	if !p.Visibility.Open() || p.BoostOf != 0 || p.URI == "" || o.held[p.ID] {
		return false, nil
	}
	if p.Own() {
		return true, nil
	}
	hidden, known := o.hosts[p.ActorID]
	if !known {
		a, err := o.tx.Actor(p.ActorID)
		if err != nil {
			return false, fmt.Errorf("read author of post %d: %w", p.ID, err)
		}
		blocked, err := Blocked(o.tx, a.URI)
		if err != nil {
			return false, fmt.Errorf("look up a block for post %d: %w", p.ID, err)
		}
		hidden = blocked || !a.GoneAt.IsZero()
		o.hosts[p.ActorID] = hidden
	}
	return !hidden, nil
}
