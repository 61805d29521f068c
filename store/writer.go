package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

const (
	maxBatch     = 256                   // jobs that share one transaction
	patientBatch = 10                    // patient jobs that are company enough
	patientWait  = 50 * time.Millisecond // how long a patient job waits for company
	slowJob      = 50 * time.Millisecond // a job that holds the writer longer is logged
	idleAfter    = 5 * time.Second       // quiet time before an idle checkpoint
	idleCommits  = 256                   // commits that an idle checkpoint needs to be worth its writes
)

// job is one caller's part of a shared transaction.
type job struct {
	fn     func(*Tx) error
	urgent bool
	after  []func()
	err    error
	done   chan struct{}
}

// Write runs fn in a write transaction that it may share with other callers,
// and returns after it is on disk. fn runs in a savepoint of its own: its error
// undoes its own changes only and is returned. fn may be run a second time if
// the shared commit fails, so it must set its results, not add to them; it must
// not use the network nor call Write. A context that ends cancels only the
// wait, never a job that was handed over: after an error from the context fn
// may still be running, so what it sets must not be looked at.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	return s.submit(ctx, fn, true)
}

// WriteGrouped is Write for what strangers send: it waits up to 50 ms for nine
// others to share the commit, which spares the card.
func (s *Store) WriteGrouped(ctx context.Context, fn func(*Tx) error) error {
	return s.submit(ctx, fn, false)
}

