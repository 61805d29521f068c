package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
	"unicode/utf8"

	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

const (
	maxAttached    = 4    // files of one post (DECISIONS 35)
	maxAlt         = 1500 // characters of a description
	maxTitle       = 100  // characters of a file's name that are kept
	uploadsReserve = 100 << 20
)

// Attached names an upload in a draft.
type Attached struct {
	ID    int64
	Alt   *string     // what can be seen or heard; nil leaves what was said before
	Focal *[2]float64 // the point that matters, -1 to 1 each way; nil likewise
}

// Upload stores one file of the owner, which no post shows yet: it stays for a day
// unless a post or a draft takes it. title is the file's name where it came from;
// it decides nothing. What is wrong with the file is said in plain words, with its
// name and size; for that, data is read to its end.
func (s *Service) Upload(ctx context.Context, data io.Reader, title string) (store.Media, error) {
	m := store.Media{Title: fileTitle(title)}
	if free, err := s.media.Free(); err == nil && free < uploadsReserve {
		return m, reply.Errorf(reply.Unavailable, "The disk of this server has %s left, and uploads need %s. Make room first.",
			megabytes(int64(free)), megabytes(uploadsReserve))
	}
	counted := &countingReader{r: data}
	f, err := s.media.File(ctx, counted)
	if err != nil {
		return m, uploadError(m.Title, counted, err)
	}
	m.Kind, m.MIME, m.File, m.Preview, m.Size = f.Kind, f.MIME, f.Name, f.Preview, f.Size
	m.Width, m.Height, m.Seconds, m.Blurhash = f.Width, f.Height, f.Seconds, f.Blurhash
	switch {
	case f.Animated:
		m.Note = store.MediaFirstFrame
	case f.AsSent:
		m.Note = store.MediaAsSent
	}
	return m, s.addUpload(ctx, &m)
}

// addUpload stores the row. Nobody may take the files for unused meanwhile: the
// same content may just be leaving another post.
func (s *Service) addUpload(ctx context.Context, m *store.Media) error {
	s.filesLock.Lock()
	defer s.filesLock.Unlock()
	for _, name := range []string{m.File, m.Preview} {
		if name == "" {
			continue
		}
		f, _, err := s.media.Open(name)
		if err != nil {
			return &reply.Error{Code: reply.Unavailable, Message: "The file could not be kept. Choose it again.", Err: err}
		}
		f.Close()
	}
	if err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.AddMedia(m) }); err != nil {
		return fmt.Errorf("store upload: %w", err)
	}
	return nil
}

// countingReader knows how much was read.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// uploadError says which file is refused, how large it is, and why.
func uploadError(title string, data *countingReader, err error) error {
	var refused *media.Refusal
	if !errors.As(err, &refused) {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return &reply.Error{Code: reply.Invalid, Message: "The upload was cut off. Choose the file again.", Err: err}
		}
		return fmt.Errorf("store upload: %w", err)
	}
	said := pictureError(err)
	// The rest tells the size, and lets a browser finish the form that is around it.
	_, _ = io.Copy(io.Discard, data)
	if title == "" {
		title = "The file"
	} else {
		title = "“" + title + "”"
	}
	var e *reply.Error
	if errors.As(said, &e) {
		e.Message = fmt.Sprintf("%s (%s) was not added. %s", title, megabytes(data.n), refused.Text)
	}
	return said
}

