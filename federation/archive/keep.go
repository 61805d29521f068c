package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	// Lasts is how long an archive can be downloaded.
	Lasts = store.ArchiveLasts
	// Most is how many are kept: a new one takes the place of the oldest.
	Most = 5

	part      = ".part"   // at the end of the name of an archive that is not whole
	spare     = 300 << 20 // stays free: below it the server stops fetching pictures, and at a third of it takes no posts
	lookAgain = time.Hour
)

// Keeper makes the archives that the owner asks for, one at a time, and removes
// what is too old. Its folder holds nothing else. It is safe for use by many
// goroutines.
type Keeper struct {
	src  Source
	dir  string
	log  *slog.Logger
	poke chan struct{}

	subject sync.Mutex // held while a copy for somebody else is packed

	mu   sync.Mutex
	at   Progress
	from time.Time          // since when the present one is being packed; zero: none is
	stop context.CancelFunc // ends it
}

// NewKeeper keeps archives in dir, which is made when it is needed.
func NewKeeper(src Source, dir string, log *slog.Logger) *Keeper {
	return &Keeper{src: src, dir: dir, log: log, poke: make(chan struct{}, 1)}
}

// Run works until ctx ends. What a restart interrupted begins anew.
func (k *Keeper) Run(ctx context.Context) error {
	if err := k.clean(ctx); err != nil {
		k.log.Error("cannot remove what is left of archives", "error", err)
	}
	patrol(ctx, k.poke, k.RunDue, func(err error) { k.log.Error("cannot look after the archives", "error", err) })
	return nil
}

// patrol does what is due, one after the other, until ctx ends: at each poke, and
// every hour for what came of age.
func patrol(ctx context.Context, poke <-chan struct{}, due func(context.Context) (bool, error), failed func(error)) {
	for ctx.Err() == nil {
		busy, err := due(ctx)
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		if busy && err == nil {
			continue
		}
		timer := time.NewTimer(lookAgain)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-poke:
		}
		timer.Stop()
	}
}

// wake pokes who waits; who works looks again anyway.
func wake(poke chan<- struct{}) {
	select {
	case poke <- struct{}{}:
	default:
	}
}

// RunDue removes what is too old and makes one archive that is asked for; it says
// whether there was one.
func (k *Keeper) RunDue(ctx context.Context) (bool, error) {
	all, err := store.Get(ctx, k.src.Store, func(tx *store.Tx) ([]store.Archive, error) { return tx.Archives() })
	if err != nil {
		return false, err
	}
	var asked *store.Archive
	kept := 0
	for i, a := range all {
		switch {
		case a.State == store.ArchiveAsked:
			asked = &all[i]
		case kept >= Most || k.src.Now().Sub(a.EndedAt) > Lasts:
			if _, err := k.drop(ctx, a.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
				return false, err
			}
		default:
			kept++
		}
	}
	if asked == nil {
		return false, nil
	}
	return true, k.make(ctx, *asked)
}

// Ask notes that the owner wants an archive. One that is being made is enough.
func (k *Keeper) Ask(ctx context.Context, agent string) error {
	err := k.src.Store.Write(ctx, func(tx *store.Tx) error {
		fresh, err := tx.AskArchive()
		if err != nil || !fresh {
			return err
		}
		return tx.LogSecurity("archive", "asked for, "+agent, "")
	})
	if err != nil {
		return fmt.Errorf("ask for an archive: %w", err)
	}
	wake(k.poke)
	return nil
}

// Progress is how far the archive is that is being made, and since when; false if
// none is.
func (k *Keeper) Progress() (Progress, time.Time, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at, k.from, !k.from.IsZero()
}

// Drop removes an archive, or ends the one that is being made. Errors:
// store.ErrNotFound.
func (k *Keeper) Drop(ctx context.Context, id int64) error {
	a, err := k.drop(ctx, id)
	if err != nil {
		return err
	}
	k.mu.Lock()
	if a.State == store.ArchiveAsked && k.stop != nil {
		k.stop()
	}
	k.mu.Unlock()
	return nil
}

// drop forgets an archive and removes its file, as both stand now: one that becomes
// ready in this moment is either dropped with its file, or finds that nobody wants it.
func (k *Keeper) drop(ctx context.Context, id int64) (a store.Archive, err error) {
	err = k.src.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.Archive(id); err != nil {
			return err
		}
		return tx.DropArchive(id)
	})
	if err != nil || a.File == "" {
		return a, err
	}
	return a, k.unwanted(a.File)
}

