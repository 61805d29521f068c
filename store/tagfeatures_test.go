package store_test

import (
	"context"
	"slices"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// A featured hashtag outlives the posts that bear it, and the sweep.
func TestFeaturedHashtagsAreCountedAndKept(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	write(t, s, func(tx *store.Tx) error {
		for _, name := range []string{"tea", "dassie"} {
			if err := tx.FeatureTag(name); err != nil {
				return err
			}
		}
		if err := tx.SetTags(w.Hello.ID, nil, []string{"dassie", "stray"}); err != nil {
			return err
		}
		return tx.SetTags(w.Hello.ID, []string{"stray"}, nil)
	})
	if _, err := s.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx *store.Tx) error {
		list, err := tx.TagFeatures()
		if err != nil {
			return err
		}
		if len(list) != 2 || list[0].Name != "dassie" || list[0].Posts != 1 || !list[0].LastPost.Equal(w.Hello.PublishedAt) || list[1].Posts != 0 || !list[1].LastPost.IsZero() {
			t.Errorf("%+v", list)
		}
		names, err := tx.FeaturedTagNames()
		if !slices.Equal(names, []string{"dassie", "tea"}) {
			t.Errorf("%v", names)
		}
		if n, _ := tx.Int("select count(*) from tags where name = 'stray'"); n != 0 {
			t.Error("a hashtag that nothing bears is still there")
		}
		return err
	})
}

func TestEndorsementsEndWithTheFollow(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	for what, end := range map[string]func(*store.Tx) error{
		"unfollowed": func(tx *store.Tx) error { return tx.DropFollowing(w.Bob.ID) },
		"rejected": func(tx *store.Tx) error {
			return tx.SaveFollowing(store.Following{ActorID: w.Bob.ID, State: store.FollowRejected})
		},
		"gone": func(tx *store.Tx) error { return tx.ActorGone(w.Bob.ID) },
	} {
		write(t, s, func(tx *store.Tx) error {
			if err := tx.Endorse(w.Bob.ID); err != nil {
				return err
			}
			if err := end(tx); err != nil {
				return err
			}
			n, err := tx.CountEndorsements()
			if n != 0 {
				t.Errorf("%s, and still recommended", what)
			}
			return err
		})
	}
}

func TestABlockOfADomainTakesInWhatIsBelow(t *testing.T) {
	s := storetest.OpenAlice(t)
	write(t, s, func(tx *store.Tx) error {
		var want []int64
		for _, name := range []string{"far.example", "social.far.example", "far.example:8443", "notfar.example", "far.example.org"} {
			id, err := tx.EnsureHost(name)
			if err != nil {
				return err
			}
			if name != "notfar.example" && name != "far.example.org" {
				want = append(want, id)
			}
		}
		under, err := tx.HostsUnderEach([]string{"far.example"})
		var got []int64
		for _, h := range under["far.example"] {
			got = append(got, h.ID)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		return err
	})
}
