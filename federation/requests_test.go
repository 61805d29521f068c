package federation_test

import (
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

func TestWhatHelpsToDecideAboutARequest(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("sam")
	alice.Lock(t, true)
	friend, other := someone(t, alice, "friend", "f.example"), someone(t, alice, "other", "o.example")
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.SaveFollowing(store.Following{ActorID: friend.ID, State: store.FollowAccepted, FollowURI: "x", AskedAt: alice.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	actor := s.Actor()
	actor["following"] = s.ActorID() + "/following"
	s.Serve("/users/sam", actor)
	var items []any
	for i, text := range []string{"one", "two", "three", "four"} {
		n := s.Note("/notes/"+text, text)
		n["published"] = c.Now().Add(-time.Duration(i+1) * time.Hour).Format(time.RFC3339)
		n["tag"] = []any{
			map[string]any{"type": "Mention", "href": friend.URI, "name": "@friend@f.example"},
			map[string]any{"type": "Mention", "href": other.URI, "name": "@other@o.example"},
		}
		items = append(items, n)
	}
	s.Serve("/users/sam/outbox", collection(s, "/users/sam/outbox", items...))
	s.Serve("/users/sam/followers", map[string]any{"type": "OrderedCollection", "id": s.ActorID() + "/followers", "totalItems": 12})
	s.Serve("/users/sam/following", map[string]any{"type": "OrderedCollection", "id": s.ActorID() + "/following", "totalItems": 34})
	s.Serve("/.well-known/nodeinfo", fedtest.Doc{Type: "application/json", Body: map[string]any{"links": []any{
		map[string]any{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": s.URL("/nodeinfo")}}}})
	s.Serve("/nodeinfo", fedtest.Doc{Type: "application/json", Body: map[string]any{"software": map[string]any{"name": "gotosocial", "version": "0.20.1"}}})
	if code := s.TrySend(alice, s.Activity("Follow", alice.ActorURI())); code != 202 {
		t.Fatalf("the Follow was answered %d", code)
	}
	asked := c.Now()
	c.SettleFor(time.Minute, 10*time.Second)
	sam, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(s.ActorID()) })
	if err != nil {
		t.Fatal(err)
	}
	talk, err := alice.Publish(ctx(), draft("Who are you, @"+sam.Handle()+"?", store.Public))
	if err != nil {
		t.Fatal(err)
	}
	e, err := alice.Evidence(ctx(), sam.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Known || e.Host.Software != "gotosocial" || e.Host.Version != "0.20.1" || e.AskedAt.Sub(asked).Abs() > time.Second {
		t.Errorf("known %v, host %+v, asked at %v", e.Known, e.Host, e.AskedAt)
	}
	if len(e.LastPosts) != 3 || e.LastPosts[0].Content == "" || !e.LastPosts[0].PublishedAt.After(e.LastPosts[2].PublishedAt) {
		t.Errorf("last posts %+v", e.LastPosts)
	}
	if e.SharedCount != 1 || len(e.Shared) != 1 || e.Shared[0].ID != friend.ID {
		t.Errorf("shared contacts %v", e.Shared)
	}
	if e.EarlierTalk == nil || e.EarlierTalk.ID != talk.ID {
		t.Errorf("earlier talk %+v", e.EarlierTalk)
	}
	if a := e.Actor; a.PostsCount != 4 || a.FollowersCount != 12 || a.FollowingCount != 34 {
		t.Errorf("counts %d posts, %d followers, %d following", a.PostsCount, a.FollowersCount, a.FollowingCount)
	}
	if len(alice.Home(t)) != 1 {
		t.Error("posts of somebody who only asks came into the home timeline")
	}
}

func TestEvidenceSaysWhenNothingIsKnown(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	a := someone(t, alice, "ghost", "g.example")
	a.FetchedAt = time.Time{}
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.SaveActor(&a) }); err != nil {
		t.Fatal(err)
	}
	e, err := alice.Evidence(ctx(), a.ID)
	if err != nil || e.Known || e.SharedCount != 0 || e.EarlierTalk != nil || !e.AskedAt.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
}
