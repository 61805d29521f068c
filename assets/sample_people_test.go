package assets

import (
	"html/template"
)

type searchPage struct {
	Owner
	Query, Asked, Error, TryURL string
	Filters, Tags               []Tab
	People                      []found
	Cards                       []Card
	Further, LookedTo           string
	Pager                       Pager
}

type choice struct {
	Boosts, Notify   bool
	Languages, Error string
}

type personPage struct {
	Owner
	Person                                   Person
	Header, Relation, Trouble, Original      string
	Bio                                      template.HTML
	Fields                                   []ProfileField
	Lines                                    []string
	FollowsYou, Asks, Fetching, Gone         bool
	MayRecommend, Recommended                bool
	Shared                                   []Person
	SharedMore                               int
	Note, NoteText, NoteError, Muted, Server string
	Host, Limited                            string
	Choice                                   *choice
	MuteTimes                                []Option
	Facts                                    []Fact
	Tabs                                     []Tab
	Pinned, Cards                            []Card
	Pager                                    Pager
	Moved                                    *Person
}

// samplePeople has the pages of search and of somebody in every state.
func samplePeople(pages map[string]any) {
	cards := sampleCards()
	filters := []Tab{{"?q=rye+from%3Ame", "By me", 0, false}, {"?q=rye+from%3Afollowing", "By people I follow", 0, true}, {"?q=rye+has%3Amedia", "With media", 0, false}, {"?q=rye+has%3Apoll", "With a poll", 0, false}, {"?q=rye+is%3Areply", "Answers", 0, false}}
	at := func(path string) Owner { return owner("Search", "search", path) }
	pages["search.empty"] = searchPage{Owner: at("/me/search")}
	pages["search"] = searchPage{Owner: at("/me/search?q=%40grace"), Query: "@grace@navy.example", Asked: "navy.example", TryURL: "https://navy.example/@grace", People: []found{{grace, "Ships, software, watering cans.", "none"}}}
	pages["search.words"] = searchPage{Owner: at("/me/search?q=rye"), Query: "rye", Filters: filters, Tags: []Tab{{"/me/tags/rye", "#rye", 0, false}},
		People: []found{{grace, "Ships, software, watering cans.", "none"}, {long, "", "asked"}, {tomas, "", "following"}, {carol, "", "blocked"}}, Cards: cards[:2], Further: "/me/search?q=rye&before=1", LookedTo: "3 March 2026", Pager: Pager{Older: "?q=rye&before=2"}}
	pages["search.none"] = searchPage{Owner: at("/me/search"), Query: "grace", Filters: filters}
	pages["search.silent"] = searchPage{Owner: at("/me/search?q=%40grace"), Query: "@grace@navy.example", Asked: "navy.example", TryURL: "https://navy.example/@grace", Error: "navy.example did not answer within 10 seconds. Try again, or open the address there."}

	times := []Option{{"1h", "1 hour", false}, {"7d", "7 days", true}, {"good", "Until I unmute them", false}}
	tabs := []Tab{{"/me/person/3", "Posts", 0, true}, {"/me/person/3?k=replies", "Posts and replies", 0, false}, {"/me/person/3?k=media", "Media", 0, false}, {"/me/person/3?k=boosts", "Boosts", 0, false}}
	facts := []Fact{{Label: "Account", Strong: "6 years old", Text: ", since March 2020"}, {Label: "Posts", Text: "4,204, about 13 a week"}, {Label: "Followers", Text: "1,204"}, {Label: "Following", Text: "312"}, {Label: "Server", Text: "navy.example, Mastodon 4.5"}, {Label: "Known", Text: "here since 12 March 2024"}}
	of := func(p Person, relation string) personPage {
		return personPage{Owner: owner(p.Called(), "", p.URL), Person: p, Relation: relation, MuteTimes: times, Facts: facts, Tabs: tabs, Original: "https://navy.example/@grace"}
	}
	full := of(grace, "following")
	full.Header, full.Bio, full.Fields = StaticPath("header.png"), "<p>Ships, software, watering cans.</p>", []ProfileField{{"Site", `<a href="https://grace.example">grace.example</a>`, true}, {"Garden", "South side", false}}
	full.Lines, full.FollowsYou = []string{"Follows you since 12 March 2024.", "You follow them since 3 April 2024."}, true
	full.Shared, full.SharedMore, full.Note, full.NoteText = []Person{tomas, layla, carol}, 2, "Met at the seed swap.\nHas the purple leeks.", "Met at the seed swap.\nHas the purple leeks."
	full.Choice, full.Pinned, full.Cards, full.Pager = &choice{Boosts: true, Languages: "de en"}, cards[4:5], cards[2:4], Pager{Older: "?before=1"}
	full.MayRecommend = true
	pages["person.following"] = full
	stranger := of(grace, "none")
	stranger.Header, stranger.Bio, stranger.Cards = full.Header, full.Bio, cards[2:4]
	pages["person"] = stranger
	muted := of(tomas, "none")
	muted.Muted, muted.Lines, muted.Asks, muted.Trouble = "until tomorrow, 14:00, 20 hours left, notices too", []string{"Asked to follow you 3 hours ago."}, true, "navy.example did not answer in time. This is what we knew before. We last heard from it 3 days ago."
	muted.NoteText, muted.NoteError = "Too long", "A note may have 2,000 characters; this one has 2001."
	pages["person.muted"] = muted
	asked := of(carol, "asked")
	asked.Fetching, asked.Choice, asked.Lines = true, &choice{true, true, "<b>", "Languages are named by their codes, such as de or pt-BR."}, []string{"You asked to follow them 2 days ago."}
	pages["person.new"] = asked
	blocked := of(carol, "blocked")
	blocked.Moved = &grace
	pages["person.blocked"] = blocked
	hushed := of(layla, "none")
	hushed.Limited, hushed.Host = "thicket.example", "social.thicket.example"
	pages["person.limited"] = hushed
	server := of(long, "none")
	server.Server = "far.example"
	pages["person.server"] = server
	gone := of(carol, "none")
	gone.Gone, gone.Original, gone.Trouble = true, "", "Their server says that this account is deleted."
	pages["person.gone"] = gone

	type people struct {
		Owner
		Kind           string
		Total, Servers int
		Tabs           []Tab
		People         []personRow
		Unknown        int
		Silent         bool
		Asking         bool
		Shown          string
		Pager          Pager
	}
	trouble := safetyTabs("/me/muted")
	pages["people.muted"] = people{Owner: owner("Muted", "safety", "/me/muted"), Kind: "muted", Total: 2, Tabs: trouble, Shown: "Nobody.",
		People: []personRow{{carol, "until tomorrow, 14:00, 20 hours left, notices too", false, "/me/person/6/unmute"}, {long, "until you unmute them", false, "/me/person/5/unmute"}}}
	orders := []Tab{{"/me/following", "Newest", 0, false}, {"/me/following?by=post", "Last post", 0, true}, {"/me/following?by=silent", "Silent over a year", 12, false}}
	pages["people.following.post"] = people{Owner: owner("Following", "following", "/me/following?by=post"), Kind: "following", Total: 187, Servers: 63, Tabs: orders, Shown: "Nobody.",
		People: []personRow{{grace, "4,204 posts, last today", false, "/me/person/3/unfollow"}, {long, "silent since May", false, "/me/person/5/unfollow"}, {carol, "no post of theirs came since you follow them", false, "/me/person/6/unfollow"}}, Pager: Pager{Older: "?by=post&after=6", OlderText: "More"}}
	pages["people.following.silent"] = people{Owner: owner("Following", "following", "/me/following?by=silent"), Kind: "following", Total: 187, Servers: 63, Tabs: orders, Silent: true}
	pages["people.muted.none"] = people{Owner: owner("Muted", "safety", "/me/muted"), Kind: "muted", Tabs: trouble}
	sampleFilters(pages)
	sampleSafety(pages)
}
