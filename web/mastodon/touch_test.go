package mastodon

import (
	"slices"
	"strings"
	"testing"

	"dassie/store"
)

func TestFavouriteAndBack(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/statuses/" + id(h.Walk.ID)
	for range 2 {
		s := read[object](h, "POST", path+"/favourite", "")
		hasKeys(t, "Status", s, statusKeys)
		sound(t, "favourite", s)
		if s["id"] != id(h.Walk.ID) || s["favourited"] != true || s["reblogged"] != false || s["favourites_count"] != 1.0 {
			t.Errorf("%v", s)
		}
	}
	if s := read[object](h, "GET", path, ""); s["favourited"] != true {
		t.Error("it is forgotten at once")
	}
	by := read[[]object](h, "GET", path+"/favourited_by", "")
	if len(by) != 1 || by[0]["id"] != "1" {
		t.Errorf("favourited by %v", by)
	}
	hasKeys(t, "Account", by[0], accountKeys)
	for range 2 {
		if s := read[object](h, "POST", path+"/unfavourite", ""); s["favourited"] != false || s["favourites_count"] != 0.0 {
			t.Errorf("%v", s)
		}
	}
	if by := read[[]object](h, "GET", path+"/favourited_by", ""); len(by) != 0 {
		t.Errorf("favourited by %v", by)
	}
	// The id of a boost stands for its post.
	if s := read[object](h, "POST", "/api/v1/statuses/"+id(h.Boost.ID)+"/favourite", ""); s["id"] != id(h.Hello.ID) {
		t.Errorf("%v", s["id"])
	}
	if s := read[object](h, "GET", "/api/v1/statuses/"+id(h.Boost.ID), ""); s["favourited"] != true || s["reblog"].(object)["favourited"] != true {
		t.Error("the boost of a favourite does not say so")
	}
}

func TestReblogAnswersTheBoostAndUnreblogThePost(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/statuses/" + id(h.Walk.ID)
	b := read[object](h, "POST", path+"/reblog", "")
	hasKeys(t, "boost", b, statusKeys)
	sound(t, "boost", b)
	inner := b["reblog"].(object)
	if b["id"] == id(h.Walk.ID) || inner["id"] != id(h.Walk.ID) || b["content"] != "" || b["reblogged"] != true || inner["reblogged"] != true ||
		inner["reblogs_count"] != 1.0 || b["account"].(object)["acct"] != "alice" || b["visibility"] != "public" {
		t.Errorf("%v", b)
	}
	if again := read[object](h, "POST", path+"/reblog", "visibility=private"); again["id"] != b["id"] || again["visibility"] != "public" {
		t.Errorf("a second boost: %v %v", again["id"], again["visibility"])
	}
	if top := read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", ""); top[0]["id"] != b["id"] || top[0]["reblog"] == nil {
		t.Errorf("the own boost is not in home: %v", top[0]["id"])
	}
	by := read[[]object](h, "GET", path+"/reblogged_by", "")
	if len(by) != 1 || by[0]["acct"] != "alice" {
		t.Errorf("reblogged by %v", by)
	}
	if s := read[object](h, "POST", path+"/unreblog", ""); s["id"] != id(h.Walk.ID) || s["reblogged"] != false || s["reblogs_count"] != 0.0 || s["reblog"] != nil {
		t.Errorf("%v", s)
	}
	checkError(t, h.ask("GET", "/api/v1/statuses/"+b["id"].(string), ""), 404, "the boost afterwards")
	read[object](h, "POST", path+"/unreblog", "")

	b = read[object](h, "POST", path+"/reblog", `{"visibility":"private"}`, "Content-Type", "application/json")
	if b["visibility"] != "private" {
		t.Errorf("for followers: %v", b["visibility"])
	}
	if gone := read[object](h, "DELETE", "/api/v1/statuses/"+b["id"].(string), ""); gone["id"] != b["id"] {
		t.Errorf("%v", gone["id"])
	}
	if s := read[object](h, "GET", path, ""); s["reblogged"] != false {
		t.Error("deleting the boost did not take it back")
	}
}

