package archive

import (
	"errors"

	"dassie/federation"
	"dassie/store"
)

// Keys of their parts.
const (
	partVotes   = "votes"
	partChoices = "choices"
)

func (in *intake) countVotes() error {
	return counted[vote](in, votesMember, partVotes, "Votes in polls of others", nil)
}

// bringVotes remembers what the owner chose. Their servers counted it then, and are
// told nothing.
func (in *intake) bringVotes(from int64) error {
	return batched(in, votesMember, from, postsAtOnce, func(list []vote, place int64) error {
		return in.step(place, func(tx *store.Tx, r *Result) error {
			for _, v := range list {
				err := in.Service.RestoreVotes(tx, v.Post, v.Choices)
				if errors.Is(err, store.ErrNotFound) {
					r.leave(whyNoPoll)
					continue
				}
				if err != nil {
					return err
				}
				r.Taken[partVotes]++
			}
			return nil
		})
	})
}

const whyNoPoll = "Votes in polls that are gone."

func (in *intake) countChoices() error {
	var c choices
	found, err := in.zip.value(in.zip.root+choicesMember, &c)
	if found {
		in.part(partChoices, "Choices of mail, notices and conversations", 1, 1).Note = "they take the place of those here; the mail address does not come"
	}
	return err
}

func (in *intake) bringChoices(from int64) error {
	var c choices
	found, err := in.zip.value(in.zip.root+choicesMember, &c)
	if err != nil || !found || from > 0 {
		return err
	}
	mail := federation.MailChoice{When: c.Mail.When, Hour: c.Mail.Hour, Always: c.Mail.Always, PrivateText: c.Mail.PrivateText}
	return in.step(1, func(tx *store.Tx, r *Result) error {
		r.Taken[partChoices] = 1
		return in.Service.RestoreChoices(tx, mail, c.Notices, c.Quarantine, c.Allowed, c.Muted)
	})
}
