package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Look reads whose a data directory is without opening a store: nothing is
// migrated, whatever the schema, and a server may run. ErrNoAccount where there
// is no database or no account in it; else the errors of Open.
func Look(ctx context.Context, dir string) (Identity, error) {
	var id Identity
	db, _, err := openRaw(dir)
	if err != nil {
		return id, err
	}
	defer db.Close()
	return readIdentity(ctx, db)
}

// openRaw opens a database as it is, with one connection, and says which schema
// it has.
func openRaw(dir string) (*sql.DB, int, error) {
	file := filepath.Join(dir, FileName)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil, 0, ErrNoAccount
	} else if err != nil {
		return nil, 0, fmt.Errorf("look at the database: %w", err)
	}
	if err := checkOwner(file); err != nil {
		return nil, 0, err
	}
	list, err := loadMigrations()
	if err != nil {
		return nil, 0, err
	}
	if err := peek(file, len(list)); err != nil {
		return nil, 0, err
	}
	db, err := sql.Open("sqlite", dsn(file))
	if err != nil {
		return nil, 0, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	version, err := rawSchema(db)
	if err == nil && version > len(list) {
		err = newer(version, len(list))
	}
	if err == nil && version == 0 {
		err = ErrNoAccount
	}
	if err != nil {
		db.Close()
		return nil, 0, namedIn(file, err)
	}
	return db, version, nil
}

func rawSchema(db *sql.DB) (version int, err error) {
	err = db.QueryRowContext(bg, "pragma user_version").Scan(&version)
	return version, err
}

func readIdentity(ctx context.Context, db *sql.DB) (Identity, error) {
	var i Identity
	var created int64
	err := db.QueryRowContext(ctx, `
		select name, domain, host, actor_key, email, password_hash, created_at
		from identity
		where id = 1`).Scan(&i.Name, &i.Domain, &i.Host, &i.ActorKey, &i.Email, &i.PasswordHash, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return i, ErrNoAccount
	}
	i.CreatedAt = fromMS(created)
	return i, err
}

// namedIn turns SQLite's word for a damaged file into ours.
func namedIn(file string, err error) error {
	if isBroken(err) && !errors.Is(err, ErrBroken) {
		return fmt.Errorf("%w: %s: %w", ErrBroken, file, err)
	}
	return err
}

// soundness runs one of SQLite's own checks, quick_check or integrity_check, and
// returns what it finds first.
func soundness(ctx context.Context, db *sql.DB, check string) error {
	var said string
	if err := db.QueryRowContext(ctx, "pragma "+check+"(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("%w: %s", ErrBroken, said)
	}
	return nil
}

// Examined is what Examine found.
type Examined struct {
	Schema, Known int   // version of the database, and the one this program makes of it
	Size          int64 // bytes, the log included
}

// Examine looks whether a database is sound, as Look does. ErrBroken says that
// it is not; an ended context, that it took too long.
func Examine(ctx context.Context, dir string) (Examined, error) {
	var e Examined
	db, version, err := openRaw(dir)
	if err != nil {
		return e, err
	}
	defer db.Close()
	list, err := loadMigrations()
	if err != nil {
		return e, err
	}
	e.Schema, e.Known = version, len(list)
	for _, name := range []string{FileName, FileName + "-wal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			e.Size += info.Size()
		}
	}
	return e, namedIn(filepath.Join(dir, FileName), soundness(ctx, db, "quick_check"))
}

// Free is the number of bytes that may still be written to the device of dir.
func Free(dir string) (int64, error) { return freeBytes(dir) }
