package mastodon

import (
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

const reportKeys = `id action_taken action_taken_at category comment forwarded created_at status_ids rule_ids target_account`

func TestBlockFromAnApp(t *testing.T) {
	h := newHouse(t)
	bob, carol := id(h.Bob.ID), id(h.Carol.ID)
	r := read[object](h, "POST", "/api/v1/accounts/"+bob+"/block", "")
	hasKeys(t, "Relationship", r, relationshipKeys)
	if r["blocking"] != true || r["following"] != false || r["followed_by"] != false || r["blocked_by"] != false {
		t.Errorf("%v", r)
	}
	if home := read[[]object](h, "GET", "/api/v1/timelines/home", ""); len(home) != 0 {
		t.Errorf("home still holds %d posts of bob", len(home))
	}
	if list := read[[]object](h, "GET", "/api/v1/notifications", ""); len(list) != 0 {
		t.Errorf("notifications still hold %v", list)
	}
	checkError(t, h.ask("GET", "/api/v1/statuses/"+id(h.Walk.ID), ""), 404, "a post of somebody blocked")
	if o := read[object](h, "GET", "/api/v2/search?q=dassies&type=statuses", ""); len(o["statuses"].([]any)) != 0 {
		t.Errorf("search finds %v", o)
	}
	if list := read[[]object](h, "GET", "/api/v1/accounts/"+bob+"/statuses", ""); len(list) != 0 {
		t.Errorf("the profile of somebody blocked shows %d posts", len(list))
	}
	read[object](h, "POST", "/api/v1/accounts/"+carol+"/block", "")
	w := h.ask("GET", "/api/v1/blocks?limit=1", "")
	next := w.Header().Get("Link")
	if !strings.Contains(next, "max_id="+carol) || strings.Contains(next, "prev") {
		t.Errorf("Link %q of %s", next, w.Body)
	}
	first := read[[]object](h, "GET", "/api/v1/blocks?limit=1", "")
	second := read[[]object](h, "GET", "/api/v1/blocks?limit=5&max_id="+carol, "")
	if len(first) != 1 || first[0]["id"] != carol || len(second) != 1 || second[0]["id"] != bob {
		t.Errorf("blocks %v then %v", first, second)
	}
	hasKeys(t, "Account", first[0], accountKeys)
	h.write(func(tx *store.Tx) error { return tx.AddBlockedBy(h.Bob.ID, "x") })
	if r := read[object](h, "POST", "/api/v1/accounts/"+bob+"/unblock", ""); r["blocking"] != false || r["blocked_by"] != true {
		t.Errorf("%v", r)
	}
	checkError(t, h.ask("POST", "/api/v1/accounts/1/block", ""), 422, "block yourself")
}

func TestRemoveAFollowerFromAnApp(t *testing.T) {
	h := newHouse(t)
	if r := read[object](h, "POST", "/api/v1/accounts/"+id(h.Bob.ID)+"/remove_from_followers", ""); r["followed_by"] != false || r["following"] != true {
		t.Errorf("%v", r)
	}
}

func TestReportFromAnApp(t *testing.T) {
	h := newHouse(t)
	bob := id(h.Bob.ID)
	body := "account_id=" + bob + "&status_ids[]=" + id(h.Walk.ID) + "&status_ids[]=" + id(h.Walk.ID) + "&comment=Spam&category=spam&rule_ids[]=3"
	r := read[object](h, "POST", "/api/v1/reports", body)
	hasKeys(t, "Report", r, reportKeys)
	ids := r["status_ids"].([]any)
	if r["forwarded"] != false || r["category"] != "spam" || r["comment"] != "Spam" || len(ids) != 1 || ids[0] != id(h.Walk.ID) || r["action_taken"] != false {
		t.Errorf("%v", r)
	}
	hasKeys(t, "target_account", r["target_account"], accountKeys)
	if r := read[object](h, "POST", "/api/v1/reports", `{"account_id":"`+bob+`","forward":true}`, "Content-Type", "application/json"); r["forwarded"] != true || r["category"] != "other" {
		t.Errorf("%v", r)
	}
	checkError(t, h.ask("POST", "/api/v1/reports", ""), 404, "a report of nobody")
	checkError(t, h.ask("POST", "/api/v1/reports", "account_id=4711"), 404, "a report of somebody unknown")
	checkError(t, h.ask("POST", "/api/v1/reports", "account_id="+bob+"&status_ids[]="+id(h.Hello.ID)), 404, "a post of somebody else")
	checkError(t, h.ask("POST", "/api/v1/reports", "account_id="+bob+"&status_ids[]=x"), 404, "no post")
	checkError(t, h.ask("POST", "/api/v1/reports", "account_id="+bob+"&category=rude"), 422, "an unknown category")
	checkError(t, h.ask("POST", "/api/v1/reports", "account_id=1"), 422, "yourself")

	h.write(func(tx *store.Tx) error {
		r := store.Report{ActorID: h.Carol.ID, AboutID: store.OwnerID, Text: "They post too much.", Posts: []string{h.Hello.URI, "https://alice.example/posts/gone"}}
		if err := tx.AddReport(&r); err != nil {
			return err
		}
		if err := tx.Notify(&store.Notification{Kind: "admin.report", ActorID: h.Carol.ID, PostID: r.ID}); err != nil {
			return err
		}
		return tx.Notify(&store.Notification{Kind: "move", ActorID: h.Bob.ID})
	})
	list := read[[]object](h, "GET", "/api/v1/notifications", "")
	if len(list) != 2 || list[0]["type"] != "admin.report" {
		t.Fatalf("%v", list)
	}
	got := list[0]["report"].(object)
	hasKeys(t, "Report", got, reportKeys)
	if ids := got["status_ids"].([]any); len(ids) != 1 || got["comment"] != "They post too much." || got["target_account"].(object)["id"] != "1" {
		t.Errorf("%v", got)
	}
}

func TestPinFromAnApp(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/statuses/" + id(h.Hello.ID)
	if s := read[object](h, "POST", path+"/pin", ""); s["pinned"] != true {
		t.Errorf("%v", s["pinned"])
	}
	pinned := read[[]object](h, "GET", "/api/v1/accounts/1/statuses?pinned=true", "")
	if len(pinned) != 1 || pinned[0]["id"] != id(h.Hello.ID) {
		t.Errorf("pinned %v", pinned)
	}
	hasKeys(t, "Status", pinned[0], statusKeys, "pinned")
	if s := read[object](h, "POST", path+"/unpin", ""); s["pinned"] != false {
		t.Errorf("%v", s["pinned"])
	}
	if list := read[[]object](h, "GET", "/api/v1/accounts/1/statuses?pinned=1", ""); len(list) != 0 {
		t.Errorf("%v", list)
	}
	checkError(t, h.ask("POST", "/api/v1/statuses/"+id(h.Walk.ID)+"/pin", ""), 422, "somebody else's post")
	checkError(t, h.ask("POST", "/api/v1/statuses/"+id(h.Boost.ID)+"/pin", ""), 422, "a boost")
}

func TestPostsOfAnAccount(t *testing.T) {
	h := newHouse(t)
	var many []string
	h.write(func(tx *store.Tx) error {
		for i := range 60 { // more replies than a page, above one post with a picture
			p := store.Post{
				URI: "https://carol.example/r/" + id(int64(i)), ActorID: h.Carol.ID, Content: "<p>x</p>", ParentURI: "https://x.example/1",
				PublishedAt: storetest.Start.Add(time.Duration(i+20) * time.Second),
			}
			if i == 0 {
				p.ParentURI, p.Extra = "", store.PostExtra{Tags: []string{"Tea"}, Attachments: []store.Attachment{{URL: "https://carol.example/p.png", MediaType: "image/png"}}}
			}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			many = append(many, id(p.ID))
		}
		return nil
	})
	ids := func(query string) []string {
		t.Helper()
		var out []string
		for _, s := range read[[]object](h, "GET", query, "") {
			out = append(out, s["id"].(string))
		}
		return out
	}
	carol, bob := "/api/v1/accounts/"+id(h.Carol.ID)+"/statuses", "/api/v1/accounts/"+id(h.Bob.ID)+"/statuses"
	for query, want := range map[string][]string{
		carol + "?exclude_replies=true":                       {id(h.Tea.ID), many[0]},
		carol + "?only_media=true&pinned=&max_id=":            {many[0]},
		carol + "?tagged=tea":                                 {many[0]},
		carol + "?limit=2":                                    {id(h.Tea.ID), many[59]},
		carol + "?limit=2&max_id=" + many[59]:                 {many[58], many[57]},
		carol + "?limit=2&min_id=" + many[0]:                  {many[2], many[1]},
		bob + "?exclude_reblogs=true":                         {id(h.Walk.ID), id(h.Answer.ID)},
		bob + "?exclude_reblogs=true&exclude_replies=true":    {id(h.Walk.ID)},
		bob + "?limit=1":                                      {id(h.Boost.ID)},
		"/api/v1/accounts/1/statuses":                         {id(h.Thanks.ID), id(h.Hello.ID)},
		"/api/v1/accounts/1/statuses?exclude_replies=true":    {id(h.Hello.ID)},
		"/api/v1/accounts/1/statuses?pinned=true":             {},
		bob + "?exclude_replies=1&tagged=nothing&limit=99999": {},
	} {
		if got := ids(query); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	if w := h.ask("GET", carol+"?limit=2", ""); !strings.Contains(w.Header().Get("Link"), "max_id="+many[59]) {
		t.Errorf("Link %q", w.Header().Get("Link"))
	}
	checkError(t, h.ask("GET", "/api/v1/accounts/4711/statuses", ""), 404, "nobody")
}

func TestAccountThatMoved(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		b := h.Bob
		b.Extra.MovedTo = h.Carol.URI
		return tx.SaveActor(&b)
	})
	if bob := read[object](h, "GET", "/api/v1/accounts/"+id(h.Bob.ID), ""); bob["moved"] != nil {
		t.Errorf("carol did not say that she is bob: %v", bob["moved"])
	}
	h.write(func(tx *store.Tx) error {
		c := h.Carol
		c.Extra.AlsoKnownAs, c.Extra.MovedTo = []string{h.Bob.URI}, h.Bob.URI
		return tx.SaveActor(&c)
	})
	bob := read[object](h, "GET", "/api/v1/accounts/"+id(h.Bob.ID), "")
	moved, ok := bob["moved"].(object)
	if !ok || moved["id"] != id(h.Carol.ID) || moved["moved"] != nil {
		t.Errorf("moved %v", bob["moved"])
	}
	hasKeys(t, "moved", moved, accountKeys)
}

