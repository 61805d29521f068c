package markup

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// links resolves everybody but "nobody", and puts tags under /tags/.
var links = Links{
	Mention: func(user, host string) (Target, bool) {
		if user == "nobody" || host == "" {
			return Target{}, false
		}
		return Target{Href: "https://" + host + "/users/" + user, URL: "https://" + host + "/@" + user, User: user, Host: host}, true
	},
	Hashtag: func(tag string) string { return "https://a.example/tags/" + strings.ToLower(tag) },
}

const (
	bob    = `<span class="h-card"><a class="u-url mention" href="https://b.example/@bob" translate="no">@<span>bob</span></a></span>`
	tagCat = `<a class="mention hashtag" rel="tag" href="https://a.example/tags/cat">#<span>Cat</span></a>`
	xLink  = `<a href="https://x.example/" rel="nofollow noopener" translate="no"><span class="invisible">https://</span>x.example/</a>`
)

func TestMarkdown(t *testing.T) {
	for src, want := range map[string]string{
		"Hi **you** and *me*, ~~not~~ `x<y`.":              `<p>Hi <strong>you</strong> and <em>me</em>, <del>not</del> <code>x&lt;y</code>.</p>`,
		"one\ntwo\n\nthree":                                `<p>one<br>two</p><p>three</p>`,
		"one  \ntwo\\\nthree":                              `<p>one<br>two<br>three</p>`,
		"@bob@b.example hi":                                `<p>` + bob + ` hi</p>`,
		"@bob@B.example, @bob@b.example.":                  `<p>` + bob + `, ` + bob + `.</p>`,
		"(@bob@b.example)":                                 `<p>(` + bob + `)</p>`,
		"**@bob@b.example**":                               `<p><strong>` + bob + `</strong></p>`,
		"[see @bob@b.example](https://x.example/)":         `<p><a href="https://x.example/" rel="nofollow noopener" translate="no">see @bob@b.example</a></p>`,
		"[open @bob@b.example":                             `<p>[open ` + bob + `</p>`,
		"`@bob@b.example #Cat https://x.example/`":         `<p><code>@bob@b.example #Cat https://x.example/</code></p>`,
		"    @bob@b.example":                               "<pre><code>@bob@b.example\n</code></pre>",
		"```go\n@bob@b.example\n<b>\n```":                  "<pre><code>@bob@b.example\n&lt;b&gt;\n</code></pre>",
		"\\@bob@b.example \\#Cat":                          `<p>@bob@b.example #Cat</p>`,
		"@nobody@b.example @bob":                           `<p>@nobody@b.example @bob</p>`,
		"a #Cat, #cat":                                     `<p>a ` + tagCat + `, ` + strings.Replace(tagCat, ">Cat<", ">cat<", 1) + `</p>`,
		"#Cat":                                             `<p>` + tagCat + `</p>`,
		"# Cat":                                            `<h1>Cat</h1>`,
		"**#Cat**":                                         `<p><strong>` + tagCat + `</strong></p>`,
		"https://x.example/":                               `<p>` + xLink + `</p>`,
		"see https://x.example/, or (https://x.example/).": `<p>see ` + xLink + `, or (` + xLink + `).</p>`,
		"**https://x.example/**":                           `<p><strong>` + xLink + `</strong></p>`,
		"<https://x.example/>":                             `<p>` + xLink + `</p>`,
		"<me@x.example> me@x.example":                      `<p>me@x.example me@x.example</p>`,
		"[a](javascript:alert(1)) [b](data:x) [c](/d)":     `<p>a b c</p>`,
		"[t](https://x.example/ \"T\")":                    `<p><a href="https://x.example/" rel="nofollow noopener" translate="no">t</a></p>`,
		"![a cat](https://x.example/i.png)":                `<p><a href="https://x.example/i.png" rel="nofollow noopener" translate="no">a cat</a></p>`,
		"[https://good.example](https://x.example/)":       `<p><a href="https://x.example/" rel="nofollow noopener" translate="no">https://good.example</a></p>`,
		"<b>x</b> <script>alert(1)</script>":               `<p>&lt;b&gt;x&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;</p>`,
		"<div>\nx\n</div>":                                 `<p>&lt;div&gt;<br>x<br>&lt;/div&gt;</p>`,
		"a &amp; b &lt; &copy; \\&amp; &#x202e;x":          `<p>a &amp; b &lt; © &amp;amp; x</p>`,
		"- a\n- b\n\n1. c\n2. d":                           `<ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol>`,
		"3. c":                                             `<ol start="3"><li>c</li></ol>`,
		"> q\n> r":                                         `<blockquote><p>q<br>r</p></blockquote>`,
		"a\n\n---\n\nb":                                    `<p>a</p><p>———</p><p>b</p>`,
		"a[^1]\n\n[^1]: note":                              `<p>a[1]</p><ol><li><p>note</p></li></ol>`,
		"https://de.wikipedia.org/wiki/Übersicht_(Seite)":  `<p><a href="https://de.wikipedia.org/wiki/Übersicht_(Seite)" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="ellipsis">de.wikipedia.org/wiki/Übersich</span><span class="invisible">t_(Seite)</span></a></p>`,
		"": "",
	} {
		r, err := Markdown(src, links)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, r.HTML); d != "" {
			t.Errorf("%q: %s", src, d)
		}
	}
}

