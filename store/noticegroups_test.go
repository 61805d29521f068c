package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// told stores a notification at a time.
func told(t *testing.T, s *store.Store, c *clock, at time.Time, kind string, actor, post int64) int64 {
	t.Helper()
	c.Set(at)
	n := store.Notification{Kind: kind, ActorID: actor, PostID: post}
	write(t, s, func(tx *store.Tx) error { return tx.Notify(&n) })
	if n.ID == 0 {
		t.Fatalf("%s by %d was not stored", kind, actor)
	}
	return n.ID
}

func TestNotificationsAreJoinedByPostKindAndDay(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	noon := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	at := func(day, hour int) time.Time { return noon.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour) }
	old := told(t, s, c, at(0, 0), "favourite", 11, 500)
	told(t, s, c, at(1, 0), "favourite", 12, 500)
	told(t, s, c, at(1, 1), "mention", 13, 501)
	told(t, s, c, at(1, 2), "favourite", 14, 500)
	told(t, s, c, at(1, 3), "reblog", 14, 500)
	told(t, s, c, at(1, 4), "favourite", 14, 502)
	told(t, s, c, at(1, 5), "follow", 15, 0)
	told(t, s, c, at(1, 6), "mention", 13, 503)
	last := told(t, s, c, at(1, 7), "follow", 16, 0)
	shape := func(p store.Page, g store.Grouping) (out []string) {
		t.Helper()
		groups := read(t, s, func(tx *store.Tx) ([]store.NoticeGroup, error) { return tx.NoticeGroups(p, g) })
		for _, x := range groups {
			who := ""
			for _, n := range x.Members {
				who += fmt.Sprint(" ", n.ActorID)
			}
			out = append(out, fmt.Sprint(x.Kind, " ", x.PostID, ":", who))
		}
		return out
	}
	all := []string{"follow 0: 16 15", "mention 503: 13", "favourite 502: 14", "reblog 500: 14", "favourite 500: 14 12", "mention 501: 13", "favourite 500: 11"}
	joined := store.Grouping{Joined: store.JoinedNotices}
	if got := shape(store.Page{}, joined); !slices.Equal(got, all) {
		t.Errorf("%q", got)
	}
	if got := shape(store.Page{}, store.Grouping{Joined: joined.Joined, Kinds: []string{"mention"}}); !slices.Equal(got, []string{all[1], all[5]}) {
		t.Errorf("mentions: %q", got)
	}
	split := store.Grouping{Joined: joined.Joined, Split: last - 1}
	if got := shape(store.Page{Limit: 2}, split); !slices.Equal(got, []string{"follow 0: 16", "mention 503: 13"}) {
		t.Errorf("what is new is joined with what is read: %q", got)
	}
	if got := shape(store.Page{Since: old}, joined); !slices.Equal(got, all[:6]) {
		t.Errorf("since the oldest: %q", got)
	}

	// Page by page, down and up again, each group once.
	groups := read(t, s, func(tx *store.Tx) ([]store.NoticeGroup, error) { return tx.NoticeGroups(store.Page{}, joined) })
	keys := map[string]bool{}
	for _, g := range groups {
		keys[g.Key] = true
	}
	if len(keys) != len(all) {
		t.Errorf("%d keys for %d groups", len(keys), len(all))
	}
	var down []string
	for max := int64(0); ; {
		page := read(t, s, func(tx *store.Tx) ([]store.NoticeGroup, error) {
			return tx.NoticeGroups(store.Page{Max: max, Limit: 2}, joined)
		})
		if len(page) == 0 {
			break
		}
		down = append(down, shape(store.Page{Max: max, Limit: 2}, joined)...)
		max = page[len(page)-1].Newest().ID
	}
	if !slices.Equal(down, all) {
		t.Errorf("page by page: %q", down)
	}
	if got := shape(store.Page{Min: groups[5].Newest().ID, Limit: 3}, joined); !slices.Equal(got, all[2:5]) {
		t.Errorf("the three above: %q", got)
	}
	if got := shape(store.Page{Min: 1, Limit: 2}, joined); !slices.Equal(got, all[5:]) {
		t.Errorf("from the beginning: %q", got)
	}
	if got := shape(store.Page{Min: last}, joined); len(got) != 0 {
		t.Errorf("above the newest: %q", got)
	}

	// A key finds its group again, whole.
	for _, g := range groups {
		again, err := store.Get(t.Context(), s, func(tx *store.Tx) (store.NoticeGroup, error) { return tx.NoticeGroup(g.Key) })
		if err != nil || again.Kind != g.Kind || again.PostID != g.PostID || !slices.Equal(again.Members, g.Members) {
			t.Errorf("%s: %+v %v", g.Key, again, err)
		}
	}
	for _, key := range []string{"", "favourite", "favourite-500-1", "favourite-500-99999999", "mention-501-20523", "ungrouped-x", "ungrouped-4711", "favourite--1-2", "a-b-c"} {
		if _, err := store.Get(t.Context(), s, func(tx *store.Tx) (store.NoticeGroup, error) { return tx.NoticeGroup(key) }); err != store.ErrNotFound {
			t.Errorf("group %q: %v", key, err)
		}
	}
}
