package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io/fs"
	"path/filepath"
	"testing"
)

// Makers of pictures: the tests bring no files.

func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "media"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// corners is red, green, blue and white from the top left on, clockwise.
func corners(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{255, 0, 0, 255}
			switch {
			case y < h/2 && x >= w/2:
				c = color.NRGBA{0, 255, 0, 255}
			case y >= h/2 && x >= w/2:
				c = color.NRGBA{0, 0, 255, 255}
			case y >= h/2:
				c = color.NRGBA{255, 255, 255, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// photo has soft shapes and grain, as a camera's pictures have, in YCbCr.
func photo(w, h int, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	seed := uint32(1)
	fill := func(pix []uint8, stride, grain int) {
		for i := range pix {
			seed = seed*1664525 + 1013904223
			x, y := i%stride, i/stride
			pix[i] = uint8(64 + x*96/stride + (y>>4)&63 + int(seed>>16)%grain)
		}
	}
	fill(m.Y, m.YStride, 24)
	fill(m.Cb, m.CStride, 4)
	fill(m.Cr, m.CStride, 4)
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, w, h int, colours ...color.Color) []byte {
	t.Helper()
	g := &gif.GIF{}
	for _, c := range colours {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{c, color.Black}))
		g.Delay = append(g.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// segment is one JPEG segment of at most 65,533 bytes.
func segment(mark byte, data []byte) []byte {
	head := []byte{0xff, mark, byte((len(data) + 2) >> 8), byte(len(data) + 2)}
	return append(head, data...)
}

// withSegment puts a segment right behind SOI.
func withSegment(file []byte, mark byte, data []byte) []byte {
	return bytes.Join([][]byte{file[:2], segment(mark, data), file[2:]}, nil)
}

const gpsMark = "52.0907 north, 5.1214 east"

// exifTIFF is a TIFF block with an orientation and a place in it.
func exifTIFF(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("MM\x00*")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II*\x00")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2) // entries, sorted by tag
	for _, e := range [][4]uint32{{0x0112, 3, 1, 0}, {0x8825, 4, 1, 38}} {
		b = order.AppendUint16(b, uint16(e[0]))
		b = order.AppendUint16(b, uint16(e[1]))
		b = order.AppendUint32(b, e[2])
		if e[0] == 0x0112 {
			b = order.AppendUint16(b, orientation)
			b = order.AppendUint16(b, 0)
		} else {
			b = order.AppendUint32(b, e[3])
		}
	}
	b = order.AppendUint32(b, 0)
	return append(b, gpsMark...)
}

func pngChunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(b, name...)
	b = append(b, data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// withChunk puts a chunk behind IHDR.
func withChunk(file []byte, name string, data []byte) []byte {
	const at = 8 + 12 + 13
	return bytes.Join([][]byte{file[:at], pngChunk(name, data), file[at:]}, nil)
}

// resized changes what a JPEG says of its size.
func resized(t testing.TB, file []byte, w, h int) []byte {
	t.Helper()
	at := bytes.Index(file, []byte{0xff, 0xc0})
	if at < 0 {
		t.Fatal("no SOF0")
	}
	file = bytes.Clone(file)
	binary.BigEndian.PutUint16(file[at+5:], uint16(h))
	binary.BigEndian.PutUint16(file[at+7:], uint16(w))
	return file
}

// progressiveJPEG is a flat grey picture in three colours with each component's
// DC in one scan: the least that is progressive (T.81, G.1).
func progressiveJPEG(w, h int) []byte {
	b := []byte{0xff, 0xd8}
	table := append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)
	b = append(b, segment(0xdb, table)...)
	b = append(b, segment(0xc2, []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0})...)
	dht := make([]byte, 17+1)
	dht[1] = 1 // one code of one bit, for category 0
	b = append(b, segment(0xc4, dht)...)
	b = append(b, segment(0xda, []byte{3, 1, 0, 2, 0, 3, 0, 0, 0, 0})...)
	blocks := ((w + 15) / 16) * ((h + 15) / 16) * 6
	b = append(b, make([]byte, (blocks+7)/8)...)
	return append(b, 0xff, 0xd9)
}

// load reads a stored rendering back.
func load(t testing.TB, s *Store, p Picture) (image.Image, []byte) {
	t.Helper()
	f, info, err := s.Open(p.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data := make([]byte, info.Size())
	if _, err := f.Read(data); err != nil {
		t.Fatal(err)
	}
	m, kind, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if "image/"+kind != p.MIME || m.Bounds() != image.Rect(0, 0, p.Width, p.Height) || p.Size != int64(len(data)) || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("stored %s %v %d bytes %v, told %+v", kind, m.Bounds(), len(data), info.Mode(), p)
	}
	return m, data
}

// near tells whether a pixel is about this colour.
func near(m image.Image, x, y int, want color.NRGBA, off int) bool {
	got := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
	d := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return max(d(got.R, want.R), d(got.G, want.G), d(got.B, want.B), d(got.A, want.A)) <= off
}
