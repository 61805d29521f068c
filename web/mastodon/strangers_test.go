package mastodon

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// stranger asks as nobody, and as an app for itself: both get the same.
func (h *house) stranger(path string) (status int, body string) {
	h.t.Helper()
	w := h.ask("GET", path, "", "Authorization", "")
	app := h.ask("GET", path, "", "Authorization", "Bearer "+h.guest)
	if w.Code != app.Code || w.Body.String() != app.Body.String() {
		h.t.Errorf("%s: a stranger gets %d %s, an app for itself %d %s", path, w.Code, w.Body, app.Code, app.Body)
	}
	return w.Code, w.Body.String()
}

func (h *house) open(path string, v any) {
	h.t.Helper()
	status, body := h.stranger(path)
	if status != 200 || json.Unmarshal([]byte(body), v) != nil {
		h.t.Fatalf("%s: %d %s", path, status, body)
	}
}

// T42: of Alice's posts strangers read the open ones; all others, and everything
// that came here for her, are like what never was.
func TestT42_WhatStrangersRead(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	put := func(v store.Visibility, by store.Actor, parent store.Post, text string) store.Post {
		var p store.Post
		h.write(func(tx *store.Tx) error {
			id := tx.NewID()
			p = store.Post{ID: id, URI: fmt.Sprintf("https://%s/p/%d", by.Domain, id), ActorID: by.ID, Visibility: v, ParentURI: parent.URI,
				Content: "<p>" + text + "</p>", PublishedAt: storetest.Start, Extra: store.PostExtra{Tags: []string{"rocks"}, App: "SECRET-APP"}}
			if v == store.Followers && by.ID == store.OwnerID {
				p.Extra.Poll = &store.Poll{Options: []store.PollOption{{Name: "SECRET"}, {Name: "b"}}}
			}
			return tx.InsertPost(&p)
		})
		return p
	}
	quiet := put(store.Unlisted, h.Alice, store.Post{}, "Quietly.")
	private := put(store.Followers, h.Alice, store.Post{}, "SECRET to followers")
	direct := put(store.Direct, h.Alice, h.Answer, "SECRET to Bob")
	whisper := put(store.Followers, h.Bob, h.Hello, "SECRET of Bob")
	put(store.Public, h.Bob, whisper, "SECRET below it")
	reply := put(store.Public, h.Alice, whisper, "Out loud.")
	draft := int64(0)
	h.write(func(tx *store.Tx) error {
		u := store.Unsent{Kind: store.UnsentDraft, Draft: store.UnsentText{Text: "SECRET draft"}}
		err := tx.SaveUnsent(&u)
		draft = u.ID
		return err
	})
	h.write(func(tx *store.Tx) error {
		_, err := tx.React(&store.Reaction{PostID: h.Hello.ID, ActorID: store.OwnerID, URI: "https://alice.example/l/1"})
		return err
	})

	neverStatus, never := h.stranger("/api/v1/statuses/77777777777")
	for what, p := range map[string]int64{
		"followers-only": private.ID, "direct": direct.ID, "draft": draft, "Bob's": h.Walk.ID, "Bob's private": whisper.ID, "Bob's answer": h.Answer.ID, "a boost": h.Boost.ID,
	} {
		for _, path := range []string{"/api/v1/statuses/%d", "/api/v1/statuses/%d/context", "/api/v1/polls/%d"} {
			if status, body := h.stranger(fmt.Sprintf(path, p)); status != neverStatus || body != never {
				t.Errorf("%s at %s: %d %s", what, path, status, body)
			}
		}
	}
	for _, path := range []string{"/api/v1/accounts/" + id(h.Bob.ID), "/api/v1/accounts/" + id(h.Bob.ID) + "/statuses"} {
		if status, body := h.stranger(path); status != 404 || body != never {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := h.stranger("/api/v1/statuses/" + id(quiet.ID)); status != 200 || strings.Contains(body, "SECRET") {
		t.Errorf("a quiet post by its address: %d %s", status, body)
	}
	var around Context
	h.open("/api/v1/statuses/"+id(h.Hello.ID)+"/context", &around)
	if len(around.Descendants) != 2 || around.Descendants[0].ID != id(h.Answer.ID) || around.Descendants[1].ID != id(h.Thanks.ID) {
		t.Errorf("around Hello: %+v", around.Descendants)
	}
	h.open("/api/v1/statuses/"+id(reply.ID)+"/context", &around)
	if len(around.Ancestors) != 0 {
		t.Errorf("above what answers a private post: %+v", around.Ancestors)
	}
	var one object
	h.open("/api/v1/statuses/"+id(reply.ID), &one)
	if one["in_reply_to_id"] != nil || one["application"] != nil || one["favourited"] != false {
		t.Errorf("what answers a private post: %v", one)
	}
	for _, path := range []string{"/api/v1/accounts/1/statuses", "/api/v1/timelines/public", "/api/v1/timelines/public?local=true", "/api/v1/timelines/tag/rocks", "/api/v1/accounts/1/statuses?pinned=true"} {
		var list []object
		h.open(path, &list)
		for _, s := range list {
			sound(t, path, s)
			if s["visibility"] != "public" || s["account"].(object)["id"] != "1" {
				t.Errorf("%s has %v", path, s)
			}
		}
		if strings.Contains(fmt.Sprint(list), "SECRET") || len(list) == 0 && !strings.Contains(path, "pinned") && !strings.Contains(path, "tag") {
			t.Errorf("%s: %v", path, list)
		}
	}
	for _, path := range []string{"/api/v1/timelines/public?remote=true", "/api/v1/timelines/tag/rocks?remote=1", "/api/v1/timelines/tag/nothing"} {
		var list []object
		if h.open(path, &list); list == nil || len(list) != 0 {
			t.Errorf("%s: %v", path, list)
		}
	}
}

// Apps find a profile by its handle before anybody signs in: of people who are here
// strangers learn of the owner alone.
func TestT42_StrangersLookUpTheOwner(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	for _, path := range []string{"/api/v1/accounts/lookup?acct=alice", "/api/v1/accounts/lookup?acct=@Alice@alice.example"} {
		var one object
		h.open(path, &one)
		hasKeys(t, path, one, accountKeys)
		if one["id"] != "1" || one["source"] != nil {
			t.Errorf("%s: %v", path, one)
		}
	}
	_, never := h.stranger("/api/v1/accounts/lookup?acct=nobody@nowhere.example")
	for _, acct := range []string{"bob@bob.example", "bob", ""} {
		if status, body := h.stranger("/api/v1/accounts/lookup?acct=" + acct); status != 404 || body != never {
			t.Errorf("%q: %d %s", acct, status, body)
		}
	}
	var list []object
	if h.open("/api/v1/accounts?id[]="+id(h.Bob.ID)+"&id[]=1", &list); idsIn(list) != "1" {
		t.Errorf("by id: %v", list)
	}
	if h.open("/api/v1/accounts?id[]="+id(h.Bob.ID), &list); len(list) != 0 {
		t.Errorf("by id: %v", list)
	}
}

// What the owner does not show on the pages, apps of strangers do not get.
func TestStrangersSeeWhatTheSettingsSay(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	h.write(func(tx *store.Tx) error {
		_, err := tx.React(&store.Reaction{PostID: h.Hello.ID, ActorID: h.Bob.ID, URI: "https://bob.example/l/1"})
		return err
	})
	account, post := "/api/v1/accounts/1", "/api/v1/statuses/"+id(h.Hello.ID)
	var acc Account
	var s Status
	h.open(account, &acc)
	h.open(post, &s)
	if acc.FollowersCount != 1 || s.FavouritesCount != 1 || s.RepliesCount == 0 {
		t.Errorf("as it comes: %+v, %+v", acc, s)
	}
	set := h.svc.Settings()
	set.ShowCounts, set.PostsOnWeb = false, false
	if err := h.svc.SaveSettings(context.Background(), set); err != nil {
		t.Fatal(err)
	}
	h.open(account, &acc)
	h.open(post, &s)
	if acc.FollowersCount != 0 || acc.FollowingCount != 0 || s.FavouritesCount != 0 || s.RepliesCount != 0 {
		t.Errorf("without numbers: %+v, %+v", acc, s)
	}
	for _, path := range []string{account + "/statuses", "/api/v1/timelines/public", "/api/v1/timelines/tag/x"} {
		var list []object
		if h.open(path, &list); list == nil || len(list) != 0 {
			t.Errorf("%s: %v", path, list)
		}
	}
	// The owner's own app sees all of it.
	if got := read[Account](h, "GET", account, ""); got.FollowersCount != 1 {
		t.Errorf("for the owner: %+v", got)
	}
}

// Whom the owner blocked is in no conversation that strangers read, and nothing says
// so. A mute is nobody's business and changes nothing.
func TestT48_StrangersDoNotMeetTheBlocked(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	var around, muted, blocked Context
	path := "/api/v1/statuses/" + id(h.Hello.ID) + "/context"
	h.open(path, &around)
	h.write(func(tx *store.Tx) error { return tx.SaveMute(store.Mute{ActorID: h.Bob.ID}) })
	if h.open(path, &muted); len(around.Descendants) == 0 || len(muted.Descendants) != len(around.Descendants) {
		t.Errorf("%d answers below Hello, %d with Bob muted", len(around.Descendants), len(muted.Descendants))
	}
	if err := h.svc.Block(t.Context(), h.Bob.ID); err != nil {
		t.Fatal(err)
	}
	if h.open(path, &blocked); len(blocked.Descendants) != 0 {
		t.Errorf("below Hello without Bob: %+v", blocked.Descendants)
	}
}
