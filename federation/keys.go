package federation

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/store"
	"dassie/web/reply"
)

const (
	keysCached  = 2000             // parsed keys in memory, about 1 KB each
	keyNegative = 10 * time.Minute // how long a failed key look-up is remembered …
	keyPassing  = time.Minute      // … and one that failed for a passing reason
	replaysKept = 50_000           // signatures remembered against replay
	keyRefetch  = 5 * time.Minute  // rotation: how often a cached key may be fetched again
	keysRefused = 4096             // failed look-ups remembered
	keyOwners   = 64               // actors that came with a key and are not stored yet; up to 200 KB each
)

// signer is who signed a request: a verified key and its owner.
type signer struct {
	keyID    string
	key      crypto.PublicKey
	actorURI string
	actorID  int64     // 0 while the actor is not stored
	kind     string    // ActivityPub type of the actor, as fetched; "" if the key came from the store
	doc      *ap.Actor // the actor as it came with the key, while it is not stored; the cache keeps few of them, see owners
	fetched  time.Time
}

// keyCache holds the keys of others by their whole id.
type keyCache struct {
	known   *lru.Cache[string, *signer]
	refused *expirable.LRU[string, refusedKey]
	owners  *lru.Cache[string, *ap.Actor] // by actor id
	flight  singleflight.Group
}

// refusedKey is a failed look-up.
type refusedKey struct {
	err   error
	until time.Time
}

func newKeyCache() *keyCache {
	known, err := lru.New[string, *signer](keysCached)
	if err != nil {
		panic(err) // only for a size below 1
	}
	owners, err := lru.New[string, *ap.Actor](keyOwners)
	if err != nil {
		panic(err)
	}
	return &keyCache{known: known, owners: owners, refused: expirable.NewLRU[string, refusedKey](keysRefused, nil, keyNegative)}
}

// withOwner adds the document of an actor that is not stored yet, if it is still there.
func (c *keyCache) withOwner(k *signer) *signer {
	doc, ok := c.owners.Get(k.actorURI)
	if !ok || k.actorID != 0 {
		return k
	}
	full := *k
	full.doc = doc
	return &full
}

// forget drops what is cached about an actor, after its profile changed.
func (c *keyCache) forget(actorURI string) {
	c.owners.Remove(actorURI)
	for _, id := range c.known.Keys() {
		if k, ok := c.known.Peek(id); ok && k.actorURI == actorURI {
			c.known.Remove(id)
		}
	}
}

// replayMemory remembers signatures while their requests would still pass the clock.
type replayMemory struct {
	seen *lru.Cache[[32]byte, time.Time]
}

func newReplayMemory() *replayMemory {
	seen, err := lru.New[[32]byte, time.Time](replaysKept)
	if err != nil {
		panic(err)
	}
	return &replayMemory{seen: seen}
}

func (m *replayMemory) known(sig *httpsig.Signature, now time.Time) bool {
	until, ok := m.seen.Get(sig.ReplayKey())
	return ok && now.Before(until)
}

func (m *replayMemory) remember(sig *httpsig.Signature) {
	m.seen.Add(sig.ReplayKey(), sig.ValidUntil())
}

// parseSignature checks everything about a request's signature that needs no key.
func (s *Service) parseSignature(r *http.Request, body []byte) (*httpsig.Signature, error) {
	o := httpsig.Options{Scheme: s.origin.Scheme, Host: s.origin.Host, Body: body, Now: s.now()}
	if s.origin.Domain != s.origin.Host {
		o.Hosts = []string{s.origin.Domain}
	}
	sig, err := httpsig.Parse(r, o)
	if err != nil {
		code := reply.Unauthorized
		if errors.Is(err, httpsig.ErrMalformed) {
			code = reply.Invalid
		}
		return nil, &reply.Error{Code: code, Message: strings.TrimPrefix(err.Error(), "httpsig: "), Err: err}
	}
	return sig, nil
}

