package federation

import (
	"context"
	"errors"
	"fmt"

	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

// eraseJob is the kind of the work, store.SubjectErasing knows its key.
const eraseJob = "erase"

// wantedOf are the kinds of jobs that would store something of somebody anew.
var wantedOf = []string{"backfill", "pictures", "face", "pins", "evidence", "links"}

// EraseSubject erases what is kept about somebody, and ends the follows both ways,
// telling their server. It is done by a job in slices, and goes on after a restart.
// What they send later is stored anew, unless they are blocked. What stays says
// store.SubjectPart.
func (s *Service) EraseSubject(ctx context.Context, actorID int64) error {
	if actorID == store.OwnerID {
		return reply.Errorf(reply.Unprocessable, "This is you. The whole account is deleted on the page of your data.")
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		a, err := tx.Actor(actorID)
		if err != nil {
			return err
		}
		if err := tx.AddJobOnce(eraseJob, idKey(eraseJob, a.ID), idPayload(a.ID), s.now()); err != nil {
			return err
		}
		tx.After(s.work.pokeJobs)
		return s.markErasures(tx, a, store.SubjectBeingDone)
	})
	return notHere(err, "This person is not known here.")
}

// EraseUnknown erases what is filed under the handle of a request alone, where nobody is
// known here, and files the request as done.
func (s *Service) EraseUnknown(ctx context.Context, id int64) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		q, err := tx.SubjectRequest(id)
		if err != nil {
			return err
		}
		if err := errors.Join(tx.Overwrite(), tx.EraseHandle(q.Handle)); err != nil {
			return err
		}
		return tx.SetSubjectState(id, store.SubjectErased)
	})
	return notHere(err, "This request is not here any more.")
}

// markErasures sets the state of the requests to erase what is kept about somebody.
func (s *Service) markErasures(tx *store.Tx, a store.Actor, state store.SubjectState) error {
	list, err := tx.SubjectErasures(a.ID, a.Handle())
	for _, id := range list {
		if err := tx.SetSubjectState(id, state); err != nil {
			return err
		}
	}
	return err
}

// runErase is the work of EraseSubject. Each step may be repeated.
func (s *Service) runErase(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(id) })
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.store.Write(ctx, func(tx *store.Tx) error { return s.beginErase(tx, a) }); err != nil {
		return fmt.Errorf("erase %s: %w", a.URI, err)
	}
	if err := s.dropReactionsOf(ctx, id, (*store.Tx).Overwrite); err != nil {
		return fmt.Errorf("erase reactions of %s: %w", a.URI, err)
	}
	for more := true; more; {
		if more, err = s.erasePosts(ctx, a); err != nil {
			return fmt.Errorf("erase posts of %s: %w", a.URI, err)
		}
	}
	if err := s.eraseWords(ctx); err != nil {
		return fmt.Errorf("erase the words of %s from the search index: %w", a.URI, err)
	}
	files, err := store.Put(ctx, s.store, func(tx *store.Tx) ([]store.RemoteMedia, error) { return s.endErase(tx, a) })
	if err != nil {
		return fmt.Errorf("erase %s: %w", a.URI, err)
	}
	s.removePictures(ctx, store.RemoteMedia{}, files)
	s.removeUnused(ctx, a.Avatar, a.Header)
	return nil
}

func (s *Service) beginErase(tx *store.Tx, a store.Actor) error {
	if err := tx.Overwrite(); err != nil {
		return err
	}
	if err := s.endFollows(tx, a); err != nil {
		return err
	}
	for _, kind := range wantedOf {
		job := kind
		if kind == "face" {
			job = "pictures"
		}
		if err := tx.DropJobs(job, idKey(kind, a.ID)); err != nil {
			return err
		}
	}
	return tx.EraseSubject(a.ID)
}

// erasePosts removes a slice of somebody's posts with their pictures, and says whether
// there may be more.
func (s *Service) erasePosts(ctx context.Context, a store.Actor) (bool, error) {
	n := 0
	files, err := store.Put(ctx, s.store, func(tx *store.Tx) ([]store.RemoteMedia, error) {
		posts, err := tx.PostsBy(a.ID, store.Page{Limit: 50})
		if n = len(posts); err != nil || n == 0 {
			return nil, err
		}
		if err := tx.Overwrite(); err != nil {
			return nil, err
		}
		pictures, err := tx.SubjectPictures(store.Actor{}, posts)
		if err != nil {
			return nil, err
		}
		for _, p := range posts {
			if err := s.forgetPost(tx, p); err != nil {
				return nil, err
			}
		}
		return tx.ErasePictures(pictures)
	})
	if err != nil {
		return false, err
	}
	s.removePictures(ctx, store.RemoteMedia{}, files)
	return n > 0, nil
}

// mergedPages is how much of the search index is written anew at a time: others write in
// between.
const mergedPages = 32

// eraseWords has the search index written anew without the words of what was deleted. It
// goes through it twice: what was just being brought together before may hold some of
// them still. Mostly there is nothing left to do the second time.
func (s *Service) eraseWords(ctx context.Context) error {
	for range 2 {
		for begin, more := true, true; more; begin = false {
			if err := s.store.WriteGrouped(ctx, func(tx *store.Tx) (err error) {
				if err := tx.Overwrite(); err != nil {
					return err
				}
				more, err = tx.MergeSearch(mergedPages, begin)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// endErase removes the profile, and whatever arrived of them meanwhile.
func (s *Service) endErase(tx *store.Tx, a store.Actor) ([]store.RemoteMedia, error) {
	if err := errors.Join(tx.Overwrite(), tx.EraseSubject(a.ID)); err != nil {
		return nil, err
	}
	pictures, err := tx.SubjectPictures(a, nil)
	if err != nil {
		return nil, err
	}
	if err := s.markErasures(tx, a, store.SubjectErased); err != nil {
		return nil, err
	}
	if _, err := tx.EraseActor(a.ID); err != nil {
		return nil, err
	}
	if err := tx.LogSecurity("erased", "what was kept about somebody", ""); err != nil {
		return nil, err
	}
	s.blocksChanged(tx, a) // what is in memory of them goes
	return tx.ErasePictures(pictures)
}

// PictureFiles is the folder in which the file of a picture lies.
func (s *Service) PictureFiles(m store.RemoteMedia) *media.Store {
	if m.Pages() && s.pictures != nil {
		return s.pictures.files
	}
	return s.media
}
