package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestFollowedPeopleByLastPost(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	w := storetest.Populate(t, s)
	people := map[string]int64{"bob": w.Bob.ID}
	follow := func(name string, at time.Time) {
		write(t, s, func(tx *store.Tx) error {
			p, err := storetest.Person(tx, name, name+".example")
			if err != nil {
				return err
			}
			people[name] = p.ID
			return tx.SaveFollowing(store.Following{ActorID: p.ID, State: store.FollowAccepted, Boosts: true, AskedAt: at, DecidedAt: at})
		})
	}
	post := func(name string, at time.Time) {
		write(t, s, func(tx *store.Tx) error {
			return tx.InsertPost(&store.Post{URI: fmt.Sprint("https://", name, "/", at.Unix()), ActorID: people[name], Content: "x", PublishedAt: at})
		})
	}
	long := storetest.Start.AddDate(-2, 0, 0)
	for _, name := range []string{"quiet", "old", "fresh"} {
		follow(name, long)
	}
	follow("new", storetest.Start)
	post("old", long.AddDate(0, 1, 0))
	post("fresh", storetest.Start.AddDate(0, -2, 0))
	names := func(list []store.Silence) (out []string) {
		for _, x := range list {
			for name, id := range people {
				if id == x.ActorID {
					out = append(out, name)
				}
			}
		}
		return out
	}
	var all []string
	for after := int64(0); ; {
		page := read(t, s, func(tx *store.Tx) ([]store.Silence, error) { return tx.FollowingByPost(after, 2) })
		all = append(all, names(page)...)
		if len(page) < 2 {
			break
		}
		after = page[1].ActorID
	}
	if len(all) != 5 || !slices.Equal(all[:3], []string{"bob", "fresh", "old"}) {
		t.Errorf("by last post: %v", all)
	}
	since := storetest.Start.AddDate(-1, 0, 0)
	silent := names(read(t, s, func(tx *store.Tx) ([]store.Silence, error) { return tx.SilentFollowing(since, 0, 10) }))
	slices.Sort(silent)
	if !slices.Equal(silent, []string{"old", "quiet"}) {
		t.Errorf("silent are %v", silent)
	}
	write(t, s, func(tx *store.Tx) error {
		servers, n, err := tx.CountFollowed(since)
		if servers != 5 || n != 2 {
			t.Errorf("%d servers, %d silent", servers, n)
		}
		return err
	})
}
