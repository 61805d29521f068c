package ap

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// readAttachments reads the files of a post. A Video, Audio or Image is its own
// first attachment, when one of its links leads to the medium itself.
func readAttachments(o Object) []Attachment {
	var all []Attachment
	if kind := o.Type(); kind == "Video" || kind == "Audio" || kind == "Image" {
		if a := playable(o, kind); a.URL != "" {
			all = append(all, a)
		}
	}
	each(o["attachment"], func(v any) bool {
		item, ok := asObject(v)
		if s, isText := v.(string); isText {
			item, ok = Object{"type": "Document", "url": s}, true
		}
		if !ok {
			return true
		}
		if a := readAttachment(item); a.URL != "" {
			all = append(all, a)
		}
		return len(all) < MaxAttachments
	})
	return all
}

// readAttachment reads one of Image, Video, Audio, Document, Link and Pixelfed's
// or Misskey's variants; its URL is "" when it is nothing to show.
func readAttachment(o Object) Attachment {
	a := Attachment{Type: o.Type(), MediaType: linkType(o)}
	switch a.Type {
	case "Image", "Video", "Audio", "Document":
	case "Link", "Page": // Lemmy, Mbin: the link that a post is about
		a.Type = "Link"
	default: // PropertyValue, Place, Note …
		return Attachment{}
	}
	each(o["url"], func(v any) bool { // string, Link or array (mastodon#34979)
		if a.URL = webURL(idOf(v)); a.URL != "" {
			if link, ok := asObject(v); ok && a.MediaType == "" {
				a.MediaType = linkType(link)
			}
		}
		return a.URL == ""
	})
	if a.URL == "" {
		a.URL = webURL(o.Str("href"))
	}
	if a.Name = o.Str("name"); a.Name == "" {
		a.Name = o.Str("summary") // GoToSocial
	}
	a.Name = cutRunes(a.Name, MaxAltText)
	a.Width, a.Height = dimension(o, "width"), dimension(o, "height")
	a.Size, a.Seconds = fileSize(o), seconds(o)
	if hash := o.Str("blurhash"); len(hash) >= 6 && len(hash) <= 166 { // 9 x 9 components at most
		a.Blurhash = hash
	}
	if point, ok := o["focalPoint"].([]any); ok && len(point) == 2 {
		x, okX := point[0].(float64)
		y, okY := point[1].(float64)
		if okX && okY && math.Abs(x) <= 1 && math.Abs(y) <= 1 {
			a.FocalX, a.FocalY = x, y
		}
	}
	a.Icon = pictureURL(o, "icon", "image")
	return a
}

func dimension(o Object, key string) int {
	if n, ok := o.Int(key); ok && n > 0 && n <= 1<<20 {
		return int(n)
	}
	return 0
}

// fileSize reads how many bytes a file has (PeerTube); 0 when not told.
func fileSize(o Object) int64 {
	if n, ok := o.Int("size"); ok && n > 0 {
		return n
	}
	return 0
}

// duration is the part of ISO 8601 that films use (AS2 4: xsd:duration).
var duration = regexp.MustCompile(`^PT(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,7}(?:\.[0-9]{1,9})?)S)?$`)

// seconds reads how long a film lasts; a bare number is seconds (Funkwhale). 0
// when not told.
func seconds(o Object) float64 {
	if v, ok := o["duration"].(float64); ok && v > 0 && v < 1e6 {
		return v
	}
	m := duration.FindStringSubmatch(o.Str("duration"))
	if m == nil {
		return 0
	}
	sum := 0.0
	for i, unit := range []float64{3600, 60, 1} {
		n, _ := strconv.ParseFloat(m[i+1], 64) // "" is 0
		sum += n * unit
	}
	return sum
}

// largeFilm is from where on a smaller form of the same film is looked for:
// PeerTube offers several, the largest first.
const largeFilm = 99 << 20

// playable finds the link of a PeerTube Video, a Funkwhale Audio or a Hubzilla
// Image that holds the medium itself; HLS playlists keep theirs in tag.
func playable(o Object, kind string) Attachment {
	a := Attachment{Type: kind, Seconds: seconds(o)}
	a.Icon, _ = cover(o)
	want := strings.ToLower(kind) + "/"
	var find func(v any, depth int) bool
	find = func(v any, depth int) bool {
		link, ok := asObject(v)
		if !ok {
			return true
		}
		if m := linkType(link); strings.HasPrefix(m, want) {
			size := fileSize(link)
			if url := webURL(link.Str("href")); url != "" && (a.URL == "" || size > 0 && size < a.Size) {
				a.URL, a.MediaType, a.Size = url, m, size
				a.Width, a.Height = dimension(link, "width"), dimension(link, "height")
			}
		} else if depth == 0 && a.URL == "" {
			each(link["tag"], func(v any) bool { return find(v, 1) })
		}
		return a.URL == "" || a.Size > largeFilm
	}
	each(o["url"], func(v any) bool { return find(v, 0) })
	return a
}

