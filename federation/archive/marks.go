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
