package archive_test

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkImportAndExport brings in an archive of Mastodon with 100,000 posts and
// 1 GB of media by the real program, and packs all of it again. It tells the time of
// both and the most memory that either had (LIMITS.md: busy 64 MiB, never over 96).
func BenchmarkImportAndExport(b *testing.B) {
	if os.Getenv("DASSIE_LONG") == "" {
		b.Skip("takes minutes and 4 GB of disk; DASSIE_LONG=1 runs it")
	}
	const posts, films, pictures = 100_000, 64, 200
	dir := b.TempDir()
	file := filepath.Join(dir, "big.zip")
	bigArchive(b, file, posts, films, pictures)
	bin, data := filepath.Join(dir, "dassie"), filepath.Join(dir, "data")
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("correct horse battery\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	command := func(name string, args ...string) (time.Duration, float64) {
		cmd := exec.Command(name, args...)
		begun := time.Now()
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		took := time.Since(begun)
		most := float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
		b.Logf("%s: %s, at most %.0f MiB\n%s", args[0], took.Round(time.Second/10), most, out)
		return took, most
	}
	command("go", "build", "-o", bin, "dassie")
	command(bin, "init", "-data", data, "-domain", "alice.localhost:1", "-name", "alice", "-password-file", password)
	for b.Loop() {
		look, lookMost := command(bin, "import", "-dry-run", "-data", data, file)
		in, inMost := command(bin, "import", "-data", data, file)
		out, outMost := command(bin, "export", "-data", data, filepath.Join(dir, "out.zip"))
		b.ReportMetric(look.Seconds(), "preview-s")
		b.ReportMetric(lookMost, "preview-MiB")
		b.ReportMetric(in.Seconds(), "import-s")
		b.ReportMetric(inMost, "import-MiB")
		b.ReportMetric(out.Seconds(), "export-s")
		b.ReportMetric(outMost, "export-MiB")
	}
}

// bigArchive writes an archive item by item: sounds of 16 MB, pictures, and posts.
func bigArchive(b *testing.B, file string, posts, films, pictures int) {
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	create := func(name string, method uint16) io.Writer {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			b.Fatal(err)
		}
		return w
	}
	create("actor.json", zip.Deflate).Write(actorJSON().body)
	r := rand.New(rand.NewSource(1))
	for n := range films {
		w := create(fmt.Sprintf("media_attachments/files/%d/original/s.wav", n), zip.Store)
		w.Write(wave(16 << 20))
		if _, err := io.CopyN(w, r, 16<<20); err != nil {
			b.Fatal(err)
		}
	}
	for n := range pictures {
		create(fmt.Sprintf("media_attachments/files/%d/original/p.jpg", films+n), zip.Store).Write(bytesOf(photo(r)))
	}
	w := create("outbox.json", zip.Deflate)
	io.WriteString(w, `{"@context":"https://www.w3.org/ns/activitystreams","id":"outbox.json","type":"OrderedCollection","orderedItems":[`)
	for n := range posts {
		more := map[string]any{"content": "<p>" + words(r) + "</p>", "published": time.Date(2018, 1, 1, 0, n*30, 0, 0, time.UTC).Format(time.RFC3339)}
		if n%5 == 4 {
			more["inReplyTo"] = fmt.Sprintf("%s/statuses/%d", oldActor, n-1)
		}
		if n < films+pictures {
			name, kind := "s.wav", "audio/wav"
			if n >= films {
				name, kind = "p.jpg", "image/jpeg"
			}
			more["attachment"] = []any{map[string]any{"type": "Document", "mediaType": kind, "url": fmt.Sprintf("media_attachments/files/%d/original/%s", n, name), "name": "Something"}}
		}
		item, err := json.Marshal(oldPost(n, more))
		if err != nil {
			b.Fatal(err)
		}
		if n > 0 {
			io.WriteString(w, ",")
		}
		w.Write(item)
	}
	io.WriteString(w, "]}")
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
}

func words(r *rand.Rand) string {
	var s strings.Builder
	for range 20 + r.Intn(40) {
		for range 2 + r.Intn(8) {
			s.WriteByte('a' + byte(r.Intn(26)))
		}
		s.WriteByte(' ')
	}
	return s.String()
}

// wave is the beginning of a sound of so many bytes.
func wave(n uint32) []byte {
	h := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x44\xac\x00\x00\x88\x58\x01\x00\x02\x00\x10\x00data\x00\x00\x00\x00")
	binary.LittleEndian.PutUint32(h[4:], n+36)
	binary.LittleEndian.PutUint32(h[40:], n)
	return h
}
