package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func TestOldPostsAreShownBeforeTheyGo(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	h.Post(t, store.Public, "The first leeks")
	h.cluster.Advance(time.Second)
	kept := h.Post(t, store.Public, "Worth it")
	if _, err := h.Pin(ctx, kept.ID); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.cluster.Advance(40 * 24 * time.Hour)
	h.Post(t, store.Public, "Rain again")

	h.open("/me/data").says(t, `href="/me/data/expiry"`)
	first := h.open("/me/data/expiry")
	first.says(t, "Your posts stay until you delete them", `value="pinned" checked`, "1 month", "2 years")
	first.hides(t, "Gone lately")
	asked := h.open("/me/data/expiry/preview?after=30&stay=pinned")
	asked.says(t, "Delete posts after 1 month?", "1 of 3 posts would go, from tomorrow at this time on", "The first leeks")
	asked.hides(t, "Worth it", "Rain again")
	h.open("/me/data/expiry/preview?after=30").says(t, "2 of 3 posts", "The first leeks", "Worth it")
	h.open("/me/data/expiry/preview?after=730").says(t, "Nothing would go now")
	for _, wrong := range []string{"after=31", "after=", "after=x", "after=30&likes=-1", "after=30&shares=many", "after=30&likes=99999999"} {
		if p := h.do("GET", "/me/data/expiry/preview?"+wrong, nil); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `class="err"`) {
			t.Errorf("%s is answered with %d", wrong, p.status)
		}
		if p := h.submit("/me/data/expiry", pairs(wrong)...); p.status != http.StatusUnprocessableEntity {
			t.Errorf("%s is saved with %d", wrong, p.status)
		}
	}
	if h.Settings().Expiry.Days != 0 {
		t.Fatal("what is wrong was saved")
	}

	h.sent("/me/data/expiry", "after", "30", "stay", "pinned", "likes", "25").says(t, "Saved.", "Nothing goes before", "1 post is old enough then", `value="25"`)
	h.sent("/me/data/expiry", "do", "pause").says(t, "Paused.", "1 post is old enough to go")
	h.cluster.SettleFor(30*time.Hour, time.Hour)
	h.sent("/me/data/expiry", "do", "resume").says(t, "It goes on.", "1 post is going")
	h.cluster.Settle()
	h.open("/me/data/expiry").says(t, "Nothing is old enough now", "Gone lately", "A post: which servers accepted that")
	if len(h.own()) != 2 || len(bob.Received("Delete")) != 1 {
		t.Errorf("%d posts are left, bob got %d Deletes", len(h.own()), len(bob.Received("Delete")))
	}
	h.sent("/me/data/expiry", "do", "stop").says(t, "Switched off.", "Your posts stay until you delete them")
	h.cluster.SettleFor(60*24*time.Hour, 12*time.Hour)
	if len(h.own()) != 2 {
		t.Errorf("switched off, posts go: %d are left", len(h.own()))
	}
}

// The log of what went is whole, a page at a time.
func TestAllThatWentIsListed(t *testing.T) {
	h := newHouse(t)
	const all = 45
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for i := range all {
			if err := tx.AddExpired(store.Post{ID: int64(1000 + i), BoostOf: int64(i % 2)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	next, rows := "/me/data/expiry", 0
	for pages := 1; next != ""; pages++ {
		p := h.open(next)
		p.says(t, "45 in the last 12 months")
		rows += strings.Count(p.body, "A boost") + strings.Count(p.body, "A post:")
		_, after, more := strings.Cut(p.body, `rel="next"`)
		if next = ""; more {
			_, after, _ = strings.Cut(after, `href="`)
			next, _, _ = strings.Cut(after, `"`)
			next, _, _ = strings.Cut(strings.ReplaceAll(next, "&amp;", "&"), "#")
		}
		if pages > 5 {
			t.Fatal("the list has no end")
		}
	}
	if rows != all {
		t.Errorf("%d of %d are listed", rows, all)
	}
}

// pairs splits a query of a test.
func pairs(query string) (list []string) {
	for _, part := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		list = append(list, name, value)
	}
	return list
}
