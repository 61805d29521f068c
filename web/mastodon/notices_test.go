package mastodon

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

const (
	noticeKeys     = `id type created_at group_key account`
	groupKeys      = `group_key notifications_count type most_recent_notification_id sample_account_ids`
	pagedGroupKeys = groupKeys + ` page_min_id page_max_id latest_page_notification_at`
	partialKeys    = `id acct locked bot url avatar avatar_static`
)

// liked makes Bob and Carol like a post, and Bob boost it.
func (h *house) liked(post int64) {
	h.t.Helper()
	for _, n := range []store.Notification{
		{Kind: "favourite", ActorID: h.Bob.ID, PostID: post}, {Kind: "favourite", ActorID: h.Carol.ID, PostID: post},
		{Kind: "reblog", ActorID: h.Bob.ID, PostID: post}, {Kind: "follow", ActorID: h.Bob.ID}, {Kind: "follow", ActorID: h.Carol.ID},
	} {
		h.write(func(tx *store.Tx) error { return tx.Notify(&n) })
	}
}

// hold keeps a notification back, as a rule of Alice's would.
func (h *house) hold(n store.Notification) store.Notification {
	h.t.Helper()
	n.Held = store.HeldNotFollowed
	h.write(func(tx *store.Tx) error { return tx.Notify(&n) })
	return n
}

func types(list []object) (out []string) {
	for _, n := range list {
		out = append(out, n["type"].(string))
	}
	return out
}

func TestOneNotificationAndItsEnd(t *testing.T) {
	h := newHouse(t)
	h.liked(h.Hello.ID)
	list := read[[]object](h, "GET", "/api/v1/notifications", "")
	if got := types(list); !slices.Equal(got, []string{"follow", "follow", "reblog", "favourite", "favourite", "mention"}) {
		t.Fatalf("%v", got)
	}
	if list[3]["group_key"] != list[4]["group_key"] || list[0]["group_key"] != list[1]["group_key"] || list[2]["group_key"] == list[3]["group_key"] {
		t.Errorf("group keys: %v", list)
	}
	path := "/api/v1/notifications/" + list[5]["id"].(string)
	one := read[object](h, "GET", path, "")
	hasKeys(t, "Notification", one, noticeKeys+" status")
	if one["id"] != list[5]["id"] {
		t.Errorf("%v", one)
	}
	if n := read[object](h, "GET", "/api/v1/notifications/unread_count", ""); n["count"] != 6.0 {
		t.Errorf("unread: %v", n)
	}
	for query, want := range map[string]float64{"limit=2": 2, "types[]=mention": 1, "exclude_types[]=follow": 4, "account_id=" + id(h.Carol.ID): 2, "account_id=x": 0} {
		if n := read[object](h, "GET", "/api/v1/notifications/unread_count?"+query, ""); n["count"] != want {
			t.Errorf("unread with %s: %v", query, n)
		}
	}
	if of := read[[]object](h, "GET", "/api/v1/notifications?account_id="+id(h.Bob.ID), ""); len(of) != 4 {
		t.Errorf("of bob: %v", types(of))
	}
	if gone := read[object](h, "POST", path+"/dismiss", ""); len(gone) != 0 {
		t.Errorf("%v", gone)
	}
	checkError(t, h.ask("GET", path, ""), 404, "a notification that was dismissed")
	checkError(t, h.ask("POST", path+"/dismiss", ""), 404, "dismissed twice")
	read[object](h, "POST", "/api/v1/markers", "notifications[last_read_id]="+list[1]["id"].(string))
	if n := read[object](h, "GET", "/api/v1/notifications/unread_count", ""); n["count"] != 1.0 {
		t.Errorf("unread above the marker: %v", n)
	}
	read[object](h, "POST", "/api/v1/notifications/clear", "")
	if left := read[[]object](h, "GET", "/api/v1/notifications", ""); len(left) != 0 {
		t.Errorf("after clear: %v", types(left))
	}
	h.write(func(tx *store.Tx) error { return tx.Notify(&store.Notification{Kind: "move", ActorID: h.Bob.ID}) })
	if n := read[object](h, "GET", "/api/v1/notifications/unread_count", ""); n["count"] != 0.0 {
		t.Errorf("a move is counted, which apps do not know: %v", n)
	}
}

