package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

// header is a zip file with the two files that make it an archive, and one more.
func header(t testing.TB, h zip.FileHeader, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range []member{actorJSON(), {"outbox.json", collectionOf(oldPost(1, nil))}} {
		w, err := z.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(m.body)
	}
	w, err := z.CreateHeader(&h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func mode(name string, m fs.FileMode) zip.FileHeader {
	h := zip.FileHeader{Name: name, Method: zip.Store}
	h.SetMode(m)
	return h
}

// noise is text that does not become smaller when it is packed.
func noise(n int) string {
	b := make([]byte, n)
	r := rand.New(rand.NewSource(1))
	for i := range b {
		b[i] = 'a' + byte(r.Intn(26))
	}
	return string(b)
}

// hostile are archives that must be refused, each with words that say why.
func hostile(t testing.TB) map[string]struct {
	file []byte
	says string
} {
	type bad = struct {
		file []byte
		says string
	}
	plain := header(t, zip.FileHeader{Name: "x.txt", Method: zip.Store}, []byte("x"))
	outbox := func(body string) []byte { return zipOf(t, actorJSON(), member{"outbox.json", []byte(body)}) }
	encrypted := bytes.Clone(plain)
	for at := 0; ; { // the flag in every entry of the list
		n := bytes.Index(encrypted[at:], []byte("PK\x01\x02"))
		if n < 0 {
			break
		}
		encrypted[at+n+8] |= 1
		at += n + 4
	}
	return map[string]bad{
		"up":         {header(t, zip.FileHeader{Name: "../escape.txt"}, []byte("x")), "outside"},
		"up within":  {header(t, zip.FileHeader{Name: "media_attachments/../../escape.txt"}, []byte("x")), "outside"},
		"absolute":   {header(t, zip.FileHeader{Name: "/etc/escape.txt"}, []byte("x")), "outside"},
		"drive":      {header(t, zip.FileHeader{Name: "C:escape.txt"}, []byte("x")), "outside"},
		"backslash":  {header(t, zip.FileHeader{Name: `..\escape.txt`}, []byte("x")), "name that cannot be"},
		"nul":        {header(t, zip.FileHeader{Name: "a\x00b"}, []byte("x")), "name that cannot be"},
		"no utf-8":   {header(t, zip.FileHeader{Name: "a\xffb", NonUTF8: true}, []byte("x")), "name that cannot be"},
		"long name":  {header(t, zip.FileHeader{Name: strings.Repeat("a", 2000)}, []byte("x")), "name that cannot be"},
		"symlink":    {header(t, mode("link", fs.ModeSymlink|0o777), []byte("/etc/passwd")), "link"},
		"device":     {header(t, mode("dev", fs.ModeDevice|0o666), nil), "no file"},
		"pipe":       {header(t, mode("pipe", fs.ModeNamedPipe|0o666), nil), "no file"},
		"twice":      {zipOf(t, actorJSON(), member{"outbox.json", collectionOf()}, member{"outbox.json", collectionOf()}), "twice"},
		"encrypted":  {encrypted, "encrypted"},
		"bomb":       {header(t, zip.FileHeader{Name: "bomb.json", Method: zip.Deflate}, make([]byte, 20<<20)), "bomb"},
		"cut":        {plain[:len(plain)-30], "damaged"},
		"cut early":  {plain[:40], "damaged"},
		"empty":      {zipOf(t), "no archive that is known"},
		"another":    {zipOf(t, member{"hello.txt", []byte("x")}), "no archive that is known"},
		"no actor":   {zipOf(t, member{"outbox.json", collectionOf()}), "actor.json"},
		"no json":    {outbox("hello"), "outbox.json"},
		"half json":  {outbox(`{"orderedItems":[{"type":"Create"`), "outbox.json"},
		"deep":       {outbox(`{"orderedItems":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`), "outbox.json"},
		"deep keys":  {outbox(strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_000)), "outbox.json"},
		"long item":  {outbox(`{"orderedItems":["` + noise(3<<20) + `"]}`), "longer than"},
		"long value": {outbox(`{"x":"` + noise(3<<20) + `","orderedItems":[]}`), "longer than"},
		"too many":   {crowded(t), "more than 100000 files"},
		"overlap":    {overlapping(t), "overlap"},
	}
}

// crowded has a million entries in its list, and says that there are three.
func crowded(t testing.TB) []byte {
	small := header(t, zip.FileHeader{Name: "x", Method: zip.Store}, []byte("x"))
	end := bytes.LastIndex(small, []byte("PK\x05\x06"))
	dir := bytes.Index(small, []byte("PK\x01\x02"))
	last := bytes.LastIndex(small[:end], []byte("PK\x01\x02"))
	out := bytes.NewBuffer(bytes.Clone(small[:end]))
	for range 1_000_000 {
		out.Write(small[last:end])
	}
	tail := bytes.Clone(small[end:])
	binary.LittleEndian.PutUint32(tail[12:], uint32(out.Len()-dir))
	out.Write(tail)
	return out.Bytes()
}

// overlapping has many entries for the same bytes.
func overlapping(t testing.TB) []byte {
	small := header(t, zip.FileHeader{Name: "media00000", Method: zip.Store}, bytes.Repeat([]byte("x"), 1000))
	end := bytes.LastIndex(small, []byte("PK\x05\x06"))
	dir := bytes.Index(small, []byte("PK\x01\x02"))
	last := bytes.LastIndex(small[:end], []byte("PK\x01\x02"))
	out := bytes.NewBuffer(bytes.Clone(small[:end]))
	const more = 100
	for n := range more {
		out.Write(bytes.Replace(small[last:end], []byte("media00000"), fmt.Appendf(nil, "media%05d", n+1), 1))
	}
	tail := bytes.Clone(small[end:])
	for _, at := range []int{8, 10} {
		binary.LittleEndian.PutUint16(tail[at:], binary.LittleEndian.Uint16(tail[at:])+more)
	}
	binary.LittleEndian.PutUint32(tail[12:], uint32(out.Len()-dir))
	out.Write(tail)
	return out.Bytes()
}

func TestT40_HostileArchivesAreRefusedInWords(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	root := t.TempDir()
	dir := filepath.Join(root, "imports")
	k := taker(t, c, alice, dir)
	for name, bad := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			row := look(t, k, alice, bad.file)
			runtime.ReadMemStats(&after)
			if row.State != store.ImportFailed || !strings.Contains(row.Error, bad.says) || strings.Contains(row.Error, "log has the details") {
				t.Errorf("the import ended as %d: %q, want %q", row.State, row.Error, bad.says)
			}
			if got := int64(after.TotalAlloc-before.TotalAlloc) - int64(len(bad.file)); got > 96<<20 {
				t.Errorf("%d MB were needed to refuse it", got>>20)
			}
			if strings.Contains(row.Error, "\x00") || !utf8.ValidString(row.Error) {
				t.Errorf("%q holds what cannot be shown", row.Error)
			}
		})
	}
	run(t, k)
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files stay", len(left))
	}
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			t.Errorf("%s is there, %v", path, err)
		}
		return nil
	})
}

