package assets

import (
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var alias = regexp.MustCompile(`--([a-z-]+): var\(--([a-z-]+)\);`)

var token = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)

// tokens reads the colours of the three places that declare them.
func tokens(t *testing.T) (light, dark map[string]string) {
	t.Helper()
	css := string(Static()[StaticPath("style.css")].Body)
	block := func(from string) map[string]string {
		_, rest, ok := strings.Cut(css, from)
		if !ok {
			t.Fatalf("style.css has no %q", from)
		}
		rest, _, _ = strings.Cut(rest, "}")
		found := map[string]string{}
		for _, m := range token.FindAllStringSubmatch(rest, -1) {
			found[m[1]] = m[2]
		}
		return found
	}
	light = block(":root {")
	dark = block(`:root:not([data-theme="light"]) {`)
	chosen := block(`:root[data-theme="dark"] {`)
	if len(light) < 18 || len(light) != len(dark) {
		t.Fatalf("%d light and %d dark colours", len(light), len(dark))
	}
	for name, value := range dark {
		if chosen[name] != value {
			t.Errorf("--%s is %s by the system and %s by choice", name, value, chosen[name])
		}
	}
	return light, dark
}

// stronger is a theme with more contrast, which names other tokens.
func stronger(t *testing.T, theme map[string]string) map[string]string {
	t.Helper()
	css := string(Static()[StaticPath("style.css")].Body)
	_, chosen, _ := strings.Cut(css, `:root[data-contrast="more"] {`)
	chosen, rest, _ := strings.Cut(chosen, "}")
	_, asked, _ := strings.Cut(rest, ":root:root {")
	asked, _, _ = strings.Cut(asked, "}")
	if strings.Join(strings.Fields(chosen), " ") != strings.Join(strings.Fields(asked), " ") {
		t.Errorf("more contrast by choice is\n%s\nand by the system\n%s", chosen, asked)
	}
	out := maps.Clone(theme)
	for _, m := range alias.FindAllStringSubmatch(chosen, -1) {
		out[m[1]] = theme[m[2]]
	}
	if out["line"] != theme["text"] {
		t.Error("lines are as faint as before")
	}
	return out
}

// luminance and contrast are WCAG 2.2's definitions.
func luminance(hex string) float64 {
	var sum float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, _ := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		c := float64(n) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + .05) / (math.Min(x, y) + .05)
}

func TestContrast(t *testing.T) {
	light, dark := tokens(t)
	pairs := []struct {
		front, ground string
		least         float64
	}{
		{"accent-ink", "accent", 4.5}, {"danger-ink", "danger", 4.5}, {"accent", "accent-soft", 4.5}, {"text", "danger-soft", 4.5}, {"muted", "danger-soft", 4.5},
		{"danger", "danger-soft", 4.5}, {"warn-ink", "warn-soft", 4.5}, {"bg", "text", 4.5},
	}
	for _, ground := range []string{"bg", "surface", "sunken"} {
		for _, front := range []string{"text", "muted", "accent", "boost", "like", "ok", "danger", "warn-ink"} {
			pairs = append(pairs, struct {
				front, ground string
				least         float64
			}{front, ground, 4.5})
		}
		pairs = append(pairs, struct {
			front, ground string
			least         float64
		}{"line-strong", ground, 3})
	}
	for name, theme := range map[string]map[string]string{"light": light, "dark": dark, "light, more contrast": stronger(t, light), "dark, more contrast": stronger(t, dark)} {
		for _, pair := range pairs {
			if theme[pair.front] == "" || theme[pair.ground] == "" {
				t.Fatalf("%s: no colour %s or %s", name, pair.front, pair.ground)
			}
			if got := contrast(theme[pair.front], theme[pair.ground]); got < pair.least {
				t.Errorf("%s: %s on %s is %.2f, at least %.1f", name, pair.front, pair.ground, got, pair.least)
			}
		}
	}
}

func TestStyleLoadsNothing(t *testing.T) {
	css := string(Static()[StaticPath("style.css")].Body)
	for _, word := range []string{"url(", "@import", "@font-face", "http:", "https:"} {
		if strings.Contains(css, word) {
			t.Errorf("style.css has %s", word)
		}
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("style.css: braces do not pair")
	}
}

// What browsers get is the style as it is written, less its comments.
func TestStyleIsSentWithoutComments(t *testing.T) {
	written, err := files.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	for name, sent := range map[string]string{"style.css": string(Static()[StaticPath("style.css")].Body), "public.css": string(Static()[StaticPath("public.css")].Body)} {
		if strings.Contains(sent, "/*") || strings.Contains(sent, "*/") || !strings.Contains(sent, "@media print {") {
			t.Errorf("%s has comments, or lacks rules", name)
		}
	}
	sent := string(bareStyle(written))
	if got, want := strings.Count(sent, "{"), strings.Count(string(written), "{"); got != want {
		t.Errorf("%d rules are sent of %d", got, want)
	}
	for in, want := range map[string]string{"a { b: c; } /* why */\nd { }": "a { b: c; }\nd { }", "/* one\n   two */\na { }": "\na { }", "a { /* in */ b: c; }": "a { b: c; }", "": ""} {
		if got := string(bareStyle([]byte(in))); got != want {
			t.Errorf("%q is sent as %q", in, got)
		}
	}
}

// Visitors get a part of the style only; whatever their pages use must be in it.
func TestVisitorsGetTheStyleTheyUse(t *testing.T) {
	all, public := string(Static()[StaticPath("style.css")].Body), string(Static()[StaticPath("public.css")].Body)
	if len(public) >= len(all) || strings.Contains(public, ".rail li") || strings.Count(public, "{") != strings.Count(public, "}") {
		t.Fatalf("the public style is %d bytes of %d", len(public), len(all))
	}
	rule := func(css, class string) bool {
		return regexp.MustCompile(`\.` + regexp.QuoteMeta(class) + `[^\w-]`).MatchString(css)
	}
	missing := map[string]bool{}
	for name, page := range render(t) {
		if !strings.Contains(page, "public.css") {
			continue
		}
		for _, m := range regexp.MustCompile(`\sclass="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			for _, class := range strings.Fields(m[1]) {
				if !missing[class] && rule(all, class) && !rule(public, class) {
					missing[class] = true
					t.Errorf("%s uses .%s, which stands among the owner's rules", name, class)
				}
			}
		}
	}
}
