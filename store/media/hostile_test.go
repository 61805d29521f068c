package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostile is the files of T36 and T37, each with the error it must get.
func hostile(t testing.TB) map[string]struct {
	file []byte
	want error
} {
	t.Helper()
	small := corners(64, 48)
	jpg, pngFile, gifFile := asJPEG(t, small), asPNG(t, small), asGIF(t, 8, 8, red)
	bigPNG := bytes.Clone(pngFile)
	ihdr := bigPNG[16 : 16+13]
	binary.BigEndian.PutUint32(ihdr, 50000)
	binary.BigEndian.PutUint32(ihdr[4:], 50000)
	copy(bigPNG[8:], pngChunk("IHDR", ihdr))
	notes := jpg
	for range 160 {
		notes = withSegment(notes, 0xe1, append([]byte("Exif\x00\x00"), make([]byte, 65500)...))
	}
	frame := gifFile[bytes.IndexByte(gifFile[13+3*2:], 0x2c)+13+3*2 : len(gifFile)-1]
	manyFrames := append(bytes.Clone(gifFile[:len(gifFile)-1]), bytes.Repeat(frame, 100_000)...)
	scans := progressiveJPEG(64, 64)
	scan := scans[bytes.Index(scans, []byte{0xff, 0xda}) : len(scans)-2]
	manyScans := bytes.Join([][]byte{scans[:len(scans)-2], bytes.Repeat(scan, 1000), {0xff, 0xd9}}, nil)
	badSum := bytes.Clone(pngFile)
	badSum[len(badSum)-20] ^= 1
	type one = struct {
		file []byte
		want error
	}
	return map[string]one{
		"empty":                     {nil, ErrUnsupported},
		"text":                      {[]byte("hello, this is not a picture"), ErrUnsupported},
		"svg":                       {[]byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), ErrUnsupported},
		"html":                      {[]byte("<!DOCTYPE html><html><script>alert(1)</script>"), ErrUnsupported},
		"pdf":                       {[]byte("%PDF-1.7\n1 0 obj"), ErrUnsupported},
		"avif":                      {[]byte("\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1"), ErrUnsupported},
		"mp4":                       {[]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2"), ErrUnsupported},
		"gif that is a program":     {[]byte("GIF89a/*....*/=1;alert(document.domain)//"), ErrBroken},
		"zip behind a png name":     {[]byte("PK\x03\x04\x14\x00\x00\x00x.png"), ErrUnsupported},
		"png 50,000 x 50,000":       {bigPNG, ErrTooManyPixels},
		"jpeg 65,000 x 65,000":      {resized(t, jpg, 65000, 65000), ErrTooManyPixels},
		"jpeg larger than its data": {resized(t, jpg, 3000, 2000), ErrBroken},
		"jpeg of no size":           {resized(t, jpg, 0, 10), ErrBroken},
		"jpeg with 10 MB EXIF":      {notes, ErrTooLarge},
		"jpeg of 1,000 scans":       {manyScans, ErrBroken},
		"gif of 100,000 frames":     {manyFrames, ErrTooLarge},
		"png with a wrong sum":      {badSum, ErrBroken},
		"png with 5 MB of text":     {withChunk(pngFile, "tEXt", make([]byte, 5<<20)), ErrTooLarge},
		"over 16 MB":                {append(bytes.Clone(jpg), make([]byte, 17<<20)...), ErrTooLarge},
		"webp larger than the file": {[]byte("RIFF\xff\x00\x00\x00WEBPVP8 \x00\x00\x00\x00"), ErrBroken},
		"webp without a picture":    {webpFile(webpChunk("XMP ", []byte("x"))), ErrBroken},
		"webp canvas of 16777216²":  {webpFile(webpChunk("VP8X", []byte("\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff")), webpChunk("VP8L", losslessFlat())), ErrBroken},
		"webp of 20,000 frames":     {animatedWebP(20_000, 16, 16), ErrTooLarge},
		"webp canvas of 100 Mpx":    {animatedWebP(3, 10_000, 10_000), ErrTooManyPixels},
	}
}

func webpChunk(name string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	b = append(b, data...)
	return append(b, make([]byte, len(data)%2)...)
}

