package markup

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxOpen is how many elements may be open at once; deeper tags are left out and
// their text kept.
const maxOpen = 40

// CleanHTML turns a stranger's HTML into HTML that may stand on our pages: only
// the elements, attributes and classes that Mastodon keeps, only http(s) links,
// every element closed. Scripts, styles, forms' inner parts and foreign content
// go with their text, other elements leave theirs; an image leaves its alt text.
// Text that is made invisible or turned around is shown as it is, and a link
// whose text looks like an address shows the one it leads to.
//
// The result cleaned again is the same. Time is linear in the length.
func CleanHTML(remote string) string {
	c := cleaner{
		z:   html.NewTokenizer(strings.NewReader(strings.ToValidUTF8(remote, "\ufffd"))),
		out: make([]byte, 0, len(remote)+len(remote)/4+64),
	}
	for {
		switch c.z.Next() {
		case html.ErrorToken: // the end; a strings.Reader has no other error
			c.closeTo(0)
			return string(c.out)
		case html.TextToken:
			if c.skip == 0 {
				c.text(c.z.Text())
			}
		case html.StartTagToken:
			c.start(false)
		case html.SelfClosingTagToken:
			c.start(true)
		case html.EndTagToken:
			c.end()
		}
	}
}

type role uint8

const (
	unknown role = iota
	inline       // kept
	block        // kept, closes an open p
	item         // li
	ruby         // rt, rp: close one another
	link
	lineBreak
	breaker // dropped, but parts the text on both sides
	cell    // dropped, leaves a space
	image   // leaves its alt text
	gone    // dropped with everything inside
)

func roleOf(a atom.Atom) role {
	switch a {
	case atom.Span, atom.Abbr, atom.Del, atom.S, atom.B, atom.Strong, atom.U, atom.Sub, atom.Sup, atom.I, atom.Em, atom.Code, atom.Ruby:
		return inline
	case atom.P, atom.Pre, atom.Blockquote, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return block
	case atom.Li:
		return item
	case atom.Rt, atom.Rp:
		return ruby
	case atom.A:
		return link
	case atom.Br:
		return lineBreak
	case atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Aside, atom.Nav, atom.Figure, atom.Figcaption,
		atom.Dl, atom.Dt, atom.Dd, atom.Table, atom.Caption, atom.Tr, atom.Hr, atom.Details, atom.Summary, atom.Fieldset, atom.Legend,
		atom.Form, atom.Address, atom.Center:
		return breaker
	case atom.Td, atom.Th:
		return cell
	case atom.Img:
		return image
	case atom.Script, atom.Style, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Plaintext, atom.Textarea, atom.Title,
		atom.Xmp, atom.Template, atom.Svg, atom.Math, atom.Object, atom.Applet, atom.Select, atom.Audio, atom.Video, atom.Canvas,
		atom.Datalist, atom.Frameset:
		return gone
	}
	return unknown
}

// cleaner copies what may stay. open mirrors what a browser would have open, so
// that the output is parsed as it was meant.
type cleaner struct {
	z       *html.Tokenizer
	out     []byte
	open    [maxOpen]atom.Atom
	n       int // elements open
	skip    int // elements of the kind skipped that are open
	skipped atom.Atom
	inLine  bool // something stands in the current line
	pending bool // a dropped block ended the line: break before the next text
	anchor  anchor
}

func (c *cleaner) text(s []byte) {
	blank := len(bytes.TrimSpace(s)) == 0
	if !blank {
		c.inlineContent()
	}
	if c.anchor.open {
		c.anchor.text = append(c.anchor.text, s...)
	}
	c.out = appendText(c.out, s)
}

// inlineContent is called before anything that stands in a line.
func (c *cleaner) inlineContent() {
	if c.pending {
		c.out = append(c.out, "<br>"...)
		c.pending = false
	}
	c.inLine = true
}

// parted is called where a kept block begins or ends.
func (c *cleaner) parted() { c.inLine, c.pending = false, false }

