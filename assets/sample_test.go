package assets

import (
	"html/template"
	"strconv"
	"strings"
	"time"
)

// The samples are believable view data for every page: long names, other
// scripts, a warning, an own post, a thread four deep. They are also the
// plainest example of what a handler hands over.

var (
	amsterdam = time.FixedZone("Europe/Amsterdam", 3600)
	now       = time.Date(2026, 11, 23, 14, 32, 0, 0, amsterdam)
	nora      = Person{"Nora Veldkamp", "@nora@veldkamp.example", "/@nora", "/media/1.png", nil}
	tomas     = Person{"Tomás Iriarte", "@tomas@andenes.example", "/me/person/2", "/media/2.png", nil}
	grace     = Person{"Grace Okafor", "@grace@navy.example", "/me/person/3", "/media/3.png", nil}
	layla     = Person{"ليلى حدّاد", "@layla@warraq.example", "/me/person/4", "/media/4.png", nil}
	long      = Person{"Wilhelmina Konstantinopolskaya-Featherstonehaugh von und zu Oberammergau 🌻", "@wilhelmina_konstantinopolskaya@allotments.and.glasshouses.of.the.northern.provinces.example", "/me/person/5", "/media/5.png", nil}
	carol     = Person{"", "@carol_x9@megahost.example", "/me/person/6", "", nil}
)

const (
	english = `<p>This is the whole of what I believe about software, and it is a man with a watering can.</p>`
	spanish = `<p>Canfranc a las 6:40. Ni un alma, solo el railcar de Jaca calentando motores y un perro que vive aquí mejor que yo.</p><p>Doscientos cuarenta metros de estación para dos trenes al día. <a href="/tags/tren" rel="tag">#tren</a></p>`
	arabic  = `<p>أنهيتُ اليوم فهرسة الصندوق السابع. بين الأوراق قائمة بذور كتبها بستانيّ مجهول سنة ١٨٩٢.</p>`
	own     = `<p>Second sowing of spinach is up. If you want seed from the purple one, say so before Sunday; I have eleven envelopes and no self-control.</p>`
	wide    = `<p>Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch https://a.very.long.address.example/with/a/path/that/does/not/end/anywhere/near/the/edge/of/this/page</p><pre>dassie serve -data /var/lib/dassie -listen localhost:8080 -trusted-proxies 127.0.0.1/32</pre>`
)

var all = Actions{Reply: true, Boost: true, Like: true, Save: true, Report: true}

func ago(d time.Duration) time.Time { return now.Add(-d) }

func owner(title, here, path string) Owner {
	return Owner{Title: title + " · veldkamp.example", Here: here, Path: path, CSRF: "token", Lang: "en", Me: nora, Version: "0.1",
		Inbox: 5, Requests: 2, Drafts: 2, Followers: 42, Following: 187, Now: now}
}

func visitor(title, path string) Visitor {
	return Visitor{Title: title, Description: "Keeps an allotment behind the railway.", Canonical: "https://veldkamp.example" + path, Lang: "en",
		Host: "veldkamp.example", Me: nora, Activity: "https://veldkamp.example/posts/1", NoIndex: true, NoAI: true, Version: "0.1", Now: now,
		Feeds: []FeedLink{{"Atom", "application/atom+xml", "Nora Veldkamp (Atom)", "/@nora.atom", true}, {"RSS", "application/rss+xml", "Nora Veldkamp (RSS)", "/@nora.rss", true}, {"JSON Feed", "application/feed+json", "Nora Veldkamp (JSON Feed)", "/@nora.json", true}}}
}

func plain(title string) Plain {
	return Plain{Title: title, Host: "veldkamp.example", Lang: "en", CSRF: "token"}
}

// samplePicture is a picture of another server, of which the number draws it.
func samplePicture(n int, alt string) Media {
	at := "/media/post-1-" + strconv.Itoa(n) + "-0123abcd/"
	m := Media{Kind: "Picture", Alt: alt, URL: at + "full-AAAAAAAAAAAAAAAAAAAAAA", Preview: at + "small-AAAAAAAAAAAAAAAAAAAAAA", Width: 800, Height: 533,
		Focus: Focus(5, 3), Colour: Colour(uint8(40*n), 120, 200), Name: "image.jpg", Original: "https://andenes.example/m/image.jpg", Host: "andenes.example"}
	return m
}

