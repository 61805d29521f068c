package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Peaks are measured in a process of their own, which does nothing but work on
// one file: this test binary, started again with the file in its environment.

func TestMain(m *testing.M) {
	if path := os.Getenv("MEDIA_PEAK_FILE"); path != "" {
		os.Exit(measured(path))
	}
	os.Exit(m.Run())
}

func measured(path string) int {
	s, err := Open(filepath.Join(filepath.Dir(path), "peak"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	f, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	ctx, start := testContext{}, time.Now()
	_, err = s.Picture(ctx, f, OwnerPicture, OwnFull, OwnPreview)
	wall := time.Since(start)
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 1
	}
	status, _ := os.ReadFile("/proc/self/status")
	cpu := time.Duration(use.Utime.Nano() + use.Stime.Nano())
	fmt.Printf("%s %s %v cpu %v wall %v err %v\n", field(status, "VmHWM:"), field(status, "VmRSS:"), err == nil,
		cpu.Round(time.Millisecond), wall.Round(time.Millisecond), err)
	return 0
}

// testContext is a context without a test: it never ends.
type testContext struct{}

func (testContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (testContext) Done() <-chan struct{}       { return nil }
func (testContext) Err() error                  { return nil }
func (testContext) Value(any) any               { return nil }

func field(status []byte, name string) string {
	_, rest, _ := strings.Cut(string(status), name)
	return strings.Fields(rest + " 0")[0]
}

// peak is the highest resident memory, in MiB, of a process that works on file.
func peak(t *testing.T, name string, file []byte) (high, after float64, ok bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MEDIA_PEAK_FILE="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	words := strings.Fields(string(out))
	kilo := func(s string) float64 { n, _ := strconv.ParseFloat(s, 64); return n / 1024 }
	t.Logf("%-34s peak %5.1f MiB, after %4.1f: %s", name, kilo(words[0]), kilo(words[1]), strings.Join(words[2:], " "))
	return kilo(words[0]), kilo(words[1]), words[2] == "true"
}

func needPeaks(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("memory is measured without the race detector")
	}
}

func TestPhotoStaysWithin64MiB(t *testing.T) {
	needPeaks(t)
	file := asJPEG(t, photo(4000, 3000, image.YCbCrSubsampleRatio420))
	high, after, ok := peak(t, "12 MP JPEG", file)
	if !ok || high > 64 || after > 40 {
		t.Errorf("peak %.1f MiB, %.1f kept, stored: %v", high, after, ok)
	}
}

func TestT37_PeaksUnder128MiB(t *testing.T) {
	needPeaks(t)
	files := map[string][]byte{"25 MP JPEG": asJPEG(t, photo(5000, 5000, image.YCbCrSubsampleRatio420))}
	if os.Getenv("DASSIE_LONG") != "" {
		files["12 MP progressive JPEG"] = progressiveJPEG(4000, 3000)
		files["25 MP PNG with alpha"] = asPNG(t, image.NewNRGBA(image.Rect(0, 0, 5000, 5000)))
		files["25 MP PNG of 16 bits"] = asPNG(t, image.NewNRGBA64(image.Rect(0, 0, 5000, 5000)))
		files["16 MP GIF"] = asGIF(t, 4000, 4000, red, blue)
		files["25 MP JPEG that says it is larger"] = resized(t, asJPEG(t, photo(2000, 2000, image.YCbCrSubsampleRatio420)), 5000, 5000)
		files["3 MP lossless WebP, all code trees"] = webpFile(webpChunk("VP8L", treesWebP(1700, 1700)))
	}
	for name, c := range hostile(t) {
		files[name] = c.file
	}
	for name, file := range files {
		if high, _, _ := peak(t, name, file); high > 128 {
			t.Errorf("%s: peak %.1f MiB", name, high)
		}
	}
}

// treesWebP claims a size and then fills as many code groups as the decoder
// takes, each with codes as large as can be (RFC 9649, 3.7.2): the memory is in
// the trees, not in the pixels.
func treesWebP(w, h int) []byte {
	b := &bitWriter{}
	b.put(0x2f, 8)
	b.put(uint64(w-1), 14)
	b.put(uint64(h-1), 14)
	b.put(0, 4)
	b.put(0, 1)  // no transform
	b.put(1, 1)  // colour cache
	b.put(11, 4) // of 2^11
	b.put(1, 1)  // several groups
	b.put(3, 3)  // in tiles of 32 pixels
	// The picture of group numbers: green and red 8 bits each, all codes used.
	b.put(0, 1)     // without a cache
	b.flatCode(280) // green: the low byte
	b.flatCode(256) // red: the high byte
	b.single(0)     // blue
	b.single(255)   // alpha
	b.single(0)     // distance
	tiles := ((w + 31) / 32) * ((h + 31) / 32)
	for i := range tiles {
		group := i % 2600 // only groups in use are kept
		b.flatSymbol(group&255, 280)
		b.flatSymbol(group>>8, 256)
	}
	for range 2600 {
		b.flatCode(280 + 2048)
		for range 3 {
			b.flatCode(256)
		}
		b.flatCode(40)
	}
	bits := 11 + 3*8 // each code of zeros alone is a colour
	b.put(0, 8-b.n)
	b.out = append(b.out, make([]byte, w*h*bits/8)...)
	return b.bytes()
}

type bitWriter struct {
	out  []byte
	bits uint64
	n    int
}

func (b *bitWriter) put(v uint64, count int) {
	b.bits |= v << b.n
	for b.n += count; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.bits))
		b.bits >>= 8
	}
}

