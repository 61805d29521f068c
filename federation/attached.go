package federation

import (
	"math"
	"net/url"
	"path"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// unreadable are pictures of which it is known beforehand that they cannot be
// shown here: they are not fetched.
var unreadable = map[string]string{
	"image/svg+xml": "SVG", "image/avif": "AVIF", "image/heic": "HEIC", "image/heif": "HEIF", "image/jxl": "JPEG XL", "image/tiff": "TIFF",
}

// Attached makes the files of posts what pages show of them, by the post's id, in
// one query: in one place, so that owner and visitors see the same. Nothing of it
// leads a browser to another server but the links that say so.
func (s *Service) Attached(tx *store.Tx, scope Scope, posts ...store.Post) (map[int64][]assets.Media, error) {
	var urls []string
	for _, p := range posts {
		for _, a := range p.Extra.Attachments {
			if !p.Own() && mediaClass(a.MediaType) == "image" {
				urls = append(urls, a.URL)
			}
		}
	}
	known, err := tx.RemoteMediaOf(shapeSmall, urls...)
	if err != nil {
		return nil, err
	}
	out := map[int64][]assets.Media{}
	for _, p := range posts {
		for n, a := range p.Extra.Attachments {
			var m assets.Media
			if p.Own() {
				m = ownMedia(a)
			} else {
				m = s.othersMedia(p, n, scope, known[a.URL])
			}
			m.Alt, m.Kind, m.Length = a.Alt, mediaKind(a.MediaType), lasts(a.Seconds)
			m.Focus, m.Colour = focusClass(a.FocalX, a.FocalY), colourClass(a.Blurhash)
			m.Width, m.Height = fitted(a.Width, a.Height, 800)
			out[p.ID] = append(out[p.ID], m)
		}
	}
	return out, nil
}

// ownMedia is a file of an own post, whose addresses are ours.
func ownMedia(a store.Attachment) assets.Media {
	m := assets.Media{URL: a.URL, Preview: a.Preview, Name: a.Title, Size: assets.ByteSize(a.Size)}
	if a.Name != "" && !strings.HasPrefix(a.URL, "/") {
		m.URL = "/media/" + a.Name
	}
	switch mediaClass(a.MediaType) {
	case "image":
		if m.Preview == "" {
			m.Preview = m.URL
		}
	case "video", "audio":
		m.Play = m.URL
	}
	return m
}

// othersMedia is a file of another's post: a picture through our cache, a film as
// a still with the way to it.
func (s *Service) othersMedia(p store.Post, n int, scope Scope, known store.RemoteMedia) assets.Media {
	a := p.Extra.Attachments[n]
	at := s.postAddress(p, n, scope)
	m := assets.Media{Name: fileName(a.URL), Original: a.URL, Host: ap.Host(a.URL)}
	if size := max(a.Size, known.Bytes); size > 0 {
		m.Size = assets.ByteSize(size)
	}
	switch mediaClass(a.MediaType) {
	case "image":
		kind := unreadable[strings.ToLower(a.MediaType)]
		switch {
		case kind != "":
			m.Words = kind + " pictures cannot be shown here."
		case known.Why != "":
			m.Words = failedWords[known.Why]
		default:
			m.URL, m.Preview = at.as(shapeFull), at.as(shapeSmall)
		}
		// A picture that may be had again is shown as soon as it is there.
		if kind == "" && known.Why != "" && s.mediaDue(known) {
			m.URL, m.Preview, m.Words = at.as(shapeFull), at.as(shapeSmall), ""
		}
	case "video", "audio":
		if a.Preview != "" {
			m.Preview = at.as(shapeStill)
		}
		if scope == ForOwner && playable(a.MediaType) && a.Size <= streamBytes {
			m.Play = at.as(shapePlay)
		}
	}
	return m
}

// mediaKind names a kind of file for people.
func mediaKind(mime string) string {
	switch mediaClass(mime) {
	case "image":
		return "Picture"
	case "video":
		return "Video"
	case "audio":
		return "Sound"
	}
	return "File"
}

// fileName is the last part of an address, as a name to show and nothing else.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := path.Base(u.Path)
	if name == "." || name == "/" {
		return ""
	}
	return printable(markup.Inline(name), 80)
}

// lasts is a length as players write it: 2:31.
func lasts(seconds float64) string {
	if !(seconds > 0 && seconds < 1e6) {
		return ""
	}
	d := time.Duration(math.Round(seconds)) * time.Second
	return assets.Clock(d)
}

// fitted is a size made to fit a square; where it is not known, that of the place
// which pictures have in pages.
func fitted(w, h, side int) (int, int) {
	if w <= 0 || h <= 0 {
		return 600, 400
	}
	scale := min(1, float64(side)/float64(max(w, h)))
	return max(1, int(math.Round(float64(w)*scale))), max(1, int(math.Round(float64(h)*scale)))
}

// focusClass names the part of a picture that stays when it is cut: one of 11 x 11
// places (DECISIONS 28). "" is the middle.
func focusClass(x, y float64) string {
	if !(math.Abs(x) <= 1 && math.Abs(y) <= 1) {
		return ""
	}
	// The focal point has its origin in the middle, y upwards, from -1 to 1.
	across, down := int(math.Round((x+1)*5)), int(math.Round((1-y)*5))
	return assets.Focus(across, down)
}

// colourClass names the average colour of a blurhash; "" for none.
func colourClass(blurhash string) string {
	r, g, b, ok := averageColour(blurhash)
	if !ok {
		return ""
	}
	return assets.Colour(r, g, b)
}

const base83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

// averageColour reads the first component of a blurhash: four digits after the two
// that tell the number of components and the scale.
func averageColour(blurhash string) (r, g, b uint8, ok bool) {
	if len(blurhash) < 6 {
		return 0, 0, 0, false
	}
	value := 0
	for _, c := range []byte(blurhash[2:6]) {
		digit := strings.IndexByte(base83, c)
		if digit < 0 {
			return 0, 0, 0, false
		}
		value = value*83 + digit
	}
	if value >= 1<<24 {
		return 0, 0, 0, false
	}
	return uint8(value >> 16), uint8(value >> 8), uint8(value), true
}
