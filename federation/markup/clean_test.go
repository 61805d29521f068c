package markup

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/federation/ap"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var allowedAttr = map[string]string{ // element/attribute -> what the value must match
	"a/href":      `^(?i:https?)://\S+$`,
	"a/rel":       `^(tag )?nofollow noopener$|^tag$|^me nofollow noopener$`,
	"a/translate": `^no$`,
	"a/title":     ``,
	"abbr/title":  ``,
	"a/class":     `^(mention|hashtag|u-url|h-card|quote-inline)( (mention|hashtag|u-url|h-card|quote-inline))*$`,
	"span/class":  `^(mention|hashtag|u-url|h-card|quote-inline|invisible|ellipsis)( (mention|hashtag|u-url|h-card|quote-inline|invisible|ellipsis))*$`,
	"p/class":     `^(mention|hashtag|u-url|h-card|quote-inline)( (mention|hashtag|u-url|h-card|quote-inline))*$`,
	"ol/start":    `^-?\d+$`,
	"ol/reversed": `^$`,
	"li/value":    `^-?\d+$`,
}

var allowedTag = regexp.MustCompile(`^(p|br|span|a|abbr|del|s|pre|blockquote|code|b|strong|u|sub|sup|i|em|h[1-6]|ul|ol|li|ruby|rt|rp)$`)

// onlyAllowed parses fragment as a browser does and looks at every node.
func onlyAllowed(t testing.TB, fragment string) {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(fragment), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		t.Fatalf("%.300q: %v", fragment, err)
	}
	for _, root := range nodes {
		check(t, fragment, root)
		for n := range root.Descendants() {
			check(t, fragment, n)
		}
	}
}

func check(t testing.TB, fragment string, n *html.Node) {
	t.Helper()
	switch n.Type {
	case html.TextNode:
		if strings.ContainsFunc(n.Data, hidden) {
			t.Errorf("hidden characters in %.300q", fragment)
		}
		return
	case html.ElementNode:
	default:
		t.Errorf("a node of type %d in %.300q", n.Type, fragment)
		return
	}
	if !allowedTag.MatchString(n.Data) || n.Namespace != "" {
		t.Errorf("<%s> in %.300q", n.Data, fragment)
	}
	for _, a := range n.Attr {
		pattern, ok := allowedAttr[n.Data+"/"+a.Key]
		if a.Key == "lang" {
			pattern, ok = `^[A-Za-z0-9-]{1,35}$`, true
		}
		if !ok || !regexp.MustCompile(pattern).MatchString(a.Val) || a.Namespace != "" {
			t.Errorf("%s=%q on <%s> in %.300q", a.Key, a.Val, n.Data, fragment)
		}
		if strings.Contains(a.Val, "invisible") && n.Parent != nil {
			inLink := false
			for p := range n.Ancestors() {
				inLink = inLink || p.DataAtom == atom.A
			}
			if !inLink {
				t.Errorf("text is hidden outside of a link in %.300q", fragment)
			}
		}
	}
}

// clean cleans twice and checks what came out.
func clean(t testing.TB, s string) string {
	t.Helper()
	out := CleanHTML(s)
	if again := CleanHTML(out); again != out {
		t.Errorf("not the same when cleaned again:\n in   %.300q\n once %.300q\n twice %.300q", s, out, again)
	}
	onlyAllowed(t, out)
	return out
}

