package dashboard

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/auth"
)

// soon is how long news may take from one end of a stream to the other.
const soon = 5 * time.Second

// ear listens to the stream as a page does.
type ear struct {
	t      testing.TB
	answer *http.Response
	lines  chan string
	hangUp context.CancelFunc
	last   string // id of the last event
}

// listens opens the stream; seen is the last event that was heard before, "" for none.
func (h *house) listens(seen string) *ear {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", h.web.URL+"/me/events", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Accept-Encoding", "gzip, br")
	if seen != "" {
		r.Header.Set("Last-Event-ID", seen)
	}
	answer, err := h.browser.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	e := &ear{t: h.t, answer: answer, lines: make(chan string, 10000), hangUp: cancel}
	h.t.Cleanup(cancel)
	go func() {
		defer close(e.lines)
		defer answer.Body.Close()
		for s := bufio.NewScanner(answer.Body); s.Scan(); {
			e.lines <- s.Text()
		}
	}()
	return e
}

// hears waits for the next event and returns what it says; false once the stream ended.
func (e *ear) hears() (string, bool) {
	e.t.Helper()
	late := time.After(soon)
	for {
		select {
		case line, open := <-e.lines:
			if !open {
				return "", false
			}
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				e.last = id
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				return data, true
			}
		case <-late:
			e.t.Fatal("the stream is silent")
		}
	}
}

func (e *ear) wants(want string) {
	e.t.Helper()
	if got, open := e.hears(); got != want || !open {
		e.t.Fatalf("heard %q (open: %v), want %q", got, open, want)
	}
}

// ends waits for the end of the stream.
func (e *ear) ends(within time.Duration) {
	e.t.Helper()
	late := time.After(within)
	for {
		select {
		case _, open := <-e.lines:
			if !open {
				return
			}
		case <-late:
			e.t.Fatalf("the stream still runs after %v", within)
		}
	}
}

func TestEventsTellKindAndID(t *testing.T) {
	h := newHouse(t, "bob")
	h.Follows(t, h.other("bob"))
	h.cluster.Settle()
	e := h.listens("")
	for name, want := range map[string]string{"Content-Type": "text/event-stream; charset=utf-8", "Content-Encoding": "", "X-Accel-Buffering": "no", "Cache-Control": "private, no-store, no-transform"} {
		if got := e.answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	e.wants(hello)
	h.other("bob").Post(t, store.Public, "The words of Bob")
	h.cluster.Settle()
	got, _ := e.hears()
	if kind, id, _ := strings.Cut(got, " "); kind != string(federation.EventPost) || number(id) == 0 {
		t.Errorf("heard %q", got)
	}
}

// What was missed while the stream was cut is sent again, in order and once.
func TestEventsAreReplayed(t *testing.T) {
	h := newHouse(t)
	e := h.listens("")
	e.wants(hello)
	h.board.live.add("update 1")
	e.wants("update 1")
	e.hangUp()
	for i := 2; i <= 4; i++ {
		h.board.live.add("update " + strconv.Itoa(i))
	}
	again := h.listens(e.last)
	for _, want := range []string{hello, "update 2", "update 3", "update 4"} {
		again.wants(want)
	}
	h.board.live.add("update 5")
	again.wants("update 5")

	// What is too long ago, of another run or no number of ours cannot be sent again.
	for range replayed + 1 {
		h.board.live.add("update 6")
	}
	for _, seen := range []string{e.last, "other-3", h.board.live.epoch + "-999999", "x", "-", h.board.live.epoch + "--5"} {
		h.listens(seen).wants(reset)
	}
}

// The service drops who falls behind; then no page may believe that it heard all.
func TestEventsAfterAGapAreReset(t *testing.T) {
	h := newHouse(t)
	e := h.listens("")
	e.wants(hello)
	h.board.live.mu.Lock()
	h.board.live.stop() // as the hub does
	h.board.live.mu.Unlock()
	e.wants(reset)
	h.Post(t, store.Public, "After the gap")
	if got, open := e.hears(); !open || !strings.HasPrefix(got, "update ") {
		t.Errorf("heard %q after the gap", got)
	}
}

// T51: a stream ends within a second of its session, however that ends.
func TestT51_EventsEndWithTheSession(t *testing.T) {
	for name, end := range map[string]func(h *house){
		"log-out": func(h *house) {
			h.t.Helper()
			err := h.Store().Write(ctx, func(tx *store.Tx) error {
				list, err := tx.Sessions()
				if err != nil {
					return err
				}
				return tx.DropSession(list[0].Hash)
			})
			if err != nil {
				h.t.Fatal(err)
			}
		},
		"a new password": func(h *house) {
			if err := auth.PasswdCommand(ctx, h.Store(), "another long password", auth.PasswdOptions{}); err != nil {
				h.t.Fatal(err)
			}
		},
		"the end of the account, though the session that watches it stands": func(h *house) {
			list, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.Session, error) { return tx.Sessions() })
			if err != nil {
				h.t.Fatal(err)
			}
			if err := h.DeleteAccount(ctx, h.Handle(), list[0].Hash); err != nil {
				h.t.Fatal(err)
			}
		},
		"the end of the account, by another session": func(h *house) {
			if err := h.DeleteAccount(ctx, h.Handle(), nil); err != nil {
				h.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			e := h.listens("")
			e.wants(hello)
			end(h)
			e.ends(time.Second)
		})
	}
}

