package federation

import (
	"net/http"
	"net/url"
	"strconv"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	outboxPage = 20 // activities on a page
	peoplePage = 50 // followers or followed on a page
	largestID  = 1 << 62
)

// ServeOutbox answers GET of the outbox (AP 5.1): what everybody may read, newest
// first. It is counted without its private part too.
func (s *Service) ServeOutbox(w http.ResponseWriter, r *http.Request) {
	s.serveList(w, r, func(tx *store.Tx, q url.Values) (*ap.Collection, error) {
		base := s.actorURI + "/outbox"
		total, err := tx.CountOwnPosts()
		if err != nil {
			return nil, err
		}
		if q.Get("page") == "" {
			return ordered(base, total, base+"?page=true"), nil
		}
		below, err := number(q, "max_id")
		if err != nil {
			return nil, err
		}
		posts, err := tx.OwnPosts(store.Page{Max: below, Limit: outboxPage}, store.Unlisted, true, true)
		if err != nil {
			return nil, err
		}
		page := listPage(base, q, total)
		for _, p := range posts {
			kind := "Create"
			if p.BoostOf != 0 {
				kind = "Announce"
			}
			m, err := s.activityOf(tx, p, kind)
			if err != nil {
				return nil, err
			}
			page.Items = append(page.Items, m)
		}
		if len(posts) == outboxPage {
			page.Next = base + "?page=true&max_id=" + strconv.FormatInt(posts[len(posts)-1].ID, 10)
		}
		return page, nil
	})
}

// ServeFollowers answers GET of the followers (AP 5.3): always their number,
// who they are only if the owner shows it.
func (s *Service) ServeFollowers(w http.ResponseWriter, r *http.Request) {
	s.servePeople(w, r, s.followersURI(),
		func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) },
		func(tx *store.Tx, after int64) (ids []int64, last int64, err error) {
			list, err := tx.FollowersIn(store.FollowAccepted, after, peoplePage)
			for _, f := range list {
				ids = append(ids, f.ActorID)
			}
			return ids, lastID(ids), err
		})
}

// ServeFollowing answers GET of whom the owner follows (AP 5.4), those who
// accepted it, under the same rule as the followers.
func (s *Service) ServeFollowing(w http.ResponseWriter, r *http.Request) {
	s.servePeople(w, r, s.actorURI+"/following", (*store.Tx).CountFollowing,
		func(tx *store.Tx, after int64) (ids []int64, last int64, err error) {
			list, err := tx.FollowingList(after, peoplePage)
			for _, f := range list {
				if f.State == store.FollowAccepted {
					ids = append(ids, f.ActorID)
				}
			}
			if len(list) == peoplePage {
				last = list[len(list)-1].ActorID
			}
			return ids, last, err
		})
}

// lastID is where the next page starts; 0 when there is none.
func lastID(ids []int64) int64 {
	if len(ids) < peoplePage {
		return 0
	}
	return ids[len(ids)-1]
}

func (s *Service) servePeople(w http.ResponseWriter, r *http.Request, base string,
	count func(*store.Tx) (int, error), list func(tx *store.Tx, after int64) (ids []int64, last int64, err error)) {
	s.serveList(w, r, func(tx *store.Tx, q url.Values) (*ap.Collection, error) {
		shown := s.Settings().ShowLists
		total, err := count(tx)
		if err != nil {
			return nil, err
		}
		if q.Get("page") == "" {
			first := ""
			if shown {
				first = base + "?page=true"
			}
			return ordered(base, total, first), nil
		}
		if !shown {
			return nil, &reply.Error{Code: reply.NotFound}
		}
		after, err := number(q, "after")
		if err != nil {
			return nil, err
		}
		ids, last, err := list(tx, after)
		if err != nil {
			return nil, err
		}
		people, err := tx.Actors(ids...)
		if err != nil {
			return nil, err
		}
		page := listPage(base, q, total)
		for _, id := range ids {
			if a, ok := people[id]; ok {
				page.Items = append(page.Items, a.URI)
			}
		}
		if last != 0 {
			page.Next = base + "?page=true&after=" + strconv.FormatInt(last, 10)
		}
		return page, nil
	})
}

// ServeFeatured answers GET of the pinned posts, those that everybody may read.
func (s *Service) ServeFeatured(w http.ResponseWriter, r *http.Request) {
	s.serveList(w, r, func(tx *store.Tx, _ url.Values) (*ap.Collection, error) {
		pins, err := tx.Pinned(store.OwnerID)
		if err != nil {
			return nil, err
		}
		c := &ap.Collection{ID: s.actorURI + "/featured", Type: "OrderedCollection", AttributedTo: s.actorURI, Items: []any{}}
		for _, p := range pins {
			if !p.Own() || !p.Visibility.Open() || p.BoostOf != 0 {
				continue
			}
			n, err := s.noteOf(tx, p)
			if err != nil {
				return nil, err
			}
			c.Items = append(c.Items, n)
		}
		c.TotalItems = int64(len(c.Items))
		return c, nil
	})
}

// serveList answers with a collection of the owner, which is the same for
// everybody but those who are blocked (T48). It is read each time: lists change with
// each post and follow.
func (s *Service) serveList(w http.ResponseWriter, r *http.Request, read func(*store.Tx, url.Values) (*ap.Collection, error)) {
	if !s.mayFetch(w, r) {
		return
	}
	if s.claimedAsker(r).blocked {
		s.nothingHere(w, r)
		return
	}
	c, err := store.Get(r.Context(), s.store, func(tx *store.Tx) (*ap.Collection, error) { return read(tx, r.URL.Query()) })
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	d, err := activityDocument(c)
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	s.hand(w, r, d)
}

// ordered is a collection that says its size and where its first page is, if
// anywhere.
func ordered(id string, total int, first string) *ap.Collection {
	return &ap.Collection{ID: id, Type: "OrderedCollection", TotalItems: int64(total), First: first}
}

// listPage is an empty page under the address that was asked for.
func listPage(base string, q url.Values, total int) *ap.Collection {
	id := base + "?page=true"
	for _, name := range []string{"max_id", "after"} {
		if v := q.Get(name); v != "" {
			id += "&" + name + "=" + v
		}
	}
	return &ap.Collection{ID: id, Type: "OrderedCollectionPage", PartOf: base, TotalItems: int64(total), Items: []any{}}
}

// number reads where a page starts; 0 if nothing is said.
func number(q url.Values, name string) (int64, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > largestID {
		return 0, reply.Errorf(reply.Invalid, "%s is not a number of this list.", name)
	}
	return n, nil
}
