package ap

import (
	"fmt"
	"strings"
)

// ReadNote reads a post. Types that we do not know are read as well, for they
// may carry title, text and link; n.Shown tells what is worth it. Actors,
// activities, collections and Tombstones are refused, and so is a post without
// id or author.
func ReadNote(o Object) (*Note, error) {
	n := &Note{ID: o.ID(), Kind: o.Type(), AttributedTo: author(o)}
	switch c := classes[n.Kind]; {
	case n.Kind == "" || len(n.Kind) > MaxName:
		return nil, fmt.Errorf("read note: %w: no type", ErrShape)
	case c != classPost && c != classUnknown:
		return nil, fmt.Errorf("read note: %w: a %s is no post", ErrShape, n.Kind)
	case n.ID == "" || len(n.ID) > MaxID:
		return nil, fmt.Errorf("read note: %w: no id", ErrShape)
	case n.AttributedTo == "":
		return nil, fmt.Errorf("read note %s: %w: no author", n.ID, ErrShape)
	}
	readText(o, n)
	n.Audience = cutID(o.FirstID("audience"))
	n.To = keepIDs(o.ids("to", MaxAudience))
	n.CC = keepIDs(o.ids("cc", MaxAudience))
	n.Published, n.Updated = o.Time("published"), o.Time("updated")
	n.URL = pageURL(o["url"])
	n.InReplyTo = cutID(o.FirstID("inReplyTo"))
	n.Context, n.Conversation = cutID(o.FirstID("context")), cutID(o.FirstID("conversation"))
	n.Attachments = readAttachments(o)
	n.Icon, n.IconAlt = cover(o)
	n.DirectMessage = o.Bool("directMessage") || n.Kind == "ChatMessage"
	readTags(o, n)
	n.Poll = readPoll(o)
	readQuote(o, n)
	readKind(o, n)
	n.InteractionPolicy, _ = o.Obj("interactionPolicy")

	n.RepliesID, n.RepliesCount = readCount(o, "replies")
	n.LikesID, n.LikesCount = readCount(o, "likes")
	n.SharesID, n.SharesCount = readCount(o, "shares")
	if n.RepliesID == "" && n.RepliesCount < 0 { // PeerTube
		n.RepliesID, n.RepliesCount = readCount(o, "comments")
	}
	if replies, ok := o.Obj("replies"); ok {
		n.Replies, _ = ReadCollection(replies) // a broken one counts as absent
	}
	return n, nil
}

// author is the post's author: the first actor named, but of embedded actors a
// Person comes first (PeerTube names channel and person), of all others last.
func author(o Object) string {
	var first, person string
	for _, key := range []string{"attributedTo", "actor"} { // actor: Mobilizon events
		each(o[key], func(v any) bool {
			id := cutID(idOf(v))
			if first == "" {
				first = id
			}
			if item, ok := asObject(v); ok && item.Type() == "Person" {
				person = id
			}
			return person == ""
		})
		if person != "" {
			return person
		}
		if first != "" {
			return first
		}
	}
	return ""
}

func readText(o Object, n *Note) {
	n.Content, n.Language = o.StrLang("content", "contentMap")
	n.Content = cut(n.Content, MaxContent)
	var lang string
	n.Summary, lang = o.StrLang("summary", "summaryMap")
	n.Summary = cut(n.Summary, MaxSummary)
	if n.Language == "" {
		n.Language = lang
	}
	n.Name, lang = o.StrLang("name", "nameMap")
	n.Name = cut(n.Name, MaxName)
	if n.Language == "" {
		n.Language = lang
	}
	n.Sensitive = o.Bool("sensitive")
	if m := cut(o.Str("mediaType"), 100); m != "text/html" && strings.HasPrefix(m, "text/") {
		n.MediaType = m
	}
	if source, ok := o.Obj("source"); ok {
		n.Source = &Source{cut(source.Str("content"), MaxContent), cut(source.Str("mediaType"), 100)}
	}
	if strings.TrimSpace(n.Summary) == "" {
		n.Summary = ""
	} else if n.Kind == "Note" || n.Kind == "Question" || n.Kind == "ChatMessage" { // elsewhere it is an abstract
		n.Sensitive = true // Pleroma sends a summary without sensitive
	}
}

// pageURL picks the page for people out of a string, a Link or an array of them
// (PeerTube, Threads, Bridgy Fed): text/html first, else the first that is not
// said to be of another media type.
func pageURL(v any) string {
	var page, other string
	each(v, func(v any) bool {
		u := webURL(idOf(v))
		if u == "" {
			return true
		}
		var mediaType string
		if link, ok := asObject(v); ok {
			mediaType = linkType(link)
		}
		switch {
		case strings.HasPrefix(mediaType, "text/html"):
			page, other = u, u
			return false
		case mediaType == "" && page == "":
			page = u
		case other == "":
			other = u
		}
		return true
	})
	if page == "" && isSingle(v) {
		return other
	}
	return page
}

func isSingle(v any) bool {
	a, ok := v.([]any)
	return !ok || len(a) == 1
}

// linkType is the media type of a Link; old PeerTube wrote mimeType.
func linkType(link Object) string {
	if m := link.Str("mediaType"); m != "" {
		return strings.ToLower(cut(m, 100))
	}
	return strings.ToLower(cut(link.Str("mimeType"), 100))
}

// readCount reads replies, likes or shares: an id, or a collection with it.
func readCount(o Object, key string) (id string, count int64) {
	count = -1
	if c, ok := o.Obj(key); ok {
		if n, ok := c.Int("totalItems"); ok && n >= 0 {
			count = n
		}
	}
	return cutID(o.FirstID(key)), count
}

// readQuote finds the quoted post under its many names, newest first.
func readQuote(o Object, n *Note) {
	if n.Quote = webURL(o.FirstID("quote")); n.Quote != "" { // FEP-044f; BookWyrm has HTML there
		n.QuoteAuthorization = webURL(o.FirstID("quoteAuthorization"))
		return
	}
	n.QuoteLegacy = true
	for _, key := range []string{"quoteUrl", "quoteUri", "_misskey_quote", "quoteURL"} {
		if n.Quote = webURL(o.FirstID(key)); n.Quote != "" {
			return
		}
	}
	each(o["tag"], func(v any) bool { // FEP-e232
		tag, ok := asObject(v)
		if !ok || tag.Type() != "Link" {
			return true
		}
		mediaType, rel := linkType(tag), strings.Join(tag.IDs("rel"), " ")
		if !strings.HasPrefix(mediaType, ContentType) && !strings.HasPrefix(mediaType, "application/ld+json") {
			return true
		}
		if rel == "" || strings.Contains(rel, "quote") {
			n.Quote = webURL(tag.Str("href"))
		}
		return n.Quote == ""
	})
	n.QuoteLegacy = n.Quote != ""
}
