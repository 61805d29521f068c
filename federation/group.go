package federation

import (
	"context"
	"errors"

	"dassie/federation/ap"
	"dassie/store"
)

// announced is what an Announce is about: a post, or what somebody did with a
// post in a group (FEP-1b12: Lemmy, PieFed, Mbin).
type announced struct {
	verb   string // "" for a plain boost
	uri    string // of the post
	parent string // which the post answers, as the wrapped object says
}

// readAnnounced reads what an Announce says. It is a hint and no more: everything
// that is stored comes from the post's own server.
func readAnnounced(act *ap.Activity) announced {
	if act.Object == nil || !ap.IsActivityType(act.Object.Type()) {
		return announced{uri: act.ObjectID}
	}
	a := announced{verb: act.Object.Type(), uri: act.Object.FirstID("object")}
	if inner, ok := act.Object.Obj("object"); ok {
		a.parent = inner.FirstID("inReplyTo")
	}
	return a
}

// caresForWrapped: posts of a group are shown as its boosts, answers complete the
// threads that are known, a deletion is looked into. Votes, which are most of
// what groups announce, mean nothing here and fetch nothing.
func caresForWrapped(tx *store.Tx, a announced, known bool) (bool, error) {
	switch {
	case a.verb == "Delete":
		return known, nil
	case a.verb == "Update" && known:
		return true, nil
	case a.verb != "Create" && a.verb != "Update":
		return false, nil
	case a.parent != "":
		if known {
			return false, nil
		}
		return postKnown(tx, a.parent)
	}
	return true, nil
}

// resolveAnnounce fetches what an Announce names from its own server, and makes
// it a plain boost of a stored post; what is no boost is done here and leaves none.
func (s *Service) resolveAnnounce(ctx context.Context, in *incoming) error {
	wanted := func() (yes bool, err error) {
		err = s.store.Read(ctx, func(tx *store.Tx) error {
			yes, err = s.caresForAnnounce(tx, in)
			return err
		})
		return yes, err
	}
	if yes, err := wanted(); err != nil || !yes {
		return err
	}
	a := readAnnounced(in.act)
	var post ap.Object
	if a.verb == "" {
		obj, err := s.fetchAnnounced(ctx, a.uri)
		if err != nil {
			return s.nothing(in, err)
		}
		if !ap.IsActivityType(obj.Type()) {
			post = obj
		} else {
			// The id of an activity: what it says comes from its own server, but its post may not.
			in.act.Object, in.act.ObjectID = obj, obj.ID()
			if yes, err := wanted(); err != nil || !yes {
				return err
			}
			a = readAnnounced(in.act)
		}
	}
	in.act.Object, in.act.ObjectID = nil, ""
	switch a.verb {
	case "Delete":
		return s.confirmDeleted(ctx, a.uri)
	case "Update":
		if err := s.refreshPost(ctx, a.uri); err != nil {
			return err
		}
	}
	p, err := s.storeAnnounced(ctx, a.uri, post)
	if err != nil {
		return s.nothing(in, err)
	}
	if a.verb == "" || p.ParentURI == "" {
		in.act.ObjectID = p.URI
	}
	return nil
}

// nothing leaves no boost of a post that is not to be had. Only what may work
// later is an error.
func (s *Service) nothing(in *incoming, err error) error {
	in.act.Object, in.act.ObjectID = nil, ""
	if errors.Is(err, errOverBudget) || !passing(err) {
		s.log.Debug("ignored a boost", "actor", in.sender.URI, "error", err)
		return nil
	}
	return err
}

// fetchAnnounced fetches what a third party named, unless it is here (a nil
// object then) or would be one new server too many (T31).
func (s *Service) fetchAnnounced(ctx context.Context, uri string) (ap.Object, error) {
	known, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return postKnown(tx, uri) })
	if err != nil || known {
		return nil, err
	}
	if err := s.mayAsk(ctx, ap.Host(uri)); err != nil {
		return nil, err
	}
	return s.fetchObject(ctx, uri)
}

// storeAnnounced stores a post that everybody may read. What was fetched already
// is given; else the post is read here, or on its own server.
func (s *Service) storeAnnounced(ctx context.Context, uri string, obj ap.Object) (store.Post, error) {
	if obj == nil {
		var err error
		if obj, err = s.fetchAnnounced(ctx, uri); err != nil {
			return store.Post{}, err
		}
	}
	if obj == nil {
		return store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return tx.PostByURI(uri) })
	}
	note, err := s.noteFrom(obj)
	if err != nil {
		return store.Post{}, err
	}
	if note.IsVote() || !visibilityOf(note.Visibility("", s.actorURI)).Open() {
		return store.Post{}, errForeign // T13: nobody widens it, and we were not meant
	}
	author, err := s.fetchActor(ctx, note.AttributedTo)
	if err != nil {
		return store.Post{}, err
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		return s.storeWithQuote(tx, note, author, 0)
	})
}
