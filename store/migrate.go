package store

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema; its number is its place in the list.
type migration struct {
	name string
	sql  string
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
// first; each step is one transaction together with its user_version, so an
// interrupted migration goes on where it stopped. Commands never migrate.
func (s *Store) migrate(o Options) error {
	list, err := loadMigrations()
	if err != nil {
		return err
	}
	return s.migrateTo(list, o)
}

func (s *Store) migrateTo(list []migration, o Options) error {
	var have int
	if err := s.wconn.raw.QueryRowContext(bg, "pragma user_version").Scan(&have); err != nil {
		if isBroken(err) {
			return fmt.Errorf("%w: %s", ErrBroken, filepath.Join(s.dir, FileName))
		}
		return fmt.Errorf("read the schema version: %w", err)
	}
	switch {
	case have > len(list):
		return fmt.Errorf("%w (its schema is %d, this program knows %d); install the newer version again", ErrNewer, have, len(list))
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
		return fmt.Errorf("the database must be upgraded first: start dassie serve once")
	default:
		if err := s.snapshot(have, o.Progress); err != nil {
			return err
		}
	}
	for i := have; i < len(list); i++ {
		if o.Progress != nil {
			o.Progress(fmt.Sprintf("upgrading the database, step %d of %d (%s)", i+1-have, len(list)-have, list[i].name))
		}
		if err := s.step(i+1, list[i]); err != nil {
			return fmt.Errorf("upgrade the database with %s: %w", list[i].name, err)
		}
	}
	return nil
}

func (s *Store) step(version int, m migration) error {
	for _, q := range []string{"begin immediate", m.sql, fmt.Sprintf("pragma user_version = %d", version), "commit"} {
		if _, err := s.wconn.raw.ExecContext(bg, q); err != nil {
			s.wconn.raw.ExecContext(bg, "rollback")
			return err
		}
	}
	return nil
}

// refuseForeign refuses a SQLite file that is not ours rather than adding tables to it.
func (s *Store) refuseForeign() error {
	var n int
	if err := s.wconn.raw.QueryRowContext(bg, "select count(*) from sqlite_schema").Scan(&n); err != nil {
		return fmt.Errorf("%w: %s", ErrBroken, filepath.Join(s.dir, FileName))
	}
	if n > 0 {
		return fmt.Errorf("%w: %s holds other tables", ErrBroken, filepath.Join(s.dir, FileName))
	}
	return nil
}

// snapshot copies the database file beside itself before its schema changes: by
// reflink where the file system can, else as a copy after a checkpoint.
func (s *Store) snapshot(version int, progress func(string)) error {
	if progress != nil {
		progress("saving a copy of the database before the upgrade")
	}
	s.checkpoint("truncate")
	from := filepath.Join(s.dir, FileName)
	to := filepath.Join(s.dir, fmt.Sprintf("before-upgrade-from-%d.db", version))
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to+".part", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	defer out.Close()
	if err := unix.IoctlFileClone(int(out.Fd()), int(in.Fd())); err != nil {
		if err := s.copyFile(in, out); err != nil {
			os.Remove(to + ".part")
			return err
		}
	}
	if err := out.Sync(); err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	return os.Rename(to+".part", to)
}

func (s *Store) copyFile(in, out *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err == nil {
		if free := int64(st.Bavail) * int64(st.Bsize); free < info.Size()+info.Size()/10 {
			return fmt.Errorf("the upgrade needs %d free bytes for a copy of the database, but %s has %d", info.Size()+info.Size()/10, s.dir, free)
		}
	}
	if _, err := out.ReadFrom(in); err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	return nil
}

// isBroken tells a damaged or foreign file from other faults, by SQLite's code.
func isBroken(err error) bool {
	const corrupt, notADB = 11, 26
	code, ok := errorCode(err)
	return ok && (code&0xff == corrupt || code&0xff == notADB)
}

// IsFull says whether a write failed because the device is full.
func IsFull(err error) bool {
	const full = 13
	code, ok := errorCode(err)
	return ok && code&0xff == full
}

func errorCode(err error) (int, bool) {
	for err != nil {
		if e, ok := err.(*sqlite.Error); ok {
			return e.Code(), true
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return 0, false
		}
		err = u.Unwrap()
	}
	return 0, false
}
