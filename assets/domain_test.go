package assets

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// T15: a name that mixes scripts, or looks like another one, is shown as it
// travels; a plain name of one script in its own letters.
func TestT15_NamesThatCouldBeTakenForOthers(t *testing.T) {
	for domain, want := range map[string]string{
		"navy.example":                 "navy.example",
		"localhost:8081":               "localhost:8081",
		"alice.localhost":              "alice.localhost",
		"192.0.2.1":                    "192.0.2.1",
		"a_b.example":                  "a_b.example",
		"xn--bcher-kva.example":        "bücher.example",
		"bücher.example":               "bücher.example",
		"xn--e1afmkfd.xn--p1ai":        "пример.рф",
		"xn--e1afmkfd.example":         "пример.example", // one script in each label
		"xn--fsq.xn--0zwm56d":          "例.测试",
		"xn--p8j9a0d9c9a.xn--q9jyb4c":  "はじめよう.みんな",
		"xn--3e0b707e":                 "한국",
		"xn--mgbh0fb.example":          "مثال.example",
		"xn--exmple-4nf.org":           "xn--exmple-4nf.org",   // Cyrillic a between Latin letters
		"exаmple.org":                  "xn--exmple-4nf.org",   // the same as typed
		"xn--80ak6aa92e.com":           "xn--80ak6aa92e.com",   // all Cyrillic, reads as apple
		"xn--ggle-0nda.com":            "xn--ggle-0nda.com",    // Cyrillic o
		"xn--oogle-qmc.com":            "xn--oogle-qmc.com",    // script g, a Latin letter
		"xn--a-ecp.example":            "xn--a-ecp.example",    // Armenian and Latin
		"xn--99999999.example":         "xn--99999999.example", // no name at all
		"xn--bcher-kva.xn--ggle-0nda":  "bücher.xn--ggle-0nda",
		"xn--bcher-kva.localhost:8081": "bücher.localhost:8081",
	} {
		if got := shownDomain(domain); got != want {
			t.Errorf("%s is shown as %s, not %s", domain, got, want)
		}
	}
	if got := string(handle("@grace@xn--80ak6aa92e.com")); got != "@grace<wbr>@xn--80ak6aa92e.com" {
		t.Errorf("a handle is shown as %s", got)
	}
	if got := string(handle("@grace@xn--bcher-kva.example")); got != "@grace<wbr>@bücher.example" {
		t.Errorf("a handle is shown as %s", got)
	}
}

// T15: no template writes a handle in any other way. The owner's own, whose letters
// the owner chose, may stand as it is.
func TestT15_EveryHandleIsShownThatWay(t *testing.T) {
	raw := regexp.MustCompile(`\{\{-?\s*(\.[A-Za-z.$]*|\$[A-Za-z.$]*)?(Handle|ReplyTo)\s*-?\}\}`)
	err := fs.WalkDir(files, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		for _, found := range raw.FindAllString(string(text), -1) {
			if !strings.Contains(found, ".Me.Handle") && !strings.Contains(path, "/setup_") && found != "{{end}}" {
				t.Errorf("%s has %s", path, found)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
