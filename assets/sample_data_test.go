package assets

import "time"

// sampleData has the pages about the owner's data.
func sampleData(pages map[string]any) {
	type archive struct {
		ID, Name, Error       string
		Size                  int64
		Posts, Files, Missing int
		Made, Until           time.Time
	}
	type packing struct {
		ID, Stage            string
		Done, Total, Percent int
		Bytes                int64
		Left                 string
	}
	type table struct {
		Name, File string
		Count      int
	}
	type data struct {
		Owner
		Archives []archive
		Packing  *packing
		Lists    []table
	}
	lists := []table{{"Following", "following_accounts.csv", 187}, {"Followers", "followers.csv", 42}, {"Lists", "lists.csv", 6}, {"Saved", "bookmarks.csv", 309},
		{"Mutes", "muted_accounts.csv", 11}, {"Blocks", "blocked_accounts.csv", 4}, {"Blocked servers", "blocked_domains.csv", 23}, {"Filters", "custom_filters.json", 5}}
	sampleCSV(pages)
	page := owner("Your data", "data", "/me/data")
	pages["data"] = data{Owner: page, Lists: lists}
	pages["data.packing"] = data{Owner: page, Lists: lists, Packing: &packing{"9", "Pictures and films", 8214, 13190, 62, 640 << 20, "About 2 minutes left."},
		Archives: []archive{{ID: "8", Name: "veldkamp.example-2026-10-30.zip", Size: 988 << 20, Posts: 1930, Files: 412, Missing: 2, Made: ago(30 * time.Hour), Until: ago(-130 * time.Hour)},
			{ID: "7", Name: "veldkamp.example-2026-10-29.zip", Error: "The archive needs about 2,120 MB in /var/lib/dassie/archives, which has 812 MB free. Make room and ask again.", Made: ago(60 * time.Hour), Until: ago(-100 * time.Hour)}}}
	sampleRetention(pages)
	pages["data.begun"] = data{Owner: page, Lists: lists, Packing: &packing{ID: "9"}}
}
