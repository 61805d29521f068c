package federation

import (
	"context"
	"fmt"
	"reflect"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// QuotePolicy is who may quote an own post. Posts for few are never quotable by others.
func (s *Service) QuotePolicy(p store.Post) store.QuotePolicy {
	switch {
	case !p.Visibility.Open():
		return store.QuoteNobody
	case p.Extra.QuotePolicy.Valid():
		return p.Extra.QuotePolicy
	}
	return s.Settings().QuotePolicy // written before posts had one of their own
}

// interactionPolicy is what an own post says about quotes (FEP-044f). Nobody is
// written as the owner alone: an empty array means that nothing was said. Likes
// and replies are open to all who may read the post, boosts to all who may read
// what everybody can; that is said since GoToSocial before 0.20 takes what is not
// named for forbidden, and in its words as well (mastodon/mastodon#36004).
func (s *Service) interactionPolicy(p store.Post) ap.Object {
	anybody := ap.Object{"automaticApproval": []string{ap.Public}, "always": []string{ap.Public}}
	boosts := anybody
	if !p.Visibility.Open() {
		boosts = ap.Object{"automaticApproval": []string{s.actorURI}, "always": []string{s.actorURI}}
	}
	who := s.actorURI
	switch s.QuotePolicy(p) {
	case store.QuotePublic:
		who = ap.Public
	case store.QuoteFollowers:
		who = s.followersURI()
	}
	return ap.Object{
		"canQuote": ap.Object{"automaticApproval": []string{who}},
		"canLike":  anybody, "canReply": anybody, "canAnnounce": boosts,
	}
}

// SetQuotePolicy changes who may quote an own post from now on; consent that was
// given stays. The servers that have the post are told.
func (s *Service) SetQuotePolicy(ctx context.Context, postID int64, policy store.QuotePolicy) (store.Post, error) {
	if !policy.Valid() {
		return store.Post{}, reply.Errorf(reply.Unprocessable, "Choose who may quote the post.")
	}
	p, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, err := ownPost(tx, postID)
		if err != nil || !p.Visibility.Open() || p.Extra.QuotePolicy == policy {
			return p, err // nobody else can quote what is for few, whatever is chosen
		}
		p.Extra.QuotePolicy = policy
		if err := tx.SetPostExtra(&p); err != nil {
			return p, err
		}
		return p, s.sendUpdate(tx, p)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("change who may quote post %d: %w", postID, err)
	}
	return p, err
}

// sendUpdate tells the servers that have an own post, or wait for it, what became
// of it without an edit by the owner.
func (s *Service) sendUpdate(tx *store.Tx, p store.Post) error {
	to, err := s.holding(tx, p)
	if err != nil {
		return err
	}
	if to, err = unblocked(tx, to); err != nil {
		return err
	}
	s.emit(tx, EventEdit, p.ID)
	return s.sendPost(tx, "Update", p, to)
}

// policyOf reads who may do what with another's post (GoToSocial's interaction
// controls, FEP-044f), as far as it matters to the owner; nil if nothing is said.
func (s *Service) policyOf(n *ap.Note, author store.Actor) *store.Policy {
	p := &store.Policy{
		Like: s.grantOf(n, author, "canLike"), Reply: s.grantOf(n, author, "canReply"),
		Announce: s.grantOf(n, author, "canAnnounce"), Quote: s.grantOf(n, author, "canQuote"),
	}
	if *p == (store.Policy{}) {
		return nil
	}
	return p
}

// grantOf reads one sub-policy; GoToSocial before 0.20 has other names in it.
func (s *Service) grantOf(n *ap.Note, author store.Actor, key string) *store.Grant {
	sub, ok := n.InteractionPolicy.Obj(key)
	if !ok {
		return nil
	}
	read := func(names ...string) (who store.Who) {
		for _, name := range names {
			for _, id := range sub.IDs(name) {
				who |= s.whoIs(id, author)
			}
		}
		return who
	}
	g := store.Grant{Auto: read("automaticApproval", "always"), Manual: read("manualApproval", "approvalRequired")}
	if g == (store.Grant{}) {
		return nil
	}
	return &g
}

func (s *Service) whoIs(id string, author store.Actor) store.Who {
	switch {
	case ap.IsPublic(id):
		return store.WhoPublic
	case id == s.actorURI:
		return store.WhoOwner
	case id == author.URI:
		return store.WhoAuthor
	case id == author.FollowersURI:
		return store.WhoFollowers
	case id == author.URI+"/following": // no row keeps its address; GoToSocial and Mastodon have it there
		return store.WhoFollowing
	}
	return store.WhoOthers
}

// notePolicy stores a policy that changed without an edit of the text.
func notePolicy(tx *store.Tx, before *store.Post, now store.Post) error {
	if reflect.DeepEqual(before.Extra.Policy, now.Extra.Policy) {
		return nil
	}
	before.Extra.Policy = now.Extra.Policy
	return tx.SetPostExtra(before)
}

// MayQuote is what the author of a post says to being quoted by the owner. Own
// posts may be quoted, but for those to named people; others' only if everybody
// can read them.
func (s *Service) MayQuote(p store.Post, b store.Bond) store.Permission {
	switch {
	case p.BoostOf != 0 || p.Visibility == store.Direct:
		return store.Denied
	case p.Own():
		return store.Allowed
	case !p.Visibility.Open():
		return store.Denied
	case p.Extra.Policy == nil:
		return store.Untold
	}
	return p.Extra.Policy.Quote.For(b)
}

// quotableByAll says that the author lets everybody quote a post: then a quote
// made with fields that know no consent is shown as well.
func (s *Service) quotableByAll(p store.Post) bool {
	if p.Own() {
		return s.QuotePolicy(p) == store.QuotePublic
	}
	return p.Visibility.Open() && p.Extra.Policy != nil && p.Extra.Policy.Quote.Everybody()
}
