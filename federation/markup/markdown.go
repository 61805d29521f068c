package markup

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"dassie/federation/ap"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxMarkdown is the longest text that is parsed as Markdown, in bytes; the
// description of a PeerTube video, the longest kind met, has 10,000 characters.
const maxMarkdown = 64 << 10

// Markdown turns CommonMark with strikethrough, footnotes and bare links into
// HTML that other servers keep. HTML in the source is shown as it was typed,
// images become links, single newlines are kept as <br>. Mentions and hashtags
// are found outside of code and links; a backslash before them keeps them text.
// A source that is too long or too deeply nested to be parsed in bounded time is
// rendered as plain text.
func Markdown(src string, l Links) (Rendered, error) {
	if len(src) > MaxSource {
		return Rendered{}, fmt.Errorf("render Markdown: %w", ErrTooLong)
	}
	if len(src) > maxMarkdown || nested(src) {
		return Plain(src, l)
	}
	source := []byte(strings.ReplaceAll(strings.ToValidUTF8(src, "\ufffd"), "\x00", ""))
	w := &nodeWriter{writer: newWriter(l), source: source}
	w.block(markdownParser.Parse(text.NewReader(source)), 0)
	return w.rendered(), nil
}

// nested finds texts that would be parsed in more than linear time: line after
// line of quotes in quotes in quotes, or brackets and stars by the thousand. No
// person types them.
func nested(src string) bool {
	const most = 2000
	if strings.Count(src, "[") > most || strings.Count(src, "*")+strings.Count(src, "_")+strings.Count(src, "~") > 5*most ||
		strings.Count(src, "`") > 5*most || strings.Count(src, "<") > 5*most {
		return true
	}
	for line := range strings.SplitSeq(src, "\n") {
		if containers(line) > 50 {
			return true
		}
	}
	return false
}

// containers counts the quotes and list items that a line may open.
func containers(line string) (n int) {
	for i := range len(line) {
		switch c := line[i]; {
		case c == '>':
			n++
		case c == '-' || c == '+' || c == '*' || c == '.' || c == ')':
			if i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') {
				n++
			}
		case c != ' ' && c != '\t' && (c < '0' || c > '9'):
			return n
		}
	}
	return n
}

// markdownParser knows no HTML. Parsers keep no state between texts.
var markdownParser = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(extension.NewFootnoteBlockParser(), 999),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(extension.NewFootnoteParser(), 101),
		util.Prioritized(parser.NewLinkParser(), 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(nameParser{}, 600),
		util.Prioritized(urlParser{}, 999),
	),
	parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	parser.WithASTTransformers(util.Prioritized(extension.NewFootnoteASTTransformer(), 999)),
)

// tokenNode is a mention, hashtag or bare URL in the syntax tree.
type tokenNode struct {
	ast.BaseInline
	token
}

var kindToken = ast.NewNodeKind("Token")

func (n *tokenNode) Kind() ast.NodeKind            { return kindToken }
func (n *tokenNode) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// nameParser finds mentions and hashtags.
type nameParser struct{}

func (nameParser) Trigger() []byte { return []byte{'@', '#'} }

func (nameParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	prev := block.PrecendingCharacter()
	if len(line) < 2 || prev == rune(line[0]) {
		return nil
	}
	const longest = 700 // @user@host, or 100 characters of a hashtag
	t := matchAt(head(line, longest), prev)
	if t.kind == textToken {
		return nil
	}
	block.Advance(len(t.raw))
	return &tokenNode{token: t}
}

// urlParser finds bare URLs at the start of a line, after a space, or after the
// punctuation that stands before them. The parser of goldmark's own extension
// ends URLs at letters beyond ASCII.
type urlParser struct{}

func (urlParser) Trigger() []byte { return []byte(` (*_~"',:;-=>|.!`) }

func (urlParser) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	prev, skip := block.PrecendingCharacter(), 0
	if len(line) > 0 && line[0] != 'h' && line[0] != 'H' {
		prev, skip = rune(line[0]), 1
	}
	if len(line) < skip+4 || !bytes.EqualFold(line[skip:skip+4], []byte("http")) {
		return nil
	}
	t := matchAt(head(line[skip:], ap.MaxID+utf8.UTFMax), prev)
	if t.kind != urlToken {
		return nil
	}
	if skip > 0 {
		ast.MergeOrAppendTextSegment(parent, segment.WithStop(segment.Start+skip))
	}
	block.Advance(skip + len(t.raw))
	return &tokenNode{token: t}
}

// head is the beginning of line, at most so many bytes, as text.
func head(line []byte, most int) string {
	if len(line) > most {
		for !utf8.RuneStart(line[most]) {
			most--
		}
		line = line[:most]
	}
	return string(line)
}
