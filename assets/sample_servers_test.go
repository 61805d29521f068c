package assets

import (
	"html/template"
	"time"
)

type serverRow struct {
	ID, Host, Software string
	People             int
	Last               time.Time
	Ago                bool
	State, Words, Why  string
	Span, URL          string
	Faces              []faceNote
	Rest               int
}

type faceNote struct {
	Person Person
	Note   string
}

type chosenRow struct {
	ID     string
	Person Person
	Note   string
}

type queueRow struct {
	ID, Host, Note                   string
	State, Words                     string
	Queue, Why, Cause, Next          string
	Last                             time.Time
	Suggest, SuggestURL, SuggestText string
}

type linkRow struct {
	Link              template.HTML
	Verified, Checked time.Time
	Why               string
}

var followerTabs = []Tab{{"/me/followers?by=new", "Newest", 0, false}, {"/me/followers?by=post", "Last post", 0, false}, {"/me/followers", "By server", 0, true}, {"/me/followers?by=silent", "Silent over a year", 3, false}}

var linkSample = &LinkCard{URL: "https://warraq.example/box7", Host: "warraq.example", Title: "A gardener’s list, 1892: notes on box seven", Text: "Forty-one names of beans, and a complaint about the rain.", By: "ليلى حدّاد", Lang: "en",
	Image: "/media/9.png", Alt: "A page of handwriting", Width: 400, Height: 300}

var sampleHosts = []serverRow{
	{"1", "harbour.example", "GoToSocial 0.20", 9, ago(11 * time.Hour), true, "answers", "Answers", "", "", "/me/followers/server/1",
		[]faceNote{{grace, "3,412 posts, last today"}, {long, "follows you since March 2023"}, {carol, "silent since May"}, {tomas, "moved to polder.example"}}, 5},
	{"2", "megahost.example", "Mastodon 4.6", 8, ago(11 * time.Hour), true, "answers", "Answers", "", "", "/me/followers/server/2", nil, 0},
	{"3", "allotments.and.glasshouses.of.the.northern.provinces.example", "Mastodon 4.5", 6, ago(9 * time.Hour), true, "answers", "Answers", "", "", "/me/followers/server/3", nil, 0},
	{"4", "thicket.example", "Pleroma 2.9", 3, ago(66 * time.Hour), false, "silent", "Silent 2 days", "did not answer in time", "2 days", "/me/followers/server/4", nil, 0},
	{"5", "bastion.example", "Mastodon 4.4", 2, ago(300 * time.Hour), false, "refused", "Refused", "answered 403: signature of unknown actor", "", "/me/followers/server/5", nil, 0},
	{"6", "oldforge.example", "", 1, ago(111 * 24 * time.Hour), false, "gone", "Gone 109 days", "its name was not found", "109 days", "/me/followers/server/6", nil, 0},
	{"7", "kasvimaa.example", "dassie 0.9", 1, time.Time{}, false, "fresh", "Nothing sent yet", "", "", "/me/followers/server/7", nil, 0},
}

type deletionRow struct {
	URL, Words string
	Time       time.Time
}

