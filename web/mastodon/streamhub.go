package mastodon

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"dassie/federation"
	"dassie/web/auth"
)

const (
	maxStreams   = 64                     // connections at once; one more ends the oldest
	maxOfOne     = 100                    // streams of one connection
	streamBuffer = 64                     // pieces that an app may fall behind
	tokenCheck   = 400 * time.Millisecond // a stream ends within a second of its token (DECISIONS 36)
)

// news is one piece of a stream.
type news struct {
	stream  stream
	event   string
	payload string // "" if the event has none
}

// frame is news as a WebSocket carries it.
func (n news) frame() []byte {
	f := struct {
		Stream  []string `json:"stream"`
		Event   string   `json:"event"`
		Payload *string  `json:"payload,omitempty"`
	}{n.stream.names(), n.event, textOrNull(n.payload)}
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // texts alone
	}
	return b
}

// lines is news as a stream of events carries it (HTML 9.2.6). JSON has no line breaks.
func (n news) lines() []byte {
	payload := n.payload
	if payload == "" {
		payload = "undefined" // as Mastodon: without data a browser hands nothing on
	}
	return []byte("event: " + n.event + "\ndata: " + payload + "\n\n")
}

// listener is one connection of an app.
type listener struct {
	token  int64
	scopes auth.Scopes
	lines  bool          // it gets lines, not frames
	out    chan []byte   // what is to be sent
	ended  chan struct{} // closed when it was let go

	streams map[stream]bool // held by the hub's lock, as gone is
	gone    bool
}

func newListener(grant *auth.Grant, lines bool) *listener {
	return &listener{
		token: grant.Token.ID, scopes: grant.Scopes, lines: lines,
		out: make(chan []byte, streamBuffer), ended: make(chan struct{}), streams: map[stream]bool{},
	}
}

// streamHub hands what happens to the connections of apps. It listens to the
// service's events while there are any, and turns each into JSON once for all.
type streamHub struct {
	api *API

	mu        sync.Mutex
	listeners []*listener
	events    <-chan federation.Event // nil while nobody listens
	stop      func()
}

func (h *streamHub) join(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.listeners) == maxStreams {
		h.drop(h.listeners[0])
	}
	h.listeners = append(h.listeners, l)
	if h.events == nil {
		h.events, h.stop = h.api.svc.Subscribe()
		go h.run(h.events)
	}
}

// leave ends listening; it may have ended already.
func (h *streamHub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(l)
}

// drop lets a listener go, and stops when it was the last. h.mu is held.
func (h *streamHub) drop(l *listener) {
	if l.gone {
		return
	}
	l.gone = true
	close(l.ended)
	for i, other := range h.listeners {
		if other == l {
			h.listeners = append(h.listeners[:i], h.listeners[i+1:]...)
			break
		}
	}
	if len(h.listeners) == 0 && h.events != nil {
		h.events = nil
		h.stop()
	}
}

// subscribe adds a stream to a connection; it says whether there is room.
func (h *streamHub) subscribe(l *listener, s stream) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(l.streams) >= maxOfOne && !l.streams[s] {
		return false
	}
	l.streams[s] = true
	return true
}

func (h *streamHub) unsubscribe(l *listener, s stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(l.streams, s)
}

// run passes events on until nobody listens. The service drops who falls behind;
// apps then connect anew and read what they missed.
func (h *streamHub) run(events <-chan federation.Event) {
	check := time.NewTicker(tokenCheck)
	defer check.Stop()
	for {
		select {
		case e, open := <-events:
			if !open {
				h.fallenBehind(events)
				return
			}
			h.hand(e)
		case <-check.C:
			h.checkTokens()
		}
	}
}

// fallenBehind lets all go, unless the end was ours or others listen anew by now.
func (h *streamHub) fallenBehind(events <-chan federation.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.events != events {
		return
	}
	for len(h.listeners) > 0 {
		h.drop(h.listeners[0])
	}
}

// hand turns an event into news and gives them to whoever asked for them.
func (h *streamHub) hand(e federation.Event) {
	list, err := h.api.newsOf(e, h.wanted())
	if err != nil {
		h.api.log.Error("tell apps what happened", "event", e.Kind, "err", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range list {
		var frame, lines []byte
		for i := 0; i < len(h.listeners); i++ {
			l := h.listeners[i]
			if !l.streams[n.stream] || n.event == string(federation.EventNotification) && !l.scopes.Allow("read:notifications") {
				continue
			}
			switch {
			case l.lines && lines == nil:
				lines = n.lines()
			case !l.lines && frame == nil:
				frame = n.frame()
			}
			piece := frame
			if l.lines {
				piece = lines
			}
			select {
			case l.out <- piece:
			default: // too slow; it connects anew
				h.drop(l)
				i--
			}
		}
	}
}

// wanted is all streams that somebody listens to.
func (h *streamHub) wanted() map[stream]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[stream]bool{}
	for _, l := range h.listeners {
		for s := range l.streams {
			all[s] = true
		}
	}
	return all
}

// checkTokens lets those go whose token was revoked. Where the store cannot say, the
// next look will.
func (h *streamHub) checkTokens() {
	h.mu.Lock()
	ids := make([]int64, len(h.listeners))
	for i, l := range h.listeners {
		ids[i] = l.token
	}
	h.mu.Unlock()
	stand, err := h.api.guard.TokensStand(context.Background(), ids)
	if err != nil {
		h.api.log.Warn("look whether tokens of streams stand", "err", err)
		return
	}
	asked := map[int64]bool{}
	for _, id := range ids {
		asked[id] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := 0; i < len(h.listeners); i++ {
		if l := h.listeners[i]; asked[l.token] && !stand[l.token] {
			h.drop(l)
			i--
		}
	}
}
