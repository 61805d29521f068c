package archive

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

// Upload is a file that arrived and is nobody's yet: Keep or Drop it.
type Upload struct {
	File string // in the folder of imports
	Name string // where the owner had it, as it can be shown
	Size int64
	k    *Taker
}

// Receive writes a file to the disk as it arrives. What cannot be taken is a
// *reply.Error in plain words, and nothing of it stays.
func (k *Taker) Receive(ctx context.Context, r io.Reader, name string) (*Upload, error) {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep an upload: %w", err)
	}
	b := make([]byte, 16)
	rand.Read(b)
	up := &Upload{File: "import-" + hex.EncodeToString(b), Name: shortName(filepath.Base(strings.ReplaceAll(name, `\`, "/"))), k: k}
	k.hold(up.File, true)
	err := up.write(ctx, r)
	if err != nil {
		up.Drop()
		return nil, err
	}
	return up, nil
}

// write stores the file: one that is packed by tar as the zip file that it could be.
func (u *Upload) write(ctx context.Context, r io.Reader) (err error) {
	f, err := os.OpenFile(u.k.path(u.File), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep an upload: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	arrived := &countedReader{r: r}
	in := bufio.NewReaderSize(arrived, 64<<10)
	out := &roomy{w: f, dir: u.k.dir}
	if start, _ := in.Peek(StartBytes); isTar(start) {
		err = repack(ctx, in, out)
	} else {
		_, err = io.Copy(out, in)
	}
	u.Size = arrived.n
	switch {
	case err == nil:
		return f.Sync()
	case errors.Is(err, syscall.ENOSPC):
		return reply.Errorf(reply.Unavailable, "The disk is full. Make room and try again.")
	case errors.Is(err, io.ErrUnexpectedEOF) && reply.CodeOf(err) == reply.Internal:
		return &reply.Error{Code: reply.Invalid, Message: "The upload was cut off. Choose the file again.", Err: err}
	}
	return fmt.Errorf("keep an upload: %w", err)
}

// roomy writes into a folder as long as there is room on its disk.
type roomy struct {
	w       io.Writer
	dir     string
	n, free int64 // what was written, and until where it may be before that is looked at again
}

func (f *roomy) Write(p []byte) (int, error) {
	if f.n >= f.free {
		if free, err := media.FreeIn(f.dir); err == nil && free < roomKept {
			return 0, reply.Errorf(reply.Unavailable, "There is too little room on the disk for this file: %d MB are free, and %d MB must stay free. Make room and try again.", free>>20, roomKept>>20)
		}
		f.free = f.n + checkRoom
	}
	n, err := f.w.Write(p)
	if f.n += int64(n); f.n > MaxUpload {
		return n, reply.Errorf(reply.TooLarge, "The file is larger than %d GB, which is the most there can be.", MaxUpload>>30)
	}
	return n, err
}

// Drop removes it.
func (u *Upload) Drop() {
	u.k.hold(u.File, false)
	os.Remove(u.k.path(u.File)) // clean removes what could not be
}

// Keep takes it for an archive whose preview is made next, and says which import
// that is.
func (u *Upload) Keep(ctx context.Context) (int64, error) {
	row := store.Import{State: store.ImportReading, Name: u.Name, File: u.File, Size: u.Size}
	err := u.k.src.Store.Write(ctx, func(tx *store.Tx) error { return tx.AddImport(&row) })
	if err != nil {
		u.Drop()
		return 0, fmt.Errorf("keep an upload: %w", err)
	}
	u.k.hold(u.File, false)
	wake(u.k.poke)
	return row.ID, nil
}
