package mastodon

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/auth"
)

func TestRelationships(t *testing.T) {
	h := newHouse(t)
	bob, carol := id(h.Bob.ID), id(h.Carol.ID)
	list := read[[]object](h, "GET", "/api/v1/accounts/relationships?id[]="+bob+"&id[]="+carol+"&id[]=4711&id[]=x", "")
	if len(list) != 3 {
		t.Fatalf("%v", list)
	}
	for _, r := range list {
		hasKeys(t, "Relationship", r, relationshipKeys)
		sound(t, "relationship", r)
	}
	if r := list[0]; r["following"] != true || r["followed_by"] != true || r["showing_reblogs"] != true || r["requested"] != false || r["id"] != bob {
		t.Errorf("bob %v", r)
	}
	if r := list[1]; r["following"] != false || r["requested_by"] != true || r["id"] != carol {
		t.Errorf("carol %v", r)
	}
	h.write(func(tx *store.Tx) error { return tx.BlockHost("carol.example") })
	if r := read[[]object](h, "GET", "/api/v1/accounts/relationships?id="+carol, "")[0]; r["domain_blocking"] != true {
		t.Errorf("%v", r)
	}
	if r := read[[]object](h, "GET", "/api/v1/accounts/relationships", ""); len(r) != 0 {
		t.Errorf("%v", r)
	}
	checkError(t, h.ask("POST", "/api/v1/accounts/1/follow", ""), 422, "follow yourself")
}

// An app finds a person on another server, follows and reads them.
func TestFollowFromAnApp(t *testing.T) {
	c := fedtest.New(t, "ann", "ben")
	ann, ben := c.Servers[0], c.Servers[1]
	ben.Lock(t, true)
	note := ben.Post(t, store.Public, "Rain on the rocks #dassie")
	h := &house{t: t, st: ann.Store(), svc: ann.Service}
	guard := auth.New(h.st, ann.Origin(), nil, auth.Options{Now: c.Now})
	h.api = New(Config{Service: ann.Service, Guard: guard, Log: slog.New(slog.DiscardHandler)}).Handler()
	h.token = h.newToken("read write follow")
	find := func(q, more string) object {
		t.Helper()
		o := read[object](h, "GET", "/api/v2/search?q="+url.QueryEscape(q)+more, "")
		hasKeys(t, "Search", o, "accounts statuses hashtags")
		return o
	}
	count := func(o object, list string) int { return len(o[list].([]any)) }

	if o := find("@"+ben.Handle(), ""); count(o, "accounts") != 0 {
		t.Errorf("found without resolve: %v", o)
	}
	o := find("@"+ben.Handle(), "&resolve=true&type=accounts")
	if count(o, "accounts") != 1 {
		t.Fatalf("%v", o)
	}
	acc := o["accounts"].([]any)[0].(object)
	hasKeys(t, "Account", acc, accountKeys)
	if acc["acct"] != ben.Handle() {
		t.Errorf("%v", acc["acct"])
	}
	if o := find(note.URI, "&resolve=true"); count(o, "statuses") != 1 {
		t.Errorf("by address: %v", o)
	}
	for _, q := range []string{note.URI, ben.Handle(), ann.Handle(), "@ann"} {
		if o := find(q, ""); count(o, "statuses")+count(o, "accounts") != 1 {
			t.Errorf("%s is stored: %v", q, o)
		}
	}
	for _, q := range []string{"@nobody@" + ben.Host, ben.Origin().URL("/nothing"), "a@b@c"} {
		if o := find(q, "&resolve=true"); count(o, "statuses")+count(o, "accounts") != 0 {
			t.Errorf("%s: %v", q, o)
		}
	}
	if o := find("#Dassie", ""); count(o, "hashtags") != 1 || o["hashtags"].([]any)[0].(object)["name"] != "dassie" {
		t.Errorf("%v", o)
	}

	path := "/api/v1/accounts/" + acc["id"].(string)
	if r := read[object](h, "POST", path+"/follow", `{"reblogs":true}`, "Content-Type", "application/json"); r["requested"] != true || r["following"] != false {
		t.Errorf("asked: %v", r)
	}
	c.Settle()
	asker, err := store.Get(context.Background(), ben.Store(), func(tx *store.Tx) ([]store.Follower, error) { return tx.FollowersIn(store.FollowAsked, 0, 5) })
	if err != nil || len(asker) != 1 {
		t.Fatalf("%v %v", asker, err)
	}
	if err := ben.Accept(context.Background(), asker[0].ActorID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if r := read[[]object](h, "GET", "/api/v1/accounts/relationships?id[]="+acc["id"].(string), "")[0]; r["requested"] != false || r["following"] != true {
		t.Errorf("accepted: %v", r)
	}
	c.Advance(time.Minute) // ids of one millisecond are in no order between servers
	ben.Post(t, store.Followers, "Only for friends")
	c.Settle()
	if home := read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", ""); len(home) != 1 || home[0]["visibility"] != "private" {
		t.Errorf("%v", home)
	}
	if o := find("friends", "&type=statuses"); count(o, "statuses") != 1 {
		t.Errorf("words: %v", o)
	}
	if r := read[object](h, "POST", path+"/unfollow", ""); r["following"] != false {
		t.Errorf("%v", r)
	}
}
