package archive

import (
	"slices"
	"time"

	"dassie/store"
)

// Members by which an import here restores what the other members only name.
const (
	postsMember     = ownFolder + "posts.jsonl"
	othersMember    = ownFolder + "others.jsonl"
	marksMember     = ownFolder + "marks.jsonl"
	relationsMember = ownFolder + "relations.jsonl"
	peopleMember    = ownFolder + "people.jsonl"
	profileMember   = ownFolder + "profile.json"
	settingsMember  = ownFolder + "settings.json"
	filtersMember   = ownFolder + "filters.json"
	draftsMember    = ownFolder + "drafts.json"
	securityMember  = ownFolder + "security_log.jsonl"
)

// person is somebody whom the archive names: enough to know them again without
// asking anybody.
type person struct {
	URI         string `json:"uri"`
	Username    string `json:"username"`
	Domain      string `json:"domain"`
	Kind        string `json:"kind"`
	Name        string `json:"name,omitempty"`
	URL         string `json:"url,omitempty"`
	Inbox       string `json:"inbox"`
	SharedInbox string `json:"shared_inbox,omitempty"`
	Outbox      string `json:"outbox,omitempty"`
	Followers   string `json:"followers,omitempty"`
	Featured    string `json:"featured,omitempty"`
	Icon        string `json:"icon,omitempty"`
}

// other is a post by somebody else that the owner liked, saved, boosted, filtered or
// got in private, as it was then.
type other struct {
	URI        string          `json:"uri"`
	Author     string          `json:"author"`
	Kind       store.Kind      `json:"kind,omitempty"`
	Visibility string          `json:"visibility"`
	Parent     string          `json:"in_reply_to,omitempty"`
	URL        string          `json:"url,omitempty"`
	Title      string          `json:"title,omitempty"`
	Summary    string          `json:"content_warning,omitempty"`
	Content    string          `json:"content,omitempty"`
	Language   string          `json:"language,omitempty"`
	Sensitive  bool            `json:"sensitive,omitempty"`
	Published  time.Time       `json:"published"`
	Edited     time.Time       `json:"edited,omitzero"`
	Replies    int             `json:"replies,omitempty"`
	Boosts     int             `json:"boosts,omitempty"`
	Likes      int             `json:"likes,omitempty"`
	Extra      store.PostExtra `json:"extra,omitzero"`
}

// mark is a like, a reaction or a bookmark, in the order in which they were made.
type mark struct {
	Kind  string    `json:"kind"` // like or bookmark
	Post  string    `json:"post"`
	Emoji string    `json:"emoji,omitempty"`
	Icon  string    `json:"icon,omitempty"`
	At    time.Time `json:"at"`
}

// Kinds of lines about people and servers.
const (
	relList   = "list"
	relFollow = "follow"
	relMute   = "mute"
	relBlock  = "block"
	relNote   = "note"
	relServer = "server"
)

// relation is one line about a person, a list of them, or a server.
type relation struct {
	Kind        string            `json:"kind"`
	Person      string            `json:"person,omitempty"`
	Boosts      bool              `json:"boosts,omitempty"`
	Notify      bool              `json:"notify,omitempty"`
	Languages   string            `json:"languages,omitempty"`
	Lists       []int64           `json:"lists,omitempty"`
	Recommended bool              `json:"recommended,omitempty"`
	Until       time.Time         `json:"until,omitzero"`
	Notices     bool              `json:"notices,omitempty"`
	Text        string            `json:"text,omitempty"`
	ID          int64             `json:"id,omitempty"`
	Name        string            `json:"name,omitempty"`
	Replies     store.ListReplies `json:"replies,omitempty"`
	Exclusive   bool              `json:"exclusive,omitempty"`
	Blocked     bool              `json:"blocked,omitempty"`
}

