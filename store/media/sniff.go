package media

import (
	"bytes"
	"net/http"
	"strings"
)

// kind is what a file is by its first bytes. Nothing else decides it.
type kind int

const (
	kindJPEG kind = iota + 1
	kindPNG
	kindGIF
	kindWebP
)

// sniffLength is how much of a file is needed to name its kind.
const sniffLength = 512

// sniff names the kind of picture, or refuses with words for what it is instead.
func sniff(start []byte) (kind, error) {
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xd8\xff")):
		return kindJPEG, nil
	case bytes.HasPrefix(start, []byte("\x89PNG\r\n\x1a\n")):
		return kindPNG, nil
	case bytes.HasPrefix(start, []byte("GIF87a")), bytes.HasPrefix(start, []byte("GIF89a")):
		return kindGIF, nil
	case len(start) >= 12 && string(start[:4]) == "RIFF" && string(start[8:12]) == "WEBP":
		return kindWebP, nil
	}
	return 0, &Refusal{Kind: ErrUnsupported, Text: notAPicture(start)}
}

func notAPicture(start []byte) string {
	if len(start) == 0 {
		return "This file is empty."
	}
	if text := isoMedia(start); text != "" {
		return text
	}
	if bytes.Contains(bytes.ToLower(start), []byte("<svg")) {
		return "SVG pictures are not taken, because they can hold programs. Save it as PNG and try again."
	}
	if text := document(start); text != "" {
		return "This is " + text + ", not a picture."
	}
	declared := http.DetectContentType(start)
	switch {
	case strings.HasPrefix(declared, "video/"):
		return aVideo
	case strings.HasPrefix(declared, "audio/"):
		return "This is a sound file, not a picture."
	}
	return "This is not a picture that can be read here. JPEG, PNG, GIF and WebP can."
}

// notMedia is notAPicture where films and sounds are taken too.
func notMedia(start []byte) string {
	if len(start) == 0 || bytes.Contains(bytes.ToLower(start), []byte("<svg")) {
		return notAPicture(start)
	}
	if text := document(start); text != "" {
		return "This is " + text + ", not a picture, video or sound."
	}
	return "This is no picture, video or sound that can be read here. JPEG, PNG, GIF, WebP, MP4, WebM, MOV, MP3, Ogg, FLAC, WAV and M4A can."
}

// document names what people take for a picture by mistake.
func document(start []byte) string {
	declared := http.DetectContentType(start)
	switch {
	case declared == "application/pdf":
		return "a PDF document"
	case strings.HasPrefix(declared, "text/html"):
		return "a web page"
	}
	return ""
}

// aVideo is what isoMedia says of what is no picture.
const aVideo = "This is a video, not a picture."

// isoMedia names the kinds that share the box format of ISO/IEC 14496-12 by
// their major brand: AVIF, HEIC and MP4 would be told apart badly by
// http.DetectContentType.
func isoMedia(start []byte) string {
	if len(start) < 12 || string(start[4:8]) != "ftyp" {
		return ""
	}
	switch string(start[8:12]) {
	case "avif", "avis":
		return "AVIF pictures cannot be read here. Save it as JPEG and try again."
	case "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1":
		return "HEIC pictures cannot be read here. Save it as JPEG and try again."
	}
	return aVideo
}
