package mastodon

import "slices"

// claim is a version of Mastodon, the number of its API, and the endpoints whose
// absence would make it a lie: apps call them without asking once they read it.
type claim struct {
	version string
	api     int
	needs   []string
}

// claims are from the least to the most. Numbers of the API: 2 has grouped
// notifications, the policy and its requests; 3 the sites that may name the owner as
// their author; 4 push as RFC 8291 has it, deleted uploads, and whether the files of a
// deleted post go at once; 5 filters that blur; 7 quotes. What is asked for beside
// endpoints is in the written entities (testdata/entities.txt) and TestTheDutiesOfQuotes.
// 8 and above have collections and annual reports, which are not here.
var claims = []claim{
	{"4.2.0", 1, nil},
	{"4.3.0", 2, []string{
		"GET /api/v2/notifications", "GET /api/v2/notifications/:group_key", "GET /api/v2/notifications/:group_key/accounts", "POST /api/v2/notifications/:group_key/dismiss",
		"GET /api/v2/notifications/unread_count", "GET /api/v2/notifications/policy", "PATCH /api/v2/notifications/policy",
		"GET /api/v1/notifications/requests", "POST /api/v1/notifications/requests/accept", "POST /api/v1/notifications/requests/dismiss", "GET /api/v1/notifications/requests/merged", "POST /api/v1/notifications/requests/:id/accept", "POST /api/v1/notifications/requests/:id/dismiss",
		"GET /api/v1/statuses", "GET /api/v1/accounts", "GET /api/v1/timelines/link",
	}},
	{"4.5.0", 7, []string{
		"POST /api/v1/push/subscription", "PUT /api/v1/statuses/:id", "GET /api/v1/accounts/:id/endorsements", "DELETE /api/v1/media/:id",
		"GET /api/v1/statuses/:id/quotes", "POST /api/v1/statuses/:id/quotes/:quoting_status_id/revoke", "PUT /api/v1/statuses/:id/interaction_policy", "POST /api/v2/filters",
		"POST /api/v1/accounts/:id/endorse", "POST /api/v1/accounts/:id/unendorse", "POST /api/v1/tags/:tag/feature", "POST /api/v1/tags/:tag/unfeature",
		"GET /api/v1_alpha/async_refreshes/:id", "GET /api/v1/instance/terms_of_service",
	}},
}

// claimed is the highest claim that every endpoint up to it bears out.
func claimed(list []route) claim {
	best := claims[0]
	for _, c := range claims {
		for _, need := range c.needs {
			if !slices.ContainsFunc(list, func(rt route) bool { return rt.method+" "+rt.path == need }) {
				return best
			}
		}
		best = c
	}
	return best
}

// version is the text that apps and libraries take apart: it begins with digits, as
// Mastodon's does, and says what answers really.
func (a *API) version() string {
	return a.claim.version + " (compatible; dassie " + a.svc.Version() + ")"
}