// cover is the picture that stands for a post, with its alternative text: of
// several thumbnails (PeerTube) the widest.
func cover(o Object) (url, alt string) {
	for _, key := range []string{"image", "icon"} {
		widest := -1
		each(o[key], func(v any) bool {
			one := Object{key: v}
			item, _ := asObject(v)
			if i := readImage(one, key); i.URL != "" && dimension(item, "width") > widest {
				widest, url, alt = dimension(item, "width"), i.URL, i.Name
			}
			return true
		})
		if url != "" {
			return url, alt
		}
	}
	return "", ""
}

// pictureURL is the URL of the picture at the first of keys that has one.
func pictureURL(o Object, keys ...string) string {
	for _, key := range keys {
		if i := readImage(o, key); i.URL != "" {
			return i.URL
		}
	}
	return ""
}

// readTags sorts the tags of a post. Repeated ones count once.
func readTags(o Object, n *Note) {
	seen := make(map[string]bool)
	once := func(kind, key string) bool {
		if key == "" || seen[kind+key] {
			return false
		}
		seen[kind+key] = true
		return true
	}
	looked := 0
	each(o["tag"], func(v any) bool {
		tag, ok := asObject(v)
		if looked++; !ok {
			return looked < MaxItems
		}
		switch tag.Type() {
		case "Mention":
			if href := cutID(tag.FirstID("href")); len(n.Mentions) < MaxMentions && once("@", href) {
				n.Mentions = append(n.Mentions, Mention{href, cut(tag.Str("name"), MaxName)})
			}
		case "Hashtag":
			name := strings.TrimPrefix(strings.TrimSpace(tag.Str("name")), "#")
			if len(n.Hashtags) < MaxHashtags && len(name) <= 255 && once("#", strings.ToLower(name)) {
				n.Hashtags = append(n.Hashtags, Hashtag{name, webURL(tag.FirstID("href"))})
			}
		case "Emoji":
			if e := readEmoji(tag); len(n.Emojis) < MaxEmojis && e.IconURL != "" && once(":", e.Shortcode) {
				n.Emojis = append(n.Emojis, e)
			}
		}
		return looked < MaxItems
	})
}

// readEmoji reads a custom emoji; its IconURL is "" when it cannot be shown.
func readEmoji(tag Object) Emoji {
	code := strings.Trim(tag.Str("name"), ":")
	if code == "" || len(code) > 128 || strings.ContainsFunc(code, func(r rune) bool {
		return r != '_' && r != '-' && r != '+' && r != '.' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return Emoji{}
	}
	icon := readImage(tag, "icon")
	return Emoji{ID: cutID(tag.ID()), Shortcode: code, IconURL: icon.URL, MediaType: icon.MediaType, Updated: tag.Time("updated")}
}

// readPoll is nil when the object has no choices.
func readPoll(o Object) *Poll {
	p := &Poll{VotersCount: -1, Hidden: true}
	for _, key := range []string{"oneOf", "anyOf"} { // Pleroma sends an empty anyOf beside oneOf
		each(o[key], func(v any) bool {
			if item, ok := asObject(v); ok {
				option := PollOption{Name: cut(item.Str("name"), MaxOptionName)}
				if option.Name == "" { // as Mastodon reads it
					option.Name = cut(item.Str("content"), MaxOptionName)
				}
				if _, votes := readCount(item, "replies"); votes >= 0 {
					option.Votes, p.Hidden = votes, false
				} else if n, ok := item.Int("_misskey_votes"); ok && n >= 0 {
					option.Votes, p.Hidden = n, false
				}
				p.Options = append(p.Options, option)
			}
			return len(p.Options) < MaxOptions
		})
		if len(p.Options) > 0 {
			p.Multiple = key == "anyOf"
			break
		}
	}
	if len(p.Options) == 0 {
		return nil
	}
	p.EndTime = o.Time("endTime")
	p.ClosedAt = o.Time("closed")
	p.Closed = o.Bool("closed") || !p.ClosedAt.IsZero()
	if n, ok := o.Int("votersCount"); ok && n >= 0 {
		p.VotersCount = n
	}
	return p
}
