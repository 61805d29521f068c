package web

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

// policyFlips are the settings that the policy speaks of: how each is changed, and what
// the list of changes says then.
var policyFlips = map[string]struct {
	words string
	flip  func(*store.Settings)
}{
	"ApproveFollowers": {"Followers are approved by hand: <b>yes</b>, before that no", func(s *store.Settings) { s.ApproveFollowers = true }},
	"Discoverable":     {"Other servers may suggest the profile: <b>yes</b>, before that no", func(s *store.Settings) { s.Discoverable = true }},
	"Indexable":        {"found by the search of other servers: <b>yes</b>, before that no", func(s *store.Settings) { s.Indexable = true }},
	"SearchEngines":    {"Web search engines may list these pages: <b>yes</b>, before that no", func(s *store.Settings) { s.SearchEngines = true }},
	"AICrawlers":       {"Programs that collect texts for AI are let in: <b>yes</b>, before that no", func(s *store.Settings) { s.AICrawlers = true }},
	"ShowLists":        {"Others see who follows whom: <b>no</b>, before that yes", func(s *store.Settings) { s.ShowLists = false }},
	"ShowCounts":       {"Visitors see numbers: <b>no</b>, before that yes", func(s *store.Settings) { s.ShowLists, s.ShowCounts = false, false }},
	"ShowApp":          {"Others see which app a post was written with: <b>yes</b>, before that no", func(s *store.Settings) { s.ShowApp = true }},
	"VisitorSearch":    {"Visitors can search public posts: <b>yes</b>, before that no", func(s *store.Settings) { s.VisitorSearch = true }},
	"AuthorizedFetch":  {"Only servers that say who they are get posts: <b>yes</b>, before that no", func(s *store.Settings) { s.AuthorizedFetch = true }},
	"LinkPreviews":     {"Previews of links are fetched: <b>no</b>, before that yes", func(s *store.Settings) { s.LinkPreviews = false }},
	"KeepAddressDays":  {"Days for which addresses of log-ins are kept: <b>30</b>, before that 365", func(s *store.Settings) { s.KeepAddressDays = 30 }},
	"KeepRemoteDays":   {"posts of others are kept that nobody touched: <b>41</b>, before that 90", func(s *store.Settings) { s.KeepRemoteDays = 41 }},
	"MediaCacheMB":     {"Room for copies of others’ pictures, in MB: <b>77</b>, before that 512", func(s *store.Settings) { s.MediaCacheMB = 77 }},
	"Expiry":           {"Days after which own posts are deleted: <b>365</b>, before that never", func(s *store.Settings) { s.Expiry.Days = 365 }},
	"KeepLogDays":      {"a log of requests is kept, with addresses: <b>20</b>, before that 0", func(s *store.Settings) { s.KeepLogDays = 20 }},
	"KeepSecurityDays": {"log of what concerns safety is kept: <b>30</b>, before that 180", func(s *store.Settings) { s.KeepSecurityDays = 30 }},
	"KeepNoticeDays":   {"Days for which notices are kept: <b>31</b>, before that 180", func(s *store.Settings) { s.KeepNoticeDays = 31 }},
	"KeepJobDays":      {"Days for which work that failed is set aside: <b>3</b>, before that 30", func(s *store.Settings) { s.KeepJobDays = 3 }},
	"KeepPictureDays":  {"others’ pictures are kept that nobody looks at: <b>2</b>, before that 7", func(s *store.Settings) { s.KeepPictureDays = 2 }},
	"Contact":          {"Where to write to was changed.", func(s *store.Settings) { s.Contact = "nora@" + testHost }},
	"ProxyOperator":    {"Who else sees traffic was changed.", func(s *store.Settings) { s.ProxyOperator = "Example Tunnels Ltd." }},
	"BackupDays":       {"Days for which backups are kept: <b>12</b>, before that 0", func(s *store.Settings) { s.BackupDays = 12 }},
	"MinimumAge":       {"What is said of age was changed.", func(s *store.Settings) { s.MinimumAge = "You should be 18." }},
	"PolicyWords":      {"The owner’s own words was changed.", func(s *store.Settings) { s.PolicyWords = "I *read* it all." }},
}