func TestGroupsOfNotifications(t *testing.T) {
	h := newHouse(t)
	h.liked(h.Hello.ID)
	all := read[object](h, "GET", "/api/v2/notifications", "")
	hasKeys(t, "GroupedNotificationsResults", all, "accounts statuses notification_groups")
	sound(t, "groups", all["accounts"])
	sound(t, "groups", all["statuses"])
	var groups []object
	for _, g := range all["notification_groups"].([]any) {
		groups = append(groups, g.(object))
	}
	if got := types(groups); !slices.Equal(got, []string{"follow", "reblog", "favourite", "mention"}) {
		t.Fatalf("%v", got)
	}
	hasKeys(t, "follow", groups[0], pagedGroupKeys)
	hasKeys(t, "favourite", groups[2], pagedGroupKeys+" status_id")
	likes := groups[2]
	if likes["notifications_count"] != 2.0 || likes["status_id"] != id(h.Hello.ID) || likes["most_recent_notification_id"] != likes["page_max_id"] ||
		likes["page_min_id"] == likes["page_max_id"] || !exactDate.MatchString(likes["latest_page_notification_at"].(string)) {
		t.Errorf("%v", likes)
	}
	if who := likes["sample_account_ids"].([]any); len(who) != 2 || who[0] != id(h.Carol.ID) {
		t.Errorf("who liked: %v, not the last one first", who)
	}
	if people, posts := all["accounts"].([]any), all["statuses"].([]any); len(people) != 2 || len(posts) != 2 {
		t.Errorf("%d people and %d posts: each once", len(people), len(posts))
	}
	if n := read[object](h, "GET", "/api/v2/notifications/unread_count", ""); n["count"] != 4.0 {
		t.Errorf("unread groups: %v", n)
	}
	if n := read[object](h, "GET", "/api/v2/notifications/unread_count?grouped_types[]=follow&limit=40", ""); n["count"] != 5.0 {
		t.Errorf("unread, if only follows are grouped: %v", n)
	}

	partial := read[object](h, "GET", "/api/v2/notifications?expand_accounts=partial_avatars&types[]=favourite", "")
	hasKeys(t, "partial results", partial, "accounts partial_accounts statuses notification_groups")
	hasKeys(t, "partial account", partial["partial_accounts"].([]any)[0], partialKeys)
	if full := partial["accounts"].([]any); len(full) != 1 || full[0].(object)["id"] != id(h.Carol.ID) || partial["partial_accounts"].([]any)[0].(object)["id"] != id(h.Bob.ID) {
		t.Errorf("%v", partial)
	}
	if none := read[object](h, "GET", "/api/v2/notifications?expand_accounts=partial_avatars&types[]=poll", ""); none["partial_accounts"] == nil || none["accounts"] == nil || none["statuses"] == nil {
		t.Errorf("nothing is no list: %v", none)
	}
	checkError(t, h.ask("GET", "/api/v2/notifications?expand_accounts=half", ""), 400, "expand_accounts")

	path := "/api/v2/notifications/" + likes["group_key"].(string)
	one := read[object](h, "GET", path, "")
	hasKeys(t, "a group alone", one["notification_groups"].([]any)[0], groupKeys+" status_id")
	if who := read[[]object](h, "GET", path+"/accounts", ""); len(who) != 2 || who[1]["id"] != id(h.Bob.ID) {
		t.Errorf("%v", who)
	}
	read[object](h, "POST", path+"/dismiss", "")
	read[object](h, "POST", path+"/dismiss", "") // as in Mastodon, nothing is there to be dismissed
	for _, gone := range []string{path, path + "/accounts", "/api/v2/notifications/favourite-1-1", "/api/v2/notifications/x"} {
		checkError(t, h.ask("GET", gone, ""), 404, gone)
	}
	if left := types(read[[]object](h, "GET", "/api/v1/notifications", "")); slices.Contains(left, "favourite") || len(left) != 4 {
		t.Errorf("left: %v", left)
	}
}

