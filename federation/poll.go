package federation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	minOptions   = 2
	maxOptions   = 10 // DECISIONS 35
	maxOptionLen = 50 // characters, as Mastodon has it
	minPoll      = 5 * time.Minute
	maxPoll      = 30 * 24 * time.Hour

	countsEvery = time.Minute // how often the counts of one poll are told at most
)

// PollDraft is the poll of a draft.
type PollDraft struct {
	Options    []string      // 2 to 10, at most 50 characters each; empty ones do not count
	Multiple   bool          // more than one may be chosen
	Lasts      time.Duration // 5 minutes to 30 days
	HideTotals bool          // no counts are told before the end
}

// ErrPoll is in the chain of an error that is about the poll of a draft, not its
// text.
var ErrPoll = errors.New("poll of a draft")

func pollError(format string, args ...any) error {
	err := reply.Errorf(reply.Unprocessable, format, args...)
	err.Err = ErrPoll
	return err
}

// checkPoll refuses what cannot be asked and brings the rest into form.
func checkPoll(d *PollDraft) error {
	if d == nil {
		return nil
	}
	options := make([]string, 0, len(d.Options))
	for _, o := range d.Options {
		if o = oneLine(o); o == "" {
			continue
		}
		if n := utf8.RuneCountInString(o); n > maxOptionLen {
			return pollError("An answer of the poll has %d characters; %d is the most there can be.", n, maxOptionLen)
		}
		if slices.Contains(options, o) {
			return pollError("The poll has the same answer twice.")
		}
		options = append(options, o)
	}
	if len(options) < minOptions || len(options) > maxOptions {
		return pollError("A poll has %d to %d answers.", minOptions, maxOptions)
	}
	if d.Lasts < minPoll || d.Lasts > maxPoll {
		return pollError("A poll lasts at least 5 minutes and at most 30 days.")
	}
	d.Options = options
	return nil
}

// begin is the poll of a post that is published now.
func (d *PollDraft) begin(now time.Time) *store.Poll {
	q := &store.Poll{Multiple: d.Multiple, HideTotals: d.HideTotals, EndsAt: now.Add(d.Lasts)}
	for _, o := range d.Options {
		q.Options = append(q.Options, store.PollOption{Name: o})
	}
	return q
}

// keepsPoll refuses an edit that would change what was asked: votes were given
// for the old answers. Nothing given keeps the poll.
func keepsPoll(p store.Post, d *PollDraft) error {
	if d == nil {
		return nil
	}
	if p.Extra.Poll != nil && p.Extra.Poll.SameQuestion(d.begin(p.PublishedAt)) {
		return nil
	}
	return reply.Errorf(reply.Unprocessable, "The poll of a published post stays as it is. Delete the post and write it anew.")
}

// wirePoll is the poll of an own post as it leaves.
func wirePoll(q *store.Poll, now time.Time) *ap.Poll {
	over := q.Over(now)
	w := &ap.Poll{
		Multiple: q.Multiple, EndTime: q.EndsAt, Closed: over, VotersCount: int64(q.Voters), Hidden: q.HideTotals && !over,
	}
	for _, o := range q.Options {
		w.Options = append(w.Options, ap.PollOption{Name: o.Name, Votes: int64(o.Votes)})
	}
	return w
}

// planEnd sees to it that the end of a poll is noticed, also after a restart. One
// without an end is noticed when its server says that it is closed.
func (s *Service) planEnd(tx *store.Tx, p store.Post) error {
	if p.Extra.Poll == nil || p.Extra.Poll.EndsAt.IsZero() {
		return nil
	}
	tx.After(s.work.pokeJobs)
	return tx.PlanJob("poll-end", idKey("poll-end", p.ID), idPayload(p.ID), p.Extra.Poll.EndsAt)
}

// endPoll is the job "poll-end": the last counts of an own poll go out; those of
// another's are fetched, since they are told to its followers and voters only
// (misskey#4435). Then the owner is told. The payload is the post's id.
func (s *Service) endPoll(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return tx.Post(id) })
	if err != nil {
		return err // deleted meanwhile: there is nothing to end
	}
	if !p.Own() && p.Extra.Poll != nil && !p.Extra.Poll.Closed {
		if err := s.refetchPoll(ctx, p); err != nil {
			s.log.Debug("the last counts of a poll are not to be had", "post", p.URI, "error", err)
		} // what is known is shown all the same
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.Post(id)
		if err != nil || p.Extra.Poll == nil {
			return err
		}
		if !p.Extra.Poll.Over(s.now()) {
			return s.endLater(tx, p)
		}
		if p.Own() {
			return s.closePoll(tx, p)
		}
		return s.notifyEnd(tx, p)
	})
}

