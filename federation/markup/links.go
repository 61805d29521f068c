package markup

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// FirstLink is the address of the first link in a cleaned post that is neither a
// mention nor a hashtag nor the link that stands for a quote, nor one that skip
// names; "" if there is none.
func FirstLink(content string, skip func(href string) bool) string {
	found := ""
	eachLink(content, func(href string, class []byte) bool {
		if hasClass(class, "mention") || hasClass(class, "hashtag") || hasClass(class, "quote-inline") || skip != nil && skip(href) {
			return true
		}
		found = href
		return false
	})
	return found
}

// eachLink calls do with the links of cleaned HTML, but for those inside of what
// is marked as the link of a quote, until it returns false.
func eachLink(content string, do func(href string, class []byte) bool) {
	if !strings.Contains(content, "<a ") {
		return // most posts have none
	}
	z := html.NewTokenizer(strings.NewReader(content))
	var quote atom.Atom // the element of a quote's link that is open …
	depth := 0          // … and how deep in elements of its kind
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.EndTagToken:
			name, _ := z.TagName()
			if depth > 0 && atom.Lookup(name) == quote {
				depth--
			}
		case html.StartTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			href, class, rel := "", []byte(nil), ""
			for more {
				var k, v []byte
				k, v, more = z.TagAttr()
				switch string(k) {
				case "href":
					href = string(v)
				case "class":
					class = append(class, v...)
				case "rel":
					rel = string(v)
				}
			}
			switch {
			case depth > 0:
				if tag == quote {
					depth++
				}
			case tag == atom.A:
				if isTag := hasClass([]byte(rel), "tag"); !isTag && linkable(href) && !do(href, class) {
					return
				}
			case hasClass(class, "quote-inline"):
				quote, depth = tag, 1
			}
		}
	}
}

func hasClass(list []byte, class string) bool {
	for c := range bytes.FieldsSeq(list) {
		if string(c) == class {
			return true
		}
	}
	return false
}

// OnlyLink is the address that the value of a profile's field is a link to, if it
// is that and nothing else; else "".
func OnlyLink(value string) string {
	if !strings.Contains(value, "<a ") {
		return ""
	}
	z := html.NewTokenizer(strings.NewReader(value))
	href, links, inside := "", 0, false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if links != 1 || !linkable(href) {
				return ""
			}
			return href
		case html.TextToken:
			if !inside && len(bytes.TrimSpace(z.Text())) > 0 {
				return ""
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			if name, more := z.TagName(); atom.Lookup(name) == atom.A {
				links, inside = links+1, true
				for more {
					var k, v []byte
					if k, v, more = z.TagAttr(); string(k) == "href" {
						href = string(v)
					}
				}
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == atom.A {
				inside = false
			}
		}
	}
}

// LinksIn lists the addresses that cleaned HTML links to, each once, mentions and
// hashtags left out, at most so many.
func LinksIn(content string, most int) []string {
	var list []string
	seen := map[string]bool{}
	eachLink(content, func(href string, class []byte) bool {
		if !hasClass(class, "mention") && !hasClass(class, "hashtag") && !seen[href] {
			seen[href] = true
			list = append(list, href)
		}
		return len(list) < most
	})
	return list
}

// Link is an address as a link that shows where it leads and nothing else.
func Link(href string) string {
	if !linkable(href) {
		return string(appendText(nil, href))
	}
	var w writer
	w.url(href)
	return string(w.out)
}
