package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// A filmKind is what a film or sound is by its first bytes.
type filmKind struct {
	demuxer string // ffmpeg's name of what reads it
	muxer   string // and of what writes it
	mime    string
}

var (
	kindMP4  = filmKind{"mov", "mp4", "video/mp4"}
	kindMOV  = filmKind{"mov", "mov", "video/quicktime"}
	kindM4A  = filmKind{"mov", "ipod", "audio/mp4"}
	kindWebM = filmKind{"matroska", "webm", "video/webm"}
	kindOGV  = filmKind{"ogg", "ogg", "video/ogg"}
	kindOGG  = filmKind{"ogg", "ogg", "audio/ogg"}
	kindFLAC = filmKind{"flac", "flac", "audio/flac"}
	kindWAV  = filmKind{"wav", "wav", "audio/wav"}
	kindMP3  = filmKind{"mp3", "mp3", "audio/mpeg"}
	kindAAC  = filmKind{"aac", "adts", "audio/aac"}
)

// audio tells sounds from films.
func (k filmKind) audio() bool { return k.mime[:5] == "audio" }

func (k filmKind) words() string {
	if k.audio() {
		return "This sound"
	}
	return "This video"
}

// sniffFilm names the kind of film or sound, or refuses with words for what it is
// instead.
func sniffFilm(start []byte) (filmKind, error) {
	has := func(at int, text string) bool {
		return len(start) >= at+len(text) && string(start[at:at+len(text)]) == text
	}
	switch {
	case has(4, "ftyp"):
		return sniffISO(start)
	case has(4, "moov"), has(4, "mdat"), has(4, "wide"): // QuickTime before it had ftyp
		return kindMOV, nil
	case has(0, "\x1a\x45\xdf\xa3"):
		if bytes.Contains(start[:min(len(start), 64)], []byte("webm")) {
			return kindWebM, nil
		}
		return filmKind{}, notTaken("This is a Matroska video (MKV), which browsers cannot play. Save it as MP4 or WebM and try again.")
	case has(0, "OggS"):
		if bytes.Contains(start, []byte("theora")) {
			return kindOGV, nil
		}
		return kindOGG, nil
	case has(0, "fLaC"):
		return kindFLAC, nil
	case has(0, "RIFF") && has(8, "WAVE"):
		return kindWAV, nil
	case has(0, "RIFF") && has(8, "AVI "):
		return filmKind{}, notTaken("This is an AVI video, which browsers cannot play. Save it as MP4 or WebM and try again.")
	case has(0, "ID3"):
		return kindMP3, nil
	}
	if len(start) >= 4 && start[0] == 0xff {
		switch {
		case start[1]&0xf6 == 0xf0: // ADTS: layer 0
			return kindAAC, nil
		case start[1]&0xe6 == 0xe2 && start[2]&0xf0 != 0xf0 && start[2]&0x0c != 0x0c: // layer III, a bitrate and a rate that exist
			return kindMP3, nil
		}
	}
	return filmKind{}, notTaken(notMedia(start))
}

// sniffISO goes by the major brand (ISO/IEC 14496-12, 4.3). HEIC and AVIF share
// the format.
func sniffISO(start []byte) (filmKind, error) {
	if len(start) < 12 {
		return kindMP4, nil // and found to be torn
	}
	switch string(start[8:12]) {
	case "qt  ":
		return kindMOV, nil
	case "M4A ", "M4B ":
		return kindM4A, nil
	}
	if text := isoMedia(start); text != aVideo {
		return filmKind{}, notTaken(text)
	}
	return kindMP4, nil
}

func notTaken(text string) error { return &Refusal{Kind: ErrUnsupported, Text: text} }

// filmFacts is what a film says of itself; what is unknown is 0.
type filmFacts struct {
	kind, mime    string
	width, height int
	seconds       float64
}

// longest is the length that is believed: a wrong one is only a number on a page.
const longest = 48 * 3600

// read looks through the structure of a file of this kind, as far as that tells
// anything. Only files of ISO's format are walked to their end, so that a torn one
// is known.
func (k filmKind) read(r io.ReaderAt, size int64) (filmFacts, error) {
	f := filmFacts{kind: "video", mime: k.mime}
	if k.audio() {
		f.kind = "audio"
	}
	var err error
	switch k.demuxer {
	case "mov":
		err = f.readISO(io.NewSectionReader(r, 0, size), k)
	case "wav":
		f.readWAV(r, size)
	case "flac":
		f.readFLAC(r)
	}
	if !(f.seconds > 0 && f.seconds < longest) {
		f.seconds = 0
	}
	if max(f.width, f.height) > longestSide || min(f.width, f.height) < 1 {
		f.width, f.height = 0, 0
	}
	return f, err
}

var errNoMovie = errors.New("no moov box")

// readISO walks the boxes of an MP4 or QuickTime file.
func (f *filmFacts) readISO(r *io.SectionReader, k filmKind) error {
	w := isoWalk{facts: f}
	err := w.boxes(r, 0)
	if err == nil && !w.movie {
		err = errNoMovie
	}
	if err != nil {
		return &Refusal{Kind: ErrBroken, Text: k.words() + " is damaged or incomplete.", Err: err}
	}
	if !w.pictures && w.sound && f.kind == "video" {
		f.kind, f.mime, f.width, f.height = "audio", "audio/mp4", 0, 0
	}
	return nil
}

