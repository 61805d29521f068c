package dashboard

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync"

	"dassie/federation"
)

const (
	replayed     = 500 // events that a page which was cut off gets afterwards
	maxListeners = 16  // streams at once; one more ends the oldest
	listenBuffer = 128 // events that a stream may fall behind
)

// message is one event as it is sent: kind and id of what happened, and no more.
type message struct{ id, data string }

// What a stream begins with: hello, or reset for a page that missed more than can
// be sent again and must look at everything anew.
const (
	hello = "hello"
	reset = "reset"
)

// live hands what happens to the streams of open pages, and keeps the last of it
// for those that were cut off for a moment. Its numbers hold within one run of
// the program: epoch tells them from those of another.
type live struct {
	service *federation.Service

	mu        sync.Mutex
	epoch     string
	last      int64     // number of the newest event
	ring      []message // the last of them, oldest first
	listeners []*listener
	closed    bool
	stop      func()
}

// listener is one stream. news is closed when it was let go.
type listener struct{ news chan message }

func newLive(service *federation.Service) *live {
	l := &live{service: service, epoch: newEpoch()}
	events, stop := service.Subscribe()
	l.stop = stop
	go l.run(events)
	return l
}

func newEpoch() string { return strings.ToLower(rand.Text()[:8]) }

// run passes events on until close. The service drops who falls behind, which
// here means a gap that no page may overlook.
func (l *live) run(events <-chan federation.Event) {
	for {
		for e := range events {
			if !e.Kind.ForApps() {
				l.add(string(e.Kind) + " " + decimal(e.ID))
			}
		}
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return
		}
		events, l.stop = l.service.Subscribe()
		l.epoch, l.last, l.ring = newEpoch(), 0, nil
		l.mu.Unlock()
		l.add(reset)
	}
}

func (l *live) add(data string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	m := message{l.name(l.last), data}
	if len(l.ring) == replayed {
		l.ring = append(l.ring[:0], l.ring[1:]...)
	}
	l.ring = append(l.ring, m)
	for i := 0; i < len(l.listeners); i++ {
		select {
		case l.listeners[i].news <- m:
		default: // it comes back, and gets what it missed
			l.drop(i)
			i--
		}
	}
}

// now is the number of the newest event.
func (l *live) now() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.name(l.last)
}

func (l *live) name(n int64) string { return l.epoch + "-" + strconv.FormatInt(n, 10) }

// drop lets a listener go. l.mu is held.
func (l *live) drop(i int) {
	close(l.listeners[i].news)
	l.listeners = append(l.listeners[:i], l.listeners[i+1:]...)
}

// join begins to listen, and returns what happened after the event that the page
// saw last. A page that was never here gets the newest number alone.
func (l *live) join(seen string) (*listener, []message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	who := &listener{news: make(chan message, listenBuffer)}
	if l.closed {
		close(who.news)
		return who, nil
	}
	if len(l.listeners) == maxListeners {
		l.drop(0)
	}
	l.listeners = append(l.listeners, who)
	return who, l.since(seen)
}

func (l *live) since(seen string) []message {
	now := l.name(l.last)
	if seen == "" {
		return []message{{now, hello}}
	}
	epoch, number, _ := strings.Cut(seen, "-")
	n, err := strconv.ParseInt(number, 10, 64)
	missed := l.last - n
	if epoch != l.epoch || err != nil || missed < 0 || missed > int64(len(l.ring)) {
		return []message{{now, reset}}
	}
	return append([]message{{seen, hello}}, l.ring[int64(len(l.ring))-missed:]...)
}

// leave ends listening; it may have ended already.
func (l *live) leave(who *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.listeners {
		if other == who {
			l.drop(i)
			return
		}
	}
}

func (l *live) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	l.stop()
	for len(l.listeners) > 0 {
		l.drop(0)
	}
}
