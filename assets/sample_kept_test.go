package assets

import "time"

type sampleKept struct{ Name, Label, Hint, Value, Error string }

type sampleKeptGroup struct {
	ID, Title string
	Fields    []sampleKept
}

// sampleRetention has the page about how long everything is kept.
func sampleRetention(pages map[string]any) {
	type swept struct {
		What string
		N    int
	}
	type kept struct {
		Owner
		Groups  []sampleKeptGroup
		Swept   []swept
		Last    time.Time
		Freed   int64
		Cut     bool
		Next    time.Time
		Busy    bool
		LogDays int
		LogSize int64
	}
	page := owner("What is kept", "data", "/me/data/kept")
	groups := []sampleKeptGroup{
		{"posts", "Others’ posts", []sampleKept{{"keep_remote_days", "Days for posts of others", "1 to 90; 90 unless you choose. What you answered, liked, boosted, saved or pinned stays, and so does what names you.", "30", ""}}},
		{"pictures", "Others’ pictures", []sampleKept{{"keep_picture_days", "Days for pictures that nobody looks at", "1 to 7; 7 unless you choose. They are fetched again when they are looked at.", "7", ""},
			{"media_cache_mb", "Megabytes for all of them", "16 to 512; 512 unless you choose. Faces and previews of links count too. What was not looked at for longest goes first.", "128", ""}}},
		{"addresses", "Log-ins", []sampleKept{{"keep_address_days", "Days for the addresses of your log-ins", "0 to 365; 365 unless you choose. 0 writes none down. They are for you alone: with them you see whether somebody else was here.", "365", ""}}},
		{"requests", "Log of requests", []sampleKept{{"keep_log_days", "Days for a log of requests", "0 to 90; 0 unless you choose. 0 is none. A line has the address, the time, the path and the length of the answer, and nothing of what was sent. After 7 days addresses are cut to their network.", "14", ""}}},
	}
	pages["kept"] = kept{Owner: page, Groups: groups, Last: ago(9 * time.Hour), Freed: 31 << 20, Next: ago(-15 * time.Hour), LogDays: 12, LogSize: 3 << 20,
		Swept: []swept{{"Remote posts nobody here touched", 2314}, {"Other people's pictures that nobody looked at", 412}, {"Remembered activity ids over 7 days", 9120}, {"Days of the log of requests", 1}}}
	pages["kept.never"] = kept{Owner: page, Groups: groups[:1], Next: ago(-time.Hour), Busy: true}
	wrong := append([]sampleKeptGroup{}, groups...)
	wrong[0].Fields = []sampleKept{{"keep_remote_days", "Days for posts of others", "1 to 90; 90 unless you choose.", "a year", "Give a whole number from 1 to 90."}}
	pages["kept.wrong"] = kept{Owner: page, Groups: wrong, Last: ago(9 * time.Hour), Cut: true, Next: ago(-15 * time.Hour)}
}
