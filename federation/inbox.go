package federation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// incoming is an activity whose signature and origin have been checked.
type incoming struct {
	act    *ap.Activity
	sender store.Actor // who signed it, stored here
	raw    []byte
}

// outcome says what a verb made of an activity.
type outcome int

const (
	done      outcome = iota // applied, or deliberately ignored: 202
	needsMore                // something must be fetched first: it becomes a job
)

// inboxJob is an activity that waits on disk for what it needs.
type inboxJob struct {
	Raw    json.RawMessage `json:"raw"`
	Sender string          `json:"sender"` // actor id of the verified signer
	Refer  bool            `json:"refer"`  // forwarded: only a hint that the object changed
}

// ServeInbox takes what other servers deliver. 202 means that it is on disk, or
// that nobody here cares about it.
func (s *Service) ServeInbox(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ap.MaxBytes))
	if err == nil {
		err = s.receive(r.Context(), r, body)
	} else if reply.CodeOf(err) == reply.Internal {
		err = &reply.Error{Code: reply.Invalid, Message: "the request ended too early", Err: err}
	}
	if err != nil {
		if src := s.source(r); src != "" && reply.CodeOf(err) != reply.RateLimited {
			s.budget.bad.allow(src, s.now())
		}
		reply.FailText(w, r, err, s.log)
		return
	}
	reply.Empty(w, http.StatusAccepted)
}

func (s *Service) receive(ctx context.Context, r *http.Request, body []byte) error {
	source := s.source(r)
	if source != "" && (s.budget.bad.empty(source, s.now()) || !s.budget.sources.allow(source, s.now())) {
		return tooMany()
	}
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
	if !s.budget.hosts.allow(host, s.now()) {
		return tooMany()
	}
	act, err := readActivity(body)
	if err != nil {
		return err
	}
	if _, err := s.cachedSigner(ctx, sig.KeyID); errors.Is(err, store.ErrNotFound) {
		if ignored, err := s.ignoredFromStranger(ctx, sig.KeyID, act); err != nil || ignored {
			return err
		}
	}
	k, err := s.verify(ctx, sig, source)
	if err != nil {
		return err
	}
	if s.replays.known(sig, s.now()) {
		return nil
	}
	if err := s.accept(ctx, act, k, body); err != nil {
		return err
	}
	s.replays.remember(sig)
	return nil
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
// of an unknown actor's key nor a write: verbs that mean nothing here, and the
// commonest request of all, the Delete of an own account, whose key can no
// longer be fetched anyway (mastodon#10286).
func (s *Service) ignoredFromStranger(ctx context.Context, keyID string, act *ap.Activity) (bool, error) {
	if verbs[act.Type] != nil && (act.Type != "Delete" || act.ObjectID != act.Actor) || !ap.SameOrigin(keyID, act.Actor) {
		return false, nil
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

// accept applies a verified activity or queues it.
func (s *Service) accept(ctx context.Context, act *ap.Activity, k *signer, body []byte) error {
	if act.Actor != k.actorURI && (act.Raw.Has("signature") || act.Raw.Has("proof")) {
		return s.acceptForwarded(ctx, act, k, body)
	}
	if err := s.checkOrigin(act, k.actorURI); err != nil {
		return err
	}
	verb := verbs[act.Type]
	if verb == nil {
		return nil // View, Listen, Read …: 202 and nothing
	}
	if k.actorID == 0 {
		wanted, err := s.wantedFromStranger(ctx, act)
		if err != nil || !wanted {
			return err
		}
		return s.queueInbox(ctx, act.Actor, inboxJob{Raw: body, Sender: k.actorURI})
	}
	in := &incoming{act: act, raw: body}
	cares, waiting := true, false
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if in.sender, err = tx.Actor(k.actorID); err != nil {
			return err
		}
		if waiting, err = tx.JobWaiting(act.Actor); err != nil {
			return err
		}
		cares, err = s.cares(tx, in)
		return err
	})
	if err != nil || !cares {
		return err
	}
	if waiting {
		return s.queueInbox(ctx, act.Actor, inboxJob{Raw: body, Sender: k.actorURI})
	}
	return s.applyOrQueue(ctx, verb, in)
}

// applyOrQueue is the fast path: one shared transaction, and 202 after it.
func (s *Service) applyOrQueue(ctx context.Context, verb verb, in *incoming) error {
	return s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := s.noteHost(tx, in.sender.HostID); err != nil {
			return err
		}
		out, err := verb(s, tx, in)
		if err != nil || out == done {
			return err
		}
		return s.addInboxJob(tx, in.act.Actor, inboxJob{Raw: in.raw, Sender: in.sender.URI})
	})
}

func (s *Service) queueInbox(ctx context.Context, actor string, j inboxJob) error {
	return s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error { return s.addInboxJob(tx, actor, j) })
}

func (s *Service) addInboxJob(tx *store.Tx, actor string, j inboxJob) error {
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

// noteHost notes that a server spoke to us, at most once an hour from memory,
// and lets the deliveries that wait for it go out.
func (s *Service) noteHost(tx *store.Tx, hostID int64) error {
	now := s.now()
	if last, ok := s.seenHosts.Load(hostID); ok && now.Sub(last.(time.Time)) < time.Minute {
		return nil
	}
	revived, err := tx.HostSeen(hostID)
	if err != nil {
		return err
	}
	tx.After(func() {
		s.seenHosts.Store(hostID, now)
		if revived > 0 {
			s.work.pokeDeliveries()
		}
	})
	return nil
}

// seenHostsKept bounds the memory of which servers spoke lately.
const seenHostsKept = 10_000

func (s *Service) trimSeenHosts() {
	n := 0
	s.seenHosts.Range(func(key, _ any) bool {
		if n++; n > seenHostsKept {
			s.seenHosts.Delete(key)
		}
		return true
	})
}

// acceptForwarded takes an activity that its signer only passes on. Its body
// proves nothing (linked-data signatures have been fooled too often): it is a
// hint to ask the object's own server, worth a job only if the thread is known.
func (s *Service) acceptForwarded(ctx context.Context, act *ap.Activity, k *signer, body []byte) error {
	if act.ObjectID == "" || k.actorID == 0 || s.origin.Owns(act.ObjectID) {
		return nil
	}
	wanted, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) {
		uri := act.ObjectID
		if act.Type == "Create" && act.Object != nil {
			uri = act.Object.FirstID("inReplyTo")
		}
		_, err := tx.PostIDByURI(uri)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil || !wanted {
		return err
	}
	return s.queueInbox(ctx, act.ObjectID, inboxJob{Raw: body, Sender: k.actorURI, Refer: true})
}
