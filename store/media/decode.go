package media

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/metrics"

	"golang.org/x/image/webp"
)

// decode opens the pixels of a file whose head has passed the limits.
func decode(h *head, r *io.SectionReader) (*source, error) {
	r = io.NewSectionReader(r, 0, r.Size())
	switch h.kind {
	case kindJPEG:
		img, err := jpeg.Decode(r)
		return h.fromImage(img, image.Point{}, err)
	case kindPNG:
		if h.interlaced {
			img, err := png.Decode(r)
			return h.fromImage(img, image.Point{}, err)
		}
		p, err := newPNGRows(r)
		if err != nil {
			return nil, err
		}
		line := rows{w: h.width, h: h.height, n: 4, row: p.row}
		return &source{w: h.width, h: h.height, planes: []rows{line}, finish: p.finish}, nil
	case kindGIF:
		img, err := gif.Decode(r)
		return h.fromImage(img, image.Point{}, err)
	default:
		img, err := webp.Decode(h.frame.file())
		return h.fromImage(img, h.frame.at, err)
	}
}

// fromImage takes over the planes of a decoded picture as they are where the
// shrinking can read them, and as rows of RGBA otherwise.
func (h *head) fromImage(img image.Image, at image.Point, err error) (*source, error) {
	if err != nil {
		return nil, err
	}
	box := img.Bounds().Add(at)
	canvas := image.Rect(0, 0, h.width, h.height)
	if !box.In(canvas) || (h.kind != kindGIF && h.frame == nil && box != canvas) {
		return nil, errors.New("picture of another size than its header says")
	}
	s := &source{w: h.width, h: h.height}
	if box == canvas {
		switch m := img.(type) {
		case *image.Gray:
			s.planes = []rows{strided(m.Pix, m.Stride, h.width, h.height)}
			return s, nil
		case *image.YCbCr:
			cw, ch := chromaSize(m)
			s.planes = []rows{strided(m.Y, m.YStride, h.width, h.height), strided(m.Cb, m.CStride, cw, ch), strided(m.Cr, m.CStride, cw, ch)}
			s.studio = h.kind == kindWebP
			return s, nil
		}
	}
	line := make([]uint8, 4*h.width)
	fill := rowFiller(img, h.kind == kindWebP)
	s.planes = []rows{{w: h.width, h: h.height, n: 4, row: func(y int) ([]uint8, error) {
		if y < box.Min.Y || y >= box.Max.Y || box.Dx() != h.width {
			clear(line) // an animation's first frame may cover a part only
		}
		if y >= box.Min.Y && y < box.Max.Y {
			fill(line[4*box.Min.X:4*box.Max.X], y-at.Y)
		}
		return line, nil
	}}}
	return s, nil
}

func strided(pix []uint8, stride, w, h int) rows {
	return rows{w: w, h: h, n: 1, row: func(y int) ([]uint8, error) { return pix[y*stride:][:w], nil }}
}

// chromaSize is how many samples of Cb and Cr belong to the picture; planes are
// padded to whole blocks.
func chromaSize(m *image.YCbCr) (w, h int) {
	w, h = m.Rect.Dx(), m.Rect.Dy()
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		return (w + 1) / 2, h
	case image.YCbCrSubsampleRatio420:
		return (w + 1) / 2, (h + 1) / 2
	case image.YCbCrSubsampleRatio440:
		return w, (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		return (w + 3) / 4, h
	case image.YCbCrSubsampleRatio410:
		return (w + 3) / 4, (h + 1) / 2
	}
	return w, h
}