// Each setting that the policy speaks of changes its words, and the list of what
// changed and when (PRIVACY-CLAUSES 29 and 30).
func TestThePrivacyPolicyFollowsEachSetting(t *testing.T) {
	for name, c := range policyFlips {
		h := newHouse(t)
		first := h.page("/privacy-policy")
		says(t, first, "the day they were first made")
		h.change(c.flip)
		second := h.page("/privacy-policy")
		says(t, second, c.words, "were last changed on")
		hides(t, second, "the day they were first made")
		policy := func(page string) string { return between(page, `<div class="prose policy">`, "<h2>What changed</h2>") }
		if policy(first) == policy(second) || policy(first) == "" {
			t.Errorf("%s: the policy says the same as before", name)
		}
		if between(first, "were last changed on", "</p>") == between(second, "were last changed on", "</p>") {
			t.Errorf("%s: the date stands still", name)
		}
		h.change(c.flip)
		if third := h.page("/privacy-policy"); strings.Count(third, c.words) != 1 {
			t.Errorf("%s: saved again without a change, it is listed as one", name)
		}
	}
}

// A setting that the policy reads is in the table above, or the table is not whole.
// Two change no words by themselves.
func TestEachSettingOfThePolicyIsFlipped(t *testing.T) {
	known := map[string]string{"Timezone": "in which its dates are shown", "PostsOnWeb": "with VisitorSearch"}
	fields := reflect.TypeFor[store.Settings]()
	for _, file := range []string{"privacy.go", "privacychanges.go"} {
		tree, err := parser.ParseFile(token.NewFileSet(), "../federation/"+file, nil, 0)
		must(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if _, isSetting := fields.FieldByName(sel.Sel.Name); !isSetting {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); !ok || id.Name != "set" && id.Name != "s" {
				return true
			}
			if _, ok := policyFlips[sel.Sel.Name]; !ok && known[sel.Sel.Name] == "" {
				t.Errorf("%s reads the setting %s: add to policyFlips how its change shows", file, sel.Sel.Name)
			}
			return true
		})
	}
	for name := range policyFlips {
		if _, ok := fields.FieldByName(name); !ok {
			t.Errorf("policyFlips has %s, which is no setting", name)
		}
	}
}

// The cookies on the page are those that this server sets, and no others.
func TestThePolicyNamesEachCookie(t *testing.T) {
	h := newHouse(t)
	code := "k3f92mzq77abx4ct"
	sum := sha256.Sum256([]byte(code))
	h.write(func(tx *store.Tx) error {
		if err := tx.BeginSecondFactor("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
			return err
		}
		return tx.ConfirmSecondFactor([][]byte{sum[:]})
	})
	set := map[string]bool{}
	note := func(w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		for _, c := range w.Result().Cookies() {
			set[c.Name] = true
		}
		return w
	}
	for pattern := range matrix {
		note(h.ask("GET", h.address(pattern, "1"), browser, encrypted))
	}
	first := note(h.ask("GET", "/login", browser, encrypted))
	fields := hiddenFields(first.Body.String())
	fields.Set("name", "nora")
	fields.Set("password", testPassword)
	half := note(h.ask("POST", "/login", browser, encrypted, cookies(first), form(fields.Encode())))
	step := note(h.ask("GET", half.Header().Get("Location"), browser, encrypted, cookies(first), cookies(half)))
	if half.Code != 303 || step.Code != 200 {
		t.Fatalf("the first step: %d %d %s", half.Code, step.Code, step.Body)
	}
	fields = hiddenFields(step.Body.String())
	fields.Set("code", code)
	in := note(h.ask("POST", "/login", browser, encrypted, cookies(first), cookies(half), cookies(step), form(fields.Encode())))
	if in.Code != 303 {
		t.Fatalf("log in: %d %s", in.Code, in.Body)
	}
	note(h.ask("GET", "/me", browser, encrypted, cookies(in)))
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`<code>(__Host-[^<]+)</code>`).FindAllStringSubmatch(h.page("/privacy-policy"), -1) {
		named[m[1]] = true
	}
	if !maps.Equal(set, named) || len(set) != 4 {
		t.Errorf("set are %v, named %v", set, named)
	}
}

