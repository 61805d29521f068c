package federation_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// showing makes a stranger's actor show an avatar under a path.
func showing(s *fedtest.Stranger, path string) map[string]any {
	a := s.Actor()
	a["icon"] = map[string]any{"type": "Image", "mediaType": "image/png", "url": s.URL(path)}
	s.Serve("/users/"+s.Name, a)
	return a
}

func lookUp(t *testing.T, s *fedtest.Server, query string) store.Actor {
	t.Helper()
	f, err := s.Lookup(ctx(), query)
	if err != nil || f.Actor == nil {
		t.Fatalf("look up %s: %v", query, err)
	}
	return *f.Actor
}

func stored(t *testing.T, s *fedtest.Server, id int64) store.Actor {
	t.Helper()
	a, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.Actor(id) })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func fetched(s *fedtest.Stranger, path string) (n int) {
	for _, g := range s.Gets() {
		if g == path {
			n++
		}
	}
	return n
}

func queuePictures(t *testing.T, c *fedtest.Cluster, s *fedtest.Server, id int64) {
	t.Helper()
	err := s.Store().Write(ctx(), func(tx *store.Tx) error { return tx.AddJob("pictures", "", fmt.Append(nil, id), time.Time{}) })
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
}

func TestAPictureIsFetchedOnceAWeek(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory := c.Servers[0], c.Stranger("mallory")
	mallory.Serve("/a.png", fedtest.Doc{Type: "image/png", Body: picture(t, 3, 50)})
	showing(mallory, "/a.png")
	a := lookUp(t, alice, mallory.ActorID())
	c.Settle()
	a = stored(t, alice, a.ID)
	if a.Avatar == "" {
		t.Fatal("there is no avatar")
	}
	if _, _, err := alice.Media().Open(a.Avatar); err != nil {
		t.Error(err)
	}
	queuePictures(t, c, alice, a.ID)
	c.Advance(6 * 24 * time.Hour)
	queuePictures(t, c, alice, a.ID)
	if n := fetched(mallory, "/a.png"); n != 1 {
		t.Errorf("fetched %d times in a week", n)
	}
	c.Advance(2 * 24 * time.Hour)
	mallory.Serve("/a.png", fedtest.Doc{Status: 500})
	queuePictures(t, c, alice, a.ID)
	if n := fetched(mallory, "/a.png"); n != 2 || stored(t, alice, a.ID).Avatar != a.Avatar {
		t.Errorf("after a failed refresh: %d fetches, avatar %q", n, stored(t, alice, a.ID).Avatar)
	}
}

func TestT62_PicturesThatFailAreAskedForLessAndLess(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory := c.Servers[0], c.Stranger("mallory")
	mallory.Serve("/a.png", fedtest.Doc{Type: "image/png", Body: "not a picture"})
	showing(mallory, "/a.png")
	a := lookUp(t, alice, mallory.ActorID())
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.SaveFollowing(store.Following{ActorID: a.ID, State: store.FollowAccepted, FollowURI: "x", AskedAt: alice.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	var days []int
	for day := range 40 {
		before := fetched(mallory, "/a.png")
		for range 3 {
			queuePictures(t, c, alice, a.ID)
		}
		if fetched(mallory, "/a.png") != before {
			days = append(days, day)
		}
		c.Advance(24 * time.Hour)
	}
	if fmt.Sprint(days) != "[1 3 7 15 31]" {
		t.Errorf("asked again on days %v", days)
	}
}

func TestT62_AProfileThatChangesAllTheTimeIsNotFetchedAllTheTime(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory := c.Servers[0], c.Stranger("mallory")
	mallory.Handle(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/pic") {
			w.Header().Set("Content-Type", "image/png")
			w.Write(picture(t, 3, 50))
			return
		}
		http.NotFound(w, r)
	})
	a := someone(t, alice, "mallory", "m.example")
	a.Avatar = "shown"
	for i := range 12 {
		a.IconURL = mallory.URL(fmt.Sprintf("/pic%d.png", i))
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.SaveActor(&a) }); err != nil {
			t.Fatal(err)
		}
		queuePictures(t, c, alice, a.ID)
		a.Avatar = stored(t, alice, a.ID).Avatar
	}
	if n := len(mallory.Gets()); n != 4 {
		t.Errorf("12 changes in a moment made %d downloads", n)
	}
	if a.Avatar == "" || a.Avatar == "shown" {
		t.Errorf("the last picture that was fetched is not shown: %q", a.Avatar)
	}
}

