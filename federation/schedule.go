package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	scheduleAhead = 5 * time.Minute // as in Mastodon
	maxAhead      = 5 * 365 * 24 * time.Hour
	maxScheduled  = 200 // at a time
	maxPerDay     = 25  // as in Mastodon
)

// Schedule keeps a draft that goes out at a time, at least five minutes from now.
// What can be seen to be wrong is refused at once; people are looked up, and replies
// held within their audience, when it goes out. The same Key returns the same text.
func (s *Service) Schedule(ctx context.Context, d Draft, at time.Time) (store.Unsent, error) {
	if len(d.Key) > maxKey {
		return store.Unsent{}, reply.Errorf(reply.Invalid, "The idempotency key is longer than %d bytes.", maxKey)
	}
	if err := checkDraft(&d); err != nil {
		return store.Unsent{}, err
	}
	if d.Text == "" && len(d.Media) == 0 && d.QuoteID == 0 {
		return store.Unsent{}, reply.Errorf(reply.Unprocessable, "Write something first.")
	}
	u, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) { return s.schedule(tx, d, at) })
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("schedule post: %w", err)
	}
	return u, err
}

func (s *Service) schedule(tx *store.Tx, d Draft, at time.Time) (store.Unsent, error) {
	if d.Key != "" {
		id, err := tx.Idempotent(d.Key, d.keySince(tx.Now()))
		if err == nil {
			return scheduled(tx, id)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return store.Unsent{}, err
		}
	}
	if err := s.mayGoAt(tx, at, 0); err != nil {
		return store.Unsent{}, err
	}
	if d.ParentID != 0 {
		parent, _, err := s.parentOf(tx, d.ParentID)
		if err != nil {
			return store.Unsent{}, err
		}
		if d.Visibility, err = narrowed(d.Visibility, parent); err != nil {
			return store.Unsent{}, err
		}
	}
	media, err := takeLoose(tx, d.Media)
	if err != nil {
		return store.Unsent{}, err
	}
	u := store.Unsent{Kind: store.UnsentScheduled, DueAt: at, Draft: keptText(d, media)}
	if err := tx.SaveUnsent(&u); err != nil {
		return u, err
	}
	if d.Key != "" {
		if err := tx.SaveIdempotent(d.Key, u.ID); err != nil {
			return u, err
		}
	}
	return u, s.planScheduled(tx, u)
}

// keptText is a draft as it is kept until it goes out.
func keptText(d Draft, media []int64) store.UnsentText {
	t := store.UnsentText{
		Text: d.Text, Summary: d.Summary, Visibility: d.Visibility, Language: d.Language, ParentID: d.ParentID, QuoteID: d.QuoteID,
		Media: media, Sensitive: d.Sensitive, QuotePolicy: d.QuotePolicy, Plain: !d.Markdown, App: d.App, AppURL: d.AppURL, Known: d.Known, Thread: d.Thread,
	}
	if q := d.Poll; q != nil {
		t.Poll = &store.UnsentPoll{Options: q.Options, Multiple: q.Multiple, Lasts: q.Lasts, HideTotals: q.HideTotals}
	}
	return t
}

// takeLoose checks the uploads of a post that goes out later, and keeps what is said of them.
func takeLoose(tx *store.Tx, list []Attached) ([]int64, error) {
	var ids []int64
	for _, a := range list {
		m, err := looseUpload(tx, a.ID)
		if err == nil {
			err = notGoingOut(tx, a.ID)
		}
		if err == nil && slices.Contains(ids, a.ID) {
			err = reply.Errorf(reply.Unprocessable, "A file can be in one post, and once. Upload it again to use it twice.")
		}
		if reply.CodeOf(err) == reply.NotFound {
			err = reply.Errorf(reply.Unprocessable, "A file of this post is not here any more: what is not posted is kept for a day. Add it again.")
		}
		if err == nil {
			err = describe(tx, &m, a)
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, m.ID)
	}
	return ids, nil
}

