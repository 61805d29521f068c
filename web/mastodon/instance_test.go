package mastodon

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"dassie/store"
)

const (
	instanceKeys   = "domain title version source_url description usage thumbnail icon languages rules api_versions registrations contact configuration"
	v1InstanceKeys = `uri title short_description description email version urls stats thumbnail languages registrations approval_required invites_enabled
		configuration contact_account rules max_toot_chars`
	preferenceKeys = `posting:default:visibility posting:default:sensitive posting:default:language posting:default:quote_policy
		reading:expand:media reading:expand:spoilers reading:autoplay:gifs`
)

// anybody reads what needs no token.
func (h *house) anybody(path string) (v any) {
	h.t.Helper()
	w := h.ask("GET", path, "", "Authorization", "")
	if w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &v) != nil {
		h.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return v
}

func (h *house) change(to func(*store.Settings)) {
	h.t.Helper()
	set := h.svc.Settings()
	to(&set)
	if err := h.svc.SaveSettings(h.t.Context(), set); err != nil {
		h.t.Fatal(err)
	}
}

func TestTheInstanceDescribesItself(t *testing.T) {
	h := newHouse(t)
	h.change(func(s *store.Settings) { s.Contact, s.Rules = "hello@alice.example", "Be kind.\n\nNo slugs." })
	two := h.anybody("/api/v2/instance").(object)
	hasKeys(t, "Instance", two, instanceKeys)
	hasKeys(t, "its account", two["contact"].(object)["account"], accountKeys)
	hasKeys(t, "registrations", two["registrations"], "enabled approval_required reason_required message min_age url")
	conf := two["configuration"].(object)
	hasKeys(t, "configuration", conf, "urls vapid accounts statuses media_attachments polls translation limited_federation timelines_access")
	hasKeys(t, "media", conf["media_attachments"], "description_limit supported_mime_types image_size_limit image_matrix_limit video_size_limit video_frame_rate_limit video_matrix_limit")
	if two["domain"] != "alice.example" || conf["urls"].(object)["streaming"] != "wss://alice.example" || conf["statuses"].(object)["max_characters"] != 5000.0 ||
		conf["polls"].(object)["min_expiration"] != 300.0 || two["contact"].(object)["email"] != "hello@alice.example" || conf["translation"].(object)["enabled"] != false {
		t.Errorf("%v", two)
	}
	if icon, ok := two["icon"].([]any); !ok || len(icon) != 0 || !strings.HasPrefix(two["thumbnail"].(object)["url"].(string), "https://") {
		t.Errorf("icon %v, thumbnail %v", two["icon"], two["thumbnail"])
	}
	sound(t, "instance", two["contact"])
	rules := two["rules"].([]any)
	if hasKeys(t, "Rule", rules[1], "id text hint translations"); len(rules) != 2 || rules[1].(object)["text"] != "No slugs." || rules[1].(object)["id"] != "2" {
		t.Errorf("rules %v", rules)
	}
	one := h.anybody("/api/v1/instance").(object)
	hasKeys(t, "V1::Instance", one, v1InstanceKeys)
	hasKeys(t, "stats", one["stats"], "user_count status_count domain_count")
	if one["uri"] != "alice.example" || one["urls"].(object)["streaming_api"] != "wss://alice.example" || one["version"] != two["version"] || one["max_toot_chars"] != 5000.0 {
		t.Errorf("%v", one)
	}
	if fmt.Sprint(h.anybody("/api/v1/instance/rules")) != fmt.Sprint(rules) {
		t.Error("the rules differ")
	}
}

// The mail address of the log-in is never what visitors see.
func TestT47_TheInstanceKeepsTheLogInsAddress(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/api/v2/instance", "/api/v1/instance", "/api/v1/instance/privacy_policy", "/api/v1/instance/extended_description"} {
		if text := h.ask("GET", path, "", "Authorization", "").Body.String(); strings.Contains(text, "alice@mail.example") || strings.Contains(text, "no password fits") {
			t.Errorf("%s: %s", path, text)
		}
	}
	h.change(func(s *store.Settings) { s.Contact = "https://alice.example/write" })
	if mail := h.anybody("/api/v2/instance").(object)["contact"].(object)["email"]; mail != "" {
		t.Errorf("a page became the mail address %v", mail)
	}
}

func TestTheVersionClaimsWhatIsThere(t *testing.T) {
	h := newHouse(t)
	two := h.anybody("/api/v2/instance").(object)
	got := claimed(routes)
	if want := got.version + " (compatible; dassie 1.2.3)"; two["version"] != want || two["api_versions"].(object)["mastodon"] != float64(got.api) {
		t.Errorf("version %v, API %v, want %s and %d", two["version"], two["api_versions"], want, got.api)
	}
	if !regexp.MustCompile(`^\d\.\d+\.\d+ \(compatible; `).MatchString(two["version"].(string)) {
		t.Errorf("apps cannot read %v", two["version"])
	}
	// Each claim falls with any one of its endpoints, and all that come after it.
	var all []route
	for i, c := range claims {
		for _, need := range c.needs {
			method, path, _ := strings.Cut(need, " ")
			all = append(all, route{method: method, path: path})
		}
		if claimed(all).version != c.version {
			t.Errorf("with all of %s it claims %s", c.version, claimed(all).version)
		}
		if n := len(c.needs); n > 0 && claimed(all[:len(all)-1]).version != claims[i-1].version {
			t.Errorf("without its last endpoint it claims %s still", c.version)
		}
	}
}

