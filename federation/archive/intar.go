package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"syscall"

	"dassie/web/reply"
)

// repack makes the zip file of a tar file, which cannot be read member by member, and
// holds it to what a zip file may hold (T40). What cannot be taken is a *reply.Error.
func repack(ctx context.Context, in io.Reader, out io.Writer) error {
	packed := &countedReader{r: in}
	buffered := bufio.NewReader(packed)
	var plain io.Reader = buffered
	if start, _ := buffered.Peek(2); bytes.Equal(start, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return tarError(err)
		}
		plain = z
	}
	r := &repacking{ctx: ctx, in: &countedReader{r: plain}, packed: packed}
	z := zip.NewWriter(out)
	if err := r.members(z); err != nil {
		return tarError(err)
	}
	return z.Close()
}

type repacking struct {
	ctx    context.Context
	in     *countedReader // what it is unpacked …
	packed *countedReader // … and as it arrives
	list   int            // bytes of the zip file's list of files
}

// countedReader counts what is read, and ends at the first error.
type countedReader struct {
	r   io.Reader
	n   int64
	err error
}

func (c *countedReader) Read(p []byte) (n int, err error) {
	if c.err == nil {
		n, c.err = c.r.Read(p)
		c.n += int64(n)
	}
	return n, c.err
}

// Read is of all that is unpacked, and refuses to unpack a bomb.
func (r *repacking) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.in.Read(p)
	switch {
	case r.in.n > maxUnpacked:
		return n, refuse("Unpacked, the archive would have more than %d GB.", maxUnpacked>>30)
	case r.in.n > ratioFrom && r.in.n/maxRatio > r.packed.n:
		return n, refuse("The archive would be %d times as large when it is unpacked. That is a bomb, not an archive.", r.in.n/max(r.packed.n, 1))
	}
	return n, err
}

// members copies the files of the tar into z, each held to what a zip is held to.
func (r *repacking) members(z *zip.Writer) error {
	t := tar.NewReader(r)
	buf := make([]byte, 32<<10)
	for n := 1; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			// To its end, where gzip has its sum.
			_, err = io.Copy(io.Discard, r)
			return err
		}
		if err != nil {
			return err
		}
		if n > maxMembers {
			return tooManyMembers()
		}
		if h.Typeflag == tar.TypeXGlobalHeader { // a note about the whole, such as git's
			continue
		}
		name := withinArchive(h.Name)
		if err := r.checkTarMember(name, h); err != nil {
			return err
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		// The writer keeps its list of files until the end.
		if r.list += entryBytes + len(name); r.list > maxDirectory {
			return tooManyMembers()
		}
		method := zip.Store
		if end := path.Ext(name); end == ".json" || end == ".jsonl" || end == ".csv" {
			method = zip.Deflate
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: h.ModTime})
		if err != nil {
			return err
		}
		if _, err := io.CopyBuffer(w, &untilDone{r.ctx, t}, buf); err != nil {
			return err
		}
	}
}

// untilDone reads until ctx ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// checkTarMember looks at what a file is. Holes cost nothing where they are packed, and
// are made of nothing that repacking.Read sees, so there may be none.
func (r *repacking) checkTarMember(name string, h *tar.Header) error {
	if err := checkName(name, h.FileInfo().Mode()); err != nil {
		return err
	}
	sparse := h.Typeflag == tar.TypeGNUSparse
	for key := range h.PAXRecords {
		sparse = sparse || strings.HasPrefix(key, "GNU.sparse.")
	}
	switch {
	case sparse:
		return refuse("“%s” has holes (a sparse file). Pack the archive again without them.", shortName(name))
	case h.Typeflag != tar.TypeDir && h.Typeflag != tar.TypeReg: // a hard link has the mode of a file
		return refuse("The archive has a link in the place of a file: “%s”.", shortName(name))
	case h.Size > maxUnpacked:
		return refuse("Unpacked, the archive would have more than %d GB.", maxUnpacked>>30)
	}
	return nil
}

// withinArchive is where a file lies. Mastodon 3.3 put media under their full path on
// its disk, whose beginning says nothing.
func withinArchive(name string) string {
	name = strings.TrimPrefix(name, "./")
	if strings.HasPrefix(name, "/") && strings.Contains(name, "/"+mediaFolder) {
		name = strings.TrimLeft(name, "/")
	}
	return name
}

// tarError is what is said of a tar file that cannot be read.
func tarError(err error) error {
	var said *reply.Error
	if errors.As(err, &said) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, context.Canceled) {
		return err
	}
	return torn(err)
}
