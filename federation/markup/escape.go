package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden tells whether r is a character that shows nothing and can mislead:
// controls, and those that change the direction or order of the text around
// them. Marks that only state a direction, and joiners, which scripts and emoji
// need, stay.
func hidden(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\t' && r != '\n'
	case r < 0x7f:
		return false
	case r <= 0x9f:
		return true
	case r < 0x202a:
		return false
	}
	return r <= 0x202e || r >= 0x2066 && r <= 0x206f || r == 0xfeff || r >= 0xfff9 && r <= 0xfffb || r&0xfffe == 0xfffe
}

// appendText appends s as HTML text, without hidden characters.
func appendText[T string | []byte](out []byte, s T) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			var entity string
			switch {
			case c == '<':
				entity = "&lt;"
			case c == '>':
				entity = "&gt;"
			case c == '&':
				entity = "&amp;"
			case c >= 0x20 && c != 0x7f || c == '\n' || c == '\t':
				i++
				continue
			}
			out = append(append(out, s[start:i]...), entity...)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if hidden(r) || r == utf8.RuneError && size == 1 {
			out = append(out, s[start:i]...)
			start = i + size
		}
		i += size
	}
	return append(out, s[start:]...)
}

// appendAttr appends s as the value of a double-quoted attribute.
func appendAttr(out []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return appendText(out, s)
		}
		out = append(appendText(out, s[:i]), "&#34;"...)
		s = s[i+1:]
	}
}

// shownURL is how many characters of a URL are shown.
const shownURL = 30

// appendURL appends the shortened form of a URL as link text, in the way of
// Mastodon: scheme and the far end are there, but marked to be hidden.
func appendURL(out []byte, href string) []byte {
	scheme, rest, _ := strings.Cut(href, "://")
	scheme += "://"
	if len(rest) > 4 && strings.EqualFold(rest[:4], "www.") {
		scheme, rest = scheme+rest[:4], rest[4:]
	}
	rest = readable(rest)
	out = append(out, `<span class="invisible">`...)
	out = append(appendText(out, scheme), "</span>"...)
	// The host is always shown whole: a part of it would be another host.
	n := strings.IndexAny(rest+"/", "/?#")
	for count := utf8.RuneCountInString(rest[:n]); n < len(rest) && count < shownURL; count++ {
		_, size := utf8.DecodeRuneInString(rest[n:])
		n += size
	}
	if n == len(rest) {
		return appendText(out, rest)
	}
	out = append(out, `<span class="ellipsis">`...)
	out = append(appendText(out, rest[:n]), `</span><span class="invisible">`...)
	return append(appendText(out, rest[n:]), "</span>"...)
}

// readable decodes %XX in the path where all that comes out is letters and
// digits beyond ASCII; else the text stays as it is.
func readable(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c := unhex(s[i+1])<<4 | unhex(s[i+2]); unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16 && c >= utf8.RuneSelf {
				out = append(out, c)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	if !utf8.Valid(out) {
		return s
	}
	for _, r := range string(out) {
		if r >= utf8.RuneSelf && !unicode.In(r, unicode.L, unicode.N, unicode.M) {
			return s
		}
	}
	return string(out)
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