// sampleFiles has every kind of thing that can be attached.
func sampleFiles() []Media {
	long := strings.Repeat("A timetable board of white enamel, its letters worn away where hands have pointed at them. ", 14)
	list := []Media{samplePicture(4, long)}
	for n := 5; n < 11; n++ {
		list = append(list, samplePicture(n, []string{"", "بذور"}[n%2]))
	}
	film := samplePicture(11, "The railcar leaves, the dog does not look up")
	film.Kind, film.Play, film.Length, film.Size = "Video", "/media/film", "2:31", "12 MB"
	still := film
	still.Play = ""
	sound := Media{Kind: "Sound", Play: "/media/sound", Length: "0:48", Size: "812 KB", Original: "https://andenes.example/m/bell.mp3", Host: "andenes.example"}
	return append(list, film, still, sound,
		Media{Kind: "Picture", Alt: "A map of the line", Name: strings.Repeat("very-long-name-", 5) + ".jxl", Size: "31 MB", Words: "JPEG XL pictures cannot be shown here.", Original: "https://andenes.example/m/map.jxl", Host: "andenes.example"},
		Media{Kind: "File", Name: "timetable.pdf", Original: "https://andenes.example/m/timetable.pdf", Host: "andenes.example"})
}

var party = []Emoji{{"blobparty", "/media/emoji-1-0123abcd/small-AAAAAAAAAAAAAAAAAAAAAA"}}

var delivered = &Delivery{URL: "/me/post/7/delivery", Accepted: 16, Unknown: 1, Waiting: 1, Refused: 1}

func sampleCards() []Card {
	mine := all
	mine.Edit, mine.Delete, mine.Pin = true, true, true
	return []Card{
		{ID: "1", URL: "/me/post/1", Author: tomas, Time: ago(24 * time.Minute), Audience: "everyone", Lang: "es", Content: spanish, May: all, Replies: 6, Boosts: 18, Likes: 73, Liked: true, Original: "https://andenes.example/@tomas/1",
			Media: []Media{samplePicture(1, "The long front of Canfranc station, mountains behind it"), samplePicture(2, "A red railcar, head-on, at the platform"), samplePicture(3, "")}},
		{ID: "2", URL: "/me/post/2", Author: long, Boosters: []Person{grace, tomas}, Time: ago(2 * time.Hour), Edited: true, Audience: "quiet", Lang: "en", Content: wide, May: all, Boosted: true, Boosts: 9, Original: "https://allotments.example/2"},
		{ID: "3", URL: "/me/post/3", Author: grace, Time: ago(3 * time.Hour), Audience: "everyone", Lang: "fr", Warning: "La fin des « Dépossédés »", Content: `<p>Shevek rentre.</p>`, May: all, Replies: 11, Likes: 26, Original: "https://navy.example/3"},
		{ID: "4", URL: "/me/post/4", Author: grace, Time: ago(5 * time.Hour), Audience: "everyone", Lang: "en", Content: english, May: all, Replies: 4, Boosts: 22, Likes: 96, Saved: true, ReplyTo: "@nora@veldkamp.example"},
		{ID: "6", URL: "/me/post/6", Link: linkSample, Author: layla, Time: ago(9 * time.Hour), Audience: "followers", Lang: "ar", Content: arabic, May: all, Likes: 58},
		{ID: "7", URL: "/me/post/7", Author: nora, Time: ago(30 * time.Hour), Audience: "everyone", Lang: "en", LangName: "English", Content: own, May: mine, Replies: 8, Boosts: 5, Likes: 1034, Delivery: delivered},
		{ID: "10", URL: "/me/post/10", Author: Person{"Grace :blobparty: Okafor", grace.Handle, grace.URL, grace.Avatar, party}, Time: ago(40 * time.Hour), Audience: "everyone", Lang: "en", Content: "<p>All of it " + template.HTML(PictureWords(party)(":blobparty:")) + "</p>", May: all, Media: sampleFiles()},
		{ID: "11", URL: "/me/post/11", Author: tomas, Time: ago(41 * time.Hour), Audience: "everyone", Lang: "en", Content: "<p>Two, on demand.</p>", May: all, Hide: true, Media: []Media{samplePicture(12, "A cut hand"), samplePicture(13, "")}},
		{ID: "12", URL: "/me/post/12", Author: tomas, Time: ago(42 * time.Hour), Audience: "everyone", Lang: "en", Warning: "A party :blobparty:", Emojis: party, Content: "<p>Four.</p>", May: all, Media: []Media{samplePicture(14, "One"), samplePicture(15, "Two"), samplePicture(16, "Three"), samplePicture(17, "Four")}},
		{ID: "13", URL: "/me/post/13", Author: long, Time: ago(43 * time.Hour), Audience: "everyone", Lang: "en", Content: "<p>One, with a quote.</p>", May: all, Media: []Media{samplePicture(18, "A hen")},
			Quote: &Quoted{URL: "/me/post/1", Author: tomas, Lang: "es", Content: "<p>Andenes.</p>", Media: []Media{samplePicture(19, "Two platforms"), samplePicture(20, "The clock")}}},
		{ID: "8", URL: "/me/post/8", Author: carol, Time: ago(400 * 24 * time.Hour), Audience: "named", Content: `<p>hi</p>`, May: Actions{Reply: true}},
	}
}

