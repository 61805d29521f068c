package federation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
)

const (
	signSlots   = 2 // signatures being made at a time: they cost the CPU
	postTimeout = 30 * time.Second
	maxRetry    = 24 * time.Hour // the longest Retry-After that is heeded

	duePage    = 2000            // due inboxes read at a time …
	maxDuePage = 128_000         // … and at most, while all that were read lie on busy hosts
	busyPoll   = 2 * time.Second // how soon the queue is read again while something is on its way
)

// send queues an activity whose bytes are made now.
func (s *Service) send(tx *store.Tx, kind string, postID int64, m *ap.Message, to []store.InboxTarget) error {
	if len(to) == 0 {
		return nil
	}
	body, err := ap.Marshal(m)
	if err != nil {
		return fmt.Errorf("write %s: %w", kind, err)
	}
	return s.queue(tx, &store.Outgoing{Kind: kind, PostID: postID, URI: m.ID, Payload: body}, to)
}

// sendByInstance is send for what the server says and not the owner.
func (s *Service) sendByInstance(tx *store.Tx, kind string, m *ap.Message, to []store.InboxTarget) error {
	if len(to) == 0 {
		return nil
	}
	body, err := ap.Marshal(m)
	if err != nil {
		return fmt.Errorf("write %s: %w", kind, err)
	}
	return s.queue(tx, &store.Outgoing{Kind: kind, URI: m.ID, Payload: body, Signer: "instance"}, to)
}

// sendPost queues a Create, Update or Announce of an own post, which is
// rendered when it is sent.
func (s *Service) sendPost(tx *store.Tx, kind string, p store.Post, to []store.InboxTarget) error {
	if len(to) == 0 {
		return nil
	}
	uri := p.URI + "/activity"
	if p.BoostOf != 0 {
		uri = p.URI // the row of a boost has its activity's id
	}
	return s.queue(tx, &store.Outgoing{Kind: kind, PostID: p.ID, URI: uri}, to)
}

func (s *Service) queue(tx *store.Tx, o *store.Outgoing, to []store.InboxTarget) error {
	if err := tx.QueueOutgoing(o, to); err != nil {
		return err
	}
	tx.After(s.work.pokeDeliveries)
	return nil
}

// newActivityID draws the id of an activity that is not a post's.
func (s *Service) newActivityID() string {
	return s.origin.URL("/activities/" + strconv.FormatInt(s.store.NewID(), 10))
}

// deliveryLoop sends to every due inbox, hosts side by side, each host's
// deliveries one after the other. What is due is read once and worked off from
// memory: reading it at every answer would cost more than the sending.
func (s *Service) deliveryLoop(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	q := dueQueue{limit: duePage, stale: true}
	for ctx.Err() == nil {
		if q.stale {
			if err := s.readDue(ctx, &q); err != nil && ctx.Err() == nil {
				s.log.Error("cannot read deliveries", "error", err)
				q.next = s.now().Add(10 * time.Second)
			}
		}
		if s.launch(ctx, &wg, &q) {
			continue
		}
		s.awaitDue(ctx, &q)
	}
}

// dueQueue is what the delivery loop knows of the inboxes that are due.
type dueQueue struct {
	inboxes []store.Inbox // still to be started
	next    time.Time     // when to read again at the latest
	limit   int           // how many are read
	full    bool          // as many were read
	skipped bool          // some were being sent to when it was read: more may wait for them by now
	stale   bool          // must be read again
}

// readDue fills the queue: what works first, then what failed before.
func (s *Service) readDue(ctx context.Context, q *dueQueue) error {
	flying := s.flights.sending.inboxes() // before the reading, so that none that lands meanwhile is sent to twice
	due, next, err := s.dueInboxes(ctx, q.limit)
	*q = dueQueue{limit: q.limit, next: next, full: len(due) == q.limit}
	if err != nil {
		return err
	}
	if len(due) > 0 {
		q.next = s.now().Add(busyPoll)
	}
	for _, in := range due {
		if flying[in.ID] {
			q.skipped = true
		} else {
			q.inboxes = append(q.inboxes, in)
		}
	}
	slices.SortStableFunc(q.inboxes, func(a, b store.Inbox) int {
		return cmp.Compare(min(a.Tries, 1), min(b.Tries, 1))
	})
	return nil
}

