package federation

import (
	"context"
	"encoding/hex"
	"errors"

	"dassie/federation/ap"
	"dassie/store"
)

// verb is what one kind of activity does here. What is nil does nothing.
type verb struct {
	// apply does it inside a transaction: without the network, and only as far as
	// its sender may.
	apply func(s *Service, tx *store.Tx, in *incoming) (outcome, error)

	// cares says whether it can have any effect here, so that what nobody wants
	// costs no write. It may say yes too often, never no. nil: always yes.
	cares func(s *Service, tx *store.Tx, in *incoming) (bool, error)

	// stranger is cares for an actor who is not stored yet; storing them costs
	// requests. nil: never.
	stranger func(s *Service, tx *store.Tx, act *ap.Activity) (bool, error)

	// check holds the origin rules that this kind has beyond those of all
	// (FEP-fe34). What it refuses is never stored and fetches nothing.
	check func(s *Service, act *ap.Activity) error

	// resolve fetches, before a queued activity is applied, what it names only by id.
	resolve func(s *Service, ctx context.Context, in *incoming) error

	// floods says that strangers send it in masses: what of it nobody wants is
	// dropped before its sender's key is fetched.
	floods bool

	// revises says that it changes or takes back what its sender sent before: while
	// anything of theirs waits, this waits behind it.
	revises bool

	// repeats says that the verb's own rows remember what was done, so that its
	// replays need no memory of their own.
	repeats bool
}

// verbs is the table of everything that has an effect on arrival. What is not
// in it is answered 202 and forgotten.
var verbs = map[string]verb{
	"Accept": {apply: (*Service).onAccept},
	"Add":    {apply: (*Service).onAdd, cares: (*Service).caresForAdd, floods: true},
	"Announce": {apply: (*Service).onAnnounce, cares: (*Service).caresForAnnounce, stranger: (*Service).announceByStranger,
		resolve: (*Service).resolveAnnounce, floods: true, repeats: true},
	"Block": {apply: (*Service).onBlock, cares: (*Service).caresForBlock},
	"Create": {apply: (*Service).onCreate, cares: (*Service).caresForCreate, stranger: (*Service).createByStranger,
		check: (*Service).checkCreated, resolve: (*Service).resolveCreate, repeats: true},
	"Delete":     {apply: (*Service).onDelete, cares: (*Service).caresForDelete, check: (*Service).checkOwned, repeats: true, revises: true},
	"EmojiReact": {apply: (*Service).onLike, cares: (*Service).caresForLike, stranger: (*Service).likeByStranger, floods: true},
	"Flag":       {apply: (*Service).onFlag, cares: (*Service).caresForFlag, stranger: (*Service).flagByStranger},
	"Follow":     {apply: (*Service).onFollow, cares: (*Service).caresForFollow, stranger: (*Service).followByStranger},
	"Like":       {apply: (*Service).onLike, cares: (*Service).caresForLike, stranger: (*Service).likeByStranger, floods: true},
	"Move": {apply: (*Service).onMove, cares: (*Service).caresForMove, check: (*Service).checkMove,
		resolve: (*Service).resolveMove, repeats: true},
	"Reject": {apply: (*Service).onReject},
	"Remove": {apply: (*Service).onRemove, cares: (*Service).caresForFeatured},
	"Undo":   {apply: (*Service).onUndo, cares: (*Service).caresForUndo, check: (*Service).checkUndone, revises: true},
	"Update": {apply: (*Service).onUpdate, cares: (*Service).caresForUpdate, check: (*Service).checkOwned,
		resolve: (*Service).resolveUpdate, repeats: true, revises: true},

	"QuoteRequest":    consentVerb,
	"ReplyRequest":    consentVerb,
	"LikeRequest":     consentVerb,
	"AnnounceRequest": consentVerb,
}

// consentVerb asks the owner to consent to something that is done with a post.
var consentVerb = verb{apply: (*Service).onRequest, cares: (*Service).caresForRequest, stranger: (*Service).requestByStranger,
	check: (*Service).checkRequest}

// undos is what an Undo takes back, by the type of the activity inside. It is
// called with the Undo; in.act.Object may be nil when only an id came.
var undos = map[string]func(s *Service, tx *store.Tx, in *incoming) error{
	"Announce": (*Service).undoAnnounce, "Block": (*Service).undoBlock, "EmojiReact": (*Service).undoLike,
	"Follow": (*Service).undoFollow, "Like": (*Service).undoLike,
}

// knownVerb says whether a kind of activity has any effect.
func knownVerb(kind string) bool { return verbs[kind].apply != nil }

// apply calls an activity's verb, but only once for one signed request: a
// replay has no effect for a week, also after a restart. What must be fetched
// first has had none yet: it is applied as a job, under the same signature.
func (s *Service) apply(tx *store.Tx, in *incoming) (outcome, error) {
	v := verbs[in.act.Type]
	if v.repeats {
		return v.apply(s, tx, in)
	}
	mark := "signature " + hex.EncodeToString(in.proof)
	if before, err := tx.SeenBefore(mark); err != nil || before {
		return done, err
	}
	out, err := v.apply(s, tx, in)
	if err != nil || out != done {
		return out, err
	}
	_, err = tx.Seen(mark)
	return out, err
}

// cares says whether an activity of a stored actor can have any effect here.
func (s *Service) cares(tx *store.Tx, in *incoming) (bool, error) {
	if v := verbs[in.act.Type]; v.cares != nil {
		return v.cares(s, tx, in)
	}
	return true, nil
}

// wantedFromStranger is cares for an actor who is not stored yet.
func (s *Service) wantedFromStranger(ctx context.Context, act *ap.Activity) (bool, error) {
	v := verbs[act.Type]
	if v.stranger == nil && !v.revises {
		return false, nil
	}
	return store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) {
		if v.stranger != nil {
			if wanted, err := v.stranger(s, tx, act); err != nil || wanted {
				return wanted, err
			}
		}
		if !v.revises {
			return false, nil
		}
		return tx.JobWaiting(act.Actor)
	})
}

func postKnown(tx *store.Tx, uri string) (bool, error) {
	_, err := tx.PostIDByURI(uri)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// follows treats a failed look-up as yes: the verb itself will then fail with
// the error and nothing is lost.
func follows(tx *store.Tx, actorID int64) bool {
	yes, err := tx.Follows(actorID)
	return yes || err != nil
}