func TestWhatElseTheInstanceSays(t *testing.T) {
	h := newHouse(t)
	h.change(func(s *store.Settings) { s.ShowLists, s.ShowCounts, s.ShowBlocked = true, true, false })
	if peers := h.anybody("/api/v1/instance/peers").([]any); fmt.Sprint(peers) != "[bob.example]" {
		t.Errorf("peers %v", peers)
	}
	weeks := h.anybody("/api/v1/instance/activity").([]any)
	hasKeys(t, "week", weeks[0], "week statuses logins registrations")
	if first := weeks[0].(object); len(weeks) != 12 || first["week"] != "1771804800" || first["statuses"] != "2" || weeks[1].(object)["week"] != "1771200000" {
		t.Errorf("weeks %v", weeks)
	}
	h.change(func(s *store.Settings) { s.ShowLists, s.ShowCounts = false, false })
	if peers := h.anybody("/api/v1/instance/peers").([]any); len(peers) != 0 {
		t.Errorf("hidden peers %v", peers)
	}
	if one := h.anybody("/api/v1/instance").(object)["stats"].(object); one["status_count"] != 0.0 || one["domain_count"] != 0.0 {
		t.Errorf("hidden numbers %v", one)
	}
	checkError(t, h.ask("GET", "/api/v1/instance/domain_blocks", "", "Authorization", ""), 404, "blocks that are not shown")
	h.change(func(s *store.Settings) { s.ShowBlocked = true })
	h.write(func(tx *store.Tx) error { return tx.BlockHost("spam.example") })
	blocked := h.anybody("/api/v1/instance/domain_blocks").([]any)
	hasKeys(t, "DomainBlock", blocked[0], "domain digest severity comment")
	if b := blocked[0].(object); b["domain"] != "spam.example" || len(b["digest"].(string)) != 64 {
		t.Errorf("%v", b)
	}
	checkError(t, h.ask("GET", "/api/v1/instance/terms_of_service", "", "Authorization", ""), 404, "terms")
	if langs := h.anybody("/api/v1/instance/languages").([]any); len(langs) < 50 || langs[0].(object)["code"] == "" {
		t.Errorf("languages %v", langs)
	}
	for _, path := range []string{"/api/v1/instance/translation_languages", "/api/v1/custom_emojis"} {
		if text := fmt.Sprint(h.anybody(path)); text != "map[]" && text != "[]" {
			t.Errorf("%s: %s", path, text)
		}
	}
	hasKeys(t, "ExtendedDescription", h.anybody("/api/v1/instance/extended_description"), "updated_at content")
	if list := read[[]object](h, "GET", "/api/v1/announcements", ""); len(list) != 0 {
		t.Errorf("announcements %v", list)
	}
}

func TestThePrivacyPolicyOfTheClientAPI(t *testing.T) {
	h := newHouse(t)
	first := h.anybody("/api/v1/instance/privacy_policy").(object)
	hasKeys(t, "PrivacyPolicy", first, "updated_at content")
	text := first["content"].(string)
	if !strings.Contains(text, "<h2>If you visit</h2>") || strings.Contains(text, "<html") || !strings.Contains(text, "90 days") || !exactDate.MatchString(first["updated_at"].(string)) {
		t.Errorf("%s", text)
	}
	h.change(func(s *store.Settings) { s.KeepRemoteDays = 41 })
	if second := h.anybody("/api/v1/instance/privacy_policy").(object); !strings.Contains(second["content"].(string), "41 days") || second["updated_at"] == first["updated_at"] {
		t.Errorf("changed settings: %v", second["updated_at"])
	}
}

func TestPreferences(t *testing.T) {
	h := newHouse(t)
	p := read[object](h, "GET", "/api/v1/preferences", "")
	hasKeys(t, "Preferences", p, preferenceKeys)
	if p["posting:default:visibility"] != "public" || p["posting:default:language"] != "en" || p["reading:expand:media"] != "default" || p["reading:expand:spoilers"] != false {
		t.Errorf("%v", p)
	}
	h.change(func(s *store.Settings) {
		s.PostVisibility, s.PostSensitive, s.CoverMedia, s.OpenWarnings = store.Followers, true, "all", true
	})
	if p = read[object](h, "GET", "/api/v1/preferences", ""); p["posting:default:visibility"] != "private" || p["posting:default:sensitive"] != true || p["reading:expand:media"] != "hide_all" || p["reading:expand:spoilers"] != true {
		t.Errorf("%v", p)
	}
}
