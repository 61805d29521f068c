package federation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/federation/markup"
	"dassie/store"
)

// flights joins simultaneous fetches of the same actor or thread, and knows which
// deliveries are being sent right now.
type flights struct {
	actors  singleflight.Group
	threads singleflight.Group
	sending sendingSet
}

func (f *flights) has(outgoingID, inboxID int64) bool { return f.sending.has(outgoingID, inboxID) }

// fetchActor finds an actor by id: here, else on its server. It is stored with
// its keys.
func (s *Service) fetchActor(ctx context.Context, uri string) (store.Actor, error) {
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(uri) })
	if !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	return s.refreshActor(ctx, uri)
}

// refreshActor fetches an actor anew, whatever is stored.
func (s *Service) refreshActor(ctx context.Context, uri string) (store.Actor, error) {
	if s.origin.Owns(uri) {
		return store.Actor{}, store.ErrNotFound
	}
	v, err, _ := s.flights.actors.Do(uri, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		obj, err := s.fetchObject(ctx, uri)
		if err != nil {
			return store.Actor{}, err
		}
		doc, err := ap.ReadActor(obj)
		if err != nil {
			return store.Actor{}, fmt.Errorf("read actor %s: %w", uri, err)
		}
		return s.saveActor(ctx, doc)
	})
	if err != nil {
		return store.Actor{}, err
	}
	return v.(store.Actor), nil
}

// saveActor checks an actor's handle (Mastodon's WebFinger loop) and stores it
// with its keys. The document must have come from the actor's own server.
func (s *Service) saveActor(ctx context.Context, doc *ap.Actor) (store.Actor, error) {
	user, domain := s.canonicalHandle(ctx, doc)
	var a store.Actor
	err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
		a, err = s.storeActor(tx, doc, user, domain)
		return err
	})
	if err != nil {
		return a, fmt.Errorf("store actor %s: %w", doc.ID, err)
	}
	s.keys.forget(a.URI)
	return a, nil
}

func (s *Service) storeActor(tx *store.Tx, doc *ap.Actor, user, domain string) (store.Actor, error) {
	a, err := tx.ActorByURI(doc.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	if a.ID == store.OwnerID {
		return a, fmt.Errorf("%w: that is us", errForeign)
	}
	host, err := tx.EnsureHost(ap.Host(doc.ID))
	if err != nil {
		return a, err
	}
	icon, image := doc.Icon.URL, doc.Image.URL
	if icon == "" {
		a.Avatar = ""
	}
	if image == "" {
		a.Header = ""
	}
	fillActor(&a, doc)
	a.HostID, a.Username, a.Domain, a.FetchedAt, a.GoneAt = host, user, domain, s.now(), time.Time{}
	if a.ID != 0 {
		if err := fileLinks(tx, &a); err != nil {
			return a, err
		}
	}
	if err := tx.SaveActor(&a); err != nil {
		return a, err
	}
	if err := noteEmojis(tx, a.HostID, a.Extra.Emojis); err != nil {
		return a, err
	}
	return a, tx.SaveActorKeys(a.ID, s.keyRows(doc))
}

// keyRows are the usable keys of an actor; weak and foreign ones are left out.
func (s *Service) keyRows(doc *ap.Actor) []store.ActorKey {
	var rows []store.ActorKey
	ids := map[string]bool{}
	for _, k := range doc.PublicKeys {
		ids[k.ID] = true
	}
	for _, k := range doc.Multikeys {
		ids[k.ID] = true
	}
	for id := range ids {
		pub, err := keyOf(doc, id)
		if err != nil {
			s.log.Debug("left out a key", "actor", doc.ID, "error", err)
			continue
		}
		if httpsig.CheckKey(pub) != nil {
			continue
		}
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			continue // a kind of key that cannot be stored cannot be used either
		}
		rows = append(rows, store.ActorKey{KeyID: id, DER: der})
	}
	return rows
}

// canonicalHandle is Mastodon's loop: the name at the id's host is asked for by
// WebFinger; if the answer names another domain, that one is asked in turn, one
// hop only, and must point back to this very actor. A handle that does not
// stand this is not believed: the actor then is known under its server's host,
// which speaks for its own names.
func (s *Service) canonicalHandle(ctx context.Context, doc *ap.Actor) (user, domain string) {
	user, domain = doc.PreferredUsername, ap.Host(doc.ID)
	if doc.WebFinger != "" { // FEP-2c59
		u, d, err := ap.ParseHandle(doc.WebFinger)
		if err == nil && d == domain {
			return u, d
		}
		if err == nil && user == "" {
			user = u
		}
		if err == nil && s.handlePointsTo(ctx, u, d, doc.ID) {
			return u, d
		}
	}
	finger, err := s.webFinger(ctx, user, domain)
	if err != nil || finger.self != doc.ID {
		return user, domain
	}
	if finger.domain == domain {
		return finger.user, domain
	}
	if s.handlePointsTo(ctx, finger.user, finger.domain, doc.ID) {
		return finger.user, finger.domain
	}
	return user, domain
}

