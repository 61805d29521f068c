package store

import (
	"archive/tar"
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	// CleanShutdown is the internal setting that says whether the last run ended well.
	CleanShutdown = "clean_shutdown"
	// LastBackup is the internal setting with the time of the last backup.
	LastBackup = "last_backup"
)

// BackupOptions say how a backup is made.
type BackupOptions struct {
	Program  string       // name and version, for the manifest
	Progress func(string) // told what is being done; may be nil
	Now      func() time.Time

	freeBytes func(dir string) (int64, error) // tests: instead of asking the file system
}

// BackupCommand writes all that makes the owner who they are into one new tar
// file: the database as it was at one moment, the keys in it included, and the
// owner's own pictures. Others' pictures stay out and are fetched again. It may
// run beside a server, and has whatever schema the database has. Errors are those
// of Look, or plain ones.
func BackupCommand(ctx context.Context, dir, file string, o BackupOptions) (b Backup, size int64, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.freeBytes == nil {
		o.freeBytes = freeBytes
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	db, schema, err := openRaw(dir)
	if err != nil {
		return b, 0, err
	}
	defer db.Close()
	if _, err := readIdentity(ctx, db); err != nil {
		return b, 0, err
	}
	part, err := createPart(file)
	if err != nil {
		return b, 0, err
	}
	defer part.remove()
	b = Backup{Format: backupFormat, Program: o.Program, Schema: schema, Created: o.Now().UTC().Truncate(time.Second)}
	if err := part.fill(ctx, db, dir, &b, o); err != nil {
		return b, 0, fmt.Errorf("back up: %w", namedIn(filepath.Join(dir, FileName), err))
	}
	if size, err = part.finish(file); err != nil {
		return b, 0, fmt.Errorf("back up: %w", err)
	}
	return b, size, setLastBackup(db, b.Created)
}

// partFile is a backup on its way: FILE.part, with a copy of the database beside
// it while it is being written.
type partFile struct {
	f    *os.File
	copy string // path of the database's copy
}

// partCopy ends the name of the database's copy.
const partCopy = ".part.db"

// createPart makes FILE.part. What a killed backup left there is replaced; one
// that another backup is writing is not.
func createPart(file string) (*partFile, error) {
	if _, err := os.Lstat(file); err == nil {
		return nil, fmt.Errorf("%s is there already: give the backup another name, or remove that file first", file)
	}
	f, err := os.OpenFile(file+".part", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the backup: %w", err)
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = errors.New("another backup is writing it now")
	}
	if err == nil {
		err = errors.Join(f.Chmod(0o600), f.Truncate(0))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("make the backup %s: %w", f.Name(), err)
	}
	p := &partFile{f: f, copy: file + partCopy}
	p.removeCopy()
	return p, nil
}

// remove leaves nothing behind, however the backup ended; after finish there is
// nothing left to remove.
func (p *partFile) remove() {
	p.removeCopy()
	if p.f != nil {
		p.f.Close()
		os.Remove(p.f.Name())
	}
}

func (p *partFile) removeCopy() {
	for _, end := range []string{"", "-journal", "-wal", "-shm"} {
		os.Remove(p.copy + end) // what cannot be removed could not be written either
	}
}

// fill takes a picture of the database and writes everything into the part.
func (p *partFile) fill(ctx context.Context, db *sql.DB, dir string, b *Backup, o BackupOptions) error {
	if err := p.room(dir, o, 2); err != nil { // the copy, and the copy in the backup
		return err
	}
	o.Progress("copying the database")
	if err := p.vacuum(ctx, db); err != nil {
		return err
	}
	media, err := p.readCopy(ctx, b)
	if err != nil {
		return err
	}
	o.Progress(fmt.Sprintf("reading %d of your pictures", len(media)))
	paths, err := p.measure(ctx, dir, media, b)
	if err != nil {
		return err
	}
	if free, err := o.freeBytes(filepath.Dir(p.copy)); err == nil && free < b.Size() {
		return noRoom(p.copy, b.Size(), free)
	}
	o.Progress("writing the backup")
	out := bufio.NewWriterSize(p.f, 256<<10)
	w := &backupWriter{tar: tar.NewWriter(out), b: *b}
	if err := w.manifest(); err != nil {
		return err
	}
	for i, f := range b.Files {
		if err := w.member(ctx, f, paths[i]); err != nil {
			return err
		}
	}
	return errors.Join(w.tar.Close(), out.Flush())
}

// room refuses before anything is copied. A file system that cannot tell its
// room is tried: a full one then says so.
func (p *partFile) room(dir string, o BackupOptions, copies int64) error {
	need := int64(0)
	for _, name := range []string{FileName, FileName + "-wal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			need += info.Size() * copies
		}
	}
	if free, err := o.freeBytes(filepath.Dir(p.copy)); err == nil && free < need {
		return noRoom(p.copy, need, free)
	}
	return nil
}

