package markup

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// maxWords is how many bytes of a title or an alternative text are kept.
const maxWords = 1000

// attributes are those of one element that passed the policy.
type attributes struct {
	href, title, lang, alt, start, value string
	classes                              []byte
	tagRel, noTranslate, reversed, hides bool
}

func (c *cleaner) attributes(more, inLink bool) attributes {
	var a attributes
	var seen [8]bool // of a repeated attribute the first counts
	set := func(i int, to *string, v []byte) {
		if !seen[i] {
			seen[i], *to = true, string(v)
		}
	}
	for more {
		var k, v []byte
		k, v, more = c.z.TagAttr()
		switch string(k) {
		case "href":
			set(0, &a.href, bytes.TrimSpace(v))
		case "title":
			set(1, &a.title, v[:min(len(v), maxWords)])
		case "lang":
			set(2, &a.lang, v)
		case "alt":
			set(3, &a.alt, v[:min(len(v), maxWords)])
		case "start":
			set(4, &a.start, v)
		case "value":
			set(5, &a.value, v)
		case "class":
			if !seen[6] {
				seen[6] = true
				a.classes, a.hides = keptClasses(v, inLink)
			}
		case "rel":
			if !seen[7] {
				seen[7] = true
				a.tagRel = len(v) < 200 && bytes.Contains(append(append([]byte(" "), v...), ' '), []byte(" tag "))
			}
		case "translate":
			a.noTranslate = true
		case "reversed":
			a.reversed = true
		}
	}
	// The cut may have gone through a character.
	a.title, a.alt = strings.ToValidUTF8(a.title, ""), strings.ToValidUTF8(a.alt, "")
	return a
}

// keptClasses keeps the classes that our style sheet knows. Those that hide text
// count only in links, whose text is then judged as a whole.
func keptClasses(v []byte, inLink bool) (kept []byte, hides bool) {
	if len(v) > 500 {
		return nil, false
	}
	kept = make([]byte, 0, len(v))
	for class := range bytes.FieldsSeq(v) {
		switch string(class) {
		case "mention", "hashtag", "u-url", "h-card", "quote-inline":
		case "invisible", "ellipsis":
			if !inLink {
				continue
			}
			hides = true
		default:
			continue
		}
		if len(kept) > 0 {
			kept = append(kept, ' ')
		}
		kept = append(kept, class...)
	}
	return kept, hides
}

// write appends the attributes in a fixed order; every link gets our rel.
func (a *attributes) write(out []byte, tag atom.Atom) []byte {
	attr := func(name, value string) {
		before := len(out)
		out = append(append(append(out, ' '), name...), `="`...)
		start := len(out)
		if out = appendAttr(out, value); len(out) == start {
			out = out[:before] // nothing, or nothing that shows
			return
		}
		out = append(out, '"')
	}
	attr("href", a.href)
	attr("class", string(a.classes))
	switch {
	case a.tagRel:
		attr("rel", "tag nofollow noopener")
	case tag == atom.A:
		attr("rel", "nofollow noopener")
	}
	if a.noTranslate {
		attr("translate", "no")
	}
	attr("start", a.start)
	if a.reversed {
		out = append(out, " reversed"...)
	}
	attr("value", a.value)
	attr("title", a.title)
	attr("lang", a.lang)
	return out
}