// mayGoAt refuses times that are too near or too far, and more posts than there may
// be; one that is there already, if id is not 0, counts for its old day alone.
func (s *Service) mayGoAt(tx *store.Tx, at time.Time, id int64) error {
	now := s.now()
	if at.Before(now.Add(scheduleAhead)) {
		return reply.Errorf(reply.Unprocessable, "Validation failed: Scheduled at must be at least 5 minutes from now.")
	}
	if at.After(now.Add(maxAhead)) {
		return reply.Errorf(reply.Unprocessable, "Validation failed: Scheduled at must be within five years.")
	}
	if id == 0 {
		all, err := tx.CountScheduled(time.Time{}, now.Add(2*maxAhead))
		if err != nil {
			return err
		}
		if all >= maxScheduled {
			return reply.Errorf(reply.Unprocessable, "You have %d scheduled posts, the most there can be.", maxScheduled)
		}
	}
	from := at.UTC().Truncate(24 * time.Hour)
	day, err := tx.CountScheduled(from, from.Add(24*time.Hour))
	if err == nil && day >= maxPerDay {
		err = reply.Errorf(reply.Unprocessable, "You have %d posts scheduled for that day, the most there can be.", maxPerDay)
	}
	return err
}

// planScheduled queues the going out of a text. It is always a job of its own: one
// that just runs would take the new time with it when it ends.
func (s *Service) planScheduled(tx *store.Tx, u store.Unsent) error {
	tx.After(s.work.pokeJobs)
	key := idKey("scheduled", u.ID)
	if err := tx.DropJobs("scheduled", key); err != nil {
		return err
	}
	return tx.AddJob("scheduled", key, idPayload(u.ID), u.DueAt)
}

// unsend forgets a text that nobody got, and that it was to go out.
func unsend(tx *store.Tx, id int64) error {
	if err := tx.DropUnsent(id); err != nil {
		return err
	}
	return tx.DropJobs("scheduled", idKey("scheduled", id))
}

// scheduled reads a text that waits for its time; NotFound if it is none.
func scheduled(tx *store.Tx, id int64) (store.Unsent, error) {
	u, err := tx.Unsent(id)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Kind != store.UnsentScheduled {
		return store.Unsent{}, reply.Errorf(reply.NotFound, "There is no such scheduled post.")
	}
	return u, err
}

// Scheduled reads a text that waits for its time.
func (s *Service) Scheduled(ctx context.Context, id int64) (store.Unsent, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) { return scheduled(tx, id) })
}

// Reschedule gives a scheduled text another time.
func (s *Service) Reschedule(ctx context.Context, id int64, at time.Time) (store.Unsent, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) {
		u, err := scheduled(tx, id)
		if err != nil || u.DueAt.Equal(at) {
			return u, err
		}
		if err := s.mayGoAt(tx, at, id); err != nil {
			return u, err
		}
		u.DueAt = at
		if err := tx.SaveUnsent(&u); err != nil {
			return u, err
		}
		return u, s.planScheduled(tx, u)
	})
}

// CancelScheduled deletes a scheduled text with its files.
func (s *Service) CancelScheduled(ctx context.Context, id int64) error {
	if _, err := s.Scheduled(ctx, id); err != nil {
		return err
	}
	return s.DropDraft(ctx, id)
}

// Unschedule makes a scheduled text a draft, which goes out when the owner says so.
func (s *Service) Unschedule(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		u, err := scheduled(tx, id)
		if err != nil {
			return err
		}
		return toDraft(tx, u, "")
	})
}

// toDraft makes a scheduled or held text a draft, with the reason if it was not the owner.
func toDraft(tx *store.Tx, u store.Unsent, problem string) error {
	if err := unsend(tx, u.ID); err != nil {
		return err
	}
	u.Kind, u.DueAt, u.Draft.Problem, u.Draft.Known = store.UnsentDraft, time.Time{}, problem, false
	return tx.SaveUnsent(&u)
}

