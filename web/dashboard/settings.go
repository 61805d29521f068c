package dashboard

import (
	"net/http"
	"net/url"
	"slices"
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
	Sends                                        sendingSettings
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
	readSending(&set, form)
	return set, wrong
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
		page.Markdown = set.MarkdownAPI
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
