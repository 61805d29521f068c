package browsertest

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestJourney is the main job, as three people do it with scripts switched off.
func TestJourney(t *testing.T) {
	long(t)
	t.Parallel()
	for _, l := range widths(desktop, phone) {
		t.Run(l.name, func(t *testing.T) {
			newTab(t, "about:blank", l) // skips before the demo is started
			j := &journey{TB: t, houses: demo(t)}
			j.alice, j.bob, j.carol = j.arrive("alice", l), j.arrive("bob", l), j.arrive("carol", l)
			j.request()
			j.followBack()
			j.picture(t.TempDir())
			j.talk()
			j.change()
			j.profile(t.TempDir())
			j.leave()
			j.visit(l)
		})
	}
}

type journey struct {
	testing.TB
	houses            map[string]house
	alice, bob, carol *tab
}

// arrive logs in on one's own server.
func (j *journey) arrive(name string, l look) *tab {
	j.Helper()
	h := j.houses[name]
	p := newTab(j, h.url(""), l)
	p.logIn(name, h.password)
	p.sees("Home")
	p.sendsAtOnce()
	return p
}

// request: Alice sees who asks to follow her, and what is known about them.
func (j *journey) request() {
	j.alice.open("/me/requests")
	j.alice.sees("Carol Lindqvist", "Counts birds", "1 waiting", "You approve followers by hand")
	j.carol.open("/me/following")
	j.carol.sees("Alice Veldkamp", "Asked, no answer yet")
	j.alice.press("Accept")
	j.alice.sees("Nobody is waiting")
	j.alice.open("/me/followers")
	j.alice.sees("Carol Lindqvist")
	j.carol.awaitsNo("/me/following", "Asked, no answer yet")
	j.carol.sees("Alice Veldkamp")
}

// followBack: Alice stops following Bob, and finds him again by his handle.
func (j *journey) followBack() {
	a, bob := j.alice, j.houses["bob"].handle()
	a.open("/me/following")
	a.pressNear("Unfollow…", "Bob Okafor")
	a.press("Unfollow")
	a.open("/me/following")
	a.misses("Bob Okafor")
	a.open("/me/search")
	a.fill("q", bob)
	a.pressNear("Search", "dassie asks that server")
	a.sees("Bob Okafor")
	a.pressNear("Follow", "Bob Okafor")
	a.awaitsText("/me/following", "Bob Okafor")
	a.awaitsNo("/me/following", "Asked, no answer yet")
}

const (
	warned = "About flour and how it gets everywhere"
	hidden = "The sieve broke"
)

// talk: Bob posts behind a warning, Alice answers, Bob reads it below his post.
func (j *journey) talk() {
	j.bob.open("/me/write")
	j.bob.fill("text", hidden+" in the **middle** of it.\n\n- sweep\n- sneeze")
	j.bob.fill("warning", warned)
	j.bob.press("Preview")
	j.bob.touch(warned, "Preview")
	j.bob.sees(hidden + " in the middle of it.")
	j.bob.press("Post")

	a := j.alice
	a.awaitsText("/me", warned)
	a.misses(hidden)
	a.touch(warned, warned)
	a.sees(hidden + " in the middle of it.")
	made := eval[[]int](a, `w => ["strong", ".text li"].map(kind => [...document.querySelectorAll("article")].find(e => e.textContent.includes(w)).querySelectorAll(kind).length)`, warned)
	if made[0] != 1 || made[1] != 2 {
		j.Fatalf("Markdown came as %d <strong> and %d <li>", made[0], made[1])
	}
	a.pressNear("Reply", warned)
	a.fill("text", "Wear a scarf next time.")
	a.press("Reply")

	// An answer stands behind the warning of what it answers.
	j.bob.awaitsText("/me/inbox", "answered you "+warned)
	j.bob.misses("Wear a scarf")
	j.bob.open("/me")
	j.bob.open(j.postPage(j.bob))
	j.bob.touch(warned, "Wear a scarf next time.")
	j.bob.sees("Wear a scarf next time.", "Alice Veldkamp", j.houses["alice"].handle())
}

// postPage is the address of Bob's post behind the warning, from home.
func (j *journey) postPage(p *tab) string {
	j.Helper()
	address := j.copyOf(p)
	if address == "" {
		j.Fatalf("the post is not on %s:\n%s", p.address(), p.text())
	}
	return address
}

// copyOf is the same, "" if the post is not there; answers have its warning too.
func (j *journey) copyOf(p *tab) string {
	j.Helper()
	address := eval[string](p, `w => { const e = [...document.querySelectorAll("article")].find(e => e.textContent.includes(w) && !e.textContent.includes("Answering")); return e ? e.querySelector(".meta a").href : "" }`, warned)
	return strings.TrimPrefix(address, p.site)
}

// part is where a post stands on its page.
func part(address string) string { return "#p-" + address[strings.LastIndex(address, "/")+1:] }

