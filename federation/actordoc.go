package federation

import (
	"errors"
	"fmt"
	"net/http"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

// ServeActor answers GET of the owner's actor, the same for everybody. While
// signatures are asked for, those without one get what it takes to check ours.
func (s *Service) ServeActor(w http.ResponseWriter, r *http.Request) {
	if s.Settings().AuthorizedFetch {
		if err := s.proveAsker(r); errors.Is(err, errBlocked) {
			s.nothingHere(w, r)
			return
		} else if err != nil {
			s.serveStub(w, r)
			return
		}
	}
	d, err := s.cached(r.Context(), documentKey{kind: docActor}, func(tx *store.Tx) (*document, error) {
		a, err := s.actorDocument(tx)
		if err != nil {
			return nil, err
		}
		return activityDocument(a)
	})
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	s.hand(w, r, d)
}

// ServeInstance answers GET of the instance actor, unsigned always: two servers
// that ask each other for signatures would wait for one another for ever
// (fedify-dev/fedify#124).
func (s *Service) ServeInstance(w http.ResponseWriter, r *http.Request) {
	s.serveCached(w, r, docInstance, func(*store.Tx) (*document, error) {
		a, err := s.instanceDocument()
		if err != nil {
			return nil, err
		}
		return activityDocument(a)
	})
}

// actorDocument is the owner as others see them.
func (s *Service) actorDocument(tx *store.Tx) (*ap.Actor, error) {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return nil, fmt.Errorf("read own profile: %w", err)
	}
	set, err := tx.Settings()
	if err != nil {
		return nil, err
	}
	a := &ap.Actor{
		ID: s.actorURI, Type: "Person", PreferredUsername: s.me.Name,
		WebFinger: s.origin.Handle(s.me.Name), // FEP-2c59
		Name:      me.DisplayName(), Summary: me.Summary, URL: s.origin.URL("/@" + s.me.Name),
		Inbox: s.origin.URL("/inbox"), SharedInbox: s.origin.URL("/inbox"),
		Outbox: s.actorURI + "/outbox", Followers: s.followersURI(), Following: s.actorURI + "/following",
		Featured: s.actorURI + "/featured", FeaturedTags: s.actorURI + "/tags",
		Icon: s.pictureDocument(me.Avatar), Image: s.pictureDocument(me.Header),
		ManuallyApprovesFollowers: set.ApproveFollowers,
		Discoverable:              &set.Discoverable, Indexable: &set.Indexable, // FEP-5feb
		Published: me.PublishedAt, Updated: me.EditedAt,
		AlsoKnownAs: me.Extra.AlsoKnownAs, MovedTo: me.Extra.MovedTo, AttributionDomains: me.Extra.CreditedBy,
	}
	if me.Bot {
		a.Type = "Service"
	}
	a.Emojis = s.wireEmojis(me.Extra.Emojis)
	for _, f := range me.Extra.Fields {
		a.Fields = append(a.Fields, ap.Field{Name: f.Name, Value: f.Value})
	}
	own := s.signers()
	if own.rotating(s.now()) {
		return a, nameKeys(a, own.person, own.ed25519, own.old) // what it signs must be verifiable
	}
	return a, nameKeys(a, own.person, own.ed25519)
}

// instanceDocument is the actor that signs fetches of public things. Whoever
// asks what it is finds it under acct:HOST@HOST.
func (s *Service) instanceDocument() (*ap.Actor, error) {
	a := &ap.Actor{
		ID: s.instanceURI(), Type: "Application", PreferredUsername: s.origin.Host,
		WebFinger: s.origin.Host + "@" + s.origin.Host, URL: s.origin.URL("/about"),
		Inbox: s.origin.URL("/inbox"), SharedInbox: s.origin.URL("/inbox"),
		ManuallyApprovesFollowers: true,
	}
	return a, nameKeys(a, s.signers().instance)
}

// nameKeys adds public keys: the first as publicKey, and all as Multikeys
// (FEP-521a), the first among them under its very id, because some builds of
// Mastodon let assertionMethod replace publicKey.
func nameKeys(a *ap.Actor, signers ...httpsig.Signer) error {
	for _, k := range signers {
		if k.Key == nil {
			continue // accounts restored from an old backup may lack the Ed25519 key
		}
		if len(a.PublicKeys) == 0 {
			pem, err := httpsig.EncodePublicKey(k.Key.Public())
			if err != nil {
				return fmt.Errorf("write key %s: %w", k.KeyID, err)
			}
			a.PublicKeys = []ap.Key{{ID: k.KeyID, Owner: a.ID, PEM: pem}}
		}
		multi, err := httpsig.EncodeMultikey(k.Key.Public())
		if err != nil {
			return fmt.Errorf("write key %s: %w", k.KeyID, err)
		}
		a.Multikeys = append(a.Multikeys, ap.Multikey{ID: k.KeyID, Controller: a.ID, PublicKeyMultibase: multi})
	}
	return nil
}

// pictureDocument is an own picture; the default one is left out, so that every
// server shows its own.
func (s *Service) pictureDocument(name string) ap.Image {
	if name == "" {
		return ap.Image{}
	}
	return ap.Image{URL: s.origin.URL("/media/" + name), MediaType: media.MIME(name)}
}

func (s *Service) followersURI() string { return s.actorURI + "/followers" }

func (s *Service) instanceURI() string { return s.origin.URL("/instance") }
