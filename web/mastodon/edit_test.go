package mastodon

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

const (
	editKeys  = `content spoiler_text sensitive created_at account media_attachments emojis quote`
	inJSON    = "application/json"
	statusURL = "/api/v1/statuses/"
)

func TestEditFromAnApp(t *testing.T) {
	h := newHouse(t)
	up := func(shade uint8) string {
		kind, body := multi("file@", photo(t, shade), "description", "First words.")
		return read[object](h, "POST", "/api/v2/media", body, "Content-Type", kind)["id"].(string)
	}
	one, two := up(1), up(2)
	form := url.Values{"status": {"Hello *rocks*"}, "language": {"de"}, "spoiler_text": {"cw"}, "media_ids[]": {one, two}, "visibility": {"unlisted"}}
	made := read[object](h, "POST", "/api/v1/statuses", form.Encode())
	at := statusURL + made["id"].(string)
	src := read[object](h, "GET", at+"/source", "")
	hasKeys(t, "source", src, "id text spoiler_text")
	if src["text"] != "Hello *rocks*" || src["spoiler_text"] != "cw" || src["id"] != made["id"] {
		t.Errorf("%v", src)
	}
	h.pass(time.Minute)
	kind, body := multi("status", "Hello stones", "media_ids[]", two, "media_ids[]", one, "media_attributes[][id]", two, "media_attributes[][description]", "A second stone.",
		"media_attributes[][id]", one, "media_attributes[][description]", "A first stone.")
	bodies := []struct{ kind, text, first string }{
		{inJSON, `{"status":"Hello stones","media_ids":["` + two + `","` + one + `"],"media_attributes":[{"id":"` + two + `","description":"A stone."},{"id":"` + one + `","focus":"0.5,0.5"}]}`, "A stone."},
		{kind, body, "A second stone."},
		{"application/x-www-form-urlencoded", url.Values{"status": {"Hello stones"}, "media_ids[]": {two, one}, "media_attributes[0][id]": {one}, "media_attributes[0][description]": {""},
			"media_attributes[1][id]": {two}, "media_attributes[1][description]": {"Another."}}.Encode(), "Another."},
	}
	for i, b := range bodies {
		s := read[object](h, "PUT", at, b.text, "Content-Type", b.kind)
		hasKeys(t, b.kind, s, statusKeys+" pinned")
		sound(t, b.kind, s)
		media := s["media_attachments"].([]any)
		if s["visibility"] != "unlisted" || s["language"] != "de" || s["spoiler_text"] != "" || s["edited_at"] == nil || !strings.Contains(s["content"].(string), "stones") ||
			len(media) != 2 || media[0].(object)["id"] != two || media[0].(object)["description"] != b.first {
			t.Errorf("%s: %v", b.kind, s)
		}
		if focus := media[1].(object)["meta"].(object)["focus"]; focus == nil {
			t.Errorf("%s: the focus of the other file is lost: %v", b.kind, media[1])
		}
		if last := media[1].(object)["description"]; i == 2 && last != nil {
			t.Errorf("an empty description stays %v", last)
		}
		h.pass(time.Minute)
	}
	if s := read[object](h, "PUT", at, "status=No+files&sensitive=true&media_ids[]="); len(s["media_attachments"].([]any)) != 0 || s["sensitive"] != true {
		t.Errorf("files that are not named stay: %v", s)
	}
	versions := read[[]object](h, "GET", at+"/history", "")
	if len(versions) != 5 || versions[0]["spoiler_text"] != "cw" || !strings.Contains(versions[4]["content"].(string), "No files") || versions[0]["created_at"] != made["created_at"] {
		t.Errorf("%d versions: %v", len(versions), versions)
	}
	for _, v := range versions {
		hasKeys(t, "version", v, editKeys)
		sound(t, "version", v)
	}
}

