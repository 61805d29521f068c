package federation

import (
	"cmp"
	"slices"
	"time"

	"dassie/store"
)

// CSVPreview says what a list will do. It is what BeginCSV does, but for what other
// servers answer.
type CSVPreview struct {
	Rows     int            // lines that can be taken
	New      int            // not here …
	Slow     int            // … of which a server has to be asked or told first
	Changed  int            // here, and changed
	Same     int            // here as the line says
	Barred   int            // left out, because of a block or because there is no room
	NewLists int            // lists that are made
	Servers  int            // that are asked or told
	Takes    time.Duration  // how long that lasts at least
	Going    int            // what is here and not in the list
	Leaving  []store.CSVRow // the first of that
	Cost     ServerListCost // of a list of servers
}

const leavingShown = 50

// PreviewCSV reads what a list will do, added to what is here or, with overwrite, in
// its place.
func PreviewCSV(tx *store.Tx, i store.CSVImport, overwrite bool) (p CSVPreview, err error) {
	switch i.Kind {
	case store.CSVDomains:
		err = p.servers(tx, i)
	case store.CSVFilters:
		err = p.filters(tx, i, overwrite)
	default:
		err = p.people(tx, i)
	}
	if err == nil && i.Kind == store.CSVLists {
		err = p.lists(tx, i, overwrite)
	}
	if err != nil || !overwrite {
		return p, err
	}
	p.Going, p.Leaving, err = tx.CSVGoing(i, leavingShown)
	return p, err
}

// people counts what needs people or posts of other servers. What a block stands
// against is left out.
func (p *CSVPreview) people(tx *store.Tx, i store.CSVImport) error {
	before, err := csvBefore(tx, i)
	if err != nil {
		return err
	}
	standing, err := tx.CSVStanding(i, sparing(i, before)...)
	if err != nil {
		return err
	}
	hosts := make([]string, 0, len(standing))
	for host := range standing {
		hosts = append(hosts, host)
	}
	bound, err := tx.BoundOf(hosts)
	if err != nil {
		return err
	}
	turns := map[string]int{}
	for host, n := range standing {
		p.Rows += n.New + n.Changed + n.Same
		out := n.Barred
		if bound[host] == store.Blocked {
			out = n.Slow
		}
		p.Barred += out
		p.New += n.New - out
		p.Changed += n.Changed
		p.Same += n.Same
		if slow := n.Slow - out; slow > 0 {
			p.Slow += slow
			p.Servers++
			turns[host] = n.Turns
		}
	}
	if p.Slow > 0 {
		p.Takes, err = csvTakes(tx, turns, before)
	}
	return err
}

// lists counts the lists that are made, and leaves out those for which there is no
// room.
func (p *CSVPreview) lists(tx *store.Tx, i store.CSVImport, overwrite bool) error {
	titles, err := tx.CSVTitles(i.ID)
	if err != nil {
		return err
	}
	all, err := tx.Lists()
	if err != nil {
		return err
	}
	here, named := map[string]bool{}, 0
	for _, l := range all {
		here[l.Title] = true
		for _, t := range titles {
			if t.Title == l.Title {
				named++
				break
			}
		}
	}
	room := maxLists - len(all)
	if overwrite {
		room = maxLists - named // the others go
	}
	for _, t := range titles {
		switch {
		case here[t.Title]:
		case p.NewLists < room:
			p.NewLists++
		default:
			p.Barred += t.N
			p.New -= t.N
		}
	}
	return nil
}

func (p *CSVPreview) filters(tx *store.Tx, i store.CSVImport, overwrite bool) error {
	all, err := tx.Filters()
	if err != nil {
		return err
	}
	if err := p.people(tx, i); err != nil { // the posts
		return err
	}
	room := maxFilters - len(all)
	if overwrite {
		going, _, err := tx.CSVGoing(i, 1)
		if err != nil {
			return err
		}
		room += going
	}
	for after := 0; ; {
		rows, err := tx.CSVRows(i.ID, after, csvSlice)
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].Line
		for _, r := range rows {
			if r.Wish.Filter == nil {
				continue
			}
			p.Rows++
			plan := planFilter(nthFilter(all, r.Title, r.Wish.Nth), *r.Wish.Filter, overwrite)
			switch {
			case plan.same:
				p.Same++
			case !plan.fresh:
				p.Changed++
			case room > 0:
				p.New++
				room--
			default:
				p.Barred++
			}
		}
	}
}

