package browsertest

import "testing"

// TestServers goes through the pages by server in a browser that runs
// no script: followers by server, one server, deliveries, the receipts of a post,
// and the removal of a server.
func TestServers(t *testing.T) {
	long(t)
	t.Parallel()
	for _, l := range widths(phone, desktop) {
		t.Run(l.name, func(t *testing.T) {
			newTab(t, "about:blank", l) // skips before the demo is started
			houses := demo(t)
			alice, bob := houses["alice"], houses["bob"]
			p := newTab(t, alice.url(""), l)
			p.logIn("alice", alice.password)
			p.sendsAtOnce()
			p.open("/me/write")
			p.fill("text", "Who gets this?")
			p.press("Post")
			p.awaitsText("/me/deliveries", "Nothing waits.")
			p.sees("Your followers’ server answers.")
			p.open("/me")
			own := eval[string](p, `w => [...document.querySelectorAll("article")].find(e => e.textContent.includes(w)).querySelector(".meta a").href`, "Who gets this?")
			p.open(own + "/delivery")
			p.sees("1 of 1 server accepted it.", "1 server with followers.")
			p.sees(bob.host)
			p.scripts(true)
			p.open(own + "/delivery")
			p.sees("1 of 1 server accepted it.", bob.host)
			p.scripts(false)

			p.open("/me/followers")
			p.sees("1 person on 1 server", bob.host, "Answers", "Bob Okafor")
			for _, tab := range []string{"Newest", "Last post", "Silent over a year", "By server"} {
				p.press(tab)
				p.sees("Followers")
			}
			p.press(bob.host)
			p.sees("1 follower", "Bob Okafor", "Last delivery")
			p.press("Remove the chosen…")
			p.sees("Nobody was chosen.")
			p.press(bob.host)
			eval[bool](p, `() => document.querySelector("input[name=id]").checked = true`)
			p.press("Remove the chosen…")
			p.sees("Remove 1 follower?", bob.handle())
			p.press("Back")
			p.press("Remove this server…")
			p.sees("Remove 1 follower on "+bob.host+"?", "They can ask to follow you again.")
			p.press("Remove 1 follower")
			p.sees("Removed.", "Nobody follows you yet.")

			b := newTab(t, bob.url(""), l)
			b.logIn("bob", bob.password)
			b.awaitsNo("/me/following", "Alice Veldkamp")
			p.open("/me/profile")
			p.sees("Links that lead back", "Put this into your other page")
		})
	}
}
