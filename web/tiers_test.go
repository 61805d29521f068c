package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"dassie/web/auth"
)

// tiers is what clients call, by how much they need it: to sign in, read, post and be
// notified; for daily use; and the rest, where an empty list is enough. They were read
// from Phanpy, Elk, Tusky, Ice Cubes, Mastodon for Android, toot, tut and libraries.
var tiers = [3]string{`
	GET /.well-known/oauth-authorization-server
	GET /.well-known/host-meta
	GET /.well-known/nodeinfo
	GET /nodeinfo/2.0
	POST /api/v1/apps
	GET /api/v1/apps/verify_credentials
	GET /oauth/authorize
	POST /oauth/token /oauth/revoke
	GET /api/v1/accounts/verify_credentials
	GET /api/v2/instance /api/v1/instance
	GET /api/v1/preferences
	GET /api/v1/custom_emojis
	GET /api/v1/timelines/home /api/v1/timelines/public
	GET /api/v1/accounts/:id /api/v1/accounts/:id/statuses
	GET /api/v1/accounts/relationships
	GET /api/v1/statuses/:id /api/v1/statuses/:id/context
	POST /api/v1/statuses
	PUT /api/v1/statuses/:id
	DELETE /api/v1/statuses/:id
	GET /api/v1/statuses/:id/source /api/v1/statuses/:id/history
	POST /api/v2/media /api/v1/media
	GET /api/v1/media/:id
	PUT /api/v1/media/:id
	POST /api/v1/statuses/:id/favourite /api/v1/statuses/:id/unfavourite /api/v1/statuses/:id/reblog /api/v1/statuses/:id/unreblog
	POST /api/v1/statuses/:id/bookmark /api/v1/statuses/:id/unbookmark
	GET /api/v1/notifications /api/v1/notifications/:id
	POST /api/v1/notifications/:id/dismiss /api/v1/notifications/clear
	GET /api/v1/markers
	POST /api/v1/markers
	GET /api/v2/search
	GET /api/v1/accounts/lookup
	POST /api/v1/accounts/:id/follow /api/v1/accounts/:id/unfollow
	GET /api/v1/follow_requests
	POST /api/v1/follow_requests/:id/authorize /api/v1/follow_requests/:id/reject
	GET /api/v1/streaming
`, `
	POST /api/v1/accounts/:id/mute /api/v1/accounts/:id/unmute /api/v1/accounts/:id/block /api/v1/accounts/:id/unblock
	POST /api/v1/accounts/:id/note /api/v1/accounts/:id/pin /api/v1/accounts/:id/unpin /api/v1/accounts/:id/remove_from_followers
	GET /api/v1/accounts/:id/followers /api/v1/accounts/:id/following
	GET /api/v1/favourites /api/v1/bookmarks /api/v1/mutes /api/v1/blocks
	PATCH /api/v1/accounts/update_credentials
	GET /api/v1/profile
	PATCH /api/v1/profile
	DELETE /api/v1/profile/avatar /api/v1/profile/header
	POST /api/v1/statuses/:id/pin /api/v1/statuses/:id/unpin /api/v1/statuses/:id/mute /api/v1/statuses/:id/unmute
	GET /api/v1/statuses/:id/favourited_by /api/v1/statuses/:id/reblogged_by
	GET /api/v1/statuses /api/v1/accounts
	GET /api/v1/lists /api/v1/lists/:id
	POST /api/v1/lists
	PUT /api/v1/lists/:id
	DELETE /api/v1/lists/:id
	GET /api/v1/lists/:id/accounts /api/v1/timelines/list/:id /api/v1/accounts/:id/lists
	POST /api/v1/lists/:id/accounts
	DELETE /api/v1/lists/:id/accounts
	GET /api/v2/filters /api/v2/filters/:id /api/v2/filters/:id/keywords /api/v2/filters/keywords/:id /api/v2/filters/:id/statuses /api/v2/filters/statuses/:id
	POST /api/v2/filters /api/v2/filters/:id/keywords /api/v2/filters/:id/statuses
	PUT /api/v2/filters/:id /api/v2/filters/keywords/:id
	DELETE /api/v2/filters/:id /api/v2/filters/keywords/:id /api/v2/filters/statuses/:id
	GET /api/v1/filters /api/v1/filters/:id
	POST /api/v1/filters
	PUT /api/v1/filters/:id
	DELETE /api/v1/filters/:id
	GET /api/v1/conversations
	POST /api/v1/conversations/:id/read
	DELETE /api/v1/conversations/:id
	GET /api/v1/timelines/tag/:tag /api/v1/tags/:tag /api/v1/followed_tags /api/v1/featured_tags
	POST /api/v1/tags/:tag/follow /api/v1/tags/:tag/unfollow /api/v1/featured_tags
	DELETE /api/v1/featured_tags/:id
	GET /api/v1/polls/:id
	POST /api/v1/polls/:id/votes
	GET /api/v1/push/subscription
	POST /api/v1/push/subscription
	PUT /api/v1/push/subscription
	DELETE /api/v1/push/subscription
	GET /api/v1/notifications/unread_count /api/v2/notifications /api/v2/notifications/unread_count /api/v2/notifications/policy
	PATCH /api/v2/notifications/policy
	GET /api/v1/notifications/requests /api/v1/notifications/requests/:id
	POST /api/v1/notifications/requests/:id/accept /api/v1/notifications/requests/:id/dismiss
	GET /api/v1/scheduled_statuses /api/v1/scheduled_statuses/:id
	PUT /api/v1/scheduled_statuses/:id
	DELETE /api/v1/scheduled_statuses/:id
	GET /api/v1/accounts/search /api/v1/accounts/familiar_followers
	GET /api/v1/domain_blocks
	POST /api/v1/domain_blocks
	DELETE /api/v1/domain_blocks
	GET /api/v1/announcements
	POST /api/v1/reports
`, `
	GET /api/v1/trends/tags /api/v1/trends/statuses /api/v1/trends/links /api/v1/trends
	GET /api/v1/instance/peers /api/v1/instance/activity /api/v1/instance/rules /api/v1/instance/extended_description /api/v1/instance/privacy_policy
	GET /api/v1/instance/translation_languages /api/v1/instance/domain_blocks
	GET /api/v1/suggestions /api/v2/suggestions /api/v1/endorsements /api/v1/directory /api/v1/timelines/link
	POST /api/v1/statuses/:id/translate
	GET /api/v1/statuses/:id/card /api/v1/statuses/:id/quotes
	GET /api/v1/streaming/health /api/v1/streaming/user /api/v1/streaming/public /api/v1/streaming/hashtag /api/v1/streaming/list /api/v1/streaming/direct
	GET /api/oembed
	GET /oauth/userinfo
	GET /api/v1_alpha/async_refreshes/:id
`}

