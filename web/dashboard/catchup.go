package dashboard

import (
	"cmp"
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

const (
	catchUpRows  = 2000 // of the home timeline that are read for one page, boosts included
	catchUpHours = 12   // where no place is kept yet
)

// catchUpPeriods are on offer, in hours; 0 is since the last visit.
var catchUpPeriods = []int{1, 2, 3, 6, 12, 24, 0}

// choice is one link of a row of choices: its word in the address and on the page.
type choice struct{ key, text string }

var catchUpKinds = []choice{{"", "Everything"}, {"original", "Posts"}, {"replies", "Replies"}, {"boosts", "Boosts"}, {"quotes", "Quotes"}, {"media", "With media"}}

var catchUpOrders = []choice{{"", "Newest first"}, {"oldest", "Oldest first"}, {"replies", "Most replies"}, {"likes", "Most likes"}, {"boosts", "Most boosts"}}

// catchUp is what the owner chose to see.
type catchUp struct {
	hours       int // 0: since the last visit
	kind, order string
	byAuthor    bool
}

// authorGroup is what one person wrote.
type authorGroup struct {
	ID     string
	Person assets.Person
	Lines  []assets.Line
}

type catchUpPage struct {
	assets.Owner
	Periods, Kinds, Orders []assets.Tab
	Grouping               assets.Tab
	Sum                    string
	Cut                    bool
	Lines                  []assets.Line
	Groups                 []authorGroup
	Boosted                []assets.Line // apart from what their boosters wrote
	Total                  int
	ReadTo                 string // "" where the period does not reach back to the place
	Earlier                string // the address with what lies between; "" for nothing
}

// catchup handles GET /me/catchup: all that came into Home within a period, one
// line for each post, to an end. Its choices are links.
func (d *Dashboard) catchup(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "catchup", answer{cache: reply.Private}, func(v *view) (any, error) {
		var page catchUpPage
		var err error
		if page.Owner, err = v.frame("Catch up", "catchup"); err != nil {
			return nil, err
		}
		marker, err := v.tx.Marker(store.MarkerHome)
		if err != nil {
			return nil, err
		}
		c := readCatchUp(r.URL.Query(), marker)
		since := v.catchUpSince(c, marker)
		rows, err := v.tx.HomeLines(store.Page{Since: since, Limit: catchUpRows + 1})
		if err != nil {
			return nil, err
		}
		if page.Cut = len(rows) > catchUpRows; page.Cut {
			rows = rows[:catchUpRows]
		}
		list, err := v.entries(rows)
		if err != nil {
			return nil, err
		}
		if err := v.read(people(list)...); err != nil {
			return nil, err
		}
		v.fillCatchUp(&page, c, list, marker)
		gap, err := v.tx.HomeLines(store.Page{Max: since, Since: marker.LastID, Limit: 1})
		if err != nil {
			return nil, err
		}
		switch {
		case marker.LastID != 0 && len(gap) > 0:
			earlier := c
			earlier.hours = 0
			page.Earlier = earlier.address()
		case len(rows) > 0 && !page.Cut && rows[0].ID > marker.LastID:
			page.ReadTo = decimal(rows[0].ID)
		}
		return page, nil
	})
}

// readCatchUp reads the choices; what is not on offer is the default.
func readCatchUp(query url.Values, marker store.Marker) catchUp {
	offered := func(name string, list []choice) string {
		if key := query.Get(name); slices.ContainsFunc(list, func(c choice) bool { return c.key == key }) {
			return key
		}
		return ""
	}
	c := catchUp{kind: offered("show", catchUpKinds), order: offered("by", catchUpOrders), byAuthor: query.Get("group") == "author"}
	hours, err := strconv.Atoi(query.Get("h"))
	switch {
	case err == nil && slices.Contains(catchUpPeriods, hours):
		c.hours = hours
	case marker.LastID == 0:
		c.hours = catchUpHours
	}
	if c.hours == 0 && marker.LastID == 0 {
		c.hours = catchUpHours
	}
	return c
}

// address is the page with these choices.
func (c catchUp) address() string {
	q := url.Values{"h": {strconv.Itoa(c.hours)}}
	for name, value := range map[string]string{"show": c.kind, "by": c.order} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if c.byAuthor {
		q.Set("group", "author")
	}
	return "/me/catchup?" + q.Encode()
}

// catchUpFrom is the page of Catch up that a post was opened from, "" for none.
func catchUpFrom(r *http.Request) string {
	from := reply.Local(r.URL.Query().Get("from"))
	if !strings.HasPrefix(from, "/me/catchup?") || strings.Contains(from, "#") {
		return ""
	}
	return from
}

