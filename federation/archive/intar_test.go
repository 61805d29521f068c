package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
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
