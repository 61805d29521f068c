package web

import (
	"fmt"
	"strconv"
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
		"a log of requests is kept, with addresses: <b>20</b>, before that 0":       func(s *store.Settings) { s.KeepLogDays = 20 },
		"log of what concerns safety is kept: <b>30</b>, before that 180":           func(s *store.Settings) { s.KeepSecurityDays = 30 },
		"Days for which notices are kept: <b>31</b>, before that 180":               func(s *store.Settings) { s.KeepNoticeDays = 31 },
		"Days for which work that failed is set aside: <b>3</b>, before that 30":    func(s *store.Settings) { s.KeepJobDays = 3 },
		"others’ pictures are kept that nobody looks at: <b>2</b>, before that 7":   func(s *store.Settings) { s.KeepPictureDays = 2 },
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

// Every age has its sentence, with the number that is in force.
func TestThePrivacyPolicyNamesEveryAge(t *testing.T) {
	h := newHouse(t)
	policy := func() string {
		return between(h.page("/privacy-policy"), `<div class="prose policy">`, "<h2>What changed</h2>")
	}
	for name, words := range map[string]string{
		"keep_remote_days": "nobody here touched go after %s.", "keep_picture_days": "when nobody looked at them for %s, or", "media_cache_mb": "take more than %s MB",
		"keep_notice_days": "notices of it for %s.", "keep_address_days": "Those addresses are kept for %s at most.", "keep_security_days": "concerns safety is kept for %s.",
		"keep_log_days": "A line is kept for %s at most", "keep_job_days": "is set aside for %s at most.",
	} {
		a, ok := store.AgeNamed(name)
		if !ok {
			t.Fatal(name)
		}
		for _, n := range []int{max(a.Least, 1), a.Most} {
			h.change(func(s *store.Settings) { *a.Of(s) = n })
			count := strconv.Itoa(n)
			if name != "media_cache_mb" {
				count += " days"
			}
			if n == 1 {
				count = "1 day"
			}
			says(t, policy(), fmt.Sprintf(words, count))
		}
		h.change(func(s *store.Settings) { first := store.DefaultSettings(); *a.Of(s) = *a.Of(&first) })
	}
	if n := len(store.Ages); n != 8 {
		t.Errorf("there are %d ages: the new one has no sentence here", n)
	}
	// The log of requests: none, short enough to have whole addresses, or not.
	says(t, policy(), "Your network address is not written down. The one exception: whoever logs in here")
	h.change(func(s *store.Settings) { s.KeepLogDays = 7 })
	hides(t, policy(), "not written down", "only the network stays")
	says(t, policy(), "Each request is written down", "for 7 days at most.", "whoever logs in here or tries to are kept for 365 days")
	h.change(func(s *store.Settings) { s.KeepLogDays, s.KeepAddressDays = 8, 0 })
	says(t, policy(), "after 7 days only the network stays", "its address not at all")
	hides(t, policy(), "whoever logs in here or tries to")
	h.change(func(s *store.Settings) { s.KeepLogDays = 0 })
	says(t, policy(), "Your network address is not written down.</li>")
}
