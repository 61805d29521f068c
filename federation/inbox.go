package federation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/store"
	"dassie/web/reply"
)

// incoming is an activity whose signature and origin have been checked.
type incoming struct {
	act    *ap.Activity
	sender store.Actor // who signed it, stored here
	raw    []byte
	proof  []byte      // hash of the signature it came with
	target store.Actor // of a Move: where to, as just fetched; zero before that

	note     *ap.Note // the post inside, once prepared; nil for none
	prepared bool
}

// outcome says what a verb made of an activity.
type outcome int

// smallBody is how much of a body is read before it needs one of the few places
// for large ones. A post of 5,000 characters with its HTML has 20 KB.
const smallBody = 64 << 10

// maxQueued is the largest activity that may wait as a job: a page of jobs is in
// memory at a time.
const maxQueued = 256 << 10

const (
	done      outcome = iota // applied, or deliberately ignored: 202
	needsMore                // something must be fetched first: it becomes a job
)

// inboxJob is an activity that waits on disk for what it needs.
type inboxJob struct {
	Raw    json.RawMessage `json:"raw"`
	Sender string          `json:"sender"` // actor id of the verified signer
	Proof  []byte          `json:"proof"`  // hash of the signature it came with
	Doc    *ap.Actor       `json:"doc"`    // the sender as fetched with the key, while not stored: it need not be fetched twice
	Refer  bool            `json:"refer"`  // forwarded: only a hint that the object changed
}

// ServeInbox takes what other servers deliver. 202 means that it is on disk, or
// that nobody here cares about it.
func (s *Service) ServeInbox(w http.ResponseWriter, r *http.Request) {
	source := s.source(r)
	err := s.admit(source)
	if err == nil {
		err = s.readAndReceive(w, r, source)
	}
	if err != nil {
		if source != "" && theirFault(err) {
			s.budget.bad.allow(source, s.now())
		}
		askSignature(w, err, true)
		reply.FailText(w, r, err, s.log)
		return
	}
	reply.Empty(w, http.StatusAccepted)
}

// askSignature says with a 401 what a signature has to cover (RFC 9421 5.1), if
// that is what was wrong. Whoever signed enough and still failed would only send
// the same again: both schemes are taken here, so there is nothing to negotiate.
func askSignature(w http.ResponseWriter, err error, withBody bool) {
	if errors.Is(err, httpsig.ErrMissing) || errors.Is(err, httpsig.ErrUncovered) {
		w.Header().Set("Accept-Signature", httpsig.AcceptSignature(withBody))
	}
}

// admit throttles by address, before a byte of the body is read.
func (s *Service) admit(source string) error {
	if source != "" && (s.budget.bad.empty(source, s.now()) || !s.budget.sources.allow(source, s.now())) {
		return tooMany()
	}
	return nil
}

// theirFault says whether a failure counts against its sender.
func theirFault(err error) bool {
	switch reply.CodeOf(err) {
	case reply.RateLimited, reply.Unavailable, reply.Internal:
		return false
	}
	return true
}

// readAndReceive reads the body, of which most are small: few large ones are in
// memory at a time, so that many senders together cannot exhaust it (T58).
func (s *Service) readAndReceive(w http.ResponseWriter, r *http.Request, source string) error {
	from := http.MaxBytesReader(w, r.Body, ap.MaxBytes)
	body, err := io.ReadAll(io.LimitReader(from, smallBody))
	if err == nil && len(body) == smallBody {
		select {
		case s.budget.large <- struct{}{}:
			defer func() { <-s.budget.large }()
		default:
			return tooMany()
		}
		var rest []byte
		rest, err = io.ReadAll(from)
		body = append(body, rest...)
	}
	if err != nil {
		if reply.CodeOf(err) == reply.Internal {
			err = &reply.Error{Code: reply.Invalid, Message: "the request ended too early", Err: err}
		}
		return err
	}
	return s.receive(r.Context(), r, body, source)
}

