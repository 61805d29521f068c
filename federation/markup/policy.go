package markup

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html/atom"
)

// role is what becomes of an element. One that has none is unknown: its tags are
// dropped and its text stays.
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
	gone    // dropped with its text, which is not meant to be read
)

func roleOf(a atom.Atom) role { return roles[a] }

// roles has every element that the policy knows. Only those are gone that a
// parser reads as raw text (HTML 13.2.5.2 to 5): they end without fail where a
// browser ends them. Of an svg or object, which may never be closed, the text
// stays, so that it cannot take the rest of a post with it.
var roles = rolesOf(map[role][]atom.Atom{
	inline: {atom.Span, atom.Abbr, atom.Del, atom.S, atom.B, atom.Strong, atom.U, atom.Sub, atom.Sup, atom.I, atom.Em, atom.Code, atom.Ruby},
	block: {atom.P, atom.Pre, atom.Blockquote, atom.Ul, atom.Ol,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6},
	item:      {atom.Li},
	ruby:      {atom.Rt, atom.Rp},
	link:      {atom.A},
	lineBreak: {atom.Br},
	breaker: {atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Aside, atom.Nav, atom.Figure, atom.Figcaption,
		atom.Dl, atom.Dt, atom.Dd, atom.Table, atom.Caption, atom.Tr, atom.Hr, atom.Details, atom.Summary, atom.Fieldset, atom.Legend,
		atom.Form, atom.Address, atom.Center},
	cell:  {atom.Td, atom.Th},
	image: {atom.Img},
	gone: {atom.Script, atom.Style, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript, atom.Plaintext, atom.Textarea, atom.Title,
		atom.Xmp},
})

func rolesOf(lists map[role][]atom.Atom) map[atom.Atom]role {
	m := make(map[atom.Atom]role)
	for r, tags := range lists {
		for _, tag := range tags {
			m[tag] = r
		}
	}
	return m
}

// policy is the gate that every stranger's HTML goes through first: what it does
// not allow never reaches the walk. Elements that the walk turns into breaks,
// spaces and alternative text pass without attributes of use to anybody else.
// It is not changed once built, and so may be shared.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	// Not raw text, or nothing that has an end tag.
	p.AllowElementsContent("frame", "frameset", "nostyle", "object")
	for tag, r := range roles {
		if r == gone {
			p.SkipElementsContent(tag.String())
		} else {
			p.AllowNoAttrs().OnElements(tag.String())
		}
	}
	// By scheme here and as a whole in linkable; bluemonday's own reading would
	// write host names of other scripts as %XX, which are other links.
	p.AllowAttrs("href").Matching(regexp.MustCompile(`^\s*(?i:https?)://`)).OnElements("a")
	// Other software's classes stand beside those that we keep.
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^[\w\s-]*$`)).OnElements("a", "span", "p")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^[\w\s-]*$`)).OnElements("a")
	p.AllowAttrs("translate").Matching(regexp.MustCompile(`^no$`)).OnElements("a")
	p.AllowAttrs("title").OnElements("a", "abbr")
	p.AllowAttrs("alt").OnElements("img")
	number := regexp.MustCompile(`^-?[0-9]{1,9}$`)
	p.AllowAttrs("start").Matching(number).OnElements("ol")
	p.AllowAttrs("reversed").OnElements("ol")
	p.AllowAttrs("value").Matching(number).OnElements("li")
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,35}$`)).Globally()
	return p
}
