package markup

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// maxPageWords is how many bytes of one text of a page are looked at.
const maxPageWords = 4 << 10

// Page is what a web page says of itself, as plain text (T34). Nothing of it is
// true because it stands there.
type Page struct {
	Title       string
	Description string
	Site        string
	Language    string
	Author      string
	Creator     string // the fediverse:creator, a handle as it was written
	Image       string // address, perhaps relative
	ImageAlt    string
}

// metaNames are the names under which pages tell each part, the best first.
var metaNames = map[string][]string{
	"title":       {"og:title", "twitter:title"},
	"description": {"og:description", "twitter:description", "description"},
	"site":        {"og:site_name", "application-name"},
	"author":      {"author", "article:author"},
	"creator":     {"fediverse:creator"},
	"image":       {"og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"},
	"image alt":   {"og:image:alt", "twitter:image:alt"},
}

// ReadPage reads the OpenGraph, Twitter and plain HTML words of a page, which may
// be cut off anywhere. contentType is the header, which may name the encoding.
func ReadPage(body []byte, contentType string) Page {
	var p Page
	told := map[string]string{}
	title := ""
	z := html.NewTokenizer(decoded(body, contentType))
	for inTitle := false; ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind == html.TextToken {
			if inTitle && title == "" {
				title = words(z.Text())
			}
			inTitle = false
			continue
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		name, more := z.TagName()
		switch tag := atom.Lookup(name); {
		case tag == atom.Body && (title != "" || told["og:title"] != ""):
			return p.fill(told, title) // what follows is the page's text, which others may have written
		case tag == atom.Title:
			inTitle = true
		case tag == atom.Html && p.Language == "":
			p.Language = attribute(z, more, "lang")["lang"]
		case tag == atom.Meta:
			a := attribute(z, more, "name", "property", "content")
			for _, key := range []string{a["property"], a["name"]} {
				key = strings.ToLower(strings.TrimSpace(key))
				if key != "" && told[key] == "" && len(told) < 200 {
					told[key] = a["content"]
				}
			}
		}
	}
	return p.fill(told, title)
}

func (p Page) fill(told map[string]string, title string) Page {
	best := func(part string) string {
		for _, name := range metaNames[part] {
			if text := Inline(told[name]); text != "" {
				return text
			}
		}
		return ""
	}
	p.Title, p.Description, p.Site = best("title"), best("description"), best("site")
	if p.Title == "" {
		p.Title = Inline(title)
	}
	p.Author, p.Creator = best("author"), best("creator")
	if strings.Contains(p.Author, "://") {
		p.Author = "" // a profile at some other company
	}
	p.Image, p.ImageAlt = best("image"), best("image alt")
	return p
}

// attribute reads some attributes of the current tag; of one that is repeated the
// first counts.
func attribute(z *html.Tokenizer, more bool, names ...string) map[string]string {
	found := map[string]string{}
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		if key := string(k); slices.Contains(names, key) {
			if _, twice := found[key]; !twice {
				found[key] = words(v)
			}
		}
	}
	return found
}

func words(text []byte) string {
	return strings.ToValidUTF8(string(text[:min(len(text), maxPageWords)]), "")
}

// decoded turns a page into UTF-8: by the header, a mark at its beginning, or what
// its first bytes say (HTML 13.2.3.2).
func decoded(body []byte, contentType string) io.Reader {
	r, err := charset.NewReader(bytes.NewReader(body), contentType)
	if err != nil {
		return bytes.NewReader(body)
	}
	return r
}

// LinksBack says whether a page has a link with rel="me" to exactly one of these
// addresses, as an element a, area or link.
func LinksBack(body []byte, contentType string, to ...string) bool {
	z := html.NewTokenizer(decoded(body, contentType))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			if tag := atom.Lookup(name); tag != atom.A && tag != atom.Area && tag != atom.Link {
				continue
			}
			a := attribute(z, more, "rel", "href")
			if hasClass([]byte(strings.ToLower(a["rel"])), "me") && slices.Contains(to, strings.TrimSpace(a["href"])) {
				return true
			}
		}
	}
}
