package store

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// additiveMark is the first line of a migration that only adds tables, indexes
// or columns, or takes an index away: it needs no snapshot before it.
const additiveMark = "-- additive\n"

// migration is one step of the schema; its number is its place in the list.
type migration struct {
	name string
	sql  string
}

func (o Options) schema() ([]migration, error) {
	if o.migrations != nil {
		return o.migrations, nil
	}
	return loadMigrations()
}

func loadMigrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/[0-9]*.sql")
	if err != nil {
		return nil, err
	}
	var list []migration
	for i, name := range names { // Glob sorts
		if !strings.HasPrefix(filepath.Base(name), fmt.Sprintf("%04d_", i+1)) {
			return nil, fmt.Errorf("migration %s is out of order", name)
		}
		b, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list = append(list, migration{filepath.Base(name), string(b)})
	}
	return list, nil
}

// migrate brings the schema up to date. A database that exists is snapshot
// first, unless all that is to come only adds; each step is one transaction
// together with its user_version, so an interrupted migration goes on where it
// stopped. Commands never migrate.
func (s *Store) migrate(list []migration, o Options) error {
	have, err := s.schemaVersion()
	if err != nil {
		return err
	}
	switch {
	case have > len(list):
		return newer(have, len(list))
	case have == len(list):
		return nil
	case have == 0:
		if err := s.refuseForeign(); err != nil {
			return err
		}
		if !o.Create && !o.Serve {
			return ErrNoAccount
		}
	case !o.Serve:
		return errors.New("the database must be upgraded first: start dassie serve once")
	case !allAdditive(list[have:]):
		if err := s.snapshot(have, o); err != nil {
			return err
		}
	}
	for i := have; i < len(list); i++ {
		o.progress(fmt.Sprintf("upgrading the database, step %d of %d (%s)", i+1-have, len(list)-have, list[i].name))
		if err := s.step(i+1, list[i]); err != nil {
			return fmt.Errorf("upgrade the database with %s: %w", list[i].name, err)
		}
	}
	return nil
}

func (o Options) progress(text string) {
	if o.Progress != nil {
		o.Progress(text)
	}
}

func allAdditive(list []migration) bool {
	for _, m := range list {
		if !strings.HasPrefix(m.sql, additiveMark) {
			return false
		}
	}
	return true
}

func newer(have, known int) error {
	return fmt.Errorf("%w (its schema is %d, this program knows %d); install the newer version again", ErrNewer, have, known)
}

func (s *Store) schemaVersion() (int, error) {
	var v int
	if err := s.wconn.raw.QueryRowContext(bg, "pragma user_version").Scan(&v); err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return v, nil
}

// step applies one migration, unless another process has done so meanwhile: init
// and serve may both find an empty directory.
func (s *Store) step(version int, m migration) error {
	if err := s.execAll("begin immediate"); err != nil {
		return err
	}
	have, err := s.schemaVersion()
	if err == nil && have < version {
		err = s.execAll(m.sql, fmt.Sprintf("pragma user_version = %d", version))
	}
	if err == nil {
		err = s.execAll("commit")
	}
	if err != nil {
		s.rollback()
	}
	return err
}

func (s *Store) execAll(queries ...string) error {
	for _, q := range queries {
		if _, err := s.wconn.raw.ExecContext(bg, q); err != nil {
			return err
		}
	}
	return nil
}

// refuseForeign refuses a SQLite file that is not ours rather than adding tables to it.
func (s *Store) refuseForeign() error {
	var n int
	if err := s.wconn.raw.QueryRowContext(bg, "select count(*) from sqlite_schema").Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%w: %s holds other tables", ErrBroken, filepath.Join(s.dir, FileName))
	}
	return nil
}

// isBroken tells a damaged or foreign file from other faults, by SQLite's code.
func isBroken(err error) bool {
	const corrupt, notADB = 11, 26
	code := errorCode(err)
	return code == corrupt || code == notADB
}

// isFatal lists the faults after which SQLite may have ended the transaction.
func isFatal(err error) bool {
	const noMem, interrupt, ioErr, corrupt, full = 7, 9, 10, 11, 13
	switch errorCode(err) {
	case noMem, interrupt, ioErr, corrupt, full:
		return true
	}
	return false
}

// IsFull says whether a write failed because the device is full.
func IsFull(err error) bool {
	const full = 13
	return errorCode(err) == full
}

// errorCode is SQLite's primary result code; 0 if the error is none of SQLite's.
func errorCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
