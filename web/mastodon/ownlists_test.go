package mastodon

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestBookmarks(t *testing.T) {
	h := newHouse(t)
	h.fill(12)
	if list := read[[]object](h, "GET", "/api/v1/bookmarks", ""); len(list) != 0 {
		t.Errorf("saved from the start: %v", list)
	}
	var want []string
	for _, p := range read[[]object](h, "GET", "/api/v1/timelines/home?limit=12", "") {
		s := read[object](h, "POST", "/api/v1/statuses/"+p["id"].(string)+"/bookmark", "")
		if s["bookmarked"] != true || s["favourited"] != false {
			t.Errorf("answered %v", s)
		}
		hasKeys(t, "Status", s, statusKeys)
		want = append([]string{p["id"].(string)}, want...) // the oldest post is saved last
	}
	var got []string
	for path := "/api/v1/bookmarks?limit=5"; path != ""; {
		list := read[[]object](h, "GET", path, "")
		for _, s := range list {
			if s["bookmarked"] != true {
				t.Errorf("%v is in the list and not a bookmark", s["id"])
			}
		}
		got = append(got, idsOf(list)...)
		path = linkTo(t, h.ask("GET", path, "").Header(), "next")
	}
	if !slices.Equal(got, want) {
		t.Errorf("bookmarks are %v, want %v", got, want)
	}
	one := "/api/v1/statuses/" + want[0]
	if s := read[object](h, "POST", one+"/unbookmark", ""); s["bookmarked"] != false {
		t.Errorf("answered %v", s)
	}
	if s := read[object](h, "GET", one, ""); s["bookmarked"] != false {
		t.Error("it is a bookmark still")
	}
	boost := read[object](h, "POST", "/api/v1/statuses/"+id(h.Boost.ID)+"/bookmark", "")
	if boost["id"] != id(h.Hello.ID) {
		t.Errorf("a boost was saved as %v", boost["id"])
	}
	if s := read[object](h, "GET", "/api/v1/statuses/"+id(h.Boost.ID), ""); s["bookmarked"] != true || s["reblog"].(object)["bookmarked"] != true {
		t.Errorf("the boost reads %v", s["bookmarked"])
	}
}

const listKeys = "id title replies_policy exclusive"

