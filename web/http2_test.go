package web

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// wire is one HTTP/2 connection, frame by frame.
type wire struct {
	t      *testing.T
	conn   *tls.Conn
	framer *http2.Framer
	hpack  *hpack.Encoder
	block  bytes.Buffer
}

// overHTTP2 serves a handler with our limits over TLS.
func overHTTP2(t *testing.T, h http.HandlerFunc) *httptest.Server {
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = Server(h, quiet)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func dialHTTP2(t *testing.T, srv *httptest.Server) *wire {
	t.Helper()
	conn, err := tls.Dial("tcp", srv.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) // the test server's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if conn.ConnectionState().NegotiatedProtocol != "h2" {
		t.Fatal("no HTTP/2")
	}
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	must(t, err)
	w := &wire{t: t, conn: conn, framer: http2.NewFramer(conn, conn)}
	w.hpack = hpack.NewEncoder(&w.block)
	must(t, w.framer.WriteSettings())
	return w
}

// request opens a stream that stays open. An error means that the server hung up.
func (w *wire) request(stream uint32, more ...hpack.HeaderField) error {
	w.block.Reset()
	for _, f := range append([]hpack.HeaderField{{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "https"},
		{Name: ":path", Value: "/"}, {Name: ":authority", Value: "a.example"}}, more...) {
		must(w.t, w.hpack.WriteField(f))
	}
	block := w.block.Bytes()
	first := min(len(block), 16<<10)
	err := w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block[:first], EndHeaders: first == len(block)})
	for block = block[first:]; err == nil && len(block) > 0; block = block[min(len(block), 16<<10):] {
		n := min(len(block), 16<<10)
		err = w.framer.WriteContinuation(stream, n == len(block), block[:n])
	}
	return err
}

// T60: on one connection a hundred requests are worked on at a time, whatever
// the client opens, and the server says so.
func TestT60_StreamsAreBounded(t *testing.T) {
	var now, most atomic.Int64
	release := make(chan struct{})
	srv := overHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		for n := now.Add(1); n > most.Load(); {
			most.Store(n)
		}
		<-release
		now.Add(-1)
	})
	defer close(release)
	w := dialHTTP2(t, srv)
	ended := make(chan int, 1)
	go func() { // a client that opens ten thousand streams and takes no notice of what it is told
		for i := range uint32(10_000) {
			if err := w.request(2*i + 1); err != nil {
				break
			}
		}
		ended <- 0
	}()
	refused, said := 0, uint32(0)
	for refused < 1000 {
		f, err := w.framer.ReadFrame()
		if err != nil { // it hung up, which is an answer too
			break
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if v, ok := f.Value(http2.SettingMaxConcurrentStreams); ok {
				said = v
			}
		case *http2.RSTStreamFrame:
			refused++
		case *http2.GoAwayFrame:
			refused = 1000
		}
	}
	if said == 0 || said > maxStreams {
		t.Errorf("the server allows %d streams", said)
	}
	if n := most.Load(); n > maxStreams {
		t.Errorf("%d requests were worked on at once", n)
	}
	w.conn.Close()
	<-ended
}

// T60: streams that are opened and reset at once (CVE-2023-44487) do not pile up
// work, and others are served meanwhile.
func TestT60_RapidReset(t *testing.T) {
	var now, most atomic.Int64
	srv := overHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			for n := now.Add(1); n > most.Load(); {
				most.Store(n)
			}
			time.Sleep(20 * time.Millisecond) // the work of a request, which no reset takes back
			now.Add(-1)
		}
	})
	w := dialHTTP2(t, srv)
	go io.Copy(io.Discard, w.conn) // what the server says is not heeded
	flood := make(chan struct{})
	go func() {
		defer close(flood)
		for i := range uint32(50_000) {
			if w.request(2*i+1) != nil || w.framer.WriteRSTStream(2*i+1, http2.ErrCodeCancel) != nil {
				return
			}
		}
	}()
	client := srv.Client()
	client.Timeout = 5 * time.Second
	start := time.Now()
	resp, err := client.Get(srv.URL + "/other")
	if err != nil || time.Since(start) > 3*time.Second { // one second, and room for a busy test machine
		t.Errorf("another client was served after %v, %v", time.Since(start), err)
	} else {
		resp.Body.Close()
	}
	<-flood
	if n := most.Load(); n > maxStreams {
		t.Errorf("%d requests were worked on at once", n)
	}
}

// T60: headers beyond our limit, packed small or sent in pieces for ever
// (CVE-2023-45288), are refused.
func TestT60_HugeHeaders(t *testing.T) {
	var served atomic.Int64
	srv := overHTTP2(t, func(http.ResponseWriter, *http.Request) { served.Add(1) })
	w := dialHTTP2(t, srv)
	var big []hpack.HeaderField
	for range 4000 { // the same field again and again is one byte each on the wire
		big = append(big, hpack.HeaderField{Name: "x-filler", Value: strings.Repeat("y", 1000)})
	}
	err := w.request(1, big...)
	for err == nil {
		var f http2.Frame
		f, err = w.framer.ReadFrame()
		if h, ok := f.(*http2.HeadersFrame); ok && h.StreamID == 1 {
			break // 431
		}
		if _, ok := f.(*http2.RSTStreamFrame); ok {
			break
		}
		if _, ok := f.(*http2.GoAwayFrame); ok {
			break
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("no answer to four megabytes of headers")
	}
	endless := dialHTTP2(t, srv)
	err = endless.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: w.block.Bytes()[:10]})
	sent := 0
	for ; err == nil && sent < 100<<20; sent += 16 << 10 {
		err = endless.framer.WriteContinuation(1, false, bytes.Repeat([]byte{0x82}, 16<<10))
	}
	if err == nil {
		t.Errorf("%d bytes of headers without an end were taken", sent)
	}
	if n := served.Load(); n != 0 {
		t.Errorf("%d such requests were served", n)
	}
}
