package markup_test

import (
	"strings"
	"testing"
	"time"

	"dassie/federation/markup"
)

func TestWhatAPageSaysOfItself(t *testing.T) {
	for name, tc := range map[string]struct {
		body, contentType string
		want              markup.Page
	}{
		"OpenGraph before the rest": {`<!doctype html><html lang="nl"><head><title>Tab</title>
			<meta property="og:title" content="A gardener&#8217;s list, 1892"><meta name="description" content="plain"><meta property="og:description" content="Forty-one names of beans.">
			<meta property="og:image" content="/box.png"><meta property="og:image:alt" content="A page"><meta property="og:site_name" content="Warraq">
			<meta name="author" content="Layla"><meta name="fediverse:creator" content="@layla@warraq.example"></head><body>`, "text/html",
			markup.Page{Title: "A gardener’s list, 1892", Description: "Forty-one names of beans.", Site: "Warraq", Language: "nl", Author: "Layla",
				Creator: "@layla@warraq.example", Image: "/box.png", ImageAlt: "A page"}},
		"Twitter's names":     {`<meta name="twitter:title" content="T"><meta name="twitter:image" content="i">`, "", markup.Page{Title: "T", Image: "i"}},
		"plain HTML":          {"<title>\n  Only a\n  title </title>", "text/html", markup.Page{Title: "Only a title"}},
		"none":                {"<p>Words.", "text/html", markup.Page{}},
		"by the header":       {"<title>caf\xe9</title>", "text/html; charset=iso-8859-1", markup.Page{Title: "café"}},
		"by the page":         {"<meta charset=shift_jis><title>\x93\xfa\x96\x7b</title>", "text/html", markup.Page{Title: "日本"}},
		"not what it says":    {"<title>caf\xe9</title>", "text/html; charset=utf-8", markup.Page{Title: "caf\ufffd"}},
		"an encoding unknown": {"<title>ok</title>", "text/html; charset=klingon", markup.Page{Title: "ok"}},
		"the text of others":  {`<title>T</title><body><meta property="og:image" content="https://evil.example/x.png">`, "", markup.Page{Title: "T"}},
		"the first counts":    {`<meta property="og:title" content="A"><meta property="og:title" content="B">`, "", markup.Page{Title: "A"}},
		"an author elsewhere": {`<title>T</title><meta property="article:author" content="https://facebook.example/x">`, "", markup.Page{Title: "T"}},
	} {
		if got := markup.ReadPage([]byte(tc.body), tc.contentType); got != tc.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, tc.want)
		}
	}
}

// T34: whatever a page says is plain text without anything that turns it around.
func TestT34PageTextIsPlain(t *testing.T) {
	p := markup.ReadPage([]byte(`<meta property="og:title" content="&lt;script&gt;alert(1)&lt;/script&gt;safe &#x202e;gpj.exe"><meta name=description content="&lt;img src=x onerror=y&gt;text">`), "")
	if p.Title != "safe gpj.exe" || p.Description != "text" {
		t.Errorf("%+v", p)
	}
}