func TestListsOfTheClientAPI(t *testing.T) {
	h := newHouse(t)
	if list := read[[]object](h, "GET", "/api/v1/lists", ""); list == nil || len(list) != 0 {
		t.Errorf("lists: %v", list)
	}
	l := read[object](h, "POST", "/api/v1/lists", "title=Bakers")
	hasKeys(t, "List", l, listKeys)
	if l["title"] != "Bakers" || l["replies_policy"] != "list" || l["exclusive"] != false {
		t.Errorf("made %v", l)
	}
	at := "/api/v1/lists/" + l["id"].(string)
	changed := read[object](h, "PUT", at, `{"title":"Friends","replies_policy":"none","exclusive":true}`, "Content-Type", "application/json")
	if changed["id"] != l["id"] || changed["title"] != "Friends" || changed["replies_policy"] != "none" || changed["exclusive"] != true {
		t.Errorf("changed to %v", changed)
	}
	if again := read[object](h, "PUT", at, "exclusive=false"); again["title"] != "Friends" || again["replies_policy"] != "none" || again["exclusive"] != false {
		t.Errorf("changed to %v", again)
	}
	if one := read[object](h, "GET", at, ""); one["title"] != "Friends" {
		t.Errorf("reads %v", one)
	}
	checkError(t, h.ask("POST", "/api/v1/lists", "replies_policy=none"), 422, "without a title")
	checkError(t, h.ask("POST", "/api/v1/lists", "title=x&replies_policy=some"), 422, "a policy that is none")
	checkError(t, h.ask("PUT", "/api/v1/lists/4711", "title=x"), 404, "a list that is not there")

	bob, carol := id(h.Bob.ID), id(h.Carol.ID)
	if got := read[object](h, "POST", at+"/accounts", "account_ids[]="+bob); len(got) != 0 {
		t.Errorf("answered %v", got)
	}
	checkError(t, h.ask("POST", at+"/accounts", "account_ids[]="+carol), 404, "somebody not followed")
	checkError(t, h.ask("POST", at+"/accounts", "account_ids[]=4711"), 404, "somebody unknown")
	checkError(t, h.ask("POST", at+"/accounts", "account_ids[]=x"), 404, "no id")
	checkError(t, h.ask("POST", at+"/accounts", "account_ids[]="+bob), 422, "somebody twice")
	people := read[[]object](h, "GET", at+"/accounts", "")
	if len(people) != 1 || people[0]["id"] != bob {
		t.Errorf("in the list: %v", people)
	}
	hasKeys(t, "Account", people[0], accountKeys)
	if of := read[[]object](h, "GET", "/api/v1/accounts/"+bob+"/lists", ""); len(of) != 1 || of[0]["id"] != l["id"] {
		t.Errorf("Bob is in %v", of)
	}
	if of := read[[]object](h, "GET", "/api/v1/accounts/"+carol+"/lists", ""); len(of) != 0 {
		t.Errorf("Carol is in %v", of)
	}
	// Filled from what was stored: two posts and a boost; the answer is to the owner.
	posts := idsOf(read[[]object](h, "GET", "/api/v1/timelines/list/"+l["id"].(string), ""))
	if want := []string{id(h.Boost.ID), id(h.Walk.ID), id(h.Answer.ID)}; !slices.Equal(posts, want) {
		t.Errorf("the list holds %v, want %v", posts, want)
	}
	second := "/api/v1/timelines/list/" + l["id"].(string) + "?limit=1&max_id=" + posts[0]
	if got := read[[]object](h, "GET", second, ""); len(got) != 1 || got[0]["id"] != posts[1] || linkTo(t, h.ask("GET", second, "").Header(), "next") == "" {
		t.Errorf("the second page holds %v", got)
	}
	w := h.ask("DELETE", at+"/accounts", `{"account_ids":["`+bob+`"]}`, "Content-Type", "application/json")
	if w.Code != http.StatusOK || len(read[[]object](h, "GET", at+"/accounts", "")) != 0 {
		t.Errorf("taken out: %d %s", w.Code, w.Body)
	}
	if got := read[[]object](h, "GET", "/api/v1/timelines/list/"+l["id"].(string), ""); len(got) != 0 {
		t.Errorf("without people it holds %v", got)
	}
	read[object](h, "DELETE", at, "")
	checkError(t, h.ask("GET", at, ""), 404, "a deleted list")
}

func TestPeopleOfAListArePaged(t *testing.T) {
	h := newHouse(t)
	l := store.List{Title: "Many"}
	var want []string
	h.write(func(tx *store.Tx) error {
		if err := tx.SaveList(&l); err != nil {
			return err
		}
		for i := range 7 {
			a, err := storetest.Person(tx, fmt.Sprint("person", i), "many.example")
			if err != nil {
				return err
			}
			if err := tx.SaveFollowing(store.Following{ActorID: a.ID, State: store.FollowAccepted, AskedAt: storetest.Start}); err != nil {
				return err
			}
			if _, err := tx.AddListed(l.ID, a.ID); err != nil {
				return err
			}
			want = append([]string{id(a.ID)}, want...)
		}
		return nil
	})
	at := "/api/v1/lists/" + id(l.ID) + "/accounts"
	var got []string
	for path := at + "?limit=3"; path != ""; {
		got = append(got, idsOf(read[[]object](h, "GET", path, ""))...)
		path = linkTo(t, h.ask("GET", path, "").Header(), "next")
	}
	if !slices.Equal(got, want) {
		t.Errorf("people %v, want %v", got, want)
	}
	if all := idsOf(read[[]object](h, "GET", at+"?limit=0", "")); !slices.Equal(all, want) || h.ask("GET", at+"?limit=0", "").Header().Get("Link") != "" {
		t.Errorf("all of them: %v", all)
	}
}

