package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

// tarred is a tar file of what do writes, made smaller by gzip if that is wanted.
func tarred(t testing.TB, small bool, do func(add func(h tar.Header, body []byte))) []byte {
	t.Helper()
	var b, out bytes.Buffer
	z := tar.NewWriter(&b)
	do(func(h tar.Header, body []byte) {
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		h.Size, h.Mode = int64(len(body)), 0o444
		if err := z.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(body); err != nil {
			t.Fatal(err)
		}
	})
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if !small {
		return b.Bytes()
	}
	g := gzip.NewWriter(&out)
	g.Write(b.Bytes())
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// oldMastodon is an archive as Mastodon 3.3 packed it: by tar, the media first, under
// their full path on its disk.
func oldMastodon(t testing.TB, likes []any) []byte {
	files := unzipped(t, mastodonArchive(t, likes, nil))
	return tarred(t, true, func(add func(tar.Header, []byte)) {
		for _, name := range slices.Backward(sortedNames(files)) {
			at := name
			if strings.HasPrefix(name, "media_attachments/") {
				at = "/home/mastodon/live/public/system/" + name
			}
			add(tar.Header{Name: at}, files[name])
		}
	})
}

func sortedNames(p packed) (list []string) {
	for name := range p {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func TestAnArchiveOfMastodon33IsTaken(t *testing.T) {
	file := oldMastodon(t, nil)
	check := func(t *testing.T, alice *fedtest.Server, left []archive.Left) {
		if n := countLeft(left, "not in the archive") + countLeft(left, "no picture"); n != 2 {
			t.Errorf("%v are left out", left)
		}
		if err := alice.Store().Read(ctx(), func(tx *store.Tx) error {
			id, err := tx.Imported(oldActor + "/statuses/5")
			if err != nil {
				return err
			}
			p, err := tx.Post(id)
			if len(p.Extra.Attachments) != 2 || p.Extra.Attachments[1].Alt != "A hill" {
				t.Errorf("files %+v", p.Extra.Attachments)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("uploaded", func(t *testing.T) {
		c := fedtest.New(t, "alice")
		dir := t.TempDir()
		plan, result := take(t, taker(t, c, c.Servers[0], dir), c.Servers[0], file)
		if plan.Kind != "mastodon" || result.Taken["posts"] != 10 {
			t.Errorf("plan %+v, result %+v", plan, result)
		}
		check(t, c.Servers[0], result.Left)
	})
	t.Run("by the command", func(t *testing.T) {
		c := fedtest.New(t, "alice")
		dir := t.TempDir()
		at := filepath.Join(dir, "archive-20210301.tar.gz")
		if err := os.WriteFile(at, file, 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := archive.ImportCommand(ctx(), c.Servers[0].Store(), dir, at, "test", false, func(string) {})
		if err != nil || !slices.Contains(report, "came: Posts: 10") {
			t.Errorf("%q, %v", report, err)
		}
		check(t, c.Servers[0], leftOf(report))
		if left, _ := os.ReadDir(filepath.Join(dir, "imports")); len(left) != 0 {
			t.Errorf("%d files stay", len(left))
		}
	})
}

// leftOf reads what a command says is left out.
func leftOf(report []string) (list []archive.Left) {
	for _, line := range report {
		if why, ok := strings.CutPrefix(line, "did not come: 1: "); ok {
			list = append(list, archive.Left{Why: why, Count: 1})
		}
	}
	return list
}

func TestT40_HostileTarFilesAreRefusedInWords(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	dir := filepath.Join(t.TempDir(), "imports")
	k := taker(t, c, alice, dir)
	one := func(h tar.Header, body string) []byte {
		return tarred(t, true, func(add func(tar.Header, []byte)) {
			add(tar.Header{Name: "actor.json"}, actorJSON().body)
			add(tar.Header{Name: "outbox.json"}, collectionOf(oldPost(1, nil)))
			add(h, []byte(body))
		})
	}
	good := one(tar.Header{Name: "x.txt"}, noise(1<<20))
	bad := bytes.Clone(good)
	bad[len(bad)-6] ^= 0xff // in the sum
	holes := func(key, value string) []byte {
		records := paxRecord(key, value) + paxRecord("GNU.sparse.numblocks", "1") + paxRecord("GNU.sparse.size", "4611686018427387904")
		return retyped(tarred(t, false, func(add func(tar.Header, []byte)) {
			add(tar.Header{Name: "actor.json"}, actorJSON().body)
			add(tar.Header{Name: "retyped"}, []byte(records))
			add(tar.Header{Name: "hole.json"}, []byte("x"))
		}), tar.TypeXHeader, "")
	}
	oldHoles := retyped(tarred(t, false, func(add func(tar.Header, []byte)) {
		add(tar.Header{Name: "actor.json"}, actorJSON().body)
		add(tar.Header{Name: "retyped", Format: tar.FormatGNU}, nil)
	}), tar.TypeGNUSparse, "77777777777")
	for name, v := range map[string]struct {
		file []byte
		says string
	}{
		"up":              {one(tar.Header{Name: "../escape.txt"}, "x"), "outside"},
		"up within":       {one(tar.Header{Name: "/x/media_attachments/files/../../../../escape.txt"}, "x"), "outside"},
		"absolute":        {one(tar.Header{Name: "/etc/escape.txt"}, "x"), "outside"},
		"symlink":         {one(tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""), "link"},
		"hard link":       {one(tar.Header{Name: "link", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, ""), "link"},
		"device":          {one(tar.Header{Name: "dev", Typeflag: tar.TypeBlock}, ""), "no file"},
		"pipe":            {one(tar.Header{Name: "pipe", Typeflag: tar.TypeFifo}, ""), "no file"},
		"twice":           {one(tar.Header{Name: "outbox.json"}, "{}"), "twice"},
		"bomb":            {one(tar.Header{Name: "bomb.json"}, strings.Repeat("\x00", 40<<20)), "bomb"},
		"cut":             {good[:len(good)/2], "damaged"},
		"wrong sum":       {bad, "damaged"},
		"gzip of nothing": {gzipped(t, []byte("hello")), "damaged"},
		"a million":       {crowdedTar(t), "more than 100000 files"},
		"holes":           {holes("GNU.sparse.map", "0,1"), "holes"},
		"holes of 1.0":    {holes("GNU.sparse.major", "1"), "holes"},
		"old holes":       {oldHoles, "holes"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			says := ""
			up, err := k.Receive(ctx(), bytes.NewReader(v.file), "x.tar.gz")
			if err != nil {
				says = err.Error()
			} else {
				id, err := up.Keep(ctx())
				if err != nil {
					t.Fatal(err)
				}
				run(t, k)
				says = importOf(t, alice, id).Error
			}
			if !strings.Contains(says, v.says) {
				t.Errorf("%q, want %q", says, v.says)
			}
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 160<<20 {
				t.Errorf("%d MB were needed to refuse it", got>>20)
			}
		})
	}
	run(t, k)
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files stay", len(left))
	}
	if up, err := k.Receive(ctx(), bytes.NewReader(tarred(t, false, func(add func(tar.Header, []byte)) {
		add(tar.Header{Name: "actor.json"}, actorJSON().body)
	})), "x.tar"); err != nil {
		t.Errorf("one that is not made smaller: %v", err)
	} else {
		up.Drop()
	}
}

func gzipped(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	g := gzip.NewWriter(&out)
	g.Write(b)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// crowdedTar has more empty files than can be.
func crowdedTar(t testing.TB) []byte {
	var one, out bytes.Buffer
	z := tar.NewWriter(&one)
	if err := z.WriteHeader(&tar.Header{Name: noise(90), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	g, _ := gzip.NewWriterLevel(&out, gzip.HuffmanOnly) // so that it is no bomb
	for range 100_001 {
		g.Write(one.Bytes()[:512])
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// paxRecord is one line of an extended header (POSIX.1-2001, pax).
func paxRecord(key, value string) string {
	for n := len(key) + len(value) + 3; ; { // its length is a part of it
		line := fmt.Sprintf("%d %s=%s\n", n, key, value)
		if len(line) == n {
			return line
		}
		n = len(line)
	}
}

// retyped makes the member "retyped" of a tar file something that archive/tar does not
// write, of a size that it says it really has.
func retyped(file []byte, as byte, size string) []byte {
	head := file[bytes.Index(file, []byte("retyped\x00")):][:512]
	head[156] = as
	copy(head[483:], size)
	copy(head[148:156], "        ")
	sum := 0
	for _, b := range head {
		sum += int(b)
	}
	copy(head[148:], fmt.Sprintf("%06o\x00 ", sum))
	return file
}

// What tools such as git note about the whole is no file.
func TestANoteAboutTheWholeTarFileIsPassedOver(t *testing.T) {
	c := fedtest.New(t, "alice")
	plan, result := take(t, taker(t, c, c.Servers[0], t.TempDir()), c.Servers[0], retyped(tarred(t, false, func(add func(tar.Header, []byte)) {
		add(tar.Header{Name: "retyped"}, []byte(paxRecord("comment", "made by git")))
		add(tar.Header{Name: "actor.json"}, actorJSON().body)
		add(tar.Header{Name: "outbox.json"}, collectionOf(oldPost(1, nil)))
	}), tar.TypeXGlobalHeader, ""))
	if result.Taken["posts"] != 1 {
		t.Errorf("plan %+v, result %+v", plan, result)
	}
}

// endless is the same bytes again and again.
type endless struct {
	what []byte
	n    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.what[e.n%len(e.what):])
	e.n += n
	return n, nil
}

func TestT40_ATarFileOfLongNamesIsRefusedBeforeTheyFillTheMemory(t *testing.T) {
	c := fedtest.New(t, "alice")
	one := tarred(t, false, func(add func(tar.Header, []byte)) {
		add(tar.Header{Name: strings.Repeat("n", 1000), Format: tar.FormatGNU}, nil)
	})
	in := &endless{what: one[:len(one)-1024]} // without the blocks that end it
	_, err := taker(t, c, c.Servers[0], t.TempDir()).Receive(ctx(), in, "x.tar")
	if err == nil || !strings.Contains(err.Error(), "more than 100000 files") {
		t.Errorf("error %v", err)
	}
	if most := 40_000 * len(in.what); in.n > most {
		t.Errorf("%d bytes were read of it, want %d at most", in.n, most)
	}
}
