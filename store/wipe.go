package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// wipeFolder holds the small database that takes the place of the old one. It has
// this name only once it is whole: from then on the old one is not read again.
const wipeFolder = "farewell"

// ownFiles are the names, as patterns, of all that lies in a data directory beside
// the database, the lock and the certificates by which the server goes on to
// answer that it is gone. A new file or folder there needs a line here.
var ownFiles = []string{mediaFolder, "archives", "imports", "logs", "before-upgrade-from-*", restorePart, wipeFolder, wipeFolder + ".part"}

// inFolders are the names of what lies in those of them that are folders. Where one is
// a link, whatever else its target holds is not ours: it may be a whole disk.
var inFolders = []string{"[0-9a-f][0-9a-f]", "tmp", "remote", "archive-*", "subject-*", "import-*", "command-*", "access-*"}

const certificates = "acme" // where they lie

// inUse are the files of the database: to open and close one beside SQLite would drop
// the locks of this process.
var inUse = []string{FileName, FileName + "-wal", FileName + "-shm", lockName}

// Wipe replaces the database of an account whose deletion is done by a small one
// that knows who was here and what became of it, and nothing else. WipeRest must
// follow. The store must be closed. It may be done again after a crash at any
// point. Errors: ErrLocked while a server runs.
func Wipe(dir string, now func() time.Time) error {
	return wipe(dir, now, func(string) error { return nil })
}

// WipeBegun says that a crash interrupted Wipe when the old database was being
// replaced: it must not be opened any more.
func WipeBegun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, wipeFolder, FileName))
	return err == nil
}

// wipe tells step what is done next; an error of it is where a test ends.
func wipe(dir string, now func() time.Time, step func(string) error) (err error) {
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer func() {
		if e := lock.Close(); err == nil {
			err = e
		}
		if err != nil && !errors.Is(err, ErrLocked) {
			err = fmt.Errorf("wipe the account: %w", err)
		}
	}()
	if !WipeBegun(dir) {
		id, d, err := ended(dir, now)
		if err != nil {
			return err
		}
		if !d.Wiped.IsZero() {
			return nil
		}
		err = makeSmall(dir, id, d, now, step)
		if IsFull(err) || errors.Is(err, syscall.ENOSPC) { // pictures go anyway
			err = wipeRest(context.Background(), dir, step)
			if err == nil {
				err = makeSmall(dir, id, d, now, step)
			}
		}
		if err != nil {
			return err
		}
	}
	return replace(dir, step)
}

// ended reads whose the database is, and that it is at its end.
func ended(dir string, now func() time.Time) (id Identity, d Farewell, err error) {
	s, err := Open(dir, Options{Readers: 1, Now: now})
	if err != nil {
		return id, d, err
	}
	err = s.Read(context.Background(), func(tx *Tx) error {
		if id, err = tx.Identity(); err != nil {
			return err
		}
		if d, err = tx.Farewell(); err == nil && d.Done.IsZero() {
			err = errors.New("the servers that hold copies are being told yet")
		}
		if err == nil && d.Wiped.IsZero() { // what was on its way when the asking ended has been noted by now
			d.Report, err = tx.Told(d.Outgoing)
		}
		return err
	})
	return id, d, errors.Join(err, s.Close())
}

// makeSmall makes the small database beside its place.
func makeSmall(dir string, id Identity, d Farewell, now func() time.Time, step func(string) error) error {
	part := filepath.Join(dir, wipeFolder+".part")
	if err := errors.Join(step("make"), os.RemoveAll(part)); err != nil {
		return err
	}
	s, err := Open(part, Options{Create: true, Readers: 1, Now: now})
	if err != nil {
		return err
	}
	id.Email, id.PasswordHash = "", ""
	d.Wiped = s.now()
	err = s.Write(context.Background(), func(tx *Tx) error {
		if err := tx.CreateIdentity(id); err != nil {
			return err
		}
		return tx.SaveFarewell(d)
	})
	if err := errors.Join(err, s.Close(), step("made"), syncDir(part)); err != nil {
		return err
	}
	return errors.Join(os.Rename(part, filepath.Join(dir, wipeFolder)), syncDir(dir))
}

// replace puts the small database in the place of the old one. The log of the old
// one goes first, as SQLite would apply it to the new one.
func replace(dir string, step func(string) error) error {
	for _, end := range []string{"-wal", "-shm"} {
		if err := step("replace" + end); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(dir, FileName+end)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := errors.Join(syncDir(dir), step("replace")); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, wipeFolder, FileName), filepath.Join(dir, FileName)); err != nil {
		return err
	}
	return errors.Join(step("replaced"), syncDir(dir))
}

