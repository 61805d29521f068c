package store_test

import (
	"fmt"
	"testing"
	"time"

	"dassie/store"
)

func TestEmojisOfAServer(t *testing.T) {
	s, w, c := world(t)
	host := w.Bob.HostID
	save := func(list ...store.Emoji) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error { return tx.SaveEmojis(host, list) })
	}
	read := func(names ...store.EmojiName) []store.CustomEmoji {
		t.Helper()
		list, err := store.Get(bg, s, func(tx *store.Tx) ([]store.CustomEmoji, error) { return tx.Emojis(names) })
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	blob := store.EmojiName{HostID: host, Shortcode: "blob"}
	save(store.Emoji{Shortcode: "blob", URL: "https://bob.example/1.png"}, store.Emoji{Shortcode: "cat", URL: "https://bob.example/2.png"})
	first := read(blob, store.EmojiName{HostID: host + 1, Shortcode: "blob"}, store.EmojiName{HostID: host, Shortcode: "dog"})
	if len(first) != 1 || first[0].URL != "https://bob.example/1.png" || first[0].EmojiName != blob {
		t.Fatalf("%+v", first)
	}
	c.Add(time.Hour)
	save(store.Emoji{Shortcode: "blob", URL: "https://bob.example/1.png"})
	if again := read(blob)[0]; again != first[0] {
		t.Errorf("written for nothing: %+v", again)
	}
	save(store.Emoji{Shortcode: "blob", URL: "https://bob.example/new.png"})
	if now := read(blob)[0]; now.ID != first[0].ID || now.URL != "https://bob.example/new.png" {
		t.Errorf("changed: %+v", now)
	}
	// T62: one server cannot fill the table.
	for i := range 60 {
		var list []store.Emoji
		for j := range 100 {
			list = append(list, store.Emoji{Shortcode: fmt.Sprintf("e%d_%d", i, j), URL: "x"})
		}
		save(list...)
	}
	if n := count(t, s, "select count(*) from emojis"); n != 5000 {
		t.Errorf("%d emojis of one server", n)
	}
	c.Add(89 * aDay)
	save(store.Emoji{Shortcode: "blob", URL: "https://bob.example/new.png"})
	c.Add(2 * aDay)
	sweepAll(t, s)
	if n := count(t, s, "select count(*) from emojis"); n != 1 {
		t.Errorf("%d emojis after 91 days", n)
	}
}

func TestPicturesThatNobodyLooksAtGo(t *testing.T) {
	s, w, c := world(t)
	put := func(url, shape string) {
		write(t, s, func(tx *store.Tx) error {
			return tx.SaveRemoteMedia(store.RemoteMedia{URL: url, Shape: shape, Name: url, Size: 1, FetchedAt: c.Now(), UsedAt: c.Now()})
		})
	}
	put("seen", "small")
	put("unseen", "small")
	put("unseen", "full")
	put("word", "emoji")
	put("face", "avatar")
	write(t, s, func(tx *store.Tx) error { return tx.SetActorMedia(w.Bob.ID, "face", "") })
	c.Add(6 * aDay)
	write(t, s, func(tx *store.Tx) error { return tx.UseRemoteMedia("seen", "small", c.Now()) })
	c.Add(2 * aDay)
	sweepAll(t, s)
	names, err := store.Get(bg, s, func(tx *store.Tx) (map[string]bool, error) { return tx.CachedNames() })
	if err != nil || len(names) != 1 || !names["seen"] {
		t.Errorf("left: %v, %v", names, err)
	}
	if n := count(t, s, "select count(*) from remote_media"); n != 2 {
		t.Errorf("%d entries left, want the one seen and the face", n)
	}
}

func TestTheCacheIsEvictedByUse(t *testing.T) {
	s, w, c := world(t)
	write(t, s, func(tx *store.Tx) error {
		for i := range 10 {
			shape := "small"
			if i == 1 {
				shape = "avatar"
			}
			m := store.RemoteMedia{URL: fmt.Sprint(i), Shape: shape, Name: fmt.Sprint("name", i), Size: 100, FetchedAt: c.Now(), UsedAt: c.Now().Add(time.Duration(i) * time.Minute)}
			if err := tx.SaveRemoteMedia(m); err != nil {
				return err
			}
		}
		return tx.SetActorMedia(w.Bob.ID, "name1", "")
	})
	var gone []store.RemoteMedia
	write(t, s, func(tx *store.Tx) (err error) { gone, err = tx.EvictRemoteMedia(250, 500); return })
	if len(gone) != 3 || gone[0].URL != "0" || gone[2].URL != "2" {
		t.Errorf("evicted %+v", gone)
	}
	size, err := store.Get(bg, s, func(tx *store.Tx) (int64, error) { return tx.RemoteMediaSize() })
	if err != nil || size != 700 {
		t.Errorf("%d bytes left, %v", size, err)
	}
	bob, err := store.Get(bg, s, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(w.Bob.ID) })
	if err != nil || bob.Avatar != "" {
		t.Errorf("the avatar that went is still shown: %q, %v", bob.Avatar, err)
	}
}