// An isoWalk is one pass over the boxes of a file (ISO/IEC 14496-12, 4.2).
type isoWalk struct {
	facts                  *filmFacts
	movie, pictures, sound bool
	parts                  int
	width, height          int // of the track that is being read
}

// mostBoxes bounds the reads; real files have some hundred at the levels looked at.
const mostBoxes = 100_000

func (w *isoWalk) boxes(r *io.SectionReader, depth int) error {
	for at := int64(0); at+8 <= r.Size(); {
		if w.parts++; w.parts > mostBoxes {
			return errors.New("too many boxes")
		}
		var top [16]byte
		if _, err := r.ReadAt(top[:8], at); err != nil {
			return unexpected(err)
		}
		size, head := int64(binary.BigEndian.Uint32(top[:])), int64(8)
		switch size {
		case 0: // to the end
			size = r.Size() - at
		case 1:
			if _, err := r.ReadAt(top[8:], at+8); err != nil {
				return unexpected(err)
			}
			size, head = int64(binary.BigEndian.Uint64(top[8:])), 16
		}
		if size < head || size > r.Size()-at {
			return io.ErrUnexpectedEOF
		}
		body := io.NewSectionReader(r, at+head, size-head)
		if err := w.box(string(top[4:8]), body, depth); err != nil {
			return err
		}
		at += size
	}
	return nil
}

func (w *isoWalk) box(name string, body *io.SectionReader, depth int) error {
	switch {
	case depth == 0 && name == "moov":
		w.movie = true
		return w.boxes(body, 1)
	case depth == 1 && name == "trak":
		w.width, w.height = 0, 0
		return w.boxes(body, 2)
	case depth == 2 && name == "mdia":
		return w.boxes(body, 3)
	case depth == 1 && name == "mvhd":
		w.movieHead(body)
	case depth == 2 && name == "tkhd":
		w.trackHead(body)
	case depth == 3 && name == "hdlr":
		var b [12]byte
		if _, err := body.ReadAt(b[:], 0); err != nil {
			return nil // one that says nothing
		}
		switch string(b[8:]) {
		case "vide":
			w.pictures = true
			if w.width > 0 && w.facts.width == 0 {
				w.facts.width, w.facts.height = w.width, w.height
			}
		case "soun":
			w.sound = true
		}
	}
	return nil
}

// movieHead reads the length: timescale and duration, whose place and size depend
// on the version (8.2.2).
func (w *isoWalk) movieHead(body *io.SectionReader) {
	var b [32]byte
	if n, _ := body.ReadAt(b[:], 0); n < 20 {
		return
	}
	scale, length := binary.BigEndian.Uint32(b[12:]), float64(binary.BigEndian.Uint32(b[16:]))
	if b[0] == 1 {
		scale, length = binary.BigEndian.Uint32(b[20:]), float64(binary.BigEndian.Uint64(b[24:]))
	}
	if scale > 0 {
		w.facts.seconds = length / float64(scale)
	}
}

// trackHead reads the size in 16.16 fixed point, and whether the track is shown
// turned by a quarter (8.3.2).
func (w *isoWalk) trackHead(body *io.SectionReader) {
	var b [96]byte
	n, _ := body.ReadAt(b[:], 0)
	at := 40 // of the matrix
	if b[0] == 1 {
		at = 52
	}
	if n < at+44 {
		return
	}
	fixed := func(at int) int { return int(binary.BigEndian.Uint32(b[at:]) >> 16) }
	w.width, w.height = fixed(at+36), fixed(at+40)
	if fixed(at) == 0 && fixed(at+4) != 0 {
		w.width, w.height = w.height, w.width
	}
}

// readWAV divides the length of the samples by what a second takes.
func (f *filmFacts) readWAV(r io.ReaderAt, size int64) {
	perSecond := uint32(0)
	for at, parts := int64(12), 0; at+8 <= size && parts < 64; parts++ {
		var b [20]byte
		n, _ := r.ReadAt(b[:], at)
		if n < 8 {
			return
		}
		length := binary.LittleEndian.Uint32(b[4:])
		switch string(b[:4]) {
		case "fmt ":
			if n == len(b) {
				perSecond = binary.LittleEndian.Uint32(b[16:])
			}
		case "data":
			if perSecond > 0 {
				f.seconds = float64(min(int64(length), size-at-8)) / float64(perSecond)
			}
			return
		}
		at += 8 + int64(length) + int64(length&1)
	}
}

// readFLAC reads STREAMINFO, which must come first (RFC 9639, 8.2): 20 bits of
// samples a second, 8 of other things, 36 of samples.
func (f *filmFacts) readFLAC(r io.ReaderAt) {
	var b [26]byte
	if n, _ := r.ReadAt(b[:], 0); n < len(b) || b[4]&0x7f != 0 {
		return
	}
	v := binary.BigEndian.Uint64(b[18:])
	if rate := v >> 44; rate > 0 {
		f.seconds = math.Trunc(float64(v&(1<<36-1))/float64(rate)*1000) / 1000
	}
}
