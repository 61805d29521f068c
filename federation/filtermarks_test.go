package federation

import (
	"strings"
	"testing"

	"dassie/store"
)

func TestPiecesMarkWhatAFilterFinds(t *testing.T) {
	marked := func(f store.Filter, p store.Post) string {
		var b strings.Builder
		for _, piece := range NewFilter(f).Pieces(&p) {
			if piece.Found {
				b.WriteString("[" + piece.Text + "]")
			} else {
				b.WriteString(piece.Text)
			}
		}
		return b.String()
	}
	whole := func(words ...string) (f store.Filter) {
		for _, w := range words {
			f.Words = append(f.Words, store.FilterWord{Word: w, Whole: true})
		}
		return f
	}
	part := store.Filter{Words: []store.FilterWord{{Word: "art"}}}
	long := strings.Repeat("so ", 100)
	for _, c := range []struct {
		f    store.Filter
		p    store.Post
		want string
	}{
		{whole("football"), store.Post{Content: "<p>FootBall, and more<br>football footballs</p>"}, "[FootBall], and more [football] footballs"},
		{part, store.Post{Content: "<p>Art for starters</p>"}, "[Art] for st[art]ers"},
		{whole("the cup", "cup final"), store.Post{Content: "<p>The  cup\nfinal</p>"}, "[The cup final]"},
		{whole("leeks"), store.Post{Summary: "About LEEKS", Content: "<p>leeks</p>"}, "About [LEEKS]"},
		{whole("leeks"), store.Post{Content: "<p>See</p>", Extra: store.PostExtra{Attachments: []store.Attachment{{Alt: "Three leeks"}}}}, "Three [leeks]"},
		{whole("istanbul"), store.Post{Content: "<p>\u0130STANBUL!</p>"}, "[\u0130STANBUL]!"},
		{whole("\u1e9e"), store.Post{Content: "<p>STRA\u1e9eE</p>"}, "STRA\u1e9eE"},
		{whole("x"), store.Post{Content: "<p>Nothing</p>"}, "Nothing"},
		{whole("end"), store.Post{Content: "<p>" + long + "end " + long + "</p>"}, "…" + strings.Repeat("so ", 20) + "[end] " + strings.Repeat("so ", 52) + "…"},
		{whole("\u0639\u0646\u0643\u0628\u0648\u062a"), store.Post{Content: "<p>\u0647\u0630\u0627 \u0639\u0646\u0643\u0628\u0648\u062a</p>"}, "\u0647\u0630\u0627 [\u0639\u0646\u0643\u0628\u0648\u062a]"},
	} {
		if got := marked(c.f, c.p); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// What is shown as found is what the filter finds.
func FuzzPiecesAgreeWithMatch(f *testing.F) {
	f.Add("Football", "foot", false)
	f.Add("\u0130x \xff", "i", true)
	f.Add("aa aa", "a a", false)
	f.Fuzz(func(t *testing.T, text, word string, whole bool) {
		ready := NewFilter(store.Filter{Words: []store.FilterWord{{Word: word, Whole: whole}}})
		p := store.Post{Summary: text, ActorID: 2}
		found := len(Filters{ready}.Match(&p)) > 0
		shown := false
		for _, piece := range ready.Pieces(&p) {
			shown = shown || piece.Found
		}
		if found != shown {
			t.Errorf("%q in %q: found %v, shown %v", word, text, found, shown)
		}
	})
}
