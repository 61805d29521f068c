package store_test

import (
	"errors"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// An emoji that was removed stays while something shows it, and goes then.
func TestRemovedEmojisGoWhenNothingShowsThem(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := storetest.OpenAlice(t, storetest.Clock(func() time.Time { return now }))
	ctx := t.Context()
	var shown, past, worn, loose, offered store.OwnEmoji
	var p store.Post
	if err := s.Write(ctx, func(tx *store.Tx) error {
		for code, e := range map[string]*store.OwnEmoji{"shown": &shown, "past": &past, "worn": &worn, "loose": &loose, "offered": &offered} {
			*e = store.OwnEmoji{Shortcode: code, MIME: "image/png", File: "f" + code, Still: "f" + code, Size: 1}
			if err := tx.AddOwnEmoji(e); err != nil {
				return err
			}
		}
		p = store.Post{ID: tx.NewID(), URI: "https://home.example/posts/1", ActorID: store.OwnerID, Kept: true, PublishedAt: tx.Now(), Content: "x"}
		p.Extra.Emojis = []store.Emoji{past.Emoji()}
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		before := p
		p.Extra.Emojis, p.EditedAt = []store.Emoji{shown.Emoji()}, tx.Now()
		if err := tx.UpdatePost(before, &p); err != nil {
			return err
		}
		me, err := tx.Actor(store.OwnerID)
		if err != nil {
			return err
		}
		me.Extra.Emojis = []store.Emoji{worn.Emoji()}
		if err := tx.SaveActor(&me); err != nil {
			return err
		}
		for _, e := range []store.OwnEmoji{shown, past, worn, loose} {
			if err := tx.RemoveOwnEmoji(e.ID); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(48 * time.Hour)
	if _, err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(ctx, func(tx *store.Tx) error {
		for code, e := range map[string]store.OwnEmoji{"shown": shown, "past": past, "worn": worn, "loose": loose, "offered": offered} {
			_, err := tx.OwnEmoji(e.ID)
			if gone := errors.Is(err, store.ErrNotFound); gone != (code == "loose") {
				t.Errorf("%s: %v", code, err)
			}
			if used, err := tx.MediaInUse(e.File); err != nil || used == (code == "loose") {
				t.Errorf("the file of %s is in use: %v, %v", code, used, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
