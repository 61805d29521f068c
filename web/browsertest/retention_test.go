package browsertest

import "testing"

// TestWhatIsKept has the owner choose how long everything stays, with and without
// scripts: a log of requests is switched on, a wrong number is refused, and switching
// it off says first what goes. Visitors read each choice in the privacy policy.
func TestWhatIsKept(t *testing.T) {
	long(t)
	t.Parallel()
	for i, l := range []look{phone, desktop} {
		t.Run(l.name, func(t *testing.T) {
			newTab(t, "about:blank", l) // skips before the demo is started
			alice := demo(t)["alice"]
			p := newTab(t, alice.url(""), l)
			p.logIn("alice", alice.password)
			p.scripts(i%2 == 1)
			p.open("/privacy-policy")
			p.sees("Your network address is not written down.")
			p.open("/me/settings")
			p.press("How long each is kept")
			p.sees("What is kept", "Next purge:", "1 to 90; 90 unless you choose.")
			p.fill("keep_remote_days", "91")
			p.press("Save")
			p.sees("Give a whole number from 1 to 90.")
			p.fill("keep_remote_days", "30")
			p.fill("keep_log_days", "14")
			p.press("Save")
			p.sees("Saved.")
			p.open("/me/data")
			p.press("How long each is kept")
			p.sees("It has 1 day")
			p.open("/privacy-policy")
			p.sees("Each request is written down", "for 14 days at most", "nobody here touched go after 30 days.", "with addresses: 14, before that 0")
			p.open("/me/data/kept")
			p.fill("keep_log_days", "0")
			p.press("Save")
			p.sees("Keep less from now on?", "1 day of the log of requests goes within the hour.")
			p.press("Back")
			p.sees("It has 1 day")
			p.fill("keep_log_days", "0")
			p.press("Save")
			p.press("Keep less")
			p.sees("Saved.")
			p.press("Purge now")
			p.sees("Purging begins.")
			p.awaitsText("/me/data/kept", "Days of the log of requests: 1")
			p.sees("Last purge:", "Purge now")
			p.open("/privacy-policy")
			p.sees("Your network address is not written down.", "with addresses: 0, before that 14")
		})
	}
}