func sampleTree() []Node {
	c := sampleCards()
	node := func(i int, answers ...Node) Node {
		card := c[i]
		card.ID = "t" + card.ID + strconv.Itoa(len(answers))
		card.ReplyTo, card.Media, card.Boosters = "", nil, nil
		return Node{Card: card, Answers: answers}
	}
	return []Node{node(3, node(4, node(5, node(2))), node(6)), node(1), node(0, node(3, node(5)))}
}

func samplePoll(may, multiple bool) *Poll {
	return &Poll{ID: "9", Multiple: multiple, Voters: 7, End: "Closes today at 18:00", May: may, CSRF: "token", Back: "/me#p-9",
		Options: []PollOption{{Name: "Purple spinach, 2023 line", Votes: 4}, {Name: "بذور", Votes: 2, Mine: !may}, {Name: strings.Repeat("Llanfairpwllgwyngyll", 3)}}}
}

var audiences = Audiences{Chosen: "everyone", Followers: 42, Servers: 17, Named: []string{"@grace@navy.example"}}

var options = []Option{{"en", "English", false}, {"nl", "Nederlands", true}, {"ar", "العربية", false}}
var sampleZones = []Option{{"Europe/Amsterdam", "Europe/Amsterdam", true}, {"UTC", "UTC", false}}

type requestPost struct {
	Text, Lang, URL string
	Time            time.Time
}

type sampleRequest struct {
	ID            string
	Person        Person
	Bio           template.HTML
	Facts         []Fact
	Posts         []requestPost
	Server        string
	Problem       string
	CanFollowBack bool
}

var sampleRequests = []sampleRequest{
	{"11", Person{"Daniel Osei", "@daniel@harbour.example", "/me/person/11", "/media/2.png", nil}, "<p>Harbour pilot, bell ringer, slow reader. I grow dahlias against advice. Accra, then Rotterdam.</p>",
		[]Fact{{Label: "Asked", Text: "40 minutes ago"}, {Label: "Account", Strong: "6 years old", Text: ", since May 2020"}, {Label: "Posts", Text: "3,412, about 11 a week"},
			{Label: "Server", Text: "harbour.example, GoToSocial 0.20. 2 of your followers are there."}, {Label: "You share", People: []Person{grace, tomas, layla}, Text: "Grace Okafor, Tomás Iriarte, ليلى حدّاد"},
			{Label: "Earlier talk", URL: "/me/post/4", LinkText: "You answered him about tulip rot", Text: ", 3 March"}},
		[]requestPost{{"Eight bells this morning and not one of us in time. The pigeons left.", "en", "https://harbour.example/1", ago(2 * time.Hour)}, {"Boarded a bulk carrier called Patience. The captain was not.", "en", "", ago(70 * time.Hour)}}, "harbour.example", "", true},
	{"12", carol, "", []Fact{{Label: "Asked", Text: "3 hours ago"}, {Label: "Account", Strong: "2 days old", Text: ", since 19 November"}, {Label: "Posts", Strong: "None"}, {Label: "Server", Text: "megahost.example, Mastodon 4.6. None of your followers are there."}, {Label: "You share", Text: "Nobody"}, {Label: "Earlier talk", Text: "None"}, {Label: "Follows", Text: "1,904 accounts, 0 followers"}},
		nil, "megahost.example", "Their profile could not be fetched: megahost.example did not answer.", false},
}

