package assets

import "time"

type sendingSettings struct {
	Windows, Late []Option
	Apps          bool
}

var sampleSending = sendingSettings{
	Windows: []Option{{"0", "Not at all", false}, {"15", "15 seconds", true}}, Late: []Option{{"", "Send it late", true}, {"ask", "Make it a draft and ask me", false}},
}

// sampleUnsent has the pages about what was not sent yet.
func sampleUnsent(pages map[string]any) {
	type draft struct {
		ID, Kind, Excerpt, Lang, Audience string
		Time                              time.Time
		Late                              bool
		Problem                           string
		Change                            bool
	}
	type drafts struct {
		Owner
		Items []draft
	}
	going := &Sending{ID: "9", Excerpt: "Straw works here too…", Left: 11, Of: 15}
	page := drafts{owner("Drafts", "drafts", "/me/drafts"), []draft{
		{ID: "9", Kind: "held", Excerpt: "Straw works here too, until the blackbirds find it.", Lang: "en", Audience: "everyone", Time: ago(-11 * time.Second)},
		{ID: "3", Kind: "scheduled", Excerpt: "The seed swap is on Saturday, and the kettle is on.", Lang: "en", Audience: "followers", Time: ago(-40 * time.Hour)},
		{ID: "4", Kind: "scheduled", Excerpt: "Keys for the shed", Audience: "named", Time: ago(time.Hour), Late: true},
		{ID: "1", Kind: "draft", Excerpt: "On saving leek seed", Lang: "en", Audience: "everyone", Time: ago(20 * time.Hour)},
		{ID: "2", Kind: "draft", Excerpt: "No text yet", Audience: "named", Time: ago(40 * time.Hour), Problem: "The post you answer is not here any more; it may have been deleted."},
		{ID: "5", Kind: "draft", Excerpt: "The dahlias have resigned after all.", Lang: "en", Audience: "quiet", Time: ago(50 * time.Hour), Change: true},
	}}
	page.Sending = going
	pages["drafts"] = page
	pages["drafts.none"] = drafts{Owner: owner("Drafts", "drafts", "/me/drafts")}
	card := sampleCards()[0]
	card.May, card.Delivery = Actions{}, nil
	out := struct {
		Owner
		Card    Card
		BackURL string
	}{owner("On its way out", "", "/me/sending/9"), card, "/me"}
	out.Sending = &Sending{ID: "9", Excerpt: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", Left: 60, Of: 60, More: 2}
	pages["sending"] = out
}
