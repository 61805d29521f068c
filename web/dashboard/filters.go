package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// filterPlaces are the places where a filter counts, in the words of the page.
var filterPlaces = []struct {
	value, text string
	at          store.FilterContext
}{
	{"home", "Home, Catch up and lists", store.FilterHome}, {"notifications", "Inbox", store.FilterNotifications},
	{"public", "Hashtags and search", store.FilterPublic}, {"thread", "Conversations", store.FilterThread}, {"account", "People’s pages", store.FilterAccount},
}

var filterActions = []struct {
	value, text string
	action      store.FilterAction
}{
	{"warn", "Cover it: the filter’s title, and a press shows the post", store.FilterWarn},
	{"hide", "Leave it out", store.FilterHide}, {"blur", "Cover its pictures only", store.FilterBlur},
}

var filterTimes = []muteTime{
	{"good", "Until I delete it", 0}, {"1h", "1 hour", time.Hour}, {"1d", "1 day", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour}, {"30d", "30 days", 30 * 24 * time.Hour},
}

// filterForm is a filter as it is typed.
type filterForm struct {
	Action, Button string
	Title, Words   string // Words: one on each line
	Whole, WasAll  bool   // all words are whole ones: as chosen, and as they were
	Places         []placeChoice
	Actions, Until []assets.Option
	Error          string
}

type placeChoice struct {
	Value, Label string
	Chosen       bool
}

type filterRow struct {
	URL, Title, What, Where string
	Over                    bool
}

type filtersPage struct {
	assets.Owner
	Tabs    []assets.Tab
	Filters []filterRow
	Form    filterForm
	Trial   *filterTrial // of the form, where it was asked for
}

func filterPath(id int64) string { return "/me/filters/" + decimal(id) }

// newFilter is the form for a filter that is not made yet.
func newFilter() store.Filter { return store.Filter{Context: store.FilterEverywhere} }

// filterList handles GET /me/filters.
func (d *Dashboard) filterList(w http.ResponseWriter, r *http.Request) {
	d.showFilters(w, r, newFilter(), nil, nil)
}

