package mastodon

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// ids are those of a list of things.
func ids(list []object) string {
	var out []string
	for _, o := range list {
		out = append(out, o["id"].(string))
	}
	return strings.Join(out, " ")
}

// openList is what strangers get of a list.
func (h *house) openList(path string) []object {
	h.t.Helper()
	var list []object
	if h.open(path, &list); list == nil {
		h.t.Errorf("%s is no list", path)
	}
	return list
}

// T42: strangers meet the owner, and others only where the owner shows lists of them.
func TestT42_WhomStrangersMeet(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	bob := id(h.Bob.ID)
	var one object
	for _, acct := range []string{"alice", "@alice", "alice@alice.example", "Alice@ALICE.example"} {
		if h.open("/api/v1/accounts/lookup?acct="+acct, &one); one["id"] != "1" || one["acct"] != "alice" {
			t.Errorf("%s is %v", acct, one)
		}
	}
	for _, path := range []string{
		"accounts/lookup?acct=bob@bob.example", "accounts/lookup?acct=bob", "accounts/lookup?acct=nobody@bob.example", "accounts/lookup",
		"accounts/" + bob + "/followers", "accounts/" + bob + "/following", "accounts/" + bob + "/featured_tags", "accounts/" + bob + "/endorsements", "accounts/4711/followers",
	} {
		if status, body := h.stranger("/api/v1/" + path); status != 404 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if got := ids(h.openList("/api/v1/accounts?id[]=1&id[]=" + bob)); got != "1" {
		t.Errorf("accounts by id: %s", got)
	}
	if err := h.svc.Endorse(t.Context(), h.Bob.ID); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"followers", "following", "endorsements"} {
		path := "/api/v1/accounts/1/" + list
		if got := ids(h.openList(path)); got != bob {
			t.Errorf("%s: %q", list, got)
		}
	}
	h.change(func(s *store.Settings) { s.ShowLists, s.Discoverable = false, true })
	if got := ids(h.openList("/api/v1/accounts/1/followers")) + ids(h.openList("/api/v1/accounts/1/following")); got != "" {
		t.Errorf("lists that are not shown: %s", got)
	}
	if got := ids(h.openList("/api/v1/directory")); got != "1" {
		t.Errorf("the directory: %s", got)
	}
	h.change(func(s *store.Settings) { s.ShowLists, s.Discoverable = true, false })
	if got := ids(h.openList("/api/v1/directory")); got != "" {
		t.Errorf("the directory of who is not to be found: %s", got)
	}
	// Whom the owner blocked is on no list, though it ends no follow here.
	h.write(func(tx *store.Tx) error { return tx.BlockHost(h.Bob.Domain) })
	for _, list := range []string{"followers", "following", "endorsements"} {
		if got := ids(h.openList("/api/v1/accounts/1/" + list)); got != "" {
			t.Errorf("T48: %s of a blocked server: %s", list, got)
		}
	}
}

// T42: of a single post strangers get what its page tells.
func TestT42_OnePostForStrangers(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	made := read[object](h, "POST", "/api/v1/statuses", "status=First+words")
	private := read[object](h, "POST", "/api/v1/statuses", "status=SECRET&visibility=private")
	h.pass(time.Minute)
	read[object](h, "PUT", statusURL+made["id"].(string), "status=Other+words")
	read[object](h, "PUT", statusURL+private["id"].(string), "status=SECRET+too")
	at := statusURL + made["id"].(string)
	h.write(func(tx *store.Tx) error {
		if _, err := tx.React(&store.Reaction{PostID: mustID(made), ActorID: h.Bob.ID, URI: "https://bob.example/l/1"}); err != nil {
			return err
		}
		const link = "https://allotments.example/kale"
		if err := tx.SaveLinkCard(store.LinkCard{URL: link, Title: "Kale", FetchedAt: storetest.Start.Add(time.Minute)}); err != nil {
			return err
		}
		for _, p := range []int64{mustID(made), mustID(private), h.Walk.ID} {
			if err := tx.SetPostLink(p, link); err != nil {
				return err
			}
		}
		return nil
	})
	if versions := h.openList(at + "/history"); len(versions) != 2 || !strings.Contains(versions[0]["content"].(string), "First") {
		t.Errorf("history: %v", versions)
	}
	var card object
	if h.open(at+"/card", &card); card["title"] != "Kale" {
		t.Errorf("card: %v", card)
	}
	for _, who := range []string{"/favourited_by", "/reblogged_by"} {
		if list := h.openList(at + who); len(list) != 0 {
			t.Errorf("strangers learn who: %v", list)
		}
	}
	if got := ids(h.openList("/api/v1/timelines/link?url=https://allotments.example/kale")); got != made["id"] {
		t.Errorf("posts with a link: %s", got)
	}
	if got := ids(h.openList(fmt.Sprintf("/api/v1/statuses?id[]=%s&id[]=%s&id[]=%d&id[]=x", made["id"], private["id"], h.Walk.ID))); got != made["id"] {
		t.Errorf("posts by id: %s", got)
	}
	for what, hidden := range map[string]string{"a private post": private["id"].(string), "Bob's": id(h.Walk.ID), "a boost": id(h.Boost.ID), "none": "4711"} {
		for _, part := range []string{"", "/history", "/card", "/favourited_by", "/reblogged_by", "/context"} {
			if status, body := h.stranger(statusURL + hidden + part); status != 404 {
				t.Errorf("%s%s: %d %s", what, part, status, body)
			}
		}
	}
	for _, path := range []string{"trends", "trends/tags", "trends/statuses", "trends/links", "custom_emojis"} {
		if list := h.openList("/api/v1/" + path); len(list) != 0 {
			t.Errorf("%s: %v", path, list)
		}
	}
	for _, path := range []string{"/api/v1/announcements", at + "/source", at + "/quotes", "/api/v1/suggestions", "/api/v1/endorsements"} {
		checkError(t, h.ask("GET", path, "", "Authorization", ""), 401, path)
	}
}

