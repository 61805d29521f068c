package media

import (
	"errors"
	"fmt"
	"io"
)

const (
	// longestSide keeps one row small: JPEG can say no more either.
	longestSide = 65535
	// mostNotes is how many bytes of metadata a file may carry before its
	// pixels. Real ones stay under one megabyte, save for depth maps in XMP.
	mostNotes = 4 << 20
	// mostFrames and mostScans bound what a small file can make a reader do
	// over and over. Encoders write up to about 20 scans.
	mostFrames = 1000
	mostScans  = 64
	// mostDecoded is how many bytes a decoder may hold at once. With 30 MiB for
	// everything else it keeps a picture's peak under 128 MiB.
	mostDecoded = 96_000_000
)

// A head is what the header says, read without touching a pixel.
type head struct {
	kind          kind
	width, height int
	progressive   bool // JPEG only, from the SOF marker
	interlaced    bool // PNG only
	animated      bool // more pictures follow the first
	orientation   int  // EXIF 2.3, 4.6.4.A: 1 to 8, as stored (before turning)
	// perPixel is how many bytes the decoder holds per pixel at its worst
	// moment, in halves of a byte.
	perPixel int64
	frame    *webpFrame // WebP only
}

func (h *head) pixels() int64  { return int64(h.width) * int64(h.height) }
func (h *head) decoded() int64 { return h.pixels() * h.perPixel / 2 }

// readHead walks the file's structure once, to its end, so that a truncated
// file is known before memory is taken for it.
func readHead(k kind, r *io.SectionReader) (*head, error) {
	read := map[kind]func(*io.SectionReader) (*head, error){
		kindJPEG: readJPEGHead, kindPNG: readPNGHead, kindGIF: readGIFHead, kindWebP: readWebPHead,
	}[k]
	h, err := read(r)
	if err == nil && (h.width < 1 || h.height < 1) {
		err = errors.New("no pixels")
	}
	if err != nil {
		var refusal *Refusal
		if errors.As(err, &refusal) {
			return nil, err
		}
		return nil, broken(fmt.Errorf("read picture header: %w", err))
	}
	h.kind = k
	if h.orientation < 1 || h.orientation > 8 {
		h.orientation = 1
	}
	return h, nil
}

// check refuses what is over the limits, before anything is decoded.
func (h *head) check(lim Limits) error {
	if h.progressive && lim.MaxProgressive > 0 && h.pixels() > int64(lim.MaxProgressive) {
		return tooManyPixels("This progressive picture", h.pixels(), int64(min(lim.MaxProgressive, lim.MaxPixels)))
	}
	if h.pixels() > int64(lim.MaxPixels) {
		return tooManyPixels("This picture", h.pixels(), int64(lim.MaxPixels))
	}
	if side := max(h.width, h.height); side > longestSide {
		return &Refusal{Kind: ErrTooManyPixels, Text: fmt.Sprintf(
			"This picture is %d pixels long; at most %d can be worked on.", side, longestSide)}
	}
	if h.decoded() > mostDecoded {
		// A kind that takes more memory per pixel than most.
		return tooManyPixels("This picture, stored the way it is,", h.pixels(), mostDecoded*2/h.perPixel)
	}
	return nil
}

// notes counts metadata as a walk passes it.
type notes int64

func (n *notes) add(size int64) error {
	*n += notes(size)
	if int64(*n) > mostNotes {
		return tooLarge("The data about this picture (not the picture itself)", mostNotes, mostNotes)
	}
	return nil
}

func tooManyFrames() error {
	return &Refusal{Kind: ErrTooLarge, Text: fmt.Sprintf("This animation has more than %d pictures in it.", mostFrames)}
}
