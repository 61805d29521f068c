package federation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"dassie/store"
	"dassie/web/reply"
)

const (
	// CSVGap is how long it takes from one server that is asked, or told, because of a
	// list to the next …
	CSVGap = 15 * time.Second
	// CSVHostGap … and to the same server again.
	CSVHostGap = time.Minute

	csvPlaced     = 100 // rows that are put in force in one step, where no server is asked …
	csvSideBySide = 16  // … and how many of them at a time
)

// csvWaits is how long to wait after a server did not answer; after the last it is
// given up.
var csvWaits = []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour}

// csvOrder is which kinds come first: safety, then follows, then lists, whose people
// have to be followed.
var csvOrder = map[store.CSVKind]int{store.CSVBlocks: 1, store.CSVMutes: 2, store.CSVDomains: 3, store.CSVFollowing: 4, store.CSVLists: 5, store.CSVFilters: 6, store.CSVBookmarks: 7}

// runCSV is the job "csv-import": one step of all lists that are at work. There is one
// such job, so that there is one pace. What needs no other server is done at once, in
// slices; of the rest one row, and then it waits.
func (s *Service) runCSV(ctx context.Context, _ []byte) error {
	all, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.CSVImport, error) { return tx.CSVRunning() })
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b store.CSVImport) int { return cmp.Compare(csvOrder[a.Kind], csvOrder[b.Kind]) })
	next := s.now()
	worked := false
	for _, i := range all {
		if worked, err = s.placeCSV(ctx, i); err != nil || worked {
			break
		}
	}
	if err == nil && !worked {
		next, err = s.askCSV(ctx, all)
	}
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		left, err := tx.CSVRunning()
		if err != nil || len(left) == 0 {
			return err
		}
		if err := tx.DropJobs(csvJob, csvJob); err != nil { // this one, and others that were queued meanwhile
			return err
		}
		return s.csvGoesOn(tx, next)
	})
}

// placeCSV puts some rows in force that need no other server, those that are to go
// before those that come. It says whether there were any.
func (s *Service) placeCSV(ctx context.Context, i store.CSVImport) (bool, error) {
	var rows []store.CSVRow
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if rows, err = tx.CSVLeaving(i.ID, csvPlaced); err != nil || len(rows) > 0 {
			return err
		}
		limit := csvPlaced
		if i.Kind == store.CSVDomains {
			limit = maxListed
		}
		rows, err = tx.CSVRows(i.ID, i.Placed, limit)
		return err
	})
	if err != nil || len(rows) == 0 {
		return false, err
	}
	switch {
	case rows[0].Line < 0:
		err = s.leaveCSV(ctx, rows)
	case i.Kind == store.CSVDomains:
		err = s.ruleCSV(ctx, rows)
	default:
		err = s.placeRows(ctx, i, rows)
	}
	if err != nil {
		return false, fmt.Errorf("put %s in force: %w", i.File, err)
	}
	return true, s.store.Write(ctx, func(tx *store.Tx) error {
		for _, r := range rows {
			if err := tx.SaveCSVRow(r); err != nil {
				return err
			}
		}
		now, err := tx.CSVImport(i.ID)
		if err != nil {
			return notThere(err)
		}
		now.Placed = max(now.Placed, rows[len(rows)-1].Line)
		return tx.SaveCSVImport(&now)
	})
}

func notThere(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil // it was dropped meanwhile
	}
	return err
}

// leaveCSV takes away what is here and not in the list.
func (s *Service) leaveCSV(ctx context.Context, rows []store.CSVRow) error {
	i, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.CSVImport, error) { return tx.CSVImport(rows[0].ImportID) })
	if err != nil {
		return err
	}
	return sideBySide(i.Kind, len(rows), func(n int) error {
		r := rows[n]
		var err error
		switch i.Kind {
		case store.CSVFollowing:
			err = s.Unfollow(ctx, r.Ref)
		case store.CSVBlocks:
			err = s.Unblock(ctx, r.Ref)
		case store.CSVMutes:
			err = s.Unmute(ctx, r.Ref)
		case store.CSVBookmarks:
			_, err = s.Unsave(ctx, r.Ref)
		case store.CSVFilters:
			err = s.DropFilter(ctx, r.Ref)
		case store.CSVLists:
			if r.Wish.List != 0 {
				err = s.RemoveFromList(ctx, r.Wish.List, r.Ref)
			} else {
				err = s.DropList(ctx, r.Ref)
			}
		case store.CSVDomains:
			if err = s.UnblockHost(ctx, r.Key); err == nil {
				err = s.UnsilenceServer(ctx, r.Key)
			}
		}
		rows[n].State = store.CSVTaken
		if err != nil && reply.CodeOf(err) == reply.Internal {
			return err
		}
		if err != nil {
			rows[n].State = store.CSVSame // it is gone already
		}
		return nil
	})
}

