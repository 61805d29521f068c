package federation

import (
	"context"
	"errors"
	"io"

	"dassie/store"
)

// EmojiComes says whether an emoji of an archive of ours comes, and how: one whose
// word another one has by now, and one too many, is not on offer, but what shows it
// goes on doing so. One without an id, of another account, comes only if it can be
// on offer.
func (s *Service) EmojiComes(tx *store.Tx, e *store.OwnEmoji) (bool, error) {
	code, err := checkShortcode(e.Shortcode)
	if err != nil || code != e.Shortcode || e.ID < 0 || store.TimeOf(e.ID).After(s.now()) {
		return false, nil
	}
	if e.ID != 0 {
		if _, err := tx.OwnEmoji(e.ID); !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
	}
	if e.RemovedAt.IsZero() {
		called, err := tx.OwnEmojisCalled([]string{code})
		if err != nil {
			return false, err
		}
		n, err := tx.CountOwnEmojis()
		if err != nil {
			return false, err
		}
		if len(called) > 0 || n >= maxOwnEmojis {
			e.RemovedAt = tx.Now()
		}
	}
	return e.ID != 0 || e.RemovedAt.IsZero(), nil
}

// EmojiPicture stores the picture of an emoji. What is wrong with it is said in
// plain words.
func (s *Service) EmojiPicture(ctx context.Context, e *store.OwnEmoji, data io.Reader) error {
	made, err := s.media.Emoji(ctx, data)
	if err != nil {
		return pictureError(err)
	}
	e.MIME, e.File, e.Still, e.Size = made.MIME, made.Name, made.Still, made.Size
	return nil
}

// RestoreEmoji stores an emoji of an archive of ours, whose picture is here. done
// runs in the same transaction.
func (s *Service) RestoreEmoji(ctx context.Context, e store.OwnEmoji, done func(tx *store.Tx, taken bool) error) error {
	s.filesLock.Lock()
	defer s.filesLock.Unlock()
	if err := errors.Join(s.stillThere(e.File), s.stillThere(e.Still)); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		e := e // a transaction may run twice
		ok, err := s.EmojiComes(tx, &e)
		if err == nil && ok {
			if e.ID == 0 {
				err = tx.AddOwnEmoji(&e)
			} else {
				err = tx.RestoreOwnEmoji(e)
			}
		}
		if err != nil {
			return err
		}
		return done(tx, ok)
	})
}

// knownEmojis keeps what an own text of an archive shows of the emojis that are here.
func knownEmojis(tx *store.Tx, list []store.Emoji) (kept []store.Emoji, err error) {
	for _, e := range list {
		id, _, ok := emojiParts(e.URL)
		if !ok {
			continue
		}
		own, err := tx.OwnEmoji(id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if own.Emoji() == e {
			kept = append(kept, e)
		}
	}
	return kept, nil
}
