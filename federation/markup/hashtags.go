package markup

import (
	"html"
	"strings"
)

// LinkHashtags leads the hashtags in HTML that CleanHTML, Markdown or Plain made to
// other pages, in this server's own form. A tag comes without #, as it is written;
// for "" its link stays as it is.
func LinkHashtags(safe string, to func(tag string) string) string {
	var out strings.Builder
	rest := safe
	for {
		start := strings.Index(rest, "<a ")
		if start < 0 {
			break
		}
		// No attribute holds a bare > or ", and links do not stand in links.
		opens := strings.IndexByte(rest[start:], '>') + 1
		closes := strings.Index(rest[start:], "</a>")
		if opens == 0 || closes < opens {
			break
		}
		opening, text := rest[start:start+opens], rest[start+opens:start+closes]
		page := ""
		if tag := hashtagOf(opening, text); tag != "" {
			page = to(tag)
		}
		out.WriteString(rest[:start])
		if page != "" {
			opening = `<a href="` + string(appendAttr(nil, page)) + `" class="mention hashtag" rel="tag">`
		}
		out.WriteString(opening)
		out.WriteString(text)
		rest = rest[start+closes:]
	}
	out.WriteString(rest)
	return out.String()
}

// hashtagOf is the hashtag that a link is marked as and reads as, "" for none.
func hashtagOf(opening, text string) string {
	_, after, _ := strings.Cut(opening, ` class="`)
	classes, _, _ := strings.Cut(after, `"`)
	if !strings.Contains(" "+classes+" ", " hashtag ") && !strings.Contains(opening, ` rel="tag`) {
		return ""
	}
	var words strings.Builder
	for {
		before, element, ok := strings.Cut(text, "<")
		words.WriteString(before)
		if !ok {
			break
		}
		_, text, _ = strings.Cut(element, ">")
	}
	tag, ok := strings.CutPrefix(html.UnescapeString(words.String()), "#")
	if !ok {
		return ""
	}
	return tag
}
