package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	expiryPath    = "/me/data/expiry"
	expiryPreview = 20 // posts that are shown before it is switched on
	expiryLogged  = 20
)

type expiryPage struct {
	assets.Owner
	State         string // "off", "soon", "on" or "paused"
	From          time.Time
	Due, Hours    int // posts that are old enough, and how long they take
	Ages          []assets.Option
	Stay          []expiryStay
	Boosts        bool
	Likes, Shares string
	Errors        map[string]string
	Gone          []expiredRow
	Went          int // posts and boosts that went in the last year
	Pager         assets.Pager
}

// expiryStay is an exception: what stays.
type expiryStay struct {
	Name, Label string
	On          bool
}

type expiredRow struct {
	URL, What string
	Time      time.Time
}

type expiryAskPage struct {
	assets.Owner
	Count, Hours, All int
	Later             bool // it begins a day after this
	Age               string
	Rows              []expiryRow
	Fields            []hidden
}

type expiryRow struct {
	URL, Text string
	Time      time.Time
}

// expiryStays are the exceptions in the order of the form.
var expiryStays = []struct {
	name, label string
	out         func(*store.Expiry) *bool
}{
	{"pinned", "Pinned posts", func(e *store.Expiry) *bool { return &e.Go.Pinned }},
	{"saved", "Posts that you saved", func(e *store.Expiry) *bool { return &e.Go.Saved }},
	{"liked", "Posts of yours that you liked", func(e *store.Expiry) *bool { return &e.Go.Liked }},
	{"private", "Private mentions", func(e *store.Expiry) *bool { return &e.Go.Private }},
	{"polls", "Polls", func(e *store.Expiry) *bool { return &e.Go.Polls }},
	{"media", "Posts with pictures, films or sound", func(e *store.Expiry) *bool { return &e.Go.Media }},
	{"tagged", "Posts with the hashtag #" + store.KeepTag, func(e *store.Expiry) *bool { return &e.Go.Tagged }},
}

// expiryNumbers are the numbers that keep a post.
var expiryNumbers = []struct {
	name string
	of   func(*store.Expiry) *int
}{
	{"likes", func(e *store.Expiry) *int { return &e.Likes }},
	{"shares", func(e *store.Expiry) *int { return &e.Shares }},
}

// expiry handles GET /me/data/expiry: when own posts are deleted for their age.
func (d *Dashboard) expiry(w http.ResponseWriter, r *http.Request) {
	d.showExpiry(w, r, http.StatusOK, d.service.Settings().Expiry, nil)
}

func (d *Dashboard) showExpiry(w http.ResponseWriter, r *http.Request, status int, form store.Expiry, wrong map[string]string) {
	d.show(w, r, "expiry", answer{status: status}, func(v *view) (any, error) {
		now := d.service.Settings().Expiry
		page := expiryPage{State: expiryState(now, v.now), From: v.local(now.From), Boosts: form.Boosts, Errors: wrong, Ages: expiryAges(form.Days)}
		for _, s := range expiryStays {
			page.Stay = append(page.Stay, expiryStay{s.name, s.label, !*s.out(&form)})
		}
		page.Likes, page.Shares = numberOrNothing(form.Likes), numberOrNothing(form.Shares)
		var err error
		if page.Due, err = v.tx.CountOutdated(now, v.now); err != nil {
			return nil, err
		}
		page.Hours = expiryHours(page.Due)
		if err := v.expired(&page); err != nil {
			return nil, err
		}
		page.Owner, err = v.frame("Old posts", "data")
		return page, err
	})
}

// expired reads a page of the log of what went.
func (v *view) expired(page *expiryPage) (err error) {
	if page.Went, _, err = v.tx.CountExpired(time.Time{}); err != nil {
		return err
	}
	query := v.r.URL.Query()
	before := store.Expired{At: time.UnixMilli(number(query.Get("at"))), PostID: number(query.Get("before"))}
	if before.PostID == 0 {
		before = store.Expired{}
	} else {
		page.Pager.Newer, page.Pager.NewerText = expiryPath+"#gone", "To the newest"
	}
	list, err := v.tx.ExpiredPosts(before, expiryLogged+1)
	if err != nil {
		return err
	}
	if len(list) > expiryLogged {
		list = list[:expiryLogged]
		last := list[len(list)-1]
		page.Pager.Older = fmt.Sprintf("%s?at=%d&before=%d#gone", expiryPath, last.At.UnixMilli(), last.PostID)
		page.Pager.OlderText = "Earlier"
	}
	for _, x := range list {
		row := expiredRow{URL: postPath(x.PostID) + "/delivery", What: "A post", Time: v.local(x.At)}
		if x.Boost {
			row.URL, row.What = "", "A boost"
		}
		page.Gone = append(page.Gone, row)
	}
	return nil
}

func expiryState(e store.Expiry, now time.Time) string {
	switch {
	case e.Days == 0:
		return "off"
	case e.Paused:
		return "paused"
	case now.Before(e.From):
		return "soon"
	}
	return "on"
}

