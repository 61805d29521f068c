package public

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"dassie/assets"
	"dassie/store"
)

// firstYear is before anything that there can be: ids begin in 2000.
const firstYear = 2000

// month is one of a year, in the owner's zone.
type month struct{ time.Time }

func (v *view) month(year, m int) month {
	return month{time.Date(year, time.Month(m), 1, 0, 0, 0, 0, v.now.Location())}
}

// span is the ids of its posts: from the first on, below the second.
func (m month) span() [2]int64 { return [2]int64{store.IDAt(m.Time), store.IDAt(m.AddDate(0, 1, 0))} }

func (m month) path() string { return m.Format("/archive/2006/01") }

// months counts what the owner wrote, by month from the first post on, oldest
// first; nil if there is nothing.
func (v *view) months() (list []month, counts []int, err error) {
	oldest, err := v.tx.OldestWritten(v.widest())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look for the oldest post: %w", err)
	}
	from := store.TimeOf(oldest).In(v.now.Location())
	end := v.month(v.now.Year(), int(v.now.Month()))
	var spans [][2]int64
	for m := v.month(max(from.Year(), firstYear), int(from.Month())); !m.After(end.Time); m = (month{m.AddDate(0, 1, 0)}) {
		list, spans = append(list, m), append(spans, m.span())
	}
	counts, err = v.tx.CountWritten(v.widest(), spans)
	return list, counts, err
}

// archive is the months of a year that have posts, newest first, and the other
// years. Year 0 is the newest that has posts; nil if there are none.
func (v *view) archive(year int) (*assets.Archive, error) {
	list, counts, err := v.months()
	if err != nil {
		return nil, err
	}
	var a *assets.Archive
	years := map[int]bool{}
	for i := len(list) - 1; i >= 0; i-- {
		m := list[i]
		if counts[i] == 0 {
			continue
		}
		if a == nil {
			if year == 0 {
				year = m.Year()
			}
			a = &assets.Archive{Year: year}
		}
		switch {
		case m.Year() == year:
			a.Months = append(a.Months, assets.Month{URL: m.path(), Short: m.Format("Jan"), Name: m.Format("January 2006"), Count: counts[i]})
		case !years[m.Year()]:
			years[m.Year()] = true
			a.Years = append(a.Years, assets.Year{URL: "/archive/" + strconv.Itoa(m.Year()), Name: m.Format("2006")})
		}
	}
	return a, nil
}

type archivePage struct {
	assets.Visitor
	Name         string
	Count        int
	Year         *assets.Archive // the page of a year; nil for that of a month
	Entries      []assets.Entry
	Pager        assets.Pager
	Before, Next *assets.Month // the neighbouring months that have posts
}

// Year answers GET of /archive/2026: the months that have posts.
func (s *Site) Year(w http.ResponseWriter, r *http.Request, year string) {
	n, err := parseNumber(year, 4, firstYear, s.svc.Now().Year()+1)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.serve(w, r, "archive "+year, func(v *view) (*page, error) {
		if !v.set.PostsOnWeb {
			return nil, store.ErrNotFound
		}
		d := archivePage{Visitor: v.visitor("Posts of "+year, "What "+v.owner.Called()+" wrote in "+year, "/archive/"+year), Name: year}
		var err error
		if d.Year, err = v.archive(n); err != nil {
			return nil, err
		}
		if d.Year == nil {
			d.Year = &assets.Archive{Year: n}
		}
		for _, m := range d.Year.Months {
			d.Count += m.Count
		}
		d.NoIndex = true
		return v.html("public_archive", d)
	})
}

// Month answers GET of /archive/2026/11: what the owner wrote in that month,
// answers to others too, newest first. One without posts names its neighbours.
func (s *Site) Month(w http.ResponseWriter, r *http.Request, year, text string) {
	y, err := parseNumber(year, 4, firstYear, s.svc.Now().Year()+1)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	n, err := parseNumber(text, 2, 1, 12)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.paged(w, r, "archive "+year+" "+text, func(v *view, before int64) (*page, error) {
		if !v.set.PostsOnWeb {
			return nil, store.ErrNotFound
		}
		return v.monthPage(v.month(y, n), before)
	})
}

func (v *view) monthPage(m month, before int64) (*page, error) {
	name, span := m.Format("January 2006"), m.span()
	d := archivePage{Visitor: v.visitor(name, "What "+v.owner.Called()+" wrote in "+name, m.path()), Name: name}
	d.NoIndex = true // each post has a page of its own
	list, counts, err := v.months()
	if err != nil {
		return nil, err
	}
	for i, other := range list {
		switch near := (&assets.Month{URL: other.path(), Name: other.Format("January 2006"), Count: counts[i]}); {
		case counts[i] == 0:
		case other.Before(m.Time):
			d.Before = near
		case other.Equal(m.Time):
			d.Count = counts[i]
		case d.Next == nil:
			d.Next = near
		}
	}
	if before == 0 || before > span[1] {
		before = span[1]
	}
	posts, err := v.tx.OwnPosts(store.Page{Max: before, Since: span[0] - 1, Limit: entriesPage + 1}, v.widest(), true, false)
	if err != nil {
		return nil, err
	}
	if before == span[1] {
		before = 0
	}
	if d.Entries, d.Pager, err = v.entriesPage(posts, before, m.path()); err != nil {
		return nil, err
	}
	return v.html("public_archive", d)
}

// parseNumber reads a number of so many digits within bounds.
func parseNumber(text string, digits, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) != digits || n < low || n > high {
		return 0, store.ErrNotFound
	}
	return n, nil
}
