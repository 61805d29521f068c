package archive

import (
	"errors"

	"dassie/federation/ap"
	"dassie/store"
)

func (in *intake) countMarks() error {
	for kind, part := range markParts {
		if err := counted(in, marksMember, part[0], part[1], func(m mark) bool { return m.Kind == kind }); err != nil {
			return err
		}
	}
	return nil
}

var markParts = map[string][2]string{store.WantLike: {partLikes, "Likes"}, store.WantBookmark: {partBookmarks, "Bookmarks"}}

func (in *intake) bringMarks(from int64) error {
	return batched(in, marksMember, from, postsAtOnce, func(list []mark, place int64) error {
		skipped := 0
		for _, m := range list {
			if part, ok := markParts[m.Kind]; !ok || !in.plan.wants(part[0]) {
				skipped++
			}
		}
		before := in.row.Done
		in.row.Done -= skipped
		err := in.step(place, func(tx *store.Tx, r *Result) error {
			for _, m := range list {
				if part, ok := markParts[m.Kind]; ok && in.plan.wants(part[0]) {
					if err := in.bringMark(tx, r, m, part[0]); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			in.row.Done = before
		}
		return err
	})
}

// bringMark likes or saves a post that is here; one that is not is fetched later.
func (in *intake) bringMark(tx *store.Tx, r *Result, m mark, part string) error {
	id, err := tx.PostWithAddress(m.Post)
	if errors.Is(err, store.ErrNotFound) {
		if !ap.IsURL(m.Post) {
			r.leave(whyAddress)
			return nil
		}
		r.Taken[part]++
		return in.Service.WantImported(tx, store.ImportWant{ImportID: in.row.ID, Kind: m.Kind, URI: m.Post})
	}
	if err != nil {
		return err
	}
	r.Taken[part]++
	if m.Kind == store.WantBookmark {
		return tx.RestoreBookmark(id, m.At)
	}
	if m.Emoji != "" && !ap.IsEmoji(m.Emoji) && !ap.IsURL(m.Icon) {
		m.Emoji, m.Icon = "", ""
	}
	return tx.RestoreReaction(&store.Reaction{PostID: id, Emoji: m.Emoji, Icon: m.Icon, At: m.At})
}
