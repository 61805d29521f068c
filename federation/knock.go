package federation

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/federation/remote"
	"dassie/store"
)

const (
	maxKnocks   = 3                   // signed tries of one request
	wayKept     = 30 * 24 * time.Hour // how long it is remembered how a server wants to be signed to
	waysCached  = 4096                // servers of which that is in memory
	refusesKept = time.Hour           // how long a server that refuses a delivery in either scheme gets only one try for each
)

// way is how a server wants to be signed to, each with the time when that is
// forgotten; zero: nothing is known. What a fetch teaches counts for fetches
// alone and is not stored: many servers hand out public documents whatever the
// signature, and it must not lead a delivery astray.
type way struct {
	scheme httpsig.Scheme
	until  time.Time
	fetch  httpsig.Scheme
	asked  time.Time // of fetch
	single time.Time // until then deliveries are tried in one scheme alone
}

// first is the scheme of the first try.
func (w way) first(post bool, now time.Time) httpsig.Scheme {
	switch {
	case !post && now.Before(w.asked):
		return w.fetch
	case now.Before(w.until):
		return w.scheme
	}
	return httpsig.Cavage
}

// ways remembers how servers want to be signed to, in memory before the hosts table.
type ways struct {
	mu     sync.Mutex
	byHost *lru.Cache[string, way]
}

func (w *ways) init() {
	byHost, err := lru.New[string, way](waysCached)
	if err != nil {
		panic(err) // only for a size below 1
	}
	w.byHost = byHost
}

// change updates what is in memory of a host.
func (w *ways) change(host string, f func(*way)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found, _ := w.byHost.Get(host)
	f(&found)
	w.byHost.Add(host, found)
}

// wayTo is how a host wants to be signed to.
func (s *Service) wayTo(ctx context.Context, host string) way {
	w, ok := s.ways.byHost.Get(host)
	if !ok {
		h, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Host, error) { return tx.Host(host) })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			s.log.Warn("cannot read how a server wants to be signed to", "host", host, "error", err)
			return w // the usual scheme; a refusal leads to the other
		}
		if !h.SignatureAt.IsZero() {
			w = way{scheme: httpsig.Scheme(h.Signature), until: h.SignatureAt.Add(wayKept)}
		}
		s.ways.change(host, func(found *way) { found.scheme, found.until = w.scheme, w.until })
	}
	return w
}

// learnWay remembers in which scheme a host took a delivery that it had refused
// in the other.
func (s *Service) learnWay(ctx context.Context, host string, scheme httpsig.Scheme) {
	s.ways.change(host, func(w *way) { *w = way{scheme: scheme, until: s.now().Add(wayKept)} })
	err := s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.SetHostSignature(host, int(scheme)) })
	if err != nil {
		s.log.Warn("cannot note how a server wants to be signed to", "host", host, "error", err) // it is found out again
	}
}

// knock is one request to a server, signed in up to three ways: draft-cavage
// first, since there are servers that answer 200 to RFC 9421 and drop it
// (pixelfed#6590); the other scheme when that is refused; in both places what
// the server itself asks for. A server that is content costs one signature.
type knock struct {
	s      *Service
	host   string
	signer httpsig.Signer
	body   []byte
	post   bool
	way    way
	first  httpsig.Scheme

	next     *httpsig.Signer // while keys rotate: the new one, for a server that does not take the old …
	switched func()          // … which is noted

	tries  int
	scheme httpsig.Scheme
	tried  [2]bool          // by scheme
	bare   bool             // the query is left out of the signature …
	query  bool             // … of an address that has one
	wanted []httpsig.Wanted // what the server asked for
	asked  bool
}

func (s *Service) newKnock(ctx context.Context, address string, by httpsig.Signer, post bool) *knock {
	k := &knock{s: s, host: ap.Host(address), signer: by, query: strings.Contains(address, "?"), post: post}
	k.way = s.wayTo(ctx, k.host)
	k.first = k.way.first(post, s.now())
	k.scheme = k.first
	return k
}

