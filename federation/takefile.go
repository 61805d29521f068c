package federation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"

	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

// TakenFile is a file of an archive that is in the media folder, and belongs to
// nothing yet: a sweep removes it in a day.
type TakenFile struct {
	store.Media
	Was int64 // its id in an archive of ours
}

// TakeFile stores a file of an archive. If sum is the hash of its bytes it stays as
// it is, so that an archive of ours comes back whole, unless its maker wrote
// something into it; else it is encoded anew, as uploads are. What is wrong with it
// is said in plain words.
func (s *Service) TakeFile(ctx context.Context, data io.Reader, title, sum string) (TakenFile, error) {
	m := TakenFile{Media: store.Media{Title: fileTitle(title)}}
	if free, err := s.media.Free(); err == nil && free < uploadsReserve {
		return m, reply.Errorf(reply.Unavailable, "The disk of this server has %s left, and files need %s. Make room, then import again: what came already does not come twice.",
			megabytes(int64(free)), megabytes(uploadsReserve))
	}
	var kept *os.File
	if sum != "" {
		var err error
		if kept, err = s.spoolSame(ctx, data); err != nil {
			return m, err
		}
		defer func() { kept.Close(); os.Remove(kept.Name()) }()
		data = kept
	}
	counted := &countingReader{r: data}
	f, err := s.media.File(ctx, counted)
	if err != nil {
		return m, uploadError(m.Title, counted, err)
	}
	if kept != nil && f.Name != sum && s.verbatim(kept, sum) {
		if _, err := kept.Seek(0, io.SeekStart); err != nil {
			return m, err
		}
		name, size, err := s.media.Blob(ctx, kept, media.OwnerFilm)
		if err != nil {
			return m, err
		}
		f.Name, f.Size = name, size
	}
	m.Kind, m.MIME, m.File, m.Preview, m.Size = f.Kind, f.MIME, f.Name, f.Preview, f.Size
	m.Width, m.Height, m.Seconds, m.Blurhash = f.Width, f.Height, f.Seconds, f.Blurhash
	switch {
	case f.Animated:
		m.Note = store.MediaFirstFrame
	case f.AsSent:
		m.Note = store.MediaAsSent
	}
	return m, nil
}

// spoolSame writes a file to the disk, to be read twice.
func (s *Service) spoolSame(ctx context.Context, data io.Reader) (*os.File, error) {
	f, err := s.media.Temp()
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, io.LimitReader(data, media.OwnerFilm+1))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil || ctx.Err() != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, errors.Join(err, ctx.Err())
	}
	return f, nil
}

// verbatim says whether a file is the one of that hash, if one is given, and has no notes of a camera
// or a program in it: a file of ours never has.
func (s *Service) verbatim(f *os.File, sum string) bool {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false
	}
	h, clean := sha256.New(), true
	buf := make([]byte, 64<<10)
	over := 0 // bytes of the part before, in which a mark may begin
	for {
		n, err := io.ReadFull(f, buf[over:])
		h.Write(buf[over : over+n])
		for _, mark := range notesMarks {
			clean = clean && !bytes.Contains(buf[:over+n], mark)
		}
		if err != nil {
			return clean && (sum == "" || hex.EncodeToString(h.Sum(nil)) == sum) && (err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF))
		}
		over = copy(buf, buf[len(buf)-longestMark:])
	}
}

const longestMark = 32

// notesMarks begin what cameras and programs write into pictures.
var notesMarks = [][]byte{[]byte("Exif\x00\x00"), []byte("http://ns.adobe.com/xap"), []byte("eXIf"), []byte("Photoshop 3.0")}

const longestAlt = 10_000 // characters of a description that comes from elsewhere

// AltText is a description from elsewhere as it is kept: longer than what can be
// written here, too.
func AltText(text string) string {
	return cut(strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD")), longestAlt)
}

func (s *Service) stillThere(name string) error {
	if name == "" {
		return nil
	}
	f, _, err := s.media.Open(name)
	if err != nil {
		return &reply.Error{Code: reply.Unavailable, Message: "A file could not be kept. Import again: what came already does not come twice.", Err: err}
	}
	return f.Close()
}

// tieFiles gives a post its files: one of ours under the id and the name that it
// had, if they are free.
func tieFiles(tx *store.Tx, p *store.Post, files []TakenFile) error {
	p.Extra.Attachments = nil
	for _, f := range files {
		m := f.Media
		m.PostID = p.ID
		ok := false
		if m.ID != 0 && m.Name != "" {
			var err error
			if ok, err = tx.RestoreMedia(m); err != nil {
				return err
			}
		}
		if !ok {
			if err := tx.AddMedia(&m); err != nil {
				return err
			}
		}
		p.Extra.Attachments = append(p.Extra.Attachments, m.Attachment())
	}
	return nil
}
