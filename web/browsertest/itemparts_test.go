package browsertest

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"dassie/federation/fedtest"
	"dassie/store"
)

// filmAndSound posts one film and one sound, described: where there is no ffmpeg, the
// sound alone.
func (s *street) filmAndSound(p *tab, from, to *fedtest.Server) {
	s.t.Helper()
	dir := s.t.TempDir()
	sound := filepath.Join(dir, "bell.wav")
	if err := os.WriteFile(sound, silence(1), 0o600); err != nil {
		s.t.Fatal(err)
	}
	files, selector := []string{sound}, "audio"
	if program, err := exec.LookPath("ffmpeg"); err == nil {
		from.Media().FFmpeg = program
		film := filepath.Join(dir, "leeks.mp4")
		if out, err := exec.Command(program, "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=5:duration=1", "-c:v", "mpeg4", film).CombinedOutput(); err != nil {
			s.t.Fatalf("this ffmpeg makes no film: %v %s", err, out)
		}
		files, selector = append(files, film), "video[poster]"
	}
	p.open("/me/write")
	p.fill("text", "Listen and look")
	eval[bool](p, `() => { const d = document.querySelector("#files details"); if (d) d.open = true; return true }`)
	run(p, chromedp.SetUploadFiles(chromedp.CSS(`input[type="file"][name="files"]`), files))
	p.press("Post") // stops once
	p.sees("Added.", "What can be heard?", "No description", "bell.wav", strconv.Itoa(len(files))+" of 4")
	names := eval[[]string](p, `() => [...document.querySelectorAll("[name^=alt-]")].map(e => e.name)`)
	for i, name := range names {
		p.fill(name, []string{"A bell that is silent.", "Bars of colour."}[i])
	}
	p.press("Post")
	p.sees("Posted.")
	s.Settle()
	post := lastOf(s.t, from)
	p.open("/me/post/" + strconv.FormatInt(post.ID, 10))
	if !eval[bool](p, `(one) => !!document.querySelector("audio[controls][src]") && !!document.querySelector(one)`, selector) {
		s.t.Errorf("%s cannot be played:\n%s", selector, p.text())
	}
	p.sees("A bell that is silent.")
	got, here := to.Has(s.t, post.URI)
	if list := got.Extra.Attachments; !here || len(list) != len(files) || list[0].MediaType != "audio/wav" || list[0].Alt != "A bell that is silent." || list[len(list)-1].Alt != post.Extra.Attachments[len(files)-1].Alt {
		s.t.Errorf("%s has %+v", to.Name, list)
	}
}

// twoInARow posts two texts at once, the second an answer to the first, with an emoji
// of one's own.
func (s *street) twoInARow(p *tab, from, to *fedtest.Server) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "leek.png")
	drawPicture(s.t, file)
	p.open("/me/emojis")
	p.fill("code", "leek")
	p.upload("picture", file)
	p.press("Add")
	p.sees("Added.", ":leek:")
	p.open("/me/write")
	p.fill("text", "First of two :leek:")
	p.press("Add another post")
	p.sees("Post 2 of 2")
	p.fill("part", "Second of two")
	p.press("Post")
	p.sees("First of two", "Second of two")
	s.Settle()
	second, here := to.Has(s.t, lastOf(s.t, from).URI)
	if !here || !strings.Contains(second.Content, "Second of two") {
		s.t.Fatalf("%s has %+v", to.Name, second)
	}
	first, here := to.Has(s.t, second.ParentURI)
	if !here || !strings.Contains(first.Content, "First of two") || len(first.Extra.Emojis) != 1 {
		s.t.Errorf("%s has before it %+v", to.Name, first)
	}
}

// silence is a sound of 8000 samples a second.
func silence(seconds int) []byte {
	const rate = 8000
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = append(b, "\x01\x00\x08\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*seconds))
	b = append(b, bytes.Repeat([]byte{0x80}, rate*seconds)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// blocksAndUndoes: one person blocked, from their page to the page that undoes it.
func (s *street) blocksAndUndoes(p *tab, mine, theirs *fedtest.Server) {
	s.t.Helper()
	theirs.Follows(s.t, mine)
	id := known(s.t, mine, theirs)
	page := "/me/person/" + strconv.FormatInt(id, 10)
	p.open(page)
	p.press("Block…")
	p.sees("Block "+theirs.Name+"?", "They follow you: that ends, and does not come back by unblocking.", "Their server is told")
	p.press("Block")
	p.sees("Blocked.", "You blocked them, so their posts are hidden.")
	s.Settle()
	if n := len(theirs.Received("Block")); n != 1 {
		s.t.Errorf("%s was told %d times of the block", theirs.Name, n)
	}
	theirs.Post(s.t, store.Public, "Do you hear me, @"+mine.Handle()+"?")
	p.open("/me/inbox")
	p.misses("Do you hear me")
	p.open("/me/blocked")
	p.sees(theirs.Name)
	p.open("/me/safety")
	p.sees("Blocked", "1 person")
	p.pressNear("Unblock", "@"+theirs.Handle())
	s.Settle()
	p.open(page)
	p.misses("You blocked them")
	p.sees("Follow")
	undone := theirs.Received("Undo")
	if len(undone) != 1 || !strings.Contains(undone[0].Body, `"Block"`) {
		s.t.Errorf("%s was told of %d ends of it", theirs.Name, len(undone))
	}
}

// saves presses a link that gives a file, and reads what the browser saved.
func (p *tab) saves(words string) string {
	p.t.Helper()
	dir := p.t.TempDir()
	info := call(p, target.GetTargetInfo, target.GetTargetInfoParams{}).TargetInfo
	call(p, downloads.SetDownloadBehavior, downloads.SetDownloadBehaviorParams{Behavior: "allow", BrowserContextID: info.BrowserContextID, DownloadPath: dir})
	p.touch(words, "")
	for end := time.Now().Add(patience); ; run(p, chromedp.Sleep(20*time.Millisecond)) {
		if list, _ := filepath.Glob(filepath.Join(dir, "*.csv")); len(list) == 1 {
			if b, err := os.ReadFile(list[0]); err == nil && len(b) > 0 {
				return string(b)
			}
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s saved nothing", words)
		}
	}
}
