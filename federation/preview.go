package federation

import (
	"context"
	"errors"
	"time"

	"dassie/federation/markup"
	"dassie/store"
)

// Reach says whom a draft will reach.
type Reach struct {
	People  int  // followers and people named, each once
	Servers int  // that get a copy
	Wide    bool // the followers get it
	Named   []store.Actor
	Lost    []markup.Handle // named, but not found: they stay plain text
}

// Previewed is what a draft would be as a post, with nothing stored: no row has
// its id.
type Previewed struct {
	Post   store.Post
	Quote  QuoteView    // what it quotes; State is "" for nothing
	Thread []store.Post // what follows it
	Reach  Reach
}

// Preview is what Publish would make of a draft, to the byte, and whom that will
// reach. Like Publish it looks people up over the network; nothing is stored but them.
func (s *Service) Preview(ctx context.Context, d Draft) (Previewed, error) {
	var out Previewed
	if err := checkDraft(&d); err != nil {
		return out, err
	}
	w, err := s.write(ctx, d)
	if err != nil {
		return out, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		out = Previewed{}
		p, people, err := s.compose(tx, d, w)
		if err != nil {
			return err
		}
		if err := pretendAttached(tx, &p, d.Media); err != nil {
			return err
		}
		out.Post = p
		lost, all := w.lost, people
		for i, part := range w.rest {
			draft := d.following(i, p, people)
			draft.ParentID = 0 // no row has it
			next, more, err := s.compose(tx, draft, part)
			if err != nil {
				return err
			}
			out.Thread, lost = append(out.Thread, next), append(lost, part.lost...)
			all = withPeople(all, more)
		}
		if out.Reach, err = s.reach(tx, p, all); err != nil {
			return err
		}
		out.Reach.Lost = lost
		out.Quote, err = s.pretendQuoted(tx, d.QuoteID)
		return err
	})
	return out, err
}

// PreviewEdit is the same of what Edit would make of a post.
func (s *Service) PreviewEdit(ctx context.Context, postID int64, d Draft) (Previewed, error) {
	var out Previewed
	before, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return ownPost(tx, postID) })
	if err != nil {
		return out, err
	}
	d.Visibility, d.Poll, d.Thread = before.Visibility, nil, nil
	if err := checkDraft(&d); err != nil {
		return out, err
	}
	w, err := s.write(ctx, d)
	if err != nil {
		return out, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		out = Previewed{}
		p := before
		if err := s.revise(tx, &p, d, w); err != nil {
			return err
		}
		if err := pretendAttached(tx, &p, d.Media); err != nil {
			return err
		}
		if _, err := s.namedAfterEdit(tx, &p, w); err != nil {
			return err
		}
		out.Post, out.Reach.Named, out.Reach.Lost = p, w.people, w.lost
		views, err := s.QuoteViews(tx, []store.Post{p})
		out.Quote = views[p.ID]
		return err
	})
	return out, err
}

// pretendAttached shows the files of a draft as attach would. What is gone meanwhile
// is left out: the form says so.
func pretendAttached(tx *store.Tx, p *store.Post, list []Attached) error {
	p.Extra.Attachments = nil
	for _, a := range list {
		m, err := tx.Media(a.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		p.Extra.Attachments = append(p.Extra.Attachments, saidOf(m, a).Attachment())
	}
	return nil
}

// pretendQuoted shows what a draft quotes, as fileQuote would begin it.
func (s *Service) pretendQuoted(tx *store.Tx, id int64) (QuoteView, error) {
	if id == 0 {
		return QuoteView{}, nil
	}
	quoted, _, err := s.quotedOf(tx, id)
	state := ShownPending
	if quoted.Own() {
		state = ShownAccepted
	}
	return QuoteView{State: state, URI: quoted.URI, Post: quoted}, err
}

func (s *Service) reach(tx *store.Tx, p store.Post, people []store.Actor) (Reach, error) {
	r := Reach{Named: people, People: len(people)}
	to, err := s.audience(tx, p, people)
	if err != nil {
		return r, err
	}
	r.Servers = countHosts(to)
	wide, err := forFollowers(tx, p)
	if err != nil || !wide {
		return r, err
	}
	followers, err := tx.CountFollowers(store.FollowAccepted)
	if err != nil {
		return r, err
	}
	r.Wide = true
	r.People += followers
	for _, a := range people {
		follows, err := tx.IsFollower(a.ID)
		if err != nil {
			return r, err
		}
		if follows {
			r.People--
		}
	}
	return r, nil
}

func countHosts(to []store.InboxTarget) int {
	hosts := map[int64]bool{}
	for _, in := range to {
		hosts[in.HostID] = true
	}
	return len(hosts)
}

// Unreachable says why nothing that the owner sends gets to somebody.
type Unreachable string

// What keeps somebody from being reached.
const (
	ReachedGone    Unreachable = "gone"    // the account is deleted
	ReachedBlocked Unreachable = "blocked" // by the owner, with their server, or the other way round
	ReachedDead    Unreachable = "dead"    // their server has not answered for many days
)

// Unreached says of people named which of them will not get a post, or not soon,
// and why; for dead servers also since when.
func (s *Service) Unreached(tx *store.Tx, people []store.Actor) (why map[int64]Unreachable, since map[int64]time.Time, err error) {
	why, since = map[int64]Unreachable{}, map[int64]time.Time{}
	ids, hosts := make([]int64, len(people)), make([]int64, len(people))
	for i, a := range people {
		ids[i], hosts[i] = a.ID, a.HostID
	}
	blocked, err := tx.UnreachedAmong(ids...)
	if err != nil {
		return nil, nil, err
	}
	known, err := tx.HostsByID(hosts...)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range people {
		host := known[a.HostID]
		switch {
		case !a.GoneAt.IsZero() || a.Inbox == "":
			why[a.ID] = ReachedGone
		case blocked[a.ID] || !host.Blocked.IsZero():
			why[a.ID] = ReachedBlocked
		case !host.DeadAt.IsZero():
			why[a.ID], since[a.ID] = ReachedDead, host.DeadAt
		}
	}
	return why, since, nil
}
