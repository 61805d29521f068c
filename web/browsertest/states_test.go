package browsertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestEveryState brings two people's servers into the states that polls, boosts,
// quotes, pins, reports, blocks and a move have, by pressing what there is to
// press, and looks at each as TestEveryPage does.
func TestEveryState(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 looks at every state")
	}
	t.Parallel()
	newTab(t, "about:blank", desktop) // skips before the demo is started
	s := &states{gallery: gallery{T: t, dir: t.ArtifactDir()}, houses: demo(t)}
	s.alice, s.bob = s.arrive("alice"), s.arrive("bob")
	s.visitor = newTab(t, s.houses["bob"].url(""), desktop)
	s.enter()
	s.picture()
	s.poll()
	s.react()
	s.quote()
	s.pin()
	s.report()
	s.move()
	s.block()
	s.access()
}

type states struct {
	gallery
	houses              map[string]house
	alice, bob, visitor *tab
	asked               string // Bob's page of his poll
}

func (s *states) arrive(name string) *tab {
	h := s.houses[name]
	p := newTab(s.T, h.url(""), desktop)
	p.logIn(name, h.password)
	p.sendsAtOnce()
	return p
}

// postWith is the page of the first post with these words, from home.
func (s *states) postWith(p *tab, words string) string {
	s.Helper()
	p.awaitsText("/me", words)
	return eval[string](p, `w => [...document.querySelectorAll("article")].find(e => e.textContent.includes(w)).querySelector(".meta a").href`, words)
}

// enter: Enter in a field of one line must not post.
func (s *states) enter() {
	p := s.alice
	p.open("/me/write")
	p.fill("text", "A thought in the making")
	p.fill("warning", "Unfinished")
	p.load("Enter", chromedp.KeyEvent("\r"))
	p.sees("Preview", "Unfinished")
	p.open("/me")
	p.misses("A thought in the making", "Unfinished")
}

// picture: from the short box to a described picture in a post, and what cannot be
// taken.
func (s *states) picture() {
	p := s.alice
	dir := s.TempDir()
	good, bad := filepath.Join(dir, "sill.png"), filepath.Join(dir, "IMG_2041.heic")
	drawPicture(s, good)
	if err := os.WriteFile(bad, []byte("\x00\x00\x00\x18ftypheic and so on"), 0o600); err != nil {
		s.Fatal(err)
	}
	p.open("/me")
	p.touch("Pictures, video or sound", "#compose")
	p.upload("files", good)
	s.show(p, "home-picture-chosen")
	p.fill("text", "Pots on the sill")
	p.press("Post")
	p.sees("Added.", "What can be seen?", "No description", "sill.png")
	s.show(p, "write-picture-added")
	p.upload("files", bad)
	p.press("Add")
	p.sees("“IMG_2041.heic”", "HEIC pictures cannot be read here")
	s.show(p, "write-picture-refused")
	p.fill(eval[string](p, `() => document.querySelector("[name^=alt-]").name`), "Six paper pots on a sill.")
	p.press("Preview")
	s.show(p, "write-picture-preview")
	p.press("Post")
	p.sees("Posted.")
	s.page(p, "thread-picture", s.postWith(p, "Pots on the sill"))
	s.page(p, "edit-picture", eval[string](p, `() => document.querySelector("a[href*='edit=']").href`))
}

const question = "Which flour this week?"

func (s *states) poll() {
	p := s.bob
	p.open("/me/write")
	p.fill("text", question)
	eval[bool](p, `() => { document.querySelector(".pollform").closest("details").open = true; const o = document.querySelectorAll("[name=option]"); o[0].value = "Rye"; o[1].value = "Wheat, and nothing but wheat until next month"; return true }`)
	s.show(p, "write-poll")
	p.press("Preview")
	s.show(p, "write-poll-preview")
	p.press("Post")
	p.sees("Posted.")
	a := s.alice
	post := s.postWith(a, question)
	s.page(a, "thread-poll-open", post)
	a.touch("Rye", question)
	a.pressNear("Vote", question)
	s.show(a, "thread-poll-voted")
	a.pressNear("Boost", part(post))
	a.pressNear("Like", part(post))
	a.sees("Boosted", "Liked", "100 %", "1 vote")
	s.show(a, "thread-pressed")
	p.awaitsText("/me/inbox", "boosted your post")
	s.asked = s.postWith(p, question)
	p.awaitsText(s.asked, "100 %")
	s.page(p, "edit-poll", "/me/write?edit="+s.asked[strings.LastIndex(s.asked, "/")+1:])
	s.visitor.open("/@bob")
	s.page(s.visitor, "public-poll", eval[string](s.visitor, `w => [...document.querySelectorAll("article")].find(e => e.textContent.includes(w)).querySelector("a.u-uid").href`, question))
}