// WipeRest removes pictures, archives, imports, the account's backups wherever they
// lie in the data directory, and what an upgrade left beside the small database,
// which may be in use. It may be done again after a crash at any point, and after ctx
// ended it.
func WipeRest(ctx context.Context, dir string) error {
	if err := wipeRest(ctx, dir, func(string) error { return nil }); err != nil {
		return fmt.Errorf("wipe the account: %w", err)
	}
	return nil
}

// wipeRest removes what else was the owner's.
func wipeRest(ctx context.Context, dir string, step func(string) error) error {
	var problems []error // what cannot be removed keeps nothing else
	remove := func(names []string, err error) {
		problems = append(problems, err)
		for _, name := range names {
			err := step("remove " + filepath.Base(name))
			if err == nil {
				err = removeOwn(ctx, dir, name)
			}
			problems = append(problems, err)
		}
	}
	for _, pattern := range ownFiles {
		remove(filepath.Glob(filepath.Join(dir, pattern)))
	}
	remove(backupsIn(ctx, dir))
	return errors.Join(append(problems, syncDir(dir))...)
}

// removeOwn removes a name of the data directory, and of a link to another disk first
// what lies there. A link that leads nowhere is an error: the disk may come back.
func removeOwn(ctx context.Context, dir, name string) error {
	info, err := os.Lstat(name)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return removeAll(ctx, name)
	}
	target, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is a link to what is not there: bring back the disk that it leads to, or remove the link", name)
	}
	if err != nil {
		return err
	}
	home, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(target, home); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("%s is a link to %s, in which the data directory itself lies: remove the link", name, target)
	}
	entries, err := os.ReadDir(target)
	if err != nil { // it is a file, or says so when it is removed
		err = os.Remove(target)
	}
	for _, e := range entries { // the folder stays: it may be where a disk is mounted
		if !anyMatches(inFolders, e.Name()) {
			continue
		}
		if err = removeAll(ctx, filepath.Join(target, e.Name())); err != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	return os.Remove(name)
}

// removeAll is os.RemoveAll that ctx ends between one folder and the next.
func removeAll(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if info, err := os.Lstat(name); err == nil && info.IsDir() {
		entries, _ := os.ReadDir(name) // what cannot be read cannot be removed, which is said below
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			if err := removeAll(ctx, filepath.Join(name, e.Name())); ctx.Err() != nil {
				return err
			}
		}
	}
	return os.RemoveAll(name)
}

// LeftBehind names what lies in the data directory of an account that was wiped and
// that dassie did not put there by itself, such as an archive that was exported there.
func LeftBehind(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if !slices.Contains(inUse, e.Name()) && e.Name() != certificates && !isOwn(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// WipedWhole says whether nothing is left for WipeRest to remove.
func WipedWhole(ctx context.Context, dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isOwn(e.Name()) }) {
		return false, err
	}
	backups, err := backupsIn(ctx, dir)
	return len(backups) == 0, err
}

// isOwn says whether a name in the data directory is one of ownFiles.
func isOwn(name string) bool { return anyMatches(ownFiles, name) }

func anyMatches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		is, err := filepath.Match(pattern, name)
		return is && err == nil
	})
}

// backupsIn finds the account's backups in the data directory and the folders below
// it, whatever their names, and what is left of one that was killed: the keys are in
// them. Those of others are not ours to remove.
func backupsIn(ctx context.Context, dir string) ([]string, error) {
	id, err := Look(ctx, dir)
	if err != nil {
		return nil, err
	}
	root, err := filepath.EvalSymlinks(dir) // WalkDir does not go through a link
	if err != nil {
		return nil, err
	}
	var found []string
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil && name != root: // a folder that nothing of ours was written into
			return nil
		case err != nil || !e.Type().IsRegular() || slices.Contains(inUse, e.Name()):
			return err
		case strings.Contains(e.Name(), partCopy):
			found = append(found, name)
		case isBackupOf(ctx, name, id):
			found = append(found, name)
		}
		return nil
	})
	return found, err
}

func isBackupOf(ctx context.Context, file string, id Identity) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	b, err := newBackupReader(ctx, f).manifest()
	return err == nil && strings.EqualFold(b.Handle, id.Name+"@"+id.Domain)
}

// Alive refuses, in plain words, what a command would do with an account that is
// being deleted, or was.
func (s *Store) Alive(ctx context.Context) error {
	return s.Read(ctx, func(tx *Tx) error {
		d, err := tx.Farewell()
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		id, err := tx.Identity()
		if err != nil {
			return err
		}
		return id.farewell(d)
	})
}

// farewell is ErrFarewell with whose account it is.
func (i Identity) farewell(d Farewell) error {
	state := "is being deleted since"
	if !d.Wiped.IsZero() {
		state = "was deleted on"
	}
	return fmt.Errorf("%w: @%s %s %s; dassie delete-account shows what became of it", ErrFarewell, i.Origin().Handle(i.Name), state, d.Begun.UTC().Format("2 January 2006"))
}
