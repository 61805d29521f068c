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
	emojisMember    = ownFolder + "emojis.jsonl"
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

// others writes the posts of others that the owner's doings name, and the people of
// all that is in the archive.
func (e *export) others() error {
	e.named, e.touched = map[int64]bool{}, map[int64]bool{}
	for _, part := range []func() error{e.marks, e.votes, e.moreChoices, e.relations, e.touchedPosts, e.otherPosts, e.namedPeople} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
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

// sorted are the ids of a set, the lowest first.
func sorted(set map[int64]bool) []int64 {
	list := make([]int64, 0, len(set))
	for id := range set {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// otherOf is a post of somebody else as the archive keeps it.
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
