package markup

import (
	"strings"
	"testing"
)

func TestLinkHashtags(t *testing.T) {
	to := func(tag string) string {
		if strings.ContainsAny(tag, " /") {
			return ""
		}
		return "/me/tags/" + strings.ToLower(tag)
	}
	ours := `<a href="/me/tags/rye" class="mention hashtag" rel="tag">`
	for remote, want := range map[string]string{
		`<p>Eat <a href="https://m.example/tags/rye" class="mention hashtag" rel="tag">#<span>Rye</span></a>.</p>`:     `<p>Eat ` + ours + `#<span>Rye</span></a>.</p>`,
		`<a href="https://w.example/t/rye" rel="tag">#rye</a> <a href="https://w.example/">home</a>`:                   ours + `#rye</a> <a href="https://w.example/" rel="nofollow noopener">home</a>`,
		`<a href="https://w.example/t/rye" rel="tag">rye</a>`:                                                          `<a href="https://w.example/t/rye" rel="tag nofollow noopener">rye</a>`,
		`<a href="https://e.example/" class="hashtag">#two words</a>`:                                                  `<a href="https://e.example/" class="hashtag" rel="nofollow noopener">#two words</a>`,
		`<a href="https://e.example/?class=hashtag">#rye</a>`:                                                          `<a href="https://e.example/?class=hashtag" rel="nofollow noopener">#rye</a>`,
		`<a href="https://e.example/%22%20class=%22hashtag">#rye</a>`:                                                  `<a href="https://e.example/%22%20class=%22hashtag" rel="nofollow noopener">#rye</a>`,
		`<a class="u-url mention" href="https://m.example/@bob">@<span>bob</span></a> #rye`:                            `<a href="https://m.example/@bob" class="u-url mention" rel="nofollow noopener">@<span>bob</span></a> #rye`,
		`<a class="hashtag" href="https://m.example/1">#<b>rye</b></a><a class="hashtag" href="https://m.example/2">#`: ours + `#<b>rye</b></a><a href="https://m.example/2" class="hashtag" rel="nofollow noopener">#</a>`,
		`No link at all #rye`: `No link at all #rye`,
	} {
		clean := CleanHTML(remote)
		if got := LinkHashtags(clean, to); got != want {
			t.Errorf("%s\ngives %s\nwant  %s", remote, got, want)
		}
	}
	own, err := Plain("Bake #Rye", Links{Hashtag: func(tag string) string { return "https://alice.example/tags/" + tag }})
	if err != nil {
		t.Fatal(err)
	}
	if got := LinkHashtags(own.HTML, to); !strings.Contains(got, ours+"#") || strings.Contains(got, "alice.example") {
		t.Errorf("an own post reads %s", got)
	}
}

func FuzzLinkHashtags(f *testing.F) {
	for _, s := range []string{`<a href="x" rel="tag">#a</a>`, "<a ", "<a >", `<a class="hashtag">#<`, "</a><a >", `<a rel="tag">#"&lt;</a>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		safe := CleanHTML(s)
		linked := LinkHashtags(safe, func(tag string) string { return "https://alice.example/" + tag })
		// Whatever it leads to, it makes no other elements than there were.
		if strings.Count(linked, "<") != strings.Count(safe, "<") || Text(linked) != Text(safe) {
			t.Errorf("%q became %q", safe, linked)
		}
	})
}