// catchUpSince is the id above which the period begins.
func (v *view) catchUpSince(c catchUp, marker store.Marker) int64 {
	if c.hours == 0 {
		return marker.LastID
	}
	return store.IDAt(v.now.Add(-time.Duration(c.hours) * time.Hour))
}

// fillCatchUp puts entries on the page as they were chosen.
func (v *view) fillCatchUp(page *catchUpPage, c catchUp, list []entry, marker store.Marker) {
	count := map[string]int{}
	for _, choice := range catchUpKinds {
		for _, e := range list {
			if e.is(choice.key) {
				count[choice.key]++
			}
		}
	}
	page.choices(c, count, marker.LastID != 0)
	page.Total = count[""]
	page.Sum = plural(count[""], "post", "posts") + " " + v.periodWords(c, marker)
	var chosen []entry
	for _, e := range list {
		if e.is(c.kind) {
			chosen = append(chosen, e)
		}
	}
	c.sort(chosen)
	from := "?from=" + url.QueryEscape(c.address())
	groups := map[int64]int{}
	for _, e := range chosen {
		l := v.line(e, from)
		switch {
		case !e.itself && c.kind != "boosts":
			page.Boosted = append(page.Boosted, l)
		case !c.byAuthor:
			page.Lines = append(page.Lines, l)
		default:
			i, ok := groups[e.post.ActorID]
			if !ok {
				i = len(page.Groups)
				groups[e.post.ActorID] = i
				page.Groups = append(page.Groups, authorGroup{ID: decimal(e.post.ActorID), Person: v.known(e.post.ActorID)})
			}
			page.Groups[i].Lines = append(page.Groups[i].Lines, l)
		}
	}
	// Who wrote most comes first; among equals, who stands first already.
	slices.SortStableFunc(page.Groups, func(a, b authorGroup) int { return len(b.Lines) - len(a.Lines) })
}

// choices fills the rows of links.
func (page *catchUpPage) choices(c catchUp, count map[string]int, visited bool) {
	for _, hours := range catchUpPeriods {
		if hours == 0 && !visited {
			continue
		}
		other := c
		other.hours = hours
		words := strconv.Itoa(hours) + " h"
		if hours == 0 {
			words = "Since your last visit"
		}
		page.Periods = append(page.Periods, assets.Tab{URL: other.address(), Text: words, Current: hours == c.hours})
	}
	for _, kind := range catchUpKinds {
		other := c
		other.kind = kind.key
		if count[kind.key] > 0 || kind.key == c.kind || kind.key == "" {
			page.Kinds = append(page.Kinds, assets.Tab{URL: other.address(), Text: kind.text, Count: count[kind.key], Current: kind.key == c.kind})
		}
	}
	for _, order := range catchUpOrders {
		other := c
		other.order = order.key
		page.Orders = append(page.Orders, assets.Tab{URL: other.address(), Text: order.text, Current: order.key == c.order})
	}
	other := c
	other.byAuthor = !c.byAuthor
	page.Grouping = assets.Tab{URL: other.address(), Text: "Group by author", Current: c.byAuthor}
}

// periodWords says since when.
func (v *view) periodWords(c catchUp, marker store.Marker) string {
	if c.hours == 0 {
		return "since your last visit, " + clock(v.now, v.local(marker.At))
	}
	return "since " + clock(v.now, v.now.Add(-time.Duration(c.hours)*time.Hour))
}

// is says whether an entry is of a kind, "" being all. What came by boosts alone
// is a boost, whatever else it is.
func (e entry) is(kind string) bool {
	switch kind {
	case "original":
		return e.itself && e.post.ParentURI == "" && e.post.Extra.QuoteURI == ""
	case "replies":
		return e.itself && e.post.ParentURI != ""
	case "boosts":
		return len(e.by) > 0
	case "quotes":
		return e.itself && e.post.Extra.QuoteURI != ""
	case "media":
		return len(e.post.Extra.Attachments) > 0
	}
	return true
}

// sort puts entries into the chosen order, and newest first where that leaves them
// equal.
func (c catchUp) sort(list []entry) {
	by := map[string]func(store.Post) int{
		"replies": func(p store.Post) int { return p.Replies },
		"likes":   func(p store.Post) int { return p.Likes },
		"boosts":  func(p store.Post) int { return p.Boosts },
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(b.at, a.at) })
	if c.order == "oldest" {
		slices.Reverse(list)
	} else if number := by[c.order]; number != nil {
		slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(number(b.post), number(a.post)) })
	}
}
