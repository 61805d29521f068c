package mastodon

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"dassie/web/reply"
)

const (
	socketPing = 30 * time.Second // proxies cut idle connections
	socketWait = 10 * time.Second // for a frame to leave, and for a ping to be answered
	socketRead = 4 << 10          // bytes of a message of an app
)

func wantsSocket(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Upgrade"), ",") {
		if strings.EqualFold(strings.TrimSpace(part), "websocket") {
			return true
		}
	}
	return false
}

// subprotocol is the first that an app offers. It is a token, if it is anything.
func subprotocol(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Sec-WebSocket-Protocol"), ",")
	return strings.TrimSpace(first)
}

// socket is one WebSocket (RFC 6455).
type socket struct {
	api  *API
	r    *http.Request
	conn *websocket.Conn
	l    *listener
	end  context.CancelFunc
}

// serveSocket is a stream as a WebSocket, on which an app may ask for more. What it
// offered as a subprotocol is echoed: browsers drop the connection otherwise. Pages
// of any site may connect, because a token is needed that no browser adds by itself.
func (a *API) serveSocket(w http.ResponseWriter, r *http.Request, l *listener) {
	o := websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled}
	if offered := subprotocol(r); offered != "" {
		o.Subprotocols = []string{offered}
	}
	conn, err := websocket.Accept(w, r, &o)
	if err != nil {
		return // it was answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(socketRead)
	// The request's own context means nothing once the connection is taken over.
	ctx, end := context.WithCancel(context.WithoutCancel(r.Context()))
	defer end()
	s := &socket{a, r, conn, l, end}
	a.stream.join(l)
	defer a.stream.leave(l)
	go s.read(ctx)
	go s.ping(ctx)
	s.write(ctx)
}

// write sends what happens until the connection ends.
func (s *socket) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-reply.Closing(s.r):
			_ = s.conn.Close(websocket.StatusGoingAway, "") // whoever does not hear it finds the connection gone
			return
		case <-s.l.ended:
			_ = s.conn.Close(websocket.StatusPolicyViolation, "")
			return
		case b := <-s.l.out:
			wctx, cancel := context.WithTimeout(ctx, socketWait)
			err := s.conn.Write(wctx, websocket.MessageText, b)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

// ping ends the connection of an app that does not answer.
func (s *socket) ping(ctx context.Context) {
	tick := time.NewTicker(socketPing)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pctx, cancel := context.WithTimeout(ctx, socketWait)
		err := s.conn.Ping(pctx)
		cancel()
		if err != nil {
			s.end()
			return
		}
	}
}

// wish is what an app sends.
type wish struct {
	Type   string  `json:"type"`
	Stream string  `json:"stream"`
	Tag    string  `json:"tag"`
	List   looseID `json:"list"`
}

// looseID is an id, which some apps send as a number.
type looseID string

// UnmarshalJSON implements json.Unmarshaler.
func (i *looseID) UnmarshalJSON(b []byte) error {
	*i = looseID(strings.Trim(string(b), `"`))
	return nil
}

// read takes what an app asks for; it also takes pongs and the end.
func (s *socket) read(ctx context.Context) {
	defer s.end()
	for {
		_, b, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		if err := s.obey(b); err != nil {
			s.refuse(err)
		}
	}
}

func (s *socket) obey(b []byte) error {
	var w wish
	if err := json.Unmarshal(b, &w); err != nil {
		return &reply.Error{Code: reply.Invalid, Message: "Your message cannot be read: send JSON.", Err: err}
	}
	switch w.Type {
	case "subscribe":
		return s.api.listen(s.r, s.l, w.Stream, w.Tag, string(w.List))
	case "unsubscribe":
		which, err := streamOf(w.Stream, w.Tag, string(w.List))
		if err == nil {
			s.api.stream.unsubscribe(s.l, which)
		}
		return err
	}
	return reply.Errorf(reply.Invalid, "Unknown message type")
}

// refuse says what is wrong with a message, as Mastodon does; the connection stays.
func (s *socket) refuse(err error) {
	if reply.CodeOf(err) == reply.Internal {
		s.api.log.Error("answer a message on a stream", "err", err)
	}
	b, merr := json.Marshal(struct {
		Error  string `json:"error"`
		Status int    `json:"status"`
	}{reply.Message(err), reply.Status(err)})
	if merr != nil {
		return
	}
	select {
	case s.l.out <- b:
	default: // whoever does not read needs no answer
	}
}
