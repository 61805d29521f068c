package assets

import (
	"html/template"
	"strings"
	"time"
)

type deliveryRow struct {
	Host, Note, State, Text string
	When                    time.Time
	RetryURL, StopURL       string
}
type sendingRow struct {
	What, Text string
	Time       time.Time
}
type fetchRow struct {
	Host, Text string
	Time       time.Time
}
type hidden struct{ Name, Value string }
type personRow struct {
	Person    Person
	Note      string
	Waiting   bool
	RemoveURL string
}
type found struct {
	Person        Person
	Bio, Relation string
}
type talker struct {
	Person
	Count int
}
type neighbour struct{ URL, Text string }
type note struct {
	ID, Kind, About string
	Named           []Person
	Faces           []Person
	Others          int
	To              string
	Time            time.Time
	New             bool
	Card            *Card
	Reaction        string
	Emojis          []Emoji
	Excerpt, Lang   string
	ExcerptURL      string
	Result          string
}
type laterReplies struct {
	URL   string
	Count int
}
type sampleTalk struct {
	URL, LastID string
	People      []Person
	Others      int
	Last        string
	Mine        bool
	Time        time.Time
	Unread      bool
}
type saidSample struct {
	Card    Card
	Trouble []string
}
type version struct {
	Time time.Time
	Card Card
}
type toucher struct {
	Person
	Emoji string
}
type emojiChoice struct {
	Emoji, Name string
	Mine        bool
	Image       string
}
type decision struct {
	Person   Person
	Accepted bool
	Time     time.Time
}
type check struct {
	OK   bool
	Text string
}
type nameValue struct{ Name, Value string }

type sampleQuote struct {
	Stamp string
	Who   Person
	URL   string
	Time  time.Time
}

