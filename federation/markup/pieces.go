package markup

import "strings"

// InText replaces the pieces of text between the tags of clean HTML by what put
// makes of them: HTML of theirs, where emojis are pictures. Attributes stay as they
// are, and so does code, whose colons are its own.
func InText(clean string, put func(piece string) string) string {
	var out strings.Builder
	code := 0
	for clean != "" {
		text, rest, tagged := strings.Cut(clean, "<")
		if text != "" {
			if code == 0 {
				text = put(text)
			}
			out.WriteString(text)
		}
		if !tagged {
			break
		}
		end := tagEnd(rest)
		tag := rest[:end]
		out.WriteByte('<')
		out.WriteString(tag)
		clean = rest[end:]
		switch name := tagName(tag); name {
		case "code", "pre":
			code++
		case "/code", "/pre":
			code = max(code-1, 0)
		}
	}
	return out.String()
}

// tagEnd is the length of a tag after its <, with its >. Attributes may hold
// anything but the quote around them (HTML 13.2.5.36).
func tagEnd(s string) int {
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(s)
}

func tagName(tag string) string {
	if i := strings.IndexAny(tag, " >\t\n"); i >= 0 {
		tag = tag[:i]
	}
	return tag
}
