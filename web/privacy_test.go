package web

import (
	"strings"
	"testing"

	"dassie/federation"
	"dassie/store"
)

// Each setting that the policy speaks of changes its words, and the list of what
// changed and when (PRIVACY-CLAUSES 29 and 30).
func TestThePrivacyPolicyFollowsEachSetting(t *testing.T) {
	for words, flip := range map[string]func(*store.Settings){
		"Followers are approved by hand: <b>yes</b>, before that no":                func(s *store.Settings) { s.ApproveFollowers = true },
		"Other servers may suggest the profile: <b>yes</b>, before that no":         func(s *store.Settings) { s.Discoverable = true },
		"found by the search of other servers: <b>yes</b>, before that no":          func(s *store.Settings) { s.Indexable = true },
		"Web search engines may list these pages: <b>yes</b>, before that no":       func(s *store.Settings) { s.SearchEngines = true },
		"Programs that collect texts for AI are let in: <b>yes</b>, before that no": func(s *store.Settings) { s.AICrawlers = true },
		"Others see who follows whom: <b>no</b>, before that yes":                   func(s *store.Settings) { s.ShowLists = false },
		"Visitors see numbers: <b>no</b>, before that yes":                          func(s *store.Settings) { s.ShowLists, s.ShowCounts = false, false },
		"Visitors can search public posts: <b>yes</b>, before that no":              func(s *store.Settings) { s.VisitorSearch = true },
		"Only servers that say who they are get posts: <b>yes</b>, before that no":  func(s *store.Settings) { s.AuthorizedFetch = true },
		"Previews of links are fetched: <b>no</b>, before that yes":                 func(s *store.Settings) { s.LinkPreviews = false },
		"Days for which addresses of log-ins are kept: <b>30</b>, before that 365":  func(s *store.Settings) { s.KeepAddressDays = 30 },
		"posts of others are kept that nobody touched: <b>41</b>, before that 90":   func(s *store.Settings) { s.KeepRemoteDays = 41 },
		"Room for copies of others’ pictures, in MB: <b>77</b>, before that 512":    func(s *store.Settings) { s.MediaCacheMB = 77 },
		"Days after which own posts are deleted: <b>365</b>, before that never":     func(s *store.Settings) { s.Expiry.Days = 365 },
		"Where to write to was changed.":                                            func(s *store.Settings) { s.Contact = "nora@" + testHost },
	} {
		h := newHouse(t)
		first := h.page("/privacy-policy")
		says(t, first, "the day they were first made")
		h.change(flip)
		second := h.page("/privacy-policy")
		says(t, second, words, "were last changed on")
		hides(t, second, "the day they were first made")
		policy := func(page string) string { return between(page, `<div class="prose policy">`, "<h2>What changed</h2>") }
		if policy(first) == policy(second) || policy(first) == "" {
			t.Errorf("%s: the policy says the same as before", words)
		}
		if between(first, "were last changed on", "</p>") == between(second, "were last changed on", "</p>") {
			t.Errorf("%s: the date stands still", words)
		}
		h.change(flip)
		if third := h.page("/privacy-policy"); strings.Count(third, words) != 1 {
			t.Errorf("%s: saved again without a change, it is listed as one", words)
		}
	}
}

// An address that the owner took off the page does not stand among the changes.
func TestThePrivacyPolicyForgetsContacts(t *testing.T) {
	h := newHouse(t)
	h.change(func(s *store.Settings) { s.Contact = "old@" + testHost })
	h.change(func(s *store.Settings) { s.Contact = "new@" + testHost })
	hides(t, h.page("/privacy-policy"), "old@")
	// What an app changes counts too.
	yes := true
	must(t, h.svc.EditProfile(bg, federation.ProfileEdit{Locked: &yes}))
	says(t, h.page("/privacy-policy"), "Followers are approved by hand: <b>yes</b>")
}

// The policy names what the program does whatever is set.
func TestThePrivacyPolicyIsWhole(t *testing.T) {
	h := newHouse(t)
	says(t, h.page("/privacy-policy"), "second factor", "Each can be ended", "until it is revoked", "push services", "when. What it is", "programs may read too",
		"held back", "filter posts by words", "Drafts", "180 days")
}