// What the owner wrote is safe HTML with its day, and what stood there before can
// still be read (PRIVACY-CLAUSES 30).
func TestThePolicyKeepsEarlierWords(t *testing.T) {
	h := newHouse(t)
	h.change(func(s *store.Settings) {
		s.PolicyWords = "The *first* words <script>alert(1)</script> [x](javascript:alert(1))"
	})
	first := h.page("/privacy-policy")
	says(t, first, "In nora’s own words", "<em>first</em>", "stand here since 23 November 2026")
	hides(t, first, "<script", "Earlier words", `href="javascript`)
	h.wait(48 * time.Hour)
	h.change(func(s *store.Settings) { s.PolicyWords = "The second." })
	second := h.page("/privacy-policy")
	says(t, second, "The second.", "stand here since 25 November 2026", "Earlier words", "23 November 2026 to 25 November 2026", "<em>first</em>")
	h.wait(48 * time.Hour)
	h.change(func(s *store.Settings) { s.PolicyWords = "" })
	third := h.page("/privacy-policy")
	hides(t, third, "own words</h2>")
	says(t, third, "25 November 2026 to 27 November 2026", "The second.")
}

// Who else sees the traffic is said as far as it is known.
func TestThePolicySaysWhoElseSeesTraffic(t *testing.T) {
	h := newHouse(t)
	says(t, h.page("/privacy-policy"), "nobody else sees what you read here")
	hides(t, h.page("/privacy-policy"), "stands before this server: <b>")
	for i, started := range []store.Started{{TLS: "files"}, {TrustedProxies: "127.0.0.1/32", TLS: "files"}, {TrustedProxies: "127.0.0.1/32", TLS: "off"}, {TLS: "off"}, {TLS: "auto"}} {
		h.write(func(tx *store.Tx) error { return federation.NoteStarted(tx, started) })
		h.change(func(s *store.Settings) { s.Contact = strconv.Itoa(i) + "@" + testHost }) // pages that are kept are made anew
		page := h.page("/privacy-policy")
		if i == 0 || i == 4 {
			says(t, page, "nobody else sees what you read here")
			continue
		}
		says(t, page, "Another program stands before this server and", "named nobody else who runs it")
	}
	// Twice it changed, and those days are listed.
	if page := h.page("/privacy-policy"); strings.Count(page, "Another program stands before this server: <b>yes</b>, before that no") != 1 || strings.Count(page, "Another program stands before this server: <b>no</b>, before that yes") != 1 {
		t.Errorf("changes: %s", between(page, "What changed", "</ul>"))
	}
	h.change(func(s *store.Settings) { s.ProxyOperator = "Example <Tunnels>" })
	says(t, h.page("/privacy-policy"), "passes through <bdi>Example &lt;Tunnels&gt;</bdi>")
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

// What an erasure leaves is said, each kind of it, and so is how long copies stay.
func TestThePrivacyPolicySaysWhatAnErasureLeaves(t *testing.T) {
	h := newHouse(t)
	page := h.page("/privacy-policy")
	erased := between(page, `<li id="erased">`, "</li>")
	says(t, erased, "also where it names you", "which server got it", "private conversations in which others wrote too", "a block of you", "lines of the log", "your request", "the address alone stays")
	says(t, page, "copy its database beside it, for 30 days", "stays here for 7 days", "within 31 days", "remembered for 90 days", "or voted", "brought in from elsewhere is kept for 30 days")
	says(t, erased, "older traces until they are used again")
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

// The page of a post names the app only if the owner wants it (PRIVACY-CLAUSES 3).
func TestAPostNamesItsAppIfTheOwnerWants(t *testing.T) {
	h := newHouse(t)
	p, err := h.svc.Publish(bg, federation.Draft{Text: "From the tram", App: "Tram <app>", Language: "en"})
	must(t, err)
	path := "/@nora/" + formatID(p.ID)
	hides(t, h.page(path), "Tram")
	h.change(func(s *store.Settings) { s.ShowApp = true })
	says(t, h.page(path), "with <bdi>Tram &lt;app&gt;</bdi>")
	hides(t, h.page("/@nora"), "Tram &lt;")
	h.change(func(s *store.Settings) { s.ShowApp = false })
	hides(t, h.page(path), "Tram")
}
