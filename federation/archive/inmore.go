package archive

import (
	"errors"
	"slices"

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

// choicesAtOnce is how many people and conversations are looked up in one transaction.
const choicesAtOnce = 500

func (in *intake) bringChoices(from int64) error {
	var c choices
	found, err := in.zip.value(in.zip.root+choicesMember, &c)
	if err != nil || !found {
		return err
	}
	if from == 0 {
		mail := federation.MailChoice{When: c.Mail.When, Hour: c.Mail.Hour, Always: c.Mail.Always, PrivateText: c.Mail.PrivateText}
		if err := in.step(1, func(tx *store.Tx, r *Result) error {
			r.Taken[partChoices] = 1
			return in.Service.RestoreChoices(tx, mail, c.Notices, c.Quarantine)
		}); err != nil {
			return err
		}
	}
	all := slices.Concat(c.Allowed, c.Muted)
	for at := int(max(from-1, 0)); at < len(all); at += choicesAtOnce {
		end := min(at+choicesAtOnce, len(all))
		if err := in.quietly(int64(end)+1, func(tx *store.Tx, _ *Result) error {
			for i := at; i < end; i++ {
				restore := in.Service.RestoreAllowed
				if i >= len(c.Allowed) {
					restore = in.Service.RestoreMuted
				}
				if err := restore(tx, all[i]); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
