package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	csvJob     = "csv-import"
	csvSlice   = 500 // rows stored in one transaction
	csvUnbegun = 20  // lists that were read and not begun, at most
)

// storeCSV stores some rows of a list that is read, and the list itself with what was
// found until now.
func (s *Service) storeCSV(ctx context.Context, imp *store.CSVImport, rows []store.CSVRow) error {
	if imp.ID == 0 {
		if err := s.forgetUnbegun(ctx); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	id := imp.ID
	// To its end, whoever waits for it: else nobody knows whether there is a list to drop.
	err := s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		imp.ID = id // also if it is done a second time
		if err := tx.SaveCSVImport(imp); err != nil {
			return err
		}
		if err := knownHere(tx, imp.Kind, rows); err != nil {
			return err
		}
		for i := range rows {
			rows[i].ImportID = imp.ID
		}
		return tx.AddCSVRows(rows)
	})
	if err != nil {
		imp.ID = id
		return fmt.Errorf("store the list %s: %w", imp.File, err)
	}
	return nil
}

// knownHere fills in which rows are about what is stored.
func knownHere(tx *store.Tx, kind store.CSVKind, rows []store.CSVRow) (err error) {
	keys := make([]string, 0, len(rows))
	for _, r := range rows {
		if r.Key != "" {
			keys = append(keys, r.Key)
		}
	}
	var ids map[string]int64
	switch kind {
	case store.CSVBookmarks, store.CSVFilters:
		ids, err = tx.PostIDsByURI(keys...)
	case store.CSVFollowing, store.CSVLists, store.CSVBlocks, store.CSVMutes:
		ids, err = tx.ActorIDsByHandle(keys)
	}
	for i, r := range rows {
		if r.Key != "" {
			rows[i].Ref = ids[r.Key]
		}
	}
	return err
}

// forgetUnbegun drops the oldest lists that were read and not begun.
func (s *Service) forgetUnbegun(ctx context.Context) error {
	all, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.CSVImport, error) { return tx.CSVImports() })
	if err != nil {
		return err
	}
	n := 0
	for _, i := range all {
		if i.State > store.CSVRead {
			continue
		}
		if n++; n >= csvUnbegun {
			if err := s.DropCSV(ctx, i.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func csvOf(tx *store.Tx, id int64) (store.CSVImport, error) {
	i, err := tx.CSVImport(id)
	if errors.Is(err, store.ErrNotFound) {
		err = reply.Errorf(reply.NotFound, "This import is not here any more.")
	}
	return i, err
}

// BeginCSV puts a list in force that was read: what needs no other server at once,
// the rest slowly in the background. With overwrite, what is here now and not in the
// list goes. To begin again does nothing.
func (s *Service) BeginCSV(ctx context.Context, id int64, overwrite bool) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		i, err := csvOf(tx, id)
		if err != nil || i.State > store.CSVRead {
			return err
		}
		if i.State != store.CSVRead {
			return reply.Errorf(reply.Conflict, "This list is still being read. Look again in a moment.")
		}
		i.State, i.Overwrite, i.BegunAt = store.CSVRunning, overwrite, s.now()
		if overwrite {
			if _, err := tx.AddCSVGoing(i); err != nil {
				return err
			}
		}
		if err := tx.SaveCSVImport(&i); err != nil {
			return err
		}
		mode := "added to what is here"
		if overwrite {
			mode = "in place of what is here"
		}
		if err := tx.LogSecurity("import", i.File+", "+mode, ""); err != nil {
			return err
		}
		return s.csvGoesOn(tx, s.now())
	})
}

// csvGoesOn queues the next step. A job of its own is added, since one that runs now
// may have seen no work.
func (s *Service) csvGoesOn(tx *store.Tx, at time.Time) error {
	tx.After(s.work.pokeJobs)
	return tx.AddJob(csvJob, csvJob, []byte("{}"), at)
}

// StopCSV ends the import of a list, or with on lets one that was stopped go on. What
// took effect stays.
func (s *Service) StopCSV(ctx context.Context, id int64, on bool) error {
	from, to, ended := store.CSVRunning, store.CSVStopped, s.now()
	if on {
		from, to, ended = store.CSVStopped, store.CSVRunning, time.Time{}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		i, err := csvOf(tx, id)
		if err != nil || i.State != from {
			return err
		}
		i.State, i.EndedAt = to, ended
		if err := tx.SaveCSVImport(&i); err != nil {
			return err
		}
		return s.csvGoesOn(tx, s.now())
	})
}

// DropCSV forgets an import; what took effect stays.
func (s *Service) DropCSV(ctx context.Context, id int64) error {
	if err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.DropCSVImport(id) }); err != nil {
		return fmt.Errorf("drop import %d: %w", id, err)
	}
	for {
		// In slices; what a crash leaves over is swept.
		n, err := store.Put(ctx, s.store, func(tx *store.Tx) (int, error) { return tx.DropCSVRows(id, csvSlice) })
		if err != nil || n < csvSlice {
			return err
		}
	}
}
