package mastodon

import (
	"strconv"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// poll: GET /api/v1/polls/:id. Its id is that of its post. Counts of another
// server's that are old are asked for first; if they cannot be had, the ones that
// are known are the answer.
func (a *API) poll(c *call) (any, error) {
	if err := a.svc.RefreshPoll(c.ctx, c.id); err != nil {
		a.log.Debug("new counts of a poll are not to be had", "poll", c.id, "err", err)
	}
	return a.readPoll(c)
}

// vote: POST /api/v1/polls/:id/votes.
func (a *API) vote(c *call) (any, error) {
	if _, err := a.readPoll(c); err != nil {
		return nil, err
	}
	var choices []int
	for _, text := range c.params.list("choices") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, reply.Errorf(reply.Unprocessable, "Validation failed: the choice %.20q is no number of an answer.", text)
		}
		choices = append(choices, n)
	}
	if _, err := a.svc.Vote(c.ctx, c.id, choices); err != nil {
		return nil, err
	}
	return a.readPoll(c)
}

func (a *API) readPoll(c *call) (*Poll, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Poll, error) {
		p, err := tx.Post(c.id)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, []store.Post{p})
		if err != nil {
			return nil, err
		}
		if poll := m.poll(&p); poll != nil {
			return poll, nil
		}
		return nil, errNotFound
	})
}

// pollDraft reads the poll of a new post; nil if there is none.
func pollDraft(p params) (*federation.PollDraft, error) {
	if !p.has("poll") {
		return nil, nil
	}
	seconds, err := strconv.ParseInt(p.get("poll[expires_in]"), 10, 32)
	if err != nil {
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: poll[expires_in] must say how many seconds the poll lasts.")
	}
	return &federation.PollDraft{
		Options: p.list("poll[options]"), Multiple: p.truth("poll[multiple]"), HideTotals: p.truth("poll[hide_totals]"),
		Lasts: time.Duration(seconds) * time.Second,
	}, nil
}

// readVotes reads what the owner chose in the polls of a page.
func (m *room) readVotes(tx *store.Tx) error {
	if m.visited() {
		return nil
	}
	var ids []int64
	for _, p := range m.posts {
		if p.Extra.Poll != nil && !p.Own() {
			ids = append(ids, p.ID)
		}
	}
	var err error
	m.votes, err = tx.OwnVotes(ids)
	return err
}

// poll converts the poll of a post; nil if it has none. Counts that are kept back
// are null, but the owner sees those of an own poll.
func (m *room) poll(p *store.Post) *Poll {
	q := p.Extra.Poll
	if q == nil {
		return nil
	}
	mine := p.Own() && !m.visited()
	out := &Poll{
		ID: id(p.ID), ExpiresAt: dateOrNull(q.EndsAt), Expired: q.Over(m.now), Multiple: q.Multiple, VotesCount: q.Total(),
		Voted: mine, OwnVotes: []int{}, Emojis: m.emojisOf(m.actors[p.ActorID].HostID, p.Extra.Emojis), Options: make([]PollOption, 0, len(q.Options)),
	}
	if chosen := m.votes[p.ID]; len(chosen) > 0 {
		out.Voted, out.OwnVotes = true, chosen
	}
	for _, o := range q.Options {
		option := PollOption{Title: o.Name}
		if mine || !q.HideTotals {
			option.VotesCount = &o.Votes
		}
		out.Options = append(out.Options, option)
	}
	if q.Voters > 0 || p.Own() {
		out.VotersCount = &q.Voters
	}
	return out
}
