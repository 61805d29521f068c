package instance

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"dassie/federation"
	"dassie/store"
)

const (
	late    = 10 * time.Minute // after the start, when last night was missed
	settled = 2 * time.Second  // after the start
)

// Job is one row of the table of periodic jobs. A nightly one keeps the time of
// its last run as an internal setting.
type Job struct {
	Name   string
	Every  time.Duration // 0: once a night
	AtOnce bool          // also right after the start
	Run    func(context.Context, *federation.Service) error
}

// runJobs runs the jobs when they are due, until ctx ends. A failure is logged,
// and the job runs again at its next time.
func runJobs(ctx context.Context, s *federation.Service, jobs []Job, log *slog.Logger) {
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Go(func() { j.loop(ctx, s, log) })
	}
	wg.Wait()
}

func (j Job) loop(ctx context.Context, s *federation.Service, log *slog.Logger) {
	for first := true; ; first = false {
		wait := j.Every
		switch {
		case first && j.AtOnce:
			wait = settled
		case wait == 0:
			wait = j.untilNight(ctx, s)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		err := j.Run(ctx, s)
		if err == nil && j.Every == 0 {
			err = s.Store().Write(ctx, func(tx *store.Tx) error {
				return tx.SetSetting("ran:"+j.Name, s.Now().UTC().Format(time.RFC3339))
			})
		}
		if err != nil && ctx.Err() == nil {
			log.Error("house-keeping failed", "job", j.Name, "error", err)
		}
	}
}

// untilNight is how long a nightly job waits: until the night after its last
// run, or, when the machine was off then, until a while after the start.
func (j Job) untilNight(ctx context.Context, s *federation.Service) time.Duration {
	now := s.Now()
	text, err := store.Get(ctx, s.Store(), func(tx *store.Tx) (string, error) { return tx.Setting("ran:" + j.Name) })
	last, perr := time.Parse(time.RFC3339, text)
	if err != nil || perr != nil {
		last = s.Identity().CreatedAt // it never ran
	}
	if last.After(now) {
		last = now // the clock was set back
	}
	return max(federation.NextPurge(last, s.Settings()).Sub(now), late)
}

// Purge removes what is over its age.
func Purge(ctx context.Context, s *federation.Service) error { return s.Purge(ctx) }

// AgeRequests removes what is too old in the log of requests.
func AgeRequests(ctx context.Context, s *federation.Service) error { return s.AgeRequests(ctx) }

// FreeMemory gives back to the system what the start or a burst of work took.
func FreeMemory(context.Context, *federation.Service) error {
	debug.FreeOSMemory()
	dropCode()
	return nil
}