func TestEventsWantASession(t *testing.T) {
	h := newHouse(t)
	h.browser.Jar = nil
	if e := h.listens(""); e.answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger is answered %d", e.answer.StatusCode)
	}
}

// SIGTERM: streams end first, so that the rest can end in good order (DECISIONS 29).
func TestEventsEndWithTheServer(t *testing.T) {
	h := newHouse(t)
	e := h.listens("")
	e.wants(hello)
	done := make(chan error, 1)
	began := time.Now()
	go func() {
		within, cancel := context.WithTimeout(ctx, soon)
		defer cancel()
		done <- h.web.Config.Shutdown(within)
	}()
	e.ends(time.Second)
	if err := <-done; err != nil || time.Since(began) > 2*time.Second {
		t.Errorf("the server ended after %v: %v", time.Since(began), err)
	}
}

// Who does not read is let go and holds up nobody.
func TestSlowListenersAreDropped(t *testing.T) {
	h := newHouse(t)
	quick := h.listens("")
	quick.wants(hello)
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.web.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(h.web.URL)
	if err != nil {
		t.Fatal(err)
	}
	request := "GET /me/events HTTP/1.1\r\nHost: " + u.Host + "\r\n"
	for _, c := range h.browser.Jar.Cookies(u) {
		request += "Cookie: " + c.String() + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		t.Fatal(err)
	}
	listeners := func() int {
		h.board.live.mu.Lock()
		defer h.board.live.mu.Unlock()
		return len(h.board.live.listeners)
	}
	for end := time.Now().Add(soon); listeners() != 2; {
		if time.Now().After(end) {
			t.Fatalf("%d listen", listeners())
		}
	}
	// As much as fits into no buffer on the way. The quick one reads as fast as it comes.
	long := "update " + strings.Repeat("1", 4000)
	for i := 0; listeners() == 2; i++ {
		if i > 100000 {
			t.Fatal("the slow listener is still there")
		}
		h.board.live.add(long)
		quick.wants(long)
	}
	h.board.live.add("update 2")
	quick.wants("update 2")
}

// Streams are bounded: one too many ends the oldest.
func TestListenersAreBounded(t *testing.T) {
	h := newHouse(t)
	var all []*ear
	for range maxListeners + 1 {
		e := h.listens("")
		e.wants(hello)
		all = append(all, e)
	}
	all[0].ends(soon)
	h.board.live.add("update 1")
	for _, e := range all[1:] {
		e.wants("update 1")
	}
}
