package federation

import (
	"context"
	"reflect"
	"strconv"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

const (
	pollAge      = 5 * time.Minute // how old the counts of another's poll may be before they are asked for
	pollPatience = 3 * time.Second // for how long a page waits for them
	pollsKept    = 1000            // polls of which it is remembered when they were asked for
)

// pollOf reads another's poll. Pleroma writes into "closed" when the poll will
// end; others when it ended, or true.
func (s *Service) pollOf(n *ap.Note) *store.Poll {
	now, told := s.now(), n.Poll
	q := &store.Poll{Multiple: told.Multiple, EndsAt: told.EndTime, Voters: count(told.VotersCount), HideTotals: told.Hidden}
	if q.EndsAt.IsZero() {
		q.EndsAt = told.ClosedAt
	}
	q.Closed = told.Closed && !told.ClosedAt.After(now) || !q.EndsAt.IsZero() && !q.EndsAt.After(now)
	for i, o := range told.Options {
		option := store.PollOption{Name: markup.Inline(o.Name), Votes: count(o.Votes)}
		if option.Name == "" { // nothing but tags or what cannot be seen
			option.Name = "Answer " + strconv.Itoa(i+1)
		}
		if option.Name != o.Name {
			option.Wire = o.Name
		}
		q.Options = append(q.Options, option)
	}
	return q
}

// takeResults takes the counts and the end of a poll from an Update that is no
// new version of the post. What is asked, and whether anything is, changes only
// by a new version: else an author could turn votes around unseen.
func (s *Service) takeResults(tx *store.Tx, before store.Post, told *store.Poll) error {
	old := before.Extra.Poll
	if old == nil || told == nil || !old.SameQuestion(told) || samePoll(old, told) {
		return nil
	}
	if err := tx.SetPoll(before.ID, told); err != nil {
		return err
	}
	s.emit(tx, EventEdit, before.ID)
	before.Extra.Poll = told
	return s.pollMoved(tx, before, old)
}

// samePoll compares all of two polls. Times come back from the store in another
// form than they are read.
func samePoll(a, b *store.Poll) bool {
	if !a.EndsAt.Equal(b.EndsAt) {
		return false
	}
	x, y := *a, *b
	x.EndsAt, y.EndsAt = time.Time{}, time.Time{}
	return reflect.DeepEqual(x, y)
}

// pollMoved does what follows from a change of another's poll: votes for what is
// no longer asked are forgotten, the end of one the owner voted in is planned
// anew, and its closing noticed.
func (s *Service) pollMoved(tx *store.Tx, p store.Post, old *store.Poll) error {
	now := p.Extra.Poll
	if old == nil && now == nil {
		return nil
	}
	if !old.SameQuestion(now) {
		return tx.DropVotes(p.ID)
	}
	mine, err := tx.Votes(p.ID, store.OwnerID)
	if err != nil || len(mine) == 0 {
		return err
	}
	if now.Closed && !old.Closed {
		return s.notifyEnd(tx, p)
	}
	if !now.EndsAt.Equal(old.EndsAt) {
		return s.planEnd(tx, p)
	}
	return nil
}

// RefreshPoll asks the server of another's poll for its counts, at most once in
// five minutes and until it said that the poll is over: they are told to its
// followers and voters only (misskey#4435). It waits a moment for the answer; if
// that takes longer, it is stored when it comes. The error is for information.
func (s *Service) RefreshPoll(ctx context.Context, postID int64) error {
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, err := tx.Post(postID)
		if err == nil && p.BoostOf != 0 {
			p, err = tx.Post(p.BoostOf)
		}
		return p, err
	})
	if err != nil || p.Own() || p.Extra.Poll == nil || p.Extra.Poll.Closed {
		return err
	}
	now := s.now()
	if at, ok := s.polls.Get(p.ID); ok && now.Sub(at) < pollAge {
		return nil
	}
	s.polls.Add(p.ID, now)
	waiting, cancel := context.WithTimeout(ctx, pollPatience)
	defer cancel()
	_, err = within(waiting, func() (struct{}, error) { return struct{}{}, s.refetchPoll(context.WithoutCancel(ctx), p) })
	return err
}

// refetchPoll reads another's poll anew. One that is not for everybody is shown
// to the owner only, not to the server (DECISIONS 18).
func (s *Service) refetchPoll(ctx context.Context, p store.Post) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	as := s.signers().instance
	if !p.Visibility.Open() {
		as = s.signers().person
	}
	return s.refreshPostAs(ctx, p.URI, as)
}
