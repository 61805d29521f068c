package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

// writeFile makes the archive as file, which is there whole or not at all, for its
// owner alone.
func writeFile(ctx context.Context, src Source, file string, tell func(Progress)) (sum Summary, err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return sum, err
	}
	if err := room(ctx, src, filepath.Dir(file)); err != nil {
		return sum, err
	}
	f, err := os.OpenFile(file+part, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return sum, fmt.Errorf("make the archive: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
		if errors.Is(err, syscall.ENOSPC) {
			err = reply.Errorf(reply.Unavailable, "The disk is full. Nothing was lost; make room and ask again.")
		}
	}()
	out := bufio.NewWriterSize(f, 256<<10)
	if sum, err = src.Write(ctx, out, tell); err != nil {
		return sum, err
	}
	if err = errors.Join(out.Flush(), f.Sync(), f.Close()); err != nil {
		return sum, err
	}
	return sum, os.Rename(f.Name(), file)
}

// room refuses before anything is written. What a post takes in the archive, twice
// and in the page, is about as much as it takes in the database.
func room(ctx context.Context, src Source, dir string) error {
	sizes, err := store.Get(ctx, src.Store, func(tx *store.Tx) (store.ArchiveSizes, error) { return tx.ArchiveSizes() })
	if err != nil {
		return err
	}
	free, err := media.FreeIn(dir)
	if err != nil {
		return nil // a file system that cannot tell is tried: a full one says so
	}
	need := uint64(sizes.Bytes) + uint64(sizes.Posts+sizes.Others)*4096
	switch stays := stays(dir, src.Store.Dir()); {
	case free >= need+stays:
		return nil
	case stays == 0:
		return reply.Errorf(reply.Unavailable, "The archive needs about %d MB in %s, which has %d MB free. Make room and ask again.", max(need>>20, 1), dir, free>>20)
	default:
		return reply.Errorf(reply.Unavailable, "The archive needs about %d MB in %s, which has %d MB free, and %d MB must stay free. Make room and ask again.", max(need>>20, 1), dir, free>>20, stays>>20)
	}
}

// stays is how much must stay free where an archive is written: the server needs room
// where its data are, and none on a stick.
func stays(dir, data string) uint64 {
	if same, err := media.SameDevice(dir, data); err == nil && !same {
		return 0
	}
	return spare
}

// ExportCommand makes an archive from the command line, with or without a server
// beside it. file must not be there.
func ExportCommand(ctx context.Context, st *store.Store, dir, file, version string, tell func(string)) (Summary, error) {
	if _, err := os.Lstat(file); err == nil {
		return Summary{}, fmt.Errorf("%s is there already: give the archive another name, or remove that file first", file)
	}
	id, err := store.Get(ctx, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		return Summary{}, err
	}
	svc, err := federation.New(ctx, federation.Config{Store: st, Identity: id, Version: version}) // it asks nobody
	if err != nil {
		return Summary{}, err
	}
	pictures, err := media.Open(filepath.Join(dir, "media"))
	if err != nil {
		return Summary{}, err
	}
	stage := ""
	sum, err := writeFile(ctx, Source{Service: svc, Store: st, Media: pictures, Now: time.Now, Program: "dassie " + version}, file, func(p Progress) {
		if p.Stage != stage {
			stage = p.Stage
			tell(stage)
		}
	})
	if errors.Is(err, context.Canceled) {
		return sum, errors.New("stopped before the archive was whole: there is no file")
	}
	if err != nil {
		return sum, err
	}
	return sum, st.Write(ctx, func(tx *store.Tx) error { return tx.LogSecurity("archive", "packed by the command line", "") })
}