// samplePages returns, for each page, its data in one or more states; the
// state's name follows the page's after a dot.
func samplePages() map[string]any {
	cards := sampleCards()
	answer := cards[3]
	pages := map[string]any{}
	for _, add := range []func(map[string]any){
		sampleEntrance,
		samplePublic,
		sampleLists,
		sampleForms,
		sampleSaved,
		sampleSecurity,
		samplePasskeys,
		sampleData,
		sampleLeaving,
		sampleImport,
		sampleExpiry,
		sampleWriting,
		sampleTalks,
		sampleLive,
		sampleServers,
		sampleSubject,
	} {
		add(pages)
	}
	type missing struct {
		Lead, Silent, End string
		Why               []string
		Looking           bool
		URL, Root         string
	}
	type post struct {
		Owner
		Ancestors           []Card
		AboveURL            string
		Card                Card
		Answers             []Node
		Answering           string
		Missing             *missing
		Original, PublicURL string
		App                 string
		WasAt               []string
		Later               *laterReplies
		Earlier             string
		LeftOut             int
		Compose             *Compose
		People              []talker
		BackURL, BackText   string
		Quotes              []sampleQuote
	}
	focus := cards[3]
	focus.LangName, focus.Boosters, focus.ReplyTo, focus.QuoteURL, focus.ReactURL, focus.Versions = "English", nil, "", "/me/write?quote=4", "/me/post/4/react", 1
	focus.LikesURL, focus.BoostURL = "/me/post/4/likes", "/me/post/4/boosts"
	gap := &missing{"We know 5 of about 11 replies.", "1 server did not answer: thicket.example, tried 2 minutes ago.", "About 6 more replies exist that never reached this server.",
		[]string{"thicket.example did not answer.", "bastion.example does not show it to us."}, false, "/me/post/4/thread", "1"}
	pages["post"] = post{Owner: owner("Post", "home", "/me/post/4"), Ancestors: cards[:1], Card: focus, Answers: sampleTree(), Answering: tomas.Handle, Missing: gap, Original: "https://navy.example/4",
		Compose: &Compose{Key: "k", Text: "@grace@navy.example ", Reply: "4", Audiences: audiences}, People: []talker{{grace, 2}, {tomas, 1}}, BackURL: "/me", BackText: "Home"}
	looking := *gap
	looking.Looking, looking.Silent, looking.Why = true, "", nil
	left := Card{ID: "70", URL: "/me/post/70", Left: "A post by somebody you muted.", LeftURL: "/me/post/70"}
	hurt := cards[4]
	hurt.ReplyTo = ""
	folds := sampleTree()
	folds[0].Answers[0].Folded, folds[1].Folded = 4, 1
	pages["post.long"] = post{Owner: owner("Post", "home", "/me/post/2"), Ancestors: []Card{left, cards[3]}, AboveURL: "/me/post/70", Card: cards[0], Answers: append([]Node{{Card: Card{ID: "71", URL: "/me/post/71", Left: left.Left}, Answers: []Node{{Card: hurt}}}}, folds...),
		Missing: &looking, Later: &laterReplies{"/me/post/2?replies=9", 244}, Earlier: "/me/post/2#answers", LeftOut: 2, BackURL: "/me", BackText: "Home"}
	pages["post.looking"] = post{Owner: owner("Post", "home", "/me/post/2"), Card: cards[0], Missing: &missing{Looking: true, URL: "/me/post/2/thread", Root: "2"}, BackURL: "/me", BackText: "Home"}
	now := focus
	now.Time = ago(time.Hour)
	pages["edits"] = struct {
		Owner
		Card    Card
		PostURL string
		Earlier []version
	}{owner("Earlier versions", "", "/me/post/4/edits"), now, "/me/post/4", []version{{ago(5 * time.Hour), Card{Content: english, Lang: "en", Warning: "Software", Poll: samplePoll(false, false)}}, {ago(30 * time.Hour), Card{Content: wide}}}}
	sampleReactions(pages, focus)
	mine := cards[5]
	mine.Reaction = []Reaction{{Emoji: "🌱", Count: 12, Mine: true}, {Emoji: "👏🏽", Count: 3}, {Emoji: ":leek:", Image: party[0].URL, Count: 2}}
	pages["post.own"] = post{Owner: owner("Post", "", "/me/post/7"), Card: mine, PublicURL: "/@nora/7", App: "Tram", WasAt: []string{"https://social.example/@nora/106743849217358122", "https://social.example/users/nora/statuses/106743849217358122"}, BackURL: "/me", BackText: "Home",
		Quotes: []sampleQuote{{"9", grace, "https://navy.example/quote", ago(time.Hour)}}}
	quoting := cards[1]
	quoting.Quote = &Quoted{URL: "/me/post/3", Author: tomas, Lang: "en", Warning: "Seeds", Content: english}
	pages["post.quoting"] = post{Owner: owner("Post", "", "/me/post/8"), Card: quoting, BackURL: "/me", BackText: "Home"}
	quoting.Quote = &Quoted{Words: "The quoted post waits for its author’s consent."}
	pages["post.pending"] = post{Owner: owner("Post", "", "/me/post/8"), Card: quoting, BackURL: "/me", BackText: "Home"}
	quoting.Quote = &Quoted{Words: "The author of the quoted post refused."}
	pages["post.refused"] = post{Owner: owner("Post", "", "/me/post/8"), Card: quoting, BackURL: "/me", BackText: "Home"}
	asked := cards[0]
	asked.Poll, asked.Media = samplePoll(false, false), nil
	asked.Poll.End = "Closed 2 days ago"
	kept := cards[4]
	kept.Poll = samplePoll(false, true)
	kept.Poll.Hidden = true
	pages["post.polls"] = post{Owner: owner("Post", "", "/me/post/1"), Ancestors: cards[3:4], Card: asked, Answers: []Node{{Card: kept}}, BackURL: "/me", BackText: "Home"}
	pinned := cards[5]
	pinned.Pinned, pinned.Poll, pinned.Liked, pinned.Boosted = true, samplePoll(false, true), true, true
	pages["post.pinned"] = post{Owner: owner("Post", "", "/me/post/7"), Card: pinned, BackURL: "/me", BackText: "Home"}
	vote := cards[0]
	vote.Poll, vote.Media = samplePoll(true, true), nil
	pages["post.vote"] = post{Owner: owner("Post", "", "/me/post/1"), Card: vote, BackURL: "/me", BackText: "Home"}
	vote.Poll = samplePoll(true, false)
	vote.Poll.Error, vote.Poll.Options[1].Tried = "Choose an answer first.", true
	pages["post.refusedvote"] = post{Owner: owner("Post", "", "/me/post/1"), Card: vote, BackURL: "/me", BackText: "Home"}
	type part struct {
		Place, Left int
		Text        string
	}
	type found struct{ Insert, Words, Image string }
	type help struct {
		Query string
		Open  bool
		Found []found
	}
	type reachPerson struct {
		Person Person
		Words  string
	}
	type reachServer struct {
		Name, URL, Words string
		People           int
	}
	type reach struct {
		Sum     string
		Named   []reachPerson
		Lost    []string
		Servers []reachServer
		More    int
	}
	type unfinishedText struct {
		URL, Text string
		Time      time.Time
	}
	type write struct {
		Owner
		Mode, Key, Text, Warning, TextLang, Draft, Edit, Error, Verb string
		Languages                                                    []Option
		Audiences                                                    Audiences
		Fixed                                                        bool
		Parent                                                       *Card
		Left                                                         int
		Poll                                                         *PollForm
		Asked                                                        *Poll
		Preview                                                      []Card
		Parts                                                        []part
		MoreParts, Stopped                                           bool
		Undescribed                                                  []string
		Reach                                                        *reach
		Help                                                         help
		SavedAt                                                      time.Time
		Quoting                                                      *Card
		Quotable                                                     []Option
		Uploads                                                      []Upload
		Added, Room                                                  int
		FilesError                                                   string
		Sensitive                                                    bool
		Plain                                                        bool
		When                                                         When
		Undo                                                         int
		Unfinished, Scheduled                                        []unfinishedText
	}
	asking := &PollForm{Options: []string{"Purple spinach", "Blue leek", "", ""}, More: true, Lasts: options, Multiple: true, Open: true}
	asking.Lasts = []Option{{"1h", "1 hour", false}, {"3d", "3 days", true}}
	places := []Option{{"0,0", "Centre", true}, {"-1,1", "Top left", false}}
	sill := Upload{ID: "41", Kind: "Picture", Title: "IMG_2041.jpg", Size: "312 KB", URL: StaticPath("header.png"), Preview: StaticPath("header.png"), Alt: "Six paper pots of seedlings on a wooden sill, the window behind them out of focus.", Letters: 82, Focus: places, Place: 1, Of: 1}
	uploads := []Upload{sill, {ID: "42", Kind: "Picture", Title: "shed.gif", Size: "64 KB", URL: StaticPath("avatar.png"), Preview: StaticPath("avatar.png"), Note: "It is an animation: its first picture is kept.", Focus: places, Place: 2},
		{ID: "43", Kind: "Video", Title: "VID_20261127_a_name_that_is_longer_than_any_file_should_have.mov", Size: "38.2 MB", Length: "1:05", URL: "/media/43", Note: "It is stored as it came. What the camera wrote into it, such as the place, is in it.", Place: 3},
		{ID: "44", Kind: "Sound", Size: "3.1 MB", URL: "/media/44", Alt: "ضفادع في البركة", Letters: 15, Place: 4}}
	for i := range uploads {
		uploads[i].Of = len(uploads)
	}
	draft := []Card{cards[0], cards[1]}
	draft[0].Warning = "Software"
	quotable := []Option{{"public", "Everyone", true}, {"nobody", "Nobody", false}}
	pages["write.quote"] = write{Room: 4, Owner: owner("Quote", "write", "/me/write"), Mode: "new", Verb: "Post", MoreParts: true, Languages: options, Audiences: audiences, Quoting: &answer, Quotable: quotable}
	pages["write"] = write{Undo: 15, Quotable: quotable, Unfinished: []unfinishedText{{"/me/write?draft=4", "On saving leek seed", ago(24 * time.Hour)}, {"/me/write?draft=5", "No text yet", ago(50 * time.Hour)}}, Scheduled: []unfinishedText{{"/me/drafts", "Winterplan moestuin", ago(-43 * time.Hour)}}, When: When{"2026-11-29T09:00", "2026-11-27T14:00", ago(-43 * time.Hour), "Europe/Amsterdam", false}, Room: 3, Uploads: []Upload{sill}, Poll: asking, Owner: owner("Write", "write", "/me/write"), Mode: "new", Verb: "Post", MoreParts: true, Text: "Took stock of the seed drawers before winter. The purple spinach did what the books said it would not: it came true from open pollination, three years running.\n\nWhich one should I put up for swapping first?", TextLang: "en", Languages: options, Audiences: audiences, Left: 4786, Preview: draft, SavedAt: ago(time.Minute)}
	pages["write.files"] = write{Undo: 15, Quotable: quotable, Poll: asking, Owner: owner("Write", "write", "/me/write"), Mode: "new", Text: "Took stock of the seed drawers before winter.", TextLang: "en", Languages: options, Audiences: audiences, Left: 4786, Uploads: uploads, Added: 2, FilesError: "“IMG_2041.heic” (3.1 MB) was not added. HEIC pictures cannot be read here. Save it as JPEG and try again.", Sensitive: true, Verb: "Post", MoreParts: true, Undescribed: []string{"42", "43"}, Stopped: true, Parts: []part{{2, 4990, "And this is how the shed looks now."}, {3, -12, "ثم جاء المطر"}},
		Help: help{"li", true, []found{{"@lian@bean.example", "Lian 🌿", StaticPath("avatar.png")}, {"@a_name_that_is_longer_than_any_field_should_have_to_be@a-server-with-a-long-name.example", "", ""}}}}
	pages["write.reach"] = write{Room: 4, Poll: asking, Owner: owner("Write", "write", "/me/write"), Mode: "new", Verb: "Post", Text: "@grace@navy.example @nobody@nowhere.example", Languages: options, Audiences: audiences, Left: 4950, MoreParts: true, Help: help{Query: "zzz", Open: true},
		Reach: &reach{"43 people on 18 servers", []reachPerson{{grace, ""}, {long, "Their server has not answered since 3 November: they get it when it is back."}}, []string{"@nobody@nowhere.example"},
			[]reachServer{{"megahost.example", "/me/followers/server/1", "", 1204}, {"a-server-with-a-long-name-that-goes-on-and-on.example", "/me/followers/server/2", "Deliveries fail since 12:10, and are tried again.", 1}}, 15}}
	refused := *asking
	refused.Error = "A poll has 2 to 10 answers."
	pages["write.poll"] = write{Plain: true, Room: 4, Owner: owner("Write", "write", "/me/write"), Mode: "new", Verb: "Post", MoreParts: true, Text: "Which one?", Languages: options, Audiences: audiences, Left: 4990, Poll: &refused}
	pages["write.reply"] = write{Room: 4, Owner: owner("Reply", "write", "/me/write"), Mode: "reply", Text: "@grace@navy.example ", Parent: &answer, Languages: options, Audiences: Audiences{Chosen: "followers", Widest: "followers", Followers: 1, Servers: 1, Error: "Name at least one person."}, Left: -3, Error: "The post is 3 characters too long.", Preview: draft, Verb: "Reply"}
	pages["write.edit"] = write{Room: 4, Owner: owner("Edit", "write", "/me/write"), Mode: "edit", Verb: "Save changes", Edit: "7", Text: "Second sowing", Fixed: true, Asked: samplePoll(false, true), Languages: options, Audiences: Audiences{Chosen: "named"}}
	return pages
}

