package assets

import (
	"html/template"
	"time"
)

// sampleProfile is the part of a page that says who this is.
type sampleProfile struct {
	Bio                                      template.HTML
	Header                                   string
	Fields                                   []ProfileField
	Since                                    time.Time
	Followers, Following                     int
	Counted, ShowFollows, FollowForm, Hidden bool
	Tabs                                     []Tab
	Archive                                  *Archive
	Moved                                    *Person
	Tags                                     []Tag
	Recommended                              []Person
}

type sampleVersion struct {
	Time    time.Time
	Warning string
	Content template.HTML
	Media   int
}

type sampleTile struct {
	Media
	Post, Warning, Lang string
}

var since = time.Date(2023, 3, 4, 0, 0, 0, 0, amsterdam)

func sampleArchive() *Archive {
	a := &Archive{Year: 2026, Years: []Year{{"/archive/2025", "2025"}, {"/archive/2024", "2024"}, {"/archive/2023", "2023"}}}
	for i, n := range []int{14, 31, 22, 40, 19, 27, 38, 45, 30, 12, 9} {
		m := time.Date(2026, time.Month(11-i), 1, 0, 0, 0, 0, amsterdam)
		a.Months = append(a.Months, Month{m.Format("/archive/2006/01"), m.Format("Jan"), m.Format("January 2006"), n})
	}
	return a
}

func noraProfile(current string) sampleProfile {
	p := sampleProfile{
		Bio:    "<p>Keeps an allotment behind the railway in Deventer, writes software for a seed library, reads more than is sensible. Nederlands, English, ein bisschen Deutsch.</p>",
		Fields: []ProfileField{{"Garden notes", `<a href="https://tuin.veldkamp.example" rel="me">tuin.veldkamp.example</a>`, true}, {"Seed library", `<a href="https://zaden.deventer.example" rel="me">zaden.deventer.example</a>`, true}, {"Pronouns", "she, zij", false}},
		Since:  since, Followers: 42, Following: 187, Counted: true, ShowFollows: true, FollowForm: true, Archive: sampleArchive(),
	}
	p.Tags, p.Recommended = []Tag{{"seeds", "/tags/seeds"}, {"tren", "/tags/tren"}}, []Person{grace, layla}
	for _, t := range []Tab{{URL: "/@nora", Text: "Posts"}, {URL: "/@nora/replies", Text: "With replies"}, {URL: "/@nora/media", Text: "Media", Count: 318}} {
		t.Current = t.Text == current
		p.Tabs = append(p.Tabs, t)
	}
	return p
}

func samplePublic(pages map[string]any) {
	entries := sampleEntries()
	type profile struct {
		Visitor
		sampleProfile
		Pinned, Entries []Entry
		Pager           Pager
	}
	frame := visitor("Nora Veldkamp (@nora@veldkamp.example)", "/@nora")
	frame.Kind, frame.OEmbed, frame.Search = "profile", "/oembed?url=x", true
	pages["public_profile"] = profile{frame, noraProfile("Posts"), entries[:1], append(entries[1:], sampleBoosts()...), Pager{Older: "/@nora?before=1"}}
	pages["public_profile.hidden"] = profile{Visitor: visitor("Nora", "/"), sampleProfile: sampleProfile{Header: StaticPath("header.png"), Since: since, Hidden: true}}
	pages["public_profile.empty"] = profile{Visitor: visitor("Nora", "/"), sampleProfile: sampleProfile{Since: since, Tabs: noraProfile("Posts").Tabs, ShowFollows: true}}
	moved := noraProfile("Posts")
	moved.Moved, moved.FollowForm = &grace, false
	pages["public_profile.moved"] = profile{Visitor: frame, sampleProfile: moved, Entries: entries[1:3]}
	pages["public_media"] = struct {
		Visitor
		sampleProfile
		Tiles []sampleTile
		Pager Pager
	}{frame, noraProfile("Media"), []sampleTile{
		{Media{URL: "/media/x.jpg", Kind: "Picture", Alt: "Four long allotment beds in low light, kale, leeks, lettuce and chard, a dark shed with one window behind them.", Width: 320, Height: 240}, "/@nora/22", "", "en"},
		{Media{URL: "/media/y.jpg", Kind: "Picture"}, "/@nora/23", "", "nl"},
		{Media{Kind: "Picture"}, "/@nora/24", "Slugs, at length, with a picture of every one of them and what they ate", "en"},
		{Media{URL: "/media/z.mp4", Kind: "Video", Alt: "The night train, leaving"}, "/@nora/23", "", "nl"},
	}, Pager{Older: "/@nora/media?before=1", OlderText: "Older media"}}
	pages["public_media.none"] = struct {
		Visitor
		sampleProfile
		Tiles []sampleTile
		Pager Pager
	}{Visitor: frame, sampleProfile: noraProfile("Media")}
	samplePosts(pages)
	sampleSitePages(pages)
}

