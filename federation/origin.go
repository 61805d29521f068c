package federation

import (
	"errors"

	"dassie/federation/ap"
	"dassie/web/reply"
)

// errForeign is wrapped by refusals of claims about somebody else's things.
var errForeign = errors.New("not theirs to say")

// checkOrigin holds the rules of FEP-fe34 for an activity that its signer
// delivered: the one place that says who may speak for whom. What it refuses is
// never stored and fetches nothing.
func (s *Service) checkOrigin(act *ap.Activity, signerURI string) error {
	if act.Actor != signerURI {
		return reply.Errorf(reply.Unauthorized, "the signature belongs to %s, but the activity to %s", printable(signerURI, 200), printable(act.Actor, 200))
	}
	if act.ID != "" && !ap.SameOrigin(act.ID, act.Actor) {
		return reply.Errorf(reply.Forbidden, "the activity's id lies on another server than its actor")
	}
	if s.origin.Owns(act.Actor) {
		return reply.Errorf(reply.Forbidden, "this actor lives here")
	}
	if check := verbs[act.Type].check; check != nil {
		return check(s, act)
	}
	return nil
}

// checkCreated: what is created lies on the actor's server and is attributed to the actor.
func (s *Service) checkCreated(act *ap.Activity) error {
	if act.ObjectID != "" && !ap.SameOrigin(act.ObjectID, act.Actor) {
		return reply.Errorf(reply.Forbidden, "the object lies on another server than its actor")
	}
	if act.Object == nil {
		return nil
	}
	return checkAuthor(act.Object, act.Actor)
}

// checkAuthor: an embedded object counts only if its author is the actor. Some
// servers attribute a post to a person and a group (PeerTube), or to a group with
// the person as actor (Mobilizon); the actor must be among them.
func checkAuthor(o ap.Object, actor string) error {
	authors := append(o.IDs("attributedTo"), o.IDs("actor")...)
	if len(authors) == 0 {
		return nil
	}
	named := false
	for _, a := range authors {
		if !ap.SameOrigin(a, actor) { // T1
			return reply.Errorf(reply.Forbidden, "the object belongs to %s, not to the actor", printable(a, 200))
		}
		named = named || a == actor
	}
	if named {
		return nil
	}
	return reply.Errorf(reply.Forbidden, "the object belongs to %s, not to the actor", printable(authors[0], 200))
}

// checkOwned: changing or deleting something is for its owner's server alone
// (T12). That the row belongs to this very actor is checked where it is read.
func (s *Service) checkOwned(act *ap.Activity) error {
	if act.ObjectID == "" {
		return reply.Errorf(reply.Invalid, "the activity has no object")
	}
	if !ap.SameOrigin(act.ObjectID, act.Actor) {
		return reply.Errorf(reply.Forbidden, "the object lies on another server than the actor")
	}
	if act.Object != nil && act.Type == "Update" && !ap.IsActorType(act.Object.Type()) {
		return checkAuthor(act.Object, act.Actor)
	}
	return nil
}
