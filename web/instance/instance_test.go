package instance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
)

// site is a server with an account whose parts are real but for the pages.
func site(t *testing.T, dir string) *Site {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	return New(Config{Dir: dir, Log: log, Boot: func(ctx context.Context, s Spec) (*Parts, error) {
		pictures, err := media.Open(filepath.Join(dir, "media"))
		if err != nil {
			return nil, err
		}
		svc, err := federation.New(ctx, federation.Config{Store: s.Store, Media: pictures, Identity: s.Identity, Log: log,
			Remote: remote.New(remote.Config{UserAgent: "test", Loopback: true})})
		return &Parts{Service: svc, Handler: http.NotFoundHandler(), Close: func() {}}, err
	}})
}

func mark(t *testing.T, st *store.Store) string {
	t.Helper()
	text, err := store.Get(context.Background(), st, func(tx *store.Tx) (string, error) { return tx.Setting(store.CleanShutdown) })
	if err == store.ErrNotFound {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOnlyACleanEndLeavesTheMark(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	if _, err := store.InitCommand(ctx, dir, store.NewAccount{Name: "alice", Domain: "alice.localhost:1"}, func() (string, error) { return "x", nil }); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		s := site(t, dir)
		run, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- s.Run(run) }()
		select {
		case <-s.booted:
		case err := <-done:
			t.Fatal(err)
		case <-time.After(time.Minute):
			t.Fatal("it does not start")
		}
		if got := mark(t, s.store); got == "yes" {
			t.Errorf("round %d: while it runs a crash would pass for a clean end", round)
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		st, err := store.Open(dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := mark(t, st); got != "yes" {
			t.Errorf("round %d: the mark after a clean end is %q", round, got)
		}
		st.Close()
	}
}

// A server that is ended while it starts ends well, but leaves no mark.
func TestEndWhileStarting(t *testing.T) {
	dir := t.TempDir()
	if _, err := store.InitCommand(context.Background(), dir, store.NewAccount{Name: "alice", Domain: "alice.localhost:1"}, func() (string, error) { return "x", nil }); err != nil {
		t.Fatal(err)
	}
	s := site(t, dir)
	ctx, stop := context.WithCancel(context.Background())
	s.Known = func(store.Identity) { stop() }
	if err := s.Run(ctx); err != nil {
		t.Errorf("got %v", err)
	}
	if got := mark(t, s.store); got == "yes" {
		t.Error("nothing ran, and it counts as a clean end")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The time of the end is known exactly after a clean one, and from the files
// after a crash; an absence of over an hour is made good.
func TestTheEndOfTheLastRunIsKnown(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	if !lastWrite(dir).IsZero() {
		t.Error("there is no database yet")
	}
	if _, err := store.InitCommand(ctx, dir, store.NewAccount{Name: "alice", Domain: "alice.localhost:1"}, func() (string, error) { return "x", nil }); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-5 * time.Hour).Truncate(time.Second)
	for _, clean := range []string{"yes", "no"} {
		st, err := store.Open(dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = st.Write(ctx, func(tx *store.Tx) error {
			if err := tx.SetSetting(endedKey, old.Add(3*time.Hour).UTC().Format(time.RFC3339)); err != nil {
				return err
			}
			return tx.SetSetting(store.CleanShutdown, clean)
		})
		if err := errors.Join(err, st.Close()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{store.FileName, store.FileName + "-wal"} {
			if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		if got := lastWrite(dir); !got.Equal(old) {
			t.Errorf("the files were last written %v, want %v", got, old)
		}
		s := site(t, dir)
		run, stop := context.WithCancel(ctx)
		stopped := make(chan error, 1)
		go func() { stopped <- s.Run(run) }()
		select {
		case <-s.booted:
		case <-time.After(time.Minute):
			t.Fatal("it does not start")
		}
		var gap struct {
			Since time.Time `json:"since"`
		}
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			jobs, err := tx.DueJobs(time.Now().Add(time.Hour), 10)
			jobs = slices.DeleteFunc(jobs, func(j store.Job) bool { return j.Kind == "conversations" }) // each new database has it
			if err != nil || len(jobs) != 1 || jobs[0].Kind != "gap" {
				return fmt.Errorf("waiting are %v, %w", jobs, err)
			}
			payload, err := tx.JobPayload(jobs[0].ID)
			if err != nil {
				return err
			}
			return errors.Join(json.Unmarshal(payload, &gap), tx.JobDone(jobs[0].ID))
		})
		stop()
		if err := errors.Join(err, <-stopped, s.Close()); err != nil {
			t.Fatal(err)
		}
		want := old
		if clean == "yes" {
			want = old.Add(3 * time.Hour)
		}
		if !gap.Since.Equal(want) {
			t.Errorf("clean %s: recovered since %v, want %v", clean, gap.Since, want)
		}
	}
}
