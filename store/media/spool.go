package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
)

// smallFile is kept in memory while it is worked on; avatars and emojis are
// that small, and a card need not see them twice.
const smallFile = 256 << 10

// A spooled file is a whole upload that can be read more than once: in memory
// if it is small, else in tmp/.
type spooled struct {
	kind kind
	at   io.ReaderAt
	size int64
	f    *os.File // nil if in memory
}

// spool takes data in. A file that is no picture is refused after its first
// bytes, one that is too long at the limit; the rest is then not read.
func (s *Store) spool(ctx context.Context, data io.Reader, limit int64) (*spooled, error) {
	r := &ctxReader{ctx: ctx, r: data}
	start := make([]byte, sniffLength)
	n, err := io.ReadFull(r, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	start = start[:n]
	kind, err := sniff(start)
	if err != nil {
		return nil, err
	}
	rest := io.LimitReader(r, limit+1-int64(n))
	var small bytes.Buffer
	small.Write(start)
	if _, err := io.Copy(&small, io.LimitReader(rest, smallFile)); err != nil {
		return nil, err
	}
	if small.Len() < smallFile+n {
		if int64(small.Len()) > limit {
			return nil, tooLarge("This picture", limit, limit)
		}
		return &spooled{kind: kind, at: bytes.NewReader(small.Bytes()), size: int64(small.Len())}, nil
	}
	f, err := s.temp()
	if err != nil {
		return nil, err
	}
	file := &spooled{kind: kind, at: f, f: f}
	file.size, err = io.Copy(f, io.MultiReader(&small, rest))
	if err == nil && file.size > limit {
		err = tooLarge("This picture", limit, limit)
	}
	if err != nil {
		file.close()
		return nil, diskError(err)
	}
	return file, nil
}

func (f *spooled) section(r io.ReaderAt) *io.SectionReader { return io.NewSectionReader(r, 0, f.size) }

// close forgets the upload. What cannot be removed now, Sweep removes.
func (f *spooled) close() {
	if f.f != nil {
		f.f.Close()
		os.Remove(f.f.Name())
	}
}