func TestCleanHTML(t *testing.T) {
	rel := ` rel="nofollow noopener"`
	shownX := `<span class="invisible">https://</span>x.example/`
	for s, want := range map[string]string{
		"plain & <3":     "plain &amp; &lt;3",
		"<p>a<br/>b</p>": "<p>a<br>b</p>",
		`<p lang="fr" dir=rtl id=x style="color:red" onclick="x()">a</p>`: `<p lang="fr">a</p>`,
		"<b>a<i>b</b>c</i>":                                          "<b>a<i>b</i></b>c",
		"<p>a<p>b":                                                   "<p>a</p><p>b</p>",
		"<p>a<ul><li>b<li>c</ul>":                                    "<p>a</p><ul><li>b</li><li>c</li></ul>",
		"<li>a<li>b":                                                 "a<br>b",
		"<div>a</div><div>b</div>":                                   "a<br>b",
		"<div><p>a</p></div><div>b</div>":                            "<p>a</p>b",
		"<table><tr><td>a<td>b<tr><td>c":                             "a b<br>c",
		"<script>alert(1)</script>a<style>x</style>b":                "ab",
		"a<svg><script>x</script><text>y</text></svg>b":              "ayb",
		"a<svg/>b":                                                   "ab",
		"a<noscript><p>x</noscript>b":                                "ab",
		"a<!-- x --><?php x ?><!DOCTYPE x><![CDATA[y]]>b":            "ab",
		`<img src="https://x.example/e.png" alt=":blob:" onerror=x>`: ":blob:",
		`<h1>a<h2>b</h2>`:                                            "<h1>a</h1><h2>b</h2>",
		`<ol start="3" reversed><li value="4">a</ol>`:                `<ol start="3" reversed><li value="4">a</li></ol>`,
		`<ol start="3x"><li>a`:                                       "<ol><li>a</li></ol>",
		"<ruby>漢<rp>(<rt>kan<rp>)</ruby>":                            "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
		`<a href="https://x.example/" target="_blank" rel="me tag" title="T" class="mention foo u-url">@x</a>`: `<a href="https://x.example/" class="mention u-url" rel="tag nofollow noopener" title="T">@x</a>`,
		`<a href="javascript:alert(1)">a</a>`:        "a",
		`<a href=" JaVa&#x0a;Script:alert(1)">a</a>`: "a",
		`<a href="data:text/html,x">a</a><a href="//x.example">b</a><a href="/c">c</a><a href="ftp://x.example/">d</a>`: "abcd",
		`<a href="https://ö.example/ü?q=%20">a</a>`:                                                                     `<a href="https://ö.example/ü?q=%20"` + rel + `>a</a>`,
		`<a href="https://u:p@x.example/">a</a>`:                                                                        "a",
		`<a href="https://x.example/">a<a href="https://y.example/">b</a>`:                                              `<a href="https://x.example/"` + rel + `>a</a><a href="https://y.example/"` + rel + `>b</a>`,
		bob: strings.Replace(strings.Replace(bob, `class="u-url mention" href="https://b.example/@bob"`, `href="https://b.example/@bob" class="u-url mention"`, 1), ` translate`, rel+` translate`, 1),
		`<span class="invisible">hidden</span><span class="ellipsis">x</span>`:     "<span>hidden</span><span>x</span>",
		`<p class="quote-inline">RE: x</p>`:                                        `<p class="quote-inline">RE: x</p>`,
		`<a href="https://x.example/"><span class="invisible">buy </span>here</a>`: `<a href="https://x.example/"` + rel + `>buy here</a>`,
		"a\u202eb\u2066c\x01d&#x202e;e\ufeff":                                      "abcde",
		"<abbr title='T\"x'>a</abbr>":                                              `<abbr title="T&#34;x">a</abbr>`,
		`<a href="https://x.example/?a=1&amp;b=<2>">x</a>`:                         `<a href="https://x.example/?a=1&amp;b=&lt;2&gt;"` + rel + `>x</a>`,
		`<a href="https://x.example/">https://x.example/</a>`:                      `<a href="https://x.example/"` + rel + `>` + shownX + `</a>`,
		`<a href="https://x.example/">x.example</a>`:                               `<a href="https://x.example/"` + rel + `>x.example</a>`,
		`<a href="https://x.org/">x.org</a>`:                                       `<a href="https://x.org/"` + rel + `><span class="invisible">https://</span>x.org/</a>`,
		"</p></b></div>":                                                           "",
		"<pre>a\n  b</pre>":                                                        "<pre>a\n  b</pre>",
		"":                                                                         "",
	} {
		if got := clean(t, s); got != want {
			t.Errorf("%q:\n got %s\nwant %s", s, got, want)
		}
	}
}

