package dashboard

import (
	"html"
	"net/http"
	"slices"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	homeCards       = 20
	lateShown       = 10
	lateAge         = 7 * 24 * time.Hour // what came late is listed for so long, unless it is seen before
	unfinishedShown = 3
	newPostsCounted = 400 // rows of Home that are counted as new posts
)

type unfinished struct {
	URL, Text string
	Time      time.Time
}

// place is how the cards of a page stand to where the owner stopped reading.
type place struct {
	Kept    bool   // there is such a place
	Since   string // when it was kept: "08:12"
	Count   int    // cards above it
	Top     string // the newest post when reading began, carried from page to page
	Newer   int    // cards above that
	More    bool   // and others that were not counted
	Before  string // id of the first card already seen, where something unseen stands above it
	End     bool   // all cards are unseen, and what follows the last is not
	URL     string // the page with the place, where this one has it not
	Rows    string // the newest row of each card, for the script
	Late    string // until when what came late is listed, "" for nothing
	BackURL string // where marking as read comes back to
}

type homePage struct {
	assets.Owner
	Wave       *wave
	Compose    assets.Compose
	Cards      []assets.Card
	Late       []assets.Line
	Place      place
	Pager      assets.Pager
	Last       *assets.Delivery
	Unfinished []unfinished
}

// home handles GET /me: the short compose box and what the people followed write.
// Reading it moves no marker: a form does, or the script once the posts were seen.
func (d *Dashboard) home(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := pageOf(number(query.Get("before")), number(query.Get("after")), homeCards)
	d.show(w, r, "home", answer{cache: reply.Private}, func(v *view) (any, error) {
		var page homePage
		var err error
		if page.Owner, err = v.frame("Home", "home"); err != nil {
			return nil, err
		}
		if page.Wave, err = v.wave(false); err != nil {
			return nil, err
		}
		if page.Compose, err = v.compose(nil); err != nil {
			return nil, err
		}
		if err := v.homeRows(&page, p, number(query.Get("top"))); err != nil {
			return nil, err
		}
		return page, v.homeSide(&page)
	})
}

// homeRows reads the cards, the neighbouring pages and the place.
func (v *view) homeRows(page *homePage, p store.Page, top int64) error {
	v.inHome, v.filtersAt = true, store.FilterHome
	rows, err := v.tx.Home(p)
	if err != nil {
		return err
	}
	if p.Min > 0 && len(rows) < homeCards {
		// The top was reached: it is shown full.
		p = pageOf(0, 0, homeCards)
		if rows, err = v.tx.Home(p); err != nil {
			return err
		}
	}
	first := p.Max == 0 && p.Min == 0
	top = topOf(rows, p, top)
	rows, page.Pager = cutPage(rows, p, "/me?top="+decimal(top)+"&", postID)
	var shown map[int64]int64
	if page.Cards, shown, err = v.cards(rows); err != nil {
		return err
	}
	if page.Place, err = v.place(rows, shown, top); err != nil || !first {
		return err
	}
	late := time.Time{}
	if page.Late, late, err = v.lateLines(lateShown); len(page.Late) > 0 {
		page.Place.Late = decimal(late.UnixMilli())
	}
	return err
}

// topOf is the newest post that the owner had before them when they began to read
// down to this page; a page that was reached from below begins anew.
func topOf(rows []store.Post, p store.Page, carried int64) int64 {
	switch {
	case p.Max > 0 && carried > 0:
		return carried
	case len(rows) == 0:
		return 0
	case p.Min > 0 && len(rows) > homeCards: // cutPage takes the first away
		return rows[1].ID
	}
	return rows[0].ID
}

