package archive

import (
	"context"
	"errors"
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
	// MaxUpload is how large an archive may be that is imported, in bytes.
	MaxUpload = 64 << 30
	// Waits is how long an archive lies here whose preview nobody answers.
	Waits = 7 * 24 * time.Hour

	roomKept  = 512 << 20 // what an upload leaves free on the disk
	checkRoom = 64 << 20  // how often that is looked at while it arrives
)

// Taker takes archives in, one at a time. Its folder holds nothing else. It is safe
// for use by many goroutines.
type Taker struct {
	src  Source
	dir  string
	log  *slog.Logger
	poke chan struct{}

	mu    sync.Mutex
	id    int64 // of the one it works on; 0: none
	at    Progress
	from  time.Time
	begun int // what was done when it began
	stop  context.CancelFunc
	files map[string]bool // that are on their way in
}

// NewTaker keeps what comes in in dir, which is made when it is needed.
func NewTaker(src Source, dir string, log *slog.Logger) *Taker {
	return &Taker{src: src, dir: dir, log: log, poke: make(chan struct{}, 1), files: map[string]bool{}}
}

// Run works until ctx ends. What a restart interrupted goes on where it was.
func (k *Taker) Run(ctx context.Context) error {
	patrol(ctx, k.poke, k.RunDue, func(err error) { k.log.Error("cannot look after the imports", "error", err) })
	return nil
}

// RunDue tidies up and works on one import, the oldest; it says whether there was
// one.
func (k *Taker) RunDue(ctx context.Context) (bool, error) {
	all, err := store.Get(ctx, k.src.Store, func(tx *store.Tx) ([]store.Import, error) { return tx.Imports() })
	if err != nil {
		return false, err
	}
	var next *store.Import
	used := map[string]bool{}
	for i, row := range all {
		switch row.State {
		case store.ImportReading, store.ImportRunning:
			next = &all[i]
		case store.ImportLooked:
			if k.src.Now().Sub(row.At) > Waits {
				if err := k.drop(ctx, row); err != nil {
					return false, err
				}
				continue
			}
		default:
			continue // its file is not needed any more
		}
		used[row.File] = true
	}
	k.clean(used)
	if next == nil {
		return false, nil
	}
	return true, k.work(ctx, *next)
}

// clean removes what no import needs: what a crash left half arrived, too.
func (k *Taker) clean(used map[string]bool) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return // there is no folder yet
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range entries {
		if !used[e.Name()] && !k.files[e.Name()] {
			os.Remove(k.path(e.Name())) // what cannot be removed is tried again
		}
	}
}

func (k *Taker) path(name string) string { return filepath.Join(k.dir, filepath.Base(name)) }

// hold notes that a file without a row is in use, or no more, so that clean leaves it.
func (k *Taker) hold(file string, is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if is {
		k.files[file] = true
	} else {
		delete(k.files, file)
	}
}

// Progress is how far the import is that is being worked on, since when, and how
// much was done then; false if it is not this one.
func (k *Taker) Progress(id int64) (at Progress, since time.Time, begun int, busy bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at, k.from, k.begun, k.id == id
}

// Begin imports what a preview showed, but for the parts that are left out. Errors:
// store.ErrNotFound, and a *reply.Error if it began already.
func (k *Taker) Begin(ctx context.Context, id int64, leave []string, agent string) error {
	err := k.src.Store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Import(id)
		if err != nil {
			return err
		}
		if row.State != store.ImportLooked {
			return reply.Errorf(reply.Conflict, "This import has begun already, or it was taken back.")
		}
		plan, err := ReadPlan(row)
		if err != nil {
			return err
		}
		plan.Leave = leave
		row.State, row.Total = store.ImportRunning, plan.total()
		if row.Plan, err = writeJSON(plan); err != nil {
			return err
		}
		if err := tx.LogSecurity("import", plan.Handle+", "+agent, ""); err != nil {
			return err
		}
		return tx.SaveImport(row)
	})
	if err == nil {
		wake(k.poke)
	}
	return err
}

// Cancel ends an import, or forgets one that has ended, or its preview. What came until
// then stays, and nothing more of it is asked for at other servers. Errors:
// store.ErrNotFound.
func (k *Taker) Cancel(ctx context.Context, id int64) error {
	var file string
	err := k.src.Store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Import(id)
		if err != nil {
			return err
		}
		file = row.File
		if row.State != store.ImportRunning && row.State != store.ImportCommand {
			return tx.DropImport(id)
		}
		row.State, row.File, row.EndedAt = store.ImportCancelled, "", tx.Now()
		return errors.Join(tx.DropImportWants(id), tx.SaveImport(row))
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	if k.id == id && k.stop != nil {
		k.stop()
	}
	k.mu.Unlock()
	k.remove(file)
	return nil
}

func (k *Taker) remove(file string) {
	if file != "" {
		os.Remove(k.path(file)) // clean removes what could not be
	}
}

func (k *Taker) drop(ctx context.Context, row store.Import) error {
	k.remove(row.File)
	return k.src.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropImport(row.ID) })
}

// work makes the preview of an import, or brings it in, and notes how that ended. One
// that ends because the server does goes on at the next start.
func (k *Taker) work(ctx context.Context, row store.Import) error {
	ctx2, stop := context.WithCancel(ctx)
	defer stop()
	k.mu.Lock()
	k.id, k.at, k.from, k.stop, k.begun = row.ID, Progress{Done: row.Done, Total: row.Total}, k.src.Now(), stop, row.Done
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.id, k.stop = 0, nil
		k.mu.Unlock()
	}()
	err := k.run(ctx2, &row)
	if ctx2.Err() != nil || errors.Is(err, store.ErrNotFound) && row.State == store.ImportRunning && !k.wanted(ctx, row.ID) {
		return nil // the owner does not want it any more, or the server ends
	}
	reading := row.State == store.ImportReading
	switch {
	case err != nil:
		row.State, row.Error = store.ImportFailed, inWords(err)
		if reply.CodeOf(err) == reply.Internal {
			k.log.Error("cannot import an archive", "error", err)
		}
	case reading:
		row.State = store.ImportLooked
	default:
		row.State, row.Done = store.ImportDone, row.Total
	}
	file := row.File
	if row.State != store.ImportLooked {
		row.File, row.EndedAt = "", k.src.Now()
	}
	err = k.src.Store.Write(ctx, func(tx *store.Tx) error {
		if now, err := tx.Import(row.ID); err != nil || now.State == store.ImportCancelled {
			return noMatter(err)
		}
		return tx.SaveImport(row)
	})
	if err == nil && row.File == "" {
		k.remove(file)
	}
	return err
}

// noMatter passes over what is gone.
func noMatter(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// wanted says whether an import runs still: the owner may have stopped it.
func (k *Taker) wanted(ctx context.Context, id int64) bool {
	row, err := store.Get(ctx, k.src.Store, func(tx *store.Tx) (store.Import, error) { return tx.Import(id) })
	return err == nil && row.State == store.ImportRunning
}

// run does the work itself.
func (k *Taker) run(ctx context.Context, row *store.Import) error {
	p, err := openPacked(k.path(row.File))
	if errors.Is(err, fs.ErrNotExist) {
		return reply.Errorf(reply.NotFound, "The uploaded file is gone. Upload it again: what came already does not come twice.")
	}
	if err != nil {
		return err
	}
	defer p.Close()
	tell := func(at Progress) {
		k.mu.Lock()
		k.at = at
		k.mu.Unlock()
	}
	return takeIn(ctx, k.src, p, row, tell)
}
