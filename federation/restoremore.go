package federation

import (
	"errors"
	"slices"

	"dassie/store"
)

// RestoreVotes remembers what the owner chose in a poll of somebody else; nobody is
// told. The error is store.ErrNotFound if the poll is not here.
func (s *Service) RestoreVotes(tx *store.Tx, uri string, choices []int) error {
	p, err := tx.PostByURI(uri)
	if err != nil {
		return err
	}
	if p.Extra.Poll == nil || p.Own() {
		return store.ErrNotFound
	}
	choices = slices.DeleteFunc(slices.Clone(choices), func(c int) bool { return c < 0 || c >= len(p.Extra.Poll.Options) })
	slices.Sort(choices)
	for _, c := range slices.Compact(choices) {
		if _, err := tx.AddVote(p.ID, store.OwnerID, c); err != nil {
			return err
		}
	}
	return tx.KeepPost(p.ID)
}

// RestoreChoices makes the choices of an archive about mail and notices those of this
// account. What is none of our choices stays as it is here; so do the mail address and
// whether it is confirmed.
func (s *Service) RestoreChoices(tx *store.Tx, mail MailChoice, notices store.NoticePolicy, q store.Quarantine) error {
	if err := s.restoreMail(tx, mail); err != nil {
		return err
	}
	if validPolicy(notices) {
		if err := tx.SetNoticePolicy(notices); err != nil {
			return err
		}
	}
	if q.Days < 0 || q.Days > maxDays {
		return nil
	}
	if ends := s.now().Add(waveLasts); q.Until.After(ends) {
		q.Until = ends
	}
	return tx.SetQuarantine(q)
}

// RestoreAllowed lets somebody's notices through, if they are known here.
func (s *Service) RestoreAllowed(tx *store.Tx, uri string) error {
	id, err := tx.ActorIDByURI(uri)
	if err == nil {
		err = tx.AllowNotices(id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// RestoreMuted mutes the conversation of a post, if that is here.
func (s *Service) RestoreMuted(tx *store.Tx, uri string) error {
	id, err := tx.PostIDByURI(uri)
	if err == nil {
		err = errors.Join(tx.KeepPost(id), tx.MuteThread(id))
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func validPolicy(p store.NoticePolicy) bool {
	return !slices.ContainsFunc([]store.NoticeRule{p.NotFollowed, p.NotFollowers, p.NewAccounts, p.Private, p.Limited}, func(r store.NoticeRule) bool { return !r.Valid() })
}

// restoreMail takes the choices that there are; a changed one that the privacy page
// tells of is noted as a change of it.
func (s *Service) restoreMail(tx *store.Tx, c MailChoice) error {
	m, err := tx.Mail()
	if err != nil {
		return err
	}
	when := map[string]store.MailWhen{}
	for kind, w := range c.When {
		if _, known := store.MailUsual[kind]; known && (w == store.MailOff || w == store.MailNow || w == store.MailDigest) {
			when[kind] = w
		}
	}
	if c.When = when; c.Hour < 0 || c.Hour > 23 {
		c.Hour = m.Hour
	}
	return s.chooseMail(tx, c)
}
