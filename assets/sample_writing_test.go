package assets

import "time"

// sampleWriting has the pages around what the owner writes: emojis, uploads.
func sampleWriting(pages map[string]any) {
	type emoji struct{ ID, Code, Still, Size, Error, Typed string }
	type emojis struct {
		Owner
		Emojis                 []emoji
		Code, CodeError, Error string
	}
	still := StaticPath("avatar.png")
	pages["emojis"] = emojis{Owner: owner("Emojis", "emojis", "/me/emojis"), Emojis: []emoji{
		{"1", "leek", still, "3 KB", "", "leek"}, {"2", "purple_spinach_in_the_early_morning_before_anybody_else_is_up_yet", still, "212 KB", "There is an emoji called :leek: already. Choose another word, or remove that one first.", "leek"}}}
	type file struct {
		ID, Kind, Title, Facts, Question, URL, Preview, Alt, PostURL, Error string
		Time                                                                time.Time
	}
	type media struct {
		Owner
		Tabs  []Tab
		Bare  bool
		Files []file
		Sum   string
		Pager Pager
	}
	tabs := []Tab{{"/me/media", "All", 0, true}, {"/me/media?k=bare", "Without description", 2, false}}
	pages["media"] = media{owner("Media", "media", "/me/media"), tabs, false, []file{
		{"41", "Picture", "IMG_2041.jpg", "312 KB", "What can be seen?", StaticPath("header.png"), StaticPath("header.png"), "Six paper pots of seedlings on a wooden sill, the window behind them out of focus.", "/me/post/1", "", ago(time.Hour)},
		{"43", "Video", "VID_20261127_a_name_that_is_longer_than_any_file_should_have.mov", "1:05, 38.2 MB", "What can be seen?", "/media/43", "", "", "", "A description has 1600 characters; 1500 is the most there can be.", ago(30 * time.Hour)},
		{"44", "Sound", "", "3.1 MB", "What can be heard?", "/media/44", "", "", "/me/post/4", "", ago(900 * time.Hour)}}, "204 uploads, 61.3 MB", Pager{Older: "/me/media?before=44", OlderText: "Older"}}
	pages["media.none"] = media{Owner: owner("Media", "media", "/me/media"), Tabs: tabs, Sum: "0 uploads, 0 KB"}
	pages["media.bare.none"] = media{Owner: owner("Media", "media", "/me/media?k=bare"), Tabs: []Tab{{"/me/media", "All", 0, false}, {"/me/media?k=bare", "Without description", 0, true}}, Bare: true, Sum: "3 uploads, 1.1 MB"}
	pages["emojis.none"] = emojis{Owner: owner("Emojis", "emojis", "/me/emojis"), Code: "two words", CodeError: "The word of an emoji has 2 to 64 letters from a to z, digits and _, and no spaces.", Error: "This is a PDF document, not a picture. Choose another file."}
}
