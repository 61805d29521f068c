package assets

import (
	"strings"
	"time"
)

type sampleMailKind struct {
	Name, Label string
	Options     []Option
}

type sampleLetter struct {
	ID, Subject, Problem string
	At, Next             time.Time
	Aside                bool
}

type sampleMail struct {
	Owner
	On                     bool
	Server, Address        string
	Since                  time.Time
	Pending, Typed, Code   string
	AddressError, PassWord string
	CodeError, Error       string
	Kinds                  []sampleMailKind
	Hours                  []Option
	Always, PrivateText    bool
	Letters                []sampleLetter
	More                   int
}

// sampleMails are the pages of mail.
func sampleMails(pages map[string]any) {
	page := sampleMail{Owner: owner("Mail", "settings", "/me/mail"), Hours: []Option{{Value: "7", Label: "07:00"}, {Value: "8", Label: "08:00", Selected: true}}}
	for _, k := range [][2]string{{"mention", "Mentions"}, {"private", "Private messages"}, {"quote", "Quotes"}, {"follow_request", "Follow requests"}, {"follow", "New followers"},
		{"favourite", "Likes and reactions"}, {"reblog", "Boosts"}, {"poll", "Polls that end"}, {"status", "Posts of people whose notices you asked for"},
		{"update", "Edits of what you boosted or quoted"}, {"admin.report", "Reports"}, {"archive", "An archive that is ready"}, {"login", "Log-ins from browsers known here"}} {
		page.Kinds = append(page.Kinds, sampleMailKind{k[0], k[1], []Option{{Value: "now", Label: "At once", Selected: len(k[0]) < 9}, {Value: "digest", Label: "In the digest"}, {Value: "off", Label: "Never", Selected: len(k[0]) >= 9}}})
	}
	pages["mail.none"] = page
	page.On, page.Server = true, "smtp.veldkamp.example"
	pages["mail.first"] = page
	page.Pending = "nora@mail.example"
	pages["mail.code"] = page
	page.CodeError, page.Code = "That is not the code. It stands in the newest mail that was sent there.", "ABCDE-FGHJK"
	pages["mail.wrong"] = page
	page.Pending, page.Code, page.CodeError = "", "", ""
	page.Address, page.Since = "nora@mail.example", ago(50*24*time.Hour)
	pages["mail"] = page
	page.Always, page.PrivateText, page.Pending = true, true, strings.Repeat("a.very.long.name.", 6)+"@"+strings.Repeat("long-host.", 12)+"example"
	page.Error, page.PassWord, page.Typed = "The mail server did not take it: nothing takes mail at smtp.veldkamp.example:587. What to do: look whether -smtp-host and -smtp-port are right; a firewall, or the provider of this machine, may keep the port shut.", "The password is wrong.", "nora@"
	page.Letters = []sampleLetter{
		{"1", "Tom mentioned you", "nothing takes mail at smtp.veldkamp.example:587", ago(time.Hour), now.Add(20 * time.Minute), false},
		{"2", "3 mentions and 1 follow request", "smtp.veldkamp.example:587 refuses the letter: “550 5.1.1 <(your address)> is unknown here”", ago(70 * time.Hour), ago(22 * time.Hour), true},
	}
	page.More = 172
	pages["mail.trouble"] = page

	type off struct {
		Plain
		Kinds, Action string
		Off           bool
	}
	link := off{Plain: Plain{Title: "Mail", Host: "veldkamp.example", Lang: "en"}, Kinds: "mentions, private messages and follow requests", Action: "/mail/off/bWVudGlvbg.MDEyMzQ1Njc4OTAxMjM0NTY3"}
	pages["mail_off"] = link
	link.Off = true
	pages["mail_off.done"] = link
}