// megabytes is a size in words.
func megabytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// fileTitle is the last part of a file's name, as text that can be shown (T35): it
// never becomes a path.
func fileTitle(name string) string {
	name = oneLine(strings.ReplaceAll(name, `\`, "/"))
	if name = path.Base(name); name == "." || name == "/" || name == ".." {
		return ""
	}
	return cut(name, maxTitle)
}

// Describe changes what is said of an upload that no post shows yet.
func (s *Service) Describe(ctx context.Context, a Attached) (store.Media, error) {
	if err := checkAttached(&a); err != nil {
		return store.Media{}, err
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Media, error) {
		m, err := looseUpload(tx, a.ID)
		if err != nil {
			return m, err
		}
		return m, describe(tx, &m, a)
	})
}

// DropUpload deletes an upload that no post shows.
func (s *Service) DropUpload(ctx context.Context, id int64) error {
	m, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Media, error) {
		m, err := looseUpload(tx, id)
		if err != nil {
			return m, err
		}
		return m, tx.DropMedia(id)
	})
	if err == nil {
		s.removeUnused(ctx, m.File, m.Preview)
	}
	return err
}

// looseUpload reads an upload that no post shows yet.
func looseUpload(tx *store.Tx, id int64) (store.Media, error) {
	m, err := tx.Media(id)
	if errors.Is(err, store.ErrNotFound) {
		return m, reply.Errorf(reply.NotFound, "There is no such upload. What is not posted is kept for a day.")
	}
	if err == nil && m.PostID != 0 {
		err = reply.Errorf(reply.Unprocessable, "This file is part of a post. Edit the post to change it.")
	}
	return m, err
}

// checkAttached brings what is said of an upload into form.
func checkAttached(a *Attached) error {
	if a.Alt != nil {
		alt := strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(*a.Alt, "\r\n", "\n"), "\uFFFD"))
		if n := utf8.RuneCountInString(alt); n > maxAlt {
			return reply.Errorf(reply.Unprocessable, "A description has %d characters; %d is the most there can be.", n, maxAlt)
		}
		a.Alt = &alt
	}
	if a.Focal != nil {
		focal := *a.Focal
		for i, v := range focal {
			if math.IsNaN(v) {
				v = 0
			}
			focal[i] = min(1, max(-1, v))
		}
		a.Focal = &focal
	}
	return nil
}

func checkMedia(list []Attached) error {
	if len(list) > maxAttached {
		return reply.Errorf(reply.Unprocessable, "The post has %d files; %d is the most there can be.", len(list), maxAttached)
	}
	for i := range list {
		if err := checkAttached(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// saidOf is an upload with what a draft says of it.
func saidOf(m store.Media, a Attached) store.Media {
	if a.Alt != nil {
		m.Alt = *a.Alt
	}
	if a.Focal != nil {
		m.FocalX, m.FocalY = a.Focal[0], a.Focal[1]
	}
	return m
}

func describe(tx *store.Tx, m *store.Media, a Attached) error {
	before := *m
	if *m = saidOf(*m, a); *m == before {
		return nil
	}
	return tx.DescribeMedia(m.ID, m.Alt, m.FocalX, m.FocalY)
}

// attach gives the uploads of a draft to a post, in their order. One that is not
// there, that another post has, or that stands twice is refused (T39).
func attach(tx *store.Tx, p *store.Post, list []Attached) error {
	p.Extra.Attachments = nil
	seen := map[int64]bool{}
	for _, a := range list {
		m, err := tx.Media(a.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return reply.Errorf(reply.Unprocessable, "A file of this post is not here any more: what is not posted is kept for a day. Add it again.")
		case err != nil:
			return err
		case seen[m.ID] || m.PostID != 0 && m.PostID != p.ID:
			return reply.Errorf(reply.Unprocessable, "A file can be in one post, and once. Upload it again to use it twice.")
		}
		seen[m.ID] = true
		if err := describe(tx, &m, a); err != nil {
			return err
		}
		if m.PostID == 0 {
			if err := notGoingOut(tx, m.ID); err != nil {
				return err
			}
			if ok, err := tx.AttachMedia(m.ID, p.ID); err != nil || !ok {
				return errors.Join(err, reply.Errorf(reply.Unprocessable, "A file of this post is not here any more. Add it again."))
			}
		}
		p.Extra.Attachments = append(p.Extra.Attachments, m.Attachment())
	}
	return nil
}

// notGoingOut refuses an upload that a scheduled or held text has: by the time that
// goes out it would be without it (T39).
func notGoingOut(tx *store.Tx, mediaID int64) error {
	taken, err := tx.GoingOut(mediaID)
	if err == nil && taken {
		err = reply.Errorf(reply.Unprocessable, "A file of this post is in one that waits to go out. Upload it again to use it twice.")
	}
	return err
}

// detach forgets the uploads of a post that its new version does not show, and
// lists their files.
func detach(tx *store.Tx, p store.Post) (files []string, err error) {
	kept := map[int64]bool{}
	for _, a := range p.Extra.Attachments {
		kept[a.ID] = true
	}
	list, err := tx.MediaOf(p.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if kept[m.ID] {
			continue
		}
		if err := tx.DropMedia(m.ID); err != nil {
			return nil, err
		}
		files = append(files, m.File, m.Preview)
	}
	return files, nil
}

// sameMedia says whether a post shows what a draft names, described as it says.
func sameMedia(p store.Post, list []Attached) bool {
	if len(p.Extra.Attachments) != len(list) {
		return false
	}
	for i, a := range p.Extra.Attachments {
		d := list[i]
		if a.ID != d.ID || d.Alt != nil && *d.Alt != a.Alt || d.Focal != nil && *d.Focal != [2]float64{a.FocalX, a.FocalY} {
			return false
		}
	}
	return true
}

// looseOf lists the uploads that only a draft holds, among those that it names.
func looseOf(tx *store.Tx, ids []int64) ([]store.Media, error) {
	list, err := tx.MediaList(ids)
	if err != nil {
		return nil, err
	}
	loose := list[:0]
	for _, m := range list {
		if m.PostID == 0 {
			loose = append(loose, m)
		}
	}
	return loose, nil
}

// OwnMedia reads the upload that an address names, and who may read the post that
// shows it. Until it is posted shown is false, and only the owner may see it.
func (s *Service) OwnMedia(ctx context.Context, name string) (m store.Media, v store.Visibility, shown bool, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if m, err = tx.MediaByName(name); err != nil || m.PostID == 0 {
			return err
		}
		p, err := tx.Post(m.PostID)
		v, shown = p.Visibility, true
		return err
	})
	return m, v, shown, err
}
