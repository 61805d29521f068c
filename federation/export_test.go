package federation

import (
	"context"
	"errors"
	"testing"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

// ForgetReplays empties what is remembered in memory alone, as a restart does.
func (s *Service) ForgetReplays() { s.replays = newReplayMemory() }

// Shape makes a post safe to show.
func Shape(n *ap.Note) { shape(n) }

// Fill reads the posts of somebody from their server, as the job "backfill" does.
func (s *Service) Fill(ctx context.Context, a store.Actor) error { return s.fillPerson(ctx, a) }

var errMeasured = errors.New("taken back")

// Measure says how long it takes to parse a document and to store what is in it,
// a person or a post, which is taken back. Waiting for the card is not counted.
func (s *Service) Measure(ctx context.Context, body []byte) (time.Duration, error) {
	start := time.Now()
	obj, err := ap.Parse(body)
	if err != nil {
		return 0, err
	}
	if inner, ok := obj.Obj("object"); ok && !ap.IsActorType(obj.Type()) {
		obj = inner
	}
	actor, _ := ap.ReadActor(obj)
	note, err := ap.ReadNote(obj)
	if actor == nil && err == nil {
		shape(note)
	}
	took := time.Since(start)
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		start := time.Now()
		defer func() { took += time.Since(start) }()
		switch {
		case actor != nil:
			if _, err := s.storeActor(tx, actor, actor.PreferredUsername, ap.Host(actor.ID)); err != nil {
				return err
			}
		case note != nil:
			author, err := tx.ActorByURI(note.AttributedTo)
			if err != nil {
				return err
			}
			note.ID += "#measured" // it is here already
			if _, _, err := s.storeNote(tx, note, author); err != nil {
				return err
			}
		}
		return errMeasured
	})
	if !errors.Is(err, errMeasured) {
		return took, err
	}
	return took, nil
}

// Pause is what notices that the machine slept.
type Pause struct{ p pause }

// Over is over.
func (p *Pause) Over(now time.Time) time.Time { return p.p.over(now) }

// FetchingVerb makes the table know, until the test ends, a kind of activity that
// has to fetch something before it can be applied; applied counts how often it was.
func FetchingVerb(tb testing.TB, kind string, applied *int) {
	fetched := false
	verbs[kind] = verb{
		apply: func(*Service, *store.Tx, *incoming) (outcome, error) {
			if !fetched {
				return needsMore, nil
			}
			*applied++
			return done, nil
		},
		resolve: func(*Service, context.Context, *incoming) error { fetched = true; return nil },
	}
	tb.Cleanup(func() { delete(verbs, kind) })
}

// WantTalks queues the filing of direct posts of before, as Run does.
func (s *Service) WantTalks(ctx context.Context) error { return s.wantConversations(ctx) }

// WantUnsent is what Run begins with.
func (s *Service) WantUnsent(ctx context.Context) error { return s.wantUnsent(ctx) }

// HoldAnswers keeps answers to requests for data waiting until what it returns is called.
func (s *Service) HoldAnswers() (release func()) {
	s.answering <- struct{}{}
	return func() { <-s.answering }
}
