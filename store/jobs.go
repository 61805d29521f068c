package store

import (
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"time"
)

// jobTries is after how many failures a job is set aside and shown to the owner.
const jobTries = 5

// Job is one piece of background work. Jobs with the same key run in order.
type Job struct {
	ID      int64
	Kind    string
	Key     string // what its order is kept by, such as an actor's uri; "" for none
	RunAt   time.Time
	Tries   int
	Payload []byte
	Error   string
	DeadAt  time.Time // set aside; zero while alive
}

func scanJob(r scanner) (Job, error) {
	var j Job
	var run int64
	var dead sql.NullInt64
	err := r.Scan(&j.ID, &j.Kind, &j.Key, &run, &j.Tries, &j.Payload, &j.Error, &dead)
	j.RunAt, j.DeadAt = fromMS(run), fromNullMS(dead)
	return j, err
}

const jobColumns = `id, kind, key, run_at, tries, payload, error, dead_at`

// AddJob queues work, due at once if the time is zero.
func (t *Tx) AddJob(kind, key string, payload []byte, at time.Time) error {
	if at.IsZero() {
		at = t.Now()
	}
	_, err := t.exec(`
		insert into jobs (id, kind, key, run_at, payload)
		values (?, ?, ?, ?, ?)`, t.NewID(), kind, key, ms(at), payload)
	return err
}

// AddJobOnce queues work unless the same kind and key wait already.
func (t *Tx) AddJobOnce(kind, key string, payload []byte, at time.Time) error {
	waits, err := t.exists(`
		select 1
		from jobs
		where key = ?
		and dead_at is null
		and kind = ?`, key, kind)
	if err != nil || waits {
		return err
	}
	return t.AddJob(kind, key, payload, at)
}

// PlanJob queues work for a time, or moves what waits under the same kind and key
// to it.
func (t *Tx) PlanJob(kind, key string, payload []byte, at time.Time) error {
	n, err := t.changed(`
		update jobs
		set run_at = ?
		where key = ?
		and dead_at is null
		and kind = ?`, ms(at), key, kind)
	if err != nil || n > 0 {
		return err
	}
	return t.AddJob(kind, key, payload, at)
}

// DropJobs forgets what waits under a kind and key, because it is done otherwise.
func (t *Tx) DropJobs(kind, key string) error {
	_, err := t.exec(`
		delete from jobs
		where key = ?
		and dead_at is null
		and kind = ?`, key, kind)
	return err
}

// JobWaiting says whether a job of a key waits or runs.
func (t *Tx) JobWaiting(key string) (bool, error) {
	return t.exists(`
		select 1
		from jobs
		where key = ?
		and dead_at is null`, key)
}

// JobPlanned says whether a job of a key waits for a time after at.
func (t *Tx) JobPlanned(key string, at time.Time) (bool, error) {
	return t.exists(`
		select 1
		from jobs
		where key = ?
		and dead_at is null
		and run_at > ?`, key, ms(at))
}

// DueJobs lists what may run now: for each key only its oldest job. The index is
// named because one key with thousands of jobs would lead the planner astray.
// Payloads are left out, since a page is read more often than its jobs run: see JobPayload.
// Kinds of which no more may run now are left out too, so that they hide no others.
func (t *Tx) DueJobs(now time.Time, limit int, without ...string) ([]Job, error) {
	names, err := json.Marshal(append([]string{}, without...))
	if err != nil {
		return nil, err
	}
	return many(t, scanJob, `
		select id, kind, key, run_at, tries, null, error, dead_at
		from jobs j
		where j.dead_at is null
		and j.run_at <= ?
		and (j.key = '' or not exists (
			select 1
			from jobs k indexed by jobs_key
			where k.key = j.key
			and k.dead_at is null
			and k.id < j.id))
		and j.kind not in (select value from json_each(?))
		order by j.run_at
		limit ?`, ms(now), string(names), limit)
}

// JobPayload reads what a job works on.
func (t *Tx) JobPayload(id int64) ([]byte, error) {
	return value[[]byte](t, `
		select payload
		from jobs
		where id = ?`, id)
}

// NextJob is when the next job is due; zero if none waits.
func (t *Tx) NextJob() (time.Time, error) {
	at, err := value[int64](t, `
		select run_at
		from jobs
		where dead_at is null
		order by run_at
		limit 1`)
	if err == ErrNotFound {
		return time.Time{}, nil
	}
	return fromMS(at), err
}

// JobDone removes a finished job.
func (t *Tx) JobDone(id int64) error {
	_, err := t.exec(`
		delete from jobs
		where id = ?`, id)
	return err
}

// JobFailed puts a job back for a later try (10 s, 1, 6 and 36 minutes), or
// sets it aside after five; it says which.
func (t *Tx) JobFailed(j Job, problem string) (setAside bool, err error) {
	j.Tries++
	if j.Tries >= jobTries {
		_, err := t.exec(`
			update jobs
			set tries = ?, error = ?, dead_at = ?
			where id = ?`, j.Tries, problem, ms(t.Now()), j.ID)
		return true, err
	}
	wait := 10 * time.Second
	for range j.Tries - 1 {
		wait *= 6
	}
	wait += time.Duration(rand.Int64N(int64(wait) / 5))
	_, err = t.exec(`
		update jobs
		set tries = ?, error = ?, run_at = ?
		where id = ?`, j.Tries, problem, ms(t.Now().Add(wait)), j.ID)
	return false, err
}

// JobAlone puts a job back for a later try, however often it failed before, and
// outside of the order of its key: those behind it wait for it no longer.
func (t *Tx) JobAlone(j Job, problem string, at time.Time) error {
	_, err := t.exec(`
		update jobs
		set key = '', tries = ?, error = ?, run_at = ?
		where id = ?`, j.Tries+1, problem, ms(at), j.ID)
	return err
}

// LastTry says that a job which fails once more is set aside.
func (j Job) LastTry() bool { return j.Tries+1 >= jobTries }

// CountJobs counts those that wait and those set aside.
func (t *Tx) CountJobs() (waiting, dead int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&waiting, &dead) }, `
		select count(*) filter (where dead_at is null), count(*) filter (where dead_at is not null)
		from jobs`)
	return waiting, dead, err
}

// DeadJobs lists the jobs that were set aside, newest first.
func (t *Tx) DeadJobs(limit int) ([]Job, error) {
	return many(t, scanJob, `
		select `+jobColumns+`
		from jobs
		where dead_at is not null
		order by dead_at desc
		limit ?`, limit)
}
