package federation

import (
	"sync"

	"dassie/store"
)

// EventKind says what happened.
type EventKind string

const (
	EventPost         EventKind = "update"        // a post came into the home timeline
	EventEdit         EventKind = "status.update" // a post was edited
	EventDelete       EventKind = "delete"        // a post is gone
	EventNotification EventKind = "notification"
	EventMerged       EventKind = "notifications_merged" // what was held back stands among the notifications now
	EventProfile      EventKind = "profile"              // what others see of the owner changed
	EventDeliveries   EventKind = "deliveries"           // the state of a delivery changed
	EventMarker       EventKind = "marker"               // the place where the owner stopped reading moved
	EventFilters      EventKind = "filters_changed"      // what the owner filters is another
	EventThread       EventKind = "thread"               // a search for the rest of a conversation ended; the id is its first post's

	// For the streams of apps alone: each is about a post.
	EventArrived      EventKind = "arrived"      // a public post of somebody else is here, whoever wanted it
	EventListed       EventKind = "listed"       // a post came into lists, one of which keeps it out of home
	EventConversation EventKind = "conversation" // a private message was filed under its conversation
)

// ForApps says whether an event is of no use but to the streams of apps.
func (k EventKind) ForApps() bool {
	return k == EventArrived || k == EventListed || k == EventConversation
}

// Event tells open pages, streams and caches what changed, after it is on disk.
type Event struct {
	Kind EventKind
	ID   int64 // of the post or notification; 0 if it concerns none
}

// hub hands events to whoever listens. Slow listeners are dropped, not waited for.
type hub struct {
	mu   sync.Mutex
	subs map[chan Event]struct{}
}

const eventBuffer = 256

// Subscribe returns a channel of events and a function that ends it. The channel
// is closed when its reader fell 256 events behind.
func (s *Service) Subscribe() (<-chan Event, func()) {
	h := &s.events
	ch := make(chan Event, eventBuffer)
	h.mu.Lock()
	if h.subs == nil {
		h.subs = map[chan Event]struct{}{}
	}
	h.subs[ch] = struct{}{}
	h.mu.Unlock()
	return ch, func() { h.drop(ch) }
}

func (h *hub) drop(ch chan Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subs[ch]; ok {
		delete(h.subs, ch)
		close(ch)
	}
}

// emit queues an event for after the commit.
func (s *Service) emit(tx *store.Tx, kind EventKind, id int64) {
	tx.After(func() {
		switch kind {
		case EventProfile:
			s.documents.clear()
		case EventEdit, EventDelete:
			s.documents.forget(id)
			s.rendered.clear()
		}
		s.events.send(Event{kind, id})
	})
}

func (h *hub) send(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.subs {
		select {
		case ch <- e:
		default:
			delete(h.subs, ch)
			close(ch)
		}
	}
}
