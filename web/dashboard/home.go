package dashboard

import (
	"html"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	homeCards       = 20
	unfinishedShown = 3
	newPostsCounted = 999
)

type unfinished struct {
	URL, Text string
	Time      time.Time
}

type homePage struct {
	assets.Owner
	Compose                                    assets.Compose
	Cards                                      []assets.Card
	NewCount                                   int
	NewSince, NewURL, MarkerBefore, MarkerText string
	Pager                                      assets.Pager
	Last                                       *assets.Delivery
	Unfinished                                 []unfinished
}

// home handles GET /me: the short compose box and what the people followed write.
// Reading it moves no marker.
func (d *Dashboard) home(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := pageOf(number(query.Get("before")), number(query.Get("after")), homeCards)
	d.show(w, r, "home", answer{cache: reply.Private}, func(v *view) (any, error) {
		var page homePage
		var err error
		if page.Owner, err = v.frame("Home", "home"); err != nil {
			return nil, err
		}
		if page.Compose, err = v.compose(nil); err != nil {
			return nil, err
		}
		if err := v.homeRows(&page, p); err != nil {
			return nil, err
		}
		return page, v.homeSide(&page)
	})
}

// homeRows reads the cards, the neighbouring pages and the place marker.
func (v *view) homeRows(page *homePage, p store.Page) error {
	v.inHome = true
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
	rows, page.Pager = cutPage(rows, p, "/me?", postID)
	var shown map[int64]int64
	if page.Cards, shown, err = v.cards(rows); err != nil {
		return err
	}
	marker, err := v.tx.HomeMarker()
	if err != nil || marker == 0 {
		return err
	}
	since := clock(v.now, v.local(store.TimeOf(marker)))
	page.MarkerText = since
	page.MarkerBefore = markerBefore(rows, shown, marker)
	if p.Max == 0 && p.Min == 0 {
		return nil
	}
	if page.NewCount, err = v.tx.CountHomeSince(marker, newPostsCounted); err == nil && page.NewCount > 0 {
		page.NewSince, page.NewURL = since, "/me"
	}
	return err
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
	drafts, err := v.tx.UnsentList()
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
