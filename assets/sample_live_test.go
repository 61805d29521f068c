package assets

import (
	"strings"
	"time"
)

type samplePlace struct {
	Kept          bool
	Since         string
	Count         int
	Top           string
	Newer         int
	More          bool
	Before        string
	End           bool
	URL, Rows     string
	Late, BackURL string
}

type sampleHome struct {
	Owner
	Wave       *sampleWave
	Compose    Compose
	Cards      []Card
	Late       []Line
	Place      samplePlace
	Pager      Pager
	Last       *Delivery
	Unfinished []sampleUnfinished
}

type sampleUnfinished struct {
	URL, Text string
	Time      time.Time
}

type sampleAuthor struct {
	ID     string
	Person Person
	Lines  []Line
}

type sampleCatchUp struct {
	Owner
	Periods, Kinds, Orders []Tab
	Grouping               Tab
	Sum                    string
	Cut                    bool
	Lines                  []Line
	Groups                 []sampleAuthor
	Boosted                []Line
	Total                  int
	ReadTo                 string
	Earlier                string
}

type sampleKey struct {
	Keys []string
	Does string
}

type sampleKeys struct {
	Name string
	Keys []sampleKey
}

func sampleLines() []Line {
	return []Line{
		{ID: "1", URL: "/me/post/1?from=%2Fme%2Fcatchup", Author: tomas, Time: ago(24 * time.Minute), Audience: "everyone", Lang: "es", Text: "Canfranc a las 6:40. Ni un alma, solo el railcar de Jaca calentando motores y un perro que vive aquí mejor que yo…", Media: true, Replies: 6, Boosts: 18, Likes: 73},
		{ID: "2", URL: "/me/post/2", Author: long, Time: ago(2 * time.Hour), Audience: "followers", Lang: "en", Text: strings.Repeat("Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch ", 2), Reply: true, Likes: 1034},
		{ID: "3", URL: "/me/post/3", Author: grace, Time: ago(3 * time.Hour), Audience: "everyone", Lang: "fr", Warning: "La fin des « Dépossédés »", Replies: 11, Likes: 26},
		{ID: "6", URL: "/me/post/6", Author: layla, Time: ago(9 * time.Hour), Audience: "quiet", Lang: "ar", Text: "أنهيتُ اليوم فهرسة الصندوق السابع. بين الأوراق قائمة بذور كتبها بستانيّ مجهول", Quote: true},
		{ID: "8", URL: "/me/post/8", Author: carol, Time: ago(30 * time.Hour), Audience: "named", Poll: true, Replies: 1, Boosts: 1, Likes: 1},
	}
}

func sampleBoosted() []Line {
	l := sampleLines()[:2]
	l[0].ID, l[1].ID = "21", "22"
	l[0].Boosters = []Person{grace}
	l[1].Boosters, l[1].MoreBoosters = []Person{grace, tomas, layla}, 4
	return l
}

