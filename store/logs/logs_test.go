package logs

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	noon    = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	visitor = netip.MustParseAddr("198.51.100.77")
)

func request(at time.Time) Request {
	return Request{At: at, Client: visitor, Method: "GET", Path: "/@nora", Status: 200, Bytes: 512, Took: 12 * time.Millisecond}
}

func write(t *testing.T, l *Log, list ...Request) {
	t.Helper()
	for _, r := range list {
		if err := l.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
}

// all is everything that stands in the folder.
func all(t *testing.T, l *Log) string {
	t.Helper()
	var b strings.Builder
	names, _ := filepath.Glob(filepath.Join(l.dir, "*"))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n%s", filepath.Base(name), text)
	}
	return b.String()
}

func age(t *testing.T, l *Log, now time.Time, keep int) (int, int64) {
	t.Helper()
	due, dueBytes, err := l.Due(now, keep)
	if err != nil {
		t.Fatal(err)
	}
	days, bytes, err := l.Age(now, keep)
	if err != nil {
		t.Fatal(err)
	}
	if l.MaxAll > 1<<20 && (days != due || bytes != dueBytes) {
		t.Errorf("%d days and %d bytes went, %d and %d were due", days, bytes, due, dueBytes)
	}
	return days, bytes
}

func TestALineForEachRequest(t *testing.T) {
	l := Open(filepath.Join(t.TempDir(), "logs"))
	write(t, l, request(noon), Request{At: noon.Add(time.Second), Method: "G\nET", Path: "/a\r\nb\x1b[31m", Status: 404})
	want := "access-2026-11-27.log\n2026-11-27T12:00:00Z 198.51.100.77 GET /@nora 200 512 12ms\n2026-11-27T12:00:01Z - G?ET /a??b?[31m 404 0 0ms\n"
	if got := all(t, l); got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
	info, err := os.Stat(filepath.Join(l.dir, "access-2026-11-27.log"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(l.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// It goes on in the same file after a restart.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, Open(l.dir), request(noon.Add(time.Minute)))
	if got := all(t, l); strings.Count(got, "GET /@nora") != 2 {
		t.Errorf("after a restart:\n%s", got)
	}
}

// No line is older than its days, and no address than seven, also where the server
// was off when they became so.
func TestT63_LinesGoAndAddressesAreCut(t *testing.T) {
	l := Open(t.TempDir())
	for d := range 100 {
		write(t, l, request(noon.AddDate(0, 0, d-99)), Request{At: noon.AddDate(0, 0, d-99), Client: netip.MustParseAddr("2001:db8:1:2::7"), Method: "GET", Path: "/"})
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = Open(l.dir) // it was off for all of that time
	if days, _ := age(t, l, noon, 90); days != 10 {
		t.Errorf("%d days went", days)
	}
	text := all(t, l)
	if n := strings.Count(text, visitor.String()); n != 7 {
		t.Errorf("%d whole addresses:\n%s", n, text)
	}
	if strings.Count(text, " 198.51.100.0/24 GET /@nora 200 512 12ms") != 83 || strings.Count(text, "2001:db8:1::/48") != 83 {
		t.Errorf("what is cut:\n%s", text)
	}
	for at := range strings.Lines(text) {
		if day, err := time.Parse("2006-01-02", at[:10]); err == nil && noon.Sub(day) > 90*24*time.Hour {
			t.Errorf("too old: %s", at)
		}
	}
	if days, _ := age(t, l, noon, 90); days != 0 || all(t, l) != text {
		t.Error("a second time it changed something")
	}
	if days, _ := age(t, l, noon, 3); days != 87 {
		t.Errorf("with three days %d went", days)
	}
	write(t, l, request(noon.AddDate(5, 0, 0))) // a wrong clock
	if days, bytes := age(t, l, noon, 0); days != 4 || bytes == 0 || all(t, l) != "" {
		t.Errorf("switched off, %d days went, and it has:\n%s", days, all(t, l))
	}
	write(t, l, request(noon)) // switched on anew
	if !strings.Contains(all(t, l), visitor.String()) {
		t.Error("nothing is written any more")
	}
}

// A crash in the middle of cutting loses nothing and leaves nothing.
func TestCuttingGoesOnAfterACrash(t *testing.T) {
	l := Open(t.TempDir())
	write(t, l, request(noon), request(noon))
	_ = l.Close()
	for name, text := range map[string]string{"access-2026-11-27.cut.log": "half\n", "access-2026-11-27.cut.log.part": "ha", "notes.txt": "mine\n"} {
		if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	age(t, l, noon.AddDate(0, 0, 8), 90)
	want := "access-2026-11-27.cut.log\n" + strings.Repeat("2026-11-27T12:00:00Z 198.51.100.0/24 GET /@nora 200 512 12ms\n", 2) + "notes.txt\nmine\n"
	if got := all(t, l); got != want {
		t.Errorf("after a crash:\n%s", got)
	}
}

func TestTheLogHasASize(t *testing.T) {
	l := Open(t.TempDir())
	l.MaxFile, l.MaxAll = 2000, 5000
	for d := range 6 {
		for range 100 {
			write(t, l, request(noon.AddDate(0, 0, d)))
		}
	}
	if got := all(t, l); strings.Count(got, "is full") != 6 || len(got) > 6*2200 {
		t.Errorf("%d bytes:\n%s", len(got), got)
	}
	age(t, l, noon.AddDate(0, 0, 5), 90)
	if days, bytes, err := l.Held(); err != nil || days != 2 || bytes > 5000 {
		t.Errorf("%d days, %d bytes, %v", days, bytes, err)
	}
	write(t, l, request(noon.AddDate(0, 0, 5)))
	if err := Open(filepath.Join(l.dir, "access-2026-12-02.log")).Write(request(noon)); err == nil {
		t.Error("a folder that cannot be made is no error")
	}
}

// Whoever writes a line of the program's log, no address and no secret is in it.
func TestT63_LinesOfThePrograms(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(Filter(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for _, text := range []string{
		"http: TLS handshake error from 198.51.100.77:4711: EOF", "from [2001:db8::7]:443", "read tcp [fe80::7%eth0]:80->198.51.100.77:9: reset", "2001:db8::7 asked",
		"::ffff:198.51.100.77", "198.51.100.77", "Authorization: Bearer s3cr3t-token", "Get \"https://a.example/x?code=s3cr3t\": refused", "access_token=s3cr3t&x=1",
		`Signature: keyId="k",signature="s3cr3t=="`, "Signature: sig1=:s3cr3t:",
	} {
		log.Info(text, "err", errors.New(text), "text", text, slog.Group("g", "err", fmt.Errorf("asked: %w", errors.New(text))))
		log.With("who", text).WithGroup("h").Debug("x")
	}
	log.Error("request failed", "path", "/media/8fa1c0b7d3e54a6f9b2c/s3cr3t")
	slog.NewLogLogger(log.Handler(), slog.LevelInfo).Print("panic serving 198.51.100.77:1: x")
	for _, bad := range []string{"198.51", "2001:db8", "fe80", "s3cr3t-", "s3cr3t=", "code=s3cr3t", "=s3cr3t", ":s3cr3t:", "8fa1c0b7d3e54a6f9b2c"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%q stands in:\n%s", bad, &out)
		}
	}
	out.Reset()
	log.Info("listening", "addr", netip.MustParseAddrPort("127.0.0.1:8080"), "took", time.Second, "n", 3, "at", "2026-11-27T12:00:00Z", "v", "0.1.0", "id", "123456789012345678")
	for _, part := range []string{"addr=127.0.0.1:8080", "took=1s", "n=3", "at=2026-11-27T12:00:00Z", "v=0.1.0", "id=123456789012345678"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%s does not stand in %s", part, &out)
		}
	}
}

func TestPathsKeepWhatIsNoSecret(t *testing.T) {
	for path, want := range map[string]string{
		"/@nora/116543210987654321": "/@nora/116543210987654321", "/me/post/116543210987654321/edits": "/me/post/116543210987654321/edits",
		"/media/0f3c9a7be21d4c5f8a6b7c8d9e0f1a2b.jpg": "/media/0f3c~", "/mail/off/Zm9vYmFyYmF6MTIzNDU2": "/mail/off/Zm9v~", "": "-",
		"/privacy/ask": "/privacy/ask", "/privacy/ask/NZEDPQRWNBHMDVXNYLUVZFZSML": "/privacy/ask/NZED~", "/mail/off/QUJDREVGR0hJSktMTU5PUA": "/mail/off/QUJD~",
		"/tags/" + strings.Repeat("leeks", 60): "/tags/" + strings.Repeat("leeks", 60)[:194],
	} {
		if got := HidePath(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
