package markup

import (
	"bytes"
	"strings"

	"dassie/federation/ap"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxOpen is how many elements may be open at once; deeper tags are left out and
// their text kept.
const maxOpen = 40

// CleanHTML turns a stranger's HTML into HTML that may stand on our pages: only
// the elements, attributes and classes that Mastodon keeps, only http(s) links,
// every element closed. Scripts, styles and other raw text go, other elements
// leave their text, an image its alt text. Text that is made invisible or turned
// around is shown as it is, and a link whose text looks like an address shows the
// one it leads to.
//
// Of more than ap.MaxContent bytes the rest is cut off. A result that is not
// longer than that is the same when cleaned again. Time is linear in the length.
func CleanHTML(remote string) string {
	remote = strings.ToValidUTF8(remote[:min(len(remote), ap.MaxContent)], "\ufffd")
	room := len(remote) + len(remote)/4 + 64
	safe := bytes.NewBuffer(make([]byte, 0, room))
	if err := policy.SanitizeReaderToWriter(strings.NewReader(remote), safe); err != nil {
		return "" // the reader has no errors: bluemonday met something unknown to it
	}
	c := cleaner{z: html.NewTokenizer(safe), out: make([]byte, 0, room)}
	for {
		switch c.z.Next() {
		case html.ErrorToken: // the end; a buffer has no other error
			c.closeTo(0)
			return string(c.out)
		case html.TextToken:
			c.text(c.z.Text())
		case html.StartTagToken, html.SelfClosingTagToken: // HTML ignores the slash
			c.start()
		case html.EndTagToken:
			c.end()
		}
	}
}

// cleaner copies what came through the policy. open mirrors what a browser would have open, so
// that the output is parsed as it was meant.
type cleaner struct {
	z       *html.Tokenizer
	out     []byte
	open    [maxOpen]atom.Atom
	n       int  // elements open
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

func (c *cleaner) start() {
	name, hasAttr := c.z.TagName()
	tag := atom.Lookup(name)
	r := roleOf(tag)
	switch r {
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
