package assets

import "time"

// safetyTabs are the tabs of the pages below Safety, with one of them open.
func safetyTabs(here string) []Tab {
	tabs := []Tab{{"/me/safety", "Safety", 0, false}, {"/me/blocked", "Blocked", 0, false}, {"/me/muted", "Muted", 0, false}, {"/me/blocked/servers", "Servers", 0, false}, {"/me/filters", "Filters", 0, false}}
	for i := range tabs {
		tabs[i].Current = tabs[i].URL == here
	}
	return tabs
}

func sampleSafety(pages map[string]any) {
	sampleOverview(pages)
	sampleRuledServers(pages)
	type trouble struct {
		Owner
		Card                     Card
		Person                   *Person
		PersonPath               string
		Muted                    string
		MuteTimes                []Option
		Server, Silenced         string
		BlockURL, ServerURL      string
		Back, BackURL, ReportURL string
		HushBack, UndoneBack     string
	}
	cards := sampleCards()
	back := "/me/post/4#p-4"
	times := []Option{{"1h", "1 hour", false}, {"7d", "7 days", true}, {"good", "Until I unmute them", false}}
	at := func(c Card) trouble {
		return trouble{Owner: owner("Trouble", "home", "/me/post/4/trouble"), Card: c, Person: &long, PersonPath: "/me/person/5", MuteTimes: times, Server: "a-very-long-name-of-a-server-that-goes-on-and-on.social.far.example",
			BlockURL: "/me/person/5/block?back=/me/safety", ServerURL: "/me/blocked/servers/block?server=far.example", ReportURL: "/me/person/5/report?post=4", Back: back, BackURL: back}
	}
	pages["trouble"] = at(cards[0])
	some := at(cards[3])
	some.Card.Hushed, some.Muted, some.Silenced = true, "until 3 December, 14:00, 6 days left, notices too", "far.example"
	pages["trouble.muted"] = some
	pages["trouble.own"] = trouble{Owner: owner("Trouble", "home", "/me/post/4/trouble"), Card: cards[5], Back: back, BackURL: back}
}

func sampleOverview(pages map[string]any) {
	type doing struct {
		Who        *Person
		Name, URL  string
		What, Lost string
		Since      time.Time
		Undo       string
		Ask        bool
		Button     string
		Fields     []hidden
	}
	type safety struct {
		Owner
		Tabs   []Tab
		InAll  []Fact
		Kind   string
		Doings []doing
		Pager  Pager
	}
	all := []Fact{{Label: "Muted", URL: "/me/muted", LinkText: "2 people"}, {Label: "Blocked", URL: "/me/blocked", LinkText: "1 person"}, {Label: "Servers", URL: "/me/blocked/servers", LinkText: "303 blocked, 2 silenced"},
		{Label: "Conversations", URL: "/me/safety?k=thread", LinkText: "1 muted"}, {Label: "Filters", URL: "/me/filters", LinkText: "3 in force"}, {Label: "Notices", URL: "/me/held", LinkText: "2 rules hold some back", Text: ". 4 people wait."}}
	back := []hidden{{"back", "/me/safety"}}
	pages["safety"] = safety{owner("Safety", "safety", "/me/safety"), safetyTabs("/me/safety"), all, "", []doing{
		{Name: "a-very-long-name-of-a-server-that-goes-on-and-on.social.far.example", What: "Server blocked", Lost: "12 followers were lost, and you followed 4 people there; that does not come back.", Since: ago(time.Minute), Undo: "/me/blocked/servers/unblock", Button: "Unblock", Fields: back},
		{Who: &long, What: "Muted until 3 December, 14:00, 6 days left, notices too", Since: ago(5 * time.Minute), Undo: "/me/person/5/unmute", Button: "Unmute", Fields: back},
		{Name: "“You people with your allotments are all the same, and I say so here”", URL: "/me/post/4", What: "Conversation muted, begun by Nora Veldkamp", Since: ago(6 * time.Minute), Undo: "/me/post/4/unmute", Button: "Unmute", Fields: back},
		{Who: &carol, What: "Blocked", Lost: "Follows between you, and what left Home and the inbox, do not come back.", Since: ago(50 * time.Hour), Undo: "/me/person/6/unblock", Button: "Unblock", Fields: back},
		{Name: "thicket.example", What: "Strangers of the server silenced", Since: ago(70 * time.Hour), Undo: "/me/blocked/servers/unsilence", Button: "Undo", Fields: back},
		{Name: "A list of 300 servers", URL: "/me/blocked/servers", What: "Blocked or silenced together", Since: ago(900 * time.Hour), Undo: "/me/blocked/servers/list/undo?at=1", Ask: true, Button: "Undo…"},
		{Name: "Football", URL: "/me/filters/1", What: "Filter: “offside”: covered", Since: ago(1900 * time.Hour), Undo: "/me/filters/1/delete", Ask: true, Button: "Delete…"},
	}, Pager{Older: "/me/safety?from=30", OlderText: "Older"}}
	none := []Fact{{Label: "Muted", URL: "/me/muted", LinkText: "Nobody"}, {Label: "Blocked", URL: "/me/blocked", LinkText: "Nobody"}, {Label: "Servers", URL: "/me/blocked/servers", LinkText: "0 blocked, 0 silenced"},
		{Label: "Conversations", URL: "/me/safety?k=thread", LinkText: "0 muted"}, {Label: "Filters", URL: "/me/filters", LinkText: "0 in force"}, {Label: "Notices", URL: "/me/held", LinkText: "All are told"}}
	pages["safety.none"] = safety{Owner: owner("Safety", "safety", "/me/safety"), Tabs: safetyTabs("/me/safety"), InAll: none}
}