// launch starts what finds a place and leaves the rest in the queue; again says
// that more must be read at once, since all that was read waits for busy hosts.
func (s *Service) launch(ctx context.Context, wg *sync.WaitGroup, q *dueQueue) (again bool) {
	rest, blocked := q.inboxes[:0], true
	for i, in := range q.inboxes {
		got := s.flights.sending.begin(in, time.Now())
		if got == hostBusy {
			rest = append(rest, in)
			continue
		}
		blocked = false
		if got == noPlace { // nor is there one for those behind it, which have failed before if this one has
			rest = append(rest, q.inboxes[i:]...)
			break
		}
		flying, cancel := context.WithCancelCause(ctx)
		s.flights.sending.canBeCut(in.HostID, cancel)
		wg.Go(func() {
			defer func() {
				cancel(nil)
				s.flights.sending.end(in.HostID)
				poke(s.work.landed)
			}()
			if _, err := s.deliverInbox(flying, in); err != nil && ctx.Err() == nil {
				s.log.Error("cannot record a delivery", "inbox", in.URL, "error", err)
			}
		})
	}
	q.inboxes = rest
	if q.full && blocked && q.limit < maxDuePage {
		q.limit, q.stale = 4*q.limit, true
		return true
	}
	if !blocked {
		q.limit = duePage
	}
	return false
}

// awaitDue waits until there is something to start or to read.
func (s *Service) awaitDue(ctx context.Context, q *dueQueue) {
	wait := idlePoll
	if !q.next.IsZero() {
		wait = min(max(q.next.Sub(s.now()), 0)+5*time.Millisecond, idlePoll)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-s.work.deliveries:
		q.stale = true
	case <-timer.C:
		q.stale = true
	case <-s.work.landed:
		// With the last one that was on its way comes what it left for later.
		q.stale = len(q.inboxes) == 0 && (q.skipped || q.full || s.flights.sending.idle())
	case <-ctx.Done():
	}
}

func (s *Service) dueInboxes(ctx context.Context, limit int) (due []store.Inbox, next time.Time, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if due, err = tx.DueInboxes(s.now(), limit); err != nil || len(due) > 0 {
			return err
		}
		next, err = tx.NextDue()
		return err
	})
	return due, next, err
}

