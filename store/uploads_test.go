package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// upload stores a row of media with a file of its own.
func upload(t *testing.T, s *store.Store, file string) store.Media {
	t.Helper()
	m := store.Media{Kind: store.MediaImage, MIME: "image/jpeg", File: file, Preview: file + "-s", Alt: "Leeks.", FocalX: -.5, Width: 3, Height: 2, Size: 6}
	write(t, s, func(tx *store.Tx) error { return tx.AddMedia(&m) })
	return m
}

func ownPost(t *testing.T, s *store.Store, v store.Visibility, uploads ...store.Media) store.Post {
	t.Helper()
	var p store.Post
	write(t, s, func(tx *store.Tx) error {
		id := tx.NewID()
		p = store.Post{ID: id, URI: "https://alice.example/posts/" + store.Random(4), ActorID: store.OwnerID, Visibility: v, PublishedAt: tx.Now()}
		for _, m := range uploads {
			if ok, err := tx.AttachMedia(m.ID, id); err != nil || !ok {
				return errors.Join(err, errors.New("it is taken"))
			}
			p.Extra.Attachments = append(p.Extra.Attachments, m.Attachment())
		}
		return tx.InsertPost(&p)
	})
	return p
}

func has(t *testing.T, s *store.Store, id int64) bool {
	t.Helper()
	err := s.Read(bg, func(tx *store.Tx) error { _, err := tx.Media(id); return err })
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestUploadsAreFoundByIDAndByName(t *testing.T) {
	s := storetest.OpenAlice(t)
	a, b := upload(t, s, "a"), upload(t, s, "b")
	if len(a.Name) != 32 || a.Name == b.Name {
		t.Errorf("they are called %s and %s", a.Name, b.Name)
	}
	err := s.Read(bg, func(tx *store.Tx) error {
		if got, err := tx.MediaByName(a.Name); err != nil || got != a {
			t.Errorf("by name: %+v, %v, want %+v", got, err, a)
		}
		if list, err := tx.MediaList([]int64{b.ID, 5, a.ID, b.ID}); err != nil || !slices.Equal(list, []store.Media{b, a}) {
			t.Errorf("by ids: %+v, %v", list, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	at := a.Attachment()
	if at.URL != "/media/"+a.Name || at.Preview != at.URL+"-small" || at.ID != a.ID || at.Name != "" {
		t.Errorf("a post keeps %+v", at)
	}
}

func TestAnUploadBelongsToOnePost(t *testing.T) {
	s := storetest.OpenAlice(t)
	m := upload(t, s, "a")
	p := ownPost(t, s, store.Public, m)
	write(t, s, func(tx *store.Tx) error {
		if ok, err := tx.AttachMedia(m.ID, p.ID+1); ok || err != nil {
			t.Errorf("another post took it: %v, %v", ok, err)
		}
		if list, err := tx.MediaOf(p.ID); err != nil || len(list) != 1 || list[0].PostID != p.ID {
			t.Errorf("the post has %+v, %v", list, err)
		}
		return tx.DeletePost(p)
	})
	if has(t, s, m.ID) {
		t.Error("it outlives its post")
	}
}

func TestUploadsWithoutAPostLiveADay(t *testing.T) {
	s, _, c := world(t)
	loose, drafted, posted := upload(t, s, "a"), upload(t, s, "b"), upload(t, s, "c")
	ownPost(t, s, store.Public, posted)
	u := store.Unsent{Draft: store.UnsentText{Text: "half", Media: []int64{drafted.ID}}}
	write(t, s, func(tx *store.Tx) error { return tx.SaveUnsent(&u) })
	c.Add(aDay - time.Minute)
	sweepAll(t, s)
	if !has(t, s, loose.ID) {
		t.Fatal("it did not live a day")
	}
	c.Add(2 * time.Minute)
	fresh := upload(t, s, "d")
	report := sweepAll(t, s)
	if has(t, s, loose.ID) || !has(t, s, drafted.ID) || !has(t, s, posted.ID) || !has(t, s, fresh.ID) || report["uploads without a post"] != 1 {
		t.Errorf("the sweep took %v", report)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DropUnsent(u.ID) })
	sweepAll(t, s)
	if has(t, s, drafted.ID) {
		t.Error("it outlives its draft")
	}
}

func TestFilesOfUploadsAreInUse(t *testing.T) {
	s := storetest.OpenAlice(t)
	m, same := upload(t, s, "a"), upload(t, s, "a")
	used := func(name string) bool {
		return read(t, s, func(tx *store.Tx) (bool, error) { return tx.MediaInUse(name) })
	}
	write(t, s, func(tx *store.Tx) error { return tx.DropMedia(m.ID) })
	if !used("a") || !used("a-s") || used("b") {
		t.Error("a file that an upload has counts as free, or one that none has as used")
	}
	write(t, s, func(tx *store.Tx) error { return tx.DropMedia(same.ID) })
	if used("a") || used("a-s") {
		t.Error("a file that nothing has counts as used")
	}
}

func TestPrivateMediaAreListedByWhoMaySeeThem(t *testing.T) {
	s, w, _ := world(t)
	ownPost(t, s, store.Public, upload(t, s, "x"))
	ownPost(t, s, store.Unlisted, upload(t, s, "x"))
	first := ownPost(t, s, store.Followers, upload(t, s, "x"), upload(t, s, "y"))
	ownPost(t, s, store.Direct, upload(t, s, "x"))
	toBob := ownPost(t, s, store.Direct, upload(t, s, "x"))
	write(t, s, func(tx *store.Tx) error { return tx.SetMentions(toBob.ID, []int64{w.Bob.ID}) })
	second := ownPost(t, s, store.Followers, upload(t, s, "x"))
	ownPost(t, s, store.Followers)
	list := func(named, after int64, limit int) (ids []int64) {
		for _, p := range read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.PostsWithPrivateMedia(named, after, limit) }) {
			ids = append(ids, p.ID)
		}
		return ids
	}
	if got := list(0, 0, 10); !slices.Equal(got, []int64{first.ID, second.ID}) {
		t.Errorf("followers-only: %v", got)
	}
	if got := list(w.Bob.ID, 0, 10); !slices.Equal(got, []int64{first.ID, toBob.ID, second.ID}) {
		t.Errorf("with those that name Bob: %v", got)
	}
	if got := list(0, first.ID, 1); !slices.Equal(got, []int64{second.ID}) {
		t.Errorf("the next one: %v", got)
	}
}

func TestRenamingChangesAddressesOnly(t *testing.T) {
	s := storetest.OpenAlice(t)
	m := upload(t, s, "a")
	p := ownPost(t, s, store.Followers, m)
	write(t, s, func(tx *store.Tx) error {
		if err := tx.RenameMedia(m.ID); err != nil {
			return err
		}
		now, err := tx.Media(m.ID)
		if err != nil || now.Name == m.Name || now.File != m.File || len(now.Name) != 32 {
			t.Errorf("renamed: %+v, %v", now, err)
		}
		p.Extra.Attachments = []store.Attachment{now.Attachment()}
		p.EditedAt = tx.Now()
		if err := tx.SetAttachments(&p); err != nil {
			return err
		}
		again, err := tx.Post(p.ID)
		if err != nil || len(again.Extra.Attachments) != 1 || !strings.HasSuffix(again.Extra.Attachments[0].URL, now.Name) {
			t.Errorf("the post shows %+v, %v", again.Extra.Attachments, err)
		}
		if edits, err := tx.Edits(p.ID); len(edits) != 0 {
			t.Errorf("it counts as an edit: %v, %v", edits, err)
		}
		return nil
	})
}
