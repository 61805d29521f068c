package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
)

const (
	signSlots   = 2   // signatures being made at a time: they cost the CPU
	maxFlying   = 192 // requests that wait for connect, handshake or answer
	postTimeout = 30 * time.Second
	maxRetry    = 24 * time.Hour // the longest Retry-After that is heeded
)

// sendingSet holds what is being sent right now, one request per host.
type sendingSet struct {
	mu    sync.Mutex
	pairs map[[2]int64]bool
	hosts map[int64]*flight
	order []*flight // the longest waiting first
}

// flight is one request on its way.
type flight struct {
	hostID int64
	cancel context.CancelFunc
}

func (f *sendingSet) init() {
	f.pairs, f.hosts = map[[2]int64]bool{}, map[int64]*flight{}
}

func (f *sendingSet) has(outgoingID, inboxID int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pairs[[2]int64{outgoingID, inboxID}]
}

// begin takes the host's one place. When all places are taken, the request that
// waits longest is cut, so that hanging hosts cost the others nothing; it is
// tried again by its schedule.
func (f *sendingSet) begin(hostID int64, cancel context.CancelFunc) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hosts[hostID] != nil {
		return false
	}
	if len(f.hosts) >= maxFlying {
		f.order[0].cancel()
		return false
	}
	fl := &flight{hostID, cancel}
	f.hosts[hostID] = fl
	f.order = append(f.order, fl)
	return true
}

func (f *sendingSet) end(hostID int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl := f.hosts[hostID]
	delete(f.hosts, hostID)
	for i, o := range f.order {
		if o == fl {
			f.order = append(f.order[:i], f.order[i+1:]...)
			break
		}
	}
}

func (f *sendingSet) mark(outgoingID, inboxID int64, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on {
		f.pairs[[2]int64{outgoingID, inboxID}] = true
	} else {
		delete(f.pairs, [2]int64{outgoingID, inboxID})
	}
}

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

// sendPost queues a Create, Update or Announce of an own post, which is
// rendered when it is sent.
func (s *Service) sendPost(tx *store.Tx, kind string, p store.Post, to []store.InboxTarget) error {
	if len(to) == 0 {
		return nil
	}
	return s.queue(tx, &store.Outgoing{Kind: kind, PostID: p.ID, URI: p.URI + "/activity"}, to)
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
// deliveries one after the other.
func (s *Service) deliveryLoop(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		due, next, err := s.dueInboxes(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("cannot read deliveries", "error", err)
			next = s.now().Add(10 * time.Second)
		}
		started := 0
		for _, in := range due {
			flying, cancel := context.WithCancel(ctx)
			if !s.flights.sending.begin(in.HostID, cancel) {
				cancel()
				continue
			}
			started++
			wg.Go(func() {
				defer func() {
					cancel()
					s.flights.sending.end(in.HostID)
					s.work.pokeDeliveries()
				}()
				if _, err := s.deliverInbox(flying, in); err != nil && ctx.Err() == nil {
					s.log.Error("cannot record a delivery", "inbox", in.URL, "error", err)
				}
			})
		}
		if started == 0 {
			s.sleep(ctx, s.work.deliveries, next)
		}
	}
}

func (s *Service) dueInboxes(ctx context.Context) (due []store.Inbox, next time.Time, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if due, err = tx.DueInboxes(s.now(), 2*maxFlying); err != nil || len(due) > 0 {
			return err
		}
		next, err = tx.NextDue()
		return err
	})
	return due, next, err
}

// deliverDue sends what is due now, one inbox after the other, for tests.
func (s *Service) deliverDue(ctx context.Context) (int, error) {
	due, _, err := s.dueInboxes(ctx)
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
		o, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Outgoing, error) { return tx.Pending(in.ID) })
		if errors.Is(err, store.ErrNotFound) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		s.flights.sending.mark(o.ID, in.ID, true)
		again, err := s.deliverOne(ctx, in, o)
		s.flights.sending.mark(o.ID, in.ID, false)
		if err != nil || !again {
			return n + 1, err
		}
		in.Tries, in.FailingSince = 0, time.Time{}
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
	answer, sent, err := s.post(ctx, in.URL, body)
	state, reason := judge(answer, err)
	if state == store.DeliveryUnknown {
		var notBefore time.Time
		if answer != nil && answer.RetryAfter > 0 {
			notBefore = s.now().Add(min(answer.RetryAfter, maxRetry))
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
		if answer != nil && (answer.Status == http.StatusGone || answer.Status == http.StatusNotFound) {
			return s.wantRecheck(tx, in)
		}
		return nil
	})
}

// signing bounds the CPU that signatures take; waiting for the other side holds no slot.
var signing = make(chan struct{}, signSlots)

// post signs and sends; sent says that the request may have been received.
func (s *Service) post(ctx context.Context, inbox string, body []byte) (*remote.Answer, bool, error) {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	answer, err := s.remote.Post(ctx, inbox, ap.ContentType, body, func(r *http.Request) error {
		select {
		case signing <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-signing }()
		return s.person.SignCavage(r, body, s.now())
	})
	return answer, sent.Load(), err
}

// judge tells permanent from passing failures; unknown stands for the passing ones.
func judge(answer *remote.Answer, err error) (store.DeliveryState, string) {
	if err != nil {
		for _, final := range []error{remote.ErrAddress, remote.ErrOwnHost, remote.ErrURL} {
			if errors.Is(err, final) {
				return store.DeliveryRefused, words(err)
			}
		}
		return store.DeliveryUnknown, words(err)
	}
	reason := "answered " + strconv.Itoa(answer.Status)
	if snippet := strings.TrimSpace(answer.Snippet); snippet != "" && answer.Status >= 400 {
		reason += ": " + printable(snippet, 160)
	}
	switch c := answer.Status; {
	case c >= 200 && c < 300:
		return store.DeliveryAccepted, ""
	case c == 401, c == 408, c == 429, c >= 500 && c != http.StatusNotImplemented, c >= 300 && c < 400 && c != 301 && c != 308:
		return store.DeliveryUnknown, reason
	}
	return store.DeliveryRefused, reason
}

// words is a failure in the owner's words.
func words(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "did not answer in time; others went first"
	case errors.Is(err, remote.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return "did not answer in time"
	case errors.Is(err, remote.ErrAddress), errors.Is(err, remote.ErrURL):
		return "its address cannot be reached from here by rule"
	}
	return printable(err.Error(), 200)
}

// renderOutgoing writes a post's activity as the post is now.
func (s *Service) renderOutgoing(ctx context.Context, o store.Outgoing) ([]byte, error) {
	if body, ok := s.rendered.get(o.ID); ok {
		return body, nil
	}
	body, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]byte, error) {
		p, err := tx.Post(o.PostID)
		if err != nil {
			return nil, err
		}
		m, err := s.activityOf(tx, p, o.Kind)
		if err != nil {
			return nil, err
		}
		if o.Kind == "Update" {
			m.ID = o.URI + "#" + strconv.FormatInt(o.ID, 10)
		}
		return ap.Marshal(m)
	})
	if err == nil {
		s.rendered.put(o.ID, body)
	}
	return body, err
}

// renderedCache keeps the bytes of the activity that is fanned out right now.
// It is emptied whenever a post changes.
type renderedCache struct {
	mu   sync.Mutex
	id   int64
	body []byte
}

func (c *renderedCache) get(id int64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.body, c.id == id && c.body != nil
}

func (c *renderedCache) put(id int64, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id, c.body = id, body
}

func (c *renderedCache) clear() { c.put(0, nil) }

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
