package archive

import (
	"time"

	"dassie/store"
)

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
	At          time.Time         `json:"at,omitzero"` // since when somebody is muted or blocked
	Notices     bool              `json:"notices,omitempty"`
	Text        string            `json:"text,omitempty"`
	ID          int64             `json:"id,omitempty"`
	Name        string            `json:"name,omitempty"`
	Replies     store.ListReplies `json:"replies,omitempty"`
	Exclusive   bool              `json:"exclusive,omitempty"`
	Blocked     bool              `json:"blocked,omitempty"`
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
			return e.eachFollowing(func(f store.Following, a store.Actor) error {
				return add(relation{Kind: relFollow, Boosts: f.Boosts, Notify: f.Notify, Languages: f.Languages, Lists: member[a.ID], Recommended: recommended[a.ID]}, a)
			})
		},
		func() error {
			return e.eachMute(func(m store.Mute, a store.Actor) error {
				return add(relation{Kind: relMute, Until: m.Until, Notices: m.Notices, At: m.At}, a)
			})
		},
		func() error {
			return e.eachBlock(func(b store.Block, a store.Actor) error { return add(relation{Kind: relBlock, At: b.At}, a) })
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
	return e.eachRule(func(r store.ServerRule) error {
		return out.add(relation{Kind: relServer, Name: r.Name, Text: r.Comment, Blocked: r.Bound == store.Blocked})
	})
}

func (e *export) eachRule(do func(store.ServerRule) error) error {
	for page := (store.Page{Limit: pageSize}); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			list, err := tx.ServerRules(page)
			n = len(list)
			for i := 0; err == nil && i < n; i++ {
				page.Max = list[i].HostID
				err = do(list[i])
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