// place says how the rows of a page stand to the place marker.
func (v *view) place(rows []store.Post, shown map[int64]int64, top int64) (place, error) {
	at := place{Top: decimal(top), BackURL: v.path(), Rows: newestRows(rows, shown)}
	marker, err := v.tx.Marker(store.MarkerHome)
	if err != nil {
		return at, err
	}
	if at.Newer, at.More, err = v.countNew(top, newPostsCounted); err != nil {
		return at, err
	}
	if marker.LastID == 0 {
		at.Count = len(rows)
		return at, nil
	}
	at.Kept, at.Since = true, clock(v.now, v.local(marker.At))
	count, more, err := v.countNew(marker.LastID, newPostsCounted)
	if at.Count = count; at.Newer == 0 {
		at.More = more
	}
	if err != nil || count == 0 {
		return at, err
	}
	at.Before = markerBefore(rows, shown, marker.LastID)
	if at.Before == "" && len(rows) > 0 {
		last := rows[len(rows)-1].ID
		between, err := v.tx.Home(store.Page{Max: last, Since: marker.LastID, Limit: 1})
		if err != nil {
			return at, err
		}
		at.End = last > marker.LastID && len(between) == 0
	}
	if at.Before == "" && !at.End {
		at.URL = "/me?after=" + decimal(marker.LastID) + "#here"
	}
	return at, nil
}

// newestRows lists for each card the newest row that it stands for.
func newestRows(rows []store.Post, shown map[int64]int64) string {
	var list []string
	seen := map[int64]bool{}
	for _, row := range rows {
		if card, ok := shown[row.ID]; ok && !seen[card] {
			seen[card] = true
			list = append(list, decimal(row.ID))
		}
	}
	return strings.Join(list, " ")
}

// markerBefore is the first card that the owner has seen already, if something
// unseen stands above it. A card that a seen boost shares with an unseen row
// stands further up and does not count.
func markerBefore(rows []store.Post, shown map[int64]int64, marker int64) string {
	above := map[int64]bool{}
	for _, row := range rows {
		card, ok := shown[row.ID]
		if !ok {
			continue
		}
		if row.ID > marker {
			above[card] = true
		} else if !above[card] {
			if len(above) == 0 {
				return ""
			}
			return decimal(card)
		}
	}
	return ""
}

// homeRead handles POST /me/read: everything is read up to a post, and what came
// late until a moment.
func (d *Dashboard) homeRead(w http.ResponseWriter, r *http.Request) {
	var late time.Time
	if ms := number(r.PostForm.Get("late")); ms > 0 {
		late = time.UnixMilli(min(ms, d.service.Now().UnixMilli()))
	}
	if err := d.service.ReadHome(r.Context(), number(r.PostForm.Get("to")), late); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, "/me"))
}

// homeSide reads what stands beside the cards.
func (v *view) homeSide(page *homePage) error {
	last, err := v.tx.OwnPosts(store.Page{Limit: 1}, store.Direct, true, false)
	if err != nil {
		return err
	}
	if len(last) > 0 {
		if page.Last, err = v.deliveryOf(last[0].ID); err != nil {
			return err
		}
	}
	drafts, err := v.tx.UnsentList(store.UnsentDraft)
	if i := slices.IndexFunc(drafts, func(u store.Unsent) bool { return u.Draft.Problem != "" }); i >= 0 && page.Notice == nil {
		page.Notice = &assets.Notice{
			Kind: "fail", Strong: "A post was not sent.", Text: drafts[i].Draft.Problem + " Your text is kept in Drafts.",
			URL: "/me/write?draft=" + decimal(drafts[i].ID), LinkText: "Open it",
		}
	}
	for _, u := range drafts[:min(len(drafts), unfinishedShown)] {
		page.Unfinished = append(page.Unfinished, unfinished{"/me/write?draft=" + decimal(u.ID), draftExcerpt(u), v.local(u.EditedAt)})
	}
	return err
}

// draftExcerpt is the beginning of a draft on one line.
func draftExcerpt(u store.Unsent) string {
	text := u.Draft.Text
	if text == "" {
		text = u.Draft.Summary
	}
	if n := len(u.Draft.Media); text == "" && n > 0 {
		return plural(n, "file", "files") + " without text"
	}
	if text == "" {
		return "No text yet"
	}
	return firstWords(text, 100)
}

func postID(p store.Post) int64 { return p.ID }

// firstWords is the beginning of plain text on one line.
func firstWords(text string, characters int) string {
	return markup.Excerpt(html.EscapeString(text), characters)
}
