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

// Files makes the files of posts what pages show of them, by the post's id, in
// one query: in one place, so that owner and visitors see the same. Nothing of it
// leads a browser to another server but the links that say so.
func (s *Service) Files(tx *store.Tx, scope Scope, posts ...store.Post) (map[int64][]assets.Media, error) {
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
			m := s.othersFile(p, n, scope, known[a.URL])
			if p.Own() {
				m = OwnFile(a)
			}
			if p.Own() && scope == ForVisitors {
				m.Name = "" // as the owner called it: for the owner alone
			}
			out[p.ID] = append(out[p.ID], m)
		}
	}
	return out, nil
}

// fileOf is what is known of a file wherever it is.
func fileOf(a store.Attachment) assets.Media {
	m := assets.Media{Alt: a.Alt, Kind: mediaKind(a.MediaType), Length: lasts(a.Seconds), Size: assets.ByteSize(a.Size)}
	m.Focus, m.Colour = focusClass(a.FocalX, a.FocalY), colourClass(a.Blurhash)
	m.Width, m.Height = fitted(a.Width, a.Height, 800)
	return m
}

// OwnFile is a file of the owner, posted or not, whose addresses are ours.
func OwnFile(a store.Attachment) assets.Media {
	m := fileOf(a)
	m.URL, m.Preview, m.Name = a.URL, a.Preview, a.Title
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

// othersFile is a file of another's post: a picture through our cache, a film as
// a still with the way to it.
func (s *Service) othersFile(p store.Post, n int, scope Scope, known store.RemoteMedia) assets.Media {
	a := p.Extra.Attachments[n]
	at := s.postAddress(p, n, scope)
	m := fileOf(a)
	m.Name, m.Original, m.Host = fileName(a.URL), a.URL, ap.Host(a.URL)
	if m.Size == "" {
		m.Size = assets.ByteSize(known.Bytes)
	}
	switch mediaClass(a.MediaType) {
	case "image":
		kind := unreadable[strings.ToLower(a.MediaType)]
		switch {
		case kind != "":
			m.Words = kind + " pictures cannot be shown here."
		case known.Why != "" && !s.mediaDue(known): // what may be had by now is tried again
			m.Words = failedWords[known.Why]
		default:
			m.URL, m.Preview = at.as(shapeFull), at.as(shapeSmall)
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

// FileAddresses are where apps have a file of another's post from: the whole of it
// and a small picture; "" for what this server does not hand out.
func (s *Service) FileAddresses(p store.Post, n int, scope Scope) (whole, small string) {
	m := s.othersFile(p, n, scope, store.RemoteMedia{})
	if m.Play != "" {
		m.URL = m.Play
	}
	return s.absolute(m.URL), s.absolute(m.Preview)
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

// IsBlurhash says whether a text may be one.
func IsBlurhash(text string) bool {
	_, _, _, ok := averageColour(text)
	return ok && len(text) < 200 && !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(base83, r) })
}

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
