package archive

import (
	"slices"
	"time"

	"dassie/store"
)

// ownFolder holds what Mastodon's archives have no place for.
const ownFolder = "dassie/"

// post is an own post, or a boost, whole.
type post struct {
	URI        string          `json:"uri"`
	URL        string          `json:"url,omitempty"`
	Poll       bool            `json:"question,omitempty"`
	Visibility string          `json:"visibility"`
	BoostOf    string          `json:"boost_of,omitempty"`
	Parent     string          `json:"in_reply_to,omitempty"`
	Summary    string          `json:"content_warning,omitempty"`
	Content    string          `json:"content,omitempty"` // HTML
	Source     string          `json:"source,omitempty"`  // as it was typed
	Language   string          `json:"language,omitempty"`
	Sensitive  bool            `json:"sensitive,omitempty"`
	Published  time.Time       `json:"published"`
	Edited     time.Time       `json:"edited,omitzero"`
	Replies    int             `json:"replies,omitempty"`
	Boosts     int             `json:"boosts,omitempty"`
	Likes      int             `json:"likes,omitempty"`
	Pinned     bool            `json:"pinned,omitempty"`
	Bookmarked bool            `json:"bookmarked,omitempty"`
	Files      []file          `json:"files,omitempty"`
	Extra      store.PostExtra `json:"extra,omitzero"`
	Edits      []edit          `json:"edits,omitempty"`
	Servers    []server        `json:"servers,omitempty"` // what became of it there
	FetchedBy  []fetched       `json:"fetched_by,omitempty"`
	Quote      *quoted         `json:"quote,omitempty"`
}

// quoted is the post that a post quotes, and what its author says to that.
type quoted struct {
	URI     string    `json:"uri"`
	State   string    `json:"state"`
	Request string    `json:"request,omitempty"`
	Stamp   string    `json:"stamp,omitempty"`
	At      time.Time `json:"at"`
}

type file struct {
	ID     int64   `json:"id,omitempty"`
	Member string  `json:"file"`
	MIME   string  `json:"type"`
	Alt    string  `json:"description,omitempty"`
	Title  string  `json:"name,omitempty"`
	FocalX float64 `json:"focal_x,omitempty"`
	FocalY float64 `json:"focal_y,omitempty"`
}

