package archive

import (
	"errors"
	"io/fs"

	"dassie/store"
	"dassie/web/reply"
)

// ownEmoji is an emoji of the archive as it comes here; false if it does not, and why
// says that if it is worth a word. One of this very account keeps its id, by which
// texts name it.
func (in *intake) ownEmoji(tx *store.Tx, v emoji) (e store.OwnEmoji, ok bool, why string, err error) {
	e = store.OwnEmoji{ID: v.ID, Shortcode: v.Code}
	if v.Removed {
		e.RemovedAt = tx.Now()
	}
	if !in.plan.Same {
		if e.ID = 0; v.Removed {
			return e, false, "", nil
		}
	} else if _, err := tx.OwnEmoji(v.ID); !errors.Is(err, store.ErrNotFound) {
		return e, false, "", err
	}
	ok, err = in.Service.EmojiComes(tx, &e)
	if ok = ok && in.zip.has(in.zip.root+v.Member); !ok {
		why = whyEmoji
	}
	return e, ok, why, err
}

func (in *intake) countEmojis() error {
	return eachLine(in.zip, in.zip.root+emojisMember, func(_ int64, v emoji) error {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		return in.Store.Read(in.ctx, func(tx *store.Tx) error {
			_, ok, why, err := in.ownEmoji(tx, v)
			if err != nil {
				return err
			}
			n := 0
			if ok {
				n = 1
			} else if why != "" {
				in.leave(why, 1)
			}
			in.part(partEmojis, "Custom emojis", n, 1)
			return nil
		})
	})
}

func (in *intake) bringEmojis(from int64) error {
	return batched(in, emojisMember, from, 1, func(list []emoji, place int64) error { return in.bringEmoji(list[0], place) })
}

func (in *intake) bringEmoji(v emoji, place int64) error {
	var e store.OwnEmoji
	var ok bool
	var why string
	if err := in.Store.Read(in.ctx, func(tx *store.Tx) (err error) { e, ok, why, err = in.ownEmoji(tx, v); return err }); err != nil {
		return err
	}
	if ok {
		var err error
		if ok, err = in.emojiPicture(v, &e); err != nil {
			return err
		}
		if !ok {
			why = whyEmoji
		}
	}
	if !ok {
		return in.step(place, func(_ *store.Tx, r *Result) error {
			if why != "" {
				r.leave(why)
			}
			return nil
		})
	}
	return in.noted(place, func(end ending) error {
		return in.Service.RestoreEmoji(in.ctx, e, func(tx *store.Tx, taken bool) error {
			return end(tx, func(r *Result) error {
				if taken {
					r.Taken[partEmojis]++
				} else {
					r.leave(whyEmoji)
				}
				return nil
			})
		})
	})
}

// emojiPicture stores the picture of an emoji; false if it is none that can be kept.
func (in *intake) emojiPicture(v emoji, e *store.OwnEmoji) (bool, error) {
	r, err := in.zip.open(in.zip.root + v.Member)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer r.Close()
	err = in.Service.EmojiPicture(in.ctx, e, r)
	switch reply.CodeOf(err) {
	case reply.Invalid, reply.Unprocessable, reply.Unsupported, reply.TooLarge:
		return err == nil, nil
	}
	return err == nil, err
}
