package dashboard

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	longestProxy       = 200 // characters
	longestAge         = 500
	longestPolicyWords = 10000
	longestBackup      = 3650 // days
)

type privacyPage struct {
	assets.Owner
	Proxy, Backup, Age, Words string
	Errors                    map[string]string // by field
	Proxied                   bool
	Default                   string // what is said of age unless it is changed
	Contact                   string
}

// privacy handles GET /me/privacy: what the privacy page cannot know by itself.
func (d *Dashboard) privacy(w http.ResponseWriter, r *http.Request) {
	set := d.service.Settings()
	page := privacyPage{Proxy: set.ProxyOperator, Age: set.MinimumAge, Words: set.PolicyWords}
	if set.BackupDays > 0 {
		page.Backup = strconv.Itoa(set.BackupDays)
	}
	d.showPrivacy(w, r, answer{cache: reply.Private}, page)
}

// privacySave handles POST /me/privacy.
func (d *Dashboard) privacySave(w http.ResponseWriter, r *http.Request) {
	set := d.service.Settings()
	page := readPrivacy(&set, r.PostForm)
	if len(page.Errors) > 0 {
		d.showPrivacy(w, r, answer{http.StatusUnprocessableEntity, reply.Private}, page)
		return
	}
	if err := d.service.SaveSettings(r.Context(), set); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/privacy?done=saved")
}

// readPrivacy puts a sent form over the settings as they are.
func readPrivacy(set *store.Settings, form url.Values) privacyPage {
	text := func(name string) string {
		return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(form.Get(name), "\r\n", "\n"), ""))
	}
	page := privacyPage{Proxy: text("proxy"), Backup: text("backup"), Age: text("age"), Words: text("words"), Errors: map[string]string{}}
	for _, f := range []struct {
		name, text string
		most       int
		to         *string
	}{
		{"proxy", page.Proxy, longestProxy, &set.ProxyOperator}, {"age", page.Age, longestAge, &set.MinimumAge}, {"words", page.Words, longestPolicyWords, &set.PolicyWords},
	} {
		if utf8.RuneCountInString(f.text) > f.most {
			page.Errors[f.name] = "Use at most " + thousands(f.most) + " characters."
		}
		*f.to = f.text
	}
	n, err := strconv.Atoi(page.Backup)
	if page.Backup != "" && (err != nil || n < 0 || n > longestBackup) {
		page.Errors["backup"] = "Give a number of days from 0 to " + thousands(longestBackup) + ", or nothing."
	}
	set.BackupDays = n
	return page
}

func (d *Dashboard) showPrivacy(w http.ResponseWriter, r *http.Request, a answer, page privacyPage) {
	d.show(w, r, "privacy_words", a, func(v *view) (any, error) {
		for _, name := range []string{"proxy", "backup", "age", "words"} {
			if page.Errors == nil {
				page.Errors = map[string]string{}
			}
			page.Errors[name] += ""
		}
		started, err := v.tx.Started()
		if err != nil {
			return nil, err
		}
		page.Proxied, page.Default, page.Contact = started.Behind(v.d.service.Origin()), store.DefaultSettings().MinimumAge, v.set.Contact
		page.Owner, err = v.frame("Privacy page", "privacy")
		return page, err
	})
}