func (c *cleaner) start(selfClosing bool) {
	name, hasAttr := c.z.TagName()
	tag := atom.Lookup(name)
	r := roleOf(tag)
	if c.skip > 0 {
		if tag == c.skipped && !selfClosing {
			c.skip++
		}
		return
	}
	switch r {
	case unknown:
		return
	case gone:
		if !selfClosing || tag != atom.Svg && tag != atom.Math { // elsewhere HTML ignores the slash
			c.skipped, c.skip = tag, 1
		}
		return
	case breaker:
		c.pending = c.pending || c.inLine
		return
	case cell:
		if c.inLine && !c.pending {
			c.out = append(c.out, ' ')
		}
		return
	case lineBreak:
		c.out = append(c.out, "<br>"...)
		if c.parted(); c.anchor.open {
			c.anchor.text = append(c.anchor.text, ' ')
		}
		return
	}
	attr := c.attributes(hasAttr, c.anchor.open && r != link)
	if r == image {
		if attr.alt != "" {
			c.text([]byte(attr.alt))
		}
		return
	}
	c.push(tag, r, attr)
}

// push opens an element after closing what its start closes (HTML 13.2.6.4.7).
func (c *cleaner) push(tag atom.Atom, r role, attr attributes) {
	switch r {
	case block, item:
		if r == item && !c.closeItem() {
			c.pending = c.pending || c.inLine // an li outside of a list
			return
		}
		c.closeFrom(c.find(atom.P))
		if c.n > 0 && isHeading(tag) && isHeading(c.open[c.n-1]) {
			c.closeTo(c.n - 1)
		}
	case ruby:
		if c.n > 0 && (c.open[c.n-1] == atom.Rt || c.open[c.n-1] == atom.Rp) {
			c.closeTo(c.n - 1)
		}
	case link:
		c.closeFrom(c.find(atom.A))
		if !linkable(attr.href) {
			return
		}
	}
	if c.n == maxOpen {
		return
	}
	if r == block || r == item {
		c.parted()
	} else {
		c.inlineContent()
	}
	c.open[c.n] = tag
	c.n++
	c.out = append(c.out, '<')
	c.out = append(c.out, tag.String()...)
	c.out = attr.write(c.out, tag)
	c.out = append(c.out, '>')
	if r == link {
		c.anchor = anchor{open: true, href: attr.href, start: len(c.out), text: c.anchor.text[:0]}
	} else if attr.hides {
		c.anchor.hides = true
	}
}

func isHeading(tag atom.Atom) bool {
	switch tag {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// closeItem closes the li that a new one ends, and says whether a list is open.
func (c *cleaner) closeItem() bool {
	for i := c.n - 1; i >= 0; i-- {
		switch c.open[i] {
		case atom.Li:
			c.closeTo(i)
			return true
		case atom.Ul, atom.Ol:
			return true
		}
	}
	return false
}

func (c *cleaner) end() {
	name, _ := c.z.TagName()
	tag := atom.Lookup(name)
	if c.skip > 0 {
		if tag == c.skipped {
			c.skip--
		}
		return
	}
	switch roleOf(tag) {
	case inline, block, item, ruby, link:
		if i := c.find(tag); i >= 0 {
			c.closeTo(i)
		}
	case breaker:
		c.pending = c.pending || c.inLine
	}
}

// find is the place of the innermost open tag, or -1.
func (c *cleaner) find(tag atom.Atom) int {
	for i := c.n - 1; i >= 0; i-- {
		if c.open[i] == tag {
			return i
		}
	}
	return -1
}

func (c *cleaner) closeFrom(i int) {
	if i >= 0 {
		c.closeTo(i)
	}
}

// closeTo closes elements until n are open.
func (c *cleaner) closeTo(n int) {
	for c.n > n {
		c.n--
		tag := c.open[c.n]
		if tag == atom.A {
			c.out = c.anchor.finish(c.out)
			c.anchor.open = false
		}
		c.out = append(c.out, "</"...)
		c.out = append(c.out, tag.String()...)
		c.out = append(c.out, '>')
		if r := roleOf(tag); r == block || r == item {
			c.parted()
		}
	}
}