// The address that a link shows is the one it leads to.
func TestT20_LinksShowTheirRealAddress(t *testing.T) {
	for _, text := range []string{
		"https://good.example/login",
		"https://good.example",
		"http://good.example",
		"good.org/login",
		"www.good.org",
		"  good.org ",
		"„good.org“",
		"<b>good</b>.org",
		"go\u200bod.org",
		"go\u202eod.org",
		"good.org\u200b",
		"Visit https://good.example now",
		"see good.org, please",
		`<span class="invisible">https://</span>good.org<span class="invisible">.evil.example/</span>`,
		`<span class="invisible">https://evil.example/?</span><span class="ellipsis">good.org</span>`,
		"https://evil.example@good.example/",
		"https://good.example\\@evil.example/",
		"https://evil.example.good.org/",
		"https://xn--gd-gka.example",
		strings.Repeat("x", 10_000),
		`<img alt="good.org">`,
	} {
		out := clean(t, `<p><a href="https://evil.example/p">`+text+`</a></p>`)
		if want := `<p><a href="https://evil.example/p" rel="nofollow noopener"><span class="invisible">https://</span>evil.example/p</a></p>`; out != want {
			t.Errorf("%q: %s", text, out)
		}
	}
	for _, text := range []string{"read this", "@good@good.org", "#good", "me@good.org", "v1.2", "Node.js", "3.14", "a...b", "see evil.example/p now"} {
		if out := clean(t, `<a href="https://evil.example/p">`+text+`</a>`); !strings.Contains(out, ">"+text+"</a>") {
			t.Errorf("%q: %s", text, out)
		}
	}
	// The host is never cut, however long.
	long := "https://good.example." + strings.Repeat("a.", 30) + "evil.example/"
	if out := clean(t, `<a href="`+long+`">`+long+`</a>`); !strings.Contains(out, `evil.example</span>`) && !strings.Contains(out, `evil.example/</a>`) {
		t.Error(out)
	}
}

// fastest is the time that f takes when nothing else is in its way: the least of
// up to five runs, so that a busy machine does not fail the test.
func fastest(f func()) time.Duration {
	least := time.Hour
	for range 5 {
		start := time.Now()
		f()
		if least = min(least, time.Since(start)); least < 50*slowness*time.Millisecond {
			break
		}
	}
	return least / slowness
}

