package store_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// T40: whatever a file is, and wherever it is cut, it is refused with one
// sentence, and nothing is written.
func TestT40_CutBackups(t *testing.T) {
	s, _, _ := furnished(t)
	whole, err := os.ReadFile(backUp(t, s.Dir()))
	if err != nil {
		t.Fatal(err)
	}
	cuts := []int{0, 1, 100, 511, 512, 513, 600, 1024, 1500, 2048, 2560, len(whole) / 2, len(whole) - 3000}
	for back := 1; back < 4096; back += 170 {
		cuts = append(cuts, len(whole)-back)
	}
	for range 30 {
		cuts = append(cuts, rand.IntN(len(whole)))
	}
	for _, n := range cuts {
		refused(t, fmt.Sprintf("cut after %d of %d bytes", n, len(whole)), whole[:n], store.ErrNotBackup)
	}
}

func TestT40_FlippedBits(t *testing.T) {
	s, _, _ := furnished(t)
	whole, err := os.ReadFile(backUp(t, s.Dir()))
	if err != nil {
		t.Fatal(err)
	}
	for range 60 {
		at := 512 + rand.IntN(len(whole)-512-2048)
		bad := slices.Clone(whole)
		bad[at] ^= 1 << rand.IntN(8)
		dir := filepath.Join(t.TempDir(), "new")
		file := filepath.Join(t.TempDir(), "x.tar")
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := restoreInto(dir, file)
		if errors.Is(err, store.ErrNotBackup) {
			continue
		}
		// Bits that mean nothing (padding, the date in the manifest) may flip: then all that counts came through.
		if err != nil || !sound(t, dir, b) {
			t.Errorf("bit flipped at %d: %v", at, err)
		}
	}
}

// sound: every member that a manifest lists is there as it lists it, but for the
// database, which is changed on purpose.
func sound(t *testing.T, dir string, b store.Backup) bool {
	t.Helper()
	for _, f := range b.Files[1:] {
		body, err := os.ReadFile(filepath.Join(dir, f.Name))
		if sum := sha256.Sum256(body); err != nil || hex.EncodeToString(sum[:]) != f.SHA256 {
			return false
		}
	}
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return false
	}
	defer s.Close()
	return count(t, s, "select count(*) from identity") == 1
}

// refused: an error of this kind, on one line, and nothing written.
func refused(t *testing.T, what string, content []byte, kind error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	_, err := restoreInto(filepath.Join(top, "new"), file)
	if !errors.Is(err, kind) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
		t.Errorf("%s: %v", what, err)
	}
	if got, _ := os.ReadDir(top); len(got) > 0 {
		t.Errorf("%s: %v was written", what, got)
	}
	empty := t.TempDir()
	if _, err := restoreInto(empty, file); err == nil {
		t.Errorf("%s: taken at the second time", what)
	}
	if got, _ := os.ReadDir(empty); len(got) > 0 {
		t.Errorf("%s: %v was written", what, got)
	}
}

// member is one entry of a forged backup.
type member struct {
	header tar.Header
	body   []byte
}

// members takes a backup apart.
func members(t *testing.T, file string) (list []member, b store.Backup) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, member{*h, body})
	}
	if err := json.Unmarshal(list[0].body, &b); err != nil {
		t.Fatal(err)
	}
	return list, b
}

