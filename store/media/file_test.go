package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// box is one box of ISO/IEC 14496-12.
func box(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, name...), body...)
}

func big32(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// mp4 is a film of w x h that lasts some tenths of a second and shows nothing.
func mp4(brand string, w, h, tenths uint32, handlers ...string) []byte {
	mvhd := box("mvhd", big32(0, 0, 0, 10, tenths), make([]byte, 80))
	moov := [][]byte{mvhd}
	for _, handler := range handlers {
		tkhd := box("tkhd", make([]byte, 40), big32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30), big32(w<<16, h<<16))
		moov = append(moov, box("trak", tkhd, box("mdia", box("hdlr", make([]byte, 8), []byte(handler), make([]byte, 13)))))
	}
	return bytes.Join([][]byte{box("ftyp", []byte(brand), big32(0)), box("moov", moov...), box("mdat", []byte(gpsMark))}, nil)
}

// wav is silence.
func wav(seconds int) []byte {
	const rate = 8000
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = append(b, "\x01\x00\x08\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*seconds))
	b = append(b, bytes.Repeat([]byte{0x80}, rate*seconds)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func stored(t testing.TB, s *Store, name string) []byte {
	t.Helper()
	f, _, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOwnPictureIsMadeAnewWithAPreview(t *testing.T) {
	s := open(t)
	src := withSegment(asJPEG(t, photo(4000, 3000, image.YCbCrSubsampleRatio420)), 0xe1, append([]byte("Exif\x00\x00"), exifTIFF(binary.BigEndian, 6)...))
	f, err := s.File(t.Context(), bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	if f.Kind != "image" || f.MIME != "image/jpeg" || f.Width != 1200 || f.Height != 1600 || len(f.Blurhash) != 28 || f.AsSent || f.Animated {
		t.Errorf("stored %+v", f)
	}
	full, small := stored(t, s, f.Name), stored(t, s, f.Preview)
	if int64(len(full)) != f.Size || bytes.Contains(full, []byte(gpsMark)) || bytes.Contains(small, []byte(gpsMark)) || bytes.Contains(full, []byte("Exif")) {
		t.Error("what the camera wrote is still in it")
	}
	m, _, err := image.DecodeConfig(bytes.NewReader(small))
	if err != nil || m.Width != 600 || m.Height != 800 || len(small) > 80<<10 {
		t.Errorf("preview %dx%d, %d bytes, %v", m.Width, m.Height, len(small), err)
	}
	for _, name := range []string{f.Name, f.Preview} {
		if len(name) != 64 || !ValidName(name) {
			t.Errorf("it is called %s", name)
		}
	}
}

// A preview never weighs more than 80 KB, whatever it shows.
func TestPreviewsOfNoiseStayLight(t *testing.T) {
	noise := image.NewNRGBA(image.Rect(0, 0, 1200, 900))
	seed := uint32(7)
	for i := range noise.Pix {
		seed = seed*1664525 + 1013904223
		noise.Pix[i] = uint8(seed >> 16)
	}
	opaque := image.NewYCbCr(noise.Rect, image.YCbCrSubsampleRatio444)
	copy(opaque.Y, noise.Pix)
	s := open(t)
	for name, file := range map[string][]byte{"PNG with alpha": asPNG(t, noise), "JPEG": asJPEG(t, opaque)} {
		f, err := s.File(t.Context(), bytes.NewReader(file))
		if err != nil {
			t.Fatal(name, err)
		}
		if small := stored(t, s, f.Preview); len(small) > 80<<10 {
			t.Errorf("%s: the preview has %d bytes", name, len(small))
		}
	}
}

func TestOfAnAnimationTheFirstPictureIsKept(t *testing.T) {
	s := open(t)
	f, err := s.File(t.Context(), bytes.NewReader(asGIF(t, 40, 30, red, blue)))
	if err != nil || !f.Animated || f.MIME != "image/jpeg" {
		t.Errorf("stored %+v, %v", f, err)
	}
	if still, err := s.File(t.Context(), bytes.NewReader(asGIF(t, 40, 30, red))); err != nil || still.Animated {
		t.Errorf("a GIF of one picture: %+v, %v", still, err)
	}
}

func TestFilmsAndSoundsAreStoredAsSent(t *testing.T) {
	s := open(t)
	flac := append([]byte("fLaC\x00\x00\x00\x22"), make([]byte, 10)...)
	flac = binary.BigEndian.AppendUint64(flac, 44100<<44|44100*7)
	for name, c := range map[string]struct {
		file       []byte
		kind, mime string
		w, h       int
		seconds    float64
	}{
		"MP4":             {mp4("isom", 640, 360, 125, "vide", "soun"), "video", "video/mp4", 640, 360, 12.5},
		"QuickTime":       {mp4("qt  ", 1920, 1080, 20, "soun", "vide"), "video", "video/quicktime", 1920, 1080, 2},
		"MP4 of sound":    {mp4("mp42", 0, 0, 30, "soun"), "audio", "audio/mp4", 0, 0, 3},
		"M4A":             {mp4("M4A ", 0, 0, 30, "soun"), "audio", "audio/mp4", 0, 0, 3},
		"WebM":            {[]byte("\x1a\x45\xdf\xa3\x93\x42\x82\x84webm rest"), "video", "video/webm", 0, 0, 0},
		"Ogg":             {[]byte("OggS\x00\x02 something OpusHead rest"), "audio", "audio/ogg", 0, 0, 0},
		"Ogg with images": {[]byte("OggS\x00\x02 something \x80theora rest"), "video", "video/ogg", 0, 0, 0},
		"FLAC":            {flac, "audio", "audio/flac", 0, 0, 7},
		"WAV":             {wav(3), "audio", "audio/wav", 0, 0, 3},
		"MP3":             {[]byte("\xff\xfb\x90\x64 rest of a frame"), "audio", "audio/mpeg", 0, 0, 0},
		"MP3 with a tag":  {[]byte("ID3\x04\x00 rest"), "audio", "audio/mpeg", 0, 0, 0},
		"AAC":             {[]byte("\xff\xf1\x50\x80 rest"), "audio", "audio/aac", 0, 0, 0},
	} {
		f, err := s.File(t.Context(), bytes.NewReader(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := File{Kind: c.kind, MIME: c.mime, Name: f.Name, Width: c.w, Height: c.h, Seconds: c.seconds, Size: int64(len(c.file)), AsSent: true}
		if f != want {
			t.Errorf("%s: stored %+v, want %+v", name, f, want)
		}
		if !bytes.Equal(stored(t, s, f.Name), c.file) {
			t.Errorf("%s: other bytes were stored", name)
		}
	}
}

// T36: what a file is decides its content, and what is no picture, film or sound
// is refused in words.
func TestT36_OtherFilesAreRefusedInWords(t *testing.T) {
	s := open(t)
	torn := mp4("isom", 640, 360, 125, "vide")
	for name, c := range map[string]struct {
		file []byte
		kind error
		says string
	}{
		"empty":             {nil, ErrUnsupported, "empty"},
		"SVG":               {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), ErrUnsupported, "SVG pictures are not taken"},
		"page":              {[]byte("<!doctype html><script>alert(1)</script>"), ErrUnsupported, "a web page"},
		"PDF":               {[]byte("%PDF-1.7 rest"), ErrUnsupported, "a PDF document"},
		"program":           {[]byte("\x7fELF rest"), ErrUnsupported, "no picture, video or sound"},
		"text":              {[]byte("just words"), ErrUnsupported, "no picture, video or sound"},
		"playlist":          {[]byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\nfile:///etc/passwd"), ErrUnsupported, "no picture, video or sound"},
		"Matroska":          {[]byte("\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska rest"), ErrUnsupported, "Matroska"},
		"AVI":               {[]byte("RIFF\x00\x00\x00\x00AVI LIST"), ErrUnsupported, "AVI"},
		"HEIC":              {box("ftyp", []byte("heic"), big32(0)), ErrUnsupported, "HEIC pictures cannot be read here"},
		"torn MP4":          {torn[:len(torn)-9], ErrBroken, "damaged or incomplete"},
		"MP4 without moov":  {box("ftyp", []byte("isom"), big32(0)), ErrBroken, "damaged or incomplete"},
		"five bytes of MP4": {[]byte("\x00\x00\x00\x08ftyp"), ErrBroken, "damaged or incomplete"},
		"box of no size":    {append(box("ftyp", []byte("isom"), big32(0)), big32(4, 0)...), ErrBroken, "damaged or incomplete"},
	} {
		_, err := s.File(t.Context(), bytes.NewReader(c.file))
		var refused *Refusal
		if !errors.As(err, &refused) || !errors.Is(err, c.kind) || !strings.Contains(refused.Text, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, files, _ := s.Size(); files != 0 {
		t.Errorf("%d files were kept", files)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "tmp", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFilmsOver99MBAreRefusedAtTheLimit(t *testing.T) {
	s := open(t)
	more := &counted{r: io.MultiReader(bytes.NewReader([]byte("OggS\x00\x02 OpusHead")), endless{})}
	_, err := s.File(t.Context(), more)
	if !errors.Is(err, ErrTooLarge) || err.Error() != "This sound is over 99 MB, which is the most that is taken." {
		t.Errorf("refused with %v", err)
	}
	if more.n > OwnerFilm+1<<20 {
		t.Errorf("%d bytes were read", more.n)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// script is a program that stands where ffmpeg would; its last argument is the
// file to write.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nfor last; do :; done\nto=${last#file:}\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilmsAreKeptWhenTheProgramFails(t *testing.T) {
	film := mp4("isom", 640, 360, 125, "vide")
	still := filepath.Join(t.TempDir(), "still.jpg")
	if err := os.WriteFile(still, asJPEG(t, photo(640, 360, image.YCbCrSubsampleRatio420)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		lines  string
		asSent bool
		still  bool
	}{
		"works":          {`case "$*" in *mjpeg*) cp ` + still + ` "$to";; *) printf anew > "$to";; esac`, false, true},
		"fails":          {"echo 'Invalid data' >&2; exit 1", true, false},
		"writes nothing": {"exit 0", true, false},
		"draws nonsense": {`case "$*" in *mjpeg*) printf '<svg>' > "$to";; *) printf anew > "$to";; esac`, false, false},
		"talks forever":  {`i=0; while [ $i -lt 3000 ]; do echo 'all work and no play makes a dull program, over and over' >&2; i=$((i+1)); done; exit 1`, true, false},
	} {
		s := open(t)
		s.FFmpeg = script(t, c.lines)
		f, err := s.File(t.Context(), bytes.NewReader(film))
		if err != nil || f.AsSent != c.asSent || (f.Preview != "") != c.still {
			t.Errorf("%s: %+v, %v", name, f, err)
			continue
		}
		if want := map[bool]string{true: string(film), false: "anew"}[c.asSent]; string(stored(t, s, f.Name)) != want || f.Size != int64(len(want)) {
			t.Errorf("%s: other bytes were stored", name)
		}
		if left, _ := filepath.Glob(filepath.Join(s.dir, "tmp", "*")); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

func TestAnUploadThatIsGivenUpEndsTheProgram(t *testing.T) {
	s := open(t)
	s.FFmpeg = script(t, "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := s.File(ctx, bytes.NewReader(mp4("isom", 640, 360, 125, "vide"))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
	if time.Since(begun) > 20*time.Second {
		t.Error("the program was waited for")
	}
	if _, files, _ := s.Size(); files != 0 {
		t.Errorf("%d files were kept", files)
	}
}

// T37: what is asked of ffmpeg lets it read one local file by one reader, and ask
// nobody.
func TestT37_TheProgramMayReadOneFileOnly(t *testing.T) {
	s := open(t)
	said := filepath.Join(t.TempDir(), "said")
	s.FFmpeg = script(t, `echo "$*" >> `+said+`; env >> `+said+`; exit 1`)
	t.Setenv("DASSIE_SECRET", "of the server")
	if _, err := s.File(t.Context(), bytes.NewReader(mp4("isom", 640, 360, 125, "vide"))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	runs := strings.Count(string(text), "-nostdin")
	if runs != 2 || strings.Count(string(text), "-protocol_whitelist file -threads 1 -f mov") != runs || strings.Contains(string(text), "SECRET") {
		t.Errorf("it was run with %s", text)
	}
}

// With the real program: the place is gone, a still is there.
func TestFFmpegTakesThePlaceOutAndAStill(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 runs ffmpeg on all kinds of files")
	}
	program, err := exec.LookPath("ffmpeg")
	if err != nil && os.Getenv("DASSIE_FFMPEG") == "required" {
		t.Fatal("DASSIE_FFMPEG=required, but there is no ffmpeg")
	}
	if err != nil {
		t.Skip("there is no ffmpeg on this machine")
	}
	make := func(name string, args ...string) []byte {
		path := filepath.Join(t.TempDir(), name)
		all := append([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=10:duration=3", "-f", "lavfi", "-i", "sine=duration=3",
			"-metadata", "location=+52.0907+005.1214/", "-metadata", "title=" + gpsMark, "-metadata:s:v", "handler_name=" + gpsMark}, args...)
		if out, err := exec.Command(program, append(all, path)...).CombinedOutput(); err != nil {
			t.Fatalf("this ffmpeg cannot make %s: %v %s", name, err, out)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte(gpsMark)) {
			t.Fatalf("%s has no place in it", name)
		}
		return b
	}
	t.Chdir(t.TempDir())
	s, err := Open("media") // as in "serve -data data"
	if err != nil {
		t.Fatal(err)
	}
	s.FFmpeg = program
	for name, file := range map[string][]byte{
		"film.mp4":   make("film.mp4", "-c:v", "mpeg4", "-c:a", "aac"),
		"film.mov":   make("film.mov", "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
		"film.webm":  make("film.webm", "-c:v", "libvpx", "-c:a", "libvorbis"),
		"sound.mp3":  make("sound.mp3", "-map", "1:a", "-c:a", "libmp3lame"),
		"sound.ogg":  make("sound.ogg", "-map", "1:a", "-c:a", "libvorbis"),
		"sound.m4a":  make("sound.m4a", "-map", "1:a", "-c:a", "aac"),
		"sound.flac": make("sound.flac", "-map", "1:a", "-c:a", "flac"),
	} {
		f, err := s.File(t.Context(), bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: %+v", name, f)
		out := stored(t, s, f.Name)
		if f.AsSent || bytes.Contains(out, []byte(gpsMark)) || bytes.Contains(out, []byte("+52.0907")) || f.Seconds < 2.9 || f.Seconds > 3.2 {
			t.Errorf("%s: stored %+v; place in it: %v", name, f, bytes.Contains(out, []byte(gpsMark)))
		}
		if film := strings.HasPrefix(name, "film"); film != (f.Preview != "") || film && (f.Width != 640 || f.Height != 360 || f.Blurhash == "") {
			t.Errorf("%s: stored %+v", name, f)
		}
		again, err := s.File(t.Context(), bytes.NewReader(out))
		if err != nil || again.MIME != f.MIME {
			t.Errorf("%s: what was stored is %+v, %v", name, again, err)
		}
	}
}

func FuzzFilmHeads(f *testing.F) {
	f.Add(mp4("isom", 640, 360, 125, "vide", "soun"))
	f.Add(wav(1))
	f.Add([]byte("fLaC\x00\x00\x00\x22" + strings.Repeat("\xff", 40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, err := sniffFilm(data[:min(len(data), sniffLength)])
		if err != nil {
			return
		}
		facts, err := kind.read(bytes.NewReader(data), int64(len(data)))
		if err == nil && (facts.seconds < 0 || facts.seconds > longest || facts.width < 0 || facts.height < 0 || max(facts.width, facts.height) > longestSide) {
			t.Errorf("read %+v", facts)
		}
	})
}
