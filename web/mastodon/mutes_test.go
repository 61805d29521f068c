package mastodon

import (
	"strings"
	"testing"

	"dassie/store"
)

func TestMuteFromAnApp(t *testing.T) {
	h := newHouse(t)
	bob, carol := id(h.Bob.ID), id(h.Carol.ID)
	r := read[object](h, "POST", "/api/v1/accounts/"+bob+"/mute", "duration=3600")
	hasKeys(t, "Relationship", r, relationshipKeys)
	if r["muting"] != true || r["muting_notifications"] != true || r["following"] != true || r["blocking"] != false {
		t.Errorf("%v", r)
	}
	if home := read[[]object](h, "GET", "/api/v1/timelines/home", ""); len(home) != 0 {
		t.Errorf("home still holds %d posts of bob", len(home))
	}
	for _, path := range []string{"/api/v1/timelines/public", "/api/v1/timelines/public?remote=true"} {
		for _, s := range read[[]object](h, "GET", path, "") {
			if s["account"].(object)["id"] == bob {
				t.Errorf("%s holds a post of bob", path)
			}
		}
	}
	if list := read[[]object](h, "GET", "/api/v1/notifications", ""); len(list) != 0 {
		t.Errorf("notifications still hold %v", list)
	}
	if o := read[object](h, "GET", "/api/v2/search?q=dassies&type=statuses", ""); len(o["statuses"].([]any)) != 0 {
		t.Errorf("search finds %v", o)
	}
	if list := read[[]object](h, "GET", "/api/v1/accounts/"+bob+"/statuses", ""); len(list) == 0 {
		t.Error("his own page is empty")
	}
	read[object](h, "GET", "/api/v1/statuses/"+id(h.Walk.ID), "")
	if r := read[object](h, "POST", "/api/v1/accounts/"+carol+"/mute", `{"notifications":false,"duration":0}`, "Content-Type", "application/json"); r["muting_notifications"] != false || r["muting"] != true {
		t.Errorf("%v", r)
	}
	w := h.ask("GET", "/api/v1/mutes?limit=1", "")
	if next := w.Header().Get("Link"); !strings.Contains(next, "max_id="+carol) {
		t.Errorf("Link %q of %s", next, w.Body)
	}
	list := read[[]object](h, "GET", "/api/v1/mutes", "")
	if len(list) != 2 || list[0]["id"] != carol || list[0]["mute_expires_at"] != nil || list[1]["mute_expires_at"] != "2026-03-01T14:00:00.000Z" {
		t.Errorf("%v", list)
	}
	hasKeys(t, "MutedAccount", list[0], accountKeys+" mute_expires_at")
	if r := read[object](h, "POST", "/api/v1/accounts/"+bob+"/unmute", ""); r["muting"] != false || r["muting_notifications"] != false {
		t.Errorf("%v", r)
	}
	if home := read[[]object](h, "GET", "/api/v1/timelines/home", ""); len(home) == 0 {
		t.Error("home is empty after the mute")
	}
	checkError(t, h.ask("POST", "/api/v1/accounts/1/mute", ""), 422, "mute yourself")
	checkError(t, h.ask("POST", "/api/v1/accounts/"+bob+"/mute", "duration=-5"), 422, "a mute that ends before it begins")
	if r := read[object](h, "POST", "/api/v1/accounts/"+bob+"/mute", "duration=99999999999999"); r["muting"] != true {
		t.Errorf("%v", r)
	}
}

func TestNoteFromAnApp(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/accounts/" + id(h.Bob.ID) + "/note"
	if r := read[object](h, "POST", path, "comment=Owes+me+a+leek"); r["note"] != "Owes me a leek" {
		t.Errorf("%v", r)
	}
	if r := read[object](h, "POST", path, ""); r["note"] != "" {
		t.Errorf("%v", r)
	}
	checkError(t, h.ask("POST", path, "comment="+strings.Repeat("x", 2001)), 422, "a note too long")
}

func TestFollowOptionsFromAnApp(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/accounts/" + id(h.Bob.ID) + "/follow"
	if r := read[object](h, "POST", path, "reblogs=false&notify=true"); r["showing_reblogs"] != false || r["notifying"] != true || r["following"] != true {
		t.Errorf("%v", r)
	}
	if r := read[object](h, "POST", path, "reblogs=true"); r["showing_reblogs"] != true || r["notifying"] != true {
		t.Errorf("%v", r)
	}
}

func TestSearchFromAnAppIsNarrowed(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		_, err := tx.IndexBatch(100, func(p store.Post) string { return p.Content })
		return err
	})
	count := func(query, list string) int {
		t.Helper()
		return len(read[object](h, "GET", "/api/v2/search?"+query, "")[list].([]any))
	}
	for query, want := range map[string]int{
		"q=dassies": 1, "q=dassies+from:me": 0, "q=from:@bob@bob.example+dassies": 1, "q=from:@nobody@far.example+dassies": 0, "q=dassies+after:soon": 0,
		"q=dassies&account_id=" + id(h.Bob.ID): 1, "q=dassies&account_id=" + id(h.Carol.ID): 0, "q=dassies&type=accounts": 0,
	} {
		if n := count(query, "statuses"); n != want {
			t.Errorf("%s finds %d posts, not %d", query, n, want)
		}
	}
	if n := count("q=bo", "accounts"); n != 1 {
		t.Errorf("a name finds %d people", n)
	}
	// The owner is found by name: toot looks there for "me".
	for query, want := range map[string]int{"q=alice&type=accounts&resolve=True": 1, "q=Alice": 1, "q=alice&type=accounts&offset=1": 0, "q=alice&type=statuses": 0, "q=alic": 0} {
		if n := count(query, "accounts"); n != want {
			t.Errorf("%s finds %d people, not %d", query, n, want)
		}
	}
	if n := count("q=bo&type=statuses", "accounts"); n != 0 {
		t.Errorf("of posts alone: %d people", n)
	}
}
