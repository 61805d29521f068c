// Package storetest opens stores for tests: a migrated file is made once per
// test binary and copied for each test, so that a real database costs a
// millisecond. It is imported by tests alone and writes to their temporary
// directories only.
package storetest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"dassie/store"
)

// Start is the time at which the fixtures' world begins; their posts follow it.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Option changes how a store is opened.
type Option func(*store.Options)

// Clock makes the store read the time from now.
func Clock(now func() time.Time) Option {
	return func(o *store.Options) { o.Now = now }
}

// Readers sets the number of query-only connections.
func Readers(n int) Option {
	return func(o *store.Options) { o.Readers = n }
}

// Trace is told each statement that runs.
func Trace(told func(query string)) Option {
	return func(o *store.Options) { o.Trace = told }
}

// Open gives a test an empty store of its own, closed when the test ends.
func Open(t testing.TB, opts ...Option) *store.Store {
	t.Helper()
	return open(t, empty(), opts)
}

// OpenAlice is Open with the account of Alice, the owner: alice@alice.example,
// keys and profile included.
func OpenAlice(t testing.TB, opts ...Option) *store.Store {
	t.Helper()
	return open(t, withAlice(), opts)
}

// File writes an empty migrated database into dir, for tests that open it themselves.
func File(t testing.TB, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, store.FileName), empty(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// drawn are the keys that RSAKey hands out.
var drawn struct {
	sync.Mutex
	keys [4]*rsa.PrivateKey
	next int
}

// RSAKey is one of four keys in their turn, for Options.RSAKey: drawing one takes
// longer than most tests.
func RSAKey() (*rsa.PrivateKey, error) {
	drawn.Lock()
	defer drawn.Unlock()
	place := &drawn.keys[drawn.next%len(drawn.keys)]
	drawn.next++
	if *place == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		*place = key
	}
	return *place, nil
}

func open(t testing.TB, file []byte, opts []Option) *store.Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, store.FileName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	o := store.Options{Serve: true}
	for _, opt := range opts {
		opt(&o)
	}
	s, err := store.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

var (
	empty     = sync.OnceValue(func() []byte { return template(func(*store.Store) error { return nil }) })
	withAlice = sync.OnceValue(func() []byte {
		return template(func(s *store.Store) error {
			_, err := s.CreateAccount(context.Background(), store.NewAccount{
				Name: "alice", Domain: "alice.example", Email: "alice@mail.example", PasswordHash: "no password fits",
				Language: "en", Timezone: "UTC", ApproveFollowers: true,
			})
			return err
		})
	})
)

// template panics on failure: no test could run without it.
func template(fill func(*store.Store) error) []byte {
	dir, err := os.MkdirTemp("", "storetest")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(dir, store.Options{Create: true, Serve: true, Now: func() time.Time { return Start }})
	if err != nil {
		panic(err)
	}
	if err := fill(s); err != nil {
		panic(err)
	}
	if err := s.Close(); err != nil {
		panic(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, store.FileName))
	if err != nil {
		panic(err)
	}
	return b
}