// sampleLive adds Home in its states, Catch up and the map of the keys.
func sampleLive(pages map[string]any) {
	cards := sampleCards()
	compose := Compose{Key: "k", Lang: "en", Audiences: audiences}
	home := sampleHome{Owner: owner("Home", "home", "/me"), Compose: compose, Cards: cards, Pager: Pager{Older: "/me?top=9&before=8"}, Last: delivered,
		Place:      samplePlace{Kept: true, Since: "08:12", Count: 3, Top: "9", Before: "4", Rows: "9 8 7 6 5 4 3", BackURL: "/me"},
		Unfinished: []sampleUnfinished{{"/me/write?draft=1", "On saving leek seed", ago(20 * time.Hour)}}}
	home.Wave = &sampleWave{14, "", 30}
	pages["home"] = home
	home.Wave = nil
	home.Late, home.Place.Late = sampleLines()[1:3], "1"
	home.Place.Before, home.Place.Count, home.Place.URL = "", 142, "/me?after=3#here"
	pages["home.late"] = home
	home.Late, home.Place.Before, home.Place.Newer, home.Place.End, home.Place.URL = nil, "", 12, true, ""
	pages["home.older"] = home
	home.Place = samplePlace{Kept: true, Since: "Sunday 22 November, 08:12", Count: 400, More: true, URL: "/me?after=9#here", Top: "9", Rows: "9"}
	pages["home.read"] = home
	pages["home.first"] = sampleHome{Owner: owner("Home", "home", "/me"), Compose: compose, Cards: []Card{pinnedSample(cards[5]), quotingSample(cards[4])}, Place: samplePlace{Count: 2, Top: "9", BackURL: "/me"}}
	pages["home.empty"] = sampleHome{Owner: Owner{Title: "Home", Lang: "en", Look: Look{Theme: "dark"}, NoKeys: true, Me: nora, Now: now, Notice: &Notice{Kind: "done", Strong: "Sent.", Text: "1 server is being told."}}, Compose: Compose{Error: "There is no text yet."}}

	tab := func(text string, count int, current bool) Tab {
		return Tab{URL: "/me/catchup", Text: text, Count: count, Current: current}
	}
	page := sampleCatchUp{Owner: owner("Catch up", "catchup", "/me/catchup"), Sum: "7 posts since your last visit, 08:12", Total: 7, ReadTo: "9",
		Periods:  []Tab{tab("1 h", 0, false), tab("2 h", 0, false), tab("3 h", 0, false), tab("6 h", 0, false), tab("12 h", 0, false), tab("24 h", 0, false), tab("Since your last visit", 0, true)},
		Kinds:    []Tab{tab("Everything", 7, true), tab("Posts", 3, false), tab("Replies", 1, false), tab("Boosts", 2, false), tab("Quotes", 1, false), tab("With media", 1204, false)},
		Orders:   []Tab{tab("Newest first", 0, true), tab("Oldest first", 0, false), tab("Most replies", 0, false), tab("Most likes", 0, false), tab("Most boosts", 0, false)},
		Grouping: tab("Group by author", 0, false), Lines: sampleLines(), Boosted: sampleBoosted()}
	pages["catchup"] = page
	lines := sampleLines()
	page.Lines, page.Grouping.Current, page.ReadTo, page.Earlier, page.Cut = nil, true, "", "/me/catchup?h=0", true
	page.Groups = []sampleAuthor{{"2", tomas, lines[:2]}, {"5", long, lines[2:3]}, {"4", layla, lines[3:4]}, {"6", carol, lines[4:]}}
	pages["catchup.authors"] = page
	page.Groups, page.Boosted, page.Cut = nil, nil, false
	pages["catchup.kind"] = page
	page.Total, page.Sum, page.Kinds, page.Orders = 0, "0 posts since 13:32", nil, nil
	pages["catchup.none"] = page

	keys := struct {
		Owner
		Groups  []sampleKeys
		Choices []sampleChoice
		Moved   bool
	}{Owner: owner("Keys", "more", "/me/keys"), Groups: []sampleKeys{
		{"On a list", []sampleKey{{[]string{"j"}, "Next post"}, {[]string{"x"}, "Open or close what stands behind a warning"}}},
		{"Go to", []sampleKey{{[]string{"g", "h"}, "Home"}}},
	}, Choices: []sampleChoice{{"k-6a", "k-6a", "Next post", "j", ""}, {"k-78", "k-78", "Open or close what stands behind a warning", "x", ""}}}
	pages["keys"] = keys
	keys.NoKeys = true
	pages["keys.off"] = keys
	keys.NoKeys, keys.KeyMap, keys.Moved = false, "j:l", true
	keys.Choices = []sampleChoice{{"k-6a", "k-6a", "Next post", "ß", "“Open or close what stands behind a warning” has this key too."}, {"k-78", "k-78", "Open or close what stands behind a warning", "ß", "“Next post” has this key too."}, {"k-3f", "k-3f", "This map", "", "Give one key: a letter, digit or sign."}}
	pages["keys.taken"] = keys
}