// T48: what people on a blocked server wrote is in no list and by no boost.
func TestT48_BlockedServersAreHiddenFromApps(t *testing.T) {
	h := newHouse(t)
	boost := store.Post{URI: "https://carol.example/boost", ActorID: h.Carol.ID, BoostOf: h.Walk.ID, PublishedAt: storetest.Start.Add(40 * time.Minute)}
	h.write(func(tx *store.Tx) error {
		if err := tx.InsertPost(&boost); err != nil {
			return err
		}
		if err := tx.AddHome(boost.ID, false); err != nil {
			return err
		}
		_, err := tx.IndexBatch(100, store.Post.HTML)
		return err
	})
	shown := func() (lists int) {
		for _, path := range []string{"/api/v1/timelines/home", "/api/v1/accounts/" + id(h.Bob.ID) + "/statuses", "/api/v1/accounts/" + id(h.Carol.ID) + "/statuses?exclude_replies=1"} {
			for _, s := range read[[]object](h, "GET", path, "") {
				of := s
				if inner, ok := s["reblog"].(object); ok {
					of = inner
				}
				if of["id"] == id(h.Walk.ID) {
					lists++
				}
			}
		}
		o := read[object](h, "GET", "/api/v2/search?q=dassies&type=statuses", "")
		return lists + len(o["statuses"].([]any))
	}
	if n := shown(); n < 4 {
		t.Fatalf("before the block it is shown %d times", n)
	}
	h.write(func(tx *store.Tx) error { return tx.BlockHost("bob.example") })
	if n := shown(); n != 0 {
		t.Errorf("it is still shown %d times", n)
	}
	checkError(t, h.ask("GET", "/api/v1/statuses/"+id(h.Walk.ID), ""), 404, "by its id")
	checkError(t, h.ask("GET", "/api/v1/statuses/"+id(boost.ID), ""), 404, "by the id of a boost")
	if r := read[[]object](h, "GET", "/api/v1/accounts/relationships?id[]="+id(h.Bob.ID), ""); r[0]["domain_blocking"] != true || r[0]["blocking"] != false {
		t.Errorf("%v", r[0])
	}
}

