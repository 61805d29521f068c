package assets

import (
	"strings"
	"time"
)

// sampleSecurity has the pages about signing in, apps and the security log.
func sampleSecurity(pages map[string]any) {
	tabs := func(now int) []Tab {
		list := []Tab{{URL: "/me/security", Text: "Log-in"}, {URL: "/me/apps", Text: "Apps"}, {URL: "/me/security/log", Text: "Log"}}
		list[now].Current = true
		return list
	}
	type session struct {
		Name, Browser, Address string
		Began, Used            time.Time
		This                   bool
	}
	type security struct {
		Owner
		Tabs                   []Tab
		On                     bool
		Since                  time.Time
		Left                   int
		Passkeys               passkeys
		Sessions               []session
		CurrentError, NewError string
		Revoke                 bool
	}
	here := session{"0123456789abcdef", "Firefox on Linux", "2001:db8:4f2:11::5", ago(40 * 24 * time.Hour), ago(20 * time.Minute), true}
	pages["security"] = security{Owner: owner("Security", "security", "/me/security"), Tabs: tabs(0), Sessions: []session{here}}
	pages["security.keys"] = security{Owner: owner("Security", "security", "/me/security"), Tabs: tabs(0), Passkeys: somePasskeys(), Sessions: []session{here}}
	moved := passkeys{Host: "veldkamp.example", Full: true, Old: somePasskeys().Here[:1], OldHost: "old.veldkamp.example"}
	pages["security.old"] = security{Owner: owner("Security", "security", "/me/security"), Tabs: tabs(0), Passkeys: moved, Sessions: []session{here}}
	pages["security.on"] = security{Owner: owner("Security", "security", "/me/security"), Tabs: tabs(0), On: true, Since: ago(400 * 24 * time.Hour), Left: 2, Passkeys: passkeys{Host: "veldkamp.example"},
		Sessions: []session{here, {"1123456789abcdef", "Safari on iPhone", "203.0.113.77", ago(3 * 24 * time.Hour), ago(2 * time.Hour), false},
			{"2123456789abcdef", strings.Repeat("SomeVeryLongProgram", 3) + "…", "", ago(300 * 24 * time.Hour), ago(200 * 24 * time.Hour), false}},
		CurrentError: "The password is wrong.", NewError: "The password needs at least 10 characters.", Revoke: true}
	pages["factor"] = struct {
		Owner
		Secret string
		Pixels int
		Error  string
	}{owner("Second factor", "security", "/me/security/factor"), "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", 288, "The code is wrong, or was used before. Wait for the next one."}
	type codes struct {
		Owner
		Codes []string
		First bool
	}
	list := []string{"k3f9-2mzq-77ab-x4ct", "abcd-efgh-ijkl-mnop", "2345-6722-zyxw-vuts", "wwww-mmmm-wwww-mmmm", "iiii-llll-iiii-llll", "q2w3-e4r5-t6y7-u2i3", "aaaa-2222-bbbb-3333", "cccc-4444-dddd-5555", "eeee-6666-ffff-7777", "gggg-2345-hhhh-6723"}
	pages["codes"] = codes{owner("Recovery codes", "security", "/me/security/factor/confirm"), list, true}
	pages["codes.new"] = codes{owner("Recovery codes", "security", "/me/security/codes"), list, false}
	type check struct {
		Owner
		Heading                        string
		Lines                          []string
		Action, Next, Button, BackURL  string
		Password, Code, Either, Danger bool
		Passkey                        string
		Error                          string
	}
	asked := check{Owner: owner("Is it you?", "security", "/me/security/check"), Heading: "Is it you?", Lines: []string{"What comes next is not for whoever finds this browser open. Give your password once more; it counts for ten minutes."},
		Action: "/me/security/check", Next: "/me/move", Button: "Go on", BackURL: "/me/security", Password: true, Either: true}
	pages["check"] = asked
	asked.Code, asked.Error = true, "Too many wrong codes. Wait 2 seconds, then try again."
	pages["check.either"] = asked
	asked.Passkey, asked.Error = "veldkamp.example", ""
	pages["check.passkey"] = asked
	pages["check.off"] = check{Owner: owner("Second factor", "security", "/me/security/factor/off"), Heading: "Switch the second factor off?", Lines: []string{"From then on the password alone opens your account. The recovery codes are void; your app can forget its key."},
		Action: "/me/security/factor/off", Button: "Switch off", BackURL: "/me/security", Password: true, Code: true, Danger: true}
	type app struct {
		ID, Name, Website string
		May               []string
		Since, Used       time.Time
	}
	type apps struct {
		Owner
		Tabs []Tab
		Host string
		Apps []app
	}
	pages["apps"] = apps{owner("Apps", "security", "/me/apps"), tabs(1), "veldkamp.example", []app{
		{"1", "Tusky", "https://tusky.app", []string{"read everything here that you can read: your posts, followers-only and private ones too, Home, messages, notices, lists and who you block", "be woken by this server when there is a notice for you"}, ago(50 * 24 * time.Hour), ago(3 * time.Hour)},
		{"2", strings.Repeat("Llanfairpwllgwyngyll", 3), "https://" + strings.Repeat("a-long-name.", 8) + "example/", []string{"post, edit, boost, vote and delete in your name"}, ago(500 * 24 * time.Hour), time.Time{}},
		{"3", "Command line", "", []string{"search as you"}, ago(24 * time.Hour), time.Time{}},
	}}
	pages["apps.none"] = apps{Owner: owner("Apps", "security", "/me/apps"), Tabs: tabs(1), Host: "veldkamp.example"}
	type line struct {
		ID                    string
		Time                  time.Time
		What, Detail, Address string
		Look                  bool
	}
	type log struct {
		Owner
		Tabs  []Tab
		Lines []line
		Days  int
		Kept  int
		Pager Pager
	}
	pages["security_log"] = log{owner("Security log", "security", "/me/security/log"), tabs(2), []line{
		{"9", ago(time.Minute), "Logged in", "Firefox on Linux, with a code", "2001:db8:4f2:11::5", false},
		{"10", ago(30 * time.Minute), "Passkey counted backwards", "Key on the key ring, in Firefox on Linux. There may be a copy of it: remove it unless you know better.", "", true},
		{"8", ago(time.Hour), "Right password, wrong code", "If that was not you, somebody knows your password: change it.", "198.51.100.9", true},
		{"7", ago(26 * time.Hour), "Wrong password", "51 wrong passwords since the last line", "198.51.100.9", true},
		{"6", ago(300 * time.Hour), "Token made", "my script (read write:statuses), on the command line", "", false},
		{"5", ago(170 * 24 * time.Hour), "Password changed", "on the command line; all sessions ended, all apps revoked", "", false},
	}, 365, 180, Pager{Older: "/me/security/log?before=5", OlderText: "Older"}}
	pages["security_log.none"] = log{Owner: owner("Security log", "security", "/me/security/log"), Tabs: tabs(2), Kept: 7}
}