// sampleReactions has the pages about what people answer with a press.
func sampleReactions(pages map[string]any, c Card) {
	tabs := []Tab{{"/me/post/4/likes", "Likes and reactions", 96, true}, {"/me/post/4/boosts", "Boosts", 22, false}}
	type touched struct {
		Owner
		Heading     string
		Card        Card
		Tabs        []Tab
		People      []toucher
		Note, Empty string
		Pager       Pager
	}
	pages["touched"] = touched{owner("Likes", "", "/me/post/4/likes"), "Likes and reactions", c, tabs, []toucher{{tomas, ""}, {long, "🌱"}, {layla, ":leek: 👏🏽"}}, "Here are those that this server knows of. Grace Okafor’s own server knows more.", "", Pager{Older: "/me/post/4/likes?before=1", OlderText: "More"}}
	pages["touched.nobody"] = touched{Owner: owner("Boosts", "", "/me/post/4/boosts"), Heading: "Boosts", Card: c, Tabs: tabs, Empty: "Nobody boosted this post, as far as is known here."}
	type react struct {
		Owner
		Card                         Card
		Action, TakeBack, Back, Mine string
		Choices                      []emojiChoice
		Value, Error                 string
	}
	choices := []emojiChoice{{":leek:", "used here", false, party[0].URL}, {"❤️", "Heart", false, ""}, {"👍", "Thumbs up", true, ""}, {"😂", "Tears of joy", false, ""}, {"🎉", "Party", false, ""}, {"🙏", "Thank you", false, ""}, {"👀", "Eyes", false, ""}}
	pages["react"] = react{owner("React", "", "/me/post/4/react"), c, "/me/post/4/react", "/me/post/4/unlike", "/me/post/4", "👍", choices, "", ""}
	pages["react.refused"] = react{Owner: owner("React", "", "/me/post/4/react"), Card: c, Action: "/me/post/4/react", Back: "/me/post/4", Choices: choices, Value: "ok", Error: "Choose one emoji, or put one into the field."}
}

