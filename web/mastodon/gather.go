package mastodon

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"dassie/federation"
	"dassie/store"
)

// countsAge is for how long the owner's counts in a list may be old; asked for
// alone, the account is counted anew.
const countsAge = 10 * time.Second

// ownCounts are the numbers on the owner's account; others' come from their
// servers.
type ownCounts struct {
	at                         time.Time
	posts, followers, followed int
	lastPost                   time.Time // zero if none
}

// countsCache spares a page of posts the counting of followers.
type countsCache struct{ p atomic.Pointer[ownCounts] }

// read returns counts no older than maxAge; 0 counts anew.
func (c *countsCache) read(tx *store.Tx, now time.Time, maxAge time.Duration) (ownCounts, error) {
	if old := c.p.Load(); old != nil && now.Sub(old.at) < maxAge {
		return *old, nil
	}
	n := ownCounts{at: now}
	var err error
	if n.posts, err = tx.CountOwnPosts(); err != nil {
		return n, err
	}
	if n.followers, err = tx.CountFollowers(store.FollowAccepted); err != nil {
		return n, err
	}
	if n.followed, err = tx.CountFollowing(); err != nil {
		return n, err
	}
	last, err := tx.OwnPosts(store.Page{Limit: 1}, store.Unlisted, true, true)
	if err != nil {
		return n, err
	}
	if len(last) > 0 {
		n.lastPost = last[0].PublishedAt
	}
	c.p.Store(&n)
	return n, nil
}

// room holds what a page of entities is made from, all of one view of the
// store: each author and each post is read once.
type room struct {
	api      *API
	scope    federation.Scope // whom the page is for
	settings store.Settings
	now      time.Time
	counts   ownCounts
	actors   map[int64]store.Actor
	posts    map[int64]*store.Post
	pinned   map[int64]bool // own posts
	marks    map[int64]store.Marks
	hushed   map[int64]bool  // in a conversation that the owner muted
	votes    map[int64][]int // of the owner, in others' polls
	hidden   map[int64]bool  // authors whose posts are not shown: blocked, of blocked servers (T48), or gone
	limited  map[int64]bool  // strangers on servers that the owner silenced; nobody for visitors
	moved    map[string]store.Actor
	accounts map[int64]*Account
	emojis   federation.EmojiPaths
	filters  federation.Filters

	cards  map[int64]store.LinkCard       // what posts link to
	quoted map[int64]federation.QuoteView // what posts quote
	bonds  map[int64]store.Bond           // how the owner stands to authors whose policies depend on it
}

// gather reads what posts and actors need to be shown: boosted posts, parents
// (for their authors' ids) and authors.
func (a *API) gather(tx *store.Tx, posts []store.Post, actorIDs ...int64) (*room, error) {
	return a.gatherFor(federation.ForOwner, tx, posts, actorIDs...)
}

func (a *API) gatherFor(scope federation.Scope, tx *store.Tx, posts []store.Post, actorIDs ...int64) (*room, error) {
	m := &room{
		api: a, scope: scope, settings: a.svc.Settings(), now: a.svc.Now(),
		posts: make(map[int64]*store.Post, 2*len(posts)), pinned: map[int64]bool{}, accounts: map[int64]*Account{},
	}
	m.add(posts)
	// Twice: a boosted post may itself have a parent.
	for range 2 {
		if err := m.readRelated(tx); err != nil {
			return nil, err
		}
	}
	if err := m.readQuotes(tx); err != nil {
		return nil, err
	}
	if err := m.readVotes(tx); err != nil {
		return nil, err
	}
	ids, shown := slices.Clone(actorIDs), make([]int64, 0, len(m.posts))
	for id, p := range m.posts {
		ids, shown = append(ids, p.ActorID), append(shown, id)
	}
	var err error
	if len(shown) > 0 && m.settings.LinkPreviews {
		if m.cards, err = tx.LinkCards(shown); err != nil {
			return nil, err
		}
		for _, c := range m.cards {
			ids = append(ids, c.AuthorID) // 0 is nobody
		}
	}
	if len(shown) > 0 {
		if m.marks, err = tx.Marks(shown); err != nil {
			return nil, err
		}
	}
	if len(shown) > 0 && !m.visited() {
		m.filters = a.svc.Filters()
		if m.hushed, err = tx.InMutedThread(shown...); err != nil {
			return nil, err
		}
	}
	if m.actors, err = tx.Actors(ids...); err != nil {
		return nil, err
	}
	if m.hidden, err = tx.HiddenActors(m.actors); err != nil {
		return nil, err
	}
	if !m.visited() {
		if m.limited, err = tx.LimitedAmong(slices.Collect(maps.Keys(m.actors))...); err != nil {
			return nil, err
		}
	}
	if err := m.readMoved(tx); err != nil {
		return nil, err
	}
	if err := m.readEmojis(tx); err != nil {
		return nil, err
	}
	if _, ok := m.actors[store.OwnerID]; !ok {
		return m, nil
	}
	if m.counts, err = a.counts.read(tx, m.now, countsAge); err != nil {
		return nil, err
	}
	pins, err := tx.Pinned(store.OwnerID)
	for _, p := range pins {
		m.pinned[p.ID] = true
	}
	return m, err
}

// readEmojis reads where the pictures are that posts and names of a page use.
func (m *room) readEmojis(tx *store.Tx) error {
	var words []federation.EmojiWords
	add := func(hostID int64, list []store.Emoji) {
		if len(list) > 0 {
			words = append(words, federation.EmojiWords{HostID: hostID, List: list})
		}
	}
	for _, p := range m.posts {
		if len(p.Extra.Emojis) > 0 {
			add(m.actors[p.ActorID].HostID, p.Extra.Emojis)
		}
	}
	for _, a := range m.actors {
		add(a.HostID, a.Extra.Emojis)
	}
	for _, a := range m.moved {
		add(a.HostID, a.Extra.Emojis)
	}
	m.emojis = federation.EmojiPaths{}
	return m.api.svc.ReadEmojis(tx, m.scope, m.emojis, words...)
}

// readMoved reads where the people of a page went, of those who did.
func (m *room) readMoved(tx *store.Tx) error {
	var uris []string
	for _, a := range m.actors {
		if a.Extra.MovedTo != "" {
			uris = append(uris, a.Extra.MovedTo)
		}
	}
	if len(uris) == 0 {
		return nil
	}
	var err error
	m.moved, err = tx.ActorsByURI(uris...)
	return err
}

func (m *room) readRelated(tx *store.Tx) error {
	var want []int64
	for _, p := range m.posts {
		for _, id := range [2]int64{p.BoostOf, p.ParentID} {
			if _, ok := m.posts[id]; id != 0 && !ok {
				want = append(want, id)
			}
		}
	}
	if len(want) == 0 {
		return nil
	}
	list, err := tx.Posts(want)
	m.add(list)
	return err
}

func (m *room) add(list []store.Post) {
	for i := range list {
		m.posts[list[i].ID] = &list[i]
	}
}

// relationships reads how the owner and several people stand to each other, in
// that order. Of somebody unknown here everything is false.
func relationships(tx *store.Tx, actorIDs ...int64) ([]Relationship, error) {
	known, err := tx.Relations(actorIDs...)
	if err != nil {
		return nil, err
	}
	list := make([]Relationship, len(actorIDs))
	for i, actorID := range actorIDs {
		list[i] = relationshipOf(actorID, known[actorID])
	}
	return list, nil
}
