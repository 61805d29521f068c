package assets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// sampleLeaving has the pages of the end of an account.
func sampleLeaving(pages map[string]any) {
	type leave struct {
		Plain
		Handle                    string
		Servers, Followers, Posts int
		Archive                   string
		AskCode                   bool
		Confirm, Error            string
	}
	plain := Plain{Title: "Delete account · veldkamp.example", Host: "veldkamp.example", Lang: "en", CSRF: "token"}
	form := leave{Plain: plain, Handle: "@nora@veldkamp.example", Servers: 214, Followers: 42, Posts: 1930, Archive: "none", AskCode: true}
	pages["leave"] = form
	form.Archive, form.Confirm, form.Error = "ready", "@nora", "Type @nora@veldkamp.example, the whole handle of the account that is to be deleted. Nothing was deleted."
	pages["leave.refused"] = form
	pages["leave.packing"] = leave{Plain: plain, Handle: "@nora@veldkamp.example", Archive: "packing"}
	sampleLeft(pages, plain)
}

func sampleLeft(pages map[string]any, plain Plain) {
	type row struct{ Host, State, Class, Text string }
	type figure struct {
		Count int
		Words string
	}
	type left struct {
		Plain
		Handle             string
		Begun, Until, Done time.Time
		Posts              int
		Asked, Open        int
		Figures            []figure
		Bars               []string
		Each               int
		Rows, More         []row
		Accepted           []string
		Archive, Rest      string
		Left               []string
	}
	plain.Title = "Deleting the account · veldkamp.example"
	bars := func(counts ...int) (list []string) {
		for i, class := range []string{"a", "u", "w", "r", "g"} {
			for range counts[i] {
				list = append(list, class)
			}
		}
		return list
	}
	begun := left{Plain: plain, Handle: "@nora@veldkamp.example", Begun: ago(2 * time.Minute), Until: ago(-7 * 24 * time.Hour), Posts: 1930, Asked: 214, Open: 190, Each: 1,
		Figures: []figure{{24, "accepted the request"}, {0, "do not answer"}, {190, "are still to be asked"}, {0, "could not verify"}, {0, "no longer exist"}}, Bars: bars(24, 0, 190, 0, 0)}
	for i := range 8 {
		begun.Rows = append(begun.Rows, row{fmt.Sprintf("server%d.example", i), "Waiting", "w", ""})
	}
	pages["left.begun"] = begun
	half := begun
	half.Begun, half.Open, half.Archive = ago(30*time.Hour), 9, "/me/leaving/archive"
	half.Figures = []figure{{201, "accepted the request"}, {8, "do not answer"}, {1, "could not verify"}, {4, "no longer exist"}}
	half.Bars = bars(201, 8, 0, 1, 4)
	half.Rows = []row{
		{"thicket.example", "No answer", "u", "Did not answer in time. Next try Saturday 21 November, 16:00."},
		{"semne.example", "No answer", "u", "Answered 503. Next try Saturday 21 November, 20:00."},
		{"a-server-with-quite-a-long-name.social.example", "No answer", "u", "Its certificate is not valid. Next try Saturday 21 November, 20:04."},
		{"bastion.example", "Could not verify", "r", "Answered 401: did not believe the signature. Next try Saturday 21 November, 18:30."},
		{"oldforge.example", "Gone", "g", "Its name was not found."},
	}
	half.More = []row{{"loom.example", "No answer", "u", "Broke the connection off. Next try Saturday 21 November, 21:10."}}
	for i := range 201 {
		half.Accepted = append(half.Accepted, fmt.Sprintf("server%d.example", i))
	}
	pages["left"] = half
	done := half
	done.Plain.CSRF, done.Archive, done.Open = "", "", 0
	done.Begun, done.Done = ago(8*24*time.Hour), ago(24*time.Hour)
	done.Rows, done.More = slices.Clone(half.Rows), nil
	for i, r := range done.Rows {
		done.Rows[i].Text, _, _ = strings.Cut(r.Text, " Next try")
	}
	pages["left.done"] = done
	done.Rest, done.Left = "stays", []string{"mine.txt", "weekly"}
	pages["left.stays"] = done
	done.Rest, done.Left = "goes", nil
	pages["left.goes"] = done
	pages["left.nobody"] = left{Plain: plain, Handle: "@nora@veldkamp.example", Begun: ago(time.Minute), Until: ago(-7 * 24 * time.Hour), Done: ago(time.Second), Each: 1}
	many := half
	many.Asked, many.Each, many.Bars = 1214, 5, bars(240, 2, 0, 1, 1)
	pages["left.many"] = many
}
