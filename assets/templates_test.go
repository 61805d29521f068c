package assets

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func render(t *testing.T) map[string]string {
	t.Helper()
	set, err := Templates(nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, data := range samplePages() {
		page, _, _ := strings.Cut(name, ".")
		var b bytes.Buffer
		if err := set.Execute(&b, page, data); err != nil {
			t.Errorf("%v", err)
		}
		out[name] = b.String()
	}
	return out
}

// With DASSIE_PREVIEW=DIR the rendered samples and the static files are
// written there, to be looked at in a browser.
func TestEveryPageRenders(t *testing.T) {
	out := render(t)
	for page := range pages {
		if out[page] == "" {
			t.Errorf("page %s has no sample", page)
		}
	}
	dir := os.Getenv("DASSIE_PREVIEW")
	if dir == "" {
		return
	}
	for name, body := range out {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, file := range Static() {
		target := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, file.Body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	inline   = regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)\s*=|<script|<style|javascript:`)
	ours     = regexp.MustCompile(`<script src="(\{\{static "app.js"\}\}|/static/[0-9a-f]+-app.js)" defer[^<>]*></script>`)
	keys     = regexp.MustCompile(`<script src="(\{\{static "passkey.js"\}\}|/static/[0-9a-f]+-passkey.js)" defer></script>`)
	ids      = regexp.MustCompile(`\sid="([^"]*)"`)
	refs     = regexp.MustCompile(`(?:aria-labelledby|aria-describedby|for|list)="([^"]+)"`)
	uses     = regexp.MustCompile(`href="#(i-[a-z]+)"`)
	posts    = regexp.MustCompile(`(?s)<form[^>]*method="post".*?</form>`)
	headings = regexp.MustCompile(`<h1[\s>]`)
	images   = regexp.MustCompile(`<img[^>]*>`)
)

