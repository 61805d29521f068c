package ap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpusDir is where captured documents of other servers lie; they are never
// part of the project.
func corpusDir(t testing.TB) string {
	dir := os.Getenv("DASSIE_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no captured documents at %s: set DASSIE_CORPUS to test with them", dir)
	}
	return dir
}

// corpusFile parses one captured document.
func corpusFile(t testing.TB, path string) Object {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusDir(t), path))
	if err != nil {
		t.Fatal(err)
	}
	o, err := Parse(b)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return o
}

// corpusFiles lists every captured document.
func corpusFiles(t testing.TB) []string {
	dir := corpusDir(t)
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".json") {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