func (s *Store) submit(ctx context.Context, fn func(*Tx) error, urgent bool) error {
	select { // what is over already must not win the race below
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	j := &job{fn: fn, urgent: urgent, done: make(chan struct{})}
	select {
	case s.jobs <- j:
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.writerDone:
	}
	// The store closed around the hand-over: the job ran before the writer ended, or never will.
	select {
	case <-j.done:
		return j.err
	default:
		return ErrClosed
	}
}

// writer is the one goroutine that writes.
func (s *Store) writer() {
	defer close(s.writerDone)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	lastWrite, checkpointed := time.Time{}, int64(0)
	for {
		select {
		case j := <-s.jobs:
			s.runBatch(s.gather(j))
			lastWrite = time.Now()
		case <-tick.C:
			s.checkOtherWriters()
			s.emptyLog()
			// After each single post a checkpoint would write every page of it twice.
			if n := s.commits.Load(); n-checkpointed >= idleCommits && time.Since(lastWrite) > idleAfter {
				s.checkpoint("passive")
				checkpointed = n
			}
		case <-s.closing:
			for {
				select {
				case j := <-s.jobs:
					s.runBatch(s.gather(j))
				default:
					return
				}
			}
		}
	}
}

// gather collects the jobs that share the next transaction.
func (s *Store) gather(first *job) []*job {
	batch := []*job{first}
	urgent := first.urgent
	var timeout <-chan time.Time
	for len(batch) < maxBatch {
		select {
		case j := <-s.jobs:
			batch = append(batch, j)
			urgent = urgent || j.urgent
			continue
		default:
		}
		if urgent || len(batch) >= patientBatch {
			break
		}
		if timeout == nil {
			timer := time.NewTimer(s.patience)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case j := <-s.jobs:
			batch = append(batch, j)
			urgent = urgent || j.urgent
		case <-timeout:
			return batch
		case <-s.closing:
			return batch
		}
	}
	return batch
}

// runBatch runs the jobs in one transaction. If the shared transaction fails,
// each job is tried once alone, so that one cannot spoil the others.
func (s *Store) runBatch(batch []*job) {
	err := s.commit(batch)
	if err != nil && len(batch) > 1 && !errors.Is(err, errBegin) {
		slog.Warn("shared transaction failed; its jobs are tried alone", "jobs", len(batch), "error", err)
		for _, j := range batch {
			if err := s.commit([]*job{j}); err != nil {
				j.err = err
			}
		}
	} else if err != nil {
		for _, j := range batch {
			j.err = err
		}
	}
	s.overwritten()
	for _, j := range batch {
		if j.err == nil {
			runAfter(j.after)
		}
		close(j.done)
	}
}

// runAfter tells the world of a commit. What panics there must not end the
// writer: the data is on disk already.
func runAfter(list []func()) {
	for _, f := range list {
		if err := protect(func() error { f(); return nil }); err != nil {
			slog.Error("an event after a commit failed", "error", err)
		}
	}
}

// errBegin says that no transaction was to be had: another process held the
// database for the whole busy_timeout. Trying each job alone would only wait again.
var errBegin = errors.New("begin a transaction")

func (s *Store) commit(batch []*job) error {
	if err := s.execRaw("begin immediate"); err != nil {
		return fmt.Errorf("%w: %w", errBegin, err)
	}
	for _, j := range batch {
		if err := s.runJob(j, len(batch) > 1); err != nil {
			s.rollback()
			return err
		}
	}
	if len(batch) == 1 && batch[0].err != nil {
		s.rollback()
		return nil
	}
	if err := s.execRaw("commit"); err != nil {
		s.rollback()
		return fmt.Errorf("commit: %w", err)
	}
	s.commits.Add(1)
	if s.peopleChanged {
		s.people.forget()
		s.peopleChanged = false
	}
	return nil
}

// runJob runs one job, in a savepoint when it shares the transaction. The
// returned error means that the transaction itself is unusable.
func (s *Store) runJob(j *job, shared bool) error {
	if shared {
		if err := s.execRaw("savepoint job"); err != nil {
			return fmt.Errorf("savepoint: %w", err)
		}
	}
	tx := &Tx{s: s, c: s.wconn}
	start := time.Now()
	j.err = protect(func() error { return j.fn(tx) })
	j.after = tx.after
	if d := time.Since(start); d > slowJob {
		slog.Debug("a write held the database", "for", d)
	}
	if tx.broken != nil { // SQLite has ended the transaction itself, for the others too
		j.err = tx.broken
		return tx.broken
	}
	if !shared {
		return nil
	}
	if j.err != nil {
		if err := s.execRaw("rollback to job"); err != nil {
			return fmt.Errorf("rollback to savepoint: %w", err)
		}
	}
	if err := s.execRaw("release job"); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	return nil
}

func (s *Store) rollback() {
	// The transaction may be gone already (SQLite ends it on a full disk): then there is nothing to roll back.
	_ = s.execRaw("rollback")
}

func (s *Store) execRaw(query string) error {
	st, err := s.wconn.prepare(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(bg)
	return err
}

// protect turns a panic of fn into an error, so that one bad row cannot stop the writer.
func protect(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return fn()
}

// checkOtherWriters notices commits of other processes (commands such as
// passwd run beside the server) by data_version, which our own commits leave
// alone on this connection.
func (s *Store) checkOtherWriters() {
	v, err := s.dataVersion()
	if err != nil {
		slog.Warn("cannot read data_version", "error", err)
		return
	}
	if v != s.version {
		s.people.forget()
		if s.OnForeignWrite != nil {
			runAfter([]func(){s.OnForeignWrite})
		}
	}
	s.version = v
}

func (s *Store) dataVersion() (int64, error) {
	st, err := s.wconn.prepare("pragma data_version")
	if err != nil {
		return 0, err
	}
	var v int64
	err = st.QueryRowContext(bg).Scan(&v)
	return v, err
}

func (s *Store) checkpoint(mode string) {
	if _, err := s.tryCheckpoint(mode); err != nil {
		slog.Warn("checkpoint failed", "error", err)
	}
}

// tryCheckpoint says whether the whole log is in the database file now.
func (s *Store) tryCheckpoint(mode string) (whole bool, err error) {
	var busy, pages, done int
	err = s.wconn.raw.QueryRowContext(bg, "pragma wal_checkpoint("+mode+")").Scan(&busy, &pages, &done)
	return busy == 0 && pages == done, err
}
