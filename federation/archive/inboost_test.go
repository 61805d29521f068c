package archive_test

import (
	"bytes"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

// Whoever writes a boost of somebody's private mention into an archive does not make it
// public: T40, an archive may say what it wants.
func TestT40_ABoostOfAPrivatePostDoesNotCome(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	secret := bob.Post(t, store.Direct, "Psst @"+alice.Handle())
	open := bob.Post(t, store.Public, "Hello")
	c.Settle()
	got, ok := alice.Has(t, open.URI)
	if !ok {
		t.Fatal("the post did not arrive")
	}
	if _, err := alice.Boost(ctx(), got.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	members := unzipped(t, zipped(t, c, alice))
	members["dassie/posts.jsonl"] = bytes.ReplaceAll(members["dassie/posts.jsonl"], []byte(open.URI), []byte(secret.URI))
	var list []member
	for _, name := range sortedNames(members) {
		list = append(list, member{name, members[name]})
	}
	for _, who := range []string{"the same", "another"} {
		to := alice
		if who == "another" {
			to = c.Add("dora")
		} else {
			alice.Afresh(t)
		}
		_, result := take(t, taker(t, c, to, t.TempDir()), to, zipOf(t, list...))
		if result.Taken["posts"] != 0 || countLeft(result.Left, "Boosts whose post") != 1 {
			t.Errorf("%s account: %+v", who, result)
		}
	}
}