func sampleEntries() []Entry {
	return []Entry{
		{ID: "21", URL: "/@nora/21", Author: nora, ByOwner: true, Pinned: true, Time: ago(600 * 24 * time.Hour), Lang: "en", ShowCounts: true, Replies: 26, Boosts: 112, Likes: 340,
			Content: `<p>A short list of what I know about saving seed, for people who asked:</p><ol><li>Grow more than you need.</li><li>Keep the best, eat the rest.</li><li>Write the label now, not later.</li></ol>`},
		{ID: "22", URL: "/@nora/22", Author: nora, ByOwner: true, Time: ago(5 * time.Hour), Edited: ago(4 * time.Hour), Lang: "en", ShowCounts: true, Replies: 7, Boosts: 9, Likes: 64, Content: `<p>Frost on the beds, first of the year. The kale is pleased. The dahlias have resigned.</p>`,
			Media: []Media{{URL: "/media/x.jpg", Preview: "/media/x.jpg", Width: 800, Height: 533, Kind: "Picture", Alt: "Four long allotment beds in low light, kale, leeks, lettuce and chard, a dark shed with one window behind them."}}},
		{ID: "23", URL: "/@nora/23", Link: linkSample, Author: nora, ByOwner: true, Time: ago(80 * time.Hour), Lang: "nl", LangName: "Nederlands", ShowCounts: true, Replies: 3, Likes: 21, Content: `<p>Nachttrein gemist, dus nu met een thermoskan in de wachtkamer van Zutphen. De klok tikt hier harder dan thuis.</p>`, ReplyTo: "@tomas@andenes.example", ReplyURL: "https://andenes.example/1"},
		{ID: "25", URL: "/@nora/25", Author: nora, ByOwner: true, Time: ago(100 * time.Hour), Lang: "en", ShowCounts: true, Content: `<p>The greenhouse, whole.</p>`, Hide: true, Media: sampleFiles()},
		{ID: "24", URL: "/@nora/24", Author: nora, ByOwner: true, Time: ago(120 * time.Hour), Lang: "en", ShowCounts: true, Replies: 12, Likes: 40, Warning: "Slugs, at length, with a picture", Content: `<p>Slugs.</p>`},
	}
}

func sampleAnswers() []EntryNode {
	entry := func(id string, p Person, text template.HTML, answers ...EntryNode) EntryNode {
		return EntryNode{Entry{ID: id, URL: "https://elsewhere.example/" + id, Author: p, Time: ago(4 * time.Hour), Content: text}, answers}
	}
	return []EntryNode{
		entry("31", long, "<p>Bei uns −4. Die Dahlien haben hier nicht einmal gekündigt, sie sind einfach nicht mehr erschienen.</p>", entry("32", nora, "<p>Fristlos, dus.</p>")),
		entry("33", tomas, "<p>Esa caseta merece un andén.</p>", entry("34", nora, "<p>It has a timetable. One departure a day, me, complaining.</p>", entry("35", grace, "<p>Delays are to be expected.</p>", entry("36", layla, arabic)))),
		entry("37", grace, "<p>Kapusta po mrazu je jiná zelenina. Sladká, skoro pyšná.</p>"),
	}
}