// deliverDue sends what is due now, one inbox after the other, for tests.
func (s *Service) deliverDue(ctx context.Context) (int, error) {
	due, _, err := s.dueInboxes(ctx, duePage)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, in := range due {
		n, err := s.deliverInbox(ctx, in)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// deliverInbox sends what waits for an inbox, oldest first, until one fails in
// passing: the rest then waits with it.
func (s *Service) deliverInbox(ctx context.Context, in store.Inbox) (int, error) {
	for n := 0; ; n++ {
		o, err := s.claimPending(ctx, in)
		if errors.Is(err, store.ErrNotFound) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		again, err := s.deliverOne(ctx, in, o)
		s.flights.sending.unmark(o.ID, in.ID)
		if err != nil || !again {
			return n + 1, err
		}
		in.Tries, in.FailingSince = 0, time.Time{}
	}
}

// claimPending marks the oldest activity that waits for an inbox as being sent.
// A Delete that was decided between the reading and the mark took it for never
// sent and cancelled it: it must not leave then.
func (s *Service) claimPending(ctx context.Context, in store.Inbox) (store.Outgoing, error) {
	pending := func(tx *store.Tx) (store.Outgoing, error) { return tx.Pending(in.ID) }
	o, err := store.Get(ctx, s.store, pending)
	if err != nil {
		return o, err
	}
	for {
		token, unsure := s.flights.sending.mark(o.ID, in.ID)
		if !unsure {
			return o, nil
		}
		now, err := store.Put(ctx, s.store, pending) // behind the writer: every earlier deletion is in it
		if err == nil {
			s.flights.sending.settle(token)
			if now.ID == o.ID {
				return o, nil
			}
		}
		s.flights.sending.unmark(o.ID, in.ID)
		if err != nil {
			return o, err
		}
		o = now
	}
}

// deliverOne sends one activity and records the answer; again says that the
// inbox answered, so that more can follow.
func (s *Service) deliverOne(ctx context.Context, in store.Inbox, o store.Outgoing) (again bool, err error) {
	record := context.WithoutCancel(ctx)
	body := o.Payload
	if body == nil {
		body, err = s.renderOutgoing(ctx, o)
		if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
			return true, s.store.WriteGrouped(record, func(tx *store.Tx) error {
				return tx.DeliveryDone(in, o.ID, store.DeliveryCancelled, "")
			})
		}
		if err != nil {
			return false, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	answer, sent, err := s.post(ctx, in, o, body)
	if err != nil && !sent && errors.Is(context.Cause(ctx), context.Canceled) {
		return false, nil // the server stops before anything left: it stays due
	}
	state, reason := judge(answer, err)
	if state == store.DeliveryUnknown {
		var notBefore time.Time
		if answer != nil && answer.RetryAfter > 0 {
			notBefore = s.now().Add(min(answer.RetryAfter, maxRetry))
			s.seenHosts.Add(in.HostID, notBefore) // until then its own words do not hurry us either
		}
		return false, s.store.WriteGrouped(record, func(tx *store.Tx) error {
			s.emit(tx, EventDeliveries, o.PostID)
			return tx.DeliveryFailed(in, o, sent, reason, notBefore)
		})
	}
	return true, s.store.WriteGrouped(record, func(tx *store.Tx) error {
		s.emit(tx, EventDeliveries, o.PostID)
		if err := tx.DeliveryDone(in, o.ID, state, reason); err != nil {
			return err
		}
		if state == store.DeliveryAccepted {
			if err := s.rotationTold(tx, in, o); err != nil {
				return err
			}
		}
		if answer != nil && (answer.Status == http.StatusGone || answer.Status == http.StatusNotFound) {
			return s.wantRecheck(tx, in)
		}
		return nil
	})
}

// signing bounds the CPU that signatures take; waiting for the other side holds no slot.
var signing = make(chan struct{}, signSlots)

// post signs and sends; sent says that the request may have been received.
func (s *Service) post(ctx context.Context, in store.Inbox, o store.Outgoing, body []byte) (*remote.Answer, bool, error) {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	sync, err := s.syncFor(ctx, in, o)
	if err != nil {
		s.log.Error("cannot tell a server who follows from there", "inbox", in.URL, "error", err) // the post goes out all the same
	}
	k := s.knockFor(ctx, in, o)
	k.body = body
	answer, err := k.deliver(ctx, func(sign func(*http.Request) error) (*remote.Answer, error) {
		answer, err := s.remote.Post(ctx, in.URL, ap.ContentType, body, func(r *http.Request) error {
			if sync != "" {
				r.Header.Set(syncHeader, sync)
			}
			select {
			case signing <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			err := sign(r)
			<-signing
			s.flights.sending.waits(in.HostID, time.Now())
			return err
		})
		s.flights.sending.waits(in.HostID, time.Time{})
		return answer, err
	})
	return answer, sent.Load(), err
}

// knockFor is how an activity is signed to an inbox, and by whose key.
func (s *Service) knockFor(ctx context.Context, in store.Inbox, o store.Outgoing) *knock {
	own := s.signers()
	if o.Signer == store.KeyInstance {
		return s.newKnock(ctx, in.URL, own.instance, true)
	}
	first, second := own.forHost(in.HostID, s.now())
	k := s.newKnock(ctx, in.URL, first, true)
	k.next = second
	k.switched = func() {
		if s.Ending() == nil { // afterwards nobody can look at the profile
			s.knowsNewKey(ctx, in.HostID)
		}
	}
	return k
}

// Receipts lists what each server did with an own post.
func (s *Service) Receipts(ctx context.Context, postID int64) ([]store.Receipt, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) ([]store.Receipt, error) { return tx.Receipts(postID) })
}

// RetryNow makes an inbox due at once.
func (s *Service) RetryNow(ctx context.Context, inboxID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RetryInbox(inboxID); err != nil {
			return err
		}
		tx.After(s.work.pokeDeliveries)
		return nil
	})
}
