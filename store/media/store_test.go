package media

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestBlobKeepsBytesUnderTheirHash(t *testing.T) {
	s := open(t)
	name, size, err := s.Blob(t.Context(), strings.NewReader("hello"), 5)
	if err != nil || size != 5 || name != "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" {
		t.Fatalf("%q %d %v", name, size, err)
	}
	if again, _, err := s.Blob(t.Context(), strings.NewReader("hello"), 5); err != nil || again != name {
		t.Errorf("again: %q %v", again, err)
	}
	f, info, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if data, _ := io.ReadAll(f); string(data) != "hello" || info.Mode() != 0o600 {
		t.Errorf("%q %v", data, info.Mode())
	}
	if dir, err := os.Stat(filepath.Join(s.dir, "2c", "f2")); err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("shard: %v %v", dir, err)
	}
	if bytes, files, err := s.Size(); bytes != 5 || files != 1 || err != nil {
		t.Errorf("size %d %d %v", bytes, files, err)
	}
	if _, _, err := s.Blob(t.Context(), strings.NewReader("hello!"), 5); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(s.dir, "tmp")); len(left) != 0 {
		t.Errorf("left in tmp: %v", left)
	}
	for range 2 {
		if err := s.Remove(name); err != nil {
			t.Errorf("remove: %v", err)
		}
	}
	if _, _, err := s.Open(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after removal: %v", err)
	}
	if free, err := s.Free(); free == 0 || err != nil {
		t.Errorf("free %d %v", free, err)
	}
}

func TestT35_NamesAreOursOnly(t *testing.T) {
	s := open(t)
	hash := strings.Repeat("ab", 32)
	for _, name := range []string{
		"", ".", "..", "/", "x", "../../x", `..\x`, "/etc/passwd", "C:", "con", "NUL", "com1.jpg", "aux.png",
		strings.Repeat("a", 300), strings.ToUpper(hash), hash + ".svg", hash + ".html", hash + ".JPG", hash + "\x00", hash[:63] + "\x00",
		hash[:63] + "/", "../" + hash[3:], hash + "/../x", hash + ".jpg\x00", " " + hash[1:], hash + ".", "tmp", hash[:63] + "ⅰ",
	} {
		if _, _, err := s.Open(name); !errors.Is(err, ErrBadName) {
			t.Errorf("open %q: %v", name, err)
		}
		if err := s.Remove(name); !errors.Is(err, ErrBadName) {
			t.Errorf("remove %q: %v", name, err)
		}
	}
	// A folder or another thing in a file's place is not opened either.
	if err := os.MkdirAll(s.path(hash), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Open(hash); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder: %v", err)
	}
}

func TestT62_SweepRemovesWhatNobodyKeeps(t *testing.T) {
	s := open(t)
	var names []string
	for _, text := range []string{"kept", "old", "young"} {
		name, _, err := s.Blob(t.Context(), strings.NewReader(text), 100)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	crashed := filepath.Join(s.dir, "tmp", "new-1")
	foreign := filepath.Join(filepath.Dir(s.path(names[1])), "README")
	for _, path := range []string{crashed, foreign} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	for _, path := range []string{s.path(names[0]), s.path(names[1]), crashed, foreign} {
		if err := os.Chtimes(path, now, now.Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	removed, size, err := s.Sweep(t.Context(), func(name string) bool { return name == names[0] }, now.Add(-time.Hour))
	if removed != 1 || size != 3 || err != nil {
		t.Errorf("removed %d, %d bytes, %v", removed, size, err)
	}
	for path, there := range map[string]bool{s.path(names[0]): true, s.path(names[1]): false, s.path(names[2]): true, crashed: false, foreign: true} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Errorf("%s: %v", path, err)
		}
	}
	// Stored anew, an old file is young again: its row may not be written yet.
	if _, _, err := s.Blob(t.Context(), strings.NewReader("kept"), 100); err != nil {
		t.Fatal(err)
	}
	if removed, _, _ := s.Sweep(t.Context(), func(string) bool { return false }, now.Add(-time.Hour)); removed != 0 {
		t.Errorf("removed %d that were just stored", removed)
	}
}

func TestFullDiskIsSaidInWords(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("needs /dev/full: %v", err)
	}
	defer full.Close()
	s := open(t)
	w, err := s.create()
	if err != nil {
		t.Fatal(err)
	}
	defer w.abandon()
	ours := w.f
	defer ours.Close()
	defer os.Remove(ours.Name())
	w.f = full
	_, err = io.Copy(w, bytes.NewReader([]byte("some bytes")))
	if !errors.Is(err, ErrNoSpace) || err.Error() != "The disk is full. Nothing was stored." {
		t.Errorf("%v", err)
	}
	w.f = ours
}
