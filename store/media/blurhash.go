package media

import (
	"image/color"
	"math"
	"strings"
)

// A blurhash has 4 x 3 components here: 28 characters. See the format's
// description at github.com/woltapp/blurhash, Algorithm.md.
const blurX, blurY = 4, 3

// sampleSide is the size to which a picture is brought first: 12 components
// need no more.
const sampleSide = 32

// linear is a colour in linear light, 0 to 1.
type linear [3]float64

// blurhash gives the hash and the average colour of a picture; what shows
// through is taken as white, the usual ground.
func (r *raster) blurhash() (hash string, average [3]uint8, err error) {
	pix, w, h, err := r.samples()
	if err != nil {
		return "", average, err
	}
	var parts [blurX * blurY]linear
	for j := range blurY {
		for i := range blurX {
			parts[j*blurX+i] = component(pix, w, h, i, j)
		}
	}
	largest := 0.0
	for _, p := range parts[1:] {
		largest = max(largest, math.Abs(p[0]), math.Abs(p[1]), math.Abs(p[2]))
	}
	quantised := max(0, min(82, int(largest*166-0.5)))
	scale := float64(quantised+1) / 166
	var b strings.Builder
	base83(&b, (blurX-1)+(blurY-1)*9, 1)
	base83(&b, quantised, 1)
	for i, v := range parts[0] {
		average[i] = toSRGB(v)
	}
	base83(&b, int(average[0])<<16|int(average[1])<<8|int(average[2]), 4)
	for _, p := range parts[1:] {
		value := 0
		for _, v := range p {
			value = value*19 + max(0, min(18, int(math.Floor(signedRoot(v/scale)*9+9.5))))
		}
		base83(&b, value, 2)
	}
	return b.String(), average, nil
}

// samples reduces all planes to one small size and turns them into linear light.
func (r *raster) samples() (pix []linear, w, h int, err error) {
	scale := min(1, sampleSide/float64(max(r.w, r.h)))
	w, h = pixels(float64(r.w)*scale), pixels(float64(r.h)*scale)
	small := make([]plane, len(r.planes))
	for i := range r.planes {
		p := &r.planes[i]
		small[i] = newPlane(w, h, p.n)
		if err := shrink(&small[i], p.rows(), area{0, 0, float64(p.w), float64(p.h)}); err != nil {
			return nil, 0, 0, err
		}
	}
	pix = make([]linear, w*h)
	for i := range pix {
		var red, green, blue uint8
		switch {
		case r.isRGBA():
			px := small[0].pix[4*i : 4*i+4]
			ground := 255 - px[3]
			red, green, blue = px[0]+ground, px[1]+ground, px[2]+ground
		case len(small) == 1:
			red, green, blue = small[0].pix[i], small[0].pix[i], small[0].pix[i]
		default:
			red, green, blue = color.YCbCrToRGB(small[0].pix[i], small[1].pix[i], small[2].pix[i])
		}
		pix[i] = linear{toLinear[red], toLinear[green], toLinear[blue]}
	}
	return pix, w, h, nil
}

func component(pix []linear, w, h, i, j int) (sum linear) {
	norm := 2.0
	if i == 0 && j == 0 {
		norm = 1
	}
	norm /= float64(w * h)
	for y := range h {
		down := math.Cos(math.Pi * float64(j*y) / float64(h))
		for x := range w {
			basis := norm * down * math.Cos(math.Pi*float64(i*x)/float64(w))
			for c, v := range pix[y*w+x] {
				sum[c] += basis * v
			}
		}
	}
	return sum
}

const base83Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

func base83(b *strings.Builder, value, length int) {
	for i := length - 1; i >= 0; i-- {
		b.WriteByte(base83Digits[value/int(math.Pow(83, float64(i)))%83])
	}
}

func signedRoot(v float64) float64 { return math.Copysign(math.Sqrt(math.Abs(v)), v) }

var toLinear = func() (table [256]float64) {
	for i := range table {
		v := float64(i) / 255
		if v <= 0.04045 {
			table[i] = v / 12.92
		} else {
			table[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return table
}()

func toSRGB(v float64) uint8 {
	v = max(0, min(1, v))
	if v <= 0.0031308 {
		return uint8(v*12.92*255 + 0.5)
	}
	return uint8((1.055*math.Pow(v, 1/2.4)-0.055)*255 + 0.5)
}
