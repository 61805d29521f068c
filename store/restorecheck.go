package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"time"
)

// settle checks an unpacked database against the manifest, and prepares it for a
// server that has not run for a while.
func settle(ctx context.Context, file string, want Backup) error {
	list, err := loadMigrations()
	if err != nil {
		return err
	}
	if err := peek(file, len(list)); err != nil {
		return unsound(err)
	}
	db, err := openCopy(file)
	if err != nil {
		return err
	}
	err = judge(ctx, db, want)
	if err == nil {
		err = prepareRestored(ctx, db, want)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return unsound(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	// The file's date is when it was last written: what happened since is asked for at other servers.
	return errors.Join(f.Sync(), f.Close(), os.Chtimes(file, time.Time{}, want.Created))
}

// unsound says of a damaged or foreign database that this is no backup.
func unsound(err error) error {
	if errors.Is(err, ErrBroken) || isBroken(err) {
		return notBackup("the database in it is damaged or of another program")
	}
	return err
}

// judge compares a database with what the manifest says of it. The key must be
// that of the actor, or other servers would refuse everything we send.
func judge(ctx context.Context, db *sql.DB, want Backup) error {
	if err := soundness(ctx, db, "integrity_check"); err != nil {
		return err
	}
	version, err := rawSchema(db)
	if err != nil {
		return err
	}
	var programs int
	if err := db.QueryRowContext(ctx, `select count(*) from sqlite_schema where type in ('trigger', 'view')`).Scan(&programs); err != nil {
		return err
	}
	if version != want.Schema || version == 0 || programs > 0 {
		return notBackup("the database in it is not the one that its manifest describes")
	}
	var got Backup
	err = describe(ctx, db, &got)
	if err != nil && ctx.Err() != nil {
		return err
	}
	if err != nil {
		return notBackup("there is no account with a key in it")
	}
	if got.Handle != want.Handle || got.Host != want.Host || got.Actor != want.Actor {
		return notBackup("its manifest names " + clip(want.Handle) + ", its database " + clip(got.Handle))
	}
	if got.KeyHash != want.KeyHash || got.KeyID != want.KeyID || !strings.HasPrefix(got.KeyID, got.Actor+"#") {
		return notBackup("the key in it is not that of @" + got.Handle)
	}
	return judgeActor(ctx, db, got)
}

// judgeActor: the profile is the account's, and every key can be read.
func judgeActor(ctx context.Context, db *sql.DB, got Backup) error {
	var uri string
	if err := db.QueryRowContext(ctx, `select uri from actors where id = 1`).Scan(&uri); err != nil || uri != got.Actor {
		return notBackup("the profile in it is not that of @" + got.Handle)
	}
	rows, err := db.QueryContext(ctx, `select name, pkcs8 from keys`)
	if err != nil {
		return err
	}
	defer rows.Close()
	instance := false
	for rows.Next() {
		var name string
		var der []byte
		if err := rows.Scan(&name, &der); err != nil {
			return err
		}
		if _, err := publicHash(der); err != nil {
			return notBackup("a key in it cannot be read")
		}
		instance = instance || name == "instance"
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if !instance {
		return notBackup("a key is missing in it")
	}
	return nil
}

// prepareRestored makes the database one whose server did not end well, with
// nobody logged in.
func prepareRestored(ctx context.Context, db *sql.DB, b Backup) error {
	if _, err := db.ExecContext(ctx, `delete from settings where key = ?`, CleanShutdown); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `delete from sessions`); err != nil {
		return err
	}
	return setLastBackup(db, b.Created)
}
