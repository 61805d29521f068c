package browsertest

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// TestAnArchiveIsReadOffline: an archive was unzipped and its page is opened from the
// disk. Everything can be read without scripts, pictures and all; with them, searched.
// The browser asks no server for anything: newTab would complain.
func TestAnArchiveIsReadOffline(t *testing.T) {
	p := newTab(t, "", desktop)
	page := "file://" + filepath.ToSlash(filepath.Join(unpackedArchive(t), "index.html"))
	for _, l := range []look{desktop, phone, {"dark", 1280, 900, 1, true, false}} {
		p.wear(l)
		p.scripts(false)
		p.open(page)
		p.sees("Alice & her garden", "Tulips in the frost", "For followers alone", "Psst, ", "With a picture", "no key and no password", "<b>not bold</b>")
		if eval[bool](p, `() => document.getElementById("find").checkVisibility()`) {
			t.Errorf("%s: there is a search, and no script for it", l.name)
		}
		if eval[bool](p, `() => document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("%s: the page is wider than the screen", l.name)
		}
		p.becomes("the picture is shown", `() => { const i = document.querySelector('img[alt="A red square"]'); i.loading = "eager"; return i.complete && i.naturalWidth > 0 }`)
		picture := run(p, chromedp.CaptureScreenshot())
		if err := os.WriteFile(filepath.Join(t.ArtifactDir(), l.name+".png"), picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.scripts(true)
	p.open(page)
	p.sees("Search", "Tulips in the frost")
	find := func(words string, left int) {
		t.Helper()
		run(p, chromedp.Evaluate[bool](`(() => { const q = document.getElementById("q"); q.focus(); q.select(); document.getElementById("found").textContent = "?"; return true })()`))
		call(p, input.InsertText, input.InsertTextParams{Text: words})
		p.becomes(fmt.Sprintf("%d found for %q", left, words), fmt.Sprintf(`() => document.getElementById("found").textContent !== "?" && document.querySelectorAll("article:not([hidden])").length === %d`, left))
	}
	find("tulips FROST", 1)
	p.sees("Tulips in the frost", "1 of ")
	p.misses("For followers alone", "Psst, ")
	find("no such words", 0)
	p.sees("0 of ")
	find("approve followers", 0) // everything else is found as well: settings, people, drafts, who got what
	p.sees("Approve followers", "1 of ", "Settings")
	p.misses("Security log", "With a picture")
	find("kept for later", 1)
	p.sees("Draft")
	find("sent to 1 server: 1 accepted frost", 1)
	p.sees("bob.localhost")
	find("square", 1) // what a picture shows is found by its description
	p.sees("With a picture")
}

// becomes waits until a question to the page is answered with yes.
func (p *tab) becomes(what, question string) {
	p.t.Helper()
	for end := time.Now().Add(patience); !eval[bool](p, question); run(p, chromedp.Sleep(20*time.Millisecond)) {
		if time.Now().After(end) {
			p.t.Fatalf("not after %v: %s\n%s", patience, what, p.text())
		}
	}
}

// unpackedArchive is the folder of an archive with posts of each visibility, a picture
// and a message.
func unpackedArchive(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	name := "Alice & her garden"
	must(alice.EditProfile(ctx, federation.ProfileEdit{Name: &name}))
	alice.Post(t, store.Public, "Tulips in the frost")
	alice.Post(t, store.Unlisted, "This is <b>not bold</b>, "+strings.Repeat("long", 60))
	alice.Post(t, store.Followers, "For followers alone")
	square := image.NewRGBA(image.Rect(0, 0, 400, 300))
	draw.Draw(square, square.Bounds(), image.NewUniform(color.RGBA{180, 40, 30, 255}), image.Point{}, draw.Src)
	var drawn bytes.Buffer
	must(png.Encode(&drawn, square))
	copied := bytes.Clone(drawn.Bytes())
	up, err := alice.Upload(ctx, &drawn, "square.png")
	must(err)
	alt := "A red square"
	_, err = alice.Publish(ctx, federation.Draft{Text: "With a picture", Visibility: store.Public, Media: []federation.Attached{{ID: up.ID, Alt: &alt}}})
	must(err)
	avatar, err := alice.TakePicture(ctx, "avatar", bytes.NewReader(copied))
	must(err)
	bio := "What grows, and what does not."
	fields := []store.Field{{Name: "Garden", Source: "https://example.org"}}
	must(alice.EditProfile(ctx, federation.ProfileEdit{Avatar: &avatar, Bio: &bio, Fields: &fields}))
	alice.Follows(t, bob)
	_, err = alice.SaveDraft(ctx, 0, store.UnsentText{Text: "Kept for later"})
	must(err)
	bob.Post(t, store.Direct, "Psst, @"+alice.Handle())
	c.Settle()
	var file bytes.Buffer
	_, err = archive.Source{Service: alice.Service, Store: alice.Store(), Media: alice.Media(), Now: c.Now, Program: "dassie test"}.Write(ctx, &file, nil)
	must(err)
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	must(err)
	dir := t.TempDir()
	must(os.CopyFS(dir, z))
	return dir
}
