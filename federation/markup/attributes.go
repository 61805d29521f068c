package markup

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// attributes are those that may stay, of any element.
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
			set(1, &a.title, v[:min(len(v), 1000)])
		case "lang":
			set(2, &a.lang, v[:min(len(v), 36)])
		case "alt":
			set(3, &a.alt, v[:min(len(v), 1000)])
		case "start":
			set(4, &a.start, v[:min(len(v), 12)])
		case "value":
			set(5, &a.value, v[:min(len(v), 12)])
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
			a.noTranslate = a.noTranslate || string(v) == "no"
		case "reversed":
			a.reversed = true
		}
	}
	a.title, a.alt = strings.ToValidUTF8(a.title, ""), strings.ToValidUTF8(a.alt, "")
	return a
}

// keptClasses keeps the classes that our style sheet knows. Those that hide text
// count only in links, whose text is then judged as a whole.
func keptClasses(v []byte, inLink bool) (kept []byte, hides bool) {
	if len(v) > 500 {
		return nil, false
	}
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

// write appends the attributes that tag may have, in a fixed order.
func (a *attributes) write(out []byte, tag atom.Atom) []byte {
	attr := func(name, value string) {
		out = append(append(append(out, ' '), name...), `="`...)
		out = append(appendAttr(out, value), '"')
	}
	if tag == atom.A {
		attr("href", a.href)
	}
	if len(a.classes) > 0 && (tag == atom.A || tag == atom.Span || tag == atom.P) {
		attr("class", string(a.classes))
	}
	switch tag {
	case atom.A:
		if a.tagRel {
			attr("rel", "tag nofollow noopener")
		} else {
			attr("rel", "nofollow noopener")
		}
		if a.noTranslate {
			attr("translate", "no")
		}
	case atom.Ol:
		if n, err := strconv.ParseInt(a.start, 10, 32); err == nil {
			attr("start", strconv.FormatInt(n, 10))
		}
		if a.reversed {
			out = append(out, " reversed"...)
		}
	case atom.Li:
		if n, err := strconv.ParseInt(a.value, 10, 32); err == nil {
			attr("value", strconv.FormatInt(n, 10))
		}
	}
	if a.title != "" && (tag == atom.A || tag == atom.Abbr) {
		attr("title", a.title)
	}
	if validLang(a.lang) {
		attr("lang", a.lang)
	}
	return out
}

func validLang(s string) bool {
	if s == "" || len(s) > 35 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
