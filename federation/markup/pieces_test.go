package markup

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const testPicture = `<img class="emoji" src="/media/emoji-1" alt=":a:">`

func putTest(piece string) string { return strings.ReplaceAll(piece, ":a:", testPicture) }

func TestPicturesStandInTextOnly(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		":a:":                                 testPicture,
		"<p>x :a: y</p>":                      "<p>x " + testPicture + " y</p>",
		"<p><b>:a:</b>:a:</p>":                "<p><b>" + testPicture + "</b>" + testPicture + "</p>",
		`<a href="https://x/:a:">:a:</a>`:     `<a href="https://x/:a:">` + testPicture + `</a>`,
		`<a title=":a:>" href="x">:a:</a>`:    `<a title=":a:>" href="x">` + testPicture + `</a>`,
		"<code>:a:</code> :a:":                "<code>:a:</code> " + testPicture,
		"<pre>:a: <code>:a:</code> :a:</pre>": "<pre>:a: <code>:a:</code> :a:</pre>",
		"&lt;:a:&gt; &amp;:a:":                "&lt;" + testPicture + "&gt; &amp;" + testPicture,
		":a<b>:</b>":                          ":a<b>:</b>",
		"<p lang=\"de\">:a:":                  "<p lang=\"de\">" + testPicture,
		"</code>:a:":                          "</code>" + testPicture,
		"<p :a:":                              "<p :a:",
	} {
		if got := InText(in, putTest); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// FuzzInText: a clean text in which words became pictures is that text when the
// pictures become words again, and has no other tags and attributes.
func FuzzInText(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack + ":a:" + attack)
	}
	for _, s := range []string{":a:", "<p>:a:</p>", `<a href="https://x.example/:a:" title=":a:">:a:</a>`, "<pre><code>:a:</pre>:a:", "&lt;:a:", `<a href="https://x.example/" title='">:a:'>b</a>`} {
		f.Add(s)
	}
	picture := regexp.MustCompile(regexp.QuoteMeta(testPicture))
	f.Fuzz(func(t *testing.T, s string) {
		clean := CleanHTML(s)
		out := InText(clean, putTest)
		if back := picture.ReplaceAllString(out, ":a:"); back != clean {
			t.Fatalf("%q became %q, and that %q", clean, out, back)
		}
		if InText(clean, func(p string) string { return p }) != clean {
			t.Fatalf("%q was changed by nothing", clean)
		}
		for z := html.NewTokenizer(strings.NewReader(out)); z.Next() != html.ErrorToken; {
			for _, a := range z.Token().Attr {
				if strings.Contains(a.Val, "<img") {
					t.Fatalf("%q: a picture in %s", out, a.Key)
				}
			}
		}
	})
}
