package archive

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"dassie/federation"
	"dassie/store"
)

// table is a list as Mastodon exports it, in its columns, so that it and others
// import it.
type table struct {
	name string
	head []string
	fill func(e *export, add func(...string) error) error
}

// tables are all of them, and followers, whom Mastodon only counts, in the form of
// the first.
var tables = []table{
	{"following_accounts.csv", []string{"Account address", "Show boosts", "Notify on new posts", "Languages"}, (*export).following},
	{"followers.csv", []string{"Account address"}, (*export).followers},
	{"muted_accounts.csv", []string{"Account address", "Hide notifications"}, (*export).mutes},
	{"blocked_accounts.csv", nil, (*export).blocks},
	{"blocked_domains.csv", nil, (*export).hosts},
	{"lists.csv", nil, (*export).lists},
	{"bookmarks.csv", nil, (*export).bookmarks},
}

// people writes them into the archive.
func (e *export) people() error {
	for _, t := range tables {
		w, err := e.create(t.name, false)
		if err == nil {
			err = t.write(e, w)
		}
		if err != nil {
			return err
		}
		e.told()
	}
	w, err := e.create(filtersFile, false)
	if err != nil {
		return err
	}
	return e.customFilters(w)
}

// write writes the list as CSV.
func (t table) write(e *export, w io.Writer) error {
	c := csv.NewWriter(w)
	if t.head != nil {
		if err := c.Write(t.head); err != nil {
			return err
		}
	}
	add := func(cells ...string) error {
		for i, cell := range cells {
			cells[i] = federation.CSVCell(cell) // T40
		}
		return c.Write(cells)
	}
	if err := t.fill(e, add); err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}

// HasTable says whether there is a list of this name, such as bookmarks.csv.
func HasTable(name string) bool {
	return name == filtersFile || slices.ContainsFunc(tables, func(t table) bool { return t.name == name })
}

// Table writes one list by itself. Errors: store.ErrNotFound for a name that
// HasTable does not know.
func (s Source) Table(ctx context.Context, name string, w io.Writer) error {
	for _, t := range tables {
		if t.name == name {
			return t.write(&export{Source: s, ctx: ctx}, w)
		}
	}
	if name == filtersFile {
		return (&export{Source: s, ctx: ctx}).customFilters(w)
	}
	return store.ErrNotFound
}

// eachOf reads a list of people in pages; read gives one after an actor's id, with
// the ids of the people on it, and line the cells of each.
func eachOf[T any](e *export, read func(tx *store.Tx, after int64) ([]T, error), id func(T) int64, line func(T, store.Actor) error) error {
	for after := int64(0); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			list, err := read(tx, after)
			if n = len(list); err != nil || n == 0 {
				return err
			}
			after = id(list[n-1])
			ids := make([]int64, n)
			for i, v := range list {
				ids[i] = id(v)
			}
			actors, err := tx.Actors(ids...)
			for i := 0; err == nil && i < n; i++ {
				if a, ok := actors[ids[i]]; ok {
					err = line(list[i], a)
				}
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// truth is how Mastodon's lists say yes or no.
func truth(v bool) string { return strconv.FormatBool(v) }

// eachFollowing calls do with everybody whom the owner follows.
func (e *export) eachFollowing(do func(store.Following, store.Actor) error) error {
	return eachOf(e, func(tx *store.Tx, after int64) ([]store.Following, error) { return tx.FollowingList(after, pageSize) },
		func(f store.Following) int64 { return f.ActorID }, do)
}

// eachMute calls do with everybody who is muted.
func (e *export) eachMute(do func(store.Mute, store.Actor) error) error {
	return eachOf(e, func(tx *store.Tx, after int64) ([]store.Mute, error) { return tx.MuteList(after, pageSize) },
		func(m store.Mute) int64 { return m.ActorID }, do)
}

// eachBlock calls do with everybody who is blocked.
func (e *export) eachBlock(do func(store.Block, store.Actor) error) error {
	return eachOf(e, func(tx *store.Tx, after int64) ([]store.Block, error) { return tx.BlockList(after, pageSize) },
		func(b store.Block) int64 { return b.ActorID }, do)
}

// languages of somebody's posts that are shown, as Mastodon's lists have them.
func languages(f store.Following) string { return strings.Join(strings.Fields(f.Languages), ", ") }

func (e *export) following(add func(...string) error) error {
	return e.eachFollowing(func(f store.Following, a store.Actor) error {
		return add(a.Handle(), truth(f.Boosts), truth(f.Notify), languages(f))
	})
}

func (e *export) followers(add func(...string) error) error {
	return eachOf(e, func(tx *store.Tx, after int64) ([]store.Follower, error) {
		return tx.FollowersIn(store.FollowAccepted, after, pageSize)
	},
		func(f store.Follower) int64 { return f.ActorID },
		func(_ store.Follower, a store.Actor) error { return add(a.Handle()) })
}

func (e *export) mutes(add func(...string) error) error {
	return e.eachMute(func(m store.Mute, a store.Actor) error { return add(a.Handle(), truth(m.Notices)) })
}

func (e *export) blocks(add func(...string) error) error {
	return e.eachBlock(func(_ store.Block, a store.Actor) error { return add(a.Handle()) })
}

func (e *export) hosts(add func(...string) error) error {
	return e.read(func(tx *store.Tx) error {
		hosts, err := tx.BlockedHosts()
		for i := 0; err == nil && i < len(hosts); i++ {
			err = add(hosts[i].Name)
		}
		return err
	})
}

func (e *export) lists(add func(...string) error) error {
	return e.eachList(func(l store.List, handles []string) error {
		for _, handle := range handles {
			if err := add(l.Title, handle); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachList calls do with every list and who is in it.
func (e *export) eachList(do func(l store.List, handles []string) error) error {
	return e.read(func(tx *store.Tx) error {
		lists, err := tx.Lists()
		if err != nil {
			return err
		}
		for _, l := range lists {
			handles, err := handlesIn(tx, l.ID)
			if err == nil {
				err = do(l, handles)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// handlesIn reads who is in a list.
func handlesIn(tx *store.Tx, list int64) (handles []string, err error) {
	for page := (store.Page{Limit: pageSize}); ; {
		ids, err := tx.Listed(list, page)
		if err != nil || len(ids) == 0 {
			return handles, err
		}
		page.Max = ids[len(ids)-1]
		actors, err := tx.Actors(ids...)
		if err != nil {
			return handles, err
		}
		for _, id := range ids {
			if a, ok := actors[id]; ok {
				handles = append(handles, a.Handle())
			}
		}
	}
}

func (e *export) bookmarks(add func(...string) error) error {
	return e.eachMarked(bookmarkPairs, func(_ *store.Tx, posts []store.Post) error {
		for _, p := range posts {
			if err := add(p.URI); err != nil {
				return err
			}
		}
		return nil
	})
}

// bookmarkPairs is a page of bookmarks: their ids and those of the posts.
func bookmarkPairs(tx *store.Tx, p store.Page) ([][2]int64, error) {
	list, err := tx.Bookmarks(p)
	return pairs(list, func(b store.Bookmark) (id, post int64) { return b.ID, b.PostID }), err
}

// likePairs is the same of likes.
func likePairs(tx *store.Tx, p store.Page) ([][2]int64, error) {
	list, err := tx.LikesBy(store.OwnerID, p)
	return pairs(list, func(r store.Reaction) (id, post int64) { return r.ID, r.PostID }), err
}
