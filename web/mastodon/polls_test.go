package mastodon

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestPollsFromApps(t *testing.T) {
	h := newHouse(t)
	for kind, body := range map[string]string{
		"application/json":                  `{"status":"Tea?","poll":{"options":["Yes","No"," "],"expires_in":3600,"multiple":true,"hide_totals":false}}`,
		"application/x-www-form-urlencoded": "status=Tea?&poll[options][]=Yes&poll[options][]=No&poll[expires_in]=3600&poll[multiple]=1",
	} {
		s := read[object](h, "POST", "/api/v1/statuses", body, "Content-Type", kind)
		poll, _ := s["poll"].(object)
		hasKeys(t, kind, poll, pollKeys)
		sound(t, kind, s)
		want := []any{object{"title": "Yes", "votes_count": 0.0}, object{"title": "No", "votes_count": 0.0}}
		if poll["id"] != s["id"] || poll["multiple"] != true || poll["expired"] != false || poll["voted"] != true || poll["voters_count"] != 0.0 ||
			!reflect.DeepEqual(poll["options"], want) || poll["expires_at"] != date(storetest.Start.Add(2*time.Hour)) {
			t.Errorf("%s: %v", kind, poll)
		}
		if again := read[object](h, "GET", "/api/v1/polls/"+s["id"].(string), ""); !reflect.DeepEqual(again, poll) {
			t.Errorf("%s: alone it reads %v", kind, again)
		}
		checkError(t, h.ask("POST", "/api/v1/polls/"+s["id"].(string)+"/votes", "choices[]=0"), 422, "a vote in an own poll")
	}
	for body, status := range map[string]int{
		"poll[options][]=a&poll[expires_in]=3600":                                            422,
		"poll[options][]=a&poll[options][]=b":                                                422,
		"poll[options][]=a&poll[options][]=b&poll[expires_in]=x":                             422,
		"poll[options][]=a&poll[options][]=b&poll[expires_in]=10":                            422,
		"poll[options][]=a&poll[options][]=b&poll[expires_in]=9999999":                       422,
		"poll[options][]=a&poll[options][]=a&poll[expires_in]=3600":                          422,
		"poll[multiple]=true":                                                                422,
		"poll[expires_in]=3600&poll[options][]=b&poll[options][]=" + strings.Repeat("a", 51): 422,
	} {
		checkError(t, h.ask("POST", "/api/v1/statuses", "status=a&"+body), status, body)
	}
	checkError(t, h.ask("POST", "/api/v1/statuses", "poll[options][]=a&poll[options][]=b&poll[expires_in]=3600"), 422, "a poll without a text")
}

// bobsPoll is a poll of Bob's that is here.
func (h *house) bobsPoll(path string, q store.Poll) store.Post {
	h.t.Helper()
	p := store.Post{
		URI: "https://bob.example" + path, ActorID: h.Bob.ID, Content: "<p>When?</p>", Kind: store.KindQuestion, PublishedAt: storetest.Start,
		Extra: store.PostExtra{Poll: &q},
	}
	h.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
	return p
}

func TestVotesFromApps(t *testing.T) {
	h := newHouse(t)
	options := func() []store.PollOption {
		return []store.PollOption{{Name: "Mon", Votes: 2}, {Name: "Tue"}, {Name: "Wed", Votes: 1}}
	}
	open := h.bobsPoll("/open", store.Poll{Options: options(), EndsAt: storetest.Start.Add(24 * time.Hour), Voters: 3})
	many := h.bobsPoll("/many", store.Poll{Options: options(), Multiple: true, HideTotals: true})
	over := h.bobsPoll("/over", store.Poll{Options: options(), EndsAt: storetest.Start})
	path := func(p store.Post) string { return "/api/v1/polls/" + id(p.ID) }

	before := read[object](h, "GET", path(open), "")
	hasKeys(t, "poll", before, pollKeys)
	sound(t, "poll", before)
	if before["voted"] != false || len(before["own_votes"].([]any)) != 0 || before["votes_count"] != 3.0 || before["voters_count"] != 3.0 {
		t.Errorf("before: %v", before)
	}
	for body, status := range map[string]int{"": 422, "choices[]=3": 422, "choices[]=-1": 422, "choices[]=x": 422, "choices[]=0&choices[]=1": 422} {
		checkError(t, h.ask("POST", path(open)+"/votes", body), status, "vote "+body)
	}
	after := read[object](h, "POST", path(open)+"/votes", `{"choices":[1]}`, "Content-Type", "application/json")
	if after["voted"] != true || !reflect.DeepEqual(after["own_votes"], []any{1.0}) || after["votes_count"] != 4.0 || after["voters_count"] != 4.0 ||
		!reflect.DeepEqual(after["options"].([]any)[1], object{"title": "Tue", "votes_count": 1.0}) {
		t.Errorf("after: %v", after)
	}
	checkError(t, h.ask("POST", path(open)+"/votes", "choices[]=0"), 422, "a second vote")

	both := read[object](h, "POST", path(many)+"/votes", "choices[]=2&choices[]=0")
	if !reflect.DeepEqual(both["own_votes"], []any{0.0, 2.0}) || both["expires_at"] != nil || both["expired"] != false ||
		both["options"].([]any)[0].(object)["votes_count"] != nil {
		t.Errorf("several at once, counts kept back: %v", both)
	}
	if s := read[object](h, "GET", "/api/v1/statuses/"+id(many.ID), ""); !reflect.DeepEqual(s["poll"], both) {
		t.Errorf("in the status: %v", s["poll"])
	}
	checkError(t, h.ask("POST", path(over)+"/votes", "choices[]=0"), 422, "a late vote")
	if late := read[object](h, "GET", path(over), ""); late["expired"] != true || late["voted"] != false {
		t.Errorf("over: %v", late)
	}
	for _, p := range []store.Post{h.Walk, h.Hello} {
		checkError(t, h.ask("GET", path(p), ""), 404, "a post without a poll")
		checkError(t, h.ask("POST", path(p)+"/votes", "choices[]=0"), 404, "a vote in it")
	}
}

func TestTheEndOfAPollAsNotification(t *testing.T) {
	h := newHouse(t)
	p := h.bobsPoll("/over", store.Poll{Options: []store.PollOption{{Name: "a"}, {Name: "b"}}, EndsAt: storetest.Start})
	h.write(func(tx *store.Tx) error {
		return tx.Notify(&store.Notification{Kind: "poll", ActorID: h.Bob.ID, PostID: p.ID})
	})
	list := read[[]object](h, "GET", "/api/v1/notifications?types[]=poll", "")
	if len(list) != 1 || list[0]["type"] != "poll" || list[0]["status"].(object)["poll"].(object)["expired"] != true {
		t.Errorf("%v", list)
	}
}
