package assets

import (
	"strings"
	"testing"
	"time"
)

var blob = []Emoji{{"blob", "/media/emoji-1/x"}, {"cat_2", "/media/emoji-2/x"}}

func TestWordsBecomePictures(t *testing.T) {
	img := func(word, url string) string {
		return `<img class="emoji" src="` + url + `" width="20" height="20" alt=":` + word + `:" title=":` + word + `:" loading="lazy">`
	}
	a, b := img("blob", "/media/emoji-1/x"), img("cat_2", "/media/emoji-2/x")
	for in, want := range map[string]string{
		"":                  "",
		"no colon":          "no colon",
		":blob:":            a,
		"x :blob: y":        "x " + a + " y",
		":blob::cat_2:":     a + b,
		":blob:cat_2:":      ":blob:" + "cat_2:",
		"12:blob:30":        "12:blob:30",
		"::blob::":          ":" + a + ":",
		":unknown: :blob:":  ":unknown: " + a,
		":Blob: :blob :blo": ":Blob: :blob :blo",
		"<b>:blob:</b>":     "&lt;b&gt;" + a + "&lt;/b&gt;",
		"日:blob:本":          "日" + a + "本",
	} {
		if got := string(Pictured(in, blob)); got != want {
			t.Errorf("%q\n got %s\nwant %s", in, got, want)
		}
	}
	if n := strings.Count(string(Pictured(strings.Repeat(":blob: ", 5000), blob)), "<img"); n != mostEmojis {
		t.Errorf("%d pictures in one text", n)
	}
}

// T34, T35: neither what an emoji is called nor where it lies gets out of its place.
func TestT34_T35_HostileEmojisAreInert(t *testing.T) {
	for _, bad := range []string{"../a", `"><script>`, "a b", "a/b", "", "é", "a:b", "<", "\x00", strings.Repeat("a", 70) + "-"} {
		got := string(Pictured("x :"+bad+": y", []Emoji{{bad, "/media/x"}}))
		if strings.Contains(got, "<img") || strings.Contains(got, "<script") {
			t.Errorf("%q: %s", bad, got)
		}
	}
	got := string(Pictured(":a:", []Emoji{{"a", `x" onerror="alert(1)`}}))
	if strings.Contains(got, `" onerror`) {
		t.Error(got)
	}
}

func TestPlacesAndColours(t *testing.T) {
	css := string(Static()[StaticPath("style.css")].Body)
	for across := range 11 {
		for _, class := range strings.Fields(Focus(across, 10-across)) {
			if !strings.Contains(css, "."+class+" {") {
				t.Errorf("the style sheet has no .%s", class)
			}
		}
	}
	for v := range 256 {
		for _, class := range strings.Fields(Colour(uint8(v), uint8(v), uint8(v))) {
			if !strings.Contains(css, "."+class+" {") {
				t.Fatalf("%d: the style sheet has no .%s", v, class)
			}
		}
	}
	if Focus(5, 5) != "" || Focus(-3, 99) != "x0 y10" || Colour(0, 128, 255) != "r0 g2 b4" {
		t.Error(Focus(-3, 99), Colour(0, 128, 255))
	}
}

func TestSizesAndLengths(t *testing.T) {
	for n, want := range map[int64]string{0: "", -1: "", 1: "1 KB", 812 << 10: "812 KB", 1 << 20: "1 MB", 3250000: "3.1 MB", 99 << 20: "99 MB", 700 << 20: "700 MB", 1 << 30: "1 GB", 1204 << 20: "1.2 GB"} {
		if got := ByteSize(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "0:00", 48 * time.Second: "0:48", 151 * time.Second: "2:31", 3751 * time.Second: "1:02:31", 11 * time.Hour: "11:00:00"} {
		if got := Clock(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}

func TestGalleriesShowFourAtOnce(t *testing.T) {
	g := gallery(sampleFiles())
	if len(g.Pictures) != 4 || len(g.More) != 3 || len(g.Rest) != 5 {
		t.Errorf("%d, %d more, %d others", len(g.Pictures), len(g.More), len(g.Rest))
	}
	for want, list := range map[string][]Media{
		"Sensitive picture": {{Kind: "Picture"}}, "Sensitive sound": {{Kind: "Sound"}},
		"2 sensitive pictures": {{Kind: "Picture"}, {Kind: "Picture"}}, "2 sensitive files": {{Kind: "Picture"}, {Kind: "Video"}},
	} {
		if got := sensitive(list); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if d := (Media{Kind: "Picture"}).Description(); d != "Picture without a description" {
		t.Error(d)
	}
}