// draftOf is a kept text as it is to be published.
func draftOf(u store.Unsent) Draft {
	t := u.Draft
	d := Draft{
		Text: t.Text, Markdown: !t.Plain, Summary: t.Summary, Visibility: t.Visibility, Language: t.Language, Sensitive: t.Sensitive,
		ParentID: t.ParentID, QuoteID: t.QuoteID, QuotePolicy: t.QuotePolicy, App: t.App, AppURL: t.AppURL,
		Thread: t.Thread,
	}
	if t.Known {
		d.Known, d.id = true, u.ID
	}
	for _, id := range t.Media {
		d.Media = append(d.Media, Attached{ID: id})
	}
	if q := t.Poll; q != nil {
		d.Poll = &PollDraft{Options: q.Options, Multiple: q.Multiple, Lasts: q.Lasts, HideTotals: q.HideTotals}
	}
	return d
}

// lateAfter is how long after its time a scheduled post is late.
const lateAfter = 10 * time.Minute

// sendScheduled is the job "scheduled": a text whose time came goes out, late if the
// server was off, unless the owner wants to be asked then. If it cannot go out as it
// is, it becomes a draft that says why; nothing is lost. The payload is its id.
func (s *Service) sendScheduled(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	u, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) { return tx.Unsent(id) })
	if err != nil {
		return err // deleted meanwhile
	}
	late := s.now().Sub(u.DueAt)
	if u.Kind == store.UnsentDraft || late < 0 {
		return nil // taken back, or another time was set, and has a job of its own
	}
	if u.Kind == store.UnsentScheduled && late > lateAfter && s.Settings().LateScheduled == "ask" {
		return s.setAside(ctx, u, "This server was off then.")
	}
	p, err := s.publishUnsent(ctx, u)
	var e *reply.Error
	if err == nil || reply.CodeOf(err) == reply.Internal || reply.CodeOf(err) == reply.Unavailable || !errors.As(err, &e) {
		if err == nil {
			s.log.Info("published what waited", "post", p.URI)
		}
		return err
	}
	return s.setAside(ctx, u, e.Message)
}

// setAside makes a text that could not go out a draft, with the reason, unless the
// owner changed it meanwhile.
func (s *Service) setAside(ctx context.Context, u store.Unsent, problem string) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.Unsent(u.ID)
		if err != nil || !now.EditedAt.Equal(u.EditedAt) {
			return err
		}
		return s.giveBack(tx, now, problem)
	})
}

// publishUnsent publishes a text and forgets it, in one transaction. One that was
// changed meanwhile stays.
func (s *Service) publishUnsent(ctx context.Context, u store.Unsent) (store.Post, error) {
	d := draftOf(u)
	w, err := s.writeDraft(ctx, &d)
	if err != nil {
		return store.Post{}, err
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		now, err := tx.Unsent(u.ID)
		if err == nil && (now.Kind != u.Kind || !now.EditedAt.Equal(u.EditedAt)) {
			err = store.ErrNotFound // the job runs again at its new time
		}
		if err != nil {
			return store.Post{}, err
		}
		if err := unsend(tx, u.ID); err != nil {
			return store.Post{}, err
		}
		p, err := s.publish(tx, d, w)
		if err != nil {
			return p, err
		}
		if err := tx.MoveIdempotent(u.ID, p.ID); err != nil {
			return p, err
		}
		return p, tx.SaveIdempotent(sentKey(u.ID), p.ID)
	})
}

// wantUnsent sees to it, at the start, that all that waits has a job: those whose
// job was set aside are tried again.
func (s *Service) wantUnsent(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		list, err := tx.Unplanned("scheduled", "scheduled:")
		for _, u := range list {
			if err := s.planScheduled(tx, u); err != nil {
				return err
			}
		}
		return err
	})
}
