package federation

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	jobWorkers = 4           // background jobs at a time …
	jobsOfPeer = 2           // … and of what one registrable domain sent
	jobPage    = 20          // due jobs read at a time …
	maxJobPage = 40          // … and at most, while all that were read wait for others of their domain
	idlePoll   = time.Minute // how long a worker sleeps at most when nothing is due

	jobTime    = 5 * time.Minute  // for one job …
	letterTime = 15 * time.Minute // … and for a letter: its server may think for ten minutes (RFC 5321 4.5.3.2.6)
)

// jobKinds is the table of background work by the kind of its rows.
var jobKinds = map[string]func(s *Service, ctx context.Context, payload []byte) error{
	"inbox":         (*Service).runInbox,
	"quote":         (*Service).runQuote,
	"quoted":        (*Service).runQuoted,
	"actor-posts":   (*Service).dropActorPosts,
	eraseJob:        (*Service).runErase,
	"recheck":       (*Service).recheckActors,
	"backfill":      (*Service).backfill,
	"pictures":      (*Service).fetchPictures,
	"media-names":   (*Service).renameMedia,
	"hostinfo":      (*Service).fetchHostInfo,
	"evidence":      (*Service).gatherEvidence,
	"fetched":       (*Service).recordFetch,
	"poll-counts":   (*Service).tellCounts,
	"poll-end":      (*Service).endPoll,
	"followers":     (*Service).synchronize,
	"pins":          (*Service).fetchPins,
	"parents":       (*Service).fetchParents,
	"hinted":        (*Service).fetchHinted,
	"scheduled":     (*Service).sendScheduled,
	"thread":        (*Service).fetchThreadJob,
	"conversations": (*Service).fillConversations,
	"gap":           (*Service).recoverStep,
	"card":          (*Service).fetchCard,
	"links":         (*Service).verifyLinks,
	"last-posts":    (*Service).askLastPosts,
	"push":          (*Service).push,
	"browser-push":  (*Service).pushBrowser,
	"mail":          (*Service).sendLetter,
	"mail-notices":  (*Service).mailNotices,
	"mail-digest":   (*Service).mailDigest,

	"expiry": (*Service).expire,

	"purge":            (*Service).runPurge,
	"remove-followers": (*Service).finishRemoval,
	"cut-server":       (*Service).finishCut,
	"server-list":      (*Service).applyServerList,
	wantsJob:           (*Service).fetchImportWants,
	"csv-import":       (*Service).runCSV,
}

// Run does the background work until ctx ends, and returns when everything that
// was under way has been recorded. The error is ErrEnded once an account that is
// being deleted can be wiped.
func (s *Service) Run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if s.Ending() == nil {
		s.wantJobs(ctx)
	}
	var wg sync.WaitGroup
	for _, loop := range []func(context.Context){s.jobLoop, s.deliveryLoop, s.indexLoop, s.securityLoop} {
		wg.Go(func() { loop(ctx) })
	}
	wg.Go(func() {
		if s.endLoop(ctx) {
			end(ErrEnded)
		}
	})
	wg.Wait()
	if errors.Is(context.Cause(ctx), ErrEnded) {
		return ErrEnded
	}
	return s.queueFetches(context.WithoutCancel(ctx)) // what was gathered meanwhile
}

// wantJobs queues what goes on after a start.
func (s *Service) wantJobs(ctx context.Context) {
	if err := s.wantConversations(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("cannot queue the filing of private conversations", "error", err)
	}
	if err := s.wantUnsent(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("cannot queue what waits to go out", "error", err)
	}
	if err := s.wantExpiry(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("cannot queue the deletion of old own posts", "error", err)
	}
}

// jobLoop runs due jobs, a few at a time, each key in order. What is due is read
// a page at a time and worked off from memory.
func (s *Service) jobLoop(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, jobWorkers)
	q := jobQueue{page: jobPage}
	for ctx.Err() == nil {
		if err := s.readJobs(ctx, &q); err != nil && ctx.Err() == nil {
			s.log.Error("cannot read jobs", "error", err)
			q.next = s.now().Add(10 * time.Second)
		}
		for s.startJobs(ctx, &q, &wg, slots) && len(q.jobs) > 0 {
			s.sleep(ctx, s.work.jobs, s.now().Add(busyPoll)) // until one of them ends
		}
		switch {
		case q.started > 0:
			q.page = jobPage
		case q.full && q.page < maxJobPage:
			q.page *= 2 // one domain's jobs must not hide what others sent
		default:
			s.sleep(ctx, s.work.jobs, q.next)
		}
	}
}

// jobQueue is what the job loop knows of the jobs that are due.
type jobQueue struct {
	jobs    []store.Job // still to be started
	next    time.Time   // when to read again at the latest
	page    int         // how many are read
	full    bool        // as many were read
	started int         // since it was read
}

func (s *Service) readJobs(ctx context.Context, q *jobQueue) error {
	busy := s.work.busy() // before the reading: what ends meanwhile is in the list but must not run again
	jobs, next, err := s.dueJobs(ctx, q.page)
	*q = jobQueue{page: q.page, next: next, full: len(jobs) == q.page}
	if len(jobs) > 0 {
		q.next = s.now().Add(busyPoll) // others come due while these run
	}
	for _, j := range jobs {
		if !busy[runningKey(j)] {
			q.jobs = append(q.jobs, j)
		}
	}
	return err
}