func (s *Service) receive(ctx context.Context, r *http.Request, body []byte, source string) error {
	sig, err := s.parseSignature(r, body)
	if err != nil {
		return err
	}
	host := ap.Host(sig.KeyID)
	if host == "" {
		return reply.Errorf(reply.Unauthorized, "the key id is not an address")
	}
	if err := s.notBlocked(ctx, sig.KeyID); errors.Is(err, errBlocked) {
		return reply.Errorf(reply.Forbidden, "this server does not accept anything from %s", host)
	} else if err != nil {
		return err
	}
	// Only who signed counts against a host: else a forger could use up its share.
	if s.budget.hosts.empty(host, s.now()) {
		return tooMany()
	}
	act, k, err := s.readAndVerify(ctx, sig, body, source)
	if err != nil || k == nil {
		return err
	}
	if !s.budget.hosts.allow(host, s.now()) {
		return tooMany()
	}
	if s.replays.known(sig, s.now()) {
		return nil
	}
	if err := s.accept(ctx, act, k, sig, body); errors.Is(err, errBlocked) {
		return reply.Errorf(reply.Forbidden, "this server does not accept anything from %s", printable(k.actorURI, 200))
	} else if err != nil {
		return err
	}
	if err := s.noteSync(ctx, r.Header, k); err != nil {
		s.log.Error("compare followers", "host", host, "error", err) // the activity itself is on disk
	}
	s.replays.remember(sig)
	return nil
}

// readAndVerify checks the signature before anything is read, if the key is
// known; else the activity says first whether it is worth a fetch. No signer and
// no error mean that it is not.
func (s *Service) readAndVerify(ctx context.Context, sig *httpsig.Signature, body []byte, source string) (*ap.Activity, *signer, error) {
	var act *ap.Activity
	_, err := s.cachedSigner(ctx, sig.KeyID)
	unknown := errors.Is(err, store.ErrNotFound)
	if unknown {
		if act, err = readActivity(body); err != nil {
			return nil, nil, err
		}
		if ignored, err := s.ignoredFromStranger(ctx, sig.KeyID, act); err != nil || ignored {
			return nil, nil, err
		}
	}
	k, err := s.verify(ctx, sig, source)
	if err != nil {
		return nil, nil, err
	}
	if !unknown {
		act, err = readActivity(body)
	}
	return act, k, err
}

func tooMany() error {
	return &reply.Error{Code: reply.RateLimited, Message: "too many requests; try again later", RetryAfter: time.Minute}
}

func readActivity(body []byte) (*ap.Activity, error) {
	obj, err := ap.Parse(body)
	if err != nil {
		return nil, &reply.Error{Code: reply.Invalid, Message: "the body is not acceptable JSON", Err: err}
	}
	act, err := ap.ReadActivity(obj)
	if err != nil {
		return nil, &reply.Error{Code: reply.Invalid, Message: "the body is not an activity", Err: err}
	}
	return act, nil
}

// ignoredFromStranger: what has no effect whoever sends it costs neither a fetch
// of an unknown actor's key nor a write: verbs that mean nothing here, boosts and
// likes of what nobody here knows, as relays send them, and the commonest request
// of all, the Delete of an own account, whose key can no longer be fetched anyway
// (mastodon#10286).
func (s *Service) ignoredFromStranger(ctx context.Context, keyID string, act *ap.Activity) (bool, error) {
	v := verbs[act.Type]
	if knownVerb(act.Type) && !v.floods && (act.Type != "Delete" || act.ObjectID != act.Actor) || !ap.SameOrigin(keyID, act.Actor) {
		return false, nil
	}
	if v.floods {
		if wanted, err := s.wantedFromStranger(ctx, act); err != nil || wanted {
			return false, err
		}
	}
	known, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) {
		_, err := tx.ActorIDByURI(act.Actor)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	})
	return err == nil && !known, err
}