// Page by page, each group comes once, whether the app follows the Link header or
// counts on page_min_id.
func TestPagesOfGroups(t *testing.T) {
	h := newHouse(t)
	h.liked(h.Hello.ID)
	h.liked(h.Thanks.ID)
	const want = "reblog favourite follow reblog favourite mention"
	for name, next := range map[string]func(page object, w http.Header) string{
		"by Link": func(_ object, w http.Header) string {
			link := w.Get("Link")
			if !strings.Contains(link, `rel="next"`) {
				return ""
			}
			return strings.TrimPrefix(link[1:strings.Index(link, ">")], "https://alice.example")
		},
		"by page_min_id": func(page object, _ http.Header) string {
			groups := page["notification_groups"].([]any)
			if len(groups) == 0 {
				return ""
			}
			return "/api/v2/notifications?limit=2&max_id=" + groups[len(groups)-1].(object)["page_min_id"].(string)
		},
	} {
		var got []string
		for path, n := "/api/v2/notifications?limit=2", 0; path != "" && n < 9; n++ {
			w := h.ask("GET", path, "")
			page := read[object](h, "GET", path, "")
			for _, g := range page["notification_groups"].([]any) {
				got = append(got, g.(object)["type"].(string))
			}
			path = next(page, w.Header())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestNotificationOfAReport(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		r := store.Report{ActorID: h.Bob.ID, AboutID: store.OwnerID, Text: "Too loud", Posts: []string{h.Hello.URI, "https://gone.example/1"}, Category: "spam"}
		if err := tx.AddReport(&r); err != nil {
			return err
		}
		return tx.Notify(&store.Notification{Kind: reportKind, ActorID: h.Bob.ID, PostID: r.ID})
	})
	n := read[[]object](h, "GET", "/api/v1/notifications?types[]=admin.report", "")[0]
	hasKeys(t, "Notification", n, noticeKeys+" report")
	hasKeys(t, "Report", n["report"], reportKeys)
	g := read[object](h, "GET", "/api/v2/notifications?types[]=admin.report", "")["notification_groups"].([]any)[0]
	hasKeys(t, "group of a report", g, pagedGroupKeys+" report")
	r := g.(object)["report"].(object)
	if r["category"] != "spam" || r["target_account"].(object)["acct"] != "alice" || len(r["status_ids"].([]any)) != 1 || len(r["rule_ids"].([]any)) != 0 || r["action_taken"] != false {
		t.Errorf("%v", r)
	}
	made := read[object](h, "POST", "/api/v1/reports", "account_id="+id(h.Bob.ID)+"&comment=Hm&status_ids[]="+id(h.Walk.ID))
	hasKeys(t, "Report", made, reportKeys)
	if sound(t, "report", made); made["category"] != "other" || made["forwarded"] != false || made["action_taken_at"] != nil {
		t.Errorf("%v", made)
	}
}

func TestNotificationPolicy(t *testing.T) {
	h := newHouse(t)
	const v2, v1 = "/api/v2/notifications/policy", "/api/v1/notifications/policy"
	p := read[object](h, "GET", v2, "")
	hasKeys(t, "NotificationPolicy", p, "for_not_following for_not_followers for_new_accounts for_private_mentions for_limited_accounts summary")
	hasKeys(t, "summary", p["summary"], "pending_requests_count pending_notifications_count")
	hasKeys(t, "V1::NotificationPolicy", read[object](h, "GET", v1, ""), "filter_not_following filter_not_followers filter_new_accounts filter_private_mentions summary")
	if p["for_not_following"] != "accept" {
		t.Errorf("of a new account: %v", p)
	}
	p = read[object](h, "PATCH", v2, "for_not_following=filter&for_private_mentions=drop&for_new_accounts=")
	if p["for_not_following"] != "filter" || p["for_private_mentions"] != "drop" || p["for_new_accounts"] != "accept" {
		t.Errorf("%v", p)
	}
	p = read[object](h, "PUT", v1, `{"filter_not_following":false,"filter_private_mentions":true,"filter_new_accounts":true}`, "Content-Type", "application/json")
	if p["filter_not_following"] != false || p["filter_private_mentions"] != true || p["filter_new_accounts"] != true || p["filter_not_followers"] != false {
		t.Errorf("%v", p)
	}
	if p = read[object](h, "GET", v2, ""); p["for_private_mentions"] != "drop" || p["for_new_accounts"] != "filter" || p["for_not_following"] != "accept" {
		t.Errorf("what drops is made to hold by an app that knows no drop: %v", p)
	}
	checkError(t, h.ask("PATCH", v2, "for_not_following=maybe"), 422, "a rule that is none")
}

func TestNotificationRequests(t *testing.T) {
	h := newHouse(t)
	h.hold(store.Notification{Kind: "mention", ActorID: h.Carol.ID, PostID: h.Tea.ID})
	h.hold(store.Notification{Kind: "favourite", ActorID: h.Carol.ID, PostID: h.Hello.ID})
	h.hold(store.Notification{Kind: "favourite", ActorID: h.Bob.ID, PostID: h.Thanks.ID})
	const path = "/api/v1/notifications/requests"
	if list := read[[]object](h, "GET", "/api/v1/notifications", ""); len(list) != 1 {
		t.Errorf("held back and shown: %v", types(list))
	}
	if list := read[[]object](h, "GET", "/api/v1/notifications?include_filtered=true", ""); len(list) != 4 {
		t.Errorf("asked for all: %v", types(list))
	}
	if list := read[[]object](h, "GET", "/api/v1/notifications?account_id="+id(h.Carol.ID), ""); len(list) != 2 {
		t.Errorf("those of carol: %v", types(list))
	}
	if sum := read[object](h, "GET", "/api/v2/notifications/policy", "")["summary"].(object); sum["pending_requests_count"] != 2.0 || sum["pending_notifications_count"] != 3.0 {
		t.Errorf("%v", sum)
	}
	list := read[[]object](h, "GET", path, "")
	if len(list) != 2 || list[1]["account"].(object)["id"] != id(h.Carol.ID) {
		t.Fatalf("%v", list)
	}
	sound(t, "requests", any(list[1]))
	hasKeys(t, "NotificationRequest", list[0], "id created_at updated_at notifications_count account")
	hasKeys(t, "NotificationRequest", list[1], "id created_at updated_at notifications_count account last_status")
	if carol := list[1]; carol["notifications_count"] != "2" || carol["last_status"].(object)["id"] != id(h.Tea.ID) {
		t.Errorf("%v", carol)
	}
	w := h.ask("GET", path+"?limit=1", "")
	if link := w.Header().Get("Link"); !strings.Contains(link, "max_id="+list[0]["id"].(string)) {
		t.Errorf("Link: %s", link)
	}
	if rest := read[[]object](h, "GET", path+"?limit=1&max_id="+list[0]["id"].(string), ""); len(rest) != 1 || rest[0]["id"] != list[1]["id"] {
		t.Errorf("the second page: %v", rest)
	}
	carol, bob := list[1]["id"].(string), list[0]["id"].(string)
	if one := read[object](h, "GET", path+"/"+carol, ""); one["id"] != carol {
		t.Errorf("%v", one)
	}
	read[object](h, "POST", path+"/"+bob+"/dismiss", "")
	if list := read[[]object](h, "GET", path, ""); len(list) != 1 {
		t.Errorf("after one was put aside: %v", list)
	}
	read[object](h, "POST", path+"/"+carol+"/accept", "")
	checkError(t, h.ask("POST", path+"/"+carol+"/accept", ""), 404, "accepted twice")
	if m := read[object](h, "GET", path+"/merged", ""); m["merged"] != true {
		t.Errorf("%v", m)
	}
	if got := types(read[[]object](h, "GET", "/api/v1/notifications", "")); !slices.Equal(got, []string{"favourite", "mention", "mention"}) {
		t.Errorf("let through: %v", got)
	}
	h.hold(store.Notification{Kind: "reblog", ActorID: h.Bob.ID, PostID: h.Thanks.ID})
	h.hold(store.Notification{Kind: "reblog", ActorID: h.Carol.ID, PostID: h.Thanks.ID})
	var ids []string
	for _, r := range read[[]object](h, "GET", path, "") {
		ids = append(ids, "id[]="+r["id"].(string))
	}
	if len(ids) != 2 {
		t.Fatalf("after something new: %v", ids)
	}
	read[object](h, "POST", path+"/dismiss", ids[0]+"&id[]=x&id[]=4711")
	read[object](h, "POST", path+"/accept", strings.Join(ids[1:], "&"))
	if sum := read[object](h, "GET", "/api/v2/notifications/policy", "")["summary"].(object); sum["pending_requests_count"] != 0.0 {
		t.Errorf("%v", sum)
	}
}

func TestConversations(t *testing.T) {
	h := newHouse(t)
	at := h.svc.Now().Add(-time.Hour)
	say := func(by store.Actor, path string, to ...store.Actor) store.Post {
		at = at.Add(time.Minute)
		p := store.Post{URI: "https://" + by.Domain + path, ActorID: by.ID, Visibility: store.Direct, Content: "<p>Psst</p>", PublishedAt: at}
		for _, a := range to {
			p.Extra.Mentions = append(p.Extra.Mentions, store.Mention{ActorID: a.ID, URI: a.URI, Handle: a.Handle()})
		}
		h.write(func(tx *store.Tx) error {
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			_, err := tx.FileConversation(store.Filing{Post: p, Author: by, Unread: true})
			return err
		})
		return p
	}
	say(h.Bob, "/dm/1", h.Alice)
	last := say(h.Carol, "/dm/2", h.Alice, h.Bob)
	list := read[[]object](h, "GET", "/api/v1/conversations", "")
	if len(list) != 2 || list[0]["unread"] != true || len(list[0]["accounts"].([]any)) != 2 || list[0]["last_status"].(object)["id"] != id(last.ID) {
		t.Fatalf("%v", list)
	}
	for _, c := range list {
		hasKeys(t, "Conversation", c, "id unread accounts last_status")
		sound(t, "conversation", any(c))
	}
	w := h.ask("GET", "/api/v1/conversations?limit=1", "")
	if link := w.Header().Get("Link"); !strings.Contains(link, "max_id="+id(last.ID)) {
		t.Errorf("Link: %s", link)
	}
	path := "/api/v1/conversations/" + list[0]["id"].(string)
	if c := read[object](h, "POST", path+"/read", ""); c["unread"] != false || c["id"] != list[0]["id"] {
		t.Errorf("%v", c)
	}
	if c := read[object](h, "POST", path+"/unread", ""); c["unread"] != true || c["id"] != list[0]["id"] {
		t.Errorf("%v", c)
	}
	read[object](h, "DELETE", path, "")
	checkError(t, h.ask("DELETE", path, ""), 404, "deleted twice")
	checkError(t, h.ask("POST", path+"/unread", ""), 404, "none is unread")
	h.write(func(tx *store.Tx) error { return tx.AddBlock(h.Bob.ID, "x") })
	if list := read[[]object](h, "GET", "/api/v1/conversations", ""); len(list) != 0 {
		t.Errorf("with somebody blocked: %v", list)
	}
}
