package web

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"dassie/federation"
	"dassie/web/auth"
)

// served is the whole server over TLS, with HTTP/2 for those who want it.
func (h *house) served() *httptest.Server {
	h.t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = Server(h.web, quiet)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	h.t.Cleanup(srv.Close)
	return srv
}

func (h *house) appToken(scopes string) string {
	h.t.Helper()
	token, err := auth.TokenCommand(bg, h.svc.Store(), scopes, "Phone")
	must(h.t, err)
	return token
}

func (h *house) socket(srv *httptest.Server, token string) *websocket.Conn {
	h.t.Helper()
	conn, _, err := websocket.Dial(bg, "wss://"+srv.Listener.Addr().String()+"/api/v1/streaming?stream=user", &websocket.DialOptions{
		Host: testHost, Subprotocols: []string{token}, HTTPClient: srv.Client(),
	})
	must(h.t, err)
	h.t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	return conn
}

// heard reads one piece.
func heard(t testing.TB, conn *websocket.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(bg, 10*time.Second)
	defer cancel()
	_, b, err := conn.Read(ctx)
	if ctx.Err() != nil {
		t.Fatal("nothing came for ten seconds")
	}
	return string(b), err
}

// Streams pass through all that stands around the API, and end before the server does.
func TestStreamsOfApps(t *testing.T) {
	h := newHouse(t)
	srv := h.served()
	token := h.appToken("read")
	conn := h.socket(srv, token)
	r, err := http.NewRequest("GET", srv.URL+"/api/v1/streaming/user?access_token="+token, nil)
	must(t, err)
	r.Host = testHost
	resp, err := srv.Client().Do(r)
	must(t, err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	if resp.ProtoMajor != 2 || !lines.Scan() || lines.Text() != ":)" {
		t.Fatalf("HTTP/%d, %q", resp.ProtoMajor, lines.Text())
	}
	_, err = h.svc.Publish(bg, federation.Draft{Text: "Morning in the kloof"})
	must(t, err)
	if f, err := heard(t, conn); err != nil || !strings.Contains(f, `"event":"update"`) || !strings.Contains(f, "kloof") {
		t.Errorf("%s %v", f, err)
	}
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
	}
	if !strings.Contains(lines.Text(), "kloof") {
		t.Errorf("%q", lines.Text())
	}
	if conn.Subprotocol() != token {
		t.Error("the subprotocol is not echoed")
	}
	began := time.Now()
	go srv.Config.Shutdown(bg)
	if _, err := heard(t, conn); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("at the end: %v", err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); time.Since(began) > 2*time.Second {
		t.Errorf("lines ended after %v with %v", time.Since(began), err)
	}
}

// Ten apps that stream all day weigh little.
func TestTenAppsStream(t *testing.T) {
	h := newHouse(t)
	srv := h.served()
	token := h.appToken("read")
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	warm := h.socket(srv, token)
	before := heap()
	var apps []*websocket.Conn
	for range 10 {
		apps = append(apps, h.socket(srv, token))
	}
	for range 30 {
		_, err := h.svc.Publish(bg, federation.Draft{Text: strings.Repeat("dassies on the rocks ", 100)})
		must(t, err)
		for _, conn := range append(apps, warm) {
			if f, err := heard(t, conn); err != nil || !strings.Contains(f, "on the rocks") {
				t.Fatalf("%.200s %v", f, err)
			}
		}
	}
	after := heap()
	t.Logf("ten apps with their own ends: %d KiB", (int64(after)-int64(before))/1024)
	if after > before+4<<20 {
		t.Errorf("ten apps weigh %d KiB", (after-before)/1024)
	}
	runtime.KeepAlive(apps)
}