func samplePosts(pages map[string]any) {
	entries := sampleEntries()
	type post struct {
		Visitor
		Ancestors                            []Entry
		Entry                                Entry
		Answers                              []EntryNode
		AnswersShown, NotShown, MoreVersions int
		Elsewhere                            *neighbour
		Versions                             []sampleVersion
		Earlier, Later                       neighbour
	}
	frame := visitor("Frost on the beds", "/@nora/22")
	frame.Kind, frame.OEmbed, frame.Published, frame.Edited, frame.LargeImage, frame.Image, frame.ImageAlt = "article", "/oembed?url=x", ago(5*time.Hour), ago(4*time.Hour), true, "https://veldkamp.example/media/x.jpg", "Four beds"
	pages["public_post"] = post{Visitor: frame, Entry: entries[1], Answers: sampleAnswers(), AnswersShown: 7, NotShown: 1, MoreVersions: 2, Earlier: neighbour{"/@nora/20", "Second sowing of spinach…"},
		Versions: []sampleVersion{{ago(5 * time.Hour), "", "<p>Frost on the beds. The kale is pleased.</p>", 1}, {ago(6 * time.Hour), "Weather", "<p>Forst on the beds.</p>", 0}}}
	asked := entries[1]
	asked.Poll, asked.Media = samplePoll(false, true), nil
	pages["public_post.poll"] = post{Visitor: visitor("Seeds", "/@nora/22"), Entry: asked}
	warned := entries[3]
	warned.Quiet = true
	above := entries[2]
	above.ByOwner, above.ReplyTo, above.ReplyURL = false, "", ""
	pages["public_post.cw"] = post{Visitor: visitor("Slugs", "/@nora/24"), Ancestors: []Entry{{ID: "30", URL: "https://andenes.example/30", Author: tomas, Time: ago(130 * time.Hour), Content: spanish, Lang: "es", LangName: "Español"}, above}, Entry: warned,
		Elsewhere: &neighbour{"https://andenes.example/30", "Tomás Iriarte"}, Earlier: neighbour{"/@nora/20", "Second sowing"}, Later: neighbour{"/@nora/26", "Finished “The Summer Book” for the third…"}}
	quoting := entries[2]
	quoting.Quote, quoting.ReplyTo = &Quoted{URL: "https://allotments.example/2", Author: long, Lang: "en", Content: wide}, ""
	quoting.ShowCounts = false
	pages["public_post.quote"] = post{Visitor: visitor("A quote", "/@nora/23"), Entry: quoting, Answers: sampleAnswers()[1:2], AnswersShown: 4}
}

// sampleBoosts are what the owner boosted into the profile.
func sampleBoosts() []Entry {
	return []Entry{
		{ID: "41", URL: "https://navy.example/@grace/41", Author: grace, Boosted: true, Time: ago(140 * time.Hour), Lang: "en", Content: english},
		{ID: "42", URL: "https://allotments.example/42", Author: long, Boosted: true, Time: ago(150 * time.Hour), Lang: "ar", LangName: "العربية", Content: arabic, Warning: "Archives"},
	}
}