func TestT62_TheCacheStaysWithinItsBudget(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory := c.Servers[0], c.Stranger("mallory")
	const budget = 16 << 20
	set := alice.Settings()
	set.MediaCacheMB = budget >> 20
	if err := alice.SaveSettings(ctx(), set); err != nil {
		t.Fatal(err)
	}
	mallory.Serve("/old.png", fedtest.Doc{Type: "image/png", Body: picture(t, 11, 50)})
	mallory.Serve("/new.png", fedtest.Doc{Type: "image/png", Body: picture(t, 13, 50)})
	showing(mallory, "/old.png")
	first := lookUp(t, alice, mallory.ActorID())
	c.Settle()
	first = stored(t, alice, first.ID)
	// What came in since has used up the budget.
	c.Advance(time.Hour)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.SaveRemoteMedia(store.RemoteMedia{URL: "https://x.example/big", Shape: "avatar", Name: strings.Repeat("b", 64), Size: budget - 100, FetchedAt: alice.Now(), UsedAt: alice.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Hour)
	second := someone(t, alice, "sue", "s.example")
	second.IconURL, second.Avatar = mallory.URL("/new.png"), "before"
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.SaveActor(&second) }); err != nil {
		t.Fatal(err)
	}
	queuePictures(t, c, alice, second.ID)
	if a := stored(t, alice, second.ID); len(a.Avatar) < 60 {
		t.Errorf("the new picture is not there: %q", a.Avatar)
	}
	size, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int64, error) { return tx.RemoteMediaSize() })
	if err != nil || size > budget {
		t.Errorf("the cache holds %d bytes, %v", size, err)
	}
	if a := stored(t, alice, first.ID); a.Avatar != "" {
		t.Errorf("the oldest picture is still shown: %q", a.Avatar)
	}
	if _, _, err := alice.Media().Open(first.Avatar); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the oldest picture's file is still there: %v", err)
	}
}

func TestPicturesOfPeopleWhomTheOwnerNeverSeesAreNotFetched(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory := c.Servers[0], c.Stranger("mallory")
	a := someone(t, alice, "mallory", "m.example")
	a.IconURL = mallory.URL("/a.png")
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.SaveActor(&a) }); err != nil {
		t.Fatal(err)
	}
	queuePictures(t, c, alice, a.ID)
	if n := len(mallory.Gets()); n != 0 {
		t.Errorf("fetched %d times", n)
	}
	following(t, alice, a, store.FollowAsked)
	queuePictures(t, c, alice, a.ID)
	if n := len(mallory.Gets()); n != 1 {
		t.Errorf("fetched %d times for somebody who asks to follow", n)
	}
}

// Of somebody whom a boost brought into home the owner sees the face.
func TestABoostInHomeHasAFace(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carol, dora := c.Stranger("bob"), c.Stranger("carol"), c.Stranger("dora")
	followStranger(t, alice, bob)
	for _, s := range []*fedtest.Stranger{carol, dora} {
		s.Serve("/a.png", fedtest.Doc{Type: "image/png", Body: picture(t, 3, 50)})
		s.Serve("/h.png", fedtest.Doc{Type: "image/png", Body: picture(t, 3, 50)})
		a := showing(s, "/a.png")
		a["image"] = map[string]any{"type": "Image", "mediaType": "image/png", "url": s.URL("/h.png")}
		s.Serve("/n/1", s.Note("/n/1", "<p>x</p>"))
	}
	for range 2 {
		bob.Send(alice, bob.Activity("Announce", carol.URL("/n/1")))
		c.SettleFor(time.Minute, 20*time.Second)
	}
	if a := lookUp(t, alice, carol.ActorID()); a.Avatar == "" || fetched(carol, "/a.png") != 1 || fetched(carol, "/h.png") != 0 {
		t.Errorf("avatar %q, fetched: %v", a.Avatar, carol.Gets())
	}
	dora.Send(alice, dora.Activity("Announce", alice.Post(t, store.Public, "Hi").URI)) // home shows nothing of hers
	c.SettleFor(time.Minute, 20*time.Second)
	if fetched(dora, "/a.png") != 0 {
		t.Error("a stranger's boost made us fetch their picture")
	}
}
