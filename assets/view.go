package assets

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// The structs here are the parts of view data that several pages share. A page
// struct is made beside its handler and embeds Owner, Visitor or Plain, whose
// fields the layouts read.

// Owner is what the frame of every dashboard page needs.
type Owner struct {
	Title     string    // of the page; h1 is the template's own affair
	Here      string    // the current place, as the links of the layout name it: home, inbox, lists …; "" for none
	Path      string    // this page's own path and query, where forms come back to
	CSRF      string    // token for every form
	Lang      string    // language of the interface: "en"
	Look      Look      //
	NoKeys    bool      // the owner switched the keys off
	KeyMap    string    // other keys in the place of the usual ones: "j:l k:h"
	Event     string    // number of the last event before the page was made, for the script
	Me        Person    // the owner; URL is the public profile
	Version   string    // of the program: "0.1"
	Inbox     int       // unread notifications
	Messages  int       // private conversations with something unread
	Requests  int       // waiting follow requests
	Reports   int       // about the owner that wait
	DataAsked int       // requests about data that wait
	Drafts    int       // drafts
	Followers int       // followers
	Following int       // people followed
	Now       time.Time // now, in the zone that times are shown in
	Notice    *Notice   // at most one, above the page
	Sending   *Sending  // the post that goes out next, while it can be taken back; nil for none
}

// Sending is a post that goes out in a moment, unless the owner takes it back.
type Sending struct {
	ID, Excerpt string
	Left, Of    int // seconds until then, and of how many
	More        int // others that wait as well
}

// Look is how the owner wants their pages. Visitors' pages follow their system.
type Look struct {
	Theme        string // "", "light" or "dark"; "" follows the system
	MoreContrast bool
	TextSize     int // percent; 0 is 100
	LessMotion   bool
	Dense        bool // less space between the lines and around posts
}

// Plain is what log-in, set-up and error pages need.
type Plain struct {
	Title string
	Host  string // "" before there is one
	Lang  string
	CSRF  string
}

// Person is somebody, as one line.
type Person struct {
	Name   string // display name; "" shows the handle's first part
	Handle string // in full: "@nora@veldkamp.example"
	URL    string // where the name leads
	Avatar string // path of the picture on this server; "" for the default
	Emojis []Emoji
}

// Called returns the name to show.
func (p Person) Called() string {
	if name := strings.TrimSpace(p.Name); name != "" {
		return name
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(p.Handle, "@"), "@")
	return name
}

// Shown returns the name with its pictures in it.
func (p Person) Shown() template.HTML { return Pictured(p.Called(), p.Emojis) }

// Face returns the address of the picture, the default one if there is none.
func (p Person) Face() string {
	if p.Avatar == "" {
		return StaticPath("avatar.png")
	}
	return p.Avatar
}

// Notice is a sentence that the page must not bury.
type Notice struct {
	Kind     string // info, done, warn, fail
	Strong   string // the first words, bold
	Text     string
	Code     string // of a failure, as in the log; "" for none
	URL      string // "" for none
	LinkText string
}

// Icon returns the icon of the notice's kind.
func (n Notice) Icon() string {
	switch n.Kind {
	case "done":
		return "ok"
	case "warn":
		return "clock"
	case "fail":
		return "warn"
	}
	return "info"
}

// LinkCard is what a link in a post leads to.
type LinkCard struct {
	URL, Host, Title, Text string
	By, Lang               string // who wrote it, if they vouch for that, and the language of the page; "" if unknown
	Image, Alt             string // path of a picture on this server, "" for none, and its description
	Width, Height          int    // pixels of the picture
}

// Reaction is one emoji that people answered a post with.
type Reaction struct {
	Emoji string // the character, or the word between colons
	Image string // path of its picture; "" for a character
	Count int
	Mine  bool
}

