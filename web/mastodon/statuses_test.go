package mastodon

import (
	"bytes"
	"context"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestPublishInEveryForm(t *testing.T) {
	h := newHouse(t)
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	for k, v := range map[string]string{"status": "Hello rocks", "visibility": "unlisted", "spoiler_text": "cw", "sensitive": "on", "language": "de", "media_ids[]": "", "in_reply_to_id": id(h.Walk.ID)} {
		if err := mw.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	mw.Close()
	for kind, body := range map[string]string{
		"application/json":                  `{"status":"Hello rocks","visibility":"unlisted","spoiler_text":"cw","sensitive":true,"language":"de","media_ids":[],"poll":null,"in_reply_to_id":"` + id(h.Walk.ID) + `"}`,
		"application/x-www-form-urlencoded": "status=Hello+rocks&visibility=unlisted&spoiler_text=cw&sensitive=1&language=de&poll[options][]=&in_reply_to_id=" + id(h.Walk.ID),
		mw.FormDataContentType():            form.String(),
	} {
		s := read[object](h, "POST", "/api/v1/statuses", body, "Content-Type", kind)
		hasKeys(t, kind, s, statusKeys+" pinned")
		sound(t, kind, s)
		if s["visibility"] != "unlisted" || s["spoiler_text"] != "cw" || s["sensitive"] != true || s["language"] != "de" ||
			s["in_reply_to_id"] != id(h.Walk.ID) || s["in_reply_to_account_id"] != id(h.Bob.ID) ||
			s["application"].(object)["name"] != "Phone" || !strings.HasPrefix(s["content"].(string), "<p>Hello rocks") {
			t.Errorf("%s: %v", kind, s)
		}
	}
	if s := read[object](h, "POST", "/api/v1/statuses?status=by+the+query", ""); s["visibility"] != "public" || s["sensitive"] != false {
		t.Errorf("%v", s)
	}
}

func TestRefusedPosts(t *testing.T) {
	h := newHouse(t)
	for body, status := range map[string]int{
		"status=": 422, "status=a&visibility=everyone": 422, "status=a&media_ids[]=5": 422, "status=a&poll[options][]=x": 422,
		"status=a&scheduled_at=2026-03-01T13:04:00Z": 422, "status=a&scheduled_at=tomorrow": 422, "status=a&scheduled_at=2099-01-01T00:00:00Z": 422, "status=&scheduled_at=2026-03-02T00:00:00Z": 422, "status=a&media_ids[]=4711&scheduled_at=2026-03-02T00:00:00Z": 422, "status=a&in_reply_to_id=4711&visibility=public&scheduled_at=2026-03-02T00:00:00Z": 404, "status=a&quoted_status_id=4711": 404, "status=a&quote_id=x": 404, "status=a&quote_approval_policy=friends": 422, "status=a&local_only=true": 422,
		"status=a&in_reply_to_id=4711": 404, "status=a&in_reply_to_id=x": 404, "status=" + strings.Repeat("a", 5001): 422,
		"status=a&visibility=direct": 422,
	} {
		checkError(t, h.ask("POST", "/api/v1/statuses", body), status, body[:min(60, len(body))])
	}
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=a", "Idempotency-Key", strings.Repeat("k", 300)), 400, "long key")
	if s := read[object](h, "POST", "/api/v1/statuses", "status=a&local_only=false"); s["id"] == "" {
		t.Error(s)
	}
}

func TestIdempotencyKey(t *testing.T) {
	h := newHouse(t)
	post := func(key, text string) string {
		return read[object](h, "POST", "/api/v1/statuses", "status="+text, "Idempotency-Key", key)["id"].(string)
	}
	first := post("one", "hello")
	if again := post("one", "hello"); again != first {
		t.Errorf("doubled: %s %s", first, again)
	}
	if other := post("two", "hello"); other == first {
		t.Error("another key gave the same post")
	}
	h.pass(59 * time.Minute)
	if again := post("one", "hello"); again != first {
		t.Errorf("doubled within an hour: %s %s", first, again)
	}
	h.pass(2 * time.Minute)
	later := post("one", "hello")
	if later == first {
		t.Error("the key counts for more than an hour")
	}
	if again := post("one", "hello"); again != later {
		t.Errorf("the key does not count anew: %s %s", later, again)
	}
}

func TestDeleteAnswersTheText(t *testing.T) {
	h := newHouse(t)
	made := read[object](h, "POST", "/api/v1/statuses", "status=Some+*text*")["id"].(string)
	if top := read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", ""); top[0]["id"] != made {
		t.Errorf("own post is not in home: %v", top[0]["id"])
	}
	gone := read[object](h, "DELETE", "/api/v1/statuses/"+made, "")
	hasKeys(t, "deleted", gone, statusKeys+" pinned text")
	if gone["text"] != "Some *text*" || gone["id"] != made {
		t.Errorf("%v", gone)
	}
	checkError(t, h.ask("GET", "/api/v1/statuses/"+made, ""), 404, "after")
	checkError(t, h.ask("DELETE", "/api/v1/statuses/"+made, ""), 404, "twice")
	if _, err := store.Get(context.Background(), h.st, func(tx *store.Tx) (store.Post, error) { return tx.Post(h.Walk.ID) }); err != nil {
		t.Error(err)
	}
}

// DECISIONS 23: an app that says nothing of the audience never widens it.
func TestReplyWithoutVisibilityIsAsNarrowAsItsParent(t *testing.T) {
	h := newHouse(t)
	parents := map[string]*store.Post{
		"unlisted": {ActorID: h.Bob.ID, Visibility: store.Unlisted}, "direct": {ActorID: h.Bob.ID, Visibility: store.Followers},
		"private": {ActorID: store.OwnerID, Visibility: store.Followers}, "public": {ActorID: h.Bob.ID, BoostOf: h.Walk.ID},
	}
	for want, p := range parents {
		p.URI, p.PublishedAt = "https://bob.example/parent/"+want, storetest.Start
		h.write(func(tx *store.Tx) error { return tx.InsertPost(p) })
		s := read[object](h, "POST", "/api/v1/statuses", `{"status":"Yes.","in_reply_to_id":"`+id(p.ID)+`"}`, "Content-Type", "application/json")
		if s["visibility"] != want {
			t.Errorf("an answer to %v is %v, want %s", p.Visibility, s["visibility"], want)
		}
	}
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=x&in_reply_to_id=4711"), 404, "an answer to nothing")
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=x&visibility=public&in_reply_to_id="+id(parents["direct"].ID)), 422, "a wider one")
}

func TestPinnedIsSaidOfWhatCanBePinned(t *testing.T) {
	h := newHouse(t)
	has := func(s object) bool { _, ok := s["pinned"]; return ok }
	post := func(body string) object { return read[object](h, "POST", "/api/v1/statuses", body) }
	if !has(post("status=a")) || !has(post("status=b&visibility=unlisted")) {
		t.Error("it is not said of a public post")
	}
	if has(post("status=c&visibility=private")) || has(read[object](h, "POST", "/api/v1/statuses/"+id(h.Walk.ID)+"/reblog", "")) {
		t.Error("it is said of what cannot be pinned")
	}
}
