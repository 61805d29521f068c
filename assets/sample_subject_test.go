package assets

import (
	"html/template"
	"time"
)

type sampleAsked struct {
	ID, Handle, Words string
	Erase, Known      bool
	Goes, Stays       string
	State             string
	Open, Late        bool
	Who               *Person
	KeptURL           string
	At, By, Answered  time.Time
}

var keptOfGrace = []KeptCount{{1, "profile", ""}, {1, "public key", ""}, {1, "follow of you", ""}, {132, "posts and boosts", ""}, {3, "private conversations", ""}, {48, "likes and reactions", ""}, {61, "notices to you", ""}, {1, "note of yours", ""}}

var keptStays = []KeptCount{{12, "posts of yours that name them", "what you wrote is yours; delete such a post to take it back"}, {1, "block", "a block stays, or they could write to you again; unblock them to erase it too"}}

var keptToThem = []KeptCount{{1, "profile", ""}, {1, "follow of the owner by you", ""}, {132, "posts and boosts", ""}, {48, "likes and reactions", ""}, {61, "notices of what you did", ""}, {1, "note of the owner about you", ""}, {12, "posts of the owner that name you", "x"}}

func sampleSubject(pages map[string]any) {
	type ask struct {
		Visitor
		Handle, Kind, Words, Error string
		AnswerDays                 int
		Sent                       bool
	}
	frame := visitor("What is kept about you", "/privacy/ask")
	pages["ask_kept"] = ask{Visitor: frame, Kind: "copy", AnswerDays: 30}
	pages["ask_kept.wrong"] = ask{frame, "grace", "erase", "I do not write here any more.", "A handle has two parts, like @you@your.server.", 30, false}
	pages["ask_kept.sent"] = ask{Visitor: frame, AnswerDays: 30, Sent: true}
	type link struct {
		Visitor
		Handle, Action, State string
		Erase                 bool
		Counts                []KeptCount
		Until, Used           time.Time
	}
	pages["kept_link"] = link{frame, long.Handle, "/privacy/ask/SECRET", "open", false, keptToThem, now.AddDate(0, 0, 14), time.Time{}}
	pages["kept_link.erase"] = link{frame, grace.Handle, "/privacy/ask/SECRET", "open", true, keptToThem, now.AddDate(0, 0, 14), time.Time{}}
	pages["kept_link.nothing"] = link{frame, grace.Handle, "/privacy/ask/SECRET", "open", false, nil, now.AddDate(0, 0, 14), time.Time{}}
	pages["kept_link.used"] = link{frame, grace.Handle, "/privacy/ask/SECRET", "used", false, nil, now, ago(time.Hour)}
	pages["kept_link.aside"] = link{frame, grace.Handle, "/privacy/ask/SECRET", "aside", true, nil, now, ago(time.Hour)}
	pages["kept_link.erased"] = link{frame, grace.Handle, "/privacy/ask/SECRET", "erased", true, nil, now, ago(time.Hour)}

	type asked struct {
		Owner
		Open, Done              []sampleAsked
		Error, ErrorAt, FormURL string
	}
	data := owner("Requests about data", "data", "/me/data/requests")
	data.DataAsked = 3
	form := "https://veldkamp.example/privacy/ask"
	month := 30 * 24 * time.Hour
	pages["asked"] = asked{data, []sampleAsked{
		{"1", grace.Handle, "I closed my account there and want to know what is left.\nThank you.", false, true, "", "", "new", true, false, &grace, "/me/person/3/kept", ago(time.Hour), now.Add(month), time.Time{}},
		{"2", layla.Handle, "", true, true, "", "", "confirmed", true, false, &layla, "/me/person/4/kept", ago(5 * time.Hour), now.Add(month), ago(time.Hour)},
		{"3", long.Handle, "", true, false, "2 lines of lists that you brought in", "1 line of the security log", "new", true, true, nil, "", ago(40 * 24 * time.Hour), ago(10 * 24 * time.Hour), time.Time{}},
	}, []sampleAsked{
		{"4", tomas.Handle, "", false, true, "", "", "sent", false, false, &tomas, "/me/person/2/kept", ago(72 * time.Hour), now, ago(time.Hour)},
		{"5", carol.Handle, "", true, false, "", "", "erased", false, false, nil, "", ago(96 * time.Hour), now, ago(time.Hour)},
		{"6", "@spam@megahost.example", "", false, false, "", "", "aside", false, false, nil, "", ago(97 * time.Hour), now, ago(time.Hour)},
	}, "", "", form}
	pages["asked.failed"] = asked{data, []sampleAsked{{"1", grace.Handle, "", true, true, "", "", "new", true, false, &grace, "/me/person/3/kept", ago(time.Hour), now.Add(month), time.Time{}}}, nil, "navy.example did not answer. Try again later.", "1", form}
	pages["asked.empty"] = asked{Owner: owner("Requests about data", "data", "/me/data/requests"), FormURL: form}

	type kept struct {
		Owner
		Person        Person
		Goes, Stays   []KeptCount
		Erasing, Note bool
	}
	pages["person_kept"] = kept{owner("What is kept", "", "/me/person/3/kept"), grace, keptOfGrace, keptStays, false, true}
	pages["person_kept.erasing"] = kept{owner("What is kept", "", "/me/person/3/kept"), long, keptOfGrace[:1], nil, true, false}

	type words struct {
		Owner
		Proxy, Backup, Age, Words string
		Errors                    map[string]string
		Proxied                   bool
		Default, Contact          string
	}
	none := map[string]string{"proxy": "", "backup": "", "age": "", "words": ""}
	pages["privacy_words"] = words{owner("Privacy page", "privacy", "/me/privacy"), "Example Tunnels Ltd.", "30", "You should be at least 13 years old to write to or follow somebody here.", "I keep this server in a cupboard, and read what you write to me.", none, true, "", "nora@veldkamp.example"}
	pages["privacy_words.wrong"] = words{owner("Privacy page", "privacy", "/me/privacy"), "", "a year", "", "", map[string]string{"proxy": "", "backup": "Give a number of days from 0 to 3,650, or nothing.", "age": "", "words": ""}, false, "", ""}

	type clause struct {
		Number             int
		What, Now, URL, At string
		Settable           bool
	}
	pages["promise"] = struct {
		Owner
		Clauses []clause
	}{owner("The promise", "data", "/me/data/promise"), []clause{
		{1, "Name, picture, text and links of the profile are public", "Yours are what visitors see. Your mail address is not among them: it is shown to nobody.", "/me/profile", "Profile", true},
		{2, "Who follows whom is public, unless you hide it", "Nobody but you sees the lists.", "/me/reach#elsewhere", "What others see", true},
		{3, "Date and app are stored with each post", "They are, also after the app is cut off. Nobody but you sees the app’s name.", "/me/reach#page", "What others see", true},
		{12, "Addresses of log-ins go after a year at most", "They go after 30 days.", "/me/data/kept#addresses", "What is kept", true},
	}}
}

