package mastodon

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// What an app deletes in order to write it anew may be written anew with its files;
// the address that they had is nobody's.
func TestDeleteAndWriteAnew(t *testing.T) {
	h := newHouse(t)
	up := func() string {
		kind, body := multi("file@", photo(t, 3), "description", "A rock.", "focus", "0.5,0.5")
		return read[object](h, "POST", "/api/v2/media", body, "Content-Type", kind)["id"].(string)
	}
	post := func(file string) object {
		return read[object](h, "POST", "/api/v1/statuses", url.Values{"status": {"Look"}, "media_ids[]": {file}}.Encode())
	}
	file := up()
	made := post(file)
	h.pass(30 * 24 * time.Hour)
	gone := read[object](h, "DELETE", statusURL+made["id"].(string), "")
	if gone["text"] != "Look" || len(gone["media_attachments"].([]any)) != 1 {
		t.Errorf("%v", gone)
	}
	checkError(t, h.ask("GET", statusURL+made["id"].(string), ""), 404, "what was deleted")
	if _, err := h.st.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := post(file)
	media := again["media_attachments"].([]any)[0].(object)
	if media["id"] != file || media["description"] != "A rock." || media["meta"].(object)["focus"] == nil {
		t.Errorf("written anew: %v", media)
	}
	if before := made["media_attachments"].([]any)[0].(object)["url"]; media["url"] == before {
		t.Errorf("the deleted post's file stays at %v", before)
	}
	read[object](h, "DELETE", statusURL+again["id"].(string)+"?delete_media=true", "")
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=x&media_ids[]="+file), 422, "a file that was to go too")

	loose := up()
	read[object](h, "DELETE", statusURL+post(loose)["id"].(string), "")
	h.pass(25 * time.Hour)
	if _, err := h.st.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=x&media_ids[]="+loose), 422, "a file that nobody wanted for a day")
}

// What API version 7 asks for, as https://docs.joinmastodon.org/client/quotes/ lists it;
// the keys of the entities are in testdata/entities.txt.
func TestTheDutiesOfQuotes(t *testing.T) {
	h := newHouse(t)
	walk, tea := id(h.Walk.ID), id(h.Tea.ID)
	post := func(v string) object { return read[object](h, "POST", "/api/v1/statuses", v) }
	quote := post("status=Look&quoted_status_id=" + walk)
	if text := quote["content"].(string); !strings.HasPrefix(text, `<p class="quote-inline">RE: `) || !strings.Contains(text, h.Walk.URI) {
		t.Errorf("servers that know no quotes see %s", text)
	}
	automatic := func(o object) string {
		var list []string
		for _, v := range o["quote_approval"].(object)["automatic"].([]any) {
			list = append(list, v.(string))
		}
		return strings.Join(list, " ")
	}
	for body, want := range map[string]string{
		"status=a": "public", "status=b&quote_approval_policy=followers": "followers", "status=c&quote_approval_policy=nobody": "",
		"status=d&visibility=private&quote_approval_policy=public": "", "status=@bob@bob.example&visibility=direct&quote_approval_policy=public": "",
		"status=e&visibility=unlisted&quote_approval_policy=public": "public",
	} {
		if got := automatic(post(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	mine := post("status=mine")
	at := statusURL + mine["id"].(string)
	h.pass(time.Minute)
	if s := read[object](h, "PUT", at, "status=mine+too&quote_approval_policy=followers"); automatic(s) != "followers" {
		t.Errorf("after an edit: %q", automatic(s))
	}
	if s := read[object](h, "PUT", at, "status=mine+as+well"); automatic(s) != "followers" {
		t.Errorf("an edit that says nothing of it: %q", automatic(s))
	}
	// An edit neither takes a quote away nor puts another in its place.
	if s := read[object](h, "PUT", statusURL+quote["id"].(string), "status=Look+here&quoted_status_id="+tea); s["quote"].(object)["state"] != "pending" || !strings.Contains(s["content"].(string), h.Walk.URI) {
		t.Errorf("an edited quote: %v %v", s["quote"], s["content"])
	}
	private, direct := post("status=few&visibility=private"), post("status=@bob@bob.example&visibility=direct")
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=x&quoted_status_id="+direct["id"].(string)), 422, "a quote of a private mention")
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=x&quoted_status_id=4711"), 404, "a quote of nothing")
	if s := h.ask("POST", "/api/v1/statuses", "status=x&visibility=public&quoted_status_id="+private["id"].(string)); s.Code == 200 && !strings.Contains(s.Body.String(), `"visibility":"private"`) {
		t.Errorf("a post for few is quoted for all: %d %s", s.Code, s.Body)
	}
	read[object](h, "PATCH", "/api/v1/accounts/update_credentials", "source[quote_policy]=nobody")
	if me := read[object](h, "GET", "/api/v1/accounts/verify_credentials", ""); me["source"].(object)["quote_policy"] != "nobody" {
		t.Errorf("%v", me["source"])
	}
	if p := read[object](h, "GET", "/api/v1/preferences", ""); p["posting:default:quote_policy"] != "nobody" || automatic(post("status=f")) != "" {
		t.Errorf("%v", p)
	}
}