// pack puts a backup together again.
func pack(t *testing.T, list []member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range list {
		if m.header.Typeflag == tar.TypeReg {
			m.header.Size = int64(len(m.body))
		}
		m.header.Format = tar.FormatPAX
		if err := w.WriteHeader(&m.header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// relist makes the manifest agree with the members, as a forger would.
func relist(t *testing.T, list []member, b store.Backup) []member {
	t.Helper()
	b.Files = nil
	for _, m := range list[1:] {
		sum := sha256.Sum256(m.body)
		b.Files = append(b.Files, store.BackupFile{Name: m.header.Name, Size: int64(len(m.body)), SHA256: hex.EncodeToString(sum[:])})
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	list[0].body = text
	return list
}

// T40: members that lead out of the directory, are no files, or are no business
// of a backup, whether the manifest lists them or not.
func TestT40_ForgedMembers(t *testing.T) {
	s, _, _ := furnished(t)
	file := backUp(t, s.Dir())
	hash := strings.Repeat("ab", 32)
	evil := map[string]member{
		"up":             {tar.Header{Typeflag: tar.TypeReg, Name: "../evil", Mode: 0o600}, []byte("x")},
		"up from within": {tar.Header{Typeflag: tar.TypeReg, Name: "media/../../evil", Mode: 0o600}, []byte("x")},
		"absolute":       {tar.Header{Typeflag: tar.TypeReg, Name: "/tmp/dassie-evil", Mode: 0o600}, []byte("x")},
		"unknown":        {tar.Header{Typeflag: tar.TypeReg, Name: "evil.sh", Mode: 0o600}, []byte("x")},
		"wrong shard":    {tar.Header{Typeflag: tar.TypeReg, Name: "media/ab/cd/" + hash, Mode: 0o600}, []byte("x")},
		"windows":        {tar.Header{Typeflag: tar.TypeReg, Name: `media\ab\ab\` + hash, Mode: 0o600}, []byte("x")},
		"link":           {tar.Header{Typeflag: tar.TypeSymlink, Name: "media/ab/ab/" + hash, Linkname: "/etc/passwd"}, nil},
		"hard link":      {tar.Header{Typeflag: tar.TypeLink, Name: "media/ab/ab/" + hash, Linkname: "dassie.db"}, nil},
		"device":         {tar.Header{Typeflag: tar.TypeChar, Name: "media/ab/ab/" + hash, Devmajor: 1, Devminor: 5}, nil},
		"folder":         {tar.Header{Typeflag: tar.TypeDir, Name: "media/", Mode: 0o700}, nil},
		"twice":          {tar.Header{Typeflag: tar.TypeReg, Name: "dassie.db", Mode: 0o600}, []byte("x")},
	}
	for name, m := range evil {
		list, b := members(t, file)
		refused(t, name+", not listed", pack(t, append(slices.Clone(list), m)), store.ErrNotBackup)
		refused(t, name+", listed", pack(t, relist(t, append(slices.Clone(list), m), b)), store.ErrNotBackup)
		swapped := slices.Clone(list)
		swapped[len(swapped)-1] = m
		refused(t, name+", in place of another", pack(t, swapped), store.ErrNotBackup)
	}
	if _, err := os.Stat("/tmp/dassie-evil"); err == nil {
		t.Error("something was written elsewhere")
	}
}

func TestT40_ForeignFiles(t *testing.T) {
	s, _, _ := furnished(t)
	file := backUp(t, s.Dir())
	list, b := members(t, file)
	for name, change := range map[string]func(){
		"huge":     func() { b.Files[0].Size = 1 << 60 },
		"negative": func() { b.Files[0].Size = -1 },
		"sum":      func() { b.Files[0].Size, b.Files[1].Size = 1<<50, 1<<50 },
		"none":     func() { b.Files = nil },
		"many": func() {
			b.Files = make([]store.BackupFile, 200_001)
			b.Files[0].Name = store.FileName
		},
		"format": func() { b.Format = 0 },
	} {
		_, b = members(t, file)
		change()
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		forged := slices.Clone(list)
		forged[0].body = text
		refused(t, name, pack(t, forged), store.ErrNotBackup)
	}
	random := make([]byte, 100_000)
	for i := range random {
		random[i] = byte(rand.Int())
	}
	refused(t, "noise", random, store.ErrNotBackup)
	refused(t, "zeros", make([]byte, 100_000), store.ErrNotBackup)
	refused(t, "a tar of another program", pack(t, []member{{tar.Header{Typeflag: tar.TypeReg, Name: "README", Mode: 0o600}, []byte("hello")}}), store.ErrNotBackup)
	refused(t, "the database alone", list[1].body, store.ErrNotBackup)
	long := slices.Clone(list)
	long[0].body = bytes.Repeat([]byte(" "), 33<<20)
	refused(t, "a manifest without end", pack(t, long), store.ErrNotBackup)
}

// swapDatabase packs a backup whose database was changed, with hashes that fit.
func swapDatabase(t *testing.T, file string, change func(*store.Backup), queries ...string) []byte {
	t.Helper()
	list, b := members(t, file)
	db := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(db, list[1].body, 0o600); err != nil {
		t.Fatal(err)
	}
	runSQL(t, db, queries...)
	body, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	list[1].body = body
	if change != nil {
		change(&b)
	}
	return pack(t, relist(t, list, b))
}

// A database whose hashes fit, but which is not what its manifest says: the key
// above all, without which nobody would believe us again.
func TestRestoreChecksTheDatabase(t *testing.T) {
	s, _, _ := furnished(t)
	file := backUp(t, s.Dir())
	for name, queries := range map[string][]string{
		"another key":               {`update keys set pkcs8 = (select pkcs8 from keys where name = 'instance') where name = 'main'`},
		"a key that cannot be read": {`update keys set pkcs8 = x'00' where name = 'main'`},
		"a bad second key":          {`update keys set pkcs8 = x'00' where name = 'ed25519'`},
		"no key":                    {`delete from keys where name = 'main'`},
		"no instance key":           {`delete from keys where name = 'instance'`},
		"a key of another actor":    {`update keys set key_id = 'https://evil.example/users/x#main-key' where name = 'main'`},
		"another host":              {`update identity set host = 'evil.example'`},
		"another actor":             {`update identity set actor_key = 'aaaaaaaaaa'`},
		"another profile":           {`update actors set uri = 'https://evil.example/users/x' where id = 1`},
		"no account":                {`delete from identity`},
		"a trigger":                 {`create trigger t after insert on posts begin delete from posts; end`},
		"another schema":            {`pragma user_version = 1`},
		"another program":           {`pragma application_id = 1`},
	} {
		refused(t, name, swapDatabase(t, file, nil, queries...), store.ErrNotBackup)
	}
	refused(t, "newer", swapDatabase(t, file, func(b *store.Backup) { b.Schema = 900 }, `pragma user_version = 900`), store.ErrNewer)
	refused(t, "newer than it says", swapDatabase(t, file, nil, `pragma user_version = 900`), store.ErrNewer)
	list, b := members(t, file)
	for i := 4096; i < 20000; i++ {
		list[1].body[i] = 0xff
	}
	refused(t, "damaged pages", pack(t, relist(t, list, b)), store.ErrNotBackup)
}

func TestRestoreRefusals(t *testing.T) {
	s, _, _ := furnished(t)
	file := backUp(t, s.Dir())
	if _, err := restoreInto(s.Dir(), file); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over a server: %v", err)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		file string
		o    store.RestoreOptions
		want string
	}{
		"no file":  {filepath.Join(dir, "none"), store.RestoreOptions{Confirm: yes}, "no such file"},
		"a folder": {dir, store.RestoreOptions{Confirm: yes}, "is a directory"},
		"no room":  {file, store.RestoreOptions{Confirm: yes}.WithFreeBytes(1000), "has 1000: make room"},
		"not sure": {file, store.RestoreOptions{Confirm: func(store.Backup) error { return errors.New("not sure") }}, "not sure"},
	} {
		if _, err := store.RestoreCommand(bg, filepath.Join(dir, "new"), c.file, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

// A restore that was killed is begun anew, whatever it left.
func TestRestoreAfterAKilledOne(t *testing.T) {
	s, own, _ := furnished(t)
	file := backUp(t, s.Dir())
	dir := t.TempDir()
	for _, sub := range []string{"restore.part/media", "media/zz"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "restore.part", store.FileName), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := restoreInto(dir, file); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"restore.part", "media/zz"} {
		if _, err := os.Stat(filepath.Join(dir, gone)); err == nil {
			t.Errorf("%s is still there", gone)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "media", own[0][:2], own[0][2:4], own[0])); err != nil {
		t.Error(err)
	}
}

func TestRestoreEndsWhenAsked(t *testing.T) {
	s, _, _ := furnished(t)
	file := backUp(t, s.Dir())
	ctx, cancel := context.WithCancel(bg)
	top := t.TempDir()
	_, err := store.RestoreCommand(ctx, filepath.Join(top, "new"), file, store.RestoreOptions{Confirm: func(store.Backup) error { cancel(); return nil }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadDir(top); len(got) > 0 {
		t.Errorf("%v was written", got)
	}
	out := filepath.Join(top, "x.tar")
	if _, _, err := store.BackupCommand(ctx, s.Dir(), out, store.BackupOptions{Now: time.Now}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadDir(top); len(got) > 0 {
		t.Errorf("%v was written", got)
	}
}
