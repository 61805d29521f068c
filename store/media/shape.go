package media

import "math"

// A Shape is what a picture is made into. Nothing is ever enlarged: from a
// small picture comes a small result.
type Shape struct {
	Width, Height int  // pixels, after the picture was turned upright
	Crop          bool // fill the shape and cut off what stands out, from the middle; else fit inside
	Bytes         int  // what comes out larger is made coarser, then smaller; 0: no limit
	// Bare files are named without an extension: no address is made of such a
	// name, so that only who asks a table first can hand them out.
	Bare bool
	PNG  bool // never JPEG
}

// The shapes in use.
var (
	Avatar = Shape{Width: 400, Height: 400, Crop: true}
	Header = Shape{Width: 1500, Height: 500, Crop: true}
	Full   = Shape{Width: 1600, Height: 1600}
	Thumb  = Shape{Width: 400, Height: 400}

	// OwnFull and OwnPreview are what becomes of the owner's uploads.
	OwnFull    = Shape{Width: 1600, Height: 1600, Bare: true}
	OwnPreview = Shape{Width: 800, Height: 800, Bytes: 80 << 10, Bare: true}
)

// turned is the shape as the stored pixels lie: orientations 5 to 8 swap the sides.
func (s Shape) turned(orientation int) Shape {
	if orientation >= 5 {
		s.Width, s.Height = s.Height, s.Width
	}
	return s
}

// place tells which area of a width x height picture is used and how large the
// result is.
func (s Shape) place(width, height int) (from area, w, h int) {
	fw, fh := float64(width), float64(height)
	across, down := float64(s.Width)/fw, float64(s.Height)/fh
	if !s.Crop {
		scale := min(1, across, down)
		return area{0, 0, fw, fh}, pixels(fw * scale), pixels(fh * scale)
	}
	scale := max(across, down)
	usedW, usedH := min(fw, float64(s.Width)/scale), min(fh, float64(s.Height)/scale)
	scale = min(1, scale)
	// Even edges keep the halved colour planes in step with the grey one.
	x, y := 2*math.Floor((fw-usedW)/4), 2*math.Floor((fh-usedH)/4)
	return area{x, y, x + usedW, y + usedH}, pixels(usedW * scale), pixels(usedH * scale)
}

func pixels(v float64) int { return max(1, int(math.Round(v))) }

// basis is the one reduction of the source from which all shapes are made: the
// large picture is read once and let go. For one shape it is that shape itself;
// for several, the whole picture at the largest scale any of them needs.
func basis(width, height int, shapes []Shape) (from area, w, h int) {
	if len(shapes) == 1 {
		return shapes[0].place(width, height)
	}
	for _, s := range shapes {
		part, sw, sh := s.place(width, height)
		w = max(w, min(width, pixels(float64(sw)*float64(width)/(part.x1-part.x0))))
		h = max(h, min(height, pixels(float64(sh)*float64(height)/(part.y1-part.y0))))
	}
	return area{0, 0, float64(width), float64(height)}, w, h
}