// policySample is the part of the policy that hangs on no other settings.
type policySample struct {
	AskURL, ProxyBy                                                                string
	Proxied                                                                        bool
	Session, Form, Code, Key                                                       string
	CopyDays, ArchiveDays, BackupDays, RequestDays, DoneDays, LinkDays, AnswerDays int
	Age                                                                            string
	Words                                                                          template.HTML
	WordsSince                                                                     time.Time
	Earlier                                                                        []earlierSample
}

type earlierSample struct {
	From, Until time.Time
	Words       template.HTML
}

var policyPart = policySample{
	AskURL: "https://veldkamp.example/privacy/ask", ProxyBy: "Example Tunnels Ltd.", Session: "__Host-dassie", Form: "__Host-dassie-form", Code: "__Host-dassie-code", Key: "__Host-dassie-key",
	CopyDays: 30, ArchiveDays: 7, BackupDays: 30, RequestDays: 180, DoneDays: 30, LinkDays: 14, AnswerDays: 30, Age: "You should be at least 13 years old to write to or follow somebody here, in the European Union 16.",
	Words: "<p>I keep this server in a cupboard, and <strong>read what you write to me</strong>.</p>", WordsSince: since,
	Earlier: []earlierSample{{since.AddDate(-1, 0, 0), since, "<p>There was nothing to say yet.</p>"}},
}