// The content security policy forbids inline style and script, so a template
// that has one is broken in every browser.
func TestNoInlineStyleOrScript(t *testing.T) {
	err := fs.WalkDir(files, "templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		switch path {
		case "templates/layouts/owner.html":
			body = ours.ReplaceAll(body, nil)
		case "templates/partials/passkey.html":
			body = keys.ReplaceAll(body, nil)
		}
		if hit := inline.Find(body); hit != nil {
			t.Errorf("%s: %s", path, hit)
		}
		if strings.HasPrefix(path, "templates/pages/") && !bytes.HasPrefix(body, []byte("{{/*")) {
			t.Errorf("%s does not open with the data it expects", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// All templates share one set, where a second definition would silently
// replace the first.
func TestEveryPartIsDefinedOnce(t *testing.T) {
	where := map[string]string{}
	err := fs.WalkDir(files, "templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range regexp.MustCompile(`{{define "([^"]+)"`).FindAllStringSubmatch(string(body), -1) {
			if m[1] == "main" || m[1] == "side" {
				continue
			}
			if where[m[1]] != "" {
				t.Errorf("%s is defined in %s and %s", m[1], where[m[1]], path)
			}
			where[m[1]] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPagesAreWellFormed(t *testing.T) {
	for name, body := range render(t) {
		page, _, _ := strings.Cut(name, ".")
		if n := len(ours.FindAllString(body, -1)); n > 1 || (n == 1) != (pages[page] == "owner") {
			t.Errorf("%s: %d times our script", name, n)
		}
		if n := len(keys.FindAllString(body, -1)); n > 1 || (n == 1) != strings.Contains(body, "data-passkey=") {
			t.Errorf("%s: %d times the script for passkeys", name, n)
		}
		if hit := inline.FindString(keys.ReplaceAllString(ours.ReplaceAllString(body, ""), "")); hit != "" {
			t.Errorf("%s: inline %s", name, hit)
		}
		if n := len(headings.FindAllString(body, -1)); n != 1 {
			t.Errorf("%s: %d h1", name, n)
		}
		for _, part := range []string{"<main", `lang="en"`, "<title>", `name="viewport"`} {
			if strings.Count(body, part) < 1 {
				t.Errorf("%s: no %s", name, part)
			}
		}
		seen := map[string]bool{}
		for _, m := range ids.FindAllStringSubmatch(body, -1) {
			if seen[m[1]] {
				t.Errorf("%s: id %q twice", name, m[1])
			}
			seen[m[1]] = true
		}
		for _, m := range refs.FindAllStringSubmatch(body, -1) {
			for _, id := range strings.Fields(m[1]) {
				if !seen[id] {
					t.Errorf("%s: %s leads to no id", name, m[0])
				}
			}
		}
		for _, m := range uses.FindAllStringSubmatch(body, -1) {
			if !seen[m[1]] {
				t.Errorf("%s: icon %s is not in its sprite", name, m[1])
			}
		}
		for _, form := range posts.FindAllString(body, -1) {
			anybody := strings.Contains(form, `action="/privacy/ask`) || strings.Contains(form, `action="/mail/off/`) // nobody is logged in there, and the secret of a link is in its address
			if !anybody && strings.Count(form, `<input type="hidden" name="csrf" value="`) != 1 {
				t.Errorf("%s: form without csrf: %.80s", name, form)
			}
		}
		for _, img := range images.FindAllString(body, -1) {
			if !strings.Contains(img, " alt=") || !strings.Contains(img, " width=") || !strings.Contains(img, " height=") {
				t.Errorf("%s: %s", name, img)
			}
		}
		if strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "no value") || strings.Contains(body, "%!") {
			t.Errorf("%s: something was not printed", name)
		}
	}
}

func TestButtonsAreNamedAsPromised(t *testing.T) {
	out := render(t)
	for name, buttons := range map[string][]string{
		"login": {"Log in"}, "login.code": {"Log in"}, "home": {"Post", "Reply", "Boost", "Like"}, "post": {"Reply"}, "write": {"Post"}, "write.reply": {"Reply"},
		"requests": {"Accept", "Reject"}, "requests.several": {"Accept", "Reject"}, "confirm": {"Delete"}, "search": {"Follow"}, "person": {"Follow"}, "public_profile": {"Follow"},
	} {
		for _, button := range buttons {
			found := false
			for _, m := range regexp.MustCompile(`(?s)<button[^>]*>(.*?)</button>`).FindAllStringSubmatch(out[name], -1) {
				text := regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`).ReplaceAllString(m[1], "")
				found = found || text == button
			}
			if !found {
				t.Errorf("%s has no button %q", name, button)
			}
		}
	}
	for field, page := range map[string]string{`name="name"`: "login", `name="password"`: "login", `name="code"`: "login.code"} {
		if !strings.Contains(out[page], field) {
			t.Errorf("%s lacks %s", page, field)
		}
	}
}

func TestWeight(t *testing.T) {
	out := render(t)
	if n := len(out["error"]); n > 3<<10 {
		t.Errorf("error page is %d bytes, at most 3,072", n)
	}
	zipped := func(s string) int {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(s))
		_ = z.Close()
		return b.Len()
	}
	for name, most := range map[string]int{"home": 35 << 10, "public_profile": 30 << 10, "public_post": 20 << 10} {
		if n := zipped(out[name]); n > most {
			t.Errorf("%s is %d bytes compressed, at most %d", name, n, most)
		} else {
			t.Logf("%s: %d bytes, %d compressed", name, len(out[name]), n)
		}
	}
	for name, most := range map[string]int{"style.css": 12 << 10, "app.js": 23 << 10, "passkey.js": 2 << 10} {
		if n := len(Static()[StaticPath(name)].Gzip); n > most || n == 0 {
			t.Errorf("%s is %d bytes compressed, at most %d", name, n, most)
		} else {
			t.Logf("%s: %d bytes compressed", name, n)
		}
	}
}

func TestHostileTextIsInert(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	who := Person{Name: evil, Handle: evil, URL: "javascript:alert(1)", Avatar: "javascript:alert(1)"}
	set, err := Templates(nil)
	if err != nil {
		t.Fatal(err)
	}
	data := samplePages()["requests"]
	var b bytes.Buffer
	saved := sampleRequests[1]
	sampleRequests[1].Person, sampleRequests[1].Server, sampleRequests[1].Problem, sampleRequests[1].Facts = who, evil, evil, []Fact{{Label: evil, Strong: evil, Text: evil, URL: "javascript:alert(1)", LinkText: evil}}
	err = set.Execute(&b, "requests", data)
	sampleRequests[1] = saved
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), `="javascript:`) {
		t.Error("an address with a script was kept")
	}
	tags := regexp.MustCompile(`="[^"]*"`).ReplaceAllString(ours.ReplaceAllString(b.String(), ""), `=""`)
	if hit := inline.FindString(tags); hit != "" {
		t.Errorf("%s", hit)
	}
}