func TestRefusedReblogs(t *testing.T) {
	h := newHouse(t)
	private := store.Post{URI: "https://bob.example/private", ActorID: h.Bob.ID, Visibility: store.Followers, Content: "<p>x</p>", PublishedAt: h.Walk.PublishedAt}
	h.write(func(tx *store.Tx) error { return tx.InsertPost(&private) })
	for _, tc := range []struct{ id, body string }{
		{id(private.ID), ""}, {id(h.Walk.ID), "visibility=direct"}, {id(h.Walk.ID), "visibility=everyone"},
	} {
		checkError(t, h.ask("POST", "/api/v1/statuses/"+tc.id+"/reblog", tc.body), 422, tc.id+" "+tc.body)
	}
	if s := read[object](h, "GET", "/api/v1/statuses/"+id(h.Walk.ID), ""); s["reblogged"] != false {
		t.Error("a refused boost was made")
	}
}

func TestFavouritesArePagedByTheirLikes(t *testing.T) {
	h := newHouse(t)
	h.fill(12)
	var want []string
	for _, p := range read[[]object](h, "GET", "/api/v1/timelines/home?limit=12", "") {
		read[object](h, "POST", "/api/v1/statuses/"+p["id"].(string)+"/favourite", "")
		want = append([]string{p["id"].(string)}, want...) // the oldest post is liked last
	}
	var got []string
	for path := "/api/v1/favourites?limit=5"; path != ""; {
		list := read[[]object](h, "GET", path, "")
		for _, s := range list {
			if s["favourited"] != true {
				t.Errorf("%v is in the list and not a favourite", s["id"])
			}
		}
		got = append(got, idsOf(list)...)
		w := h.ask("GET", path, "")
		if strings.Contains(w.Header().Get("Link"), want[0]) {
			t.Errorf("the list is paged by the ids of posts: %s", w.Header().Get("Link"))
		}
		path = linkTo(t, w.Header(), "next")
	}
	if !slices.Equal(got, want) {
		t.Errorf("favourites are %v, want %v", got, want)
	}
}

func TestPeopleWhoLikeArePaged(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		for _, a := range []int64{h.Bob.ID, h.Carol.ID, store.OwnerID} {
			for _, emoji := range []string{"", "👌"} {
				if _, err := tx.React(&store.Reaction{PostID: h.Hello.ID, ActorID: a, Emoji: emoji}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	var got []string
	for path := "/api/v1/statuses/" + id(h.Hello.ID) + "/favourited_by?limit=2"; path != ""; {
		got = append(got, idsOf(read[[]object](h, "GET", path, ""))...)
		path = linkTo(t, h.ask("GET", path, "").Header(), "next")
	}
	slices.Sort(got)
	want := []string{id(h.Bob.ID), id(h.Carol.ID), "1"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("liked by %v, want %v", got, want)
	}
	if s := read[object](h, "GET", "/api/v1/statuses/"+id(h.Hello.ID), ""); s["favourites_count"] != 3.0 {
		t.Errorf("%v people", s["favourites_count"])
	}
}

func TestNotificationsOfBoostsAndLikes(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		for _, kind := range []string{"reblog", "favourite"} {
			if err := tx.Notify(&store.Notification{Kind: kind, ActorID: h.Bob.ID, PostID: h.Hello.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	list := read[[]object](h, "GET", "/api/v1/notifications?types[]=favourite&types[]=reblog", "")
	if len(list) != 2 {
		t.Fatalf("%v", list)
	}
	for i, kind := range []string{"favourite", "reblog"} {
		hasKeys(t, kind, list[i], "id type created_at group_key account status")
		if list[i]["type"] != kind || list[i]["status"].(object)["id"] != id(h.Hello.ID) || list[i]["account"].(object)["id"] != id(h.Bob.ID) {
			t.Errorf("%v", list[i])
		}
	}
}

func TestMuteOfAConversation(t *testing.T) {
	h := newHouse(t)
	muted := func(id string) any { return read[object](h, "GET", "/api/v1/statuses/"+id, "")["muted"] }
	if s := read[object](h, "POST", "/api/v1/statuses/"+id(h.Answer.ID)+"/mute", ""); s["muted"] != true || s["id"] != id(h.Answer.ID) {
		t.Errorf("%v", s)
	}
	if muted(id(h.Hello.ID)) != true || muted(id(h.Thanks.ID)) != true || muted(id(h.Boost.ID)) != true || muted(id(h.Walk.ID)) != false {
		t.Error("it is said of the wrong posts")
	}
	if s := read[object](h, "POST", "/api/v1/statuses/"+id(h.Thanks.ID)+"/unmute", ""); s["muted"] != false {
		t.Errorf("%v", s)
	}
	if muted(id(h.Hello.ID)) != false {
		t.Error("it stays muted")
	}
}