func (s *Service) handlePointsTo(ctx context.Context, user, domain, actorURI string) bool {
	if ok, err := s.mayContact(ctx, domain); err != nil || !ok {
		return false
	}
	finger, err := s.webFinger(ctx, user, domain)
	return err == nil && finger.self == actorURI && finger.domain == domain && strings.EqualFold(finger.user, user)
}

// finger is what WebFinger says about a handle.
type finger struct {
	user, domain string // the canonical handle
	self         string // the actor's id
}

// webFinger asks a domain about one of its people (RFC 7033).
func (s *Service) webFinger(ctx context.Context, user, domain string) (finger, error) {
	if err := s.notBlocked(ctx, s.origin.Scheme+"://"+domain+"/"); err != nil {
		return finger{}, err
	}
	if err := spend(ctx); err != nil {
		return finger{}, err
	}
	address := s.origin.Scheme + "://" + domain + "/.well-known/webfinger?resource=acct:" + queryEscape(user) + "@" + domain
	doc, err := s.remote.GetJSON(ctx, address, "application/jrd+json", "application/json")
	if err != nil {
		return finger{}, fmt.Errorf("ask %s about %s: %w", domain, user, err)
	}
	obj, err := ap.Parse(doc.Body)
	if err != nil {
		return finger{}, fmt.Errorf("read WebFinger of %s: %w", domain, err)
	}
	var f finger
	if f.user, f.domain, err = ap.ParseHandle(obj.Str("subject")); err != nil {
		return finger{}, fmt.Errorf("read WebFinger of %s: %w", domain, err)
	}
	for _, l := range obj.Objs("links") {
		if l.Str("rel") == "self" && activityType(l.Str("type")) && ap.IsURL(l.Str("href")) {
			f.self = l.Str("href")
			break
		}
	}
	if f.self == "" {
		return finger{}, fmt.Errorf("%w: %s has no ActivityPub account %s", ap.ErrShape, domain, user)
	}
	return f, nil
}

// activityType: peers offer self as activity+json, or only as ld+json with the
// profile (Hubzilla, Pleroma).
func activityType(t string) bool {
	return t == ap.ContentType || strings.HasPrefix(t, "application/ld+json") && strings.Contains(t, ap.ContextURL)
}

// fetchHandle finds a person by handle, following the canonical subject one hop.
func (s *Service) fetchHandle(ctx context.Context, user, domain string) (store.Actor, error) {
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.ActorByHandle(user, domain) })
	if !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	f, err := s.webFinger(ctx, user, domain)
	if err != nil {
		return a, err
	}
	if f.domain != domain {
		if f, err = s.webFinger(ctx, f.user, f.domain); err != nil { // T16: believed only if that domain says the same
			return a, err
		}
	}
	a, err = s.fetchActor(ctx, f.self)
	if err != nil {
		return a, err
	}
	if a.Domain != f.domain || !strings.EqualFold(a.Username, f.user) {
		return a, fmt.Errorf("%w: %s@%s leads to %s, which is %s", errForeign, user, domain, f.self, a.Handle())
	}
	return a, nil
}

func queryEscape(user string) string {
	return strings.NewReplacer("%", "%25", "&", "%26", "#", "%23", " ", "%20", "+", "%2B").Replace(user)
}

// fillActor copies what a document says into a row; all text is made safe here.
func fillActor(a *store.Actor, doc *ap.Actor) {
	a.URI, a.Kind, a.Name = doc.ID, doc.Type, cut(markup.Inline(doc.Name), 200)
	a.Summary, a.URL = markup.CleanHTML(doc.Summary), doc.URL
	a.Inbox, a.SharedInbox, a.Outbox = doc.Inbox, doc.SharedInbox, doc.Outbox
	a.FollowersURI, a.FeaturedURI = doc.Followers, doc.Featured
	a.IconURL, a.ImageURL = doc.Icon.URL, doc.Image.URL
	a.Locked, a.Bot = doc.ManuallyApprovesFollowers, doc.Type == "Service" || doc.Type == "Application"
	a.Discoverable = doc.Discoverable != nil && *doc.Discoverable
	a.Indexable = doc.Indexable != nil && *doc.Indexable
	a.PublishedAt = doc.Published
	if !ap.SameOrigin(a.SharedInbox, a.Inbox) {
		a.SharedInbox = "" // a foreign shared inbox would get what is meant for this server
	}
	if a.URL == "" {
		a.URL = a.URI
	}
	a.Extra = store.ActorExtra{AlsoKnownAs: doc.AlsoKnownAs, MovedTo: doc.MovedTo, CreditedBy: doc.AttributionDomains}
	for _, f := range doc.Fields {
		a.Extra.Fields = append(a.Extra.Fields, store.Field{Name: markup.Inline(f.Name), Value: markup.CleanHTML(f.Value)})
	}
	for _, e := range doc.Emojis {
		a.Extra.Emojis = append(a.Extra.Emojis, store.Emoji{Shortcode: e.Shortcode, URL: e.IconURL})
	}
}

// cut shortens a text to so many runes.
func cut(text string, runes int) string {
	n := 0
	for i := range text {
		if n == runes {
			return text[:i]
		}
		n++
	}
	return text
}
