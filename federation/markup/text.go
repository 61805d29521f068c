package markup

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text is the text of HTML for search, notices and feeds: paragraphs are parted
// by an empty line, <br> and list items by a newline, and links show in full.
func Text(source string) string {
	z := html.NewTokenizer(strings.NewReader(strings.ToValidUTF8(source, "\ufffd")))
	var t textWriter
	raw, pre := false, 0 // raw: text follows that nobody reads
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return strings.TrimSpace(t.b.String())
		}
		if kind == html.TextToken {
			if !raw {
				t.text(string(z.Text()), pre > 0)
			}
			raw = false
			continue
		}
		name, more := z.TagName()
		tag := atom.Lookup(name)
		isEnd := kind == html.EndTagToken
		raw = roleOf(tag) == gone && !isEnd
		switch roleOf(tag) {
		case block:
			t.newlines(2)
			if tag == atom.Pre && !isEnd {
				pre++
			} else if tag == atom.Pre && pre > 0 {
				pre--
			}
		case item, breaker:
			t.newlines(1)
			if tag == atom.Li && !isEnd {
				t.text("- ", true)
			}
		case lineBreak:
			t.newlines(t.pending + 1)
		case cell:
			t.text(" ", false)
		case image:
			for more {
				var k, v []byte
				if k, v, more = z.TagAttr(); string(k) == "alt" {
					t.text(string(v[:min(len(v), 1000)]), false)
				}
			}
		}
	}
}

// textWriter joins pieces of text with at most two newlines between them.
type textWriter struct {
	b       strings.Builder
	pending int  // newlines before the next text
	space   bool // a space before the next text
}

func (t *textWriter) newlines(n int) {
	t.pending, t.space = max(t.pending, min(n, 2)), false
}

func (t *textWriter) text(s string, verbatim bool) {
	for _, r := range s {
		switch {
		case hidden(r) || r == '\u00ad':
			continue
		case !verbatim && unicode.IsSpace(r) && r != '\u00a0':
			t.space = true
			continue
		}
		if t.b.Len() > 0 {
			for ; t.pending > 0; t.pending-- {
				t.b.WriteByte('\n')
				t.space = false
			}
			if t.space {
				t.b.WriteByte(' ')
			}
		}
		t.space, t.pending = false, 0
		t.b.WriteRune(r)
	}
}

// Inline is a stranger's name, title or alternative text as one line of plain
// text: HTML elements and character references are resolved, control and
// direction characters removed, runs of space made one. It is "" when nothing
// visible is left. The result is text and must be escaped where HTML is written.
func Inline(remote string) string {
	s := strings.ToValidUTF8(remote, "\ufffd")
	if strings.ContainsAny(s, "<") {
		s = stripTags(s)
	}
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	var b strings.Builder
	space, visible := false, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case hidden(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		visible = visible || !unicode.In(r, unicode.Cf, unicode.Z, unicode.M) && r != '\u3164' && r != '\u115f' && r != '\u2800'
		b.WriteRune(r)
	}
	if !visible {
		return ""
	}
	return b.String()
}

// stripTags drops tags of elements that exist; "<3" and "<me>" are text.
func stripTags(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	var b strings.Builder
	gap := func(tag atom.Atom) {
		switch roleOf(tag) {
		case block, item, breaker, cell, lineBreak:
			b.WriteByte(' ')
		}
	}
	skipping := atom.Atom(0)
	for {
		kind := z.Next()
		raw := string(z.Raw())
		switch kind {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if skipping == 0 {
				b.WriteString(raw)
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			switch {
			case tag == 0 && skipping == 0:
				b.WriteString(raw)
			case skipping == 0 && kind == html.StartTagToken && (tag == atom.Script || tag == atom.Style):
				skipping = tag
			case kind == html.EndTagToken && tag == skipping:
				skipping = 0
			}
			gap(tag)
		}
	}
}

// Excerpt is the beginning of the text of HTML on one line, at most so many
// characters, cut at a space where one is near, with … if something is missing.
func Excerpt(source string, runes int) string {
	text := strings.Join(strings.Fields(Text(source)), " ")
	count, space := 0, 0
	for i, r := range text {
		if r == ' ' {
			space = i
		}
		if count == runes {
			if space > i/2 {
				i = space
			}
			return strings.TrimRight(text[:i], " .,;:–—-") + "…"
		}
		count++
	}
	return text
}

// urlLength is what Mastodon counts for a URL, however long it is.
const urlLength = 23

// CountCharacters is the length of a post as Mastodon counts it: a URL has 23
// characters, of @user@host only @user counts, and what a reader sees as one
// character is one.
func CountCharacters(src string) int {
	n := 0
	scan(strings.ReplaceAll(src, "\r\n", "\n"), func(t token) {
		switch {
		case t.kind == urlToken:
			n += urlLength
		case t.kind == mentionToken && t.host != "":
			n += 1 + len(t.user)
		default:
			n += visibleCharacters(t.raw)
		}
	})
	return n
}

// visibleCharacters counts grapheme clusters, near enough (UAX 29 3.1.1): marks,
// variation selectors, joined emoji, skin tones and pairs of flag letters do not
// count again.
func visibleCharacters(s string) int {
	n := 0
	joined, flag := false, false
	for _, r := range s {
		isFlag := r >= 0x1f1e6 && r <= 0x1f1ff
		switch {
		case r == 0x200d:
			joined = true
			continue
		case unicode.In(r, unicode.Mn, unicode.Me) || r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0020 && r <= 0xe007f:
		case joined && r > 0x2000:
		case isFlag && flag:
			isFlag = false
		default:
			n++
		}
		joined, flag = false, isFlag
	}
	return n
}