// change: Bob edits and deletes, and Alice's copy follows; her own post says
// which servers have it.
func (j *journey) change() {
	thread := j.bob.address()
	own := part(thread)
	j.bob.touch("More", own)
	j.bob.press("Edit")
	j.bob.fill("text", "The sieve was only folded wrong.")
	j.bob.press("Save changes")
	a := j.alice
	a.open("/me")
	copyAtAlice := j.postPage(a)
	a.awaits(copyAtAlice, "the edited text", func(text string) bool {
		if !strings.Contains(text, "Edited") {
			return false
		}
		a.touch(warned, part(copyAtAlice))
		return strings.Contains(a.text(), "The sieve was only folded wrong.")
	})
	j.bob.open(thread)
	j.bob.touch("More", own)
	j.bob.press("Delete…")
	j.bob.sees("Delete")
	j.bob.press("Delete")
	a.awaits("/me", "Bob's post is not on Home", func(string) bool { return j.copyOf(a) == "" })
	a.awaits(copyAtAlice, "the copy is gone", func(string) bool { return a.status == 404 || a.status == 410 })

	a.open("/me/write")
	a.fill("text", "The river stands high today.")
	a.press("Post")
	j.bob.awaitsText("/me", "The river stands high today.")
	a.awaitsText("/me", "2 of 2 servers")
	a.pressNear("2 of 2 servers", "The river stands high today.")
	a.sees("Where this post went", j.houses["bob"].host, "Accepted means the server took it.")
}

// picture: Alice posts a picture from the short box. She is asked what can be seen
// on it first, sees it as it will look, and Bob gets both.
func (j *journey) picture(dir string) {
	file := filepath.Join(dir, "sill.png")
	drawPicture(j, file)
	a := j.alice
	a.open("/me")
	a.touch("Pictures, video or sound", "#compose")
	a.upload("files", file)
	a.fill("text", "Pots on the sill")
	a.press("Post")
	a.sees("Added.", "What can be seen?", "No description", "sill.png", "1 of 4")
	const drawn = `() => { const i = document.querySelector(".attach img"); return i.complete && i.naturalWidth }`
	if width := eval[int](a, drawn); width != 300 {
		j.Fatalf("the picture is %d pixels wide on the page", width)
	}
	a.fill(eval[string](a, `() => document.querySelector("[name^=alt-]").name`), "Six paper pots on a sill.")
	a.press("Post")
	a.sees("Posted.", "Pots on the sill")
	has := func(p *tab) bool {
		return eval[bool](p, `() => [...document.querySelectorAll("article")].some(e => e.textContent.includes("Pots on the sill") && e.outerHTML.includes("Six paper pots on a sill."))`)
	}
	if !has(a) {
		j.Fatalf("the picture is not on Home:\n%s", a.text())
	}
	j.bob.awaits("/me", "Alice's picture with its description", func(string) bool { return has(j.bob) })
}

// profile: a new name and a new picture, and who follows is told.
func (j *journey) profile(dir string) {
	picture := filepath.Join(dir, "picture.png")
	drawPicture(j, picture)
	a := j.alice
	a.open("/me/profile")
	const face = `() => document.querySelector("img.av").src`
	before := eval[string](a, face)
	a.fill("display", "Alice V.")
	a.upload("avatar", picture)
	a.press("Save profile")
	a.open("/me/profile")
	now := eval[string](a, face)
	if name := eval[string](a, `() => document.querySelector("[name=display]").value`); name != "Alice V." || now == before || !strings.Contains(now, "/media/") {
		j.Fatalf("after saving: name %q, picture %q, before %q", name, now, before)
	}
	j.bob.awaitsText("/me/followers", "Alice V.")
}

func drawPicture(t testing.TB, path string) {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 300, 300))
	for i := range 300 * 300 {
		m.Set(i%300, i/300, color.RGBA{uint8(i % 300), 120, uint8(i / 300), 255})
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
}

// leave: out, and what a wrong password gets to read.
func (j *journey) leave() {
	a := j.alice
	a.open("/me/more")
	a.press("Log out")
	a.open("/me")
	a.sees("Log in", "Password")
	a.logIn("alice", "not-this-one-either")
	a.sees("Log in")
	if a.status != 401 && a.status != 422 && a.status != 403 {
		j.Errorf("a wrong password is answered %d", a.status)
	}
	words := eval[string](a, `() => (document.querySelector("[role=alert]") || {}).innerText || ""`)
	if words == "" || strings.Contains(words, "not-this-one") {
		j.Errorf("a wrong password is answered with %q", words)
	}
}

// visit: a stranger reads the profile, a post and the feed, and loses the way.
func (j *journey) visit(l look) {
	v := newTab(j, j.houses["alice"].url(""), l)
	v.open("/@alice")
	v.sees("Alice V.", j.houses["alice"].handle(), "The river stands high today.")
	post := eval[string](v, `() => document.querySelector("article a.u-uid").href`)
	feed := eval[string](v, `() => document.querySelector("link[type='application/atom+xml']").href`)
	v.open(post)
	if v.status != 200 {
		j.Fatalf("%s answered %d", post, v.status)
	}
	v.sees("The river stands high today.", "Alice V.")
	v.isPolite()
	checkFeed(j, feed)
	v.open("/@alice/404")
	if v.status != 404 {
		j.Errorf("an address that is not there is answered %d", v.status)
	}
	v.sees("404", "To the front page")
	v.isPolite()
}
