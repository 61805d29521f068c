package federation

import (
	"dassie/store"
)

// Shown says how a quote stands before the owner.
type Shown string

const (
	ShownAccepted Shown = "accepted" // with the quoted post
	ShownPending  Shown = "pending"  // no consent that could be verified, yet
	ShownRefused  Shown = "refused"
	ShownRevoked  Shown = "revoked"
	ShownGone     Shown = "gone"   // consented, but the quoted post is not here any more
	ShownHidden   Shown = "hidden" // by somebody who is blocked, or gone
	ShownLink     Shown = "link"   // made with fields that know no consent: only the link in the text
)

// QuoteView is what a post quotes, as it may be shown to the owner.
type QuoteView struct {
	State Shown
	URI   string     // of the quoted post
	Post  store.Post // in state accepted; of an own quote whatever the state, if it is here
}

// QuoteViews reads what posts quote, by the id of the quoting post, in a few
// queries for all of them. A quote made with fields that know no consent is shown
// if its author lets everybody quote the post.
func (s *Service) QuoteViews(tx *store.Tx, posts []store.Post) (map[int64]QuoteView, error) {
	var ids []int64
	own := map[int64]bool{}
	for _, p := range posts {
		if p.Extra.QuoteURI != "" {
			ids = append(ids, p.ID)
			own[p.ID] = p.Own()
		}
	}
	views := map[int64]QuoteView{}
	quotes, err := tx.Quotes(ids)
	if err != nil || len(quotes) == 0 {
		return views, err
	}
	quotedIDs := make([]int64, len(quotes))
	for i, q := range quotes {
		quotedIDs[i] = q.QuotedID
	}
	list, err := tx.Posts(quotedIDs)
	if err != nil {
		return nil, err
	}
	quoted, authors := map[int64]store.Post{}, []int64{}
	for _, p := range list {
		quoted[p.ID] = p
		authors = append(authors, p.ActorID)
	}
	actors, err := tx.Actors(authors...)
	if err != nil {
		return nil, err
	}
	hidden, err := tx.HiddenActors(actors)
	if err != nil {
		return nil, err
	}
	for _, q := range quotes {
		views[q.PostID] = s.quoteView(q, quoted, hidden, own[q.PostID])
	}
	return views, nil
}

func (s *Service) quoteView(q store.Quote, posts map[int64]store.Post, hidden map[int64]bool, own bool) QuoteView {
	v := QuoteView{URI: q.QuotedURI}
	p, here := posts[q.QuotedID]
	here = here && p.BoostOf == 0
	switch q.State {
	case store.QuoteAccepted:
		v.State = ShownAccepted
		if !here {
			v.State = ShownGone
		}
	case store.QuoteRefused:
		v.State = ShownRefused
	case store.QuoteRevoked:
		v.State = ShownRevoked
	case store.QuoteLegacy:
		v.State = ShownLink
		if here && s.quotableByAll(p) {
			v.State = ShownAccepted
		}
	default:
		v.State = ShownPending
	}
	if here && hidden[p.ActorID] {
		v.State, here = ShownHidden, false // T19
	}
	if here && (v.State == ShownAccepted || own) {
		v.Post = p
	}
	return v
}
