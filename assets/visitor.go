package assets

import (
	"html/template"
	"strings"
	"time"
)

// Visitor is what the frame of every public page needs.
type Visitor struct {
	Title       string     // of the browser's tab
	Description string     // for link previews; plain text
	Canonical   string     // full address of this page
	Kind        string     // what it is to link previews: "profile", "article", or "" for a page like any other
	Image       string     // full address of a picture for link previews; "" for none
	ImageAlt    string     // what it shows
	LargeImage  bool       // it is what the page is about, and not a face
	Published   time.Time  // of an article
	Edited      time.Time  // of an article; zero if never
	Lang        string     // language of the page's own words: "en"
	Host        string     // "veldkamp.example"
	Me          Person     // the owner; URL is the profile
	Feeds       []FeedLink // of this page and of the profile; nil if feeds are off
	OEmbed      string     // path of what embeds this page; "" for none
	Activity    string     // id of the ActivityPub object this page shows; "" for none
	NoIndex     bool       // ask search engines to stay out
	NoAI        bool       // ask those who collect texts for AI to stay out
	Search      bool       // visitors may search
	Version     string
	Now         time.Time // in the owner's zone; its name is shown beside full times
}

// Robots is what the page asks of robots; "" for nothing.
func (v Visitor) Robots() string {
	var words []string
	if v.NoIndex {
		words = append(words, "noindex")
	}
	if v.NoAI {
		words = append(words, "noai", "noimageai")
	}
	return strings.Join(words, ", ")
}

// MainFeed is the feed that "Feed" leads to; its URL is "" if there is none.
func (v Visitor) MainFeed() FeedLink {
	if len(v.Feeds) == 0 {
		return FeedLink{}
	}
	return v.Feeds[0]
}

// FeedLink leads to one form of a feed.
type FeedLink struct {
	Name  string // "Atom"
	Type  string // its media type
	Title string // whose it is, for a reader that offers several
	URL   string // path
	Own   bool   // of the profile, and not of this page's own list
}

// Entry is a post as a visitor sees it.
type Entry struct {
	ID         string // the card's anchor is p-ID
	URL        string // its page; for others' replies the original
	Author     Person //
	ByOwner    bool   // the owner's own: on the profile the name is left out
	Boosted    bool   // the owner boosted it into this list
	Pinned     bool
	Quiet      bool // for everyone, quietly
	Time       time.Time
	Edited     time.Time // zero if never
	Lang       string
	LangName   string // shown only if it differs from the owner's: "Nederlands"
	Warning    string
	Content    template.HTML
	Media      []Media
	Hide       bool // the media are sensitive: shown on demand
	Link       *LinkCard
	Emojis     []Emoji // in Warning
	Quote      *Quoted
	Poll       *Poll  // nil for none
	ReplyTo    string // handle, "" for none
	ReplyURL   string // the post it answers, "" if unknown
	App        string // that it was written with; "" if that is not shown
	ShowCounts bool
	Replies    int
	Boosts     int
	Likes      int
}

// EntryNode is an Entry with its known public answers, at most 4 deep.
type EntryNode struct {
	Entry   Entry
	Answers []EntryNode
}

// Archive is the months of a year that have posts, newest first, and the way to
// the other years.
type Archive struct {
	Year   int
	Months []Month
	Years  []Year
}

// Month leads to the posts of one.
type Month struct {
	URL   string
	Short string // "Nov"
	Name  string // "November 2026"
	Count int
}

// KeptCount is how much of one kind is kept about somebody.
type KeptCount struct {
	Count int
	Text  string // what it is, in words, for that number
	Why   string // why it stays when the rest is erased; "" for what goes
}

// Year leads to the months of one.
type Year struct{ URL, Name string }

// FullDate is a date and time in the zone of now that will still be right
// tomorrow, as text.
func FullDate(now, t time.Time) string { return t.In(now.Location()).Format(fullDate) }

const fullDate = "Monday 2 January 2006, 15:04"