func webpFile(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// losslessFlat is a VP8L picture of 16 x 16 green pixels (RFC 9649, 3): no
// transform, no cache, one code group, each code a single symbol.
func losslessFlat() []byte {
	var bits uint64
	var n int
	put := func(v uint64, count int) { bits |= v << n; n += count }
	put(0x2f, 8)
	put(15, 14)
	put(15, 14)
	put(0, 1+3) // alpha hint, version
	out := binary.LittleEndian.AppendUint64(nil, bits)[:5]
	bits, n = 0, 0
	put(0, 3)                                         // no transform, no colour cache, no meta codes
	for _, symbol := range []uint64{255, 0, 0, 255} { // green, red, blue, alpha
		put(0b101, 3) // simple code, one symbol, of 8 bits
		put(symbol, 8)
	}
	put(0b001, 3) // distance: one symbol of one bit
	put(0, 1)
	return append(out, binary.LittleEndian.AppendUint64(nil, bits)...)
}

// animatedWebP has frames of 16 x 16 in the canvas's corner, 2 pixels in.
func animatedWebP(frames, w, h int) []byte {
	x := []byte{2, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)}
	chunks := [][]byte{webpChunk("VP8X", x), webpChunk("ANIM", make([]byte, 6))}
	at := byte(1)
	if w == 16 {
		at = 0
	}
	frame := append([]byte{at, 0, 0, at, 0, 0, 15, 0, 0, 15, 0, 0, 50, 0, 0, 0}, webpChunk("VP8L", losslessFlat())...)
	for range frames {
		chunks = append(chunks, webpChunk("ANMF", frame))
	}
	return webpFile(chunks...)
}

func TestT36_T37_HostileFilesAreRefused(t *testing.T) {
	s := open(t)
	for name, c := range hostile(t) {
		got, err := s.Picture(t.Context(), bytes.NewReader(c.file), OwnerPicture, Full, Thumb)
		if !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
			continue
		}
		var words *Refusal
		if !errors.As(err, &words) || !strings.HasSuffix(words.Text, ".") || words.Text[0] < 'A' || words.Text[0] > 'Z' {
			t.Errorf("%s: no words for the owner in %v", name, err)
		}
	}
	if size, files, err := s.Size(); size != 0 || files != 0 || err != nil {
		t.Errorf("stored %d bytes in %d files, %v", size, files, err)
	}
	if left, _ := os.ReadDir(filepath.Join(s.dir, "tmp")); len(left) != 0 {
		t.Errorf("left in tmp: %v", left)
	}
}

func TestT36_PolyglotsLoseTheirSecondMeaning(t *testing.T) {
	s := open(t)
	const script = "<script>alert(1)</script>"
	small := corners(64, 48)
	for name, file := range map[string][]byte{
		"jpeg with a page behind it":   append(asJPEG(t, small), script...),
		"jpeg with a page in a note":   withSegment(asJPEG(t, small), 0xfe, []byte(script)),
		"png with a page behind it":    append(asPNG(t, small), script...),
		"png with a page in a chunk":   withChunk(asPNG(t, small), "tEXt", []byte(script)),
		"gif with a page behind it":    append(asGIF(t, 64, 48, red), script...),
		"webp with a page in a chunk":  webpFile(webpChunk("VP8L", losslessFlat()), webpChunk("XMP ", []byte(script))),
		"webp with a page behind it":   append(webpFile(webpChunk("VP8L", losslessFlat())), script...),
		"animated webp, one more text": append(animatedWebP(2, 64, 64), script...),
	} {
		got, err := s.Picture(t.Context(), bytes.NewReader(file), OwnerPicture, Full)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, data := load(t, s, got[0]); bytes.Contains(data, []byte("script")) {
			t.Errorf("%s: survives", name)
		}
	}
}

