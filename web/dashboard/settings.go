package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

type settingsPage struct {
	assets.Owner
	Approve, AuthorizedFetch, Keys, LinkPreviews bool
	Waiting                                      int
	Languages, Zones, Quotable, Covers           []assets.Option
	OpenWarnings                                 bool
	Errors                                       map[string]string
	NewPosts                                     []assets.Option // for whom they are
	Covered                                      bool            // pictures of new posts by apps
	Markdown                                     bool            // in posts by apps
	Kept                                         []keptField
	Sends                                        sendingSettings
}

// keptField is a number that says how long, or how much, is kept.
type keptField struct{ Name, Label, Hint, Value, Error string }

// keptSettings are those fields, with what they may be.
var keptSettings = []struct {
	name, label, hint string
	least, most       int
	of                func(*store.Settings) *int
}{
	{"remote_days", "Days for others’ posts", "At most 90. What you answered, liked, boosted, saved or pinned stays, and so does what names you.", 1, 90, func(s *store.Settings) *int { return &s.KeepRemoteDays }},
	{"media_mb", "Megabytes for others’ pictures", "16 to 512. What nobody looked at for 7 days goes anyhow; all of it is fetched again when it is needed.", 16, 512, func(s *store.Settings) *int { return &s.MediaCacheMB }},
	{"address_days", "Days for the addresses of your log-ins", "At most 365; 0 keeps none. The privacy policy says so.", 0, 365, func(s *store.Settings) *int { return &s.KeepAddressDays }},
}

// settings handles GET /me/settings.
func (d *Dashboard) settings(w http.ResponseWriter, r *http.Request) {
	d.showSettings(w, r, answer{}, d.service.Settings(), nil)
}

// settingsSave handles POST /me/settings.
func (d *Dashboard) settingsSave(w http.ResponseWriter, r *http.Request) {
	set, wrong := readSettings(d.service.Settings(), r.PostForm)
	if len(wrong) > 0 {
		d.showSettings(w, r, answer{status: http.StatusUnprocessableEntity}, set, wrong)
		return
	}
	if err := d.service.SaveSettings(r.Context(), set); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/settings?done=saved")
}

// readSettings puts a sent form over the settings as they are, and says what is
// wrong by field.
func readSettings(set store.Settings, form url.Values) (store.Settings, map[string]string) {
	yes := func(name string) bool { return form.Get(name) == "yes" }
	set.ApproveFollowers, set.AuthorizedFetch, set.Keys, set.LinkPreviews = yes("approve"), yes("authorized_fetch"), yes("keys"), yes("link_previews")
	set.OpenWarnings, set.MarkdownAPI = yes("open_warnings"), yes("markdown")
	if cover := form.Get("cover_media"); slices.Contains(store.MediaCovers, cover) {
		set.CoverMedia = cover
	}
	wrong := map[string]string{}
	if language := form.Get("language"); assets.LanguageListed(language) || language == set.Language {
		set.Language = language
	} else {
		wrong["language"] = "Choose a language from the list."
	}
	name := form.Get("timezone")
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		wrong["timezone"] = "Choose a time zone from the list."
	} else {
		set.Timezone = name
	}
	if quotable := store.QuotePolicy(form.Get("quotable")); quotable.Valid() {
		set.QuotePolicy = quotable
	}
	if v, ok := visibilityOf(form.Get("new_posts")); ok && v <= store.Followers {
		set.PostVisibility = v
	}
	set.PostSensitive = yes("covered")
	for _, k := range keptSettings {
		text := strings.TrimSpace(form.Get(k.name))
		if n, err := strconv.Atoi(text); err == nil && n >= k.least && n <= k.most {
			*k.of(&set) = n
		} else if form.Has(k.name) {
			wrong[k.name] = "Give a number from " + strconv.Itoa(k.least) + " to " + strconv.Itoa(k.most) + "."
		}
	}
	readSending(&set, form)
	return set, wrong
}

// keptFields draws them; what was sent and not taken is shown again.
func keptFields(set store.Settings, form url.Values, wrong map[string]string) (list []keptField) {
	for _, k := range keptSettings {
		f := keptField{k.name, k.label, k.hint, strconv.Itoa(*k.of(&set)), wrong[k.name]}
		if f.Error != "" {
			f.Value = form.Get(k.name)
		}
		list = append(list, f)
	}
	return list
}

// newPosts are the choices of whom new posts are for.
func newPosts(chosen store.Visibility) []assets.Option {
	return []assets.Option{
		{Value: "everyone", Label: "Everyone", Selected: chosen == store.Public}, {Value: "quiet", Label: "Everyone, quietly", Selected: chosen == store.Unlisted},
		{Value: "followers", Label: "Followers", Selected: chosen == store.Followers},
	}
}

func (d *Dashboard) showSettings(w http.ResponseWriter, r *http.Request, a answer, set store.Settings, wrong map[string]string) {
	if wrong == nil {
		wrong = map[string]string{}
	}
	for _, field := range []string{"language", "timezone"} {
		if _, ok := wrong[field]; !ok {
			wrong[field] = ""
		}
	}
	d.show(w, r, "settings", a, func(v *view) (any, error) {
		page := settingsPage{
			Approve: set.ApproveFollowers, AuthorizedFetch: set.AuthorizedFetch, Keys: set.Keys, LinkPreviews: set.LinkPreviews, Quotable: quotable(set.QuotePolicy),
			Languages: assets.Languages(set.Language), Zones: assets.Zones(set.Timezone), Errors: wrong,
			Covers: covers(set.CoverMedia), OpenWarnings: set.OpenWarnings,
		}
		page.Sends = sendingOf(set)
		page.NewPosts, page.Covered = newPosts(set.PostVisibility), set.PostSensitive
		page.Markdown, page.Kept = set.MarkdownAPI, keptFields(set, r.PostForm, wrong)
		var err error
		page.Owner, err = v.frame("Settings", "settings")
		page.Waiting = page.Requests
		return page, err
	})
}

// covers are the choices of which pictures apps cover.
func covers(chosen string) []assets.Option {
	return []assets.Option{
		{Value: "", Label: "Those marked as sensitive", Selected: chosen == ""}, {Value: "all", Label: "All of them", Selected: chosen == "all"},
		{Value: "none", Label: "None", Selected: chosen == "none"},
	}
}

// more handles GET /me/more: what has no place in the phone's bar.
func (d *Dashboard) more(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "more", answer{}, func(v *view) (any, error) {
		owner, err := v.frame("More", "more")
		return struct{ assets.Owner }{owner}, err
	})
}
