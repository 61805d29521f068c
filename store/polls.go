package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Poll is a Question with its counts: of an own one as they are, of another's as
// last told.
type Poll struct {
	Options    []PollOption `json:"options"`
	Multiple   bool         `json:"multiple,omitempty"`
	EndsAt     time.Time    `json:"ends,omitzero"`
	Closed     bool         `json:"closed,omitempty"` // its own server said so, so that the counts are the last ones
	Voters     int          `json:"voters,omitempty"` // 0 also where its server does not say
	HideTotals bool         `json:"hide,omitempty"`   // no counts are told before the end
}

// PollOption is one answer and its votes.
type PollOption struct {
	Name  string `json:"name"`
	Votes int    `json:"votes"`
	Wire  string `json:"wire,omitempty"` // what its server calls it, where that differs: votes must say this
}

// Called is what its own server calls it.
func (o PollOption) Called() string {
	if o.Wire != "" {
		return o.Wire
	}
	return o.Name
}

// Over says that no more votes count.
func (p *Poll) Over(now time.Time) bool {
	return p.Closed || !p.EndsAt.IsZero() && !now.Before(p.EndsAt)
}

// Total is the number of votes.
func (p *Poll) Total() int {
	n := 0
	for _, o := range p.Options {
		n += o.Votes
	}
	return n
}

// SameQuestion says that two polls ask the same, whatever their counts.
func (p *Poll) SameQuestion(q *Poll) bool {
	if p == nil || q == nil {
		return p == q
	}
	if p.Multiple != q.Multiple || len(p.Options) != len(q.Options) {
		return false
	}
	for i := range p.Options {
		if p.Options[i].Name != q.Options[i].Name || p.Options[i].Wire != q.Options[i].Wire {
			return false
		}
	}
	return true
}

// SetPoll stores the counts and the end of a poll. They are no new version of
// the post: nothing is written into its history.
func (t *Tx) SetPoll(postID int64, p *Poll) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("save poll of post %d: %w", postID, err)
	}
	_, err = t.exec(`
		update posts
		set extra = json_set(coalesce(extra, '{}'), '$.poll', json(?))
		where id = ?`, string(b), postID)
	return err
}

// AddVote stores a choice of somebody; false if it was stored before.
func (t *Tx) AddVote(postID, actorID int64, choice int) (bool, error) {
	n, err := t.changed(`
		insert or ignore into votes (post_id, actor_id, choice, at)
		values (?, ?, ?, ?)`, postID, actorID, choice, ms(t.Now()))
	return n > 0, err
}

// Votes lists what somebody chose in a poll, in the order of the options.
func (t *Tx) Votes(postID, actorID int64) ([]int, error) {
	return many(t, scanInt, `
		select choice
		from votes
		where post_id = ?
		and actor_id = ?
		order by choice`, postID, actorID)
}

func scanInt(r scanner) (int, error) {
	var v int
	err := r.Scan(&v)
	return v, err
}

// OwnVotes lists what the owner chose, for all polls of a page at once.
func (t *Tx) OwnVotes(postIDs []int64) (map[int64][]int, error) {
	if len(postIDs) == 0 {
		return nil, nil
	}
	type vote struct {
		post   int64
		choice int
	}
	list, err := many(t, func(r scanner) (vote, error) {
		var v vote
		err := r.Scan(&v.post, &v.choice)
		return v, err
	}, `
		select v.post_id, v.choice
		from json_each(?) j
		cross join votes v on v.post_id = j.value and v.actor_id = 1
		order by v.post_id, v.choice`, idList(distinct(postIDs)))
	votes := map[int64][]int{}
	for _, v := range list {
		votes[v.post] = append(votes[v.post], v.choice)
	}
	return votes, err
}

// VotedIn lists the polls above an id in which the owner voted, the oldest first.
func (t *Tx) VotedIn(after int64, limit int) ([]int64, error) {
	return many(t, scanInt64, `
		select distinct post_id
		from votes indexed by votes_actor
		where actor_id = 1
		and post_id > ?
		order by post_id
		limit ?`, after, limit)
}

// DropVotes forgets all votes in a poll, because it now asks something else.
func (t *Tx) DropVotes(postID int64) error {
	_, err := t.exec(`
		delete from votes
		where post_id = ?`, postID)
	return err
}

// VoterInboxes lists where the news of a poll goes besides its followers: each
// distinct shared inbox of its voters once, else the personal one.
func (t *Tx) VoterInboxes(postID int64) ([]InboxTarget, error) {
	return many(t, scanInboxTarget, `
		select distinct iif(a.shared_inbox != '', a.shared_inbox, a.inbox), a.host_id
		from votes v
		cross join actors a on a.id = v.actor_id
		where v.post_id = ?
		and a.id != 1
		and a.gone_at is null
		and a.inbox != ''`, postID)
}
