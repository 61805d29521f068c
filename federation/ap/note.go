package ap

import "time"

// Note is a post on the wire, ours or a stranger's, whatever its Kind. Texts in
// HTML are as they came. Read notes are within the limits of limits.go; all URLs
// that are shown are http(s) or empty.
type Note struct {
	ID           string
	Kind         string // Note, Question, Article, Page, Video, Audio, Image, Event, ChatMessage, or a type we do not know
	AttributedTo string // the author; of PeerTube's [channel, person] the person
	Audience     string // the group a post was made in (FEP-1b12), "" else

	Name      string // title, or the choice in a vote
	Summary   string // content warning
	Sensitive bool   // also set by a summary, as Mastodon does
	Content   string // HTML unless MediaType says otherwise
	MediaType string // of Content when it is not HTML: text/markdown (PeerTube), text/plain
	Language  string // BCP 47, "" when not told
	Source    *Source
	Preview   string // HTML: what Ghost and WordPress offer for lists in place of a long Content
	Quotation string // HTML: the passage of a book that the post is about (BookWyrm)
	Rating    string // what a Review gives, of 5, "" when it gives nothing (BookWyrm)
	Shaped    bool   // the texts are safe to show: said by who made them so, never by a reader

	To, CC    []string
	Published time.Time // zero when missing; may lie in the future
	Updated   time.Time
	URL       string // page for people

	StartTime, EndTime time.Time // of an Event
	TimeZone           string    // of an Event: IANA name, "" when not told
	Place              string    // of an Event: in words
	Cancelled          bool      // of an Event

	InReplyTo    string
	Context      string // may be any opaque string: dereference only if it is an http(s) URL
	Conversation string

	Attachments []Attachment
	Icon        string // picture URL for cards: cover of an article, thumbnail of a video
	IconAlt     string // its alternative text
	Mentions    []Mention
	Hashtags    []Hashtag
	Emojis      []Emoji
	Poll        *Poll // of a Question, and of any post that has choices

	Quote              string // id of the quoted post
	QuoteLegacy        bool   // quoted by quoteUrl & co., which know no consent
	QuoteAuthorization string // FEP-044f: URL of the stamp
	QuoteRefused       bool   // written without the fields that know no consent
	InteractionPolicy  Object // as it came

	RepliesID     string
	Replies       *Collection // when inlined
	RepliesCount  int64       // -1 when not told
	LikesID       string
	LikesCount    int64 // -1 when not told
	SharesID      string
	SharesCount   int64 // -1 when not told
	DirectMessage bool
}

// Source is what the author typed.
type Source struct{ Content, MediaType string }

// Attachment is a file of a post.
type Attachment struct {
	Type           string // Image, Video, Audio, Document
	MediaType      string // as told, maybe ""
	URL            string
	Name           string // alternative text
	Width, Height  int    // 0 when not told
	Blurhash       string
	FocalX, FocalY float64 // -1 to 1, 0,0 is the centre
	Icon           string  // URL of a preview picture
	Size           int64   // bytes, 0 when not told
	Seconds        float64 // that it lasts, 0 when not told
}

// Mention names an actor in a post. Only Href counts.
type Mention struct{ Href, Name string }

// Hashtag is a tag of a post; Name has no # and keeps its case.
type Hashtag struct{ Name, Href string }

// Emoji is a custom emoji; Shortcode has no colons.
type Emoji struct {
	ID, Shortcode, IconURL string
	MediaType              string
	Updated                time.Time
}

// Poll is the asking part of a Question.
type Poll struct {
	Multiple    bool // anyOf
	Options     []PollOption
	EndTime     time.Time
	Closed      bool
	ClosedAt    time.Time // zero when closed but not told when; Pleroma writes here when it will end
	VotersCount int64     // -1 when not told
	Hidden      bool      // no option tells its votes: they are kept back until the end
}

// PollOption is one choice and how many took it.
type PollOption struct {
	Name  string
	Votes int64
}

// Shown tells whether there is something to show: any post of a type that we
// know, and of other types what has words or a page of its own.
func (n *Note) Shown() bool {
	return IsPostType(n.Kind) || n.Name != "" || n.Content != "" || n.Summary != "" || n.URL != ""
}

// IsVote tells whether the note is a vote for the choice Name in the poll
// InReplyTo, and not to be shown.
func (n *Note) IsVote() bool {
	return n.Kind == "Note" && n.Name != "" && n.Content == "" && n.InReplyTo != "" && len(n.Attachments) == 0
}

// Vote is one choice of somebody in a poll. Several may come in one Create.
type Vote struct {
	ID     string // of the object
	Poll   string // id of the Question
	Choice string // name of the option, as it came
}

// Votes are those among the objects that an activity embeds, at most limit. What
// counts as one is what Note.IsVote says; each must be attributed to the actor.
func (a *Activity) Votes(limit int) []Vote {
	var votes []Vote
	for _, o := range a.Objects {
		if len(votes) == limit {
			break
		}
		if o.Type() != "Note" || o.Str("name") == "" || o.FirstID("inReplyTo") == "" { // spares most posts the reading
			continue
		}
		n, err := ReadNote(o)
		if err == nil && n.IsVote() && n.AttributedTo == a.Actor {
			votes = append(votes, Vote{n.ID, n.InReplyTo, o.Str("name")})
		}
	}
	return votes
}