// sideBySide does something for n rows, several at a time, so that they share the
// commits that each would wait for. What is read in an order is kept in it: filters of
// one title, and what is saved.
func sideBySide(kind store.CSVKind, n int, do func(n int) error) error {
	var group errgroup.Group
	group.SetLimit(csvSideBySide)
	if kind == store.CSVFilters || kind == store.CSVBookmarks {
		group.SetLimit(1)
	}
	for n := range n {
		group.Go(func() error { return do(n) })
	}
	return group.Wait()
}

// ruleCSV puts a list of servers in force, as the page for their blocks does.
func (s *Service) ruleCSV(ctx context.Context, rows []store.CSVRow) error {
	names := make([]string, len(rows))
	servers := make([]ListedServer, len(rows))
	for i, r := range rows {
		names[i], servers[i] = r.Key, ListedServer{r.Key, r.Wish.Bound, r.Wish.Comment}
	}
	bound, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[string]store.Bound, error) { return tx.BoundOf(names) })
	if err != nil {
		return err
	}
	if _, err := s.ApplyServerList(ctx, servers, false); err != nil {
		return err
	}
	for i, r := range rows {
		rows[i].State = store.CSVTaken
		if bound[r.Key] >= r.Wish.Bound {
			rows[i].State = store.CSVSame
		}
	}
	return nil
}

// askCSV does one row that needs another server, if one may be asked now, and says
// when the next may. Lists of which nothing waits are done.
func (s *Service) askCSV(ctx context.Context, all []store.CSVImport) (next time.Time, err error) {
	now := s.now()
	tried, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[string]time.Time, error) { return tx.CSVTried(now.Add(-CSVHostGap)) })
	if err != nil {
		return next, err
	}
	next = now.Add(CSVHostGap)
	hosts := make([]string, 0, len(tried))
	for host, at := range tried {
		hosts = append(hosts, host)
		if wait := at.Add(CSVGap); wait.After(now) {
			return wait, s.endCSV(ctx, all) // too soon after the last
		}
		if free := at.Add(CSVHostGap); free.Before(next) {
			next = free
		}
	}
	ok, wait, busy := s.paces.turn(csvJob, now)
	if !ok {
		return wait, s.endCSV(ctx, all) // an archive asks too
	}
	hosts = append(hosts, busy...)
	for _, i := range all {
		row, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.CSVRow, error) { return tx.CSVDue(i.ID, now, hosts) })
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		asked := false
		if err == nil {
			s.paces.asked(csvJob, row.Host, now, CSVGap, CSVHostGap)
			asked, err = s.askRow(ctx, i, row)
			if !asked {
				s.paces.spared(row.Host, now)
			}
		}
		if err != nil {
			return next, err
		}
		next = s.now()
		if asked {
			next = next.Add(CSVGap)
		}
		return next, s.endCSV(ctx, all)
	}
	return next, s.endCSV(ctx, all)
}

// endCSV notes which lists are done.
func (s *Service) endCSV(ctx context.Context, all []store.CSVImport) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		for _, i := range all {
			if waits, err := tx.CSVWaits(i.ID); err != nil {
				return err
			} else if waits {
				continue
			}
			now, err := tx.CSVImport(i.ID)
			if err != nil {
				if err := notThere(err); err != nil {
					return err
				}
				continue
			}
			if now.State != store.CSVRunning {
				continue
			}
			now.State, now.EndedAt = store.CSVDone, s.now()
			if err := tx.SaveCSVImport(&now); err != nil {
				return err
			}
		}
		return nil
	})
}
