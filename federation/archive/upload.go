package archive

import (
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
func (k *Taker) Receive(r io.Reader, name string) (*Upload, error) {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep an upload: %w", err)
	}
	b := make([]byte, 16)
	rand.Read(b)
	up := &Upload{File: "import-" + hex.EncodeToString(b), Name: shortName(filepath.Base(strings.ReplaceAll(name, `\`, "/"))), k: k}
	k.hold(up.File, true)
	err := up.write(r)
	if err != nil {
		up.Drop()
		return nil, err
	}
	return up, nil
}

func (u *Upload) write(r io.Reader) (err error) {
	f, err := os.OpenFile(u.k.path(u.File), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep an upload: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		if free, err := media.FreeIn(u.k.dir); err == nil && free < roomKept {
			return reply.Errorf(reply.Unavailable, "There is too little room on the disk for this file: %d MB are free, and %d MB must stay free. Make room and try again.", free>>20, roomKept>>20)
		}
		n, err := io.CopyN(f, r, checkRoom)
		u.Size += n
		switch {
		case err == io.EOF:
			return f.Sync()
		case errors.Is(err, syscall.ENOSPC):
			return reply.Errorf(reply.Unavailable, "The disk is full. Make room and try again.")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return &reply.Error{Code: reply.Invalid, Message: "The upload was cut off. Choose the file again.", Err: err}
		case err != nil:
			return fmt.Errorf("keep an upload: %w", err)
		case u.Size > MaxUpload:
			return reply.Errorf(reply.TooLarge, "The file is larger than %d GB, which is the most there can be.", MaxUpload>>30)
		}
	}
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