func TestPlain(t *testing.T) {
	for src, want := range map[string]string{
		"one\ntwo\r\n\r\nthree <b>\n":            `<p>one<br>two</p><p>three &lt;b&gt;</p>`,
		"**not bold** # not a heading":           `<p>**not bold** # not a heading</p>`,
		"@bob@b.example #Cat https://x.example/": `<p>` + bob + ` ` + tagCat + ` ` + xLink + `</p>`,
		"日本語https://x.example/、#日本語。":            `<p>日本語https://x.example/、<a class="mention hashtag" rel="tag" href="https://a.example/tags/日本語">#<span>日本語</span></a>。</p>`,
		"「https://x.example/」":                   `<p>「` + xLink + `」</p>`,
		" \n\n":                                  "",
		"a\u202eb\x00c":                          `<p>abc</p>`,
	} {
		r, err := Plain(src, links)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, r.HTML); d != "" {
			t.Errorf("%q: %s", src, d)
		}
	}
}

func TestWhatATextNames(t *testing.T) {
	src := "@bob@b.example @amy@c.example @bob@b.example #Cat #cat #Año #日本語 #123 #a1 me@d.example `@no@e.example #no`"
	r, err := Markdown(src, links)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range r.Mentions {
		names = append(names, m.User+"@"+m.Host)
	}
	if d := cmp.Diff([]string{"bob@b.example", "amy@c.example"}, names); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Cat", "Año", "日本語", "a1"}, r.Hashtags); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Handle{{"bob", "b.example"}, {"amy", "c.example"}}, FindMentions(src, true)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Handle{{"bob", "b.example"}, {"amy", "c.example"}, {"no", "e.example"}}, FindMentions(src, false)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Cat", "Año", "日本語", "a1"}, FindHashtags(src, true)); d != "" {
		t.Error(d)
	}
}

func TestWhatIsAMention(t *testing.T) {
	for src, want := range map[string][]Handle{
		"@bob@b.example":                        {{"bob", "b.example"}},
		".@bob@b.example!":                      {{"bob", "b.example"}},
		"@Bob_1.x-y@B.Example.":                 {{"Bob_1.x-y", "b.example"}},
		"@bob@bücher.example":                   {{"bob", "xn--bcher-kva.example"}},
		"@bob@bob.localhost:8081: hi":           {{"bob", "bob.localhost:8081"}},
		"@bob@127.0.0.1:8080":                   {{"bob", "127.0.0.1:8080"}},
		"@bob@b.example:30":                     {{"bob", "b.example"}},
		"me@b.example":                          nil,
		"mailto:me@b.example":                   nil,
		"https://b.example/@bob@c.example":      nil,
		"http://localhost/@bob@c.example":       nil,
		"x?a=@bob@c.example":                    nil,
		"@bob@b.example@c.example":              nil,
		"@bob@b":                                nil,
		"@bob@1.2":                              nil,
		"@types/node":                           nil,
		"@bob":                                  nil,
		"@@bob@b.example":                       nil,
		"@.bob@b.example":                       nil,
		"@bob.@b.example":                       nil,
		"äöü@bob@b.example":                     nil,
		strings.Repeat("@a@b.example ", 3):      {{"a", "b.example"}},
		"@" + strings.Repeat("a", 300) + "@b.c": nil,
	} {
		for _, markdown := range []bool{false, true} {
			if d := cmp.Diff(want, FindMentions(src, markdown)); d != "" {
				t.Errorf("%q (Markdown %v): %s", src, markdown, d)
			}
		}
	}
}

