package ap

import (
	"math"
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

// playable finds the link of a PeerTube Video, a Funkwhale Audio or a Hubzilla
// Image that holds the medium itself; HLS playlists keep theirs in tag.
func playable(o Object, kind string) Attachment {
	a := Attachment{Type: kind}
	a.Icon, _ = cover(o)
	want := strings.ToLower(kind) + "/"
	var find func(v any, depth int) bool
	find = func(v any, depth int) bool {
		link, ok := asObject(v)
		if !ok {
			return true
		}
		if m := linkType(link); strings.HasPrefix(m, want) {
			if a.URL = webURL(link.Str("href")); a.URL != "" {
				a.MediaType, a.Width, a.Height = m, dimension(link, "width"), dimension(link, "height")
			}
		} else if depth == 0 {
			each(link["tag"], func(v any) bool { return find(v, 1) })
		}
		return a.URL == ""
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
