package assets

import "time"

// sampleFilters has the pages of what the owner does not want to see.
func sampleFilters(pages map[string]any) {
	type place struct {
		Value, Label string
		Chosen       bool
	}
	type form struct {
		Action, Button string
		Title, Words   string
		Whole, WasAll  bool
		Places         []place
		Actions, Until []Option
		Error          string
	}
	type row struct {
		URL, Title, What, Where string
		Over                    bool
	}
	type piece struct {
		Text  string
		Found bool
	}
	type find struct {
		ID, URL, Lang string
		Text          []piece
		Author        Person
		Time          time.Time
	}
	type trial struct {
		Found, Looked int
		Finds         []find
		Unsaved       bool
	}
	type filters struct {
		Owner
		Tabs    []Tab
		Filters []row
		Form    form
		Trial   *trial
	}
	type filter struct {
		Owner
		URL, Title string
		Over       bool
		Form       form
		Trial      *trial
		Posts      []find
	}
	fields := form{
		Action: "/me/filters", Button: "Make the filter", Whole: true, WasAll: true,
		Places:  []place{{"home", "Home, Catch up and lists", true}, {"notifications", "Inbox", true}, {"public", "Hashtags and search", true}, {"thread", "Conversations", false}, {"account", "People’s pages", false}},
		Actions: []Option{{"warn", "Cover it: the filter’s title, and a press shows the post", true}, {"hide", "Leave it out", false}, {"blur", "Cover its pictures only", false}},
		Until:   []Option{{"good", "Until I delete it", true}, {"7d", "7 days", false}},
	}
	tabs := safetyTabs("/me/filters")
	pages["filters"] = filters{owner("Filters", "safety", "/me/filters"), tabs, []row{
		{"/me/filters/1", "Football", "“football”, “the cup” and “Kreisliga”: left out, until Sunday", "Home, Catch up and lists; Inbox", false},
		{"/me/filters/2", "The last part of the series that everybody but me has seen by now", "“finale” and 3 single posts: covered", "Everywhere", false},
		{"/me/filters/3", "عناكب", "“عنكبوت”: without pictures", "Everywhere", true}}, fields, nil}
	wrong := fields
	wrong.Error, wrong.Words = "Give the filter a title.", "football"
	pages["filters.none"] = filters{Owner: owner("Filters", "safety", "/me/filters"), Tabs: tabs, Form: wrong}
	full := fields
	full.Action, full.Button, full.Title, full.Words = "/me/filters/1", "Save", "Football", "football\nthe cup\nKreisliga"
	card := sampleCards()[1]
	finds := []find{
		{"1", "/me/post/1", "en", []piece{{"…ran after a ball again, which is ", false}, {"football", true}, {", and ", false}, {"the cup", true}, {" stays where it was, on top of the cupboard", false}}, card.Author, card.Time},
		{"2", "/me/post/2", "ar", []piece{{"\u0647\u0630\u0627 ", false}, {"football", true}}, layla, card.Time},
	}
	pages["filter"] = filter{owner("Filter", "safety", "/me/filters/1"), "/me/filters/1", "Football", false, full, &trial{2, 182, finds, false}, finds[:1]}
	tried := fields
	tried.Title, tried.Words = "Football", "football\nthe cup"
	pages["filters.tried"] = filters{Owner: owner("Filters", "safety", "/me/filters"), Tabs: tabs, Form: tried, Trial: &trial{2, 182, finds, true}}
	pages["filter.over"] = filter{Owner: owner("Filter", "safety", "/me/filters/1"), URL: "/me/filters/1", Title: "Football", Over: true, Form: full, Trial: &trial{}}
	type filterPost struct {
		Owner
		Card                *Card
		BackURL, Word       string
		OfWord              bool
		Filters             []Option
		WordError, ErrorAll string
	}
	into := []Option{{"warn", "A new filter that covers posts", true}, {"hide", "A new filter that leaves posts out", false}, {"1", "“Football”: left out", false}}
	pages["filter_post"] = filterPost{owner("Filter", "safety", "/me/post/1/filter"), &card, "/me/post/1", "", false, into, "", ""}
	pages["filter_post.wrong"] = filterPost{owner("Filter", "safety", "/me/post/1/filter"), &card, "/me/post/1", " ", true, into, "Type the word or phrase.", ""}
	covered := sampleCards()[:2]
	covered[0].Filtered, covered[0].FilteredURL = "Hidden by your filter “Football” (matches: football, the cup)", "/me/filters/1"
	covered[1].Filtered, covered[1].Warning = "Hidden by your filter “The last part of the series that everybody but me has seen” (matches: this post)", "spoilers"
	type saved struct {
		Owner
		Kind  string
		Tabs  []Tab
		Cards []Card
		Pager Pager
	}
	pages["saved.filtered"] = saved{Owner: owner("Saved", "saved", "/me/saved"), Kind: "saved", Cards: covered}
}