func TestWhatIsAHashtag(t *testing.T) {
	for src, want := range map[string][]string{
		"#Año #日本語 #a_b #1a":                 {"Año", "日本語", "a_b", "1a"},
		"#123 #_ # a## x#y /#z =#w &#38; ##": nil,
		"(#tag) #tag2. \"#tag3\"":            {"tag", "tag2", "tag3"},
		"https://x.example/#frag":            nil,
		"#tag-part":                          {"tag"},
		"#l·l":                               {"l·l"},
	} {
		for _, markdown := range []bool{false, true} {
			if d := cmp.Diff(want, FindHashtags(src, markdown)); d != "" {
				t.Errorf("%q (Markdown %v): %s", src, markdown, d)
			}
		}
	}
}

func TestFewMentionsAreResolved(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		b.WriteString("@u" + strings.Repeat("x", i%200) + "@h" + strings.Repeat("y", i/200) + ".example ")
	}
	asked := 0
	r, err := Plain(b.String()[:200_000], Links{Mention: func(user, host string) (Target, bool) {
		asked++
		return links.Mention(user, host)
	}})
	if err != nil || len(r.Mentions) != MaxMentions || asked > 2*MaxMentions || len(FindMentions(b.String()[:200_000], false)) != MaxMentions {
		t.Errorf("%d mentions, asked %d times, %v", len(r.Mentions), asked, err)
	}
}

func TestField(t *testing.T) {
	for src, want := range map[string]string{
		" https://x.example/ ":      `<a href="https://x.example/" rel="me nofollow noopener" translate="no"><span class="invisible">https://</span>x.example/</a>`,
		"see https://x.example/":    "see " + xLink,
		"<b>":                       "&lt;b&gt;",
		"javascript:alert(1)":       "javascript:alert(1)",
		`https://x.example/"onx="y`: xLink + `"onx="y`,
	} {
		if got := Field(src); got != want {
			t.Errorf("%q: %s", src, got)
		}
	}
}

// Hostile Markdown, of an import or a peer, is bounded in time and inert.
func TestT33_HostileMarkdownIsBounded(t *testing.T) {
	for name, src := range map[string]string{
		"quotes":        strings.Repeat(">", 100_000),
		"quotes, lines": strings.Repeat(strings.Repeat(">", 300)+"a\n", 300),
		"lists":         strings.Repeat("- ", 50_000),
		"ordered":       strings.Repeat("1. ", 50_000),
		"brackets":      strings.Repeat("[", 100_000),
		"few brackets":  strings.Repeat("[", 1999),
		"links":         strings.Repeat("[a](", 50_000),
		"images":        strings.Repeat("![", 50_000),
		"stars":         strings.Repeat("*a **a ", 30_000),
		"fewer stars":   strings.Repeat("*a **a ", 3_000),
		"underscores":   strings.Repeat("_a", 100_000),
		"backticks":     strings.Repeat("`a", 100_000),
		"growing ticks": growing("`", 600),
		"tildes":        strings.Repeat("~~a ", 50_000),
		"angles":        strings.Repeat("<a", 100_000),
		"at signs":      strings.Repeat("@", 200_000),
		"mentions":      strings.Repeat("@a", 100_000),
		"hashes":        strings.Repeat("#", 200_000),
		"urls":          strings.Repeat("http://", 30_000),
		"one url":       "https://x.example/" + strings.Repeat("(", 200_000),
		"spaces h":      strings.Repeat(" h", 100_000),
		"references":    strings.Repeat("[a]: b\n", 30_000),
		"footnotes":     strings.Repeat("[^a]\n\n[^a]: b\n", 900),
		"entities":      strings.Repeat("&", 200_000),
		"headings":      strings.Repeat("a\n=\n", 50_000),
		"newlines":      strings.Repeat("\n", 200_000),
		"deep list":     deepList(400),
	} {
		var r Rendered
		var err error
		if took := fastest(func() { r, err = Markdown(src, links) }); took > 100*time.Millisecond || err != nil {
			t.Errorf("%s: %v, %v", name, took, err)
		} else if took > 50*time.Millisecond {
			t.Logf("%s: %v", name, took)
		}
		onlyAllowed(t, r.HTML)
	}
	if _, err := Markdown(strings.Repeat("a", MaxSource+1), links); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

func growing(s string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(s, i) + " ")
	}
	return b.String()
}

func deepList(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return b.String()
}
