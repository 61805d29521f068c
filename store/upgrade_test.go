package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// frozen makes a database of the first release in a new directory.
func frozen(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/frozen-0001.sql")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	runSQL(t, filepath.Join(dir, store.FileName), "pragma journal_mode = wal", string(text))
	return dir
}

func runSQL(t *testing.T, file string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range queries {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name() == "lock" {
			continue
		}
		if out[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

const second = `alter table hosts add severity integer not null default 1;
create table likes (post_id integer not null, actor_id integer not null, primary key (post_id, actor_id)) without rowid;`

func TestFrozenSchemaIsTheFirstMigration(t *testing.T) {
	text, err := os.ReadFile("testdata/frozen-0001.sql")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), store.Migration(0)) {
		t.Error("0001_init.sql and testdata/frozen-0001.sql differ. Before the first release: copy it over. After it: take the change back and write a new migration.")
	}
}

func TestUpgradeKeepsRowsAndSavesACopyFirst(t *testing.T) {
	dir := frozen(t)
	before := files(t, dir)[store.FileName]
	var said []string
	o := store.Options{Serve: true, Progress: func(s string) { said = append(said, s) }}
	s, err := store.Open(dir, o.WithNext(second))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(116153765691392000) })
	if p.Content != "<p>Hello 'there'.</p>" {
		t.Errorf("content is %q", p.Content)
	}
	if n := count(t, s, "select severity from hosts where id = 2"); n != 1 {
		t.Errorf("severity is %d", n)
	}
	if !bytes.Equal(files(t, dir)["before-upgrade-from-1.db"], before) {
		t.Error("the copy from before the upgrade is not the database as it was")
	}
	if len(said) < 3 || !strings.Contains(said[len(said)-1], fmt.Sprintf("step %[1]d of %[1]d", len(said)-1)) {
		t.Errorf("progress was %q", said)
	}
}

func TestUpgradeThatOnlyAddsNeedsNoCopy(t *testing.T) {
	dir := frozen(t)
	s, err := store.Open(dir, store.Options{Serve: true}.WithNext("-- additive\n"+second))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, ok := files(t, dir)["before-upgrade-from-1.db"]; ok {
		t.Error("a copy was made")
	}
}

func TestUpgradeGoesOnWhereItStopped(t *testing.T) {
	dir := frozen(t)
	_, err := store.Open(dir, store.Options{Serve: true}.WithNext(second, "create table half (id integer); insert into nowhere values (1)"))
	if err == nil || !strings.Contains(err.Error(), "_test.sql") {
		t.Fatalf("the failing step gave %v", err)
	}
	s, err := store.Open(dir, store.Options{Serve: true}.WithNext(second, "create table half (id integer)"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := count(t, s, "select count(*) from half"); n != 0 {
		t.Errorf("half a step stayed: %d rows", n)
	}
}

func TestCommandsNeverUpgrade(t *testing.T) {
	dir := frozen(t)
	before := files(t, dir)
	_, err := store.Open(dir, store.Options{}.WithNext(second))
	if err == nil || !strings.Contains(err.Error(), "start dassie serve once") {
		t.Errorf("a command on an older database got %v", err)
	}
	if !bytes.Equal(files(t, dir)[store.FileName], before[store.FileName]) {
		t.Error("the database was changed")
	}
}

func TestUpgradeNeedsRoomForTheCopy(t *testing.T) {
	dir := frozen(t)
	before := files(t, dir)[store.FileName]
	_, err := store.Open(dir, store.Options{Serve: true}.WithFreeBytes(1000).WithNext(second))
	if err == nil || !strings.Contains(err.Error(), "free bytes") || !strings.Contains(err.Error(), "has 1000") {
		t.Errorf("a full disk got %v", err)
	}
	if !bytes.Equal(files(t, dir)[store.FileName], before) {
		t.Error("the database was changed")
	}
}

func TestWhatIsNotOursIsRefusedUntouched(t *testing.T) {
	cases := map[string]struct {
		make func(t *testing.T, file string)
		want error
	}{
		"a newer schema": {func(t *testing.T, file string) {
			storetest.File(t, filepath.Dir(file))
			runSQL(t, file, "pragma user_version = 99", "pragma wal_checkpoint(truncate)")
		}, store.ErrNewer},
		"another program's database": {func(t *testing.T, file string) {
			runSQL(t, file, "create table songs (title text)", "insert into songs values ('x')")
		}, store.ErrBroken},
		"another program's database of version 1": {func(t *testing.T, file string) {
			runSQL(t, file, "create table songs (title text)", "pragma user_version = 1")
		}, store.ErrBroken},
		"a text file": {func(t *testing.T, file string) {
			os.WriteFile(file, []byte(strings.Repeat("not a database ", 100)), 0o600)
		}, store.ErrBroken},
		"a short file": {func(t *testing.T, file string) {
			os.WriteFile(file, []byte("SQLite format 3\x00"), 0o600)
		}, store.ErrBroken},
		"damaged pages": {func(t *testing.T, file string) {
			storetest.File(t, filepath.Dir(file))
			b, _ := os.ReadFile(file)
			for i := 100; i < len(b); i++ {
				b[i] = 0xa5
			}
			os.WriteFile(file, b, 0o600)
		}, store.ErrBroken},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, store.FileName)
			c.make(t, file)
			before := files(t, dir)
			for _, o := range []store.Options{{Serve: true}, {Create: true, Serve: true}, {}} {
				if s, err := store.Open(dir, o); !errors.Is(err, c.want) {
					if err == nil {
						s.Close()
					}
					t.Errorf("open with %+v gave %v", o, err)
				}
			}
			after := files(t, dir)
			if !bytes.Equal(before[store.FileName], after[store.FileName]) {
				t.Error("the file was changed")
			}
			if len(after) != len(before) {
				t.Errorf("files were left behind: %d, before %d", len(after), len(before))
			}
		})
	}
}

func TestNoDatabaseNoAccount(t *testing.T) {
	dir := t.TempDir()
	if _, err := store.Open(dir, store.Options{}); !errors.Is(err, store.ErrNoAccount) {
		t.Errorf("got %v", err)
	}
	if n := len(files(t, dir)); n != 0 {
		t.Errorf("%d files were made", n)
	}
}

// A server that died before its first checkpoint has everything in the log.
func TestDatabaseStillInTheLogOpens(t *testing.T) {
	dir, copyTo := t.TempDir(), t.TempDir()
	s, err := store.Open(dir, store.Options{Create: true, Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, func(tx *store.Tx) error { return tx.SetSetting("x", "y") })
	for name, b := range files(t, dir) {
		if name != store.FileName+"-shm" {
			os.WriteFile(filepath.Join(copyTo, name), b, 0o600)
		}
	}
	again, err := store.Open(copyTo, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if v := read(t, again, func(tx *store.Tx) (string, error) { return tx.Setting("x") }); v != "y" {
		t.Errorf("setting is %q", v)
	}
}

// A database of the first release is brought to today's schema.
func TestFrozenDatabaseUpgradesToToday(t *testing.T) {
	s, err := store.Open(frozen(t), store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if p := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(116153765691392000) }); p.Content != "<p>Hello 'there'.</p>" {
		t.Errorf("content is %q", p.Content)
	}
	if n := count(t, s, "select count(*) from hosts where dead_at is null and signature = 0"); n == 0 {
		t.Error("the hosts lost their rows")
	}
}
