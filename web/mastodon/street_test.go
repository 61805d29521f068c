package mastodon

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"dassie/federation/fedtest"
	"dassie/web/auth"
)

// streamWait is how long a test waits for what must come within a second.
const streamWait = 10 * time.Second

// street is Alice's server with its API over TLS, among other servers.
type street struct {
	*fedtest.Cluster
	t          *testing.T
	alice, bob *fedtest.Server
	srv        *httptest.Server
	api        *API
	token      string
}

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{Cluster: fedtest.New(t, "alice", "bob"), t: t}
	s.alice, s.bob = s.Servers[0], s.Servers[1]
	quiet := slog.New(slog.DiscardHandler)
	guard := auth.New(s.alice.Store(), s.alice.Origin(), nil, auth.Options{Now: s.Now, Log: quiet})
	s.api = New(Config{Service: s.alice.Service, Guard: guard, Log: quiet})
	s.srv = httptest.NewTLSServer(s.api.Handler())
	t.Cleanup(s.srv.Close)
	s.token = s.newToken("read write follow push")
	return s
}

func (s *street) newToken(scopes string) string {
	s.t.Helper()
	token, err := auth.TokenCommand(context.Background(), s.alice.Store(), scopes, "Phone")
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// app is one WebSocket.
type app struct {
	t    *testing.T
	conn *websocket.Conn
}

func (s *street) open(query string, o *websocket.DialOptions) (*app, int) {
	s.t.Helper()
	if o == nil {
		o = &websocket.DialOptions{}
	}
	o.HTTPClient = s.srv.Client()
	ctx, cancel := context.WithTimeout(context.Background(), streamWait)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "wss"+strings.TrimPrefix(s.srv.URL, "https")+"/api/v1/streaming"+query, o)
	if err != nil {
		if resp == nil {
			s.t.Fatal(err)
		}
		return nil, resp.StatusCode
	}
	conn.SetReadLimit(1 << 20)
	s.t.Cleanup(func() { conn.CloseNow() })
	return &app{s.t, conn}, resp.StatusCode
}

// listen opens streams on one connection.
func (s *street) listen(streams ...string) *app {
	s.t.Helper()
	a, _ := s.open("?access_token="+s.token, nil)
	for _, name := range streams {
		a.say(name)
	}
	a.settle()
	return a
}

func (a *app) say(text string) {
	a.t.Helper()
	if !strings.HasPrefix(text, "{") {
		text = `{"type":"subscribe","stream":"` + text + `"}`
	}
	if err := a.conn.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		a.t.Fatal(err)
	}
}

// settle waits until what was said is done: messages are obeyed in their order, and
// one that cannot be read is answered.
func (a *app) settle() {
	a.t.Helper()
	a.say("{}")
	if f := a.next(); f["error"] != "Unknown message type" || f["status"] != 400.0 {
		a.t.Fatalf("settled with %v", f)
	}
}

func (a *app) next() object {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), streamWait)
	defer cancel()
	_, b, err := a.conn.Read(ctx)
	if err != nil {
		a.t.Fatal(err)
	}
	var f object
	if err := json.Unmarshal(b, &f); err != nil {
		a.t.Fatalf("%s: %v", b, err)
	}
	return f
}

// want reads the next frame and what it carries.
func (a *app) want(event string, names ...any) object {
	a.t.Helper()
	f := a.next()
	if f["event"] != event || !slices.Equal(f["stream"].([]any), names) {
		a.t.Fatalf("%v of %v came, not %s of %v", f["event"], f["stream"], event, names)
	}
	hasKeys(a.t, "frame", f, "stream event", "payload")
	text, _ := f["payload"].(string)
	if event == "delete" {
		return object{"id": text}
	}
	var v object
	if text != "" {
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			a.t.Fatalf("payload %q: %v", text, err)
		}
		kind := map[string]string{"update": "Status", "status.update": "Status", "notification": "Notification", "conversation": "Conversation"}[event]
		for _, fault := range entities.faults(event, kind, v) {
			a.t.Error(fault)
		}
	}
	return v
}

// quiet says that nothing came up to now.
func (a *app) quiet() { a.t.Helper(); a.settle() }

// gone waits for the end of the connection.
func (a *app) gone() websocket.StatusCode {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), streamWait)
	defer cancel()
	for {
		if _, _, err := a.conn.Read(ctx); err != nil {
			if ctx.Err() != nil {
				a.t.Fatal("the connection stays open")
			}
			return websocket.CloseStatus(err)
		}
	}
}

// lines opens a stream of events.
func (s *street) lines(path, token string) *bufio.Scanner {
	s.t.Helper()
	r, err := http.NewRequest("GET", s.srv.URL+"/api/v1/streaming"+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.srv.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		s.t.Fatalf("%s: %d %v", path, resp.StatusCode, resp.Header)
	}
	sc := bufio.NewScanner(resp.Body)
	sc.Buffer(nil, 1<<20)
	if !sc.Scan() || sc.Text() != ":)" {
		s.t.Fatalf("begins with %q", sc.Text())
	}
	return sc
}