// expiryHours is how long so many posts take.
func expiryHours(posts int) int { return (posts + 59) / 60 }

func expiryAges(days int) []assets.Option {
	list := []assets.Option{{Value: "0", Label: "Never", Selected: days == 0}}
	for _, n := range store.ExpiryDays {
		list = append(list, assets.Option{Value: strconv.Itoa(n), Label: ageInWords(n), Selected: n == days})
	}
	return list
}

// ageInWords says an age as people do.
func ageInWords(days int) string {
	switch {
	case days%365 == 0:
		return plural(days/365, "year", "years")
	case days >= 30:
		return plural((days+1)/30, "month", "months")
	}
	return plural(days/7, "week", "weeks")
}

func numberOrNothing(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// readExpiry reads the form, and says what is wrong by field.
func readExpiry(form url.Values) (e store.Expiry, wrong map[string]string) {
	wrong = map[string]string{}
	days, err := strconv.Atoi(form.Get("after"))
	e.Days = days
	if e.Clamp(); err != nil || e.Days != days {
		wrong["after"] = "Choose an age from the list."
	}
	stays := map[string]bool{}
	for _, name := range form["stay"] {
		stays[name] = true
	}
	for _, s := range expiryStays {
		*s.out(&e) = !stays[s.name]
	}
	e.Boosts = form.Get("boosts") == "yes"
	for _, f := range expiryNumbers {
		text := strings.TrimSpace(form.Get(f.name))
		n, err := strconv.ParseUint(text, 10, 19)
		if text != "" && (err != nil || n == 0) {
			wrong[f.name] = "Give a number from 1 on, or nothing."
		}
		*f.of(&e) = int(n)
	}
	return e, wrong
}

// expiryAsk handles GET /me/data/expiry/preview: what would go, before anything does.
func (d *Dashboard) expiryAsk(w http.ResponseWriter, r *http.Request) {
	e, wrong := readExpiry(r.URL.Query())
	if len(wrong) > 0 {
		d.showExpiry(w, r, http.StatusUnprocessableEntity, e, wrong)
		return
	}
	d.show(w, r, "expiry_ask", answer{}, func(v *view) (any, error) {
		page := expiryAskPage{Later: e.Wider(d.service.Settings().Expiry), Fields: expiryFields(e)}
		if e.Days != 0 {
			page.Age = ageInWords(e.Days)
		}
		sizes, err := v.tx.ArchiveSizes()
		if err != nil {
			return nil, err
		}
		page.All = sizes.Posts
		if page.Count, err = v.tx.CountOutdated(e, v.now); err != nil {
			return nil, err
		}
		page.Hours = expiryHours(page.Count)
		list, err := v.tx.Outdated(e, 0, v.now, expiryPreview)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			page.Rows = append(page.Rows, v.expiryRow(p))
		}
		page.Owner, err = v.frame("What would go", "data")
		return page, err
	})
}

func (v *view) expiryRow(p store.Post) expiryRow {
	row := expiryRow{URL: postPath(p.ID), Text: markup.Excerpt(p.Content, 120), Time: v.local(p.PublishedAt)}
	switch {
	case p.BoostOf != 0:
		row.URL, row.Text = postPath(p.BoostOf), "A boost"
	case p.Summary != "":
		row.Text = firstWords(p.Summary, 120)
	case row.Text == "":
		row.Text = "Without words"
	}
	return row
}

// expiryFields is a choice as the fields of a form.
func expiryFields(e store.Expiry) []hidden {
	list := []hidden{{"after", strconv.Itoa(e.Days)}}
	for _, s := range expiryStays {
		if !*s.out(&e) {
			list = append(list, hidden{"stay", s.name})
		}
	}
	if e.Boosts {
		list = append(list, hidden{"boosts", "yes"})
	}
	for _, f := range expiryNumbers {
		if n := *f.of(&e); n != 0 {
			list = append(list, hidden{f.name, strconv.Itoa(n)})
		}
	}
	return list
}

// expirySave handles POST /me/data/expiry: a choice that was looked at, or pause, go on
// and stop.
func (d *Dashboard) expirySave(w http.ResponseWriter, r *http.Request) {
	var err error
	done := "expiry"
	switch what := r.PostForm.Get("do"); what {
	case "pause", "resume":
		err, done = d.service.PauseExpiry(r.Context(), what == "pause"), "expiry-"+what
	case "stop":
		err, done = d.service.SetExpiry(r.Context(), store.Expiry{}), "expiry-stop"
	default:
		e, wrong := readExpiry(r.PostForm)
		if len(wrong) > 0 {
			d.showExpiry(w, r, http.StatusUnprocessableEntity, e, wrong)
			return
		}
		if err = d.service.SetExpiry(r.Context(), e); e.Days == 0 {
			done = "expiry-stop"
		}
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, expiryPath+"?done="+done)
}
