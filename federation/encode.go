package federation

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	contextClimb = 400 // posts that are looked at on the way up to a thread's root
	repliesShown = 20  // replies that stand in the post itself
)

// noteOf is an own post as it leaves, as the row is now: sending and serving
// both come through here. It is not for boosts.
func (s *Service) noteOf(tx *store.Tx, p store.Post) (*ap.Note, error) {
	if !p.Own() || p.BoostOf != 0 {
		return nil, fmt.Errorf("write post %d: it is no post of the owner", p.ID)
	}
	named := make([]string, 0, len(p.Extra.Mentions))
	n := &ap.Note{
		ID: p.URI, Kind: "Note", AttributedTo: s.actorURI, URL: s.pageOf(p),
		Summary: p.Summary, Sensitive: p.Sensitive || p.Summary != "",
		Content: p.Content, Language: p.Language,
		Published: p.PublishedAt, Updated: p.EditedAt, InReplyTo: p.ParentURI,
		RepliesID: p.URI + "/replies",
		LikesID:   p.URI + "/likes", LikesCount: int64(p.Likes),
		SharesID: p.URI + "/shares", SharesCount: int64(p.Boosts),
		DirectMessage: p.Visibility == store.Direct,
	}
	for _, m := range p.Extra.Mentions {
		if m.URI == "" || slices.Contains(named, m.URI) {
			continue
		}
		named = append(named, m.URI)
		n.Mentions = append(n.Mentions, ap.Mention{Href: m.URI, Name: "@" + m.Handle})
	}
	n.To, n.CC = ap.Audience(wireVisibility(p.Visibility), s.followersURI(), named)
	for _, tag := range p.Extra.Tags {
		n.Hashtags = append(n.Hashtags, ap.Hashtag{Name: tag, Href: s.origin.URL("/tags/" + url.PathEscape(store.TagName(tag)))})
	}
	n.Emojis = s.wireEmojis(p.Extra.Emojis)
	for _, a := range p.Extra.Attachments {
		n.Attachments = append(n.Attachments, s.attachmentOf(a))
	}
	if p.Source != "" {
		n.Source = &ap.Source{Content: p.Source, MediaType: "text/plain"}
		if p.Extra.Markdown {
			n.Source.MediaType = "text/markdown"
		}
	}
	if p.Extra.Poll != nil {
		n.Kind, n.Poll = "Question", wirePoll(p.Extra.Poll, s.now())
	}
	n.InteractionPolicy = s.interactionPolicy(p)
	if err := fillQuote(tx, n, p); err != nil {
		return nil, err
	}
	var err error
	if n.Context, err = s.contextOf(tx, p); err != nil {
		return nil, err
	}
	n.Conversation = n.Context
	n.Replies, err = s.repliesOf(tx, p)
	return n, err
}

// activityOf wraps an own post as it is now into a Create or an Update, or
// writes the Announce that a boost's row stands for, or the request to quote.
func (s *Service) activityOf(tx *store.Tx, p store.Post, kind string) (*ap.Message, error) {
	switch kind {
	case "Announce":
		return s.announceOf(tx, p)
	case "QuoteRequest":
		return s.quoteRequestOf(tx, p)
	}
	n, err := s.noteOf(tx, p)
	if err != nil {
		return nil, err
	}
	id, at := p.URI+"/activity", p.PublishedAt
	if kind == "Update" {
		// One id per edit, the same at every try.
		id, at = s.origin.URL("/activities/"+strconv.FormatInt(store.IDAt(p.EditedAt)|0xffff, 10)), p.EditedAt
	}
	return ap.NewActivity(kind, id, s.actorURI, n, n.To, n.CC, at), nil
}

// announceOf names the author of what is boosted in cc: else they get no notice.
func (s *Service) announceOf(tx *store.Tx, p store.Post) (*ap.Message, error) {
	target, err := tx.Post(p.BoostOf)
	if err != nil {
		return nil, fmt.Errorf("read boosted post %d: %w", p.BoostOf, err)
	}
	var named []string
	if !target.Own() {
		author, err := tx.Actor(target.ActorID)
		if err != nil {
			return nil, fmt.Errorf("read author of boosted post %d: %w", p.BoostOf, err)
		}
		named = []string{author.URI}
	}
	to, cc := ap.Audience(wireVisibility(p.Visibility), s.followersURI(), named)
	return ap.NewActivity("Announce", p.URI, s.actorURI, target.URI, to, cc, p.PublishedAt), nil
}

func wireVisibility(v store.Visibility) ap.Visibility {
	switch v {
	case store.Public:
		return ap.VisPublic
	case store.Unlisted:
		return ap.VisUnlisted
	case store.Followers:
		return ap.VisFollowers
	}
	return ap.VisDirect
}

// attachmentOf points at the stored file; the address of a private post's file
// was drawn when it was attached and stands in URL.
func (s *Service) attachmentOf(a store.Attachment) ap.Attachment {
	address := a.URL
	if address == "" && a.Name != "" {
		address = s.origin.URL("/media/" + a.Name)
	} else if strings.HasPrefix(address, "/") {
		address = s.origin.URL(address)
	}
	return ap.Attachment{
		MediaType: a.MediaType, URL: address, Name: a.Alt, Width: a.Width, Height: a.Height,
		Blurhash: a.Blurhash, FocalX: a.FocalX, FocalY: a.FocalY,
	}
}

// contextOf is the conversation that a post belongs to (FEP-7888): the one its
// root names, else the nearest that an ancestor names, else our own collection
// under the topmost own post that the readers of this one may know of.
func (s *Service) contextOf(tx *store.Tx, p store.Post) (string, error) {
	if p.Extra.Context != "" {
		return p.Extra.Context, nil
	}
	up, err := tx.Ancestors(p, contextClimb)
	if err != nil {
		return "", fmt.Errorf("read thread of post %d: %w", p.ID, err)
	}
	// A conversation of ours is named after a post: not after one that readers
	// of this one may not know of.
	told := slices.DeleteFunc(up, func(a store.Post) bool { return a.Own() && a.Visibility > p.Visibility })
	if len(told) > 0 && told[0].Extra.Context != "" {
		return told[0].Extra.Context, nil
	}
	for _, a := range slices.Backward(told) {
		if a.Extra.Context != "" {
			return a.Extra.Context, nil
		}
	}
	for _, a := range told {
		if a.Own() {
			return s.contextURI(a.ID), nil
		}
	}
	return s.contextURI(p.ID), nil
}

func (s *Service) contextURI(id int64) string {
	return s.origin.URL("/contexts/" + strconv.FormatInt(id, 10))
}

// pageOf is where people read an own post.
func (s *Service) pageOf(p store.Post) string {
	if p.URL != "" {
		return p.URL
	}
	return s.origin.URL("/@" + s.me.Name + "/" + strconv.FormatInt(p.ID, 10))
}

// repliesOf is the collection of replies with its first page inside, so that a
// server which meets the post finds the talk below it.
func (s *Service) repliesOf(tx *store.Tx, p store.Post) (*ap.Collection, error) {
	ids, next, err := s.replyIDs(tx, p, 0, repliesShown)
	if err != nil {
		return nil, err
	}
	return s.repliesCollection(p, ids, next), nil
}