// react: Alice answers the poll with a seedling; the post is edited, and what it
// said before can be read.
func (s *states) react() {
	a, b := s.alice, s.bob
	post := s.postWith(a, question)
	a.open(post)
	a.touch("More", part(post))
	a.press("React…")
	a.fill("other", "yes")
	a.press("React")
	a.sees("Choose one emoji")
	s.show(a, "react-refused")
	a.fill("other", "🌱")
	a.press("React")
	s.show(a, "thread-reacted")
	b.awaitsText("/me/inbox", "reacted with 🌱")
	s.show(b, "inbox-reacted")
	s.page(b, "who-likes", s.asked+"/likes")
	b.sees("Alice Veldkamp", "🌱")
	b.open("/me/write?edit=" + s.asked[strings.LastIndex(s.asked, "/")+1:])
	b.fill("text", question+" And why?")
	b.press("Save changes")
	b.press("Edited once")
	b.sees("Earlier versions", question)
	s.show(b, "earlier-versions")
}

func (s *states) quote() {
	a, b := s.alice, s.bob
	a.open(s.postWith(a, question))
	a.touch("More", part(a.address()))
	a.press("Quote")
	a.fill("text", "He asks, and knows the answer.")
	s.show(a, "write-quote")
	a.press("Post")
	quoting := s.postWith(a, "He asks, and knows")
	a.awaitsNo(quoting, "Waits for its author")
	a.sees("Open the quoted post")
	s.show(a, "thread-quoting")
	b.awaitsText("/me/inbox", "quoted you")
	s.show(b, "inbox-touched")
	b.open(s.asked)
	b.sees("Quotes with your consent")
	s.show(b, "thread-quoted")
	b.press("Take back consent…")
	s.show(b, "confirm-take-back")
	b.press("Take back consent")
	s.show(b, "thread-taken-back")
	a.awaitsText(quoting, "took consent back")
	s.show(a, "thread-quote-revoked")
}

func (s *states) pin() {
	p := s.bob
	p.open("/me")
	p.touch("More", part(s.asked))
	p.pressNear("Pin on my profile", part(s.asked))
	p.sees("Pinned on your profile")
	s.show(p, "home-pinned")
	s.page(s.visitor, "public-profile-pinned", "/@bob")
	s.visitor.sees("Pinned", question)
}

// report: Bob reports Alice to her own server, which she reads and closes.
func (s *states) report() {
	b, a := s.bob, s.alice
	b.open("/me/following")
	b.open(eval[string](b, `() => document.querySelector("li.person a.name").href`) + "/report")
	b.fill("text", "She rows at five in the morning.\nAnd sings.")
	b.touch("Send it to the people", "")
	b.press("Report")
	s.show(b, "reported")
	s.page(b, "reports-own-sent", "/me/reports?k=own")
	a.awaitsText("/me/inbox", "reported you")
	s.show(a, "inbox-report")
	s.page(a, "reports-open", "/me/reports")
	a.fill("note", "I sing less now.")
	a.press("Close report")
	a.sees("Closed", "I sing less now.")
	s.show(a, "reports-closed")
}

func (s *states) move() {
	a, b := s.alice, s.bob
	to := "/me/move?to=" + strings.Replace(s.houses["alice"].handle(), "@", "%40", 2)
	s.page(b, "move-refused", to)
	a.open("/me/move")
	a.fill("aliases", s.houses["bob"].handle())
	a.pressNear("Save", "My other accounts")
	s.show(a, "move-alias")
	s.page(b, "move-target", to)
	b.sees("Move to this account?")
	b.fill("password", s.houses["bob"].password)
	b.pressNear("Move", "Password of this server")
	b.sees("You moved.")
	s.show(b, "move-moved")
	s.page(s.visitor, "public-profile-moved", "/@bob")
	b.open("/me/move")
	b.press("Come back")
	s.show(b, "move-back")
}

func (s *states) block() {
	a := s.alice
	a.open("/me/search?q=" + strings.Replace(s.houses["bob"].handle(), "@", "%40", 2))
	a.open(eval[string](a, `() => document.querySelector("main a.name").href`))
	a.press("Block…")
	s.show(a, "confirm-block-somebody")
	a.press("Block")
	s.show(a, "person-blocked")
	s.page(a, "blocked-one", "/me/blocked")
	a.press("Unblock")
	a.sees("You blocked nobody")
}
