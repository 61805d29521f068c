package media

import (
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"
)

// Limits is what a picture may be before it is decoded.
type Limits struct {
	MaxBytes       int64 // of the file
	MaxPixels      int   // width times height
	MaxProgressive int   // the same for progressive JPEG, which takes five times the memory; 0: no own limit
}

// Limits for what the owner uploads and for what other servers offer.
var (
	OwnerPicture  = Limits{MaxBytes: 16 << 20, MaxPixels: 25_000_000, MaxProgressive: 12_000_000}
	RemotePicture = Limits{MaxBytes: 16 << 20, MaxPixels: 16_000_000, MaxProgressive: 12_000_000}
)

// A Picture is one stored rendering.
type Picture struct {
	Name          string // content hash and extension: a file name, safe in a URL
	MIME          string // image/jpeg or image/png
	Width, Height int    // pixels, upright
	Size          int64  // bytes
	Blurhash      string // 4 x 3 components, 28 characters
	AverageColour [3]uint8
	Animated      bool // the file held more pictures than this first one
}

// bench holds the picture that is being decoded: one at a time in the process,
// because one may take 100 MiB.
var bench = make(chan struct{}, 1)

// manyBytes is from where on memory is handed back after a picture.
const manyBytes = 16 << 20

// Picture reads one picture and stores it once for each shape, in the order of
// shapes. What is stored is encoded anew: upright, without metadata, PNG if
// something shows through and JPEG otherwise, the first frame of animations.
//
// data is read to its end, or until it is refused. The errors are ErrTooLarge,
// ErrTooManyPixels, ErrUnsupported, ErrBroken and ErrNoSpace, with words for the
// owner, or ctx's own. After an error some shapes may be stored; Sweep finds
// them. While another picture is being decoded this waits, as long as ctx lasts.
func (s *Store) Picture(ctx context.Context, data io.Reader, lim Limits, shapes ...Shape) ([]Picture, error) {
	if len(shapes) == 0 {
		return nil, errors.New("store picture: no shape was asked for")
	}
	file, err := s.spool(ctx, data, lim.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	defer file.close()
	h, err := readHead(file.kind, file.section(file.at))
	if err != nil {
		return nil, err
	}
	if err := h.check(lim); err != nil {
		return nil, err
	}
	select {
	case bench <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another picture: %w", ctx.Err())
	}
	defer func() {
		if h.decoded() > manyBytes {
			// Planes of tens of megabytes are garbage now. The runtime would
			// keep them for minutes, and on a machine with 512 MB the next
			// picture would come on top of them.
			debug.FreeOSMemory()
		}
		<-bench
	}()
	return s.render(ctx, h, file, shapes)
}

// render decodes and stores. The large source is let go before anything is
// encoded.
func (s *Store) render(ctx context.Context, h *head, file *spooled, shapes []Shape) ([]Picture, error) {
	turned := make([]Shape, len(shapes))
	for i, shape := range shapes {
		turned[i] = shape.turned(h.orientation)
	}
	from, w, hgt := basis(h.width, h.height, turned)
	if need := h.decoded() + 4*int64(w)*int64(hgt); need > mostDecoded+2*manyBytes {
		return nil, tooManyPixels("This picture, in this form,", h.pixels(), h.pixels()*mostDecoded/need)
	}
	base, err := reduceFile(ctx, h, file, from, w, hgt)
	if err != nil {
		return nil, err
	}
	pictures := make([]Picture, len(shapes))
	for i := range turned {
		r := base
		if part, pw, ph := turned[i].place(base.w, base.h); len(turned) > 1 && (pw != base.w || ph != base.h) {
			if r, err = base.source().reduce(part, pw, ph); err != nil {
				return nil, err
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if pictures[i], err = s.encode(r.upright(h.orientation), shapes[i]); err != nil {
			return nil, fmt.Errorf("store picture: %w", err)
		}
		pictures[i].Animated = h.animated
	}
	return pictures, nil
}

// reduceFile is the only place where decoders meet a stranger's bytes.
func reduceFile(ctx context.Context, h *head, file *spooled, from area, w, hgt int) (r *raster, err error) {
	guarded := newGuard(ctx, file.at, h.kind)
	defer func() {
		// Decoders of x/image have panicked on damaged files before; one bad
		// picture must not end the server.
		if cause := recover(); cause != nil {
			r, err = nil, brokenf("decoder panicked: %v", cause)
		}
	}()
	// The walk that made h read from the file itself; WebP keeps readers on it.
	if h.frame != nil {
		again, err := readHead(h.kind, file.section(guarded))
		if err != nil {
			return nil, errors.Join(guarded.err, err)
		}
		h.frame = again.frame
	}
	src, err := decode(h, file.section(guarded))
	if err == nil {
		r, err = src.reduce(from, w, hgt)
	}
	if err != nil && guarded.err != nil {
		err = guarded.err
	}
	return r, decodeError(err)
}

// encode stores one raster. The qualities keep a 1600 px photo near 300 KB and
// small ones sharp enough for text.
func (s *Store) encode(r *raster, shape Shape) (Picture, error) {
	hash, average, err := r.blurhash()
	if err != nil {
		return Picture{}, err
	}
	quality := 82
	if max(r.w, r.h) <= 400 {
		quality = 78
	}
	for {
		p, fits, err := s.encodeAt(r, quality, shape)
		if err != nil || fits {
			p.Blurhash, p.AverageColour = hash, average
			return p, err
		}
		if p.MIME == "image/jpeg" && quality > coarsest {
			quality -= 16
			continue
		}
		// Nothing else helps a PNG, or noise.
		if r, err = r.source().reduce(area{0, 0, float64(r.w), float64(r.h)}, max(1, r.w*3/4), max(1, r.h*3/4)); err != nil {
			return Picture{}, err
		}
	}
}

// coarsest is the least quality that pictures of people survive.
const coarsest = 50

// encodeAt writes a raster once, and keeps it if it fits.
func (s *Store) encodeAt(r *raster, quality int, shape Shape) (p Picture, fits bool, err error) {
	w, err := s.create()
	if err != nil {
		return p, false, err
	}
	defer w.abandon()
	p = Picture{Width: r.w, Height: r.h, MIME: "image/jpeg"}
	ext := ".jpg"
	if r.opaque() && !shape.PNG {
		err = jpeg.Encode(w, r.image(), &jpeg.Options{Quality: quality})
	} else {
		p.MIME, ext = "image/png", ".png"
		err = png.Encode(w, r.image())
	}
	if err != nil {
		return p, false, err
	}
	if p.Size = w.size; shape.Bytes > 0 && p.Size > int64(shape.Bytes) && max(r.w, r.h) > 64 {
		return p, false, nil
	}
	if shape.Bare {
		ext = ""
	}
	p.Name, err = w.keep(ext)
	return p, true, err
}
