package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// shape says how far a point lies outside of it, negative inside, in units of
// the picture's height; y grows downwards.
type shape func(x, y float64) float64

// layer is a shape in one colour.
type layer struct {
	rgb  uint32
	here shape
}

func ellipse(cx, cy, rx, ry float64) shape {
	return func(x, y float64) float64 { return (math.Hypot((x-cx)/rx, (y-cy)/ry) - 1) * min(rx, ry) }
}

func ring(cx, cy, r, width float64) shape {
	return func(x, y float64) float64 { return math.Abs(math.Hypot(x-cx, y-cy)-r) - width/2 }
}

func box(left, top, right, bottom float64) shape {
	return func(x, y float64) float64 { return max(left-x, x-right, top-y, y-bottom) }
}

// below is what lies under a wavy line.
func below(level, height, length, phase float64) shape {
	return func(x, y float64) float64 { return level - height*math.Sin(x*2*math.Pi/length+phase) - y }
}

func both(a, b shape) shape {
	return func(x, y float64) float64 { return max(a(x, y), b(x, y)) }
}

func without(a, b shape) shape {
	return func(x, y float64) float64 { return max(a(x, y), -b(x, y)) }
}

// paint draws layers over one another with soft edges, as PNG.
func paint(width, height int, layers []layer) ([]byte, error) {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	unit := 1 / float64(height)
	for py := range height {
		for px := range width {
			x, y := (float64(px)+0.5)*unit, (float64(py)+0.5)*unit
			var c [3]float64
			for _, l := range layers {
				cover := min(max(0.5-l.here(x, y)/unit, 0), 1)
				for i := range c {
					c[i] += (float64(l.rgb>>(16-8*i)&0xff) - c[i]) * cover
				}
			}
			m.SetRGBA(px, py, color.RGBA{uint8(c[0]), uint8(c[1]), uint8(c[2]), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	return b.Bytes(), nil
}

func everywhere(float64, float64) float64 { return -1 }

// face is a portrait in a few strokes.
type face struct {
	skin, hair, shirt, back uint32
	long, beard, glasses    bool
}

func (f face) draw() ([]byte, error) {
	const ink = 0x2a211c
	l := []layer{{f.back, everywhere}}
	if f.long {
		l = append(l, layer{f.hair, ellipse(0.5, 0.52, 0.29, 0.34)})
	}
	l = append(l,
		layer{f.shirt, ellipse(0.5, 1.06, 0.40, 0.32)},
		layer{f.skin, box(0.43, 0.62, 0.57, 0.80)},
		layer{f.hair, ellipse(0.5, 0.36, 0.235, 0.20)},
		layer{f.skin, ellipse(0.5, 0.48, 0.20, 0.245)},
		layer{f.hair, without(both(ellipse(0.5, 0.36, 0.225, 0.19), box(0, 0, 1, 0.42)), ellipse(0.54, 0.50, 0.22, 0.18))},
	)
	if f.beard {
		l = append(l, layer{f.hair, without(both(ellipse(0.5, 0.50, 0.205, 0.25), box(0, 0.54, 1, 1)), ellipse(0.5, 0.54, 0.125, 0.08))})
	}
	for _, x := range []float64{0.425, 0.575} {
		l = append(l, layer{ink, ellipse(x, 0.475, 0.021, 0.026)}, layer{0xffffff, ellipse(x+0.007, 0.467, 0.007, 0.007)})
		if f.glasses {
			l = append(l, layer{ink, ring(x, 0.475, 0.058, 0.012)})
		}
	}
	if f.glasses {
		l = append(l, layer{ink, box(0.478, 0.468, 0.522, 0.479)})
	}
	smile := both(ring(0.5, 0.565, 0.062, 0.015), box(0.42, 0.585, 0.58, 0.7))
	return paint(400, 400, append(l, layer{ink, smile}))
}

// scene is a landscape, in layers from the back to the front.
type scene []layer

func (s scene) draw() ([]byte, error) { return paint(1200, 400, s) }

var (
	river = scene{
		{0xf3e3c3, everywhere},
		{0xf6c667, ellipse(2.35, 0.30, 0.11, 0.11)},
		{0xb9c7a8, below(0.50, 0.06, 1.7, 0.4)},
		{0x8fa888, below(0.60, 0.04, 1.1, 2.0)},
		{0x5f93a3, below(0.72, 0.008, 0.45, 0)},
		{0x4c8092, below(0.84, 0.010, 0.33, 1)},
		{0x6b4630, without(ellipse(0.85, 0.71, 0.20, 0.075), box(0, 0, 3, 0.71))},
		{0x3d2a1f, box(0.845, 0.50, 0.855, 0.72)},
	}
	hills = scene{
		{0xd3e4ea, everywhere},
		{0xffffff, ellipse(0.62, 0.22, 0.16, 0.045)},
		{0xffffff, ellipse(0.74, 0.19, 0.12, 0.05)},
		{0xffffff, ellipse(2.20, 0.28, 0.18, 0.04)},
		{0x9db98a, below(0.55, 0.10, 1.9, 1.2)},
		{0x7ba06c, below(0.68, 0.08, 1.4, 3.0)},
		{0xe2c15a, below(0.84, 0.05, 2.2, 0.3)},
		{0xc9a23f, below(0.93, 0.03, 0.9, 1.0)},
	}
	sea = scene{
		{0xe6dcef, everywhere},
		{0xf7b59a, ellipse(1.50, 0.56, 0.17, 0.17)},
		{0x6a86a8, below(0.56, 0.004, 0.5, 0)},
		{0x557396, below(0.70, 0.012, 0.4, 1)},
		{0x405d80, below(0.85, 0.014, 0.5, 2)},
		{0xf4f1ec, box(2.42, 0.25, 2.50, 0.58)},
		{0xb3402e, box(2.42, 0.33, 2.50, 0.41)},
		{0x2f3a46, box(2.40, 0.22, 2.52, 0.26)},
	}
)
