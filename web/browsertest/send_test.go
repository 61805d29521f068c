package browsertest

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// TestFirstPost is UX.md's journey 3: a picture without a description is asked for
// once, the post is previewed, sent, taken back within its window, changed and sent.
// The peer gets one Create, and nothing that was typed is ever lost.
func TestFirstPost(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		s := newStreet(t, "alice", "bob")
		alice, bob := s.at("alice"), s.at("bob")
		bob.Follows(t, alice)
		set := alice.Settings()
		set.UndoSeconds = 15
		if err := alice.SaveSettings(context.Background(), set); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "sill.png")
		drawPicture(t, file)
		p := s.window("alice", l, scripts)
		text := func() string {
			return eval[string](p, `() => document.querySelector("textarea[name=text]").value`)
		}

		p.open("/me/write")
		p.fill("text", "Six pots on teh sill")
		eval[bool](p, `() => { const d = document.querySelector("#files details"); if (d) d.open = true; return true }`)
		p.upload("files", file)
		p.press("Post")
		p.sees("What can be seen?", "No description")
		if text() != "Six pots on teh sill" {
			t.Fatalf("the text is %q", text())
		}
		p.fill(eval[string](p, `() => document.querySelector("[name^=alt-]").name`), "Six paper pots on a sill.")
		p.press("Preview")
		p.sees("Preview", "Six pots on teh sill")
		p.press("Post")
		p.sees("“Six pots on teh sill”", "goes out in 1", "Undo", "Edit", "Send now")
		if scripts {
			p.waits("the seconds go down", `() => parseInt(document.querySelector("#sending b").textContent) < 15 && document.querySelector("#sending progress").value < 15`)
		}
		s.Settle()
		p.pressNear("Undo", "#sending")
		p.sees("Taken back.", "Nobody got it.")
		if text() != "Six pots on teh sill" || eval[string](p, `() => document.querySelector("[name^=alt-]").value`) != "Six paper pots on a sill." {
			t.Fatalf("after Undo the text is %q", text())
		}
		s.Advance(time.Minute)
		s.Settle()
		if n := len(bob.Received("Create")); n != 0 {
			t.Fatalf("%d Creates of what was taken back", n)
		}

		p.fill("text", "Six pots on the sill")
		p.press("Post")
		p.sees("“Six pots on the sill”")
		p.press("“Six pots on the sill”")
		p.sees("On its way out", "Nobody has it yet.", "Six pots on the sill", "Undo")
		p.pressNear("Edit", "#sending")
		p.sees("Held back while you change it.")
		p.fill("text", "Six pots on my sill")
		p.press("Post")
		s.Advance(10 * time.Second)
		s.Settle()
		if n := len(bob.Received("Create")); n != 0 {
			t.Fatalf("%d Creates within the window", n)
		}
		s.Advance(6 * time.Second)
		s.Settle()
		if n := len(bob.Received("Create")); n != 1 {
			t.Fatalf("%d Creates, want 1", n)
		}
		home := bob.Home(t)
		if len(home) != 1 || !strings.Contains(home[0].Content, "Six pots on my sill") || len(home[0].Extra.Attachments) != 1 || home[0].Extra.Attachments[0].Alt != "Six paper pots on a sill." {
			t.Errorf("%+v", home)
		}
		p.open("/me")
		p.sees("Six pots on my sill", "1 of 1 server")
		p.open("/me/drafts")
		p.sees("No drafts")

		// Now with the button that does not wait, and a reply.
		p.open("/me")
		p.fill("text", "At once")
		p.pressNear("Post", "#compose")
		p.pressNear("Send now", "#sending")
		p.sees("Posted.", "At once")
		s.Settle()
		if n := len(bob.Received("Create")); n != 2 {
			t.Errorf("%d Creates, want 2", n)
		}
		p.misses("goes out in")
	})
}

// TestNothingTypedIsLost: with scripts what is typed is a draft after two seconds, also
// when the window is closed; what became of a post that waits is said in its place.
func TestNothingTypedIsLost(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", desktop) // skips where there is no browser
	s := newStreet(t, "alice", "bob")
	alice, bob := s.at("alice"), s.at("bob")
	bob.Follows(t, alice)
	p := s.window("alice", desktop, true)
	drafts := func() []store.Unsent {
		list, err := alice.Drafts(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}

	p.open("/me/write")
	p.fill("text", "A thought")
	p.waits("the draft", `() => document.querySelector("#saved")?.textContent.startsWith("Draft saved")`)
	p.fill("text", "A thought that goes on")
	p.open("/me/inbox") // before the two seconds are over
	p.waits("the draft", `async () => (await (await fetch("/me/drafts")).text()).includes("A thought that goes on")`)
	if list := drafts(); len(list) != 1 {
		t.Fatalf("%d drafts of one thought", len(list))
	}
	p.open("/me/write") // the window remembers it, under the same draft
	if got := eval[string](p, `() => document.querySelector("textarea").value`); got != "A thought that goes on" {
		t.Fatalf("the text is %q", got)
	}
	p.press("Post")
	p.sees("Posted.")
	if list := drafts(); len(list) != 0 {
		t.Fatalf("a draft is left beside the post: %+v", list)
	}

	// The session ends in another window: nothing is saved any more, and it is said; the
	// log-in brings the text back.
	p.open("/me/write")
	p.fill("text", "Typed after the end")
	p.asks(`() => fetch("/logout", { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf: document.querySelector("[name=csrf]").value }) })`)
	p.waits("the words", `() => document.querySelector("#saved")?.textContent.includes("your session has ended")`)
	p.press("Post")
	p.sees("Your session has ended, so nothing was sent.", "Your text")
	p.fill("name", "alice")
	p.fill("password", streetPassword)
	p.press("Log in")
	p.sees("Your text is here.")
	if got := eval[string](p, `() => document.querySelector("textarea").value`); got != "Typed after the end" {
		t.Fatalf("after the log-in the text is %q", got)
	}

	set := alice.Settings()
	set.UndoSeconds = 5
	if err := alice.SaveSettings(context.Background(), set); err != nil {
		t.Fatal(err)
	}
	p.press("Post")
	s.Advance(6 * time.Second)
	s.Settle()
	p.waits("what became of it", `() => document.querySelector("#sending").textContent.includes("Posted. Show it")`)
	p.press("Show it")
	p.sees("Typed after the end")
	p.fill("text", "Something for the key")
	p.pressNear("Reply", "#reply")
	p.waitsForScript()
	p.turns("u")
	p.sees("Taken back.")
}
