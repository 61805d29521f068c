package dashboard

import (
	"strconv"
	"time"

	"dassie/assets"
	"dassie/store"
)

// audiences are the words of the forms for the four visibilities.
var audiences = map[store.Visibility]string{
	store.Public: "everyone", store.Unlisted: "quiet", store.Followers: "followers", store.Direct: "named",
}

func audienceOf(v store.Visibility) string { return audiences[v] }

// visibilityOf reads the word of a form; false for one that we do not write.
func visibilityOf(word string) (store.Visibility, bool) {
	for v, name := range audiences {
		if name == word {
			return v, true
		}
	}
	return store.Public, false
}

// plural is "1 server is" or "3 servers are".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// span says how long something lasted in its largest unit: "6 years".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute", "minutes")
	case d < 2*day:
		return plural(int(d/time.Hour), "hour", "hours")
	case d < 60*day:
		return plural(int(d/day), "day", "days")
	case d < 730*day:
		return plural(int(d/(30*day)), "month", "months")
	}
	return plural(int(d/(365*day)), "year", "years")
}

// ago is "40 minutes ago", or "just now".
func ago(now, t time.Time) string {
	if now.Sub(t) < time.Minute {
		return "just now"
	}
	return span(now.Sub(t)) + " ago"
}

// month is "March 2024".
func month(t time.Time) string { return t.Format("January 2006") }

// clock is a time of the last day as "15:04", an older one with its date.
func clock(now, t time.Time) string {
	if now.Sub(t) < 24*time.Hour {
		return t.Format("15:04")
	}
	return t.Format("2 January, 15:04")
}

// softwareNames are how programs write themselves; NodeInfo has them in lower case.
var softwareNames = map[string]string{
	"mastodon": "Mastodon", "gotosocial": "GoToSocial", "pleroma": "Pleroma", "akkoma": "Akkoma", "misskey": "Misskey",
	"sharkey": "Sharkey", "iceshrimp": "Iceshrimp", "pixelfed": "Pixelfed", "peertube": "PeerTube", "friendica": "Friendica",
	"lemmy": "Lemmy", "wordpress": "WordPress", "writefreely": "WriteFreely", "hubzilla": "Hubzilla",
}

// software is "Mastodon 4.5", "" if nothing is known.
func software(h store.Host) string {
	name := h.Software
	if known, ok := softwareNames[name]; ok {
		name = known
	}
	if name != "" && h.Version != "" {
		name += " " + h.Version
	}
	return name
}

// pageOf reads which page of a list of ids is asked for.
func pageOf(before, after int64, size int) store.Page {
	p := store.Page{Limit: size + 1}
	if after > 0 {
		p.Min = after
	} else {
		p.Max = before
	}
	return p
}

// cutPage drops the one row too many that pageOf asks for, and names the
// neighbouring pages. base ends in "?" or "&".
func cutPage[T any](rows []T, p store.Page, base string, id func(T) int64) ([]T, assets.Pager) {
	var pager assets.Pager
	size := p.Limit - 1
	more := len(rows) > size
	if p.Min > 0 {
		// Paging up: the row too many is the newest one.
		if more {
			rows = rows[1:]
			pager.Newer = base + "after=" + decimal(id(rows[0]))
		}
		if len(rows) > 0 {
			pager.Older = base + "before=" + decimal(id(rows[len(rows)-1]))
		}
		return rows, pager
	}
	if more {
		rows = rows[:size]
		pager.Older = base + "before=" + decimal(id(rows[size-1]))
	}
	if p.Max > 0 && len(rows) > 0 {
		pager.Newer = base + "after=" + decimal(id(rows[0]))
	}
	return rows, pager
}

// until is a time to come as "14:00", "tomorrow, 14:00" or "3 April, 14:00".
func until(now, t time.Time) string {
	switch tomorrow := now.AddDate(0, 0, 1); {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format("15:04")
	case t.YearDay() == tomorrow.YearDay() && t.Year() == tomorrow.Year():
		return "tomorrow, " + t.Format("15:04")
	}
	return t.Format("2 January, 15:04")
}

// aboutLeft rounds a time to come to the unit that it is told in, so that what was
// asked for is what is said: 7 days are not 6 a moment later.
func aboutLeft(d time.Duration) time.Duration {
	switch {
	case d >= 47*time.Hour:
		return d.Round(24 * time.Hour)
	case d >= 59*time.Minute:
		return d.Round(time.Hour)
	}
	return d.Round(time.Minute)
}

// dayOf is "12 March 2026".
func dayOf(t time.Time) string { return t.Format("2 January 2006") }
