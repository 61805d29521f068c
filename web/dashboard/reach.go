package dashboard

import (
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"unicode/utf8"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	longestContact = 200  // characters
	longestRules   = 2000 // characters
)

type reachPage struct {
	assets.Owner
	Set                      store.Settings
	ContactError, RulesError string
}

// reach handles GET /me/reach: what others see, and who may find it.
func (d *Dashboard) reach(w http.ResponseWriter, r *http.Request) {
	d.showReach(w, r, answer{}, reachPage{Set: d.service.Settings()})
}

// reachSave handles POST /me/reach.
func (d *Dashboard) reachSave(w http.ResponseWriter, r *http.Request) {
	page := readReach(d.service.Settings(), r.PostForm)
	if page.ContactError != "" || page.RulesError != "" {
		d.showReach(w, r, answer{status: http.StatusUnprocessableEntity}, page)
		return
	}
	if err := d.service.SaveSettings(r.Context(), page.Set); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/reach?done=saved")
}

// readReach puts a sent form over the settings as they are.
func readReach(set store.Settings, form url.Values) reachPage {
	for name, to := range map[string]*bool{
		"discoverable": &set.Discoverable, "indexable": &set.Indexable, "lists": &set.ShowLists, "posts": &set.PostsOnWeb, "unlisted": &set.UnlistedOnWeb, "counts": &set.ShowCounts,
		"app": &set.ShowApp, "feeds": &set.Feeds, "search": &set.VisitorSearch, "search_engines": &set.SearchEngines, "ai": &set.AICrawlers, "blocked": &set.ShowBlocked,
	} {
		*to = form.Get(name) == "yes"
	}
	page := reachPage{}
	set.Contact, set.Rules = strings.TrimSpace(form.Get("contact")), strings.TrimSpace(strings.ReplaceAll(form.Get("rules"), "\r\n", "\n"))
	if !validContact(set.Contact) {
		page.ContactError = "Give a mail address, or an address that begins with https://."
	}
	if utf8.RuneCountInString(set.Rules) > longestRules {
		page.RulesError = "Use at most 2,000 characters."
	}
	page.Set = set
	return page
}

// validContact says whether a contact can be shown as a link.
func validContact(contact string) bool {
	if contact == "" {
		return true
	}
	if utf8.RuneCountInString(contact) > longestContact || strings.ContainsFunc(contact, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	if strings.HasPrefix(contact, "https://") {
		u, err := url.Parse(contact)
		return err == nil && u.Host != "" && u.User == nil
	}
	a, err := mail.ParseAddress(contact)
	return err == nil && a.Address == contact && !strings.ContainsAny(contact, `?&"`)
}

func (d *Dashboard) showReach(w http.ResponseWriter, r *http.Request, a answer, page reachPage) {
	d.show(w, r, "reach", a, func(v *view) (any, error) {
		var err error
		page.Owner, err = v.frame("What others see", "reach")
		return page, err
	})
}
