package dashboard

import (
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
)

// csvWord is what is said about one kind of lists.
type csvWord struct {
	title     string
	one, many string
	fresh     string // after the number of what is new
	same      string
	changed   string
	barred    string
	slow      string
	going     string
	taken     string
}

var csvWords = map[store.CSVKind]csvWord{
	store.CSVFollowing: {
		title: "People you follow", one: "person", many: "people",
		fresh: ", whom you do not follow yet.", same: ", whom you follow already.", changed: ", whom you follow already: what is shown of them changes.",
		barred: ", because of a block.", slow: "Each is asked in turn", going: "whom you follow now and who are not in the file: you stop following them.", taken: "Asked",
	},
	store.CSVLists: {
		title: "Lists of people", one: "place", many: "places",
		fresh: " in lists.", same: ", which are so already.", changed: ".",
		barred: ", because of a block or because there can be 50 lists.", slow: "Those whom you do not follow yet are asked first, in turn", going: "that are not in the file: lists go, and people leave the lists they are not in there. Nobody is unfollowed by it.", taken: "In their lists",
	},
	store.CSVBlocks: {
		title: "Blocked people", one: "person", many: "people",
		fresh: ". Follows with them end both ways, and their servers are told.", same: ", blocked already.", changed: ".",
		barred: ", whose servers you blocked.", slow: "Those who are not known here are looked up first, in turn", going: "who are not in the file: they are unblocked.", taken: "Blocked",
	},
	store.CSVMutes: {
		title: "Muted people", one: "person", many: "people",
		fresh: ". Nobody is told.", same: ", muted already.", changed: ", muted already: whether you get notices of theirs changes.",
		barred: ", whose servers you blocked.", slow: "Those who are not known here are looked up first, in turn", going: "who are not in the file: they are unmuted.", taken: "Muted",
	},
	store.CSVDomains: {
		title: "Blocked servers", one: "server", many: "servers",
		fresh: ".", same: ", by their own name or one above it.", changed: ".", going: "that are not in the file: they are no longer blocked or silenced.", taken: "In force",
	},
	store.CSVBookmarks: {
		title: "Saved posts", one: "post", many: "posts",
		fresh: ". Nobody is told.", same: ", saved already.", changed: ".",
		barred: ", whose servers you blocked.", slow: "Those that are not here are fetched, in turn", going: "that are not in the file: they are no longer saved.", taken: "Saved",
	},
	store.CSVFilters: {
		title: "Filters", one: "filter or post of one", many: "filters and posts of theirs",
		fresh: ".", same: ", which are so already.", changed: ", which are here: they gain what the file has.",
		barred: ", because there can be 100 filters or because of a block.", slow: "Posts that are not here are fetched, in turn", going: "that are not in the file: they go, and what they hid is shown again.", taken: "Taken in",
	},
}

// previewFacts say what a list would do, line by line.
func previewFacts(words csvWord, i store.CSVImport, p federation.CSVPreview) (facts []assets.Fact) {
	changed := words.changed
	if i.Kind == store.CSVFilters && p.Going >= 0 && i.Overwrite {
		changed = ", which become as the file says."
	}
	for _, f := range []struct {
		n                      int
		label, one, many, text string
	}{
		{p.New, "New", words.one, words.many, words.fresh},
		{p.NewLists, "Lists", "new list", "new lists", "."},
		{p.Changed, "Changed", words.one, words.many, changed},
		{p.Same, "Already so", words.one, words.many, words.same},
		{p.Barred, "Left out", words.one, words.many, words.barred},
		{i.Notes.Skipped, "Passed over", "line", "lines", ", with nothing asked for."},
		{i.Notes.Doubles, "Twice", "line", "lines", " that stood there already."},
		{i.Notes.Wrong, "Wrong", "line", "lines", " that cannot be taken, as named below."},
	} {
		if f.n > 0 {
			facts = append(facts, assets.Fact{Label: f.label, Strong: plural(f.n, f.one, f.many), Text: f.text})
		}
	}
	if p.Slow > 0 {
		facts = append(facts, assets.Fact{Label: "Slowly", Strong: plural(p.Slow, words.one, words.many),
			Text: ". " + words.slow + ", on " + plural(p.Servers, "server", "servers") + ". That takes " + atLeast(p.Takes) + " or more, goes on after a restart, and can be stopped."})
	}
	if p.Going > 0 {
		noun := plural(p.Going, words.one, words.many)
		facts = append(facts, assets.Fact{Label: "Goes", Strong: noun, Text: " " + words.going})
	}
	return facts
}

// atLeast says how long something takes that may take longer.
func atLeast(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "a minute"
	case d < 2*time.Hour:
		return plural(int(d.Round(time.Minute)/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return plural(int(d.Round(time.Hour)/time.Hour), "hour", "hours")
	}
	return plural(int(d.Round(24*time.Hour)/(24*time.Hour)), "day", "days")
}

// progressFacts say what became of a list so far.
func progressFacts(words csvWord, i store.CSVImport, p federation.CSVProgress) (facts []assets.Fact) {
	for _, f := range []struct {
		n           int
		label, text string
	}{
		{p.Taken, words.taken, "."},
		{p.Accepted, "Accepted", " of those that were asked."},
		{p.Asked, "No answer yet", ": their owners, or their servers, have not answered."},
		{p.Rejected, "Turned down", "."},
		{p.Same, "Already so", "."},
		{p.Gone, "Gone", ", because they are not in the file."},
		{p.NotFound, "Not found", ": their servers know nothing of them."},
		{p.Silent, "Not answering", ": their servers were asked four times in a day and more."},
		{p.Refused, "Left out", ", as the reasons below say."},
		{p.Waiting + p.Leaving, "Still to come", "."},
	} {
		if f.n > 0 {
			facts = append(facts, assets.Fact{Label: f.label, Strong: plural(f.n, words.one, words.many), Text: f.text})
		}
	}
	if i.Notes.Wrong > 0 {
		facts = append(facts, assets.Fact{Label: "Wrong", Strong: plural(i.Notes.Wrong, "line", "lines"), Text: " of the file, which could not be taken."})
	}
	return facts
}
