package media

import (
	"context"
	"fmt"
	"io"
)

// OwnEmoji is what the owner's emojis become. They are never JPEG: other servers
// take only PNG, GIF and WebP.
var OwnEmoji = Shape{Width: 128, Height: 128, Bytes: OwnEmojiBytes, Bare: true, PNG: true}

const (
	OwnEmojiBytes = 256 << 10 // of the file, as Mastodon has it: it takes no larger ones from others
	mostEmojiSide = 2000      // pixels; what moves is stored as it came
)

// Emoji is a stored custom emoji.
type Emoji struct {
	MIME  string // image/png, image/gif or image/webp
	Name  string // of the content, without extension
	Still string // its first picture; Name where nothing moves
	Size  int64
}

// Emoji stores a custom emoji: made anew as PNG, or, if it moves, as it came, with
// its first picture beside it. Errors are those of Picture.
func (s *Store) Emoji(ctx context.Context, data io.Reader) (Emoji, error) {
	file, err := s.spool(ctx, data, OwnEmojiBytes)
	if err != nil {
		return Emoji{}, err
	}
	defer file.close()
	mime := map[kind]string{kindPNG: "image/png", kindGIF: "image/gif", kindWebP: "image/webp"}[file.kind]
	if mime == "" {
		return Emoji{}, &Refusal{Kind: ErrUnsupported, Text: "An emoji is a PNG, GIF or WebP picture."}
	}
	pics, err := s.Picture(ctx, file.section(file.at), Limits{MaxBytes: OwnEmojiBytes, MaxPixels: mostEmojiSide * mostEmojiSide}, OwnEmoji)
	if err != nil {
		return Emoji{}, err
	}
	still := pics[0]
	if !still.Animated {
		return Emoji{MIME: still.MIME, Name: still.Name, Still: still.Name, Size: still.Size}, nil
	}
	h, err := readHead(file.kind, file.section(file.at))
	if err != nil {
		return Emoji{}, err
	}
	if max(h.width, h.height) > mostEmojiSide {
		return Emoji{}, &Refusal{Kind: ErrTooManyPixels, Text: fmt.Sprintf(
			"An emoji that moves may be %d pixels wide and high; this one is %d x %d.", mostEmojiSide, h.width, h.height)}
	}
	w, err := s.create()
	if err != nil {
		return Emoji{}, err
	}
	defer w.abandon()
	if _, err := io.Copy(w, file.section(file.at)); err != nil {
		return Emoji{}, fmt.Errorf("store emoji: %w", err)
	}
	size := w.size
	name, err := w.keep("")
	return Emoji{MIME: mime, Name: name, Still: still.Name, Size: size}, err
}
