package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"
)

var (
	red   = color.NRGBA{255, 0, 0, 255}
	green = color.NRGBA{0, 255, 0, 255}
	blue  = color.NRGBA{0, 0, 255, 255}
	white = color.NRGBA{255, 255, 255, 255}
)

func checkCorners(t *testing.T, m image.Image, off int) {
	t.Helper()
	b := m.Bounds()
	x, y := b.Dx()/4, b.Dy()/4
	for _, c := range []struct {
		x, y int
		want color.NRGBA
	}{{x, y, red}, {3 * x, y, green}, {3 * x, 3 * y, blue}, {x, 3 * y, white}} {
		if !near(m, c.x, c.y, c.want, off) {
			t.Errorf("at %d,%d of %v: %v, want %v", c.x, c.y, b, m.At(c.x, c.y), c.want)
		}
	}
}

func TestPhotoBecomesFullAndThumbnail(t *testing.T) {
	s := open(t)
	got, err := s.Picture(t.Context(), bytes.NewReader(asJPEG(t, corners(2400, 1600))), OwnerPicture, Full, Thumb)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []image.Point{{1600, 1067}, {400, 267}} {
		if got[i].Width != want.X || got[i].Height != want.Y || got[i].MIME != "image/jpeg" || len(got[i].Blurhash) != 28 {
			t.Errorf("%+v, want %v", got[i], want)
		}
		m, _ := load(t, s, got[i])
		checkCorners(t, m, 6)
	}
}

func TestShapes(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		w, h  int
		shape Shape
		want  image.Point
	}{
		{1000, 500, Avatar, image.Pt(400, 400)},
		{500, 1001, Avatar, image.Pt(400, 400)},
		{200, 300, Avatar, image.Pt(200, 200)}, // never enlarged
		{1, 1, Avatar, image.Pt(1, 1)},
		{3000, 3000, Header, image.Pt(1500, 500)},
		{60, 60, Header, image.Pt(60, 20)},
		{100, 50, Full, image.Pt(100, 50)},
		{3000, 1, Full, image.Pt(1600, 1)},
		{1, 3000, Thumb, image.Pt(1, 400)},
	} {
		for _, file := range [][]byte{asJPEG(t, corners(c.w, c.h)), asPNG(t, corners(c.w, c.h))} {
			got, err := s.Picture(t.Context(), bytes.NewReader(file), OwnerPicture, c.shape)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			if got[0].Width != c.want.X || got[0].Height != c.want.Y {
				t.Errorf("%dx%d in %+v: %dx%d, want %v", c.w, c.h, c.shape, got[0].Width, got[0].Height, c.want)
			}
			load(t, s, got[0])
		}
	}
}

func TestCropTakesTheMiddle(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 1200, 400))
	draw.Draw(m, m.Bounds(), image.NewUniform(red), image.Point{}, draw.Src)
	draw.Draw(m, image.Rect(400, 0, 800, 400), image.NewUniform(green), image.Point{}, draw.Src)
	s := open(t)
	for _, file := range [][]byte{asJPEG(t, m), asPNG(t, m)} {
		for _, shapes := range [][]Shape{{Avatar}, {Thumb, Avatar}} {
			got, err := s.Picture(t.Context(), bytes.NewReader(file), OwnerPicture, shapes...)
			if err != nil {
				t.Fatal(err)
			}
			out, _ := load(t, s, got[len(got)-1])
			b := out.Bounds()
			if !near(out, 4, b.Dy()/2, green, 8) || !near(out, b.Dx()-5, b.Dy()/2, green, 8) {
				t.Errorf("edges %v and %v, want green", out.At(4, b.Dy()/2), out.At(b.Dx()-5, b.Dy()/2))
			}
		}
	}
}

func TestT37_OrientationAppliedAndPlaceGone(t *testing.T) {
	s := open(t)
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for o := 1; o <= 8; o++ {
			stored := asStored(corners(480, 320), o)
			tiff := exifTIFF(order, uint16(o))
			asJ := withSegment(asJPEG(t, stored), 0xe1, append([]byte("Exif\x00\x00"), tiff...))
			asJ = withSegment(asJ, 0xfe, []byte(gpsMark))
			asP := withChunk(withChunk(asPNG(t, stored), "eXIf", tiff), "tEXt", []byte("Comment\x00"+gpsMark))
			for _, file := range [][]byte{asJ, asP} {
				got, err := s.Picture(t.Context(), bytes.NewReader(file), RemotePicture, Full, Thumb)
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range []image.Point{{480, 320}, {400, 267}} {
					m, data := load(t, s, got[i])
					if m.Bounds().Size() != want {
						t.Errorf("orientation %d: %v", o, m.Bounds())
					}
					checkCorners(t, m, 6)
					for _, mark := range []string{gpsMark, "Exif", "eXIf", "tEXt"} {
						if bytes.Contains(data, []byte(mark)) {
							t.Errorf("orientation %d: %q is still there", o, mark)
						}
					}
				}
			}
		}
	}
}