// Open opens an archive to be read. Errors: store.ErrNotFound.
func (k *Keeper) Open(ctx context.Context, id int64) (store.Archive, *os.File, error) {
	a, err := store.Get(ctx, k.src.Store, func(tx *store.Tx) (store.Archive, error) { return tx.Archive(id) })
	if err == nil && (a.State != store.ArchiveReady || k.src.Now().Sub(a.EndedAt) > Lasts) {
		err = store.ErrNotFound
	}
	if err != nil {
		return a, nil, err
	}
	f, err := os.Open(k.path(a.File))
	if errors.Is(err, fs.ErrNotExist) {
		err = store.ErrNotFound
	}
	return a, f, err
}

// Downloaded notes in the security log that somebody began to load an archive down.
func (k *Keeper) Downloaded(ctx context.Context, agent string) error {
	return k.src.Store.Write(ctx, func(tx *store.Tx) error { return tx.LogSecurity("archive", "downloaded, "+agent, "") })
}

func (k *Keeper) path(name string) string { return filepath.Join(k.dir, filepath.Base(name)) }

// clean removes what a crash left: half an archive, or a whole one that was not noted.
func (k *Keeper) clean(ctx context.Context) error {
	entries, err := os.ReadDir(k.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := store.Get(ctx, k.src.Store, func(tx *store.Tx) ([]store.Archive, error) { return tx.Archives() })
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, a := range all {
		known[a.File] = true
	}
	for _, e := range entries {
		if !known[e.Name()] {
			err = errors.Join(err, os.Remove(k.path(e.Name())))
		}
	}
	return err
}

// make packs an archive and notes how it ended. One that ends because the server
// does stays asked for.
func (k *Keeper) make(ctx context.Context, a store.Archive) error {
	ctx2, stop := context.WithCancel(ctx)
	defer stop()
	k.mu.Lock()
	k.at, k.from, k.stop = Progress{}, k.src.Now(), stop
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.from, k.stop = time.Time{}, nil
		k.mu.Unlock()
	}()
	name := nameOf(a.AskedAt)
	sum, err := writeFile(ctx2, k.src, k.path(name), func(p Progress) {
		k.mu.Lock()
		k.at = p
		k.mu.Unlock()
	})
	if ctx2.Err() != nil { // the owner does not want it any more, or the server ends
		return k.unwanted(name)
	}
	a.EndedAt = k.src.Now()
	if err != nil {
		a.State, a.Error = store.ArchiveFailed, inWords(err)
		k.log.Error("cannot make an archive", "error", err)
	} else {
		a.State, a.File, a.Size, a.Posts, a.Files, a.Missing = store.ArchiveReady, name, sum.Bytes, sum.Posts, sum.Files, len(sum.Missing)
	}
	err = k.src.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SaveArchive(a); err != nil || k.src.Service == nil {
			return err
		}
		return k.src.Service.MailArchive(tx, a)
	})
	switch {
	case errors.Is(err, store.ErrNotFound): // it was dropped in the last moment
		return k.unwanted(name)
	case err != nil && ctx.Err() == nil: // nothing names it; with ctx over it may be named yet, and the next start looks
		return errors.Join(err, k.unwanted(name))
	}
	return err
}

// unwanted removes an archive that nothing names.
func (k *Keeper) unwanted(name string) error {
	if err := os.Remove(k.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an archive: %w", err)
	}
	return nil
}

// nameOf is unguessable, as Mastodon's names are: the file may end up in a shared
// folder.
func nameOf(at time.Time) string {
	b := make([]byte, 16)
	rand.Read(b)
	return "archive-" + at.UTC().Format("20060102150405") + "-" + hex.EncodeToString(b) + ".zip"
}

// inWords is what the owner is told of a failure.
func inWords(err error) string {
	if reply.CodeOf(err) != reply.Internal {
		return reply.Message(err)
	}
	return "The disk or the database refused. The server's log has the details."
}

// Table writes one list by itself, as Source.Table does.
func (k *Keeper) Table(ctx context.Context, name string, w io.Writer) error {
	return k.src.Table(ctx, name, w)
}