type edit struct {
	At        time.Time       `json:"at"`
	Summary   string          `json:"content_warning,omitempty"`
	Content   string          `json:"content,omitempty"`
	Source    string          `json:"source,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
	Extra     store.PostExtra `json:"extra,omitzero"`
}

type server struct {
	Host  string `json:"host"`
	Inbox string `json:"inbox"`
	State string `json:"state"`
	Error string `json:"error,omitempty"`
}

type fetched struct {
	Host string    `json:"host"`
	At   time.Time `json:"at"`
}

// Names of what is numbered in the store.
var (
	visibilities = [...]string{"public", "unlisted", "followers", "direct"}
	quoteStates  = [...]string{"pending", "accepted", "refused", "revoked", "without consent"}
	deliveries   = [...]string{"waiting", "sent, no answer", "accepted", "refused", "given up", "cancelled", "sent, then given up"}
)

// rest writes what is below dassie/.
func (e *export) rest() error {
	for _, part := range []func() error{e.posts, e.messages, e.choices, e.emojis, e.filters, e.unsent, e.security, e.others} {
		if err := part(); err != nil {
			return err
		}
		e.told()
	}
	return nil
}

func (e *export) posts() error {
	out, err := e.lines(postsMember)
	if err != nil {
		return err
	}
	return e.eachPost(func(tx *store.Tx, posts []store.Post) error {
		err := eachWhole(tx, posts, func(_ store.Post, v post) error { return out.add(v) })
		e.passed(len(posts), false)
		return err
	})
}

// hung is what hangs on some posts, by their ids.
type hung struct {
	boosted  map[int64]string // their addresses, by their own ids
	pinned   map[int64]bool
	saved    map[int64]bool
	files    map[int64][]store.Media
	edits    map[int64][]store.Edit
	quotes   map[int64]store.Quote
	receipts map[int64][]store.Receipt
	fetches  map[int64][]store.FetchedBy
}

// hungOn reads it for some posts, with one query for each kind.
func hungOn(tx *store.Tx, posts []store.Post) (h hung, err error) {
	ids, boosted := idsOf(posts), []int64{}
	for _, p := range posts {
		if p.BoostOf != 0 {
			boosted = append(boosted, p.BoostOf)
		}
	}
	h.boosted, h.quotes = map[int64]string{}, map[int64]store.Quote{}
	for _, read := range []func() error{
		func() (err error) { h.pinned, err = tx.PinnedAmong(store.OwnerID, ids); return err },
		func() (err error) { h.saved, err = tx.BookmarkedAmong(ids); return err },
		func() (err error) { h.files, err = tx.MediaOfPosts(ids); return err },
		func() (err error) { h.edits, err = tx.EditsOf(ids); return err },
		func() (err error) { h.receipts, err = tx.ReceiptsOf(ids); return err },
		func() (err error) { h.fetches, err = tx.FetchesOf(ids); return err },
		func() error {
			list, err := tx.Posts(boosted)
			for _, p := range list {
				h.boosted[p.ID] = p.URI
			}
			return err
		},
		func() error {
			list, err := tx.Quotes(ids)
			for _, q := range list {
				h.quotes[q.PostID] = q
			}
			return err
		},
	} {
		if err := read(); err != nil {
			return h, err
		}
	}
	return h, nil
}

// wholeAtOnce is of how many posts all that hangs on them is held: a post may have
// gone to thousands of servers.
const wholeAtOnce = 10

// eachWhole calls f with posts and what they are with all that hangs on them.
func eachWhole(tx *store.Tx, posts []store.Post, f func(store.Post, post) error) error {
	for some := range slices.Chunk(posts, wholeAtOnce) {
		h, err := hungOn(tx, some)
		if err != nil {
			return err
		}
		for _, p := range some {
			if err := f(p, h.whole(p)); err != nil {
				return err
			}
		}
	}
	return nil
}

// whole is one of them.
func (h hung) whole(p store.Post) post {
	v := post{
		URI: p.URI, URL: p.URL, Poll: p.Kind == store.KindQuestion, Visibility: visibilities[p.Visibility], Parent: p.ParentURI,
		Summary: p.Summary, Content: p.Content, Source: p.Source, Language: p.Language, Sensitive: p.Sensitive,
		Published: p.PublishedAt, Edited: p.EditedAt, Replies: p.Replies, Boosts: p.Boosts, Likes: p.Likes, Extra: portable(p.Extra),
		Bookmarked: h.saved[p.ID],
	}
	for _, r := range h.receipts[p.ID] {
		v.Servers = append(v.Servers, server{r.Host, r.InboxURL, deliveries[r.State], r.Error})
	}
	if p.BoostOf != 0 {
		v.BoostOf = h.boosted[p.BoostOf]
		return v
	}
	v.Pinned = h.pinned[p.ID]
	for _, m := range h.files[p.ID] {
		v.Files = append(v.Files, fileOf(m))
	}
	for _, d := range h.edits[p.ID] {
		v.Edits = append(v.Edits, edit{d.At, d.Summary, d.Content, d.Source, d.Sensitive, portable(d.Extra)})
	}
	if q, ok := h.quotes[p.ID]; ok {
		v.Quote = &quoted{q.QuotedURI, quoteStates[q.State], q.RequestURI, q.StampURI, q.At}
	}
	for _, f := range h.fetches[p.ID] {
		v.FetchedBy = append(v.FetchedBy, fetched{f.Host, f.At})
	}
	return v
}

func fileOf(m store.Media) file {
	return file{ID: m.ID, Member: memberOf(m), MIME: m.MIME, Alt: m.Alt, Title: m.Title, FocalX: m.FocalX, FocalY: m.FocalY}
}

// message is a private mention that the owner got.
type message struct {
	URI       string    `json:"uri"`
	From      string    `json:"from"`
	Published time.Time `json:"published"`
	Parent    string    `json:"in_reply_to,omitempty"`
	Summary   string    `json:"content_warning,omitempty"`
	Content   string    `json:"content"`
}

func (e *export) messages() error {
	out, err := e.lines(ownFolder + "messages.jsonl")
	if err != nil {
		return err
	}
	return e.eachMessage(func(m message) error { return out.add(m) })
}

// eachMessage calls f with the private mentions by others, the oldest first.
func (e *export) eachMessage(f func(message) error) error {
	for after := int64(0); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			posts, err := tx.DirectPosts(after, pageSize)
			if n = len(posts); err != nil || n == 0 {
				return err
			}
			after = posts[n-1].ID
			authors := make([]int64, n)
			for i, p := range posts {
				authors[i] = p.ActorID
			}
			actors, err := tx.Actors(authors...)
			if err != nil {
				return err
			}
			for _, p := range posts {
				if a := actors[p.ActorID]; !p.Own() {
					if err := f(message{p.URI, a.Handle(), p.PublishedAt, p.ParentURI, p.Summary, p.HTML()}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