func mustID(o object) int64 { n, _ := parseID(o["id"].(string)); return n }

// T42: strangers find what the pages find.
func TestT42_SearchByStrangers(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	private := read[object](h, "POST", "/api/v1/statuses", "status=Hello+SECRET&visibility=private")
	for n := 1; n > 0; {
		var err error
		if n, err = h.svc.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	find := func(query string) string {
		t.Helper()
		h.pass(time.Minute) // all strangers together search now and then
		var found object
		h.open("/api/v2/search?"+query, &found)
		hasKeys(t, "Search", found, "accounts statuses hashtags")
		var got []string
		for _, kind := range []string{"accounts", "statuses", "hashtags"} {
			for _, one := range found[kind].([]any) {
				o := one.(object)
				if kind == "hashtags" {
					o["id"] = "#" + o["name"].(string)
				}
				got = append(got, o["id"].(string))
			}
		}
		return strings.Join(got, " ")
	}
	hello := id(h.Hello.ID)
	search := func(on bool) { h.change(func(s *store.Settings) { s.VisitorSearch = on }) }
	search(true)
	for query, want := range map[string]string{
		"q=hello": hello, "q=hello&type=accounts": "", "q=alice": "1", "q=@alice": "1", "q=@alice@alice.example": "1", "q=" + h.Alice.URI: "1",
		"q=dassies": "", "q=bob": id(h.Thanks.ID), "q=@bob@bob.example": "", "q=" + h.Walk.URI: "", "q=" + h.Hello.URI: hello, "q=" + private["uri"].(string): "",
		"q=%23Rocks": "#rocks", "q=%23Rocks&type=statuses": "", "q=SECRET": "", "q=hello&following=true": "", "q=" + strings.Repeat("x", 300): "", "q=hello&limit=0": hello,
	} {
		if got := find(query); got != want {
			t.Errorf("%.60s finds %q, want %q", query, got, want)
		}
	}
	search(false)
	if got := find("q=hello"); got != "" {
		t.Errorf("words where visitors cannot search: %s", got)
	}
	for _, query := range []string{"q=hello&resolve=true", "q=hello&offset=20"} {
		checkError(t, h.ask("GET", "/api/v2/search?"+query, "", "Authorization", ""), http.StatusUnauthorized, query)
	}
	for range searchesAtOnce {
		h.ask("GET", "/api/v2/search?q=x", "", "Authorization", "")
	}
	checkError(t, h.ask("GET", "/api/v2/search?q=x", "", "Authorization", ""), 429, "one search after another")
}

// Pages of the owner's posts are full, whatever is asked for.
func TestStrangersGetFullPages(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	h.write(func(tx *store.Tx) error {
		for i := range 60 {
			at := storetest.Start.Add(time.Duration(i) * time.Second)
			p := store.Post{ID: store.IDAt(at), URI: fmt.Sprintf("https://alice.example/p/%d", i), ActorID: store.OwnerID, Content: "<p>x</p>", PublishedAt: at}
			if i%5 == 0 {
				p.Extra = store.PostExtra{Tags: []string{"Rocks"}, Attachments: []store.Attachment{{MediaType: "image/png", Name: "a.png"}}}
			}
			if i%2 == 1 {
				p.Visibility = store.Unlisted
			}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			if err := tx.SetTags(p.ID, nil, store.TagNames(p.Extra.Tags)); err != nil {
				return err
			}
		}
		return nil
	})
	for _, query := range []string{"only_media=true", "tagged=rocks", "tagged=%23ROCKS&exclude_reblogs=1"} {
		path := "/api/v1/accounts/1/statuses?limit=4&" + query
		all := h.openList(path)
		if len(all) != 4 {
			t.Errorf("%s: %d posts on the first page", query, len(all))
		}
		rest := h.openList(path + "&max_id=" + all[len(all)-1]["id"].(string))
		if len(rest) != 2 { // six are public
			t.Errorf("%s: %d posts on the second page", query, len(rest))
		}
		for _, s := range append(all, rest...) {
			if s["visibility"] != "public" {
				t.Errorf("%s: %v", query, s["visibility"])
			}
		}
	}
}

// PRIVACY-CLAUSES 3: the app that a post was written with is shown to its author always,
// and to others only if the author wants it, also after the app lost its access.
func TestTheAppOfAPostIsShownToWhomTheOwnerWants(t *testing.T) {
	h := newHouse(t)
	h.guest = h.newClientToken("read")
	app := func(o object) any {
		if a, ok := o["application"].(map[string]any); ok {
			return a["name"]
		}
		return o["application"]
	}
	path := "/api/v1/statuses/" + read[object](h, "POST", "/api/v1/statuses", `{"status":"Written with an app"}`, "Content-Type", "application/json")["id"].(string)
	mine := app(read[object](h, "GET", path, ""))
	if mine == nil {
		t.Fatal("the author does not see the app")
	}
	for _, shown := range []bool{false, true, false} {
		h.change(func(s *store.Settings) { s.ShowApp = shown })
		want := any(nil)
		if shown {
			want = mine
		}
		var one object
		if h.open(path, &one); app(one) != want {
			t.Errorf("shown %v: strangers see %v", shown, app(one))
		}
		if list := h.openList("/api/v1/accounts/1/statuses"); len(list) == 0 || app(list[0]) != want {
			t.Errorf("shown %v: the list has %v", shown, list)
		}
		if now := app(read[object](h, "GET", path, "")); now != mine {
			t.Errorf("shown %v: the author sees %v", shown, now)
		}
	}
}