func sampleRuledServers(pages map[string]any) {
	type rule struct {
		Name, Note, Comment string
		Silenced            bool
	}
	type servers struct {
		Owner
		Tabs              []Tab
		Servers           []rule
		Blocked, Silenced int
		Typed, Error      string
		Shown, Waiting    bool
		Pager             Pager
	}
	far := "a-very-long-name-of-a-server-that-goes-on-and-on.social.far.example"
	at := func() Owner { return owner("Blocked servers", "safety", "/me/blocked/servers") }
	pages["blocked_servers"] = servers{at(), safetyTabs("/me/blocked/servers"), []rule{{"spam.example", "blocked since March 2026", "", false}, {far, "blocked since May 2026", "Harassment, and nobody there who answers reports", false}, {"thicket.example", "strangers silenced since May 2026", "", true}}, 2, 1, "", "", true, true, Pager{}}
	pages["blocked_servers.none"] = servers{Owner: at(), Tabs: safetyTabs("/me/blocked/servers"), Typed: "two words", Error: "“two words” is not the name of a server, such as social.example."}

	type block struct {
		Owner
		Heading, Name, Action, Button, BackURL, Back, Lead, State string
		Costs                                                     []Fact
		Refused, MaySilence                                       bool
	}
	costs := []Fact{{Label: "Followers", Strong: "12 are removed", Text: ": @anna@far.example, @ben@far.example, @cora-of-the-long-handle@social.far.example, @dan@far.example, @eva@far.example and 7 others"},
		{Label: "Requests", Strong: "1 is rejected", Text: "."}, {Label: "Following", Strong: "2 end", Text: ": @anna@far.example, @ben@far.example"}, {Label: "Lists", Strong: "1 place goes", Text: "."},
		{Label: "Home", Strong: "31 posts are hidden", Text: "."}, {Label: "Inbox", Strong: "40 notices are hidden", Text: "."}, {Label: "Messages", Strong: "1 conversation is hidden", Text: "."}}
	ask := block{Owner: owner("Block a server", "safety", "/me/blocked/servers/block"), Heading: "Block far.example?", Name: "far.example", Action: "/me/blocked/servers/block", Button: "Block far.example", BackURL: "/me/blocked/servers", Back: "/me/safety", Lead: "You lose 12 followers, and stop following 2 people.", Costs: costs, MaySilence: true}
	pages["block_server"] = ask
	ask.Heading, ask.Name, ask.Button = "Block "+far+"?", far, "Block "+far
	ask.Lead, ask.State, ask.Costs, ask.MaySilence = "None of your followers are there, and you follow nobody there.", "You silenced its strangers already. A block is more: until you take it back it stands in place of that.", nil, false
	pages["block_server.silenced"] = ask
	ask.State, ask.Refused = far+" is blocked already, since far.example is. Nothing more would happen.", true
	pages["block_server.blocked"] = ask

	type problem struct {
		Line      int
		Text, Why string
	}
	type list struct {
		Owner
		Error, Text string
		Preview     bool
		Lead        string
		Sum, Hits   []Fact
		MoreHits    int
		Others      string
		Spare       bool
		Rows        string
		New, Wrong  int
		Problems    []problem
	}
	form := list{Owner: owner("A list of servers", "safety", "/me/blocked/servers/list")}
	pages["server_list"] = form
	form.Error, form.Text = "There is no server in this list. Choose a file, or write one name in each line.", "# nothing"
	pages["server_list.wrong"] = form
	seen := list{Owner: form.Owner, Preview: true, Lead: "You lose 14 followers, and stop following 3 people.", New: 298, Rows: "#domain\nspam.example\n", Hits: []Fact{{Label: far, Strong: "12 followers and requests, you follow 2 people"}, {Label: "spam.example", Strong: "2 followers and requests"}, {Label: "thicket.example", Strong: "you follow 1 person"}},
		Others: "a.example, b.example, c.example and 292 others", Wrong: 2, Problems: []problem{{17, "=HYPERLINK(\"x\")", "This is not the name of a server."}, {203, "s***.example", "Its name is hidden by stars."}},
		Sum: append([]Fact{{Label: "New blocks", Strong: "296 servers", Text: "."}, {Label: "Silenced", Strong: "2 servers", Text: ", whose strangers are kept out."}, {Label: "Already so", Strong: "4 servers", Text: ", by their own name or one above it."}, {Label: "Passed over", Strong: "1 line", Text: ", with nothing asked for."}}, costs[1:]...)}
	pages["server_list.preview"] = seen
	pages["server_list.nothing"] = list{Owner: form.Owner, Preview: true, Sum: seen.Sum[2:3]}
}
