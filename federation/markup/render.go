package markup

import (
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// maxNodeDepth is how deep the syntax tree is written; what lies deeper is left out.
const maxNodeDepth = 100

// nodeWriter writes a syntax tree. It knows every node that the parsers make, so
// that nothing but the tags named here can come out.
type nodeWriter struct {
	*writer
	source []byte
}

// block writes n and what is below it.
func (w *nodeWriter) block(n ast.Node, depth int) {
	if depth > maxNodeDepth {
		return
	}
	switch n := n.(type) {
	case *ast.Heading:
		tag := "h" + strconv.Itoa(n.Level) + ">"
		w.html("<" + tag)
		w.inlines(n, depth, false)
		w.html("</" + tag)
	case *ast.Paragraph:
		w.html("<p>")
		w.inlines(n, depth, false)
		w.html("</p>")
	case *ast.TextBlock:
		w.inlines(n, depth, false)
	case *ast.Blockquote:
		w.wrap("blockquote", n, depth)
	case *ast.List:
		tag := "ul"
		if n.IsOrdered() {
			tag = "ol"
		}
		w.html("<" + tag)
		if n.IsOrdered() && n.Start != 1 {
			w.html(` start="` + strconv.Itoa(n.Start) + `"`)
		}
		w.html(">")
		w.blocks(n, depth)
		w.html("</" + tag + ">")
	case *ast.ListItem:
		w.wrap("li", n, depth)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		w.html("<pre><code>")
		lines := n.Lines()
		for i := range lines.Len() {
			line := lines.At(i)
			w.text(string(line.Value(w.source)))
		}
		w.html("</code></pre>")
	case *ast.ThematicBreak: // peers drop <hr>
		w.html("<p>———</p>")
	case *east.FootnoteList:
		w.wrap("ol", n, depth)
	case *east.Footnote:
		w.wrap("li", n, depth)
	default: // the document; link reference definitions have no children
		w.blocks(n, depth)
	}
}

func (w *nodeWriter) wrap(tag string, n ast.Node, depth int) {
	w.html("<" + tag + ">")
	w.blocks(n, depth)
	w.html("</" + tag + ">")
}

func (w *nodeWriter) blocks(n ast.Node, depth int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.block(c, depth+1)
	}
}

func (w *nodeWriter) inlines(n ast.Node, depth int, inLink bool) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			c = w.texts(t)
		} else {
			w.inline(c, depth+1, inLink)
		}
	}
}

// texts writes t and the texts that follow it in the same line, as one: what no
// parser took at a # or @ may stand in the middle of a character reference. It
// gives back the last.
func (w *nodeWriter) texts(t *ast.Text) *ast.Text {
	value := slices.Clip(t.Value(w.source))
	for !t.SoftLineBreak() && !t.HardLineBreak() {
		next, ok := t.NextSibling().(*ast.Text)
		if !ok {
			break
		}
		value = append(value, next.Value(w.source)...)
		t = next
	}
	w.text(unescape(value))
	if t.SoftLineBreak() || t.HardLineBreak() {
		w.html("<br>")
	}
	return t
}

// inline writes n; inLink says that it stands in the text of a link, where
// nothing else may be linked.
func (w *nodeWriter) inline(n ast.Node, depth int, inLink bool) {
	if depth > maxNodeDepth {
		return
	}
	switch n := n.(type) {
	case *ast.String:
		w.text(string(n.Value))
	case *ast.CodeSpan:
		w.html("<code>")
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				w.text(strings.ReplaceAll(string(t.Value(w.source)), "\n", " "))
			}
		}
		w.html("</code>")
	case *ast.Emphasis:
		tag := "em>"
		if n.Level == 2 {
			tag = "strong>"
		}
		w.html("<" + tag)
		w.inlines(n, depth, inLink)
		w.html("</" + tag)
	case *east.Strikethrough:
		w.html("<del>")
		w.inlines(n, depth, inLink)
		w.html("</del>")
	case *ast.Link:
		w.link(n, n.Destination, depth, inLink)
	case *ast.Image:
		w.link(n, n.Destination, depth, inLink)
	case *ast.AutoLink:
		label := string(n.Label(w.source))
		w.bareURL(label, inLink || n.AutoLinkType != ast.AutoLinkURL)
	case *tokenNode:
		w.token(n.token, inLink)
	case *east.FootnoteLink:
		w.html("[" + strconv.Itoa(n.Index) + "]")
	case *east.FootnoteBacklink: // peers drop the ids that it would lead to
	default:
		w.inlines(n, depth, inLink)
	}
}

// link writes a link, or an image as a link, if it leads somewhere that peers
// take; else its text alone.
func (w *nodeWriter) link(n ast.Node, destination []byte, depth int, inLink bool) {
	href := string(util.URLEscape([]byte(unescape(destination)), false))
	if inLink || !linkable(href) {
		w.inlines(n, depth, inLink)
		return
	}
	w.openLink(href)
	if n.HasChildren() {
		w.inlines(n, depth, true)
	} else {
		w.out = appendURL(w.out, href)
	}
	w.html("</a>")
}

func (w *nodeWriter) bareURL(href string, inLink bool) {
	if inLink || !linkable(href) {
		w.text(href)
		return
	}
	w.url(href)
}

func (w *nodeWriter) token(t token, inLink bool) {
	switch {
	case inLink:
		w.text(t.raw)
	case t.kind == mentionToken:
		w.mention(t.user, t.host, t.raw)
	case t.kind == hashtagToken:
		w.hashtag(t.raw)
	default:
		w.url(t.raw)
	}
}

// unescape resolves backslashes and character references (CommonMark 2.4, 2.5);
// an escaped & begins no reference.
func unescape(value []byte) string {
	s := string(value)
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
		case s[i] == '&':
			if end := strings.IndexByte(s[i:min(i+34, len(s))], ';'); end > 0 {
				if r := html.UnescapeString(s[i : i+end+1]); r != s[i:i+end+1] {
					b.WriteString(r)
					i += end
					continue
				}
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
