package archive

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"dassie/store"
)

// indexPost is a post as the page shows it.
type indexPost struct {
	post
	Audience, Title string
	IsBoost         bool
	By              string      // who wrote what is boosted
	Boosted         *store.Post // nil if it is not stored any more
	Shown           []indexFile
	Earlier         []indexEdit
	Sent            *indexSent
}

// indexEdit is an earlier version of a post.
type indexEdit struct {
	edit
	Shown []indexFile
	Gone  []string // what its files showed that were taken out since: those are deleted
}

type indexFile struct {
	file
	Here bool // in the archive
}

// indexSent is what is known of the servers that have a post.
type indexSent struct {
	Words   string
	Named   []server
	Others  int    // of those that accepted it, and are not named
	Faults  int    // of those that did not, and are not named
	Fetched string // servers
}

var audiences = [...]string{"Everyone", "Everyone, quietly", "Followers", "Only people named"}

const (
	namedAtMost = 8  // servers that are named one by one …
	namedFaults = 40 // … and of many, those that did not accept
)

// indexPosts writes all posts, the oldest first.
func (e *export) indexPosts(w io.Writer) (n int, err error) {
	err = e.eachPost(func(tx *store.Tx, posts []store.Post) error {
		boosted, authors, err := boostedBy(tx, posts)
		if err != nil {
			return err
		}
		err = eachWhole(tx, posts, func(row store.Post, v post) error {
			p := indexPost{post: v, Audience: audiences[row.Visibility], Title: row.Title, IsBoost: row.BoostOf != 0, Shown: e.shown(v.Files), Earlier: e.earlier(v), Sent: e.sentOf(v)}
			if b, ok := boosted[row.BoostOf]; ok {
				p.Boosted, p.By = &b, authors[b.ActorID].Handle()
			}
			return indexPage.ExecuteTemplate(w, "post", p)
		})
		n += len(posts)
		e.passed(len(posts), false)
		return err
	})
	return n, err
}

// boostedBy reads what a page of posts boosts, and who wrote it.
func boostedBy(tx *store.Tx, posts []store.Post) (map[int64]store.Post, map[int64]store.Actor, error) {
	var ids, authors []int64
	for _, p := range posts {
		if p.BoostOf != 0 {
			ids = append(ids, p.BoostOf)
		}
	}
	list, err := tx.Posts(ids)
	if err != nil {
		return nil, nil, err
	}
	boosted := make(map[int64]store.Post, len(list))
	for _, p := range list {
		boosted[p.ID] = p
		authors = append(authors, p.ActorID)
	}
	actors, err := tx.Actors(authors...)
	return boosted, actors, err
}

// earlier are the versions before, with the files that the post still has, as they
// were described then.
func (e *export) earlier(v post) []indexEdit {
	list := make([]indexEdit, len(v.Edits))
	for i, d := range v.Edits {
		list[i].edit = d
		for _, a := range d.Extra.Attachments {
			at := slices.IndexFunc(v.Files, func(f file) bool { return f.ID == a.ID })
			if at < 0 {
				list[i].Gone = append(list[i].Gone, a.Alt)
				continue
			}
			f := v.Files[at]
			f.Alt = a.Alt
			list[i].Shown = append(list[i].Shown, e.shown([]file{f})...)
		}
	}
	return list
}

// shown says which of some files are in the archive.
func (e *export) shown(files []file) []indexFile {
	list := make([]indexFile, len(files))
	for i, f := range files {
		list[i] = indexFile{f, e.files[f.Member]}
	}
	return list
}

// sentOf says who got a post, one by one and not by inbox, and counts it for the list
// of servers. It is nil where nothing was sent, is to be sent, or was fetched.
func (e *export) sentOf(v post) *indexSent {
	all := make([]store.Receipt, len(v.Servers))
	for i, r := range v.Servers {
		all[i] = store.Receipt{Host: r.Host, State: store.DeliveryState(slices.Index(deliveries[:], r.State)), Error: r.Error}
	}
	all = store.ByServer(all)
	if len(all) == 0 && len(v.FetchedBy) == 0 {
		return nil
	}
	s := indexSent{Words: sentWords(all)}
	for _, r := range all {
		word := deliveries[r.State]
		if e.ledger[r.Host] == nil {
			e.ledger[r.Host] = map[string]int{}
		}
		e.ledger[r.Host][word]++
		switch {
		case len(all) <= namedAtMost, r.State != store.DeliveryAccepted && len(s.Named) < namedFaults:
			s.Named = append(s.Named, server{Host: r.Host, State: word, Error: r.Error})
		case r.State == store.DeliveryAccepted:
			s.Others++
		default:
			s.Faults++
		}
	}
	var hosts []string
	for _, f := range v.FetchedBy[:min(len(v.FetchedBy), namedAtMost)] {
		hosts = append(hosts, f.Host)
	}
	if s.Fetched = strings.Join(hosts, ", "); len(v.FetchedBy) > namedAtMost {
		s.Fetched += fmt.Sprintf(" and %d more", len(v.FetchedBy)-namedAtMost)
	}
	return &s
}

// sentWords sum up what became of a post at the servers it is for: where it waits, it
// was never sent.
func sentWords(all []store.Receipt) string {
	states := map[string]int{}
	for _, r := range all {
		states[deliveries[r.State]]++
	}
	waits := states[deliveries[store.DeliveryWaiting]]
	delete(states, deliveries[store.DeliveryWaiting])
	switch sent := len(all) - waits; {
	case len(all) == 0:
		return "Fetched, not sent"
	case sent == 0:
		return "Waiting for " + servers(waits)
	case waits == 0:
		return "Sent to " + servers(sent) + ": " + tally(states)
	default:
		return "Sent to " + servers(sent) + ": " + tally(states) + "; waiting for " + servers(waits)
	}
}

// tally says how many there are in each state of a delivery, such as "36 accepted, 2 refused".
func tally(states map[string]int) string {
	var parts []string
	for _, state := range deliveries {
		if n := states[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

// servers says how many.
func servers(n int) string {
	if n == 1 {
		return "1 server"
	}
	return fmt.Sprintf("%d servers", n)
}

// indexLedger lists the servers that posts are for, as counted while those were written.
func (e *export) indexLedger(w io.Writer) (int, error) {
	hosts := make([]string, 0, len(e.ledger))
	for host := range e.ledger {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	return indexRows(w, []string{"Server", "Posts"}, func(add func(...string) error) error {
		for _, host := range hosts {
			if err := add(host, tally(e.ledger[host])); err != nil {
				return err
			}
		}
		return nil
	})
}
