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
	Sent            *indexSent
}

type indexFile struct {
	file
	Here bool // in the archive
}

// indexSent is what is known of the servers that have a post.
type indexSent struct {
	Words   string
	Named   []server
	Others  int    // of those that accepted it
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
		list, err := wholes(tx, posts)
		if err != nil {
			return err
		}
		boosted, authors, err := boostedBy(tx, posts)
		if err != nil {
			return err
		}
		for i, v := range list {
			p := indexPost{post: v, Audience: audiences[posts[i].Visibility], Title: posts[i].Title, IsBoost: posts[i].BoostOf != 0, Shown: e.shown(v.Files), Sent: e.sentOf(v)}
			if b, ok := boosted[posts[i].BoostOf]; ok {
				p.Boosted, p.By = &b, authors[b.ActorID].Handle()
			}
			if err := indexPage.ExecuteTemplate(w, "post", p); err != nil {
				return err
			}
		}
		n += len(list)
		e.passed(len(list), false)
		return nil
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

func (e *export) shown(files []file) []indexFile {
	list := make([]indexFile, len(files))
	for i, f := range files {
		list[i] = indexFile{f, e.files[f.Member]}
	}
	return list
}

// sentOf says who got a post, and counts it for the list of servers. It is nil where
// nothing was sent or fetched.
func (e *export) sentOf(v post) *indexSent {
	if len(v.Servers) == 0 && len(v.FetchedBy) == 0 {
		return nil
	}
	var s indexSent
	if s.Words = "Fetched, not sent"; len(v.Servers) > 0 {
		s.Words = "Sent to " + counted1(len(v.Servers), "server") + ": " + tally(func(state string) (n int) {
			for _, r := range v.Servers {
				if r.State == state {
					n++
				}
			}
			return n
		})
	}
	for _, r := range v.Servers {
		if e.ledger[r.Host] == nil {
			e.ledger[r.Host] = map[string]int{}
		}
		e.ledger[r.Host][r.State]++
		switch {
		case len(v.Servers) <= namedAtMost, r.State != deliveries[store.DeliveryAccepted] && len(s.Named) < namedFaults:
			s.Named = append(s.Named, r)
		case r.State == deliveries[store.DeliveryAccepted]:
			s.Others++
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

// tally says how many there are in each state of a delivery, such as "36 accepted, 2 refused".
func tally(count func(state string) int) string {
	var parts []string
	for _, state := range deliveries {
		if n := count(state); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

func counted1(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// indexLedger lists the servers that posts were sent to, as counted while those were written.
func (e *export) indexLedger(w io.Writer) (int, error) {
	hosts := make([]string, 0, len(e.ledger))
	for host := range e.ledger {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	return indexRows(w, []string{"Server", "Posts"}, func(add func(...string) error) error {
		for _, host := range hosts {
			if err := add(host, tally(func(state string) int { return e.ledger[host][state] })); err != nil {
				return err
			}
		}
		return nil
	})
}