// startJobs starts what finds a place and leaves the rest in the queue; it says
// whether it started any.
func (s *Service) startJobs(ctx context.Context, q *jobQueue, wg *sync.WaitGroup, slots chan struct{}) bool {
	rest, began := q.jobs[:0], q.started
	for i, j := range q.jobs {
		if ctx.Err() != nil || len(slots) == cap(slots) {
			rest = append(rest, q.jobs[i:]...)
			break
		}
		if !s.work.claim(j) {
			rest = append(rest, j)
			continue
		}
		q.started++
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots; s.work.pokeJobs() }()
			s.runJob(ctx, j)
		})
	}
	q.jobs = rest
	return q.started > began
}

// sleep waits for a poke, a time (zero: none), or the end of ctx.
func (s *Service) sleep(ctx context.Context, poke <-chan struct{}, until time.Time) {
	wait := idlePoll
	if !until.IsZero() {
		wait = min(max(until.Sub(s.now()), 0)+5*time.Millisecond, idlePoll)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-poke:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Service) dueJobs(ctx context.Context, limit int) (jobs []store.Job, next time.Time, err error) {
	full := s.work.full()
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if jobs, err = tx.DueJobs(s.now(), limit, full...); err != nil || len(jobs) > 0 {
			return err
		}
		next, err = tx.NextJob()
		return err
	})
	if soon := s.now().Add(busyPoll); len(full) > 0 && !next.IsZero() && next.Before(soon) {
		next = soon // it may be one that must wait for its group
	}
	return jobs, next, err
}

// runJob runs one claimed job and records what became of it. A failure that
// cannot pass is not tried again.
func (s *Service) runJob(ctx context.Context, j store.Job) {
	defer s.work.release(j)
	err := s.callJob(ctx, j)
	if ctx.Err() != nil && err != nil {
		return // stopped half-way: it runs again at the next start
	}
	werr := s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err == nil || !passing(err) {
			return tx.JobDone(j.ID)
		}
		var later *tryLater
		if errors.As(err, &later) {
			return tx.JobLater(j, err.Error(), s.now().Add(later.wait))
		}
		var final *setAside
		if errors.As(err, &final) {
			s.log.Warn("set a job aside", "kind", j.Kind, "error", err)
			return tx.JobAside(j.ID, err.Error())
		}
		var worth *worthWaiting
		if j.LastTry() && errors.As(err, &worth) {
			return tx.JobAlone(j, err.Error(), s.now().Add(worth.wait()))
		}
		aside, e := tx.JobFailed(j, err.Error())
		if aside {
			s.log.Warn("set a job aside", "kind", j.Kind, "key", j.Key, "error", err)
		}
		return e
	})
	if err != nil {
		s.log.Debug("job failed", "kind", j.Kind, "key", j.Key, "error", err)
	}
	if werr != nil {
		s.log.Error("cannot record a job", "kind", j.Kind, "error", werr)
	}
}

// worthWaiting is a failure of what somebody else's server must take, and may take
// hours later as well: it is tried on beyond the usual tries, and lets others pass.
// When it is too late for it, the job ends by itself.
type worthWaiting struct {
	error
	asked time.Duration // how long to wait, if the server said
}

func (e *worthWaiting) Unwrap() error { return e.error }

// wait is how long until the next try.
func (e *worthWaiting) wait() time.Duration {
	return min(max(e.asked, 30*time.Minute), 12*time.Hour)
}

// tryLater is a failure whose job says itself when to try again.
type tryLater struct {
	error
	wait time.Duration
}

func (e *tryLater) Unwrap() error { return e.error }

// setAside is a failure after which nothing is tried any more, and which the owner is
// to see.
type setAside struct{ error }

func (e *setAside) Unwrap() error { return e.error }

// callJob runs the job's function; a panic becomes an error, so that one bad
// post cannot stop the queue (T33).
func (s *Service) callJob(ctx context.Context, j store.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in job %s: %v\n%s", j.Kind, p, debug.Stack())
		}
	}()
	run := jobKinds[j.Kind]
	if run == nil {
		return fmt.Errorf("%w: no such kind of job", store.ErrNotFound)
	}
	if s.Ending() != nil && j.Kind != "mail" { // nothing else is done, nor anybody asked, any more
		return nil
	}
	most := jobTime
	if j.Kind == "mail" {
		most = letterTime
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	payload, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]byte, error) { return tx.JobPayload(j.ID) })
	if err != nil {
		return err
	}
	return run(s, ctx, payload)
}

// RunDue runs everything that is due now (jobs, deliveries, indexing) once and
// says how many things that were. It is how tests drive the queue.
func (s *Service) RunDue(ctx context.Context) (int, error) {
	total := 0
	if err := s.queueFetches(ctx); err != nil {
		return 0, err
	}
	if err := s.mailSecurity(ctx); err != nil {
		return 0, err
	}
	jobs, _, err := s.dueJobs(ctx, maxJobPage)
	if err != nil {
		return 0, err
	}
	for _, j := range jobs {
		if s.work.claim(j) {
			s.runJob(ctx, j)
			total++
		}
	}
	n, err := s.deliverDue(ctx)
	if err != nil {
		return total, err
	}
	m, err := s.indexOnce(ctx)
	return total + n + m, err
}

// idKey and idPayload name a job by the row it is about.
func idKey(kind string, id int64) string { return kind + ":" + strconv.FormatInt(id, 10) }

func idPayload(id int64) []byte { return strconv.AppendInt(nil, id, 10) }

func payloadID(payload []byte) (int64, error) {
	id, err := strconv.ParseInt(string(payload), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	return id, nil
}
