package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// T38: documents with entities and DTDs harm nobody, since no XML is read: feeds,
// the map of the site and host-meta are only written, and pictures and pages that
// are XML are refused or read as HTML.
func TestT38_NoXMLIsRead(t *testing.T) {
	reads := regexp.MustCompile(`xml\.(Unmarshal|NewDecoder|NewTokenDecoder)|UnmarshalXML|"github\.com/[^"]*(etree|xmlquery|gofeed)`)
	seen := 0
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(filepath.Join("..", path))
		if seen++; err == nil && reads.Match(text) {
			t.Errorf("%s reads XML: %s", path, reads.Find(text))
		}
		return err
	})
	if err != nil || seen < 300 {
		t.Errorf("%d files, %v", seen, err)
	}
}
