package ap

import (
	"strings"
	"time"
)

// Message is an activity of ours on its way out. Fields that are empty are left
// out; To and CC are written as arrays when they are not nil.
type Message struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Actor      string   `json:"actor"`
	Published  string   `json:"published,omitempty"`
	To         []string `json:"to,omitzero"`
	CC         []string `json:"cc,omitzero"`
	Object     any      `json:"object,omitempty"`
	Target     string   `json:"target,omitempty"`     // Move, Add, Remove
	Result     string   `json:"result,omitempty"`     // Accept of a QuoteRequest: the stamp (FEP-044f)
	Instrument any      `json:"instrument,omitempty"` // QuoteRequest: the quoting post
	Content    string   `json:"content,omitempty"`    // Flag: the report; Like: a reaction

	MisskeyReaction string    `json:"_misskey_reaction,omitempty"` // Like: the reaction once more
	Tag             []wireTag `json:"tag,omitempty"`               // Like: the picture of a shortcode
}

// WithReaction makes a Like an emoji reaction (FEP-c0e0). The emoji stands twice:
// Misskey, Pleroma and Akkoma read _misskey_reaction, others content.
func (m *Message) WithReaction(r Reaction) *Message {
	m.Content, m.MisskeyReaction = r.Emoji, r.Emoji
	if r.IconURL != "" {
		m.Tag = encodeTags(nil, nil, []Emoji{{Shortcode: strings.Trim(r.Emoji, ":"), IconURL: r.IconURL}})
	}
	return m
}

// NewActivity wraps object into an activity. object is an id, several ids (Flag),
// a *Note, *Actor, *Tombstone or *Message, or an Object as it came from a
// stranger: a Follow to be accepted is embedded whole, without its own @context,
// blind audience and signature. published may be zero; nil to and cc are left out
// (Follow, Accept, Reject, Undo of a follow), as Mastodon does.
func NewActivity(typ, id, actor string, object any, to, cc []string, published time.Time) *Message {
	return &Message{
		ID: id, Type: typ, Actor: actor, Published: formatTime(published),
		To: to, CC: cc, Object: wire(object),
	}
}

// Tombstone stands for a deleted post, in a Delete and with status 410 at its id.
type Tombstone struct {
	ID         string
	FormerType string    // may be ""
	Deleted    time.Time // may be zero
}

type wireTombstone struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	FormerType string `json:"formerType,omitempty"`
	Deleted    string `json:"deleted,omitempty"`
}

// Encode is the form for Marshal and NewActivity.
func (t *Tombstone) Encode() any {
	return &wireTombstone{t.ID, "Tombstone", t.FormerType, formatTime(t.Deleted)}
}

type wireCollection struct {
	ID           string `json:"id,omitempty"`
	Type         string `json:"type"`
	AttributedTo string `json:"attributedTo,omitempty"`
	TotalItems   *int64 `json:"totalItems,omitempty"`
	PartOf       string `json:"partOf,omitempty"`
	First        any    `json:"first,omitempty"`
	Next         string `json:"next,omitempty"`
	Prev         string `json:"prev,omitempty"`
	Last         string `json:"last,omitempty"`
	Items        []any  `json:"items,omitzero"`
	OrderedItems []any  `json:"orderedItems,omitzero"`
}

// Encode is the form for Marshal: an embedded FirstPage wins over First, and
// items that are our own structs are encoded as well.
func (c *Collection) Encode() any {
	w := &wireCollection{
		ID: c.ID, Type: c.Type, AttributedTo: c.AttributedTo,
		PartOf: c.PartOf, Next: c.Next, Prev: c.Prev, Last: c.Last,
	}
	if c.TotalItems >= 0 {
		w.TotalItems = &c.TotalItems
	}
	switch {
	case c.FirstPage != nil:
		w.First = c.FirstPage.Encode()
	case c.First != "":
		w.First = c.First
	}
	if c.Items == nil {
		return w
	}
	items := make([]any, len(c.Items))
	for i, item := range c.Items {
		items[i] = wire(item)
	}
	if c.Ordered() {
		w.OrderedItems = items
	} else {
		w.Items = items
	}
	return w
}
