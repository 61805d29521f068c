package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// restorePart is the folder in the data directory that a restore works in. What
// a killed restore left there is replaced by the next one.
const restorePart = "restore.part"

// restoreRoom is what a restore leaves free beside the data, in bytes.
const restoreRoom = 16 << 20

// RestoreOptions say how a backup is restored.
type RestoreOptions struct {
	Confirm  func(Backup) error // asked when the file is found good and before anything is written
	Progress func(string)       // told what is being done; may be nil

	freeBytes func(dir string) (int64, error) // tests: instead of asking the file system
}

// RestoreCommand makes a data directory from a backup. The file is read from
// its start to its end and checked before anything is written; then it is
// unpacked beside its place, its database checked, and only then is it there.
// If anything fails nothing stays behind. Errors wrap ErrNotBackup, ErrNewer or
// ErrLocked, are Confirm's, or plain ones.
//
// What was being sent when the backup was made counts as perhaps sent, as after
// a crash. Log-ins end, since whoever has the password can log in again; apps
// keep their tokens, since they would have to be set up anew.
func RestoreCommand(ctx context.Context, dir, file string, o RestoreOptions) (Backup, error) {
	if o.freeBytes == nil {
		o.freeBytes = freeBytes
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if err := checkOwner(filepath.Join(dir, FileName)); err != nil {
		return Backup{}, err
	}
	if err := checkEmpty(dir); err != nil {
		return Backup{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return Backup{}, fmt.Errorf("read the backup: %w", err)
	}
	defer f.Close()
	o.Progress("checking the backup")
	b, err := checkBackup(ctx, f, dir, o)
	if err != nil {
		return b, named(file, err)
	}
	if err := o.Confirm(b); err != nil {
		return b, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return b, fmt.Errorf("read the backup: %w", err)
	}
	o.Progress("unpacking")
	if err := unpack(ctx, f, dir, b); err != nil {
		return b, named(file, err)
	}
	return b, nil
}

// named puts the name of the file before what is wrong with it.
func named(file string, err error) error {
	if errors.Is(err, ErrNotBackup) {
		return fmt.Errorf("%s %w", file, err)
	}
	return fmt.Errorf("restore %s: %w", file, err)
}

// checkEmpty refuses a directory in which there is anything but what a killed
// restore left, and what a file system puts there.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the data directory: %w", err)
	}
	_, err = os.Lstat(filepath.Join(dir, restorePart))
	begun := err == nil
	for _, e := range entries {
		switch e.Name() {
		case restorePart, lockName, "lost+found":
			continue
		case mediaFolder:
			if begun {
				continue // the pictures of a restore that was killed before the database was in place
			}
		}
		return fmt.Errorf("the data directory %s is not empty (there is %s): a backup is restored into an empty one only; give another with -data", dir, e.Name())
	}
	return nil
}

// checkBackup reads the whole file and writes nothing. What it lists must fit.
func checkBackup(ctx context.Context, f io.Reader, dir string, o RestoreOptions) (Backup, error) {
	r := newBackupReader(ctx, f)
	b, err := r.manifest()
	if err != nil {
		return b, err
	}
	list, err := loadMigrations()
	if err != nil {
		return b, err
	}
	if b.Schema > len(list) {
		return b, newer(b.Schema, len(list))
	}
	need := b.Size() + restoreRoom
	if free, err := o.freeBytes(existing(dir)); err == nil && free < need {
		return b, fmt.Errorf("it needs %d free bytes in %s, which has %d: make room, or give another -data directory", need, dir, free)
	}
	return b, r.rest(b, func(_ BackupFile, m io.Reader) error {
		if _, err := io.Copy(io.Discard, m); err != nil {
			return r.fault(err)
		}
		return nil
	})
}

// existing is the nearest directory above that is there already.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// unpack writes everything into a folder of its own, checks the database there,
// and moves it into place, the database last.
func unpack(ctx context.Context, f io.Reader, dir string, want Backup) (err error) {
	made := firstMissing(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	lockFile := filepath.Join(dir, lockName)
	_, locked := os.Lstat(lockFile)
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	part := filepath.Join(dir, restorePart)
	ours := false
	defer func() {
		lock.Close()
		if err == nil {
			return
		}
		if ours {
			os.RemoveAll(part)
			os.RemoveAll(filepath.Join(dir, mediaFolder))
		}
		if locked != nil {
			os.Remove(lockFile)
		}
		removeEmpty(dir, made)
	}()
	if err := checkEmpty(dir); err != nil { // a server may have started while the owner was asked
		return err
	}
	ours = true
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, mediaFolder)), os.RemoveAll(part)); err != nil {
		return fmt.Errorf("remove what an interrupted restore left: %w", err)
	}
	if err := extract(ctx, f, part, want); err != nil {
		return err
	}
	if err := settle(ctx, filepath.Join(part, FileName), want); err != nil {
		return err
	}
	return moveInto(dir, part)
}

// firstMissing is the topmost directory that has to be made for dir; "" if none.
func firstMissing(dir string) string {
	missing := ""
	for {
		if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
			return missing
		}
		missing, dir = dir, filepath.Dir(dir)
	}
}

// removeEmpty removes the directories from dir up to top, as far as they are empty.
func removeEmpty(dir, top string) {
	for top != "" && os.Remove(dir) == nil && dir != top {
		dir = filepath.Dir(dir)
	}
}

// extract writes the members below a new folder, private to their owner, each
// on disk before it counts. Their names were judged with the manifest.
func extract(ctx context.Context, f io.Reader, into string, want Backup) error {
	r := newBackupReader(ctx, f)
	b, err := r.manifest()
	if err != nil {
		return err
	}
	if b.KeyHash != want.KeyHash || len(b.Files) != len(want.Files) {
		return errors.New("it changed while it was read")
	}
	dirs := map[string]bool{into: true}
	err = r.rest(b, func(m BackupFile, from io.Reader) error {
		path := filepath.Join(into, filepath.FromSlash(m.Name))
		for dir := filepath.Dir(path); dir != filepath.Dir(into); dir = filepath.Dir(dir) {
			dirs[dir] = true
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(out, 256<<10)
		if _, err = io.Copy(w, from); err != nil && r.err == nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
		return errors.Join(err, w.Flush(), out.Sync(), out.Close())
	})
	if err != nil {
		return err
	}
	for dir := range dirs {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// moveInto puts what was unpacked into its place. The database comes last: until
// then a next restore starts over.
func moveInto(dir, part string) error {
	if _, err := os.Lstat(filepath.Join(part, mediaFolder)); err == nil {
		if err := os.Rename(filepath.Join(part, mediaFolder), filepath.Join(dir, mediaFolder)); err != nil {
			return err
		}
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(part, FileName), filepath.Join(dir, FileName)); err != nil {
		return err
	}
	return errors.Join(os.Remove(part), syncDir(dir))
}
