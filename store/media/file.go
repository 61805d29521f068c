package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// A File is one upload of the owner as it was stored.
type File struct {
	Kind          string // image, video, audio
	MIME          string
	Name          string // of the content, without extension: only who asks a table first hands it out
	Preview       string // likewise, a smaller picture; "" for none
	Width, Height int    // 0 if unknown
	Seconds       float64
	Size          int64
	Blurhash      string
	Animated      bool // of an animation only the first picture was kept
	AsSent        bool // not made anew: whatever its maker wrote into it is in it
}

// OwnerFilm is how large a film or sound may be.
const OwnerFilm = 99 << 20

// File stores an upload of the owner: a picture encoded anew with a preview, or
// a film or sound as it is. What it is decides its content alone. Errors are those
// of Picture; one for a file that is neither names what it seems to be.
func (s *Store) File(ctx context.Context, data io.Reader) (File, error) {
	start := make([]byte, sniffLength)
	n, err := io.ReadFull(&ctxReader{ctx: ctx, r: data}, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return File{}, fmt.Errorf("read upload: %w", err)
	}
	start = start[:n]
	whole := io.MultiReader(bytes.NewReader(start), data)
	if _, err := sniff(start); err == nil {
		return s.ownPicture(ctx, whole)
	}
	film, err := sniffFilm(start)
	if err != nil {
		return File{}, err
	}
	return s.film(ctx, film, whole)
}

func (s *Store) ownPicture(ctx context.Context, data io.Reader) (File, error) {
	pics, err := s.Picture(ctx, data, OwnerPicture, OwnFull, OwnPreview)
	if err != nil {
		return File{}, err
	}
	full, small := pics[0], pics[1]
	return File{
		Kind: "image", MIME: full.MIME, Name: full.Name, Preview: small.Name, Width: full.Width, Height: full.Height,
		Size: full.Size, Blurhash: full.Blurhash, Animated: full.Animated,
	}, nil
}

// film stores a film or sound, and what can be known of it.
func (s *Store) film(ctx context.Context, kind filmKind, data io.Reader) (File, error) {
	w, err := s.create()
	if err != nil {
		return File{}, err
	}
	defer w.abandon()
	n, err := io.Copy(w, io.LimitReader(&ctxReader{ctx: ctx, r: data}, OwnerFilm+1))
	if err != nil {
		return File{}, fmt.Errorf("store film: %w", err)
	}
	if n > OwnerFilm {
		return File{}, tooLarge(kind.words(), OwnerFilm, OwnerFilm)
	}
	facts, err := kind.read(w.f, n)
	if err != nil {
		return File{}, err
	}
	out := File{Kind: facts.kind, MIME: facts.mime, Width: facts.width, Height: facts.height, Seconds: facts.seconds, AsSent: true}
	if s.FFmpeg != "" {
		stripped, err := s.improve(ctx, kind, w.f.Name(), &out)
		if err != nil {
			return File{}, err
		}
		if stripped != nil {
			defer stripped.abandon()
			w, out.AsSent = stripped, false
		}
	}
	out.Size = w.size
	out.Name, err = w.keep("")
	return out, err
}