// sign signs a request as it is this try's turn.
func (k *knock) sign(r *http.Request) error {
	k.tried[k.scheme] = true
	now := k.s.now()
	if k.wanted != nil {
		err := k.signer.SignWanted(r, k.body, now, k.wanted)
		if !errors.Is(err, httpsig.ErrUnwilling) {
			return err
		}
	}
	if k.scheme == httpsig.RFC9421 {
		return k.signer.SignRFC9421(r, k.body, now)
	}
	signed := r
	if k.bare {
		address := *r.URL
		address.RawQuery, address.ForceQuery = "", false
		signed = r.WithContext(r.Context()) // shares the header map with r
		signed.URL = &address
	}
	return k.signer.SignCavage(signed, k.body, now)
}

// refused says whether a status can mean that the signature was not understood.
func (k *knock) refused(ctx context.Context, status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return true
	case http.StatusNotFound: // Threads (evanp/activitypub-bot#179)
		return k.host == "threads.net" || strings.HasSuffix(k.host, ".threads.net") || k.software(ctx) == "threads"
	}
	return false
}

func (k *knock) software(ctx context.Context) string {
	h, err := store.Get(ctx, k.s.store, func(tx *store.Tx) (store.Host, error) { return tx.Host(k.host) })
	if err != nil {
		return "" // not known is as good as none
	}
	return h.Software
}

// again decides after a refusal whether to try once more, and how.
func (k *knock) again(ctx context.Context, status int, accept string) bool {
	k.tries++
	if k.tries >= maxKnocks {
		return false
	}
	if status == http.StatusUnauthorized && k.next != nil {
		k.signer, k.next, k.tried = *k.next, nil, [2]bool{}
		k.switched()
		return true
	}
	if k.post && k.s.now().Before(k.way.single) {
		return false
	}
	if status == http.StatusUnauthorized && accept != "" && !k.asked {
		if wanted, err := httpsig.ParseAcceptSignature(accept); err == nil {
			k.asked, k.wanted, k.scheme = true, wanted, httpsig.RFC9421
			return true
		}
	}
	// Peers differ on whether the query is signed (superseriousbusiness/gotosocial#894).
	if status == http.StatusUnauthorized && !k.post && k.query && !k.bare && k.scheme == httpsig.Cavage {
		k.bare = true
		return true
	}
	other := httpsig.RFC9421
	if k.scheme == httpsig.RFC9421 {
		other = httpsig.Cavage
	}
	if k.tried[other] || other == httpsig.RFC9421 && k.software(ctx) == "pixelfed" {
		return false
	}
	k.scheme, k.wanted, k.bare = other, nil, false
	return true
}

// gotIn remembers how a request got in that was refused at first.
func (k *knock) gotIn(ctx context.Context) {
	switch {
	case k.scheme == k.first:
	case k.post:
		k.s.learnWay(ctx, k.host, k.scheme)
	default:
		k.s.ways.change(k.host, func(w *way) { w.fetch, w.asked = k.scheme, k.s.now().Add(wayKept) })
	}
}

// deliver makes the tries of a POST. Of several answers that refuse it, the one
// that says most counts: the last, unless that says only that it could not check.
func (k *knock) deliver(ctx context.Context, try func(sign func(*http.Request) error) (*remote.Answer, error)) (*remote.Answer, error) {
	var said *remote.Answer
	for {
		answer, err := try(k.sign)
		if err != nil {
			return nil, err
		}
		if !k.refused(ctx, answer.Status) {
			if answer.Status >= 200 && answer.Status < 300 {
				k.gotIn(ctx)
			}
			return answer, nil
		}
		if said == nil || answer.Status != http.StatusUnauthorized {
			said = answer
		}
		if !k.again(ctx, answer.Status, answer.AcceptSignature) {
			if k.tried[httpsig.Cavage] && k.tried[httpsig.RFC9421] {
				k.s.ways.change(k.host, func(w *way) { w.single = k.s.now().Add(refusesKept) })
			}
			return said, nil
		}
	}
}

// getObject fetches an ActivityPub document, signed as one of our actors.
func (s *Service) getObject(ctx context.Context, address string, as httpsig.Signer) (*remote.Document, error) {
	k := s.newKnock(ctx, address, as, false)
	for {
		if err := spend(ctx); err != nil {
			return nil, err
		}
		doc, err := s.remote.GetObject(ctx, address, k.sign)
		if err == nil {
			k.gotIn(ctx)
			return doc, nil
		}
		var status *remote.StatusError
		if !errors.As(err, &status) || !k.refused(ctx, status.Code) || !k.again(ctx, status.Code, status.AcceptSignature) {
			return nil, err
		}
	}
}