// sampleTalks has private conversations, one of them with a message that did not arrive.
func sampleTalks(pages map[string]any) {
	type messages struct {
		Owner
		Conversations []sampleTalk
		Until         string
		Pager         Pager
	}
	o := owner("Messages", "messages", "/me/messages")
	o.Messages = 1
	pages["messages"] = messages{o, []sampleTalk{
		{"/me/messages/1", "101", []Person{grace}, 0, "The key is under the third pot from the left, the one with the dead rosemary. Water it if you like.", false, ago(12 * time.Minute), true},
		{"/me/messages/2", "102", []Person{tomas, layla, long}, 2, "Then Thursday at the station, and bring the seed lists.", true, ago(3 * time.Hour), false},
		{"/me/messages/3", "103", []Person{long}, 0, "أنهيتُ اليوم فهرسة الصندوق السابع", false, ago(300 * time.Hour), false},
		{"/me/messages/4", "104", nil, 1, "hi", false, ago(900 * time.Hour), false},
	}, "101", Pager{Older: "/me/messages?before=104", OlderText: "Older"}}
	pages["messages.none"] = messages{Owner: owner("Messages", "messages", "/me/messages")}
	type message struct {
		Owner
		URL, Until     string
		People         []Person
		Others         int
		Unread         bool
		Said           []saidSample
		Earlier, Later string
		Compose        *Compose
	}
	say := func(id string, who Person, text template.HTML, passed time.Duration, trouble ...string) saidSample {
		c := Card{ID: id, URL: "/me/post/" + id, Author: who, Time: ago(passed), Lang: "en", Content: text, May: Actions{Reply: true, Like: true}}
		if who.URL == nora.URL {
			c.Delivery = &Delivery{URL: "/me/post/" + id + "/delivery", Accepted: 1 - len(trouble), GivenUp: len(trouble)}
		}
		return saidSample{c, trouble}
	}
	pages["message"] = message{o, "/me/messages/1", "101", []Person{grace}, 0, true, []saidSample{
		say("90", grace, "<p>Are you away on Thursday? I could look after the seedlings.</p>", 30*time.Hour),
		say("91", nora, "<p>I am, and that would be kind. Where do I leave the key?</p>", 29*time.Hour, "Has not reached @grace@navy.example yet: no answer within 30 seconds. Next try in 3 hours."),
		say("92", grace, "<p>Under the third pot from the left, the one with the dead rosemary. Water it if you like.</p>", 12*time.Minute),
	}, "/me/messages/1?before=90", "", &Compose{Key: "k", Text: "@grace@navy.example ", Reply: "92", Audiences: Audiences{Chosen: "named", Widest: "named"}}}
	pages["message.three"] = message{Owner: owner("Messages", "messages", "/me/messages/2"), URL: "/me/messages/2", People: []Person{tomas, long}, Others: 1,
		Said: []saidSample{{Card: Card{ID: "93", Left: "A post by somebody you blocked."}}, say("94", nora, wide, time.Hour, "Not sent to @tomas@andenes.example: one of you blocked the other.")}, Later: "/me/messages/2?after=94"}
}

func pinnedSample(c Card) Card { c.Pinned = true; return c }

