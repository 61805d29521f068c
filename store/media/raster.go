package media

import (
	"image"
)

// A raster is a picture that was made small: one grey plane; or Y, Cb and Cr,
// the last two halved both ways; or one plane of premultiplied RGBA.
type raster struct {
	w, h   int
	planes []plane
}

func (r *raster) isRGBA() bool { return r.planes[0].n == 4 }

// opaque tells whether nothing shows through. Averages of 255 are exactly 255.
func (r *raster) opaque() bool {
	if !r.isRGBA() {
		return true
	}
	pix := r.planes[0].pix
	for i := 3; i < len(pix); i += 4 {
		if pix[i] != 255 {
			return false
		}
	}
	return true
}

// A source is what a decoder gives: planes as in a raster, but read by rows and
// with whatever halving of colour the file has.
type source struct {
	w, h   int
	planes []rows
	finish func() error // reads on to the end of the file; may be nil
	studio bool         // Y in 16..235, Cb and Cr in 16..240
}

func (r *raster) source() *source {
	s := &source{w: r.w, h: r.h}
	for i := range r.planes {
		s.planes = append(s.planes, r.planes[i].rows())
	}
	return s
}

// reduce makes a w x h raster from an area of the source, w and h at most as
// large as the area.
func (s *source) reduce(from area, w, h int) (*raster, error) {
	r := &raster{w: w, h: h}
	for i, src := range s.planes {
		p := newPlane(w, h, src.n)
		used := from
		if i > 0 {
			p = newPlane((w+1)/2, (h+1)/2, src.n)
			// An odd width leaves half of the last colour sample outside.
			sx, sy := ratio(s.w, src.w), ratio(s.h, src.h)
			used = area{from.x0 / sx, from.y0 / sy,
				(from.x0 + (from.x1-from.x0)*float64(2*p.w)/float64(w)) / sx,
				(from.y0 + (from.y1-from.y0)*float64(2*p.h)/float64(h)) / sy}
		}
		if err := shrink(&p, src, used); err != nil {
			return nil, err
		}
		r.planes = append(r.planes, p)
	}
	if s.studio {
		r.fullRange()
	}
	if s.finish != nil {
		if err := s.finish(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// ratio is the subsampling of a plane: 1, 2 or 4 luma samples per sample.
func ratio(whole, part int) float64 {
	for _, n := range []int{1, 2, 4} {
		if (whole+n-1)/n == part {
			return float64(n)
		}
	}
	return float64(whole) / float64(part)
}

// fullRange turns the studio swing of WebP (RFC 6386, 9.2) into JPEG's range.
func (r *raster) fullRange() {
	for i := range r.planes {
		convert := &studioLuma
		if i > 0 {
			convert = &studioChroma
		}
		for j, v := range r.planes[i].pix {
			r.planes[i].pix[j] = convert[v]
		}
	}
}

var studioLuma, studioChroma = stretch(16, 219, 0), stretch(128, 224, 128)

func stretch(zero, swing, to int) (table [256]uint8) {
	for i := range table {
		d := (i - zero) * 255 * 2
		if d < 0 {
			d -= swing
		} else {
			d += swing
		}
		table[i] = uint8(min(255, max(0, to+d/(2*swing))))
	}
	return table
}

// upright applies an EXIF orientation.
func (r *raster) upright(orientation int) *raster {
	if orientation <= 1 {
		return r
	}
	t := &raster{w: r.w, h: r.h}
	if orientation >= 5 {
		t.w, t.h = r.h, r.w
	}
	for i := range r.planes {
		t.planes = append(t.planes, r.planes[i].upright(orientation))
	}
	return t
}

func (p *plane) upright(orientation int) plane {
	t := newPlane(p.w, p.h, p.n)
	if orientation >= 5 {
		t.w, t.h = p.h, p.w
	}
	right, bottom := p.w-1, p.h-1
	for y := range t.h {
		for x := range t.w {
			var sx, sy int
			switch orientation {
			case 2:
				sx, sy = right-x, y
			case 3:
				sx, sy = right-x, bottom-y
			case 4:
				sx, sy = x, bottom-y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, bottom-x
			case 7:
				sx, sy = right-y, bottom-x
			case 8:
				sx, sy = right-y, x
			}
			copy(t.pix[(y*t.w+x)*p.n:][:p.n], p.pix[(sy*p.w+sx)*p.n:])
		}
	}
	return t
}

// image shows the raster to an encoder, without copying.
func (r *raster) image() image.Image {
	box, p := image.Rect(0, 0, r.w, r.h), r.planes
	switch {
	case r.isRGBA():
		return &image.RGBA{Pix: p[0].pix, Stride: 4 * r.w, Rect: box}
	case len(p) == 1:
		return &image.Gray{Pix: p[0].pix, Stride: r.w, Rect: box}
	}
	return &image.YCbCr{
		Y: p[0].pix, Cb: p[1].pix, Cr: p[2].pix, YStride: r.w, CStride: p[1].w,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: box,
	}
}
