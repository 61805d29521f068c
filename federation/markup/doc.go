// Package markup turns text into HTML and back: what the owner types (Markdown or
// plain text) into the HTML that other servers keep, a stranger's HTML into HTML
// that may stand on our pages, and any HTML into plain text. It finds mentions,
// hashtags and links on the way.
//
// The package is pure: it never resolves a mention itself (Links.Mention does),
// never fetches, stores or logs anything. Every function takes any input, hostile
// or broken, in time linear in its length.
package markup

// Target is what a mention resolved to.
type Target struct {
	Href string // id of the actor, for the Mention tag
	URL  string // profile page, for the link; Href if empty
	User string // name as shown after @
	Host string
}

// Links says where mentions and hashtags lead. A nil func means: leave as text.
type Links struct {
	// Mention resolves @user@host; host is canonical, and "" for a bare @user.
	// False leaves the text as it is.
	Mention func(user, host string) (Target, bool)
	// Hashtag is the URL of our page of a tag, which comes without #.
	Hashtag func(tag string) string
}

// Rendered is a text as HTML, with what it names.
type Rendered struct {
	HTML     string
	Mentions []Target // in order, each Href once
	Hashtags []string // in order, case kept, each once without regard to case
}

// Handle is a mention as it was typed: user and canonical host.
type Handle struct{ User, Host string }

// MaxMentions is how many mentions of one text are found and linked; the rest
// stays text, so that no text makes us ask the whole world.
const MaxMentions = 50