func sampleSitePages(pages map[string]any) {
	entries := sampleEntries()
	tag := visitor("#seed", "/tags/seed")
	tag.Feeds = append([]FeedLink{{"Atom", "application/atom+xml", "#seed (Atom)", "/tags/seed.atom", false}}, tag.Feeds...)
	pages["public_tag"] = struct {
		Visitor
		Tag     string
		Count   int
		Entries []Entry
		Pager   Pager
	}{tag, "seed", 1, entries[:1], Pager{}}
	type archive struct {
		Visitor
		Name         string
		Count        int
		Year         *Archive
		Entries      []Entry
		Pager        Pager
		Before, Next *Month
	}
	pages["public_archive"] = archive{visitor("November 2026", "/archive/2026/11"), "November 2026", 31, nil, entries[1:], Pager{Older: "/archive/2026/11?before=1"}, &Month{URL: "/archive/2026/10", Name: "October 2026"}, nil}
	pages["public_archive.empty"] = archive{Visitor: visitor("April 2024", "/archive/2024/04"), Name: "April 2024", Before: &Month{URL: "/archive/2024/02", Name: "February 2024"}, Next: &Month{URL: "/archive/2024/06", Name: "June 2024"}}
	pages["public_archive.year"] = archive{Visitor: visitor("2026", "/archive/2026"), Name: "2026", Count: 287, Year: sampleArchive()}
	pages["public_archive.noyear"] = archive{Visitor: visitor("2001", "/archive/2001"), Name: "2001", Year: &Archive{Year: 2001, Years: sampleArchive().Years}}
	type people struct {
		Visitor
		Name   string
		Count  int
		Shown  bool
		People []Person
		Pager  Pager
	}
	pages["public_people"] = people{visitor("Followers", "/@nora/followers"), "Followers", 42, true, []Person{grace, long, layla, carol}, Pager{Older: "?before=1", OlderText: "More"}}
	pages["public_people.hidden"] = people{Visitor: visitor("Following", "/@nora/following"), Name: "Following", Count: 187}
	pages["public_people.none"] = people{Visitor: visitor("Following", "/@nora/following"), Name: "Following", Count: -1, Shown: true}
	type search struct {
		Visitor
		Query, Error string
		Entries      []Entry
		Pager        Pager
		Tags         []Tab
	}
	pages["public_search"] = search{Visitor: visitor("Search", "/search"), Query: "frost", Entries: entries[1:2]}
	pages["public_search.none"] = search{Visitor: visitor("Search", "/search"), Query: "llanfairpwllgwyngyllgogerychwyrndrobwll", Tags: []Tab{{URL: "/tags/seed", Text: "#seed"}, {URL: "/tags/frost", Text: "#frost"}}}
	pages["public_search.long"] = search{Visitor: visitor("Search", "/search"), Error: "Use at most 200 characters."}
	pages["about"] = struct {
		Visitor
		Contact, ContactURL string
		Rules, Blocked      []string
		ShowBlocked         bool
		Posts               int
		Since               time.Time
	}{visitor("About", "/about"), "nora@veldkamp.example", "mailto:nora@veldkamp.example", []string{"Be kind, or be elsewhere.", "No advice on slugs."}, []string{"spam.example"}, true, 1204, since}
	type policyChange struct {
		At             time.Time
		What, Was, Now string
	}
	type privacy struct {
		Visitor
		Server, Handle, Name, Contact, ContactURL                                                                string
		Approves, ShowApp, Searchable, Previews, Lists, Counts, Engines, AI, Suggested, Indexed, SignedOnly, TLS bool
		LogInDays, LogDays, RemoteDays, MediaMB, PictureDays, NoticeDays, SecurityDays, JobDays, ExpiryDays      int
		Changed                                                                                                  time.Time
		Changes                                                                                                  []policyChange
		Mail                                                                                                     string
		MailPrivate                                                                                              bool
		policySample
	}
	policy := privacy{visitor("Privacy", "/privacy-policy"), "veldkamp.example", "@nora@veldkamp.example", "Nora Veldkamp", "", "", true, false, true, true, false, true, false, false, true, true, true, true, 365, 0, 90, 512, 7, 180, 180, 30, 365, since, nil, "", false, policyPart}
	pages["privacy.first"] = policy
	policy.Contact, policy.ContactURL = "nora@veldkamp.example", "mailto:nora@veldkamp.example"
	policy.Changes = []policyChange{{now.AddDate(0, 0, -3), "Web search engines may list these pages", "yes", "no"}, {now.AddDate(0, -1, 0), "Where to write to", "", ""}, {now.AddDate(0, -2, 0), "Days for which addresses of log-ins are kept", "365", "30"}}
	policy.Changed, policy.Mail = policy.Changes[0].At, "smtp.veldkamp.example"
	policy.LogDays = 30
	pages["privacy"] = policy
	type reach struct {
		Discoverable, Indexable, ShowLists, PostsOnWeb, UnlistedOnWeb, ShowCounts, ShowApp, Feeds, VisitorSearch, SearchEngines, AICrawlers, ShowBlocked bool
		Contact, Rules                                                                                                                                   string
	}
	pages["reach"] = struct {
		Owner
		Set                      reach
		ContactError, RulesError string
	}{owner("What others see", "reach", "/me/reach"), reach{Discoverable: true, PostsOnWeb: true, ShowCounts: true, ShowLists: true, Feeds: true, Contact: "nora", Rules: "Be kind, or be elsewhere."}, "Give a mail address, or an address that begins with https://.", ""}
	type follow struct {
		Visitor
		Account, Error, Target string
	}
	pages["follow"] = follow{Visitor: visitor("Follow", "/follow"), Account: "@bob", Error: "An address has two parts, like @bob@navy.example."}
	pages["follow.on"] = follow{Visitor: visitor("Follow", "/follow"), Account: "@bob@navy.example", Target: "https://navy.example/authorize_interaction?uri=x"}
}
