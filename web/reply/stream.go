package reply

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// streamWrite is how long one piece of a stream may take to leave: who reads
// slower is let go.
const streamWrite = 10 * time.Second

// TypeEvents is the type of a stream of events (HTML 9.2).
const TypeEvents = "text/event-stream; charset=utf-8"

// Stream is an answer that goes on: it has no time limit as a whole, and each
// piece is on its way when Write returns. It is never compressed, since a
// compressor would keep pieces back.
type Stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

// Events begins a stream of events. A HEAD gets the headers alone, and an error.
func Events(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	h := w.Header()
	secure(h, cspData)
	h.Set("Content-Type", TypeEvents)
	h.Set("Cache-Control", "private, no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx would collect events
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil, errors.New("a HEAD has no stream")
	}
	s := &Stream{w, http.NewResponseController(w)}
	_ = s.c.SetReadDeadline(time.Time{}) // a writer without a connection, as in tests, has none
	return s, s.flush()
}

// Write sends one piece.
func (s *Stream) Write(piece string) error {
	_ = s.c.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err := io.WriteString(s.w, piece); err != nil {
		return err
	}
	return s.flush()
}

func (s *Stream) flush() error {
	err := s.c.Flush()
	_ = s.c.SetWriteDeadline(time.Time{}) // until the next piece
	return err
}

type closingKey struct{}

// EndStreams makes a server tell its streams when it is about to end: they would
// hold up its end otherwise. Call it before the server is started.
func EndStreams(s *http.Server) {
	closing := make(chan struct{})
	var once sync.Once
	s.RegisterOnShutdown(func() { once.Do(func() { close(closing) }) })
	s.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.Background(), closingKey{}, closing)
	}
}

// Closing is closed when the server that answers r is about to end. It is nil,
// which blocks for ever, for one that EndStreams does not know.
func Closing(r *http.Request) <-chan struct{} {
	closing, _ := r.Context().Value(closingKey{}).(chan struct{})
	return closing
}
