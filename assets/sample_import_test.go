package assets

import "time"

// sampleImport has the pages about archives that come in.
func sampleImport(pages map[string]any) {
	type row struct {
		ID, Name, What, Error string
		Size                  int64
		At                    time.Time
		Waits, Busy, Failed   bool
	}
	type list struct {
		ID, File, Title, What string
		At                    time.Time
		Waits, Busy           bool
	}
	type imports struct {
		Owner
		Error string
		Rows  []row
		Lists []list
	}
	page := owner("Import", "data", "/me/data/import")
	pages["imports"] = imports{Owner: page}
	pages["imports.full"] = imports{Owner: page, Error: "There is too little room on the disk for this file: 488 MB are free, and 512 MB must stay free. Make room and try again.", Rows: []row{
		{ID: "4", Name: "archive-20261101-mastodon.zip", What: "Coming in", Size: 1204 << 20, At: ago(time.Hour), Busy: true},
		{ID: "3", Name: "veldkamp.example-2025-01-02.zip", What: "Waits for you", Size: 88 << 20, At: ago(30 * time.Hour), Waits: true},
		{ID: "2", Name: "photos.zip", What: "Could not be imported.", Error: "This zip file is no archive that is known here: there is neither outbox.json nor dassie/manifest.json in it. Choose the archive as it was downloaded.", Size: 12 << 20, At: ago(50 * time.Hour), Failed: true},
		{ID: "1", Name: "old.zip", What: "Imported", Size: 340 << 20, At: ago(900 * time.Hour)}},
		Lists: []list{{ID: "7", File: "following_accounts.csv", Title: "People you follow", What: "Coming in", At: ago(time.Hour), Busy: true}, {ID: "6", File: "muted_accounts (1).csv", Title: "Muted people", What: "Waits for you", At: ago(2 * time.Hour), Waits: true}}}
	type part struct {
		Key, Name    string
		Count, Items int
		Note         string
	}
	type left struct {
		Why   string
		Count int
	}
	type one struct {
		Owner
		ID, Name, Kind, From, Error string
		Reading, Preview, Running   bool
		Command                     bool
		Done, Failed, Stopped       bool
		Stage, Left                 string
		Items, Total, Percent       int
		Parts                       []part
		Missing                     []left
		Words                       []string
		Wanted                      int
	}
	parts := []part{
		{"posts", "Posts", 8214, 9001, "1930 files with their descriptions; 812 answers to yourself stay threads; 2207 answers to others become posts with a link to what they answered; 41 private mentions only you will see"},
		{"likes", "Likes", 12044, 12044, "fetched one after the other from their servers, which takes hours; nobody is told"},
		{"bookmarks", "Bookmarks", 309, 309, "fetched one after the other from their servers, which takes hours; nobody is told"}}
	missing := []left{{"Boosts: they are posts of others, and would be sent anew.", 784}, {"Files that are not in the archive.", 3}, {"Followers: they follow the old account. Move it here, and they come along.", 0}}
	base := one{Owner: page, ID: "4", Name: "archive-20261101-mastodon.zip", Kind: "Mastodon", From: "@ada@old.example", Parts: parts, Missing: missing, Total: 21354}
	pages["import"] = one{Owner: page, ID: "4", Name: base.Name, Reading: true, Stage: "Your old posts", Items: 4100}
	preview := base
	preview.Preview = true
	preview.Words = []string{"Old posts land under their own dates, without a word to anybody: nobody is notified, and no server gets them.",
		"They get new addresses here. The old ones are kept with them, and your search finds a post by its old address too."}
	pages["import.preview"] = preview
	running := base
	running.Running, running.Stage, running.Items, running.Percent, running.Left = true, "Your old posts", 6620, 31, "About 4 minutes left."
	pages["import.running"] = running
	done := base
	done.Done, done.Wanted = true, 11720
	pages["import.done"] = done
	pages["import.failed"] = one{Owner: page, ID: "2", Name: "photos.zip", Failed: true, Error: "The archive has a link in the place of a file: “media_attachments/a.jpg”."}
}