func TestWhatIsBlockedIsNotTouched(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error { return tx.AddBlock(h.Bob.ID, "https://alice.example/activities/1") })
	path := "/api/v1/statuses/" + id(h.Walk.ID)
	checkError(t, h.ask("POST", path+"/favourite", ""), 422, "like")
	checkError(t, h.ask("POST", path+"/reblog", ""), 422, "boost")
	h.write(func(tx *store.Tx) error { return tx.DropBlock(h.Bob.ID) })
	if s := read[object](h, "GET", path, ""); s["favourited"] != false || s["favourites_count"] != 0.0 || s["reblogged"] != false {
		t.Errorf("what was refused was done: %v", s)
	}
}

func TestRelationshipsOfMany(t *testing.T) {
	h := newHouse(t)
	var dave, erin store.Actor
	h.write(func(tx *store.Tx) (err error) {
		if dave, err = storetest.Person(tx, "dave", "dave.example"); err != nil {
			return err
		}
		if erin, err = storetest.Person(tx, "erin", "erin.example"); err != nil {
			return err
		}
		if err := tx.AddBlock(dave.ID, "x"); err != nil {
			return err
		}
		if err := tx.AddBlockedBy(erin.ID, "y"); err != nil {
			return err
		}
		return tx.SaveFollowing(store.Following{ActorID: h.Carol.ID, State: store.FollowAsked, Boosts: true, AskedAt: storetest.Start})
	})
	query := "?id[]=4711&id[]=x"
	for _, n := range []int64{erin.ID, dave.ID, h.Carol.ID, h.Bob.ID, h.Bob.ID} {
		query += "&id[]=" + id(n)
	}
	list := read[[]object](h, "GET", "/api/v1/accounts/relationships"+query, "")
	said := func(i int) (is []string) {
		hasKeys(t, "Relationship", list[i], relationshipKeys)
		for _, key := range strings.Fields(relationshipKeys) {
			if list[i][key] == true {
				is = append(is, key)
			}
		}
		return is
	}
	want := [][2]string{
		{"4711", ""}, {id(erin.ID), "blocked_by"}, {id(dave.ID), "blocking"},
		{id(h.Carol.ID), "showing_reblogs requested requested_by"},
		{id(h.Bob.ID), "following showing_reblogs followed_by"}, {id(h.Bob.ID), "following showing_reblogs followed_by"},
	}
	if len(list) != len(want) {
		t.Fatalf("%d of %d", len(list), len(want))
	}
	for i, w := range want {
		if got := strings.Join(said(i), " "); list[i]["id"] != w[0] || got != w[1] {
			t.Errorf("%v is %q, want %s %q", list[i]["id"], got, w[0], w[1])
		}
	}
}