// cachedSigner looks a key up without the network.
func (s *Service) cachedSigner(ctx context.Context, keyID string) (*signer, error) {
	if k, ok := s.keys.known.Get(keyID); ok {
		return s.keys.withOwner(k), nil
	}
	var k *signer
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		row, err := tx.ActorKeyByID(keyID)
		if err != nil {
			return err
		}
		a, err := tx.Actor(row.ActorID)
		if err != nil {
			return err
		}
		pub, err := x509.ParsePKIXPublicKey(row.DER)
		if err != nil {
			return fmt.Errorf("read key %s: %w", keyID, err)
		}
		k = &signer{keyID: keyID, key: pub, actorURI: a.URI, actorID: a.ID, fetched: row.FetchedAt}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.keys.known.Add(keyID, k)
	return k, nil
}

// fetchSigner looks a key up over the network, once at a time per key and host,
// and remembers failures, so that forged requests cannot make us knock (T32).
// The look-up outlives the request that began it: a forger who hangs up must not
// spoil it for the others who wait for the same key.
func (s *Service) fetchSigner(ctx context.Context, keyID, source string) (*signer, error) {
	if r, ok := s.keys.refused.Get(keyID); ok && s.now().Before(r.until) {
		return nil, r.err
	}
	host := ap.Host(keyID)
	if !s.budget.keyFetch(host, source) {
		return nil, &reply.Error{Code: reply.RateLimited, Message: "too many unknown keys; try again later", RetryAfter: time.Minute}
	}
	leave, ok := s.budget.enter(host)
	if !ok {
		return nil, busyKeys()
	}
	defer leave()
	ctx = context.WithoutCancel(ctx)
	v, err, _ := s.keys.flight.Do(keyID, func() (any, error) {
		release, ok := s.budget.keyHost(ctx, host)
		if !ok {
			return nil, busyKeys()
		}
		defer release()
		return s.requestKey(ctx, keyID)
	})
	if err != nil {
		s.refuseKey(keyID, err)
		return nil, err
	}
	k := v.(*signer)
	s.keys.known.Add(keyID, k)
	return s.keys.withOwner(k), nil
}

func busyKeys() error {
	return &reply.Error{Code: reply.Unavailable, Message: "your server is being asked for too many keys at once", RetryAfter: time.Minute}
}

// refuseKey remembers that a key could not be verified. Want of room and faults
// of our own say nothing about the key and are not remembered.
func (s *Service) refuseKey(keyID string, err error) {
	if reply.CodeOf(err) != reply.Unauthorized {
		return
	}
	wait := keyNegative
	if passing(errors.Unwrap(err)) {
		wait = keyPassing
	}
	s.keys.refused.Add(keyID, refusedKey{err, s.now().Add(wait)})
}

// requestKey fetches the document of a key and, if that is not the actor
// itself, the actor it names; the actor must name the key in turn (T2, T3).
func (s *Service) requestKey(ctx context.Context, keyID string) (*signer, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	address, _, _ := strings.Cut(keyID, "#")
	obj, err := s.fetchKeyDocument(ctx, address)
	if err != nil {
		return nil, unverifiable(keyID, err)
	}
	actor, err := ap.ReadActor(obj)
	if err != nil || ap.IsKeyStub(obj) || obj.ID() != address {
		// GoToSocial serves a stub at the key's own path: the owner is one step further.
		if actor, err = s.fetchKeyOwner(ctx, keyID, obj); err != nil {
			return nil, unverifiable(keyID, err)
		}
	}
	pub, err := keyOf(actor, keyID)
	if err != nil {
		return nil, unverifiable(keyID, err)
	}
	k := &signer{keyID: keyID, key: pub, actorURI: actor.ID, kind: actor.Type, fetched: s.now()}
	id, err := store.Get(ctx, s.store, func(tx *store.Tx) (int64, error) { return tx.ActorIDByURI(actor.ID) })
	if err == nil {
		// Known, but under another key: the key was changed at its server.
		k.actorID = id
		if _, err := s.saveActor(ctx, actor); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	} else {
		s.keys.owners.Add(actor.ID, actor)
	}
	return k, nil
}