// endLater plans the end of a poll that was put off, beside the job that runs and
// goes with it. An author who puts it off by a second each time is not asked each
// second.
func (s *Service) endLater(tx *store.Tx, p store.Post) error {
	at := p.Extra.Poll.EndsAt
	if at.IsZero() {
		return nil // its server will say when it is closed
	}
	if soonest := s.now().Add(pollAge); at.Before(soonest) {
		at = soonest
	}
	return tx.AddJob("poll-end", idKey("poll-end", p.ID), idPayload(p.ID), at)
}

// closePoll ends an own poll, once.
func (s *Service) closePoll(tx *store.Tx, p store.Post) error {
	if p.Extra.Poll.Closed {
		return nil
	}
	p.Extra.Poll.Closed = true
	if err := tx.SetPoll(p.ID, p.Extra.Poll); err != nil {
		return err
	}
	s.emit(tx, EventEdit, p.ID)
	if err := s.sendCounts(tx, p); err != nil {
		return err
	}
	return s.notify(tx, store.Notification{Kind: "poll", ActorID: store.OwnerID, PostID: p.ID})
}

// notifyEnd tells the owner, once, that a poll they voted in is over.
func (s *Service) notifyEnd(tx *store.Tx, p store.Post) error {
	mine, err := tx.Votes(p.ID, store.OwnerID)
	if err != nil || len(mine) == 0 {
		return err
	}
	return s.notify(tx, store.Notification{Kind: "poll", ActorID: p.ActorID, PostID: p.ID})
}

// wantCounts queues the telling of new counts for the end of this minute. Each
// minute has a key of its own: a vote that arrives while one telling runs belongs
// to the next.
func (s *Service) wantCounts(tx *store.Tx, p store.Post) error {
	at := s.now().Truncate(countsEvery).Add(countsEvery)
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce("poll-counts", idKey("poll-counts", p.ID)+"@"+at.UTC().Format(time.RFC3339), idPayload(p.ID), at)
}

// tellCounts is the job "poll-counts". The payload is the post's id.
func (s *Service) tellCounts(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.Post(id)
		if err != nil || p.Extra.Poll == nil || p.Extra.Poll.Closed {
			return err // deleted, or the last counts went out already
		}
		return s.sendCounts(tx, p)
	})
}

// sendCounts sends the poll as it is to those that have it and to its voters. It
// is no new version: "updated" is missing, or that of the last edit.
func (s *Service) sendCounts(tx *store.Tx, p store.Post) error {
	to, err := s.holding(tx, p)
	if err != nil {
		return err
	}
	if p.Visibility.Open() { // else a voter who may still read it is among the followers or named
		voters, err := tx.VoterInboxes(p.ID)
		if err != nil {
			return err
		}
		to = append(to, voters...)
	}
	if to, err = unblocked(tx, to); err != nil {
		return err
	}
	if to, err = s.notOnItsWay(tx, p.ID, to); err != nil {
		return err
	}
	return s.sendPost(tx, "Update", p, to)
}

// notOnItsWay leaves out the inboxes for which the post waits already: it is
// written when it is sent, so they get these counts too. A server that is down
// for days finds one Update, not one for each minute.
func (s *Service) notOnItsWay(tx *store.Tx, postID int64, to []store.InboxTarget) ([]store.InboxTarget, error) {
	waiting, err := tx.WaitingFor(postID)
	if err != nil {
		return nil, err
	}
	covered := make(map[string]bool, len(waiting))
	for _, w := range waiting {
		if !s.flights.has(w.OutgoingID, w.InboxID) {
			covered[w.URL] = true
		}
	}
	return slices.DeleteFunc(to, func(in store.InboxTarget) bool { return covered[in.URL] }), nil
}

// optionNamed finds an option by what a vote calls it; -1 for none.
func optionNamed(q *store.Poll, name string) int {
	is := func(want string) func(store.PollOption) bool {
		return func(o store.PollOption) bool { return o.Name == want }
	}
	if i := slices.IndexFunc(q.Options, is(name)); i >= 0 || len(name) > 4*maxOptionLen {
		return i
	}
	return slices.IndexFunc(q.Options, is(strings.TrimSpace(oneLine(name)))) // as some forms send it
}

// openPoll reads an own post whose poll takes votes; ErrNotFound if it is none.
func (s *Service) openPoll(tx *store.Tx, uri string) (store.Post, error) {
	if !s.origin.Owns(uri) {
		return store.Post{}, store.ErrNotFound
	}
	p, err := tx.PostByURI(uri)
	if err == nil && (!p.Own() || p.Extra.Poll == nil || p.Extra.Poll.Over(s.now())) {
		err = store.ErrNotFound
	}
	return p, err
}

// mayVote: whoever may read a poll may vote in it.
func mayVote(tx *store.Tx, p store.Post, voter store.Actor) (bool, error) {
	if p.Visibility.Open() {
		return true, nil
	}
	may, err := mayRead(tx, p.ID, voter)
	return may == named || may == follower && p.Visibility == store.Followers, err
}