// accept applies a verified activity or queues it. Of a server that is blocked
// nothing comes so far, of an actor who is blocked nothing comes further.
func (s *Service) accept(ctx context.Context, act *ap.Activity, k *signer, sig *httpsig.Signature, body []byte) error {
	if k.actorID == 0 || ap.Host(k.actorURI) != ap.Host(sig.KeyID) || act.Actor != k.actorURI || !knownVerb(act.Type) {
		if err := s.actorNotBlocked(ctx, k.actorURI); err != nil {
			return err
		}
	} // else it is asked below, with all the rest
	if act.Actor != k.actorURI && (act.Raw.Has("signature") || act.Raw.Has("proof")) {
		return s.acceptForwarded(ctx, act, k, body)
	}
	if err := s.checkOrigin(act, k.actorURI); err != nil {
		return err
	}
	if !knownVerb(act.Type) {
		return nil // View, Listen, Read …: 202 and nothing
	}
	proof := sig.ReplayKey()
	if k.actorID == 0 {
		wanted, err := s.wantedFromStranger(ctx, act)
		if err != nil || !wanted {
			return err
		}
		return s.queueInbox(ctx, act.Actor, inboxJob{Raw: body, Sender: k.actorURI, Proof: proof[:], Doc: k.doc})
	}
	in := &incoming{act: act, raw: body, proof: proof[:]}
	cares, waiting := true, false
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if in.sender, err = tx.Actor(k.actorID); errors.Is(err, store.ErrNotFound) {
			// Swept since the key was cached: the next try meets a stranger.
			s.keys.forget(k.actorURI)
			return &reply.Error{Code: reply.Unavailable, Message: "try again", RetryAfter: time.Second, Err: err}
		} else if err != nil {
			return err
		}
		if _, err = tx.BlockOf(k.actorID); err == nil {
			return errBlocked
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if waiting, err = tx.JobWaiting(act.Actor); err != nil || waiting && verbs[act.Type].revises {
			return err // what it revises may be waiting: whether anybody cares is asked when its turn comes
		}
		cares, err = s.cares(tx, in)
		return err
	})
	if err != nil || !cares {
		return err
	}
	if waiting {
		return s.queueInbox(ctx, act.Actor, inboxJob{Raw: body, Sender: k.actorURI, Proof: proof[:]})
	}
	return s.applyOrQueue(ctx, in)
}

// applyOrQueue is the fast path: one shared transaction, and 202 after it.
func (s *Service) applyOrQueue(ctx context.Context, in *incoming) error {
	s.prepare(in)
	return s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := s.noteHost(tx, in.sender.HostID); err != nil {
			return err
		}
		out, err := s.apply(tx, in)
		if err != nil || out == done {
			return err
		}
		return s.addInboxJob(tx, in.act.Actor, inboxJob{Raw: in.raw, Sender: in.sender.URI, Proof: in.proof})
	})
}

func (s *Service) queueInbox(ctx context.Context, actor string, j inboxJob) error {
	return s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error { return s.addInboxJob(tx, actor, j) })
}

func (s *Service) addInboxJob(tx *store.Tx, actor string, j inboxJob) error {
	if len(j.Raw) > maxQueued {
		return reply.Errorf(reply.TooLarge, "this is too large to wait for what it needs")
	}
	payload, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if err := tx.AddJob("inbox", actor, payload, time.Time{}); err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return nil
}

// seenHostsKept bounds the memory of which servers spoke lately.
const seenHostsKept = 10_000

// noteHost notes that a server spoke to us, at most once a minute, and lets the
// deliveries that wait for it go out, unless it asked for patience (Retry-After).
func (s *Service) noteHost(tx *store.Tx, hostID int64) error {
	now := s.now()
	if until, ok := s.seenHosts.Get(hostID); ok && now.Before(until) {
		return nil
	}
	revived, err := tx.HostSeen(hostID)
	if err != nil {
		return err
	}
	tx.After(func() {
		s.seenHosts.Add(hostID, now.Add(time.Minute))
		if revived > 0 {
			s.work.pokeDeliveries()
		}
	})
	return nil
}