func (b *bitWriter) bytes() []byte { return binary.LittleEndian.AppendUint64(b.out, b.bits) }

func (b *bitWriter) single(symbol uint64) { b.put(0b101, 3); b.put(symbol, 8) }

// flat is how many of n symbols have the shorter length in a full code.
func flat(n int) (length, short int) {
	for 1<<(length+1) <= n {
		length++
	}
	return length, 2<<length - n
}

// flatCode writes lengths so that all n symbols have a code: the first ones of
// length l, the rest of l+1.
func (b *bitWriter) flatCode(n int) {
	length, short := flat(n)
	order := []int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} // RFC 9649, 3.7.2.1.2
	b.put(0, 1)                                                                      // not simple
	b.put(15, 4)                                                                     // all 19 lengths of the code of lengths
	for _, symbol := range order {
		if symbol == length || symbol == length+1 {
			b.put(1, 3)
		} else {
			b.put(0, 3)
		}
	}
	b.put(0, 1) // all symbols follow
	for i := range n {
		if i < short {
			b.put(0, 1)
		} else {
			b.put(1, 1)
		}
	}
}

// flatSymbol writes a symbol of such a code, most significant bit first.
func (b *bitWriter) flatSymbol(symbol, n int) {
	length, short := flat(n)
	code := symbol
	if symbol >= short {
		code, length = symbol+short, length+1
	}
	for i := length - 1; i >= 0; i-- {
		b.put(uint64(code>>i&1), 1)
	}
}

func BenchmarkPhoto12MP(b *testing.B) {
	s := open(b)
	for name, file := range map[string][]byte{
		"jpeg":             asJPEG(b, photo(4000, 3000, image.YCbCrSubsampleRatio420)),
		"progressive-flat": progressiveJPEG(4000, 3000),
		"png":              asPNG(b, photo(4000, 3000, image.YCbCrSubsampleRatio420)),
	} {
		lim := OwnerPicture
		lim.MaxBytes = 1 << 30
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Picture(b.Context(), bytes.NewReader(file), lim, OwnFull, OwnPreview); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAvatar(b *testing.B) {
	s := open(b)
	file := asJPEG(b, photo(800, 800, image.YCbCrSubsampleRatio420))
	for b.Loop() {
		if _, err := s.Picture(b.Context(), io.Reader(bytes.NewReader(file)), RemotePicture, Avatar); err != nil {
			b.Fatal(err)
		}
	}
}
