package assets

import (
	"html/template"
	"strings"
)

// Emoji is a picture that stands for a word between colons.
type Emoji struct {
	Shortcode string // without colons: letters, digits and _ only
	URL       string // path of the picture on this server
}

// mostEmojis is how many pictures one text may have; further words stay words.
const mostEmojis = 200

// Pictured is plain text as HTML, with the pictures that its words between
// colons stand for.
func Pictured(text string, emojis []Emoji) template.HTML {
	out := template.HTMLEscapeString(text)
	if len(emojis) == 0 || !strings.Contains(out, ":") {
		return template.HTML(out)
	}
	return template.HTML(PictureWords(emojis)(out))
}

// PictureWords puts pictures for words between colons into pieces of one text,
// which are HTML without tags. A colon within a word, as in 12:30:15, is none of
// theirs.
func PictureWords(emojis []Emoji) func(piece string) string {
	urls := make(map[string]string, len(emojis))
	for _, e := range emojis {
		if isShortcode(e.Shortcode) {
			urls[e.Shortcode] = e.URL
		}
	}
	left := mostEmojis
	return func(piece string) string {
		var b strings.Builder
		done := 0
		for at := 0; left > 0; {
			i := strings.IndexByte(piece[at:], ':')
			if i < 0 {
				break
			}
			from := at + i
			end := from + 1
			for end < len(piece) && shortcodeByte(piece[end]) {
				end++
			}
			if end == len(piece) || piece[end] != ':' {
				at = end
				continue
			}
			url := urls[piece[from+1:end]]
			if url == "" || from > 0 && shortcodeByte(piece[from-1]) || end+1 < len(piece) && shortcodeByte(piece[end+1]) {
				at = end // this colon may begin a word
				continue
			}
			b.WriteString(piece[done:from])
			writeEmoji(&b, piece[from:end+1], url)
			at, done = end+1, end+1
			left--
		}
		if done == 0 {
			return piece
		}
		b.WriteString(piece[done:])
		return b.String()
	}
}

func writeEmoji(b *strings.Builder, word, url string) {
	b.WriteString(`<img class="emoji" src="` + template.HTMLEscapeString(url) + `" width="20" height="20" alt="` + word + `" title="` + word + `" loading="lazy">`)
}

func isShortcode(s string) bool {
	for i := range len(s) {
		if !shortcodeByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func shortcodeByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