func TestT40_ABrokenMemberFailsInWordsAndWhatCameBeforeStays(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	var items []any
	for n := range 50 {
		items = append(items, oldPost(n, nil))
	}
	file := zipOf(t, actorJSON(), member{"outbox.json", collectionOf(items...)}, member{"likes.json", collectionOf()})
	k := taker(t, c, alice, t.TempDir())
	row := look(t, k, alice, file)
	if row.State != store.ImportLooked {
		t.Fatalf("%+v", row)
	}
	at := bytes.Index(file, []byte("outbox.json")) + 400
	for i := range 8 { // on the disk, between the preview and the import
		file[at+i] ^= 0xff
	}
	up, err := k.Receive(ctx(), bytes.NewReader(file), "x.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer up.Drop()
	id, err := up.Keep(ctx())
	if err != nil {
		t.Fatal(err)
	}
	run(t, k)
	if row := importOf(t, alice, id); row.State != store.ImportFailed || !strings.Contains(row.Error, "damaged") {
		t.Errorf("%+v", row)
	}
}

func TestT40_AnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	dir := t.TempDir()
	k := taker(t, c, c.Servers[0], dir)
	if _, err := k.Receive(ctx(), cutOff{}, "x.zip"); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files stay", len(left))
	}
	if err := os.WriteFile(filepath.Join(dir, "import-left-by-a-crash"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, k)
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files stay after a crash", len(left))
	}
}

type cutOff struct{}

func (cutOff) Read(p []byte) (int, error) { return copy(p, "PK\x03\x04"), io.ErrUnexpectedEOF }

func FuzzT40Archive(f *testing.F) {
	f.Add(mastodonArchive(f, nil, nil))
	f.Add(zipOf(f, actorJSON()))
	c := fedtest.New(f, "alice")
	k := taker(f, c, c.Servers[0], f.TempDir())
	f.Fuzz(func(t *testing.T, file []byte) {
		if !archive.IsArchive(file) {
			return
		}
		row := look(t, k, c.Servers[0], file)
		if row.State != store.ImportLooked && (row.State != store.ImportFailed || strings.Contains(row.Error, "log has the details")) {
			t.Errorf("%+v", row)
		}
		if err := k.Cancel(ctx(), row.ID); err != nil {
			t.Error(err)
		}
	})
}
