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
		name := withinArchive(h.Name)
		if err := checkName(name, h.FileInfo().Mode()); err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			continue
		case tar.TypeReg:
		default: // a hard link has the mode of a file
			return refuse("The archive has a link in the place of a file: “%s”.", shortName(name))
		}
		method := zip.Store
		if end := path.Ext(name); end == ".json" || end == ".jsonl" || end == ".csv" {
			method = zip.Deflate
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: h.ModTime})
		if err != nil {
			return err
		}
		if _, err := io.CopyBuffer(w, t, buf); err != nil {
			return err
		}
	}
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
