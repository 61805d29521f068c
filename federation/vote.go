package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// Vote gives the owner's vote in another's poll: the numbers of the options, one
// unless the poll takes more. It counts here at once and cannot be taken back. It
// goes to the author alone. Returned is the post with its new counts.
func (s *Service) Vote(ctx context.Context, postID int64, choices []int) (store.Post, error) {
	p, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return s.vote(tx, postID, choices) })
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("vote in poll %d: %w", postID, err)
	}
	return p, err
}

func (s *Service) vote(tx *store.Tx, postID int64, choices []int) (store.Post, error) {
	p, err := tx.Post(postID)
	if err == nil && p.BoostOf != 0 {
		p, err = tx.Post(p.BoostOf)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && p.Extra.Poll == nil {
		return p, reply.Errorf(reply.NotFound, "There is no such poll here.")
	}
	if err != nil {
		return p, err
	}
	if choices, err = s.checkVote(tx, p, choices); err != nil {
		return p, err
	}
	author, err := s.pollster(tx, p)
	if err != nil {
		return p, err
	}
	poll := p.Extra.Poll
	if poll.Voters > 0 || poll.Total() == 0 { // else its server does not say how many voted
		poll.Voters++
	}
	for _, c := range choices {
		if _, err := tx.AddVote(p.ID, store.OwnerID, c); err != nil {
			return p, err
		}
		poll.Options[c].Votes++
		if err := s.sendVote(tx, p, author, poll.Options[c]); err != nil {
			return p, err
		}
	}
	if err := tx.SetPoll(p.ID, poll); err != nil {
		return p, err
	}
	if err := tx.KeepPost(p.ID); err != nil {
		return p, err
	}
	s.emit(tx, EventEdit, p.ID)
	tx.After(func() { s.polls.Add(p.ID, s.now()) }) // what its server says before the vote is there would hide it
	return p, s.planEnd(tx, p)
}

// checkVote says what is wrong with a vote of the owner's, or returns its choices
// in order, each once.
func (s *Service) checkVote(tx *store.Tx, p store.Post, choices []int) ([]int, error) {
	poll := p.Extra.Poll
	if p.Own() {
		return nil, reply.Errorf(reply.Unprocessable, "This is your own poll: others vote in it.")
	}
	if poll.Over(s.now()) {
		return nil, reply.Errorf(reply.Unprocessable, "This poll is over.")
	}
	choices = slices.Clone(choices)
	slices.Sort(choices)
	choices = slices.Compact(choices)
	switch {
	case len(choices) == 0:
		return nil, reply.Errorf(reply.Unprocessable, "Choose an answer first.")
	case choices[0] < 0 || choices[len(choices)-1] >= len(poll.Options):
		return nil, reply.Errorf(reply.Unprocessable, "The poll has no such answer. It may have been changed; look at it again.")
	case len(choices) > 1 && !poll.Multiple:
		return nil, reply.Errorf(reply.Unprocessable, "Only one answer can be chosen in this poll.")
	}
	before, err := tx.Votes(p.ID, store.OwnerID)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 {
		return nil, reply.Errorf(reply.Unprocessable, "You have voted in this poll already.")
	}
	return choices, nil
}

// pollster is the author of a poll, whom a vote can reach.
func (s *Service) pollster(tx *store.Tx, p store.Post) (store.Actor, error) {
	author, err := tx.Actor(p.ActorID)
	if err != nil {
		return author, fmt.Errorf("read author of poll %d: %w", p.ID, err)
	}
	blocked, err := Blocked(tx, author.URI)
	if err != nil {
		return author, err
	}
	if blocked || !author.GoneAt.IsZero() || author.Inbox == "" {
		return author, reply.Errorf(reply.Unprocessable, "A vote cannot reach the author of this poll.")
	}
	return author, nil
}

// sendVote sends one choice, as Mastodon does: a Note with a name and no text, in
// a Create of its own, to the author's own inbox. The Note's id is a part of the
// activity's, whose address answers 404: nobody but the author may know of a
// vote, and nothing at an address of a post was ever a post.
func (s *Service) sendVote(tx *store.Tx, p store.Post, author store.Actor, option store.PollOption) error {
	id, to := s.newActivityID(), []string{author.URI}
	note := &ap.Note{ID: id + "#vote", Kind: "Note", AttributedTo: s.actorURI, Name: option.Called(), InReplyTo: p.URI, To: to}
	m := ap.NewActivity("Create", id, s.actorURI, note, to, nil, time.Time{})
	return s.send(tx, "Create", 0, m, []store.InboxTarget{{URL: author.Inbox, HostID: author.HostID}})
}

// caresForVotes: only a vote in an open poll of the owner's can count; a stranger
// can vote only in what everybody may read.
func (s *Service) caresForVotes(tx *store.Tx, votes []ap.Vote, voter store.Actor) (bool, error) {
	for _, v := range votes {
		p, err := s.openPoll(tx, v.Poll)
		if err == nil && (voter.ID != 0 || p.Visibility.Open()) {
			return true, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
	}
	return false, nil
}

// takeVotes counts the votes that a Create brings. Whatever does not count, such
// as a second one or one that is late, is passed over.
func (s *Service) takeVotes(tx *store.Tx, votes []ap.Vote, voter store.Actor) error {
	for _, v := range votes {
		if err := s.takeVote(tx, v, voter); err != nil {
			return fmt.Errorf("take a vote of %s: %w", voter.URI, err)
		}
	}
	return nil
}

func (s *Service) takeVote(tx *store.Tx, v ap.Vote, voter store.Actor) error {
	p, err := s.openPoll(tx, v.Poll)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || !ap.SameOrigin(v.ID, voter.URI) { // FEP-fe34: id and attributedTo
		return err
	}
	poll := p.Extra.Poll
	choice := optionNamed(poll, v.Choice)
	if may, err := mayVote(tx, p, voter); err != nil || !may || choice < 0 {
		return err
	}
	before, err := tx.Votes(p.ID, voter.ID)
	if err != nil || len(before) > 0 && !poll.Multiple {
		return err
	}
	if fresh, err := tx.AddVote(p.ID, voter.ID, choice); err != nil || !fresh {
		return err
	}
	poll.Options[choice].Votes++
	if len(before) == 0 {
		poll.Voters++
	}
	if err := tx.SetPoll(p.ID, poll); err != nil {
		return err
	}
	s.emit(tx, EventEdit, p.ID)
	if poll.HideTotals {
		return nil
	}
	return s.wantCounts(tx, p)
}