// asStored lays an upright picture down so that orientation o sets it upright.
func asStored(m *image.NRGBA, o int) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if o >= 5 {
		w, h = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			// Where the sample at row y, column x of the file is seen (EXIF 2.3, 4.6.4.A).
			seen := [...]image.Point{1: {x, y}, 2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
				5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[o]
			out.SetNRGBA(x, y, m.NRGBAAt(seen.X, seen.Y))
		}
	}
	return out
}

func TestPNGWithAlphaStaysPNG(t *testing.T) {
	m := corners(900, 600)
	draw.Draw(m, image.Rect(0, 0, 450, 300), image.Transparent, image.Point{}, draw.Src)
	s := open(t)
	got, err := s.Picture(t.Context(), bytes.NewReader(asPNG(t, m)), OwnerPicture, Full, Thumb)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got {
		out, _ := load(t, s, p)
		if p.MIME != "image/png" || !near(out, 10, 10, color.NRGBA{}, 0) || !near(out, p.Width-10, 10, green, 1) {
			t.Errorf("%+v: %v %v", p, out.At(10, 10), out.At(p.Width-10, 10))
		}
	}
}

// Every form of pixel that PNG has must come out as image/png reads it.
func TestPNGForms(t *testing.T) {
	box := image.Rect(0, 0, 37, 23)
	src := image.NewNRGBA64(box)
	for i := range src.Pix {
		src.Pix[i] = uint8(i * 7)
	}
	grey1 := image.NewPaletted(box, color.Palette{color.Black, color.White})
	pal4 := image.NewPaletted(box, color.Palette{red, green, blue, white, color.NRGBA{9, 9, 200, 100}})
	images := []draw.Image{src, image.NewGray(box), image.NewGray16(box), image.NewRGBA(box), image.NewRGBA64(box),
		image.NewNRGBA(box), grey1, pal4}
	for i, m := range images {
		if i > 0 {
			draw.Draw(m, box, src, image.Point{}, draw.Over)
		}
		file := asPNG(t, m)
		want, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := newPNGRows(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for y := range box.Dy() {
			line, err := rows.row(y)
			if err != nil {
				t.Fatal(err)
			}
			for x := range box.Dx() {
				r, g, b, a := want.At(x, y).RGBA()
				for c, v := range []uint32{r, g, b, a} {
					if d := int(line[4*x+c]) - int(v>>8); d < -1 || d > 1 {
						t.Fatalf("%T at %d,%d: %v, want %v", m, x, y, line[4*x:4*x+4], want.At(x, y))
					}
				}
			}
		}
		if err := rows.finish(); err != nil {
			t.Errorf("%T: %v", m, err)
		}
	}
}

func TestGIFFirstFrame(t *testing.T) {
	s := open(t)
	got, err := s.Picture(t.Context(), bytes.NewReader(asGIF(t, 60, 40, green, red, blue)), RemotePicture, Avatar)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := load(t, s, got[0])
	if !near(m, 20, 20, green, 4) || m.Bounds().Dx() != 40 {
		t.Errorf("%v %v", m.Bounds(), m.At(20, 20))
	}
}

func TestProgressiveIsReadAndHasItsOwnLimit(t *testing.T) {
	s := open(t)
	got, err := s.Picture(t.Context(), bytes.NewReader(progressiveJPEG(640, 480)), OwnerPicture, Thumb)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := load(t, s, got[0]); !near(m, 5, 5, color.NRGBA{128, 128, 128, 255}, 2) {
		t.Errorf("%v", m.At(5, 5))
	}
	_, err = s.Picture(t.Context(), bytes.NewReader(progressiveJPEG(5000, 3000)), OwnerPicture, Thumb)
	if !errors.Is(err, ErrTooManyPixels) || err.Error() != "This progressive picture has 15 megapixels; at most 12 can be worked on." {
		t.Errorf("15 megapixels: %v", err)
	}
}

func TestAverageColourAndBlurhash(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		colour color.NRGBA
		hash   string
	}{
		// L is 4 x 3 components; the next but one are the average in four digits.
		{color.NRGBA{255, 255, 255, 255}, "TSUA"},
		{color.NRGBA{0, 0, 0, 255}, "0000"},
	} {
		m := image.NewNRGBA(image.Rect(0, 0, 100, 70))
		draw.Draw(m, m.Bounds(), image.NewUniform(c.colour), image.Point{}, draw.Src)
		got, err := s.Picture(t.Context(), bytes.NewReader(asPNG(t, m)), OwnerPicture, Full)
		if err != nil {
			t.Fatal(err)
		}
		if a := got[0].AverageColour; a != [3]uint8{c.colour.R, c.colour.G, c.colour.B} {
			t.Errorf("average %v of %v", a, c.colour)
		}
		if len(got[0].Blurhash) != 28 || got[0].Blurhash[:1] != "L" || got[0].Blurhash[2:6] != c.hash {
			t.Errorf("blurhash %s of %v", got[0].Blurhash, c.colour)
		}
	}
}

func TestOnePictureAtATimeAndContext(t *testing.T) {
	s := open(t)
	bench <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := s.Picture(ctx, bytes.NewReader(asPNG(t, corners(10, 10))), OwnerPicture, Thumb)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("waiting: %v", err)
	}
	<-bench
	if _, err := s.Picture(t.Context(), bytes.NewReader(asPNG(t, corners(10, 10))), OwnerPicture, Thumb); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