// filterNew handles POST /me/filters. A new filter is opened, where it says what it
// finds; with do=try that is shown before there is one.
func (d *Dashboard) filterNew(w http.ResponseWriter, r *http.Request) {
	f := readFilterForm(newFilter(), r.PostForm, d.service.Now())
	if r.PostForm.Get("do") == "try" {
		d.showFilters(w, r, f, r.PostForm, nil)
		return
	}
	saved, err := d.service.SaveFilter(r.Context(), f, wordEdits(nil, r.PostForm)...)
	if _, ok := refused(err); ok {
		d.showFilters(w, r, f, r.PostForm, err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, filterPath(saved.ID)+"?done=saved")
}

func (d *Dashboard) showFilters(w http.ResponseWriter, r *http.Request, f store.Filter, typed url.Values, wrong error) {
	words, bad := refused(wrong)
	a := answer{}
	if bad {
		a.status = refusedStatus(wrong)
	}
	d.show(w, r, "filters", a, func(v *view) (any, error) {
		page := filtersPage{Tabs: troubleTabs("filters"), Form: v.filterForm(f, typed, words)}
		page.Form.Action, page.Form.Button = "/me/filters", "Make the filter"
		var err error
		if page.Owner, err = v.frame("Filters", "safety"); err != nil {
			return nil, err
		}
		if typed != nil && !bad {
			f.Words = typedWords(nil, typed)
			if page.Trial, err = v.tryFilter(f); err != nil {
				return nil, err
			}
			page.Trial.Unsaved = true
		}
		all, err := v.tx.Filters()
		for _, f := range all {
			page.Filters = append(page.Filters, filterRow{filterPath(f.ID), f.Title, v.filterWords(f), placeWords(f), !f.Active(v.now)})
		}
		return page, err
	})
}

// filterDoes says what becomes of a post.
var filterDoes = map[store.FilterAction]string{store.FilterWarn: "covered", store.FilterHide: "left out", store.FilterBlur: "without pictures"}

// filterWords says what a filter finds, what becomes of it, and for how long.
func (v *view) filterWords(f store.Filter) string {
	var parts []string
	if n := len(f.Words); n > 0 {
		var list []string
		for _, w := range f.Words {
			list = append(list, "“"+w.Word+"”")
		}
		parts = append(parts, someOf(list, 4))
	}
	if n := len(f.Posts); n > 0 {
		parts = append(parts, plural(n, "single post", "single posts"))
	}
	if len(parts) == 0 {
		parts = append(parts, "Nothing yet")
	}
	what := strings.Join(parts, " and ") + ": " + filterDoes[f.Action]
	if !f.ExpiresAt.IsZero() && f.Active(v.now) {
		what += ", until " + until(v.now, v.local(f.ExpiresAt))
	}
	return what
}

func placeWords(f store.Filter) string {
	var list []string
	for _, p := range filterPlaces {
		if f.Context&p.at != 0 {
			list = append(list, p.text)
		}
	}
	if len(list) == len(filterPlaces) {
		return "Everywhere"
	}
	return strings.Join(list, "; ")
}

// readFilterForm puts a sent form over a filter.
func readFilterForm(f store.Filter, form url.Values, now time.Time) store.Filter {
	f.Title, f.Context = form.Get("title"), 0
	for _, p := range filterPlaces {
		for _, chosen := range form["where"] {
			if chosen == p.value {
				f.Context |= p.at
			}
		}
	}
	for _, a := range filterActions {
		if a.value == form.Get("action") {
			f.Action = a.action
		}
	}
	for _, t := range filterTimes {
		switch {
		case t.value != form.Get("until"): // "keep", among others
		case t.lasts == 0:
			f.ExpiresAt = time.Time{}
		default:
			f.ExpiresAt = now.Add(t.lasts)
		}
	}
	return f
}

// wordEdits says how the words of a filter become those of the form: what stands
// there still keeps whether it is a whole word, unless that was chosen anew for all.
func wordEdits(had []store.FilterWord, form url.Values) []federation.FilterWordEdit {
	whole, was := form.Get("whole") == "yes", form.Get("was") == "yes"
	known := map[string]store.FilterWord{}
	for _, w := range had {
		known[w.Word] = w
	}
	var edits []federation.FilterWordEdit
	there := map[string]bool{}
	for line := range strings.Lines(form.Get("words")) {
		word := strings.Join(strings.Fields(line), " ")
		if word == "" || there[word] {
			continue
		}
		there[word] = true
		w, ok := known[word]
		if !ok {
			edits = append(edits, federation.FilterWordEdit{Word: &word, Whole: &whole})
		} else if whole != was && w.Whole != whole {
			edits = append(edits, federation.FilterWordEdit{ID: w.ID, Whole: &whole})
		}
	}
	for _, w := range had {
		if !there[w.Word] {
			edits = append(edits, federation.FilterWordEdit{ID: w.ID, Drop: true})
		}
	}
	return edits
}

// typedWords are the words that a filter has once the form is saved.
func typedWords(had []store.FilterWord, form url.Values) []store.FilterWord {
	words := slices.Clone(had)
	for _, e := range wordEdits(had, form) {
		i := slices.IndexFunc(words, func(w store.FilterWord) bool { return w.ID == e.ID && e.ID != 0 })
		switch {
		case i < 0:
			words = append(words, store.FilterWord{Word: *e.Word, Whole: *e.Whole})
		case e.Drop:
			words = slices.Delete(words, i, i+1)
		default:
			words[i].Whole = *e.Whole
		}
	}
	return words
}

// filterForm fills the fields from what is stored, or from what was typed.
func (v *view) filterForm(f store.Filter, typed url.Values, wrong string) filterForm {
	form := filterForm{Title: strings.ToValidUTF8(f.Title, ""), Whole: true, WasAll: true, Error: wrong}
	var lines []string
	for _, w := range f.Words {
		lines = append(lines, w.Word)
		form.Whole = form.Whole && w.Whole
	}
	form.Words, form.WasAll = strings.Join(lines, "\n"), form.Whole
	if typed != nil {
		form.Words, form.Whole, form.WasAll = strings.ToValidUTF8(typed.Get("words"), ""), typed.Get("whole") == "yes", typed.Get("was") == "yes"
	}
	for _, p := range filterPlaces {
		form.Places = append(form.Places, placeChoice{p.value, p.text, f.Context&p.at != 0})
	}
	for _, a := range filterActions {
		form.Actions = append(form.Actions, assets.Option{Value: a.value, Label: a.text, Selected: a.action == f.Action})
	}
	if !f.ExpiresAt.IsZero() {
		form.Until = append(form.Until, assets.Option{Value: "keep", Label: "Until " + until(v.now, v.local(f.ExpiresAt)), Selected: true})
	}
	for _, t := range filterTimes {
		form.Until = append(form.Until, assets.Option{Value: t.value, Label: t.text, Selected: t.lasts == 0 && f.ExpiresAt.IsZero()})
	}
	return form
}
