package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// park holds the writer until release is called, so that what is written
// meanwhile waits together.
func park(t *testing.T, s *store.Store) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	go s.Write(bg, func(*store.Tx) error {
		select {
		case <-held:
		default:
			close(held)
		}
		<-free
		return nil
	})
	<-held
	return func() { close(free) }
}

// together hands over n writes that wait for one another and returns their errors.
func together(t *testing.T, s *store.Store, n int, fn func(i int, tx *store.Tx) error) []error {
	t.Helper()
	release := park(t, s)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = s.Write(bg, func(tx *store.Tx) error { return fn(i, tx) }) })
	}
	for s.Waiting() < n {
		time.Sleep(time.Millisecond) // the hand-over has no event of its own
	}
	release()
	wg.Wait()
	return errs
}

func put(tx *store.Tx, i int) error { return tx.SetSetting(fmt.Sprint("k", i), "v") }

func countPut(t *testing.T, s *store.Store) int64 {
	return count(t, s, "select count(*) from settings where key like 'k%'")
}

func TestManyCallersShareOneCommit(t *testing.T) {
	s := storetest.Open(t)
	before := s.Commits()
	for i, err := range together(t, s, 100, func(i int, tx *store.Tx) error { return put(tx, i) }) {
		if err != nil {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	if n := countPut(t, s); n != 100 {
		t.Errorf("%d of 100 are stored", n)
	}
	if n := s.Commits() - before; n != 2 { // the one that held the writer, and all others
		t.Errorf("it took %d commits", n)
	}
}

func TestOneFailingCallerDoesNotHurtTheOthers(t *testing.T) {
	s := storetest.Open(t)
	bad := errors.New("no")
	before := s.Commits()
	errs := together(t, s, 20, func(i int, tx *store.Tx) error {
		if err := put(tx, i); err != nil {
			return err
		}
		switch i {
		case 3:
			return bad
		case 4:
			panic("a bug")
		case 5:
			return tx.Exec("insert into hosts (id, name, created_at) values (null, null, 0)")
		}
		return nil
	})
	for i, err := range errs {
		switch i {
		case 3:
			if !errors.Is(err, bad) {
				t.Errorf("the failing one got %v", err)
			}
		case 4:
			if err == nil || !strings.Contains(err.Error(), "panic: a bug") {
				t.Errorf("the panicking one got %v", err)
			}
		case 5:
			if err == nil {
				t.Error("the one that broke a rule got no error")
			}
		default:
			if err != nil {
				t.Errorf("caller %d got %v", i, err)
			}
		}
	}
	if n := countPut(t, s); n != 17 {
		t.Errorf("%d are stored, not 17", n)
	}
	if n := s.Commits() - before; n != 2 {
		t.Errorf("it took %d commits", n)
	}
}

// A foreign key that is checked at the commit makes the shared commit itself fail.
func TestSharedCommitFailureIsTriedAlone(t *testing.T) {
	s := storetest.Open(t)
	s.OnWriter("pragma foreign_keys = on")
	write(t, s, func(tx *store.Tx) error {
		return tx.Exec("create table late (id integer references hosts (id) deferrable initially deferred)")
	})
	runs := make([]int, 10)
	after := make([]int, 10)
	errs := together(t, s, 10, func(i int, tx *store.Tx) error {
		runs[i]++
		tx.After(func() { after[i]++ })
		if i == 7 {
			return tx.Exec("insert into late values (999)")
		}
		return put(tx, i)
	})
	for i, err := range errs {
		if (err != nil) != (i == 7) {
			t.Errorf("caller %d got %v", i, err)
		}
		if want := map[bool]int{true: 0, false: 1}[i == 7]; after[i] != want {
			t.Errorf("caller %d: %d events", i, after[i])
		}
		if runs[i] != 2 {
			t.Errorf("caller %d ran %d times", i, runs[i])
		}
	}
	if n := countPut(t, s); n != 9 {
		t.Errorf("%d are stored, not 9", n)
	}
}

func TestCancelledCallerOnlyStopsWaiting(t *testing.T) {
	s := storetest.Open(t)
	release := park(t, s)
	ctx, cancel := context.WithCancel(bg)
	done := make(chan error)
	go func() {
		_, err := store.Put(ctx, s, func(tx *store.Tx) (int, error) { return 7, put(tx, 1) })
		done <- err
	}()
	for s.Waiting() < 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	write(t, s, func(*store.Tx) error { return nil })
	if n := countPut(t, s); n != 1 {
		t.Error("the job that was handed over did not run")
	}
	if err := s.Write(ctx, func(*store.Tx) error { t.Error("it ran"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was over before it began got %v", err)
	}
}

func TestPatientWritesFlushInTens(t *testing.T) {
	s := storetest.Open(t)
	before, start := s.Commits(), time.Now()
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if err := s.WriteGrouped(bg, func(tx *store.Tx) error { return put(tx, i) }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, d := s.Commits()-before, time.Since(start); n > 2 && d < 50*time.Millisecond {
		t.Errorf("ten took %d commits in %v", n, d)
	}
	start = time.Now()
	if err := s.WriteGrouped(bg, func(tx *store.Tx) error { return put(tx, 99) }); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 45*time.Millisecond {
		t.Errorf("one alone waited only %v for company", d)
	}
}

func TestOwnersWriteTakesPatientOnesAlongAtOnce(t *testing.T) {
	s := storetest.Open(t)
	release := park(t, s)
	before := s.Commits()
	var wg sync.WaitGroup
	for i, submit := range []func(context.Context, func(*store.Tx) error) error{s.WriteGrouped, s.Write, s.WriteGrouped} {
		wg.Go(func() {
			if err := submit(bg, func(tx *store.Tx) error { return put(tx, i) }); err != nil {
				t.Error(err)
			}
		})
	}
	for s.Waiting() < 3 {
		time.Sleep(time.Millisecond)
	}
	start := time.Now()
	release()
	wg.Wait()
	if d := time.Since(start); d > 45*time.Millisecond && !racing {
		t.Errorf("the owner's own write waited %v", d)
	}
	if n := s.Commits() - before; n != 2 { // the one that held the writer, and these
		t.Errorf("it took %d commits", n)
	}
}

func TestCloseLosesNothingAndNobodyWaitsForEver(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		storetest.File(t, dir)
		s, err := store.Open(dir, store.Options{Serve: true})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		stored := int64(0)
		for i := range 50 {
			wg.Go(func() {
				err := s.WriteGrouped(bg, func(tx *store.Tx) error { return put(tx, i) })
				if err == nil {
					mu.Lock()
					stored++
					mu.Unlock()
				} else if !errors.Is(err, store.ErrClosed) {
					t.Error(err)
				}
			})
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if err := s.Read(bg, func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a read after Close got %v", err)
		}
		if s, err = store.Open(dir, store.Options{Serve: true}); err != nil {
			t.Fatal(err)
		}
		if n := countPut(t, s); n != stored {
			t.Fatalf("%d were acknowledged, %d are stored", stored, n)
		}
		s.Close()
	}
}

func TestReadIsOneViewAndCannotWrite(t *testing.T) {
	s := storetest.Open(t)
	err := s.Read(bg, func(tx *store.Tx) error {
		before, err := tx.Int("select count(*) from settings")
		if err != nil {
			return err
		}
		write(t, s, func(tx *store.Tx) error { return put(tx, 1) })
		if again, err := tx.Int("select count(*) from settings"); err != nil || again != before {
			t.Errorf("the view changed from %d to %d, %v", before, again, err)
		}
		if err := tx.Exec("delete from settings"); err == nil {
			t.Error("a read could write")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if countPut(t, s) != 1 {
		t.Error("the write beside it is not there")
	}
}

func TestNothingIsWrittenWhileIdle(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for three ticks")
	}
	s := storetest.OpenAlice(t)
	storetest.Populate(t, s)
	look := func() string {
		text := ""
		for _, name := range []string{"", "-wal"} {
			info, err := os.Stat(s.Dir() + "/" + store.FileName + name)
			if err != nil {
				t.Fatal(err)
			}
			text += fmt.Sprint(name, info.Size(), info.ModTime(), " ")
		}
		return text
	}
	before := look()
	time.Sleep(2500 * time.Millisecond) // the ticks are the subject
	read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Home(store.Page{}) })
	if after := look(); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	commits := s.Commits()
	if _, err := s.Sweep(bg); err != nil {
		t.Fatal(err)
	}
	if n := s.Commits() - commits; n != 0 {
		t.Errorf("a sweep with nothing to remove took %d commits", n)
	}
}

func TestCommitsOfOtherProcessesAreNoticed(t *testing.T) {
	s := storetest.Open(t)
	noticed := make(chan struct{}, 10)
	s.OnForeignWrite = func() { noticed <- struct{}{} }
	write(t, s, func(tx *store.Tx) error { return put(tx, 1) })
	other, err := store.Open(s.Dir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, other, func(tx *store.Tx) error { return put(tx, 2) })
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-noticed:
	case <-time.After(3 * time.Second):
		t.Fatal("nothing was noticed in 3 s")
	}
	if n := countPut(t, s); n != 2 {
		t.Errorf("%d are stored", n)
	}
	write(t, s, func(tx *store.Tx) error { return put(tx, 3) })
	select {
	case <-noticed:
		t.Error("its own commit was taken for another's")
	case <-time.After(1200 * time.Millisecond):
	}
}