func sampleServers(pages map[string]any) {
	cards := sampleCards()
	reach := Reach{Answer: 13, Silent: 1, Refused: 1, Gone: 1, Fresh: 1}
	type followers struct {
		Owner
		Total, Servers int
		Tabs           []Tab
		Reach          Reach
		Rows, Gone     []serverRow
		Shown          string
		Pager          Pager
	}
	pages["followers"] = followers{owner("Followers", "followers", "/me/followers"), 42, 17, followerTabs, reach, sampleHosts, sampleHosts[5:6], "Nobody. Visitors see the number.", Pager{Older: "?after=7", OlderText: "10 more servers with one person each"}}
	pages["followers.none"] = followers{Owner: owner("Followers", "followers", "/me/followers"), Tabs: followerTabs}
	type server struct {
		Owner
		Server  serverRow
		Waiting int
		People  []chosenRow
		Pager   Pager
	}
	pages["server"] = server{owner("thicket.example", "followers", "/me/followers/server/4"), sampleHosts[3], 2, []chosenRow{{"3", grace, "silent since May"}, {"5", long, "follows you since March 2023"}, {"6", carol, "no post that everybody may read"}}, Pager{}}
	pages["server.none"] = server{Owner: owner("kasvimaa.example", "followers", "/me/followers/server/7"), Server: sampleHosts[6]}
	type deliveries struct {
		Owner
		Reach          Reach
		Waiting, Total int
		Oldest         string
		Rows           []queueRow
		Refused        []serverRow
		Deleted        []deletionRow
		Pager          Pager
	}
	pages["deliveries"] = deliveries{owner("Deliveries", "deliveries", "/me/deliveries"), reach, 12, 3, "11 hours", []queueRow{
		{"6", "oldforge.example", "1 follower", "gone", "Gone 109 days", "1 deletion", "Its name was not found.", "Its domain may have run out, or its DNS is broken. Servers that close for good look so too.", "Tried 14 times. Left alone until it speaks to us; else one more try on Friday 09:12.", ago(111 * 24 * time.Hour), "If it is gone for good, removing its 1 follower ends the tries.", "/me/followers/server/6/remove", "Remove its 1 follower…"},
		{"4", "thicket.example", "3 followers, Pleroma 2.9", "silent", "Silent 2 days", "8 posts and edits, 1 answer to a follow", "It did not answer in time.", "It is down, overloaded, or its network is.", "Tried 6 times. Next try today 15:10, in 38 minutes.", ago(66 * time.Hour), "", "", ""},
		{"9", "allotments.and.glasshouses.of.the.northern.provinces.example", "nobody follows", "waiting", "On its way", "2 posts and edits", "", "", "It goes out now.", time.Time{}, "", "", ""},
	}, sampleHosts[4:5], []deletionRow{{"/me/post/70/delivery", "Delete sent to 41 servers; 38 accepted.", ago(30 * time.Minute)}}, Pager{Older: "?after=9", OlderText: "4 more servers"}}
	pages["deliveries.done"] = deliveries{Owner: owner("Deliveries", "deliveries", "/me/deliveries"), Reach: Reach{Answer: 17}}
	type deletion struct {
		Owner
		Words          string
		At             time.Time
		Delivery       Delivery
		Open, Accepted []deliveryRow
		Kept           bool
	}
	pages["deletion"] = deletion{owner("Where its deletion went", "deliveries", "/me/post/70/delivery"), "Delete sent to 19 servers; 16 accepted.", ago(30 * time.Minute), *delivered,
		[]deliveryRow{{"thicket.example", "3 followers", "unknown", "Sent, but no answer came. Did not answer in time. Tried 6 times. Next try in 38 minutes.", time.Time{}, "/me/deliveries/4/retry", ""}},
		[]deliveryRow{{"harbour.example", "9 followers", "accepted", "", ago(30 * time.Minute), "", ""}, {"navy.example", "6 followers", "accepted", "", ago(29 * time.Minute), "", ""}}, true}
	pages["deletion.old"] = deletion{Owner: owner("Where its deletion went", "deliveries", "/me/post/70/delivery")}
	type delivery struct {
		Owner
		Card                           Card
		Delivery                       Delivery
		FirstSent                      string
		WithFollowers, Others, Waiting int
		Open, Accepted                 []deliveryRow
		AcceptedCount                  int
		Median                         string
		Sendings                       []sendingRow
		Fetched                        []fetchRow
		FetchedMore, QueueSize         int
		QueueOldest                    string
		Pager                          Pager
	}
	pages["delivery"] = delivery{owner("Where this post went", "deliveries", "/me/post/7/delivery"), cards[5], *delivered, "2.0 s", 17, 2, 2,
		[]deliveryRow{{"thicket.example", "3 followers", "unknown", "Sent, but no answer came. Did not answer in time. Tried 6 times. Next try in 38 minutes.", time.Time{}, "/me/deliveries/4/retry", "/me/deliveries/4/drop?post=7"},
			{"oldforge.example", "1 follower", "waiting", "Never sent yet. Its name was not found. Next try in 2 days.", time.Time{}, "/me/deliveries/6/retry", "/me/deliveries/6/drop?post=7"},
			{"bastion.example", "nobody follows", "refused", "The server said no. Answered 403: signature of unknown actor. It may block this server. We do not try again.", time.Time{}, "", ""}},
		[]deliveryRow{{"harbour.example", "9 followers", "accepted", "", ago(30 * time.Hour), "", ""}, {"navy.example", "6 followers", "accepted", "", ago(30 * time.Hour), "", ""}}, 16, "0.4 s",
		[]sendingRow{{"The post", "17 of 19 servers accepted it", ago(30 * time.Hour)}, {"An edit", "16 of 19 servers accepted it", ago(29 * time.Hour)}},
		[]fetchRow{{"relay.semne.example", "asked for the post", ago(8 * time.Hour)}, {"lettuce.example", "asked for the post; nobody there follows you", ago(29 * time.Hour)}}, 3, 3, "11 hours", Pager{Older: "?from=200", OlderText: "14 more servers"}}
	pages["delivery.none"] = delivery{Owner: owner("Where this post went", "deliveries", "/"), Card: cards[5]}
}
