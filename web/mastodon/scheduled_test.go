package mastodon

import (
	"context"
	"testing"
	"time"
)

const scheduledURL = "/api/v1/scheduled_statuses"

func TestScheduledPosts(t *testing.T) {
	h := newHouse(t)
	kind, body := multi("file@", photo(t, 9), "description", "A grey day.")
	up := read[object](h, "POST", "/api/v2/media", body, "Content-Type", kind)["id"].(string)
	post := func(body, key string) object {
		return read[object](h, "POST", "/api/v1/statuses", body, "Content-Type", inJSON, "Idempotency-Key", key)
	}
	first := post(`{"status":"Good *morning*","visibility":"unlisted","spoiler_text":"cw","language":"de","media_ids":["`+up+`"],"scheduled_at":"2026-03-02T08:00:00.123+01:00"}`, "k")
	hasKeys(t, "ScheduledStatus", first, "id scheduled_at params media_attachments")
	params := first["params"].(object)
	hasKeys(t, "params", params, `text poll media_ids sensitive spoiler_text visibility language in_reply_to_id quoted_status_id quote_approval_policy
		application_id scheduled_at idempotency with_rate_limit`)
	media := first["media_attachments"].([]any)
	if first["scheduled_at"] != "2026-03-02T07:00:00.123Z" || params["text"] != "Good *morning*" || params["visibility"] != "unlisted" || params["spoiler_text"] != "cw" ||
		len(media) != 1 || media[0].(object)["description"] != "A grey day." || params["media_ids"].([]any)[0] != up {
		t.Errorf("%v", first)
	}
	if again := post(`{"status":"Good *morning*","scheduled_at":"2026-03-02T07:00:00Z"}`, "k"); again["id"] != first["id"] {
		t.Errorf("scheduled twice: %v", again)
	}
	poll := post(`{"status":"Which?","poll":{"options":["a","b"],"expires_in":3600},"in_reply_to_id":"`+id(h.Walk.ID)+`","scheduled_at":"2026-03-02T09:00:00Z"}`, "")
	if p := poll["params"].(object); p["poll"].(object)["expires_in"] != 3600.0 || p["in_reply_to_id"] != id(h.Walk.ID) || len(p["media_ids"].([]any)) != 0 {
		t.Errorf("%v", poll)
	}
	list := read[[]object](h, "GET", scheduledURL, "")
	if len(list) != 2 || list[0]["id"] != poll["id"] || list[1]["id"] != first["id"] {
		t.Errorf("%v", list)
	}
	if next := h.ask("GET", scheduledURL+"?limit=1", "").Header().Get("Link"); next == "" {
		t.Error("no Link")
	}
	at := scheduledURL + "/" + first["id"].(string)
	if got := read[object](h, "PUT", at, "scheduled_at=2026-03-02T10:00:00Z"); got["scheduled_at"] != "2026-03-02T10:00:00.000Z" {
		t.Errorf("%v", got)
	}
	checkError(t, h.ask("PUT", at, "scheduled_at=2026-03-01T13:01:00Z"), 422, "in a minute")
	if got := read[object](h, "GET", at, ""); got["scheduled_at"] != "2026-03-02T10:00:00.000Z" {
		t.Errorf("%v", got)
	}
	read[object](h, "DELETE", scheduledURL+"/"+poll["id"].(string), "")
	checkError(t, h.ask("DELETE", scheduledURL+"/"+poll["id"].(string), ""), 404, "deleted twice")

	h.pass(17 * time.Hour) // 06:00
	h.runDue()
	if n := len(read[[]object](h, "GET", scheduledURL, "")); n != 1 {
		t.Fatalf("%d wait", n)
	}
	h.pass(5 * time.Hour)
	h.runDue()
	top := read[[]object](h, "GET", "/api/v1/timelines/home?limit=1", "")[0]
	if top["spoiler_text"] != "cw" || top["language"] != "de" || top["created_at"] != "2026-03-02T11:00:00.000Z" || len(top["media_attachments"].([]any)) != 1 || top["application"].(object)["name"] != "Phone" {
		t.Errorf("%v", top)
	}
	if left := read[[]object](h, "GET", scheduledURL, ""); left == nil || len(left) != 0 {
		t.Errorf("%v", left)
	}
	checkError(t, h.ask("PUT", at, "scheduled_at=2026-03-05T10:00:00Z"), 404, "after it went out")
}

// runDue does the work that is due.
func (h *house) runDue() {
	h.t.Helper()
	if _, err := h.svc.RunDue(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}