// quotingSample quotes a post by somebody with a long name while its author is asked.
func quotingSample(c Card) Card {
	c.Quote = &Quoted{Words: "Waits for its author’s consent. Others see the link only.", URL: "/me/post/2", Author: long, Content: wide}
	return c
}

func sampleEntrance(pages map[string]any) {
	type login struct {
		Plain
		Me                Person
		Name, Error, Next string
		AskCode, KeyGiven bool
		Passkey           string
		Wait              int
		Kept              []hidden
		Text              string
	}
	pages["login"] = login{plain("Log in"), nora, "nora", "Name and password do not match.", "/me/requests", false, false, "", 30, nil, ""}
	pages["login.passkey"] = login{plain("Log in"), nora, "", "", "/me/requests", false, false, "veldkamp.example", 0, nil, ""}
	pages["login.key"] = login{plain("Log in"), nora, "", "", "", false, true, "", 0, nil, ""}
	pages["login.kept"] = login{plain("Log in"), nora, "", "", "/me/write", false, false, "", 0, []hidden{{"kept-text", "Took stock."}}, "Took stock of the seed drawers before winter.\nThe purple spinach did what the books said it would not."}
	pages["login.code"] = login{plain("Log in"), nora, "", "The code is wrong, or was used before. Wait for the next one.", "/me/requests", true, false, "", 0, nil, ""}
	type scope struct{ Scope, Words string }
	type consent struct {
		Plain
		Me                       Person
		App, Website, Host, Site string
		Program, Open            bool
		Scopes                   []scope
		Hidden                   [][2]string
	}
	write := scope{"write", "do nearly everything that you can do here: post, delete, follow, block, change your profile"}
	push := scope{"push", "be woken by this server when there is a notice for you"}
	hidden := [][2]string{{"client_id", "x"}, {"scope", "read write push"}}
	pages["authorize"] = consent{plain("Allow Phanpy"), nora, "Phanpy", "https://phanpy.social", "phanpy.social", "phanpy.social", false, false,
		[]scope{{"read", "read everything here that you can read: your posts, followers-only and private ones too, Home, messages, notices, lists and who you block"}, write, push}, hidden}
	pages["authorize.program"] = consent{plain("Allow Tusky"), nora, "Tusky", "https://tusky.app", "tusky.app", "oauth2redirect", true, false, []scope{write}, hidden}
	pages["authorize.odd"] = consent{plain("Allow"), long, strings.Repeat("Llanfairpwll", 5), "", "", strings.Repeat("very-long-name.", 8) + "example:3000", false, true, []scope{write, push}, hidden}
	pages["authorize.carried"] = consent{plain("Allow toot"), nora, "toot - a Mastodon CLI client", "https://github.com/ihabunek/toot", "github.com", "", false, false, []scope{push}, hidden}
	type carried struct {
		Plain
		Code string
	}
	pages["authorize_code"] = carried{plain("Code for the app"), "Zk3mPq-7xYbTn2RwLd_0vHcJfGs9aKeUi4oW8tXyB1Q"}
	pages["authorize_code.none"] = carried{plain("Nothing was given"), ""}
	pages["setup_code"] = struct {
		Plain
		Error string
		Left  int
	}{plain("Set-up"), "This is not the code.", 4}
	type address struct {
		Plain
		Name, Domain, ServerHost, NameError, DomainError, HostError, AgreeError string
		SplitOpen                                                               bool
		Checks                                                                  []check
	}
	pages["setup_address"] = address{Plain: plain("Set-up"), Name: "nora", Domain: "veldkamp.example", Checks: []check{{true, "The domain points to this network, 203.0.113.24"}, {true, "No other fediverse server answers there"}, {false, "A website answers at veldkamp.example. dassie would take its place."}}}
	pages["setup_address.wrong"] = address{Plain: plain("Set-up"), Name: "no ra", Domain: "192.168.1.20", NameError: "Use only a to z, digits and _.", DomainError: "This is a number, not a name. Use a domain you own.", AgreeError: "Tick this to go on.", SplitOpen: true}
	pages["setup_account"] = struct {
		Plain
		Handle, Display, DisplayError, PasswordError, AgainError string
		Languages, Zones                                         []Option
		Approve, Discoverable                                    bool
	}{plain("Set-up"), nora.Handle, "Nora Veldkamp", "", "Use at least 10 letters.", "", options, sampleZones, true, false}
	pages["setup_done"] = struct {
		Plain
		Handle, LoginURL string
		Here             bool
	}{plain("Set-up"), nora.Handle, "https://veldkamp.example/login", false}
	pages["error"] = struct {
		Plain
		Status                        int
		Message, Code, Home, HomeText string
	}{plain("Error"), 500, "Something went wrong on this server.", "D-7F3K2A", "/me", "Back to Home"}
}

