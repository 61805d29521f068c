package assets

import "time"

// sampleCSV has the page of a list that comes in.
func sampleCSV(pages map[string]any) {
	type problem struct {
		Line      int
		Text, Why string
	}
	type missed struct {
		Line      int
		What, Why string
	}
	type list struct {
		Owner
		ID, File, Title                 string
		Preview, Running, Done, Stopped bool
		Overwrite                       bool
		Warning, Lead                   string
		Facts                           []Fact
		Going                           []string
		MoreGoing                       int
		Wrong                           int
		Problems                        []problem
		Nothing                         bool
		Button                          string
		Ways                            []Tab
		Through, Total, Percent         int
		Left                            string
		Missed                          []missed
		MissedAll                       int
		Begun, Ended                    time.Time
	}
	page := list{Owner: owner("Import a list", "data", "/me/data/csv/7"), ID: "7", File: "following_accounts.csv", Title: "People you follow", Preview: true,
		Facts: []Fact{
			{Label: "New", Strong: "214 people", Text: ", whom you do not follow yet."},
			{Label: "Changed", Strong: "3 people", Text: ", whom you follow already: what is shown of them changes."},
			{Label: "Already so", Strong: "61 people", Text: ", whom you follow already."},
			{Label: "Left out", Strong: "2 people", Text: ", because of a block."},
			{Label: "Wrong", Strong: "2 lines", Text: " that cannot be taken; they are named below."},
			{Label: "Slowly", Strong: "214 people", Text: ". Each is asked in turn, on 96 servers. That takes 54 minutes or more, goes on after a restart, and can be stopped."},
		},
		Wrong: 2, Problems: []problem{{41, "=HYPERLINK(\"http://evil.example\"),true", "The quotes in this line do not match."}, {118, "bob,true,false,", "This is not a handle such as name@server.example."}},
		Button: "Take in 217 people", Ways: []Tab{{URL: "/me/data/csv/7", Text: "Add to what is here", Current: true}, {URL: "/me/data/csv/7?mode=overwrite", Text: "In place of what is here"}}}
	pages["csv"] = page
	over := page
	over.Overwrite, over.Button = true, "Take in 217, remove 12"
	over.Ways = []Tab{{URL: "/me/data/csv/7", Text: "Add to what is here"}, {URL: "/me/data/csv/7?mode=overwrite", Text: "In place of what is here", Current: true}}
	over.Facts = append(append([]Fact{}, page.Facts...), Fact{Label: "Goes", Strong: "12 people", Text: " whom you follow now and who are not in the file: you stop following them."})
	over.Going, over.MoreGoing = []string{"wolfram@lichen.example", "a.very.long.name.indeed@a-server-with-a-long-name.example", "ines@fjord.example"}, 9
	pages["csv.overwrite"] = over
	over.Facts, over.Going, over.MoreGoing, over.Problems, over.Nothing = page.Facts[2:3], nil, 0, nil, true
	over.Warning = "This file looks like another list: Muted people. Look at it again before you begin."
	pages["csv.nothing"] = over
	run := page
	run.Preview, run.Running, run.Problems, run.Through, run.Total, run.Percent, run.Left = false, true, nil, 131, 280, 46, "About 38 minutes left."
	run.Facts = []Fact{{Label: "Asked", Strong: "68 people", Text: "."}, {Label: "Accepted", Strong: "59 people", Text: " of those that were asked."}, {Label: "No answer yet", Strong: "6 people", Text: ": their owners, or their servers, have not answered."},
		{Label: "Already so", Strong: "61 people", Text: "."}, {Label: "Not found", Strong: "1 person", Text: ": their servers know nothing of them."}, {Label: "Left out", Strong: "1 person", Text: ", as the reasons below say."}, {Label: "Still to come", Strong: "149 people", Text: "."}}
	run.Missed, run.MissedAll = []missed{{12, "gone@fjord.example", "fjord.example knows no such person or post, or does not show it to everybody."}, {77, "vera@old.example", "They moved to @vera@new.example, which does not say so itself. Look there, and follow it if it is right."}}, 2
	pages["csv.running"] = run
	run.Running, run.Stopped, run.Begun, run.Ended = false, true, ago(2*time.Hour), ago(time.Hour)
	pages["csv.stopped"] = run
	run.Stopped, run.Done = false, true
	pages["csv.done"] = run
}
