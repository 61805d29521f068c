package federation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"dassie/store"
	"dassie/store/logs"
)

const (
	purgeKey   = "purge" // of the job that the owner asked for
	purgeTime  = 4 * time.Minute
	purgeHour  = 3         // o'clock, in the owner's zone
	freshFiles = time.Hour // a younger file's row may not be written yet
)

// RequestLog is the log of requests. There is one only while the owner wants it:
// see the setting KeepLogDays.
func (s *Service) RequestLog() *logs.Log { return s.requests }

// Purge removes everything that is over its age or its room: rows, pictures that
// nothing shows any more, and old requests in the log. It notes what went. When ctx
// ends before it is through, the next one goes on.
func (s *Service) Purge(ctx context.Context) error {
	s.purging.Lock()
	defer s.purging.Unlock()
	var swept store.Swept
	err := s.purge(ctx, &swept)
	swept.Cut = err != nil && ctx.Err() != nil
	swept.At = s.now()
	s.log.Info("purged", "removed", swept.Total(), "bytes", swept.Bytes, "next", NextPurge(swept.At, s.Settings()).Format(time.RFC3339))
	return errors.Join(err, s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.SaveSwept(swept) }))
}

func (s *Service) purge(ctx context.Context, swept *store.Swept) error {
	if err := s.NoteSeen(ctx); err != nil {
		return err
	}
	failed := s.ageRequests(swept) // it keeps nothing else from going
	report, err := s.store.Sweep(ctx)
	swept.Report(report)
	if err != nil {
		return errors.Join(err, failed)
	}
	return errors.Join(s.sweepPictures(ctx, swept), failed)
}

// AgeRequests removes what is too old in the log of requests; it runs by the hour,
// so that nothing waits there for the night.
func (s *Service) AgeRequests(context.Context) error { return s.ageRequests(&store.Swept{}) }

func (s *Service) ageRequests(swept *store.Swept) error {
	days, bytes, err := s.requests.Age(s.now(), s.Settings().KeepLogDays)
	swept.Add("days of the log of requests", days)
	swept.Bytes += bytes
	if days > 0 {
		slog.Info("swept", "what", "days of the log of requests", "removed", days, "bytes", bytes)
	}
	return err
}

// sweepPictures removes pictures that nothing shows any more.
func (s *Service) sweepPictures(ctx context.Context, swept *store.Swept) error {
	var failed error
	keep := func(name string) bool {
		used, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return tx.MediaInUse(name) })
		failed = errors.Join(failed, err)
		return used || err != nil
	}
	before := time.Now().Add(-freshFiles) // file times are the system's clock
	removed, bytes, err := s.media.Sweep(ctx, keep, before)
	if err == nil {
		var more int
		var moreBytes int64
		more, moreBytes, err = s.SweepRemote(ctx, before)
		removed, bytes = removed+more, bytes+moreBytes
	}
	if removed > 0 {
		slog.Info("swept", "what", "files of pictures nothing shows", "removed", removed, "bytes", bytes)
	}
	swept.Add("files of pictures nothing shows", removed)
	swept.Bytes += bytes
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("sweep pictures: %w", err)
	}
	return nil
}

// PurgeSoon has Purge run in the background, also after a restart. Asked for twice,
// it runs once.
func (s *Service) PurgeSoon(ctx context.Context) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.AddJobOnce("purge", purgeKey, nil, time.Time{}) })
	if err != nil {
		return fmt.Errorf("ask for house-keeping: %w", err)
	}
	s.work.pokeJobs()
	return nil
}

// runPurge is the job. What it does not get done in its time is left to the night.
func (s *Service) runPurge(ctx context.Context, _ []byte) error {
	short, cancel := context.WithTimeout(ctx, purgeTime)
	defer cancel()
	err := s.Purge(short)
	if ctx.Err() == nil && short.Err() != nil && errors.Is(err, short.Err()) {
		return nil
	}
	return err
}

// Purged is what the last house-keeping removed, and whether one was asked for that
// has not ended.
func (s *Service) Purged(tx *store.Tx) (last store.Swept, busy bool, err error) {
	if last, err = tx.Swept(); err != nil {
		return last, false, err
	}
	busy, err = tx.JobWaiting(purgeKey)
	return last, busy, err
}

// NextPurge is when house-keeping runs after a time: at night, in the owner's zone.
func NextPurge(after time.Time, set store.Settings) time.Time {
	zone, err := time.LoadLocation(set.Timezone)
	if err != nil {
		zone = time.UTC // only the hour is off
	}
	t := after.In(zone)
	night := time.Date(t.Year(), t.Month(), t.Day(), purgeHour, 0, 0, 0, zone)
	if !night.After(t) {
		night = time.Date(t.Year(), t.Month(), t.Day()+1, purgeHour, 0, 0, 0, zone)
	}
	return night
}

// Due counts what the next Purge removes by the ages of some settings, by the name of
// the age; ages by which nothing goes are left out.
func (s *Service) Due(ctx context.Context, set store.Settings) (map[string]int, error) {
	set.Clamp()
	due, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[string]int, error) { return tx.Due(set) })
	if err != nil {
		return nil, fmt.Errorf("count what would go: %w", err)
	}
	days, _, err := s.requests.Due(s.now(), set.KeepLogDays)
	if err != nil {
		return nil, err
	}
	if days > 0 {
		due["keep_log_days"] = days
	}
	return due, nil
}