func sampleLists(pages map[string]any) {
	cards := sampleCards()
	type requests struct {
		Owner
		Waiting           []sampleRequest
		Approves, Several bool
		Pager             Pager
		Decided           []decision
	}
	decided := []decision{{grace, true, ago(80 * time.Hour)}, {carol, false, ago(500 * time.Hour)}}
	pages["requests"] = requests{owner("Follow requests", "requests", "/me/requests"), sampleRequests, true, false, Pager{}, decided}
	pages["requests.several"] = requests{owner("Follow requests", "requests", "/me/requests"), sampleRequests, true, true, Pager{}, decided}
	pages["requests.none"] = requests{Owner: owner("Follow requests", "requests", "/me/requests")}
	type people struct {
		Owner
		Kind           string
		Total, Servers int
		Tabs           []Tab
		People         []personRow
		Unknown        int
		Silent, Asking bool
		Shown          string
		Pager          Pager
	}
	pages["people"] = people{owner("Followers", "followers", "/me/followers"), "followers", 42, 17, followerTabs,
		[]personRow{{grace, "follows you since 2023", false, "/me/person/3/remove"}, {long, "silent since May", false, "/me/person/5/remove"}, {layla, "moved", false, "/me/person/4/remove"}}, 12, true, false, "Nobody. Visitors see the number 42.", Pager{Older: "?p=2", OlderText: "More"}}
	pages["people.silent.none"] = people{Owner: owner("Followers", "followers", "/me/followers?by=silent"), Kind: "followers", Total: 42, Servers: 17, Tabs: followerTabs, Silent: true, Unknown: 1, Asking: true}
	pages["people.following"] = people{Owner: owner("Following", "following", "/me/following"), Kind: "following", Total: 1, Servers: 1, People: []personRow{{carol, "", true, "/x"}}}
	pages["people.blocked"] = people{Owner: owner("Blocked", "more", "/me/blocked"), Kind: "blocked", Total: 1, People: []personRow{{carol, "since May", false, "/me/person/6/unblock"}}, Shown: "Nobody."}
	pages["people.blocked.none"] = people{Owner: owner("Blocked", "more", "/me/blocked"), Kind: "blocked"}
	pages["people.none"] = people{Owner: owner("Following", "following", "/me/following"), Kind: "following"}
	samplePeople(pages)
	type inbox struct {
		Owner
		Wave                        *sampleWave
		Tabs                        []Tab
		Items                       []note
		Until, ReadBefore, ReadText string
		Pager                       Pager
	}
	quoting := quotingSample(cards[1])
	quoting.Boosters = nil
	answered := cards[3]
	answered.ReplyTo = ""
	text := "Second sowing of spinach is up. If you want seed from the purple one, say so before Sunday; I have eleven envelopes and no self-control."
	one := func(p Person) []Person { return []Person{p} }
	pages["notifications"] = inbox{owner("Inbox", "inbox", "/me/inbox"), &sampleWave{0, "tomorrow, 12:00", 30}, []Tab{{"/me/inbox?k=mentions", "Mentions", 2, false}, {"/me/inbox", "Everything", 5, true}, {"/me/held", "Held back", 2, false}},
		[]note{
			{ID: "14", Kind: "edit", About: "post", Named: one(grace), Time: ago(9 * time.Minute), New: true, Excerpt: "The ferry sails at nine, not at ten.", Lang: "en", ExcerptURL: "/me/post/8"},
			{ID: "15", Kind: "quotedit", About: "post", Named: one(grace), Time: ago(11 * time.Minute), New: true, Excerpt: "Nine, says the harbour.", Lang: "en", ExcerptURL: "/me/post/9"},
			{ID: "1", Kind: "reply", Named: one(grace), Time: ago(12 * time.Minute), New: true, Card: &answered},
			{ID: "3", Kind: "like", About: "post", Named: []Person{grace, tomas}, Faces: []Person{grace, tomas, layla, long, carol}, Others: 5, Time: ago(26 * time.Minute), New: true, Excerpt: text, Lang: "en", ExcerptURL: "/me/post/7"},
			{ID: "10", Kind: "boost", About: "post", Named: []Person{layla, long}, Faces: []Person{layla, long}, Time: ago(time.Hour), New: true, Excerpt: text, ExcerptURL: "/me/post/7"},
			{ID: "6", Kind: "reaction", About: "reply", Named: one(layla), Time: ago(2 * time.Hour), New: true, Reaction: "👌 :leek:", Excerpt: "Straw works here too, until the blackbirds find it.", ExcerptURL: "/me/post/7"},
			{ID: "2", Kind: "request", Named: []Person{tomas, carol}, Faces: []Person{tomas, carol}, Time: ago(3 * time.Hour), New: true},
			{ID: "12", Kind: "poll", Time: ago(11 * time.Hour), Excerpt: "Mulch: straw, leaves or nothing?", ExcerptURL: "/me/post/10", Result: "Leaves won with 58 %, yours was straw."},
			{ID: "4", Kind: "follow", Named: one(long), Time: ago(90 * time.Hour)}, {ID: "5", Kind: "mention", Named: one(layla), To: grace.Handle, Time: ago(99 * time.Hour), Card: &cards[4]},
			{ID: "7", Kind: "report", Named: one(tomas), Time: ago(100 * time.Hour)}, {ID: "8", Kind: "move", Named: one(grace), Time: ago(101 * time.Hour), Excerpt: "Now @grace@sea.example", ExcerptURL: "/me/person/9"},
			{ID: "9", Kind: "quote", Named: one(tomas), Time: ago(102 * time.Hour), Card: &quoting},
			{ID: "11", Kind: "ownpoll", About: "poll", Time: ago(104 * time.Hour), Excerpt: "Which seed?", ExcerptURL: "/me/post/9", Result: "Nobody voted."}, {ID: "13", Kind: "request", Named: one(carol), Time: ago(300 * time.Hour)},
		}, "1", "12", "08:12", Pager{Older: "/me/inbox?before=13", OlderText: "Older"}}
	sampleHeld(pages)
	samplePushes(pages)
	sampleMails(pages)
	pages["notifications.none"] = inbox{Owner: owner("Inbox", "inbox", "/me/inbox")}
	sampleUnsent(pages)
	pages["more"] = struct{ Owner }{owner("More", "more", "/me/more")}
	sampleTrouble(pages)
}