// others writes the posts of others that the owner's doings name, and the people of
// all that is in the archive.
func (e *export) others() error {
	e.named, e.touched = map[int64]bool{}, map[int64]bool{}
	for _, part := range []func() error{e.marks, e.relations, e.touchedPosts, e.otherPosts, e.namedPeople} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// marks writes likes and bookmarks.
func (e *export) marks() error {
	out, err := e.lines(marksMember)
	if err != nil {
		return err
	}
	add := func(tx *store.Tx, m mark, postID int64) error {
		e.touched[postID] = true
		if m.Post, err = uriOf(tx, postID); err != nil || m.Post == "" {
			return err
		}
		return out.add(m)
	}
	if err := eachMark(e, func(tx *store.Tx, p store.Page) ([]store.Reaction, error) { return tx.LikesBy(store.OwnerID, p) },
		func(r store.Reaction) int64 { return r.ID },
		func(tx *store.Tx, r store.Reaction) error {
			return add(tx, mark{Kind: store.WantLike, Emoji: r.Emoji, Icon: r.Icon, At: r.At}, r.PostID)
		}); err != nil {
		return err
	}
	return eachMark(e, func(tx *store.Tx, p store.Page) ([]store.Bookmark, error) { return tx.Bookmarks(p) },
		func(b store.Bookmark) int64 { return b.ID },
		func(tx *store.Tx, b store.Bookmark) error {
			return add(tx, mark{Kind: store.WantBookmark, At: b.At}, b.PostID)
		})
}

// eachMark reads a list that is paged by id, the oldest first.
func eachMark[T any](e *export, read func(*store.Tx, store.Page) ([]T, error), id func(T) int64, do func(*store.Tx, T) error) error {
	for after := int64(1); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			list, err := read(tx, store.Page{Min: after, Limit: pageSize})
			if n = len(list); err != nil || n == 0 {
				return err
			}
			after = id(list[0]) // a page comes newest first
			for _, v := range slices.Backward(list) {
				if err := do(tx, v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// relations writes what is between the owner and others, and the rules for servers.
func (e *export) relations() error {
	out, err := e.lines(relationsMember)
	if err != nil {
		return err
	}
	add := func(r relation, a store.Actor) error {
		e.named[a.ID] = true
		r.Person = a.URI
		return out.add(r)
	}
	member, recommended, err := e.listed(out)
	if err != nil {
		return err
	}
	for _, part := range []func() error{
		func() error {
			return eachOf(e, func(tx *store.Tx, after int64) ([]store.Following, error) { return tx.FollowingList(after, pageSize) },
				func(f store.Following) int64 { return f.ActorID }, func(f store.Following, a store.Actor) error {
					return add(relation{Kind: relFollow, Boosts: f.Boosts, Notify: f.Notify, Languages: f.Languages, Lists: member[a.ID], Recommended: recommended[a.ID]}, a)
				})
		},
		func() error {
			return eachOf(e, func(tx *store.Tx, after int64) ([]store.Mute, error) { return tx.MuteList(after, pageSize) },
				func(m store.Mute) int64 { return m.ActorID }, func(m store.Mute, a store.Actor) error {
					return add(relation{Kind: relMute, Until: m.Until, Notices: m.Notices}, a)
				})
		},
		func() error {
			return eachOf(e, func(tx *store.Tx, after int64) ([]store.Block, error) { return tx.BlockList(after, pageSize) },
				func(b store.Block) int64 { return b.ActorID }, func(_ store.Block, a store.Actor) error { return add(relation{Kind: relBlock}, a) })
		},
		func() error {
			return eachOf(e, func(tx *store.Tx, after int64) ([]store.Note, error) { return tx.NoteList(after, pageSize) },
				func(n store.Note) int64 { return n.ActorID }, func(n store.Note, a store.Actor) error {
					return add(relation{Kind: relNote, Text: n.Text}, a)
				})
		},
		func() error { return e.rules(out) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// listed writes the lists, and says who is in which, and who is recommended.
func (e *export) listed(out lines) (member map[int64][]int64, recommended map[int64]bool, err error) {
	member, recommended = map[int64][]int64{}, map[int64]bool{}
	err = e.read(func(tx *store.Tx) error {
		lists, err := tx.Lists()
		if err != nil {
			return err
		}
		for _, l := range lists {
			if err := out.add(relation{Kind: relList, ID: l.ID, Name: l.Title, Replies: l.Replies, Exclusive: l.Exclusive}); err != nil {
				return err
			}
			for page := (store.Page{Limit: pageSize}); ; {
				ids, err := tx.Listed(l.ID, page)
				if err != nil {
					return err
				}
				if len(ids) == 0 {
					break
				}
				page.Max = ids[len(ids)-1]
				for _, id := range ids {
					member[id] = append(member[id], l.ID)
				}
			}
		}
		ids, err := tx.Endorsements(0, endorsementsRead)
		for _, id := range ids {
			recommended[id] = true
		}
		return err
	})
	return member, recommended, err
}

// rules writes which servers are blocked or silenced.
func (e *export) rules(out lines) error {
	for page := (store.Page{Limit: pageSize}); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			list, err := tx.ServerRules(page)
			n = len(list)
			for i := 0; err == nil && i < n; i++ {
				page.Max = list[i].HostID
				err = out.add(relation{Kind: relServer, Name: list[i].Name, Text: list[i].Comment, Blocked: list[i].Bound == store.Blocked})
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// touchedPosts finds what else the owner's doings name: boosted and quoted posts,
// what filters and drafts name, and private mentions. Whom own posts name is noted.
func (e *export) touchedPosts() error {
	err := e.eachPost(func(_ *store.Tx, posts []store.Post) error {
		for _, p := range posts {
			if p.BoostOf != 0 {
				e.touched[p.BoostOf] = true
			}
			for _, m := range p.Extra.Mentions {
				if m.ActorID != 0 {
					e.named[m.ActorID] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.read(func(tx *store.Tx) error {
		all, err := tx.Filters()
		if err != nil {
			return err
		}
		for _, f := range all {
			for _, p := range f.Posts {
				e.touched[p.PostID] = true
			}
		}
		for _, k := range unsentKinds {
			list, err := tx.UnsentList(k.kind)
			if err != nil {
				return err
			}
			for _, u := range list {
				e.touched[u.Draft.ParentID], e.touched[u.Draft.QuoteID] = true, true
			}
		}
		for after := int64(0); ; {
			posts, err := tx.DirectPosts(after, pageSize)
			if err != nil || len(posts) == 0 {
				return err
			}
			for _, p := range posts {
				e.touched[p.ID], after = true, p.ID
			}
		}
	})
}

// otherPosts writes those of them that others wrote, the oldest first.
func (e *export) otherPosts() error {
	out, err := e.lines(othersMember)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(sorted(e.touched), pageSize) {
		if err := e.read(func(tx *store.Tx) error {
			posts, err := tx.Posts(some)
			if err != nil {
				return err
			}
			authors := make([]int64, len(posts))
			for i, p := range posts {
				authors[i] = p.ActorID
			}
			actors, err := tx.Actors(authors...)
			if err != nil {
				return err
			}
			for _, p := range posts {
				if p.Own() || p.BoostOf != 0 {
					continue
				}
				e.named[p.ActorID] = true
				if err := out.add(otherOf(p, actors[p.ActorID])); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func sorted(set map[int64]bool) []int64 {
	list := make([]int64, 0, len(set))
	for id := range set {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

func otherOf(p store.Post, author store.Actor) other {
	extra := portable(p.Extra)
	for i := range extra.Attachments {
		extra.Attachments[i].Name = "" // of the copy in our cache
	}
	return other{
		URI: p.URI, Author: author.URI, Kind: p.Kind, Visibility: visibilities[p.Visibility], Parent: p.ParentURI, URL: p.URL, Title: p.Title,
		Summary: p.Summary, Content: p.Content, Language: p.Language, Sensitive: p.Sensitive, Published: p.PublishedAt, Edited: p.EditedAt,
		Replies: p.Replies, Boosts: p.Boosts, Likes: p.Likes, Extra: extra,
	}
}

// portable is what a post shows without the numbers that people have on this server.
func portable(x store.PostExtra) store.PostExtra {
	x.Mentions, x.Attachments = slices.Clone(x.Mentions), slices.Clone(x.Attachments)
	for i := range x.Mentions {
		x.Mentions[i].ActorID = 0
	}
	return x
}

// namedPeople writes everybody who was named.
func (e *export) namedPeople() error {
	out, err := e.lines(peopleMember)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(sorted(e.named), pageSize) {
		if err := e.read(func(tx *store.Tx) error {
			actors, err := tx.Actors(some...)
			if err != nil {
				return err
			}
			for _, id := range some {
				a, ok := actors[id]
				if !ok || id == store.OwnerID {
					continue
				}
				if err := out.add(person{
					URI: a.URI, Username: a.Username, Domain: a.Domain, Kind: a.Kind, Name: a.Name, URL: a.URL, Inbox: a.Inbox, SharedInbox: a.SharedInbox,
					Outbox: a.Outbox, Followers: a.FollowersURI, Featured: a.FeaturedURI, Icon: a.IconURL,
				}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
