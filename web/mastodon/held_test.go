package mastodon

import (
	"testing"
	"time"
)

// DECISIONS 10: posts of apps are held only if the owner says so; then they have
// their id from the first moment, for the owner's apps alone.
func TestT42_PostsOfAppsAreHeldIfTheOwnerSaysSo(t *testing.T) {
	h := newHouse(t)
	if made := read[object](h, "POST", "/api/v1/statuses", "status=At+once"); read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", "")[0]["id"] != made["id"] {
		t.Error("a post of an app is held though nobody said so")
	}
	set := h.svc.Settings()
	set.UndoApps, set.UndoSeconds = true, 30
	if err := h.svc.SaveSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	post := func(body string) object {
		return read[object](h, "POST", "/api/v1/statuses", body, "Idempotency-Key", "k")
	}
	first := post("status=Held+%23dassies&spoiler_text=cw&visibility=unlisted&poll[options][]=a&poll[options][]=b&poll[expires_in]=3600")
	hasKeys(t, "held", first, statusKeys+" pinned")
	sound(t, "held", first)
	at := "/api/v1/statuses/" + first["id"].(string)
	if again := post("status=Held"); again["id"] != first["id"] || first["spoiler_text"] != "cw" || first["visibility"] != "unlisted" || first["poll"] == nil || first["application"].(object)["name"] != "Phone" {
		t.Errorf("%v\n%v", first, again)
	}
	if got := read[object](h, "GET", at, ""); got["id"] != first["id"] || got["content"] != first["content"] {
		t.Errorf("%v", got)
	}
	for _, path := range []string{at, at + "/context"} {
		checkError(t, h.ask("GET", path, "", "Authorization", ""), 404, "a stranger at "+path)
	}
	if around := read[object](h, "GET", at+"/context", ""); len(around["ancestors"].([]any)) != 0 || len(around["descendants"].([]any)) != 0 {
		t.Errorf("%v", around)
	}
	if source := read[object](h, "GET", at+"/source", ""); source["text"] != "Held #dassies" || source["spoiler_text"] != "cw" {
		t.Errorf("%v", source)
	}
	checkError(t, h.ask("POST", at+"/favourite", ""), 404, "liked before it is out")
	if top := read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", "")[0]; top["id"] == first["id"] {
		t.Error("it stands in home before it is out")
	}
	h.pass(20 * time.Second)
	if changed := read[object](h, "PUT", at, "status=Held+longer"); changed["id"] != first["id"] || changed["poll"] == nil || changed["visibility"] != "unlisted" {
		t.Errorf("%v", changed)
	}
	h.pass(20 * time.Second) // an edit begins the window anew
	h.runDue()
	if top := read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", "")[0]; top["id"] == first["id"] {
		t.Error("an edit did not begin the window anew")
	}
	h.pass(11 * time.Second)
	h.runDue()
	if top := read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", "")[0]; top["id"] != first["id"] || top["content"] != "<p>Held longer</p>" {
		t.Errorf("%v", top)
	}
	if again := post("status=Held"); again["id"] != first["id"] {
		t.Errorf("the key made a second one: %v", again)
	}

	gone := read[object](h, "POST", "/api/v1/statuses", "status=Never+mind")
	away := "/api/v1/statuses/" + gone["id"].(string)
	if got := read[object](h, "DELETE", away, ""); got["text"] != "Never mind" {
		t.Errorf("%v", got)
	}
	checkError(t, h.ask("GET", away, ""), 404, "after it was deleted")
	h.pass(time.Minute)
	h.runDue()
	checkError(t, h.ask("GET", away, ""), 404, "and its window over")
}