// T33: hostile pages cost time in their length and no more.
func TestT33HostilePagesAreReadInTime(t *testing.T) {
	for name, body := range map[string]string{
		"metas":     strings.Repeat(`<meta property="a" content="b">`, 30_000),
		"names":     strings.Repeat(`<meta property="`+strings.Repeat("x", 50)+`" content="b">`, 10_000),
		"nested":    strings.Repeat("<div>", 200_000),
		"attribute": `<meta content="` + strings.Repeat("a", 1<<20),
		"open":      "<title>" + strings.Repeat("<", 1<<20),
		"comment":   "<!--" + strings.Repeat("-", 1<<20),
		"links":     strings.Repeat(`<a rel=me href=x>`, 60_000),
		"charsets":  strings.Repeat(`<meta charset=x>`, 60_000),
	} {
		start := time.Now()
		markup.ReadPage([]byte(body), "text/html")
		markup.LinksBack([]byte(body), "text/html", "https://me.example/")
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestWhatLinksBack(t *testing.T) {
	const me = "https://alice.example/@alice"
	for page, want := range map[string]bool{
		`<a rel="me" href="` + me + `">me</a>`:                true,
		`<link href=" ` + me + ` " rel="ME nofollow">`:        true,
		`<a rel="nofollow me" href='` + me + `'>`:             true,
		`<a href="` + me + `">me</a>`:                         false, // no rel
		`<a rel="home" href="` + me + `">`:                    false,
		`<a rel="me" href="` + me + `/">`:                     false, // another address
		`<a rel="me" href="` + me + `?x=1">`:                  false,
		`<a rel="me" href="https://alice.example/@mallory">`:  false,
		`<!-- <a rel="me" href="` + me + `"> -->`:             false,
		`<script>'<a rel="me" href="` + me + `">'</script>`:   false,
		`<textarea><a rel="me" href="` + me + `"></textarea>`: false,
		`<div rel="me" href="` + me + `">`:                    false,
		`<a rel="me" href="x" href="` + me + `">`:             false, // of a repeated attribute the first counts
	} {
		if got := markup.LinksBack([]byte(page), "text/html", me); got != want {
			t.Errorf("%s: %v", page, got)
		}
	}
}

func TestTheFirstLinkOfAPost(t *testing.T) {
	for content, want := range map[string]string{
		`<p>Read <a href="https://a.example/x">this</a> and <a href="https://b.example/">that</a></p>`:                                      "https://a.example/x",
		`<p><span class="h-card"><a class="u-url mention" href="https://p.example/@bob">@bob</a></span> <a href="https://a.example/">a</a>`: "https://a.example/",
		`<p><a class="mention hashtag" rel="tag" href="https://p.example/tags/x">#x</a></p>`:                                                "",
		`<p><a rel="tag nofollow noopener" href="https://p.example/tags/x">#x</a></p>`:                                                      "",
		`<p class="quote-inline">RE: <a href="https://p.example/1">p</a></p><p><a href="https://a.example/">a</a></p>`:                      "https://a.example/",
		`<span class="quote-inline"><span>RE: </span><a href="https://p.example/1">p</a></span>`:                                            "",
		`<p>No link.</p>`: "",
		`<p><a href="https://skip.example/">s</a> <a href="https://a.example/?a=1&amp;b=2">a</a></p>`: "https://a.example/?a=1&b=2",
	} {
		if got := markup.FirstLink(content, func(href string) bool { return href == "https://skip.example/" }); got != want {
			t.Errorf("%s: %q, want %q", content, got, want)
		}
	}
}

// T20: only a field that is a link and nothing else can be verified, and what a
// verified one shows is where it leads.
func TestT20OnlyABareLinkCanBeVerified(t *testing.T) {
	for value, want := range map[string]string{
		`<a href="https://a.example/">a.example</a>`:                           "https://a.example/",
		`<p><a href="https://a.example/">a</a></p>`:                            "https://a.example/",
		`see <a href="https://a.example/">a</a>`:                               "",
		`<a href="https://a.example/">a</a><a href="https://b.example/">b</a>`: "",
		`<a href="https://a.example/">a</a> is the bank`:                       "",
		`a.example`: "",
		`<a href="https://a.example/"><span class="invisible">https://</span>a.example/</a> `: "https://a.example/",
	} {
		if got := markup.OnlyLink(value); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	long := "https://evil.example/" + strings.Repeat("bank.example/", 100)
	for href, shown := range map[string]string{
		"https://evil.example/bank.example": "evil.example/bank.example",
		long:                                "evil.example/bank.example/ban",
		"https://www.evil.example/x":        "evil.example/x",
	} {
		html := markup.Link(href)
		if !strings.Contains(html, `href="`+href+`"`) || !strings.Contains(html, shown) || strings.ContainsAny(html, "\u202e\u2066") {
			t.Errorf("%s shows as %s", href, html)
		}
		if strings.Contains(html, ` class="ellipsis">bank`) || !strings.Contains(markup.Text(html), href) {
			t.Errorf("%s does not show its host: %s", href, html)
		}
	}
	if html := markup.Link("javascript:alert(1)"); strings.Contains(html, "<a") {
		t.Error(html)
	}
}