func TestTagsOfTheClientAPI(t *testing.T) {
	h := newHouse(t)
	tagged := func(i int, v store.Visibility, tags ...string) string {
		p := store.Post{
			URI: fmt.Sprint("https://bob.example/t/", i), ActorID: h.Bob.ID, Visibility: v, Content: "<p>x</p>",
			PublishedAt: storetest.Start.Add(10*time.Minute + time.Duration(i)*time.Second), Extra: store.PostExtra{Tags: tags},
		}
		if i%2 == 0 {
			p.Extra.Attachments = []store.Attachment{{MediaType: "image/jpeg", URL: "https://bob.example/1.jpg"}}
		}
		h.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
		return id(p.ID)
	}
	one := tagged(1, store.Public, "Rye")
	two := tagged(2, store.Public, "rye", "bread")
	three := tagged(3, store.Public, "Wheat", "bread")
	tagged(4, store.Unlisted, "rye")
	tagged(5, store.Followers, "rye")
	for query, want := range map[string][]string{
		"rye": {two, one}, "RYE": {two, one}, "rye?any[]=wheat": {three, two, one}, "rye?all[]=bread": {two}, "rye?none[]=bread": {one},
		"bread?all[]=rye&all[]=x": nil, "rye?all[]=a%20b": nil, "rye?local=true": nil, "rye?remote=true&limit=1": {two},
		"rye?only_media=true": {two}, "rye?max_id=" + two: {one}, "rye?min_id=" + one: {two}, "nothing": nil, "2026": nil, "a%20b": nil, "a%20b?any[]=rye": {two, one},
	} {
		if got := idsOf(read[[]object](h, "GET", "/api/v1/timelines/tag/"+query, "")); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	checkError(t, h.ask("GET", "/api/v1/timelines/tag/rye?any[]="+strings.Repeat("a&any[]=", 30)+"b", ""), 422, "many hashtags")

	tag := read[object](h, "GET", "/api/v1/tags/Rye", "")
	hasKeys(t, "Tag", tag, "id name url history following", "featuring")
	if tag["id"] != "rye" || tag["name"] != "rye" || tag["following"] != false || tag["url"] != "https://alice.example/tags/rye" {
		t.Errorf("%v", tag)
	}
	if followed := read[object](h, "POST", "/api/v1/tags/%EF%BC%B2%EF%BC%B9%EF%BC%A5/follow", ""); followed["name"] != "rye" || followed["following"] != true {
		t.Errorf("followed %v", followed)
	}
	read[object](h, "POST", "/api/v1/tags/bread/follow", "")
	list := read[[]object](h, "GET", "/api/v1/followed_tags?limit=1", "")
	if len(list) != 1 || list[0]["name"] != "bread" || list[0]["following"] != true {
		t.Errorf("followed: %v", list)
	}
	next := linkTo(t, h.ask("GET", "/api/v1/followed_tags?limit=1", "").Header(), "next")
	if list := read[[]object](h, "GET", next, ""); len(list) != 1 || list[0]["name"] != "rye" {
		t.Errorf("%s: %v", next, list)
	}
	if found := read[object](h, "GET", "/api/v2/search?q=%23Rye", "")["hashtags"].([]any)[0].(object); found["following"] != true || found["name"] != "rye" {
		t.Errorf("search finds %v", found)
	}
	if gone := read[object](h, "POST", "/api/v1/tags/rye/unfollow", ""); gone["following"] != false {
		t.Errorf("unfollowed %v", gone)
	}
	checkError(t, h.ask("POST", "/api/v1/tags/2026/follow", ""), 404, "no hashtag")
}

func TestPublicTimeline(t *testing.T) {
	h := newHouse(t)
	for query, want := range map[string][]string{
		"":            {id(h.Tea.ID), id(h.Walk.ID), id(h.Hello.ID)}, // no boosts, no answers
		"local=true":  {id(h.Hello.ID)},
		"remote=true": {id(h.Tea.ID), id(h.Walk.ID)}, "only_media=true": nil, "limit=1": {id(h.Tea.ID)}, "max_id=" + id(h.Walk.ID): {id(h.Hello.ID)},
	} {
		if got := idsOf(read[[]object](h, "GET", "/api/v1/timelines/public?"+query, "")); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}