// Nothing that a stranger writes costs more than 100 ms.
func TestT33_CleaningIsBounded(t *testing.T) {
	for name, s := range map[string]string{
		"nested div":       strings.Repeat("<div>", 100_000),
		"nested b":         strings.Repeat("<b>", 100_000) + "x" + strings.Repeat("</b>", 100_000),
		"nested list":      strings.Repeat("<ul><li>", 100_000),
		"nested quote":     strings.Repeat("<blockquote>", 100_000),
		"nested links":     strings.Repeat(`<a href="https://x.example/">`, 40_000),
		"unclosed":         strings.Repeat("<p><i><a href='https://x.example'>", 30_000),
		"end tags":         strings.Repeat("</p>", 200_000),
		"misnested":        strings.Repeat("<b><i></b></i>", 60_000),
		"mutation":         strings.Repeat("<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">", 5000),
		"1 MB attribute":   `<a href="https://x.example/` + strings.Repeat("a", 1<<20) + `">x</a>`,
		"1 MB class":       `<p class="` + strings.Repeat("mention ", 1<<17) + `">x</p>`,
		"many attributes":  "<p " + strings.Repeat("a=b ", 1<<18) + ">x",
		"many classes":     "<p " + strings.Repeat("class=mention ", 70_000) + ">x",
		"unclosed tag":     "<p " + strings.Repeat("x", 1<<20),
		"unclosed comment": "<!--" + strings.Repeat("-", 1<<20),
		"many comments":    strings.Repeat("<!--", 250_000),
		"script":           "<script>" + strings.Repeat("<script><!--", 80_000),
		"less-than":        strings.Repeat("<", 1<<20),
		"ampersands":       strings.Repeat("&", 1<<20),
		"entities":         strings.Repeat("&#x202e;", 130_000),
		"link text":        `<a href="https://x.example/">` + strings.Repeat("good.org ", 100_000) + `</a>`,
		"spans in a link":  `<a href="https://x.example/">` + strings.Repeat("<span class=invisible>x</span>", 30_000) + `</a>`,
		"svg":              strings.Repeat("<svg>", 200_000),
		"NUL":              strings.Repeat("\x00<\x00b>", 200_000),
		"invalid UTF-8":    strings.Repeat("\xff\xc0\x80", 300_000),
	} {
		for what, f := range map[string]func(string) string{"CleanHTML": CleanHTML, "Text": Text, "Inline": Inline} {
			var out string
			if took := fastest(func() { out = f(s) }); took > 100*time.Millisecond {
				t.Errorf("%s of %s: %v", what, name, took)
			} else if took > 30*time.Millisecond {
				t.Logf("%s of %s: %v", what, name, took)
			}
			if len(out) > 6*len(s) {
				t.Errorf("%s of %s: %d bytes of %d", what, name, len(out), len(s))
			}
		}
	}
}

func TestEveryCapturedContentIsCleaned(t *testing.T) {
	dir := os.Getenv("DASSIE_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skipf("no captured documents at %s: set DASSIE_CORPUS to test with them", dir)
	}
	var each func(v any)
	texts := 0
	each = func(v any) {
		switch v := v.(type) {
		case ap.Object:
			for _, item := range v {
				each(item)
			}
		case []any:
			for _, item := range v {
				each(item)
			}
		case string:
			texts++
			out := clean(t, v)
			if strings.Contains(v, "<p>") && len(Text(v)) > 20 && Text(out) == "" {
				t.Errorf("nothing is left of %q", v)
			}
			if len(v) < 20_000 {
				Markdown(v, links)
			}
		}
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := ap.Parse(b); err == nil {
			each(o)
		}
	}
	if texts < 1000 {
		t.Errorf("only %d texts", texts)
	}
}

func TestText(t *testing.T) {
	for s, want := range map[string]string{
		"<p>a  b<br>c</p><p>d</p>":            "a b\nc\n\nd",
		"<ul><li>a</li><li>b</li></ul>c":      "- a\n- b\n\nc",
		"<pre>a\n  b</pre>":                   "a\n  b",
		"a<br><br><br><br>b":                  "a\n\nb",
		"<script>x</script>a&amp;b &lt;i&gt;": "a&b <i>",
		bob:                                   "@bob",
		xLink:                                 "https://x.example/",
		"<p>a\nb</p>":                         "a b",
		"a\u202eb":                            "ab",
		"<div>a</div><div>b</div>":            "a\nb",
	} {
		if got := Text(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestInline(t *testing.T) {
	for s, want := range map[string]string{
		"  Ann \n\t B ":             "Ann B",
		"I <3 cats":                 "I <3 cats",
		"<b>Ann</b> <me>":           "Ann <me>",
		"AT&amp;T &#8217;":          "AT&T ’",
		"<script>x</script>Ann":     "Ann",
		"&lt;script&gt;":            "<script>",
		"a\u202eb\u2066c\x00":       "abc",
		"\u200b\u200d \u00ad":       "",
		"\u3164":                    "",
		"Haelwenn /элвэн/ :bzh:":    "Haelwenn /элвэн/ :bzh:",
		"🏴\U000e0067\U000e007f 👩‍🚀": "🏴\U000e0067\U000e007f 👩‍🚀",
		"a<br>b":                    "a b",
	} {
		if got := Inline(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	const s = "<p>The quick brown fox</p><p>jumps over</p>"
	for n, want := range map[int]string{10: "The quick…", 19: "The quick brown fox…", 100: "The quick brown fox jumps over", 2: "Th…", 30: "The quick brown fox jumps over"} {
		if got := Excerpt(s, n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestCountCharacters(t *testing.T) {
	for s, want := range map[string]int{
		"abc":   3,
		"äöü日本": 5,
		"see https://x.example/" + strings.Repeat("a", 100): 27,
		"@bob@b.example hi": 7,
		"@bob hi":           7,
		"me@b.example":      12,
		"👩‍👩‍👧 🇩🇪🇫🇷 👍🏽 e\u0301 ☀️": 10,
		"a\r\nb": 3,
		"":       0,
	} {
		if got := CountCharacters(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

var post = "<p>" + strings.Repeat(`Some words of a post &amp; more, `, 12) + `<br>with <a href="https://x.example/a/long/path/to/a/page.html" target="_blank" rel="nofollow noopener noreferrer" translate="no"><span class="invisible">https://</span><span class="ellipsis">x.example/a/long/path/to/a/pag</span><span class="invisible">e.html</span></a></p><p>` +
	bob + " " + bob + " " + tagCat + " " + tagCat + "</p>"

func BenchmarkCleanHTML(b *testing.B) {
	b.SetBytes(int64(len(post)))
	b.ReportAllocs()
	for b.Loop() {
		CleanHTML(post)
	}
}

func BenchmarkMarkdown(b *testing.B) {
	src := strings.Repeat("Some **words** of a post for @bob@b.example with #Cat and https://x.example/.\n", 10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Markdown(src, links); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleText() {
	fmt.Println(Text("<p>Hello<br>world</p>"))
	// Output:
	// Hello
	// world
}