// Card is a post as the owner sees it in a list, in a thread or in focus.
type Card struct {
	ID          string    // the post's id; the card's anchor is p-ID
	URL         string    // the owner's page of the post
	Author      Person    //
	Boosters    []Person  // who boosted it into this list; nil for none
	Tags        []Tag     // followed hashtags that brought it into Home; nil for none
	Time        time.Time //
	Edited      bool      //
	Audience    string    // everyone, quiet, followers, named
	Lang        string    // of the text, "" if unknown
	LangName    string    // in words, for the post in focus: "English"
	Warning     string    // content warning, "" for none
	Filtered    string    // which filter of the owner covers it here, and why: "Hidden by your filter “Spoilers” (matches: football)"; "" for none …
	FilteredURL string    // … with its page …
	// … which asks for more than that: to leave it out. Lists do so themselves.
	FilteredOut bool
	Content     template.HTML // cleaned HTML
	Media       []Media       //
	Hide        bool          // the media are sensitive: shown on demand
	Link        *LinkCard     // what its first link leads to; nil for none
	Emojis      []Emoji       // in Warning and Poll; those in Content are put there already
	Reaction    []Reaction    // other than likes
	Poll        *Poll         // nil for none
	ReplyTo     string        // handle of whom it answers, where the page does not show it
	Delivery    *Delivery     // own posts only
	Replies     int           // counts known here
	Boosts      int           //
	Likes       int           //
	Boosted     bool          // by the owner
	Liked       bool          //
	Saved       bool          //
	Hushed      bool          // its conversation is hidden
	Pinned      bool          // on the owner's profile
	May         Actions       // what is offered
	ReactURL    string        // of the page to react with an emoji; "" if that is not offered
	FilterURL   string        // of the page that filters it or a word of it; "" for own posts
	LikesURL    string        // who likes it, of the post in focus; "" for none
	BoostURL    string        // who boosted it, likewise
	Versions    int           // earlier ones that are kept, of the post in focus
	Left        string        // in a tree, why only a line stands for it: "A post by somebody you blocked or muted."; "" shows it
	LeftURL     string        // where it can be read all the same; "" for nowhere
	Original    string        // its page on its own server, "" for own posts
	QuoteURL    string        // of the page that quotes it, where it stands in focus; "" if it cannot be quoted
	Quote       *Quoted       // what it quotes, nil for nothing or a mere link in the text
}

// Quoted is what a post quotes: the post, or why it is not shown, or both.
type Quoted struct {
	Words   string        // how the quote stands: "Waits for consent."; "" if it is shown with consent
	URL     string        // the owner's page of the quoted post
	Author  Person        //
	Lang    string        //
	Warning string        //
	Content template.HTML // "" if the post is not shown
	Media   []Media
	Hide    bool    // as of a Card
	Emojis  []Emoji // in Warning
}

// Tag is a hashtag, without #, and the owner's page of it.
type Tag struct{ Name, URL string }

// ListHead is a list of people, as its pages begin.
type ListHead struct {
	URL, Title string
	People     int
	Exclusive  bool // they are kept out of Home
	Tabs       []Tab
}

// Actions says which controls a card has. What is false is not shown.
type Actions struct{ Reply, Boost, Like, Save, Hush, Edit, Pin, Report, Delete bool }

// Any reports whether there is an action row at all.
func (a Actions) Any() bool {
	return a.Reply || a.Boost || a.Like || a.Save || a.Hush || a.Edit || a.Pin || a.Report || a.Delete
}

// Line is a post as one line of a list.
type Line struct {
	ID           string // the line's anchor is c-ID
	URL          string // the owner's page of the post
	Author       Person
	Boosters     []Person // who boosted it into this list, a few of them; nil for none
	MoreBoosters int
	Time         time.Time
	Audience     string // everyone, quiet, followers, named
	Lang         string
	Warning      string // content warning; then there is no Text
	Text         string // how it begins
	Reply        bool
	Quote        bool
	Media        bool
	Poll         bool
	Replies      int
	Boosts       int
	Likes        int
}