func TestAnEditThatIsRefused(t *testing.T) {
	h := newHouse(t)
	poll := read[object](h, "POST", "/api/v1/statuses", `{"status":"Which?","poll":{"options":["a","b"],"expires_in":3600}}`, "Content-Type", inJSON)
	at := statusURL + poll["id"].(string)
	for body, status := range map[string]int{
		`{"status":""}`: 422, `{"status":"x","media_ids":["4711"]}`: 422, `{"status":"x","quote_approval_policy":"friends"}`: 422,
		`{"status":"x","poll":{"options":["a","c"],"expires_in":3600}}`: 422, `{"status":"` + strings.Repeat("a", 5001) + `"}`: 422,
		`{"status":"x","media_ids":["1"],"media_attributes":[{"description":"no id"}]}`: 422, `{`: 400,
	} {
		checkError(t, h.ask("PUT", at, body, "Content-Type", inJSON), status, body[:min(60, len(body))])
	}
	checkError(t, h.ask("PUT", statusURL+id(h.Walk.ID), "status=x"), 404, "another's post")
	boost := read[object](h, "POST", statusURL+id(h.Walk.ID)+"/reblog", "")
	checkError(t, h.ask("PUT", statusURL+boost["id"].(string), "status=x"), 404, "a boost")
	// Apps send the poll along as it is.
	s := read[object](h, "PUT", at, `{"status":"Which one?","poll":{"options":["a","b"],"expires_in":3600,"multiple":false},"quote_approval_policy":"nobody"}`, "Content-Type", inJSON)
	if s["poll"] == nil || !strings.Contains(s["content"].(string), "Which one?") || len(s["quote_approval"].(object)["automatic"].([]any)) != 0 {
		t.Errorf("%v", s)
	}
	for _, v := range read[[]object](h, "GET", at+"/history", "") {
		hasKeys(t, "version", v, editKeys+" poll")
		if options := v["poll"].(object)["options"].([]any); len(options) != 2 || options[0].(object)["title"] != "a" {
			t.Errorf("%v", options)
		}
	}
}

func TestSourceAndHistoryOfAnothersPost(t *testing.T) {
	h := newHouse(t)
	at := statusURL + id(h.Walk.ID)
	if src := read[object](h, "GET", at+"/source", ""); src["text"] == "" || strings.Contains(src["text"].(string), "<") {
		t.Errorf("%v", src)
	}
	one := read[[]object](h, "GET", at+"/history", "")
	if len(one) != 1 || one[0]["account"].(object)["id"] != id(h.Bob.ID) {
		t.Errorf("%v", one)
	}
	h.write(func(tx *store.Tx) error {
		p := h.Walk
		p.Content, p.EditedAt = "<p>Anew</p>", storetest.Start.Add(30*time.Minute)
		p.Extra.Attachments = []store.Attachment{{MediaType: "image/jpeg", URL: "https://bob.example/1.jpg", Alt: "A rock"}}
		if err := tx.UpdatePost(h.Walk, &p); err != nil {
			return err
		}
		last := p
		last.Extra.Attachments, last.EditedAt = nil, storetest.Start.Add(40*time.Minute)
		return tx.UpdatePost(p, &last)
	})
	list := read[[]object](h, "GET", at+"/history", "")
	if len(list) != 3 || list[1]["content"] != "<p>Anew</p>" || len(list[1]["media_attachments"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
	for _, path := range []string{"/source", "/history", "/card"} {
		checkError(t, h.ask("GET", statusURL+"4711"+path, ""), 404, path)
	}
	if card := read[object](h, "GET", at+"/card", ""); len(card) != 0 {
		t.Errorf("%v", card)
	}
	checkError(t, h.ask("POST", at+"/translate", ""), 404, "translate")
}

func TestSeveralPostsAtOnce(t *testing.T) {
	h := newHouse(t)
	list := read[[]object](h, "GET", "/api/v1/statuses?id[]="+id(h.Walk.ID)+"&id[]=4711&id[]=x&id[]="+id(h.Hello.ID)+"&id[]=", "")
	if len(list) != 2 || list[0]["id"] != id(h.Walk.ID) || list[1]["id"] != id(h.Hello.ID) {
		t.Errorf("%v", list)
	}
	if none := read[[]object](h, "GET", "/api/v1/statuses", ""); none == nil || len(none) != 0 {
		t.Errorf("%v", none)
	}
}