func (p *CSVPreview) servers(tx *store.Tx, i store.CSVImport) error {
	rows, err := tx.CSVRows(i.ID, 0, maxListed)
	if err != nil {
		return err
	}
	list := make([]ListedServer, len(rows))
	for n, r := range rows {
		list[n] = ListedServer{r.Key, r.Wish.Bound, r.Wish.Comment}
	}
	p.Cost, err = CostOfServerList(tx, list, false)
	p.Rows, p.New, p.Same = len(rows), len(p.Cost.New), p.Cost.Here
	return err
}

// CSVProgress is how far an import is.
type CSVProgress struct {
	Total    int // lines that came, without those that were wrong
	Waiting  int
	Taken    int // took effect
	Same     int
	NotFound int
	Silent   int // whose server did not answer
	Refused  int
	Gone     int           // of what was here and not in the list
	Leaving  int           // that still waits to go
	Sent     int           // follows that were sent: they
	Asked    int           // wait for an answer …
	Accepted int           // … were accepted …
	Rejected int           // … or turned down
	Left     time.Duration // how long it lasts yet at least
}

// ProgressOfCSV reads that.
func ProgressOfCSV(tx *store.Tx, i store.CSVImport) (p CSVProgress, err error) {
	counts, err := tx.CSVCounts(i.ID)
	if err != nil {
		return p, err
	}
	for _, c := range counts {
		if c.Leaves {
			if c.State == store.CSVWaiting {
				p.Leaving += c.N
			} else {
				p.Gone += c.N
			}
			continue
		}
		p.Total += c.N
		switch c.State {
		case store.CSVWaiting:
			p.Waiting += c.N
		case store.CSVTaken:
			p.Taken += c.N
		case store.CSVSame:
			p.Same += c.N
		case store.CSVNotFound:
			p.NotFound += c.N
		case store.CSVSilent:
			p.Silent += c.N
		case store.CSVRefused:
			p.Refused += c.N
		}
		if i.Kind == store.CSVFollowing && c.State == store.CSVTaken && c.Told {
			p.Sent += c.N
			switch store.FollowState(c.Follow) {
			case store.FollowAsked:
				p.Asked += c.N
			case store.FollowAccepted:
				p.Accepted += c.N
			case store.FollowRejected:
				p.Rejected += c.N
			}
		}
	}
	if p.Waiting == 0 {
		return p, nil
	}
	before, err := csvBefore(tx, i)
	if err != nil {
		return p, err
	}
	turns, err := tx.CSVTurns(i.ID, sparing(i, before)...)
	if err == nil {
		p.Left, err = csvTakes(tx, turns, before)
	}
	return p, err
}

// csvBefore lists what is at work and comes before a list, in its order.
func csvBefore(tx *store.Tx, i store.CSVImport) (before []store.CSVImport, err error) {
	all, err := tx.CSVRunning()
	for _, other := range all {
		if order := csvOrder[other.Kind] - csvOrder[i.Kind]; order < 0 || order == 0 && other.ID < i.ID {
			before = append(before, other)
		}
	}
	slices.SortStableFunc(before, func(a, b store.CSVImport) int { return cmp.Compare(csvOrder[a.Kind], csvOrder[b.Kind]) })
	return before, err
}

// sparing are those of the lists before one after which whoever waits in both needs no
// turn any more: people who are followed then, or whom and what is known then.
func sparing(i store.CSVImport, before []store.CSVImport) (ids []int64) {
	follows := func(k store.CSVKind) bool { return k == store.CSVFollowing || k == store.CSVLists }
	for _, other := range before {
		if follows(other.Kind) || !follows(i.Kind) {
			ids = append(ids, other.ID)
		}
	}
	return ids
}

// csvTakes is how long a list needs at least that has so many turns of each server.
// Lists that come before it are asked about first.
func csvTakes(tx *store.Tx, turns map[string]int, before []store.CSVImport) (time.Duration, error) {
	all, most := 0, 0
	for _, n := range turns {
		all += n
	}
	for n, other := range before {
		more, err := tx.CSVTurns(other.ID, sparing(other, before[:n])...)
		if err != nil {
			return 0, err
		}
		for host, n := range more {
			all += n
			if _, asked := turns[host]; asked {
				turns[host] += n
			}
		}
	}
	for _, n := range turns {
		most = max(most, n)
	}
	return max(time.Duration(all)*CSVGap, time.Duration(most)*CSVHostGap), nil
}