func TestT37_EveryTruncationIsAnError(t *testing.T) {
	s := open(t)
	m := photo(96, 64, image.YCbCrSubsampleRatio420)
	for name, file := range map[string][]byte{
		"jpeg": asJPEG(t, m), "progressive": progressiveJPEG(96, 64), "png": asPNG(t, m),
		"gif": asGIF(t, 90, 60, red, blue), "webp": webpFile(webpChunk("VP8L", losslessFlat())), "animated webp": animatedWebP(3, 64, 64),
	} {
		if _, err := s.Picture(t.Context(), bytes.NewReader(file), OwnerPicture, Thumb); err != nil {
			t.Errorf("%s, whole: %v", name, err)
		}
		step := max(1, len(file)/60)
		for n := 12; n < len(file); n += step {
			if _, err := s.Picture(t.Context(), bytes.NewReader(file[:n]), OwnerPicture, Thumb); !errors.Is(err, ErrBroken) {
				t.Errorf("%s, %d of %d bytes: %v", name, n, len(file), err)
			}
		}
		if _, err := s.Picture(t.Context(), bytes.NewReader(file[:len(file)-1]), OwnerPicture, Thumb); !errors.Is(err, ErrBroken) {
			t.Errorf("%s, last byte gone: %v", name, err)
		}
	}
}

func TestWebPFirstFrameLiesOnItsCanvas(t *testing.T) {
	s := open(t)
	got, err := s.Picture(t.Context(), bytes.NewReader(animatedWebP(3, 64, 64)), OwnerPicture, Full)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := load(t, s, got[0])
	if !near(m, 2, 2, green, 0) || !near(m, 17, 17, green, 0) || !near(m, 1, 1, color.NRGBA{}, 0) || !near(m, 18, 18, color.NRGBA{}, 0) {
		t.Errorf("%v %v %v", m.At(1, 1), m.At(2, 2), m.At(18, 18))
	}
}

func TestLimitsSpeakPlainly(t *testing.T) {
	s := open(t)
	big := resized(t, asJPEG(t, corners(8, 8)), 10_000, 6_100)
	_, err := s.Picture(t.Context(), bytes.NewReader(big), OwnerPicture, Full)
	if !errors.Is(err, ErrTooManyPixels) || err.Error() != "This picture has 61 megapixels; at most 25 can be worked on." {
		t.Errorf("%v", err)
	}
	_, err = s.Picture(t.Context(), bytes.NewReader(resized(t, asJPEG(t, corners(8, 8)), 4000, 4001)), RemotePicture, Full)
	if err == nil || err.Error() != "This picture has 16.1 megapixels; at most 16 can be worked on." {
		t.Errorf("%v", err)
	}
}

// A refused file is not read to its end: a stranger cannot make us fetch it.
func TestRefusedAfterTheFirstBytes(t *testing.T) {
	s := open(t)
	r := &counter{r: io.MultiReader(strings.NewReader("<html>"), neverEnds{})}
	if _, err := s.Picture(t.Context(), r, RemotePicture, Thumb); !errors.Is(err, ErrUnsupported) || r.n > 4096 {
		t.Errorf("%v after %d bytes", err, r.n)
	}
	r = &counter{r: io.MultiReader(strings.NewReader("\xff\xd8\xff"), neverEnds{})}
	if _, err := s.Picture(t.Context(), r, Limits{MaxBytes: 1 << 20, MaxPixels: 1000}, Thumb); !errors.Is(err, ErrTooLarge) || r.n > 2<<20 {
		t.Errorf("%v after %d bytes", err, r.n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Picture(ctx, neverEnds{}, RemotePicture, Thumb); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

type neverEnds struct{}

func (neverEnds) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func FuzzPicture(f *testing.F) {
	s := open(f)
	for _, c := range hostile(f) {
		if len(c.file) < 10_000 {
			f.Add(c.file)
		}
	}
	m := corners(20, 16)
	for _, file := range [][]byte{asJPEG(f, m), asPNG(f, m), asGIF(f, 9, 7, red, blue), progressiveJPEG(32, 16),
		webpFile(webpChunk("VP8L", losslessFlat())), animatedWebP(2, 64, 64)} {
		f.Add(file)
	}
	lim := Limits{MaxBytes: 1 << 20, MaxPixels: 200_000}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := s.Picture(t.Context(), bytes.NewReader(file), lim, Thumb, Avatar)
		var words *Refusal
		if err != nil && !errors.As(err, &words) {
			t.Fatalf("an error without words: %v", err)
		}
		for _, p := range got {
			load(t, s, p)
		}
		for _, p := range got { // two shapes of a small picture may be one file
			if err := s.Remove(p.Name); err != nil {
				t.Fatal(err)
			}
		}
	})
}