// fetchKeyDocument is fetchObject without the rule that the document has an id
// of its own: bare key documents may carry only that of the key.
func (s *Service) fetchKeyDocument(ctx context.Context, address string) (ap.Object, error) {
	doc, err := s.getObject(ctx, address, s.signers().instance)
	if err != nil {
		return nil, err
	}
	obj, err := ap.Parse(doc.Body)
	if err != nil {
		return nil, err
	}
	if id := obj.ID(); id != "" && !ap.SameOrigin(id, address) { // T3
		return nil, fmt.Errorf("%w: the document at %s calls itself %s", errForeign, address, id)
	}
	return obj, nil
}

func (s *Service) fetchKeyOwner(ctx context.Context, keyID string, obj ap.Object) (*ap.Actor, error) {
	owner := ""
	keys, _ := ap.ReadKeys(obj)
	for _, k := range keys {
		if k.ID == keyID {
			owner = k.Owner
		}
	}
	if owner == "" && obj.ID() == keyID {
		owner = obj.FirstID("owner")
	}
	if owner == "" {
		return nil, fmt.Errorf("%w: no owner of the key is named", errForeign)
	}
	if !ap.SameOrigin(owner, keyID) { // FEP-fe34: key id and key owner
		return nil, fmt.Errorf("%w: the key is said to belong to %s", errForeign, owner)
	}
	full, err := s.fetchObject(ctx, owner)
	if err != nil {
		return nil, err
	}
	return ap.ReadActor(full)
}

// keyOf finds a key in its owner's document.
func keyOf(actor *ap.Actor, keyID string) (crypto.PublicKey, error) {
	if !ap.SameOrigin(actor.ID, keyID) {
		return nil, fmt.Errorf("%w: %s has a key on another server", errForeign, actor.ID)
	}
	for _, k := range actor.PublicKeys {
		if k.ID == keyID && k.Owner == actor.ID {
			return httpsig.ParsePublicKey(k.PEM)
		}
	}
	for _, k := range actor.Multikeys { // FEP-521a
		if k.ID == keyID && k.Controller == actor.ID {
			return httpsig.ParseMultikey(k.PublicKeyMultibase)
		}
	}
	return nil, fmt.Errorf("%w: %s does not name this key as its own", errForeign, actor.ID)
}

func unverifiable(keyID string, err error) error {
	return &reply.Error{Code: reply.Unauthorized, Message: "the key " + printable(keyID, 200) + " could not be verified", Err: err}
}

// verify checks a parsed signature against its key: the cached one first, and
// once more with a fresh one, since keys rotate.
func (s *Service) verify(ctx context.Context, sig *httpsig.Signature, source string) (*signer, error) {
	k, err := s.cachedSigner(ctx, sig.KeyID)
	if errors.Is(err, store.ErrNotFound) {
		if k, err = s.fetchSigner(ctx, sig.KeyID, source); err != nil {
			return nil, err
		}
		return k, verified(sig.Verify(k.key))
	}
	if err != nil {
		return nil, err
	}
	bad := sig.Verify(k.key)
	if bad == nil || s.now().Sub(k.fetched) < keyRefetch {
		return k, verified(bad)
	}
	fresh, err := s.fetchSigner(ctx, sig.KeyID, source)
	if err != nil {
		return nil, verified(bad)
	}
	return fresh, verified(sig.Verify(fresh.key))
}

func verified(err error) error {
	if err == nil {
		return nil
	}
	return &reply.Error{Code: reply.Unauthorized, Message: strings.TrimPrefix(err.Error(), "httpsig: "), Err: err}
}

// verifyGet says who signed a GET; the actor has no id if it is not stored here.
func (s *Service) verifyGet(ctx context.Context, r *http.Request) (store.Actor, error) {
	sig, err := s.parseSignature(r, nil)
	if err != nil {
		return store.Actor{}, err
	}
	k, err := s.verify(ctx, sig, s.source(r))
	if err != nil {
		return store.Actor{}, err
	}
	if k.actorID != 0 {
		return store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(k.actorID) })
	}
	return store.Actor{URI: k.actorURI, Kind: k.kind}, nil
}

// printable cuts a stranger's text to one safe line for messages and logs.
func printable(text string, limit int) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() >= limit {
			b.WriteString("…")
			break
		}
		if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
