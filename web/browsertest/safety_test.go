package browsertest

import (
	"strings"
	"testing"
)

// TestFiltersQuarantineAndReports: Alice tries a filter before she keeps it, sees what
// it covers and why, filters a post from its card, hides a conversation and brings it
// back, switches the quarantine on and off, and deals with a report about her; with
// scripts and without.
func TestFiltersQuarantineAndReports(t *testing.T) {
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
			j.alice, j.carol = j.arrive("alice", c.look), j.arrive("carol", c.look)
			j.alice.scripts(c.scripts)
			j.filters()
			j.hideConversation(c.scripts)
			j.quarantine()
			j.reported()
		})
	}
}

func (j *journey) filters() {
	a := j.alice
	a.open("/me/filters")
	a.fill("title", "Bread")
	a.fill("words", "rye")
	a.press("Try it on Home")
	a.sees("What it would find", "Nothing is saved yet", rye, "No filters yet")
	if marked := eval[string](a, `() => document.querySelector("#finds mark").textContent`); marked != "Rye" {
		j.Errorf("%q is marked", marked)
	}
	a.open("/me")
	a.misses("Hidden by your filter")
	a.open("/me/filters")
	a.fill("title", "Bread")
	a.fill("words", "rye")
	a.press("Make the filter")
	a.sees("Saved.", "What it finds", rye)
	a.open("/me")
	a.sees("Hidden by your filter “Bread” (matches: rye)")
	if open := eval[bool](a, `() => [...document.querySelectorAll("details.cw")].some(d => d.textContent.includes("Bread") && d.open)`); open {
		j.Error("the post is not covered")
	}
	eval[bool](a, `() => [...document.querySelectorAll("details.cw")].find(d => d.textContent.includes("Bread")).open = true`)
	a.press("Change the filter")
	a.press("Delete the filter…")
	a.press("Delete")
	a.sees("Filter deleted.")
	a.open("/me")
	a.sees(rye)
	a.misses("Hidden by your filter")

	post := eval[string](a, `() => [...document.querySelectorAll("article.card")].find(c => c.textContent.includes("Rye today")).id.slice(2)`)
	a.open("/me/post/" + post + "/filter")
	a.sees("This post, whoever boosts it", rye)
	a.press("Filter")
	a.sees("Saved.", "Single posts", "Take out")
	a.open("/me")
	a.sees("Hidden by your filter “Single posts” (matches: this post)")
	a.open("/me/filters")
	a.press("Single posts")
	a.press("Delete the filter…")
	a.press("Delete")
}

func (j *journey) hideConversation(scripts bool) {
	a := j.alice
	a.open("/me")
	post := eval[string](a, `() => [...document.querySelectorAll("article.card")].find(c => c.textContent.includes("Rye today")).id.slice(2)`)
	a.open("/me/post/" + post)
	a.touch("More", "Rye today.")
	if scripts { // the card changes in its place
		a.touch("Hide this conversation", "")
	} else {
		a.press("Hide this conversation")
	}
	a.awaitsText("/me/post/"+post, "You hid this conversation")
	a.open("/me")
	a.misses(rye)
	a.open("/me/post/" + post)
	a.pressNear("Show it again", "You hid this conversation")
	a.open("/me")
	a.sees(rye)
}

func (j *journey) quarantine() {
	a := j.alice
	a.open("/me/held#quarantine")
	eval[bool](a, `() => { document.querySelector("#days").value = "7"; return true }`)
	a.press("Save quarantine")
	a.sees("Saved.", "Younger than 7 days")
	a.press("Switch on for 24 hours")
	a.sees("The quarantine is on for 24 hours.", "On until")
	a.open("/me/inbox")
	a.sees("wait apart until")
	a.press("End it now")
	a.sees("The quarantine for a wave is over.")
	a.open("/me/inbox")
	a.misses("wait apart until")
}

func (j *journey) reported() {
	a, c := j.alice, j.carol
	c.open("/me/search")
	c.fill("q", j.houses["alice"].handle())
	c.pressNear("Search", "dassie asks that server")
	c.pressNear("Alice Veldkamp", j.houses["alice"].handle())
	c.open(strings.TrimPrefix(c.address(), c.site) + "/report")
	c.fill("text", "Too many leeks.")
	eval[bool](c, `() => { for (const box of document.querySelectorAll("[name=forward], [name=post]")) box.checked = true; return true }`)
	c.press("Report")
	c.sees("Reported.")
	a.awaitsText("/me/reports", "Too many leeks.")
	a.sees("Open the post", "Block their server")
	if n := eval[int](a, `() => document.querySelectorAll("nav.rail a[href='/me/reports'] .count").length`); n != 1 {
		j.Error("the navigation does not count the report")
	}
	a.fill("note", "They are for soup.")
	a.press("Close report")
	a.sees("Closed", "They are for soup.")
	if n := eval[int](a, `() => document.querySelectorAll("nav.rail a[href='/me/reports'] .count").length`); n != 0 {
		j.Error("the navigation counts a closed report")
	}
}
