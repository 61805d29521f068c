package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"dassie/store"
)

var bg = context.Background()

func write(t testing.TB, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Write(bg, fn); err != nil {
		t.Fatal(err)
	}
}

func read[T any](t testing.TB, s *store.Store, fn func(*store.Tx) (T, error)) T {
	t.Helper()
	v, err := store.Get(bg, s, fn)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func count(t testing.TB, s *store.Store, query string, args ...any) int64 {
	t.Helper()
	return read(t, s, func(tx *store.Tx) (int64, error) { return tx.Int(query, args...) })
}

// notWhileRacing skips what counts rows by the ten thousand and has one goroutine:
// the race detector makes SQLite fifty times slower and finds nothing there.
func notWhileRacing(t testing.TB) {
	t.Helper()
	if racing {
		t.Skip("runs without -race")
	}
}

// clock is a clock that tests move by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = to
}

func (c *clock) Add(d time.Duration) { c.Set(c.Now().Add(d)) }