func noRoom(file string, need, free int64) error {
	return fmt.Errorf("it needs %d free bytes in %s, which has %d: make room, or name a file on another disk", need, filepath.Dir(file), free)
}

// vacuum writes what the database is at this moment into a file of its own. A
// server goes on reading and writing meanwhile.
func (p *partFile) vacuum(ctx context.Context, db *sql.DB) error {
	f, err := os.OpenFile(p.copy, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // SQLite takes an empty file as it is, with its mode
	if err != nil {
		return err
	}
	f.Close()
	if _, err := db.ExecContext(ctx, "vacuum into ?", p.copy); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// readCopy reads whose the copy is into the manifest, takes what belongs to
// others' pictures out, and lists the owner's.
func (p *partFile) readCopy(ctx context.Context, b *Backup) (media []string, err error) {
	db, err := openCopy(p.copy)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := soundness(ctx, db, "quick_check"); err != nil {
		return nil, err
	}
	if err := describe(ctx, db, b); err != nil {
		return nil, err
	}
	for _, q := range []string{
		`delete from remote_media`,
		`update actors set avatar = '', header = '' where id != 1`,
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("leave out other people's pictures: %w", err)
		}
	}
	return ownMedia(ctx, db)
}

// measure lists all members with their sizes and hashes, and where they lie. A
// picture that the disk does not have is noted and no failure: the rest is
// worth keeping all the more.
func (p *partFile) measure(ctx context.Context, dir string, media []string, b *Backup) (paths []string, err error) {
	add := func(name, path string) error {
		f, err := copyFile(ctx, io.Discard, path)
		if err != nil {
			return err
		}
		f.Name = name
		b.Files, paths = append(b.Files, f), append(paths, path)
		return nil
	}
	if err := add(FileName, p.copy); err != nil {
		return nil, err
	}
	for _, m := range media {
		name := memberOf(m)
		err := add(name, filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, os.ErrNotExist) {
			b.Missing = append(b.Missing, name)
		} else if err != nil {
			return nil, err
		}
	}
	return paths, b.check()
}

// finish puts the whole file under its name, where it survives a power cut.
func (p *partFile) finish(file string) (int64, error) {
	info, err := p.f.Stat()
	if err != nil {
		return 0, err
	}
	if err := errors.Join(p.f.Sync(), p.f.Close()); err != nil {
		return 0, err
	}
	if _, err := os.Lstat(file); err == nil {
		return 0, fmt.Errorf("%s has appeared meanwhile: give the backup another name", file)
	}
	if err := os.Rename(p.f.Name(), file); err != nil {
		return 0, err
	}
	p.f = nil
	return info.Size(), syncDir(filepath.Dir(file))
}

// setLastBackup notes when the last backup was made, for doctor.
func setLastBackup(db *sql.DB, at time.Time) error {
	_, err := db.ExecContext(bg, `
		insert into settings (key, value)
		values (?, ?)
		on conflict (key) do update
		set value = excluded.value`, LastBackup, at.UTC().Format(time.RFC3339))
	if err != nil {
		return fmt.Errorf("note that there is a backup: %w", err)
	}
	return nil
}