// rowFiller gives a function that writes row y of img as premultiplied RGBA.
func rowFiller(img image.Image, studio bool) func(out []uint8, y int) {
	box := img.Bounds()
	switch m := img.(type) {
	case *image.RGBA: // RGB in a JPEG
		return func(out []uint8, y int) { copy(out, m.Pix[m.PixOffset(box.Min.X, y):]) }
	case *image.NRGBA:
		return func(out []uint8, y int) { premultiply(out, m.Pix[m.PixOffset(box.Min.X, y):][:len(out)]) }
	case *image.Paletted:
		var palette [256][4]uint8
		for i, c := range m.Palette {
			v := color.RGBAModel.Convert(c).(color.RGBA)
			palette[i] = [4]uint8{v.R, v.G, v.B, v.A}
		}
		return func(out []uint8, y int) {
			for x, v := range m.Pix[m.PixOffset(box.Min.X, y):][:box.Dx()] {
				*(*[4]uint8)(out[4*x:]) = palette[v]
			}
		}
	case *image.YCbCr:
		return func(out []uint8, y int) { fillYCbCr(out, m, nil, y, studio) }
	case *image.NYCbCrA:
		return func(out []uint8, y int) { fillYCbCr(out, &m.YCbCr, m.A[m.AOffset(box.Min.X, y):], y, studio) }
	}
	return func(out []uint8, y int) { // CMYK and 16-bit pictures: rare
		for x := range box.Dx() {
			r, g, b, a := img.At(box.Min.X+x, y).RGBA()
			*(*[4]uint8)(out[4*x:]) = [4]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(a >> 8)}
		}
	}
}

func fillYCbCr(out []uint8, m *image.YCbCr, alpha []uint8, y int, studio bool) {
	for x := range m.Rect.Dx() {
		i, j := m.YOffset(m.Rect.Min.X+x, y), m.COffset(m.Rect.Min.X+x, y)
		luma, cb, cr, a := m.Y[i], m.Cb[j], m.Cr[j], uint8(255)
		if studio {
			luma, cb, cr = studioLuma[luma], studioChroma[cb], studioChroma[cr]
		}
		if alpha != nil {
			a = alpha[x]
		}
		r, g, b := color.YCbCrToRGB(luma, cb, cr)
		*(*[4]uint8)(out[4*x:]) = [4]uint8{scaleBy(r, a), scaleBy(g, a), scaleBy(b, a), a}
	}
}

// A guard is what decoders read the file through. It ends a decoding whose
// context ended, and one that takes more memory than its header foretold: the
// code trees of a lossless WebP of one megabyte can take 130 MB. The heap is the
// whole process's, so what others allocate meanwhile counts too; a picture that
// is within the limits leaves them 15 MB at least.
type guard struct {
	ctx  context.Context
	r    io.ReaderAt
	base uint64
	most uint64 // growth of the heap that is allowed; 0: not watched
	read int
	err  error // what the guard itself said; decoders may hide it
}

// newGuard watches memory for WebP only: what the other decoders take follows
// from the header.
func newGuard(ctx context.Context, r io.ReaderAt, k kind) *guard {
	g := &guard{ctx: ctx, r: r}
	if k == kindWebP {
		g.base, g.most = heapBytes(), mostDecoded
	}
	return g
}

// ReadAt checks the context each time and memory every 16 KB.
func (g *guard) ReadAt(p []byte, at int64) (int, error) {
	if g.err == nil {
		g.err = g.ctx.Err()
	}
	if g.read += len(p); g.most > 0 && g.read >= 16<<10 && g.err == nil {
		g.read = 0
		if now := heapBytes(); now > g.base+g.most {
			g.err = &Refusal{Kind: ErrTooLarge, Text: "This picture takes too much memory to be worked on."}
		}
	}
	if g.err != nil {
		return 0, g.err
	}
	return g.r.ReadAt(p, at)
}

func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// decodeError sorts what a decoder said into the errors of this package.
func decodeError(err error) error {
	var refusal *Refusal
	var jpegFeature jpeg.UnsupportedError
	var pngFeature png.UnsupportedError
	switch {
	case err == nil, errors.As(err, &refusal), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &jpegFeature), errors.As(err, &pngFeature):
		return &Refusal{Kind: ErrUnsupported, Text: "This picture is of a rare kind that cannot be read here. Save it as PNG or plain JPEG and try again.", Err: err}
	}
	return broken(fmt.Errorf("decode picture: %w", err))
}
