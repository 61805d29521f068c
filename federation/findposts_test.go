package federation_test

import (
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestASearchIsReadAsItWasMeant(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	id := alice.Find(t, bob).ID
	day := func(s string) time.Time {
		at, err := time.Parse("2006-01-02", s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for text, want := range map[string]store.PostQuery{
		"":                                    {},
		"rye bread":                           {Words: "rye bread"},
		`rye "in the oven" -wheat`:            {Words: `rye "in the oven" -wheat`},
		"from:me rye":                         {Words: "rye", From: store.OwnerID},
		"from:@alice rye":                     {Words: "rye", From: store.OwnerID},
		"FROM:@" + bob.Handle():               {From: id},
		"from:" + bob.Handle() + " has:media": {From: id, Media: true},
		"from:following has:poll is:reply":    {Followed: true, Poll: true, Reply: true},
		"language:en-GB x":                    {Words: "x", Language: "en-GB"},
		"language:%_ x":                       {Words: "language:%_ x"},
		"after:2026-03-12 before:2026-04-01":  {After: day("2026-03-12"), Before: day("2026-04-01")},
		"has:nothing at 10:30 from: https":    {Words: "has:nothing at 10:30 from: https"},
		`"from:me"`:                           {Words: `"from:me"`},
	} {
		q, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.PostQuery, error) { return alice.ReadSearch(tx, text) })
		if err != nil || !q.After.Equal(want.After) || !q.Before.Equal(want.Before) {
			t.Errorf("%q: %+v, %v", text, q, err)
		}
		q.After, q.Before, want.After, want.Before = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if q != want {
			t.Errorf("%q is read as %+v", text, q)
		}
	}
	for text, words := range map[string]string{
		"from:@nobody@far.example": "Nobody called @nobody@far.example", "from:a@b@c": "whole handle", "after:yesterday": "such as after:2026-03-12", "before:2026-13-01": "wants a day",
	} {
		_, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.PostQuery, error) { return alice.ReadSearch(tx, text) })
		if reply.CodeOf(err) != reply.Unprocessable || !strings.Contains(reply.Message(err), words) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