// sampleTrouble has the pages of reports and of moving.
func sampleTrouble(pages map[string]any) {
	cards := sampleCards()
	type reportedPost struct {
		ID, Excerpt string
		Time        time.Time
		Chosen      bool
	}
	type report struct {
		Owner
		Who                                  Person
		Action, BackURL, Server, Text, Error string
		Forward                              bool
		Categories                           []Option
		Posts                                []reportedPost
	}
	pages["report"] = report{owner("Report", "", "/me/person/6/report"), carol, "/me/person/6/report", "/me/person/6", "megahost.example", "Buy now, they say.", "Use at most 3,000 characters.", true,
		[]Option{{"spam", "Spam", true}, {"other", "Something else", false}}, []reportedPost{{"8", "hi", ago(time.Hour), true}, {"9", "hi again", ago(2 * time.Hour), false}}}
	type changed struct {
		Warning, Text string
		Time          time.Time
		Files         int
		Gone          bool
	}
	type item struct {
		ID                     string
		Who                    Person
		Text, Answer, BlockURL string
		Path, Server           string
		Muted, Silenced        bool
		Time, Done             time.Time
		Forwarded              bool
		Cards                  []Card
		Changed                []changed
		Missing                int
	}
	type reports struct {
		Owner
		Tabs  []Tab
		Own   bool
		Items []item
		Pager Pager
	}
	tabs := []Tab{{"/me/reports", "About you", 1, true}, {"/me/reports?k=own", "By you", 0, false}}
	pages["reports"] = reports{owner("Reports", "more", "/me/reports"), tabs, false, []item{
		{"1", Person{"", "@megahost.example@megahost.example", "/me/person/21", "", nil}, "This is spam.\nTwice.", "", "/me/requests/21/block", "/me/person/21", "megahost.example", false, false, ago(time.Hour), time.Time{}, false, cards[5:6], []changed{{"Soup", "Leeks are onions that went to university.\n\nThere, I said it.", ago(3 * time.Hour), 2, true}, {"", "A first version", ago(4 * time.Hour), 0, false}}, 2},
		{"4", long, "Rude words", "", "/me/requests/22/block", "/me/person/22", "a-server-with-a-long-name-that-goes-on-and-on.example", true, true, ago(2 * time.Hour), time.Time{}, false, nil, nil, 0},
		{"2", tomas, "", "Deleted it.", "/me/requests/3/block", "/me/person/3", "navy.example", true, true, ago(90 * time.Hour), ago(80 * time.Hour), false, nil, nil, 0}}, Pager{Older: "/me/reports?before=1"}}
	pages["reports.own"] = reports{owner("Reports", "more", "/me/reports?k=own"), []Tab{{"/me/reports", "About you", 1, false}, {"/me/reports?k=own", "By you", 0, true}}, true, []item{{"3", carol, "Spam", "", "", "", "", false, false, ago(time.Hour), time.Time{}, true, nil, nil, 0}}, Pager{}}
	pages["reports.none"] = reports{Owner: owner("Reports", "more", "/me/reports"), Tabs: tabs}
	type move struct {
		Owner
		Aliases, AliasError, To, ToError, PassWord string
		Moved, Target                              *Person
		Lines                                      []string
		Asked, Accepted, Stayed                    int
		Bars                                       []string
		Open                                       []struct{ Host, State, Class, Text string }
		Done                                       []string
	}
	pages["move"] = move{Owner: owner("Move", "data", "/me/move"), Aliases: "@nora@old.example", AliasError: "There is no server called old.example.", To: "@nora@new.example", ToError: "It does not name this account yet."}
	pages["move.target"] = move{Owner: owner("Move", "data", "/me/move"), To: "@grace@navy.example", Target: &grace, PassWord: "The password is wrong.", Lines: []string{"42 followers on 17 servers are asked to follow it."}}
	pages["move.moved"] = move{Owner: owner("Move", "data", "/me/move"), Moved: &grace, Asked: 6, Accepted: 4, Stayed: 3, Bars: []string{"a", "a", "a", "a", "u", "r"},
		Open: []struct{ Host, State, Class, Text string }{{"thicket.example", "No answer", "u", "Did not answer in time. 2 followers are here still. Next try Saturday 21 November, 16:00."}, {"bastion.example", "Refused", "r", "Answered 400."}},
		Done: []string{"sea.example", "loom.example: 1 follower is here still", "fern.example", "harbor.example"}}
}

