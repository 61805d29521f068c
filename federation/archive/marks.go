package archive

import (
	"slices"
	"time"

	"dassie/store"
)

// mark is a like, a reaction or a bookmark, in the order in which they were made.
type mark struct {
	Kind  string    `json:"kind"` // like or bookmark
	Post  string    `json:"post"`
	Emoji string    `json:"emoji,omitempty"`
	Icon  string    `json:"icon,omitempty"`
	At    time.Time `json:"at"`
}

// marks writes likes and bookmarks.
func (e *export) marks() error {
	out, err := e.lines(marksMember)
	if err != nil {
		return err
	}
	add := func(tx *store.Tx, ids []int64, marks []mark) error {
		posts, err := tx.Posts(ids)
		if err != nil {
			return err
		}
		at := make(map[int64]string, len(posts))
		for _, p := range posts {
			at[p.ID] = p.URI
		}
		for i, m := range marks {
			if m.Post = at[ids[i]]; m.Post == "" {
				continue
			}
			e.touched[ids[i]] = true
			if err := out.add(m); err != nil {
				return err
			}
		}
		return nil
	}
	if err := eachMark(e, func(tx *store.Tx, p store.Page) ([]store.Reaction, error) { return tx.LikesBy(store.OwnerID, p) },
		func(r store.Reaction) (int64, int64, mark) {
			return r.ID, r.PostID, mark{Kind: store.WantLike, Emoji: r.Emoji, Icon: r.Icon, At: r.At}
		}, add); err != nil {
		return err
	}
	return eachMark(e, func(tx *store.Tx, p store.Page) ([]store.Bookmark, error) { return tx.Bookmarks(p) },
		func(b store.Bookmark) (int64, int64, mark) {
			return b.ID, b.PostID, mark{Kind: store.WantBookmark, At: b.At}
		}, add)
}

// eachMark reads a list that is paged by id, the oldest first; of says of an entry its
// id, that of the post, and the mark that it is.
func eachMark[T any](e *export, read func(*store.Tx, store.Page) ([]T, error), of func(T) (id, postID int64, m mark), do func(tx *store.Tx, postIDs []int64, marks []mark) error) error {
	for after := int64(1); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			list, err := read(tx, store.Page{Min: after, Limit: pageSize})
			if n = len(list); err != nil || n == 0 {
				return err
			}
			after, _, _ = of(list[0]) // a page comes newest first
			var posts []int64
			var marks []mark
			for _, v := range slices.Backward(list) {
				_, post, m := of(v)
				posts, marks = append(posts, post), append(marks, m)
			}
			return do(tx, posts, marks)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
