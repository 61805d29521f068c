package assets

import (
	"html/template"
	"strings"
	"testing"
	"time"
)

// A letter says the same in both of its parts, whatever stands in it, and loads nothing.
func TestLetters(t *testing.T) {
	letters, err := ReadLetters()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, l := range map[string]Letter{
		"code":    {Subject: "Confirm", Lead: "Type it.", Code: "ABCDE-FGHJK", Link: "https://nora.example/me/mail?code=ABCDE-FGHJK", Button: "Confirm", Notes: []string{"It holds for a day."}, Why: "Somebody gave it."},
		"one":     {Subject: "Tom mentioned you", Lead: "Tom mentioned you.", Events: []Event{{What: "Says", Who: "tom@peer.example", Text: "Two\nlines", At: at, Link: "https://nora.example/me/post/1"}}, Why: "You asked.", Off: "https://nora.example/mail/off/T", Manage: "https://nora.example/me/mail"},
		"many":    {Subject: "5 mentions", Lead: "5 mentions.", Events: []Event{{What: "A", At: at}, {What: "B", At: at}}, More: 1203, Why: "You asked."},
		"hostile": {Subject: `"><script>`, Lead: "<img src=https://evil.example/x>", Events: []Event{{What: `<a href="javascript:x">`, Text: "</p><style>*{}</style>", Who: `"onload="x`, At: at, Link: "javascript:alert(1)"}}, Why: "{{.Lead}}"},
	} {
		var text, html strings.Builder
		if err := letters.Text(&text, l); err != nil {
			t.Fatal(err)
		}
		if err := letters.HTML(&html, l); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{l.Lead, l.Code, l.Why} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: %q is not in\n%s", name, want, text.String())
			}
		}
		// Long words do not widen the page, and a name cannot turn our sentence around.
		if !strings.Contains(html.String(), "overflow-wrap:anywhere") || strings.Contains(html.String(), `dir="auto">`+template.HTMLEscapeString(l.Lead)) || strings.Contains(html.String(), `dir="auto"><b>`) {
			t.Errorf("%s: the page can be widened or turned around:\n%s", name, html.String())
		}
		if l.More > 0 && (!strings.Contains(text.String(), "1,203 more") && !strings.Contains(text.String(), "1 203 more") || !strings.Contains(html.String(), "203 more")) {
			t.Errorf("%s: how many more is missing:\n%s", name, text.String())
		}
		if strings.Contains(text.String(), "\n\n\n") || strings.Contains(text.String(), " \n") && !strings.Contains(text.String(), "-- \n") {
			t.Errorf("%s: holes in the text:\n%s", name, text.String())
		}
		for _, bad := range []string{"<script", "<img", "<style", ` src="`, "url(", `href="javascript`, "@import"} {
			if strings.Contains(html.String(), bad) {
				t.Errorf("%s: the page has %s:\n%s", name, bad, html.String())
			}
		}
		if t.Failed() || testing.Verbose() {
			t.Logf("%s:\n%s", name, text.String())
		}
	}
}

// A browser cannot give itself a name that turns the words around it.
func TestNamesOfBrowsers(t *testing.T) {
	for agent, want := range map[string]string{
		"": "A program that gave no name", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
		"evil\u202e\u2066\x00\x1b client/1 (x)": "evil client/1", strings.Repeat("é", 100): strings.Repeat("é", 30) + "…", "سلمى/1": "سلمى/1",
	} {
		if got := BrowserName(agent); got != want {
			t.Errorf("%q is called %q, want %q", agent, got, want)
		}
	}
}