func sampleForms(pages map[string]any) {
	cards := sampleCards()
	type confirm struct {
		Owner
		Heading, Action, Button, BackURL string
		Lines                            []string
		Card                             *Card
		Who                              *Person
		Hidden                           []hidden
		MoreURL, MoreText                string
		Harmless                         bool
	}
	pages["confirm"] = confirm{owner("Delete", "", "/me/post/7/delete"), "Delete this post?", "/me/post/7/delete", "Delete", "/me/post/7", []string{"It goes from this server at once. 18 servers that hold a copy are asked to delete it; we show which of them say yes.", "This cannot be undone."}, &cards[5], nil, nil, "", "", false}
	pages["confirm.block"] = confirm{owner("Block", "requests", "/me/requests/12/block"), "Reject and block megahost.example?", "/me/requests/12/block", "Reject and block megahost.example", "/me/requests", []string{"8 of your followers are there and would be removed."}, nil, &carol, []hidden{{"host", "megahost.example"}}, "", "", false}
	pages["confirm.quote"] = confirm{owner("Take back consent", "", "/me/post/7/quotes"), "Take back consent?", "/me/post/7/quotes", "Take back consent", "/me/post/7#quotes", []string{"Grace Okafor quotes your post with your consent."}, nil, &grace, []hidden{{"stamp", "9"}}, "", "", false}
	pages["confirm.drop"] = confirm{owner("Drop deliveries", "deliveries", "/me/deliveries/4/drop"), "Drop what waits for thicket.example?", "/me/deliveries/4/drop", "Drop 8 posts and edits", "/me/deliveries", []string{"thicket.example does not get these: 8 posts and edits. The page of each post shows it as given up.", "1 deletion waits on and is tried for as long as promised: that server may still show what you deleted."}, nil, nil, nil, "/me/deliveries/4/drop?deletions=yes", "Drop the deletions too…", false}
	pages["confirm.archive"] = confirm{owner("Pack an archive", "data", "/me/data/archive"), "Pack an archive?", "/me/data/archive", "Pack an archive", "/me/data", []string{"It holds 1,930 posts and boosts of every audience, private ones and what you got in private too, 412 files that you added to them, your profile, lists, drafts, filters and settings, and a page that shows it all without a server.", "There is no key and no password in it: nobody can speak as you with it. Still, whoever has the file can read everything you wrote."}, nil, nil, nil, "", "", true}
	pages["profile"] = struct {
		Owner
		Display, Bio, Header, DisplayError, BioError, AvatarError, HeaderError, FieldsError string
		HasAvatar, HasHeader, Bot                                                           bool
		Fields                                                                              []nameValue
		Links                                                                               []linkRow
		Code                                                                                string
	}{Owner: owner("Profile", "profile", "/me/profile"), Display: "Nora Veldkamp", Bio: "Keeps an allotment.", Header: StaticPath("header.png"), AvatarError: "This file is not a picture.", HasAvatar: true, HasHeader: true, Fields: []nameValue{{"Garden", "https://tuin.veldkamp.example"}, {}, {}}, Code: `<a rel="me" href="https://veldkamp.example/@nora">Nora Veldkamp</a>`,
		Links: []linkRow{{`<a href="https://tuin.veldkamp.example/"><span class="invisible">https://</span>tuin.veldkamp.example/</a>`, ago(200 * 24 * time.Hour), ago(time.Hour), ""},
			{`<a href="https://old.example/">old.example</a>`, time.Time{}, ago(time.Hour), "the page has no link back with rel=\"me\""}, {`<a href="https://new.example/">new.example</a>`, time.Time{}, time.Time{}, ""}}}
	settings := owner("Settings", "settings", "/me/settings")
	settings.Notice = &Notice{Kind: "fail", Strong: "Not saved.", Text: "The disk is full.", Code: "D-114", URL: "/me/more", LinkText: "Make room"}
	pages["settings"] = struct {
		Owner
		Approve, AuthorizedFetch, Keys, LinkPreviews bool
		Waiting                                      int
		Languages, Zones, Quotable, Covers           []Option
		OpenWarnings                                 bool
		Errors                                       map[string]string
		NewPosts                                     []Option
		Covered, Markdown                            bool
		Sends                                        sendingSettings
	}{Sends: sampleSending, NewPosts: []Option{{"everyone", "Everyone", false}, {"followers", "Followers", true}}, Covered: true, Quotable: []Option{{"public", "Everyone", true}, {"followers", "Followers", false}}, Covers: []Option{{"", "Those marked as sensitive", true}, {"all", "All of them", false}}, Owner: settings, Approve: true, Languages: options, Zones: sampleZones, Errors: map[string]string{"timezone": "Choose one of the list.", "language": ""}}

	for name, look := range map[string]Look{"appearance": {}, "appearance.strong": {Theme: "dark", MoreContrast: true, TextSize: 150, LessMotion: true, Dense: true}} {
		appearance := owner("Appearance", "appearance", "/me/appearance")
		appearance.Look = look
		pages[name] = struct {
			Owner
			Themes, Sizes                   []Option
			MoreContrast, LessMotion, Dense bool
		}{appearance, []Option{{"", "As the system", look.Theme == ""}, {"light", "Light", false}, {"dark", "Dark", look.Theme == "dark"}},
			[]Option{{"100", "100 %", look.TextSize == 0}, {"150", "150 %", look.TextSize == 150}}, look.MoreContrast, look.LessMotion, look.Dense}
	}
}