// Node is a card in a thread with its answers. Depth is at most 4: what lies
// deeper is put beside its parent with ReplyTo filled.
type Node struct {
	Card    Card
	Answers []Node
	Folded  int // posts below it that are not on this page: Card.URL has them
}

// Fact is one line of a facts list.
type Fact struct {
	Label    string
	People   []Person // at most 5 faces before the words
	Strong   string   // the deciding words, bold; "" for none
	Text     string   // the rest
	URL      string   // makes LinkText a link, between Strong and Text
	LinkText string
}

// Option is one choice of a select.
type Option struct {
	Value, Label string
	Selected     bool
}

// Pager leads to the neighbouring pages of a list; "" for none.
type Pager struct {
	Newer, Older         string
	NewerText, OlderText string // "Newer posts", "Older posts" if empty
}

// Compose is the short box for a post or an answer.
type Compose struct {
	Key       string // idempotency key: a second POST with it shows the first result
	Text      string // what is already there
	Lang      string // language of the text
	Reply     string // id of the post it answers, "" for none
	Audiences Audiences
	Error     string
}

// When is the question when a post goes out.
type When struct {
	Value, Min string    // as a field "datetime-local" has them; "" for at once
	At         time.Time // the same as a time, zero for none
	Zone       string    // of the times: "Europe/Amsterdam"
	Ask        bool      // the owner is asked if the server was off then
}

// Tab is one order or kind of a list.
type Tab struct {
	URL, Text string
	Count     int // shown if not 0
	Current   bool
}

// ProfileField is one line under a bio.
type ProfileField struct {
	Name     string
	Value    template.HTML // cleaned HTML
	Verified bool          // the link leads back with rel="me"
}

// Audiences is the question who may see a post, with its counts.
type Audiences struct {
	Chosen    string // everyone, quiet, followers, named
	Widest    string // the widest allowed, as in a reply; "" for everyone
	Followers int
	Servers   int      // on which those followers are
	Named     []string // handles named in the text
	Error     string
}

// Choice is one audience with its consequence.
type Choice struct {
	Value, Icon, Label string
	Chosen             bool
	Bold, Before, Rest string // the consequence: Before, Bold, Rest
}

// To ends a sentence about where a post goes.
func (c Choice) To() string {
	switch c.Value {
	case "quiet":
		return " to everyone, quietly"
	case "followers":
		return " to your followers"
	case "named":
		return " to the people named"
	}
	return " to everyone"
}

// Choices returns the audiences on offer, widest first.
func (a Audiences) Choices() []Choice {
	reach := count(a.Followers, "follower") + " on " + count(a.Servers, "server")
	named := "Nobody is named yet."
	if len(a.Named) > 0 {
		named = strings.Join(a.Named, ", ") + "."
	}
	all := []Choice{
		{Value: "everyone", Label: "Everyone", Before: "Your profile, search, and ", Bold: reach, Rest: ". Copies cannot be called back."},
		{Value: "quiet", Label: "Everyone, quietly", Before: "The same people, but kept out of public timelines and search."},
		{Value: "followers", Label: "Followers", Before: reach + ". Their servers can read it too."},
		{Value: "named", Label: "Only people named", Before: named + " Not encrypted."},
	}
	for i := range all {
		all[i].Icon = audienceIcon(all[i].Value)
	}
	for len(all) > 1 && a.Widest != "" && all[0].Value != a.Widest {
		all = all[1:]
	}
	chosen := false
	for i := range all {
		all[i].Chosen = all[i].Value == a.Chosen
		chosen = chosen || all[i].Chosen
	}
	all[0].Chosen = all[0].Chosen || !chosen
	return all
}

func audienceIcon(audience string) string {
	switch audience {
	case "quiet":
		return "quiet"
	case "followers":
		return "lock"
	case "named":
		return "at"
	}
	return "globe"
}

func audienceName(audience string) string {
	for _, choice := range (Audiences{}).Choices() {
		if choice.Value == audience {
			return choice.Label
		}
	}
	return "Everyone"
}

// count is "1 server", "2 servers", "1,204 posts".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(n), noun)
}
