package browsertest

import (
	"strings"
	"testing"
	"time"
)

// TestFindAndFollow is journey 2: Carol, who follows Alice alone, finds Bob by his
// address, follows him and reads him, with scripts and without. Then she keeps a
// note about him, has enough of him for a week, and thinks better of it.
func TestFindAndFollow(t *testing.T) {
	long(t)
	t.Parallel()
	type way struct {
		name    string
		look    look
		scripts bool
	}
	for _, c := range []way{{"with scripts", desktop, true}, {"phone", phone, false}} {
		t.Run(c.name, func(t *testing.T) {
			newTab(t, "about:blank", c.look) // skips before the demo is started
			j := &journey{TB: t, houses: demo(t)}
			j.carol = j.arrive("carol", c.look)
			j.carol.scripts(c.scripts)
			j.find(c.scripts)
			j.mute()
		})
	}
}

func (j *journey) find(scripts bool) {
	c, bob := j.carol, j.houses["bob"].handle()
	c.open("/me/search")
	c.sees("dassie asks that server and nobody else", "What you can type")
	c.fill("q", "  "+bob+" ")
	c.pressNear("Search", "dassie asks that server")
	c.sees("Bob Okafor", bob)
	c.pressNear("Bob Okafor", bob)
	c.sees("Bob Okafor", bob, "here since", "Rye today")
	if scripts {
		// Nothing is loaded: what changes, changes in place.
		c.waitsForScript()
		eval[bool](c, `() => window.same = true`)
		c.touch("Follow", "#relation")
		pressed := time.Now()
		c.waits("the answer", `() => document.querySelector("#stand").textContent.includes("You follow them since") && document.querySelector("#tools").textContent.includes("What you see")`)
		if took := time.Since(pressed); took > 5*time.Second || !eval[bool](c, `() => window.same === true`) {
			j.Errorf("that he accepted is seen after %v, or on another page", took)
		}
	} else {
		c.press("Follow")
	}
	if text := c.text(); !strings.Contains(text, "Asked, no answer yet") && !strings.Contains(text, "You follow them since") {
		j.Fatalf("after Follow the page says neither that he was asked nor that he is followed:\n%s", text)
	}
	c.awaitsText(strings.TrimPrefix(c.address(), c.site), "You follow them since")
	c.misses("Asked, no answer yet")
	c.sees("Rye today")
	c.awaitsText("/me", "Rye today")

	// The address of a post opens it.
	c.open("/me/search")
	post := eval[string](j.visitor(), `() => document.querySelector("article a.u-uid").href`)
	c.fill("q", post)
	c.pressNear("Search", "dassie asks that server")
	if at := c.address(); !strings.Contains(at, "/me/post/") {
		j.Errorf("the address of a post leads to %s", at)
	}
}

// visitor is somebody who reads Bob's profile.
func (j *journey) visitor() *tab {
	j.Helper()
	v := newTab(j, j.houses["bob"].url(""), desktop)
	v.open("/@bob")
	return v
}

func (j *journey) mute() {
	c := j.carol
	c.open("/me/following")
	c.press("Bob Okafor")
	c.touch("Write a note", "")
	c.fill("text", "Bakes on Tuesdays.")
	c.press("Save note")
	c.sees("Saved.", "Your note Bakes on Tuesdays.")
	c.touch("What you see", "")
	c.touch("Tell me in the inbox when they post", "")
	c.pressNear("Save", "Tell me in the inbox")
	c.sees("Saved.")
	person := c.address()
	c.touch("Mute", "#main")
	c.pressNear("Mute", "Nothing in the inbox either")
	c.sees("Muted.", "7 days left, notices too", "You follow them since", "Rye today")
	c.open("/me")
	c.misses("Rye today")
	c.open("/me/blocked")
	c.pressNear("Muted", "#main")
	c.sees("Bob Okafor", "7 days left")
	c.press("Unmute")
	c.sees("You muted nobody")
	c.open("/me")
	c.sees("Rye today")
	c.open(strings.TrimPrefix(person, c.site))
	c.sees("Your note Bakes on Tuesdays.", "Known")
}
