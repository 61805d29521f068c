package assets

import (
	"strings"
	"time"
)

type samplePushKind struct {
	Name, Label string
	Checked     bool
}

type samplePushed struct {
	Name, Browser, Service string
	Since                  time.Time
}

type samplePush struct {
	Owner
	Key     string
	On      bool
	Since   time.Time
	Service string
	Kinds   []samplePushKind
	Words   bool
	Others  []samplePushed
	Error   string
}

type sampleChoice struct{ ID, Name, Does, Key, Error string }

// samplePushes are the pages of push and of what a browser keeps.
func samplePushes(pages map[string]any) {
	page := samplePush{Owner: owner("Push", "settings", "/me/push"), Key: "BDd3", Kinds: []samplePushKind{
		{"mention", "Mentions and private messages", true}, {"quote", "Quotes", true}, {"follow_request", "Follow requests", true}, {"follow", "New followers", false}, {"status", "Posts of people whose notices you asked for", false},
		{"favourite", "Likes and reactions", false}, {"reblog", "Boosts", false}, {"poll", "Polls that end", false}, {"update", "Edits of what you boosted", false}, {"admin.report", "Reports", false},
	}}
	pages["pushes.off"] = page
	page.On, page.Since, page.Service = true, ago(50*24*time.Hour), "updates.push.services.mozilla.com"
	page.Others = []samplePushed{{"0a", "Safari on iPhone", "web.push.apple.com", ago(time.Hour)}, {"0b", strings.Repeat("Llanfairpwllgwyngyll", 3), strings.Repeat("a-long-name.", 8) + "example", ago(400 * 24 * time.Hour)}}
	pages["pushes"] = page
	page.Words, page.Error = true, "The push service at updates.push.services.mozilla.com did not take the message. Notices are tried again for two days; a test is not."
	pages["pushes.refused"] = page

	type offline struct {
		Plain
		Now   time.Time
		Cards []Card
	}
	kept := offline{Plain: Plain{Title: "Not connected", Host: "veldkamp.example", Lang: "en"}, Now: now}
	pages["offline.none"] = kept
	kept.Cards = sampleCards()
	pages["offline"] = kept
}
