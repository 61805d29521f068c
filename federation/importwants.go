package federation

import (
	"context"
	"errors"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	wantsJob     = "import-wants"
	wantsGap     = 6 * time.Second // from one post that is asked for to the next; follows have the gaps of lists
	wantsLooked  = 100             // how many are looked through for one whose server may be asked now
	wantsTries   = 6               // after which one is given up
	wantsAgain   = time.Hour       // until the second try; each later one waits twice as long
	oneWantLasts = 20 * time.Second
)

// WantImported notes a post that an archive names and another server has. It is asked
// for later, a few at a time; then it is liked or saved without a word to anybody.
func (s *Service) WantImported(tx *store.Tx, w store.ImportWant) error {
	if err := tx.AddImportWant(w); err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce(wantsJob, idKey(wantsJob, w.ImportID), idPayload(w.ImportID), tx.Now())
}

// fetchImportWants is the job "import-wants": it asks for one thing that an import
// wants, and comes again while there is more. The payload is the import's id.
func (s *Service) fetchImportWants(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	again, err := s.askImportWant(ctx, id)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		next, err := tx.NextImportWant(id)
		if err != nil {
			return err
		}
		if _, err := tx.Import(id); errors.Is(err, store.ErrNotFound) || err == nil && next.IsZero() {
			return tx.DropJobs(wantsJob, idKey(wantsJob, id)) // this one, so that what is wanted from now on queues one
		} else if err != nil {
			return err
		}
		if next.Before(again) {
			next = again
		}
		tx.After(s.work.pokeJobs)
		return tx.AddJob(wantsJob, idKey(wantsJob, id), payload, next)
	})
}

// askImportWant asks for the first that is due and whose server may be asked, and says
// when to look again.
func (s *Service) askImportWant(ctx context.Context, id int64) (again time.Time, err error) {
	now, who := s.now(), idKey(wantsJob, id)
	ok, wait, _ := s.paces.turn(who, now)
	if !ok {
		return wait, nil
	}
	list, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.ImportWant, error) { return tx.DueImportWants(id, wantsLooked) })
	if err != nil {
		return now, err
	}
	again = now.Add(wantsGap)
	for n, w := range list {
		host := ap.Host(w.URI)
		if free := s.paces.free(host, now); !free.IsZero() {
			if n == 0 || free.Before(again) {
				again = free
			}
			continue
		}
		gap, hostGap := wantsGap, wantsGap
		if w.Kind == store.WantFollow {
			gap, hostGap = CSVGap, CSVHostGap
		}
		s.paces.asked(who, host, now, gap, hostGap)
		return now.Add(gap), s.fetchImportWant(ctx, w)
	}
	return again, nil
}

// fetchImportWant asks for one, and notes what became of it.
func (s *Service) fetchImportWant(ctx context.Context, w store.ImportWant) error {
	asked, cancel := context.WithTimeout(ctx, oneWantLasts)
	found, err := s.Lookup(asked, w.URI)
	cancel()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && found.Actor != nil && w.Kind == store.WantFollow {
		if err = s.followImported(ctx, w, found.Actor.ID); err != nil && reply.CodeOf(err) == reply.Internal {
			return err
		}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		switch {
		case err == nil && found.Post != nil && w.Kind != store.WantFollow:
			if err := markImported(tx, w, found.Post.ID); err != nil {
				return err
			}
		case err != nil && w.Tries+1 < wantsTries && comesLater(err):
			return tx.ImportWantFailed(w.ID, tx.Now().Add(wantsAgain<<w.Tries))
		}
		return tx.ImportWantDone(w.ID)
	})
}

// comesLater: what a server refused, or does not know, it will not have tomorrow.
func comesLater(err error) bool {
	code := reply.CodeOf(err)
	return code == reply.Unavailable || code == reply.Internal || errors.Is(err, context.DeadlineExceeded)
}

// markImported likes or saves a post as it was, silently.
func markImported(tx *store.Tx, w store.ImportWant, postID int64) error {
	if _, err := tx.Post(postID); err != nil {
		return err
	}
	if err := tx.KeepPost(postID); err != nil {
		return err
	}
	if w.Kind == store.WantBookmark {
		return tx.AddBookmark(postID)
	}
	_, err := tx.React(&store.Reaction{PostID: postID, ActorID: store.OwnerID})
	return err
}
