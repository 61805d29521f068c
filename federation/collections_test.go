package federation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// walk reads a collection's pages to the end.
func (d *docServer) walk(address string) (items []any, pages int) {
	d.t.Helper()
	c := d.object(address, nil)
	page, _ := c["first"].(string)
	for page != "" && pages < 20 {
		o := d.object(page, nil)
		if o["id"] != page || o["partOf"] != address {
			d.t.Errorf("page %s calls itself %v, part of %v", page, o["id"], o["partOf"])
		}
		list, _ := o["orderedItems"].([]any)
		items, pages = append(items, list...), pages+1
		page, _ = o["next"].(string)
	}
	return items, pages
}

func TestT42_OutboxHoldsOnlyWhatEverybodyMayRead(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	var open []string
	for i := range 45 {
		p := d.post(store.Visibility(i % 4))
		if p.Visibility.Open() {
			open = append(open, p.URI+"/activity")
		}
		d.later(time.Second)
	}
	slices.Reverse(open)
	c := d.object(d.actorURI+"/outbox", nil)
	if c["type"] != "OrderedCollection" || c["totalItems"] != float64(len(open)) {
		t.Errorf("%v", c)
	}
	items, pages := d.walk(d.actorURI + "/outbox")
	var got []string
	for _, item := range items {
		o := item.(map[string]any)
		got = append(got, o["id"].(string))
		if o["type"] != "Create" || o["object"].(map[string]any)["type"] != "Note" {
			t.Errorf("%v", o)
		}
	}
	if !slices.Equal(got, open) || pages != 2 {
		t.Errorf("%d of %d on %d pages", len(got), len(open), pages)
	}
	if w := d.get(d.actorURI+"/outbox?page=true&max_id=x", nil); w.Code != 400 {
		t.Errorf("max_id=x: %d", w.Code)
	}
}

func TestFollowersShownOnlyIfTheOwnerWantsIt(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	var want []string
	for i := range 60 {
		p := d.person(fmt.Sprintf("p%d", i), "b.example")
		state := store.FollowAccepted
		if i%6 == 0 {
			state = store.FollowAsked
		} else {
			want = append(want, p.URI)
		}
		d.follows(p, state)
		d.write(func(tx *store.Tx) error {
			return tx.SaveFollowing(store.Following{ActorID: p.ID, State: state, AskedAt: d.now(), FollowURI: "x"})
		})
		d.later(time.Second)
	}
	slices.Reverse(want)
	for _, name := range []string{"/followers", "/following"} {
		items, _ := d.walk(d.actorURI + name)
		if got := docItems(items); !slices.Equal(got, want) {
			t.Errorf("%s: %d of %d", name, len(got), len(want))
		}
	}
	d.write(func(tx *store.Tx) error {
		set, err := tx.Settings()
		set.ShowLists = false
		if err != nil {
			return err
		}
		return tx.SaveSettings(set)
	})
	if err := d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/followers", "/following"} {
		c := d.object(d.actorURI+name, nil)
		if c["totalItems"] != float64(len(want)) || c["first"] != nil {
			t.Errorf("%s: %v", name, c)
		}
		if w := d.get(d.actorURI+name+"?page=true", nil); w.Code != 404 || strings.Contains(w.Body.String(), "b.example") {
			t.Errorf("%s, hidden: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestFeaturedShowsOpenPins(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	open, private := d.post(store.Public), d.post(store.Followers)
	d.write(func(tx *store.Tx) error { return tx.SetPins(store.OwnerID, []int64{open.ID, private.ID}) })
	c := d.object(d.actorURI+"/featured", nil)
	items := c["orderedItems"].([]any)
	if len(items) != 1 || items[0].(map[string]any)["id"] != open.URI || c["totalItems"] != 1.0 {
		t.Errorf("%v", c)
	}
	if c := d.object(d.actorURI+"/tags", nil); c["totalItems"] != 0.0 || len(c["items"].([]any)) != 0 {
		t.Errorf("%v", c)
	}
}

func TestRepliesAndConversation(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob, eve := d.person("bob", "b.example"), d.person("eve", "e.example")
	d.write(func(tx *store.Tx) error { return tx.BlockHost("e.example") })
	root := d.post(store.Public)
	answer := func(by docPerson, n int, v store.Visibility, to store.Post) store.Post {
		p := store.Post{
			URI: fmt.Sprintf("%s/notes/%d", by.URI, n), ActorID: by.ID, Visibility: v, ParentURI: to.URI, ParentID: to.ID,
			PublishedAt: docNow.Add(time.Duration(n) * time.Millisecond),
		}
		d.later(time.Second)
		d.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
		return p
	}
	var want []string
	for n := range 75 {
		want = append(want, answer(bob, n+1, store.Visibility(n%2), root).URI)
	}
	answer(bob, 500, store.Followers, root)
	answer(bob, 501, store.Direct, root)
	answer(eve, 502, store.Public, root)

	note := d.object(root.URI, nil)
	first := note["replies"].(map[string]any)["first"].(map[string]any)
	got := docItems(first["items"])
	for next, _ := first["next"].(string); next != ""; {
		o := d.object(next, nil)
		if o["id"] != next || o["type"] != "CollectionPage" {
			t.Errorf("page %s calls itself %v", next, o["id"])
		}
		got = append(got, docItems(o["items"])...)
		next, _ = o["next"].(string)
	}
	if !slices.Equal(got, want) {
		t.Errorf("replies: %d of %d", len(got), len(want))
	}
	if c := d.object(root.URI+"/replies", nil); c["id"] != root.URI+"/replies" || c["first"] == nil {
		t.Errorf("%v", c)
	}

	deep := answer(bob, 600, store.Public, store.Post{ID: root.ID, URI: root.URI})
	below := d.post(store.Public, func(p *store.Post) { p.ParentID, p.ParentURI = deep.ID, deep.URI })
	for _, id := range []int64{root.ID, below.ID} {
		c := d.object(d.contextURI(id), nil)
		items := docItems(c["orderedItems"])
		if c["type"] != "OrderedCollection" || c["attributedTo"] != d.actorURI || c["id"] != d.contextURI(id) || int(c["totalItems"].(float64)) != len(items) {
			t.Errorf("%v", c["type"])
		}
		if len(items) != 78 || items[0] != root.URI || !slices.Contains(items, below.URI) || slices.ContainsFunc(items, func(u string) bool { return strings.Contains(u, "e.example") }) {
			t.Errorf("conversation of %d: %d items", id, len(items))
		}
	}
}
