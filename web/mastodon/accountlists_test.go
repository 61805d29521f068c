package mastodon

import (
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// idsIn are the ids of an answer's accounts.
func idsIn(list []object) string {
	var ids []string
	for _, a := range list {
		ids = append(ids, a["id"].(string))
	}
	return strings.Join(ids, " ")
}

func TestLookUpAccounts(t *testing.T) {
	h := newHouse(t)
	bob := id(h.Bob.ID)
	for acct, want := range map[string]string{
		"alice": "1", "@alice@alice.example": "1", "ALICE": "1", "bob@bob.example": bob, "@Bob@BOB.example": bob,
	} {
		a := read[object](h, "GET", "/api/v1/accounts/lookup?acct="+acct, "")
		hasKeys(t, "Account", a, accountKeys)
		if a["id"] != want {
			t.Errorf("%s is %v", acct, a["id"])
		}
	}
	for _, acct := range []string{"", "bob", "nobody@bob.example", "https://bob.example/users/bob", "a@b@c"} {
		checkError(t, h.ask("GET", "/api/v1/accounts/lookup?acct="+acct, ""), 404, acct)
	}
	list := read[[]object](h, "GET", "/api/v1/accounts?id[]="+bob+"&id[]=1&id[]=4711&id[]=x&id[]="+bob, "")
	if got := idsIn(list); got != bob+" 1" {
		t.Errorf("by id: %s", got)
	}
	for query, want := range map[string]string{
		"q=bo": bob, "q=@bob@bo": bob, "q=bob@other": "", "q=": "", "q=alice": "1", "q=bo&offset=40": "", "q=carol&following=true": "", "q=bob&following=true": bob,
		"q=bob@bob.example": bob, "q=@": "", "q=bo&limit=0": bob, "q=a+b+c": "",
	} {
		if got := idsIn(read[[]object](h, "GET", "/api/v1/accounts/search?"+query, "")); got != want {
			t.Errorf("search %s: %q, want %q", query, got, want)
		}
	}
}

func TestFollowListsOfTheClientAPI(t *testing.T) {
	h := newHouse(t)
	var dave, erin store.Actor
	h.write(func(tx *store.Tx) (err error) {
		if dave, err = storetest.Person(tx, "dave", "dave.example"); err != nil {
			return err
		}
		if erin, err = storetest.Person(tx, "erin", "erin.example"); err != nil {
			return err
		}
		at := storetest.Start.Add(time.Minute)
		if err := tx.SaveFollower(store.Follower{ActorID: dave.ID, State: store.FollowAccepted, Follow: "{}", AskedAt: at, DecidedAt: at}); err != nil {
			return err
		}
		if err := tx.SaveFollowing(store.Following{ActorID: erin.ID, State: store.FollowAsked, AskedAt: at}); err != nil {
			return err
		}
		return tx.SaveFollower(store.Follower{ActorID: erin.ID, State: store.FollowAsked, FollowURI: "https://erin.example/f", Follow: "{}", AskedAt: at.Add(time.Hour)})
	})
	bob, carol := id(h.Bob.ID), id(h.Carol.ID)
	for path, want := range map[string]string{
		"/accounts/1/followers":                               id(dave.ID) + " " + bob,
		"/accounts/1/followers?limit=1":                       id(dave.ID),
		"/accounts/1/followers?limit=1&max_id=" + id(dave.ID): bob,
		"/accounts/1/following":                               bob, // erin did not answer yet
		"/accounts/" + bob + "/followers":                     "1",
		"/accounts/" + bob + "/following":                     "1",
		"/accounts/" + bob + "/following?max_id=" + bob:       "",
		"/accounts/" + carol + "/followers":                   "",
		"/accounts/" + id(dave.ID) + "/following":             "1",
		"/follow_requests":                                    id(erin.ID) + " " + carol,
		"/follow_requests?limit=1":                            id(erin.ID),
		"/follow_requests?limit=1&max_id=" + id(erin.ID):      carol,
		"/endorsements":                                       "",
		"/directory":                                          "",
	} {
		list := read[[]object](h, "GET", "/api/v1"+path, "")
		if got := idsIn(list); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		for _, a := range list {
			hasKeys(t, path, a, accountKeys)
		}
	}
	if link := h.ask("GET", "/api/v1/follow_requests?limit=1", "").Header().Get("Link"); !strings.Contains(link, "https://alice.example/api/v1/follow_requests?limit=1&max_id="+id(erin.ID)) {
		t.Errorf("Link %q", link)
	}
	r := read[object](h, "POST", "/api/v1/follow_requests/"+id(erin.ID)+"/authorize", "")
	if hasKeys(t, "Relationship", r, relationshipKeys); r["followed_by"] != true || r["requested_by"] != false || r["requested"] != true {
		t.Errorf("%v", r)
	}
	if r := read[object](h, "POST", "/api/v1/follow_requests/"+carol+"/reject", ""); r["followed_by"] != false || r["requested_by"] != false {
		t.Errorf("%v", r)
	}
	if list := read[[]object](h, "GET", "/api/v1/follow_requests", ""); len(list) != 0 {
		t.Errorf("%v", list)
	}
	read[object](h, "POST", "/api/v1/follow_requests/"+id(erin.ID)+"/authorize", "") // the app lost the answer
	checkError(t, h.ask("POST", "/api/v1/follow_requests/"+id(erin.ID)+"/reject", ""), 404, "it was accepted")
	checkError(t, h.ask("POST", "/api/v1/follow_requests/"+carol+"/authorize", ""), 404, "it was rejected")
	read[object](h, "PATCH", profilePath, "discoverable=true")
	if list := read[[]object](h, "GET", "/api/v1/directory?local=true&order=new", ""); idsIn(list) != "1" {
		t.Errorf("directory %v", list)
	}
	if list := read[[]object](h, "GET", "/api/v1/accounts/familiar_followers?id[]="+bob+"&id[]=x", ""); len(list) != 1 || list[0]["id"] != bob || len(list[0]["accounts"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
	for _, path := range []string{"/api/v1/suggestions", "/api/v2/suggestions", "/api/v1/accounts/" + bob + "/identity_proofs", "/api/v1/accounts/" + bob + "/endorsements"} {
		if w := h.ask("GET", path, ""); w.Body.String() != "[]\n" {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

func TestRecommendFromAnApp(t *testing.T) {
	h := newHouse(t)
	bob := "/api/v1/accounts/" + id(h.Bob.ID)
	if r := read[object](h, "POST", bob+"/pin", ""); r["endorsed"] != true {
		t.Errorf("%v", r)
	}
	read[object](h, "POST", bob+"/endorse", "")
	for _, path := range []string{"/api/v1/endorsements", "/api/v1/accounts/1/endorsements"} {
		if list := read[[]object](h, "GET", path, ""); idsIn(list) != id(h.Bob.ID) {
			t.Errorf("%s: %v", path, list)
		}
	}
	if r := read[object](h, "POST", bob+"/unendorse", ""); r["endorsed"] != false {
		t.Errorf("%v", r)
	}
	read[object](h, "POST", bob+"/endorse", "")
	if r := read[object](h, "POST", bob+"/unfollow", ""); r["endorsed"] != false {
		t.Errorf("who is not followed is not recommended: %v", r)
	}
	checkError(t, h.ask("POST", bob+"/pin", ""), 422, "somebody not followed")
	checkError(t, h.ask("POST", "/api/v1/accounts/1/pin", ""), 422, "the owner")
}

func TestBlockedServersFromAnApp(t *testing.T) {
	h := newHouse(t)
	read[object](h, "POST", "/api/v1/domain_blocks", `{"domain":"Bob.Example"}`, "Content-Type", "application/json")
	read[object](h, "POST", "/api/v1/domain_blocks", "domain=spam.example")
	r := read[[]object](h, "GET", "/api/v1/accounts/relationships?id[]="+id(h.Bob.ID), "")[0]
	if r["domain_blocking"] != true || r["following"] != false || r["followed_by"] != false {
		t.Errorf("%v", r)
	}
	w := h.ask("GET", "/api/v1/domain_blocks?limit=1", "")
	if w.Body.String() != "[\"spam.example\"]\n" || !strings.Contains(w.Header().Get("Link"), `rel="next"`) {
		t.Errorf("%s %s", w.Body, w.Header().Get("Link"))
	}
	if list := read[[]string](h, "GET", "/api/v1/domain_blocks", ""); strings.Join(list, " ") != "spam.example bob.example" {
		t.Errorf("%v", list)
	}
	read[object](h, "DELETE", "/api/v1/domain_blocks", "domain=bob.example")
	read[object](h, "DELETE", "/api/v1/domain_blocks?domain=spam.example", "")
	read[object](h, "DELETE", "/api/v1/domain_blocks", "domain=never.example")
	if list := read[[]string](h, "GET", "/api/v1/domain_blocks", ""); len(list) != 0 {
		t.Errorf("%v", list)
	}
	for _, domain := range []string{"", "domain=", "domain=alice.example", "domain=two+words", "domain=example", "domain=https://alice.example/"} {
		checkError(t, h.ask("POST", "/api/v1/domain_blocks", domain), 422, domain)
	}
}

func TestLanguagesOfAFollow(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/accounts/" + id(h.Bob.ID) + "/follow"
	languages := func(body string, headers ...string) string {
		t.Helper()
		var list []string
		for _, l := range read[object](h, "POST", path, body, headers...)["languages"].([]any) {
			list = append(list, l.(string))
		}
		return strings.Join(list, " ")
	}
	for _, c := range []struct{ kind, body, want string }{
		{"", "languages[]=fr&languages[]=de&languages[]=fr", "de fr"}, {"", "reblogs=false", "de fr"}, {"application/json", `{"languages":["pt"]}`, "pt"},
		{"application/json", `{"languages":[]}`, ""}, {"", "languages[]=en", "en"}, {"", "languages[]=", ""},
	} {
		headers := []string{}
		if c.kind != "" {
			headers = append(headers, "Content-Type", c.kind)
		}
		if got := languages(c.body, headers...); got != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
	checkError(t, h.ask("POST", path, "languages[]=%3Cb%3E"), 422, "no language")
}

func TestPostsOfAnAccountByHashtag(t *testing.T) {
	h := newHouse(t)
	var want []string
	h.write(func(tx *store.Tx) error {
		for i := range 90 { // every third bears it; the first thirty are indexed
			p := store.Post{
				URI: "https://bob.example/t/" + id(int64(i)), ActorID: h.Bob.ID, Content: "<p>x</p>", Visibility: store.Visibility(i % 2 * 3),
				PublishedAt: storetest.Start.Add(time.Duration(i+20) * time.Second),
			}
			if i%3 == 0 {
				p.Extra.Tags = []string{"Tea"}
			}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			if i%3 == 0 {
				want = append([]string{id(p.ID)}, want...)
			}
			if i == 30 {
				if _, err := tx.IndexBatch(100, store.Post.HTML); err != nil {
					return err
				}
			}
		}
		return nil
	})
	path := "/api/v1/accounts/" + id(h.Bob.ID) + "/statuses?tagged=%23TEA&limit=7"
	var got []string
	for next := path; next != ""; {
		list := read[[]object](h, "GET", next, "")
		got = append(got, strings.Fields(idsIn(list))...)
		next = ""
		if len(list) == 7 {
			next = path + "&max_id=" + list[6]["id"].(string)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%d of %d: %v", len(got), len(want), got)
	}
	up := read[[]object](h, "GET", path+"&min_id="+want[len(want)-1], "")
	if idsIn(up) != strings.Join(want[len(want)-8:len(want)-1], " ") {
		t.Errorf("upwards %v", idsIn(up))
	}
	if list := read[[]object](h, "GET", strings.Replace(path, "limit=7", "limit=40&exclude_direct=true", 1), ""); len(list) != 15 {
		t.Errorf("%d without direct ones", len(list))
	}
}
