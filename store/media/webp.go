package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// A webpFrame is the picture to decode inside a WebP file: the file itself, or
// the first frame of an animation, which x/image/webp cannot reach, in a shell
// of our own.
type webpFrame struct {
	file func() io.Reader // a whole WebP file with one picture
	at   image.Point      // where it lies on the canvas
	// lossy frames hold YCbCr in studio swing (RFC 6386, 9.2), which x/image
	// hands out as if it were full range.
	lossy bool
}

// webpWalk is one pass over the chunks (RFC 9649, 2.3 to 2.7).
type webpWalk struct {
	r      *io.SectionReader
	head   head
	frames int // ANMF chunks
	parts  int // chunks of any kind
	alpha  bool
	lossy  bool
	found  bool // a picture was seen
	first  *io.SectionReader
}

func readWebPHead(r *io.SectionReader) (*head, error) {
	w := &webpWalk{r: r}
	var riff [12]byte
	if _, err := r.ReadAt(riff[:], 0); err != nil {
		return nil, unexpected(err)
	}
	end := 8 + int64(binary.LittleEndian.Uint32(riff[4:]))
	if end > r.Size() {
		return nil, io.ErrUnexpectedEOF
	}
	if err := w.chunks(io.NewSectionReader(r, 12, end-12), w.topLevel); err != nil {
		return nil, err
	}
	if w.first != nil {
		w.head.animated = w.frames > 1
		return w.animated()
	}
	if !w.found {
		return nil, errors.New("webp without a picture")
	}
	w.head.frame = &webpFrame{file: func() io.Reader { return io.NewSectionReader(r, 0, end) }, lossy: w.lossy}
	return w.done()
}

// done asks the decoder itself for the size, so that no file can show one here
// and another there.
func (w *webpWalk) done() (*head, error) {
	config, err := webp.DecodeConfig(w.head.frame.file())
	if err != nil {
		return nil, err
	}
	if w.head.width == 0 {
		w.head.width, w.head.height = config.Width, config.Height
	}
	if at := w.head.frame.at; at.X+config.Width > w.head.width || at.Y+config.Height > w.head.height {
		return nil, errors.New("webp frame outside its canvas")
	}
	switch {
	case !w.lossy: // pixels, once more while colours are looked up, and the code trees
		w.head.perPixel = 2 * 10
	case w.alpha: // the alpha plane is a lossless picture of its own, decoded first
		w.head.perPixel = 2*9 + 3
	default:
		w.head.perPixel = 3
	}
	return &w.head, nil
}

// chunks calls f with the name and content of each chunk.
func (w *webpWalk) chunks(r *io.SectionReader, f func(name string, body *io.SectionReader) error) error {
	for at := int64(0); at+8 <= r.Size(); {
		var top [8]byte
		if _, err := r.ReadAt(top[:], at); err != nil {
			return unexpected(err)
		}
		size := int64(binary.LittleEndian.Uint32(top[4:]))
		if at+8+size > r.Size() {
			return io.ErrUnexpectedEOF
		}
		if err := f(string(top[:4]), io.NewSectionReader(r, at+8, size)); err != nil {
			return err
		}
		at += 8 + size + size&1
		if w.parts++; w.parts > 8*mostFrames {
			return errors.New("too many webp chunks") // each costs a read
		}
	}
	return nil
}

func (w *webpWalk) topLevel(name string, body *io.SectionReader) error {
	switch name {
	case "VP8X":
		var x [10]byte
		if _, err := body.ReadAt(x[:], 0); err != nil {
			return unexpected(err)
		}
		w.head.width, w.head.height = uint24(x[4:])+1, uint24(x[7:])+1
	case "ANMF":
		if w.frames++; w.frames > mostFrames {
			return tooManyFrames()
		}
		if w.first == nil {
			w.first = body
		}
	case "EXIF":
		exif := make([]byte, min(body.Size(), 64<<10))
		if _, err := body.ReadAt(exif, 0); err != nil && err != io.EOF {
			return err
		}
		w.head.orientation = exifOrientation(exif)
	default:
		w.picture(name)
	}
	return nil
}

func (w *webpWalk) picture(name string) {
	switch name {
	case "ALPH":
		w.alpha = true
	case "VP8 ":
		w.lossy, w.found = true, true
	case "VP8L":
		w.found = true
	}
}

// animated wraps the first frame: its chunks behind a header that says no more
// than they hold.
func (w *webpWalk) animated() (*head, error) {
	const frameHead = 16 // RFC 9649, 2.7.1.1: X/2, Y/2, width-1, height-1, duration, flags
	var f [frameHead]byte
	if _, err := w.first.ReadAt(f[:], 0); err != nil {
		return nil, unexpected(err)
	}
	data := io.NewSectionReader(w.first, frameHead, w.first.Size()-frameHead)
	if err := w.chunks(data, func(name string, _ *io.SectionReader) error { w.picture(name); return nil }); err != nil {
		return nil, err
	}
	if !w.found {
		return nil, errors.New("webp frame without a picture")
	}
	var shell bytes.Buffer
	shell.WriteString("WEBP")
	if w.alpha && w.lossy {
		shell.WriteString("VP8X\x0a\x00\x00\x00\x10\x00\x00\x00")
		shell.Write(f[6:12])
	}
	size := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(shell.Len())+uint32(data.Size()))
	top := append(size, shell.Bytes()...)
	w.head.frame = &webpFrame{
		file: func() io.Reader {
			return io.MultiReader(bytes.NewReader(top), io.NewSectionReader(data, 0, data.Size()))
		},
		at:    image.Pt(2*uint24(f[0:]), 2*uint24(f[3:])),
		lossy: w.lossy,
	}
	return w.done()
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
