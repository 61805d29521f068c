package assets

import "time"

// sampleExpiry has the pages about own posts that go for their age.
func sampleExpiry(pages map[string]any) {
	type stay struct {
		Name, Label string
		On          bool
	}
	type gone struct {
		URL, What string
		Time      time.Time
	}
	type expiry struct {
		Owner
		State         string
		From          time.Time
		Due, Hours    int
		Ages          []Option
		Stay          []stay
		Boosts        bool
		Likes, Shares string
		Errors        map[string]string
		Gone          []gone
		Went          int
		Pager         Pager
	}
	page := expiry{
		Owner: owner("Old posts", "data", "/me/data/expiry"), State: "on", Due: 312, Hours: 6, Likes: "25",
		Ages: []Option{{Value: "0", Label: "Never"}, {Value: "183", Label: "6 months", Selected: true}},
		Stay: []stay{{"pinned", "Pinned posts", true}, {"saved", "Posts that you saved", true}, {"liked", "Posts of yours that you liked", true}, {"private", "Private mentions", true},
			{"polls", "Polls", false}, {"media", "Posts with pictures, films or sound", false}, {"tagged", "Posts with the hashtag #keep", true}},
		Gone: []gone{{"/me/post/7/delivery", "A post", ago(time.Minute)}, {"", "A boost", ago(2 * time.Minute)}},
		Went: 1204, Pager: Pager{Older: "/me/data/expiry?at=1&before=2#gone", OlderText: "Earlier"},
	}
	pages["expiry"] = page
	page.State, page.Due, page.Errors, page.Likes = "paused", 1, map[string]string{"after": "Choose an age from the list.", "likes": "Give a number from 1 on, or nothing."}, "many"
	pages["expiry.paused"] = page
	page.State, page.From, page.Due, page.Errors = "soon", ago(-20*time.Hour), 0, nil
	pages["expiry.soon"] = page
	page.State, page.Gone = "off", nil
	pages["expiry.off"] = page

	type row struct {
		URL, Text string
		Time      time.Time
	}
	type field struct{ Name, Value string }
	type ask struct {
		Owner
		Count, Hours, All int
		Later             bool
		Age               string
		Rows              []row
		Fields            []field
	}
	asked := ask{owner("What would go", "data", "/me/data/expiry/preview"), 312, 6, 1930, true, "6 months",
		[]row{{"/me/post/3", "The first leeks are in the ground, and so is the rain that was meant for next week.", ago(9000 * time.Hour)}, {"/me/post/4", "Without words", ago(8000 * time.Hour)}},
		[]field{{"after", "183"}, {"stay", "pinned"}}}
	pages["expiry_ask"] = asked
	asked.Count, asked.Hours, asked.Rows = 0, 0, nil
	pages["expiry_ask.none"] = asked
	asked.Age, asked.Later = "", false
	pages["expiry_ask.never"] = asked
}
