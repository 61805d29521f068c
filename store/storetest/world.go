package storetest

import (
	"context"
	"testing"
	"time"

	"dassie/store"
)

// World is a small fediverse: Alice owns the server, Bob follows her and is
// followed by her, Carol asks to follow her. All posts are public.
type World struct {
	Alice, Bob, Carol store.Actor

	Hello  store.Post // by Alice, at Start + 1 minute
	Answer store.Post // by Bob, to Hello, a minute later; in home, with a notification
	Thanks store.Post // by Alice, to Answer
	Walk   store.Post // by Bob, on its own; in home
	Boost  store.Post // of Hello, by Bob
	Tea    store.Post // by Carol, whom nobody follows
}

// Populate fills a store from OpenAlice. Bob lives on bob.example, Carol on
// carol.example, both with a shared inbox and a key.
func Populate(t testing.TB, s *store.Store) World {
	t.Helper()
	var w World
	err := s.Write(context.Background(), func(tx *store.Tx) (err error) {
		if w.Alice, err = tx.Actor(store.OwnerID); err != nil {
			return err
		}
		if w.Bob, err = Person(tx, "bob", "bob.example"); err != nil {
			return err
		}
		if w.Carol, err = Person(tx, "carol", "carol.example"); err != nil {
			return err
		}
		if err := w.relate(tx); err != nil {
			return err
		}
		return w.write(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Person stores somebody of another server, with a key.
func Person(tx *store.Tx, name, host string) (store.Actor, error) {
	id, err := tx.EnsureHost(host)
	if err != nil {
		return store.Actor{}, err
	}
	base := "https://" + host
	uri := base + "/users/" + name
	a := store.Actor{
		URI: uri, HostID: id, Username: name, Domain: host, Kind: "Person", URL: base + "/@" + name,
		Inbox: uri + "/inbox", SharedInbox: base + "/inbox", Outbox: uri + "/outbox",
		FollowersURI: uri + "/followers", PublishedAt: Start.AddDate(-1, 0, 0), FetchedAt: Start,
	}
	if err := tx.SaveActor(&a); err != nil {
		return a, err
	}
	return a, tx.SaveActorKeys(a.ID, []store.ActorKey{{KeyID: uri + "#main-key", DER: []byte(name)}})
}

func (w *World) relate(tx *store.Tx) error {
	if err := tx.SaveFollower(store.Follower{
		ActorID: w.Bob.ID, State: store.FollowAccepted, FollowURI: w.Bob.URI + "/follow", Follow: "{}",
		AskedAt: Start, DecidedAt: Start,
	}); err != nil {
		return err
	}
	if err := tx.SaveFollower(store.Follower{
		ActorID: w.Carol.ID, FollowURI: w.Carol.URI + "/follow", Follow: "{}", AskedAt: Start,
	}); err != nil {
		return err
	}
	return tx.SaveFollowing(store.Following{
		ActorID: w.Bob.ID, State: store.FollowAccepted, FollowURI: w.Alice.URI + "/follow",
		Boosts: true, AskedAt: Start, DecidedAt: Start,
	})
}

func (w *World) write(tx *store.Tx) error {
	minute := 0
	put := func(p *store.Post, by store.Actor, path, text string, parent store.Post) error {
		minute++
		p.URI, p.ActorID, p.ParentURI = "https://"+by.Domain+path, by.ID, parent.URI
		p.PublishedAt = Start.Add(time.Duration(minute) * time.Minute)
		if text != "" {
			p.Content = "<p>" + text + "</p>"
		}
		if by.ID == store.OwnerID {
			p.ID = store.IDAt(p.PublishedAt)
		}
		if err := tx.InsertPost(p); err != nil {
			return err
		}
		if by.ID != w.Bob.ID {
			return nil
		}
		return tx.AddHome(p.ID, false)
	}
	none := store.Post{}
	if err := put(&w.Hello, w.Alice, "/posts/hello", "Hello, this is my own server.", none); err != nil {
		return err
	}
	if err := put(&w.Answer, w.Bob, "/posts/answer", "Welcome, Alice!", w.Hello); err != nil {
		return err
	}
	if err := tx.Notify(&store.Notification{Kind: "mention", ActorID: w.Bob.ID, PostID: w.Answer.ID}); err != nil {
		return err
	}
	if err := put(&w.Thanks, w.Alice, "/posts/thanks", "Thank you, Bob.", w.Answer); err != nil {
		return err
	}
	if err := put(&w.Walk, w.Bob, "/posts/walk", "A walk in the rain, and dassies on the rocks.", none); err != nil {
		return err
	}
	w.Boost.BoostOf = w.Hello.ID
	if err := put(&w.Boost, w.Bob, "/posts/boost", "", none); err != nil {
		return err
	}
	return put(&w.Tea, w.Carol, "/posts/tea", "Tea at four.", none)
}