// Every endpoint that clients call is here, in the table of FEDERATION.md if it is one
// of the API's, and answers in JSON where apps read JSON.
func TestEveryEndpointThatClientsCall(t *testing.T) {
	h := newHouse(t)
	token, err := auth.TokenCommand(bg, h.svc.Store(), "read write follow push", "Phone")
	must(t, err)
	said, err := os.ReadFile("../FEDERATION.md")
	must(t, err)
	n := 0
	for tier, list := range tiers {
		for line := range strings.Lines(strings.TrimSpace(list)) {
			words := strings.Fields(line)
			for _, path := range words[1:] {
				n++
				what := fmt.Sprintf("tier %d: %s %s", tier+1, words[0], path)
				inTable := strings.HasPrefix(path, "/api/v") && !strings.HasPrefix(path, "/api/v1/streaming") || slices.Contains([]string{"/oauth/token", "/oauth/revoke", "/oauth/userinfo"}, path)
				if inTable && !strings.Contains(string(said), "| `"+words[0]+" "+path+"` |") {
					t.Errorf("%s is not in FEDERATION.md", what)
				}
				real := strings.NewReplacer(":id", "4711", ":tag", "rocks").Replace(path)
				w := h.ask(words[0], real, "", from(fmt.Sprintf("198.51.100.%d", n%250)), func(r *http.Request) {
					if !strings.HasPrefix(path, "/api/v1/streaming/") { // which would go on and on
						r.Header.Set("Authorization", "Bearer "+token)
					}
				})
				body := w.Body.String()
				if w.Code >= 500 || strings.Contains(body, "no such endpoint") || strings.Contains(body, "does not take that method") || w.Code == 404 && !strings.Contains(path, ":") && !json.Valid(w.Body.Bytes()) && path != "/api/oembed" {
					t.Errorf("%s: %d %.200s", what, w.Code, body)
				}
				if strings.HasPrefix(path, "/api/v") && path != "/api/v1/streaming/health" && !json.Valid(w.Body.Bytes()) {
					t.Errorf("%s is no JSON: %d %.200s", what, w.Code, body)
				}
			}
		}
	}
	if n < 170 {
		t.Errorf("%d endpoints were asked", n)
	}
}
