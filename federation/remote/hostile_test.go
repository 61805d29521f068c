package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
)

// rawPeer answers each connection with what answer writes after the request's
// header, over TLS with HTTP/1.1; it closes when answer returns.
func rawPeer(t testing.TB, p *peer, answer func(net.Conn)) string {
	t.Helper()
	cfg := p.TLS.Clone()
	cfg.NextProtos = []string{"http/1.1"}
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // ends the loop below
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 8<<10)
				for n := 0; !strings.Contains(string(buf[:n]), "\r\n\r\n"); {
					m, err := conn.Read(buf[n:])
					if err != nil {
						return
					}
					n += m
				}
				answer(conn)
			}()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return "https://example.com:" + port + "/x"
}

// drip writes one byte at a time until the other side hangs up.
func drip(conn net.Conn, text string) {
	for {
		for i := range len(text) {
			if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

const okHeader = "HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"

func TestT25_SlowAnswers(t *testing.T) {
	p := newPeer(t, serveObject)
	c := p.client(t, nil)
	for name, answer := range map[string]func(net.Conn){
		"says nothing": func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }, // until we hang up
		"headers drip": func(conn net.Conn) { drip(conn, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X: y\r\n", 1000)) },
		"body drips":   func(conn net.Conn) { _, _ = io.WriteString(conn, okHeader+"\r\n"); drip(conn, "x") },
		"chunks drip": func(conn net.Conn) {
			_, _ = io.WriteString(conn, okHeader+"Transfer-Encoding: chunked\r\n\r\n")
			drip(conn, "1\r\nx\r\n")
		},
		"early hints drip": func(conn net.Conn) { drip(conn, "HTTP/1.1 103 Early Hints\r\n\r\n") },
		"gzip header drips": func(conn net.Conn) {
			_, _ = io.WriteString(conn, okHeader+"Content-Encoding: gzip\r\n\r\n")
			drip(conn, "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x00aaaaaaaaaaa")
		},
		"redirect body hang": func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 99\r\n\r\n")
			_, _ = conn.Read(make([]byte, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := rawPeer(t, p, answer)
			within(t, 2*time.Second, func() {
				_, err := c.GetObject(t.Context(), url, signGet)
				if name == "early hints drip" && err != nil {
					return // net/http stops after a few of them by itself
				}
				wantErr(t, err, ErrTimeout)
			})
		})
	}
}

func TestT25_SlowBeforeHTTP(t *testing.T) {
	p := newPeer(t, serveObject)
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts in the kernel, never speaks TLS
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	within(t, 2*time.Second, func() {
		_, err := p.client(t, nil).GetObject(t.Context(), "https://example.com:"+fmt.Sprint(l.Addr().(*net.TCPAddr).Port)+"/", nil)
		wantErr(t, err, ErrTimeout)
	})
	block := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	dns := p.client(t, func(cfg *Config) {
		cfg.LookupIP = func(ctx context.Context, _ string) ([]netip.Addr, error) { return nil, block(ctx) }
	})
	connect := p.client(t, func(cfg *Config) {
		cfg.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, block(ctx) }
	})
	for _, c := range []*Client{dns, connect} {
		within(t, 2*time.Second, func() {
			_, err := c.GetObject(t.Context(), "https://example.com/", nil)
			wantErr(t, err, ErrTimeout)
		})
	}
	for _, dns := range []struct {
		said *net.DNSError
		want error
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, ErrResolve},
		{&net.DNSError{Err: "server misbehaving", IsTemporary: true}, ErrLookup}, // SERVFAIL: it says nothing about the name
		{&net.DNSError{Err: "connection refused"}, ErrLookup},
	} {
		asked := p.client(t, func(cfg *Config) {
			cfg.LookupIP = func(context.Context, string) ([]netip.Addr, error) { return nil, dns.said }
		})
		_, err = asked.GetObject(t.Context(), "https://example.com/", nil)
		wantErr(t, err, dns.want)
		if errors.Is(err, ErrResolve) && errors.Is(err, ErrLookup) {
			t.Errorf("%v is both", err)
		}
	}
}

func TestT26_Bombs(t *testing.T) {
	zeros := make([]byte, 64<<10)
	var empty bytes.Buffer
	if err := gzip.NewWriter(&empty).Close(); err != nil {
		t.Fatal(err)
	}
	members := bytes.Repeat(empty.Bytes(), 1000)
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", activityJSON)
		switch r.URL.Path {
		case "/big": // 100 MB in the clear, without a length
			for range 1600 {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
		case "/announced":
			w.Header().Set("Content-Length", "10000000")
			_, _ = w.Write(zeros) // the client is gone
		case "/gzip": // 1 GiB of zeros in 1 MB
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 16 << 10 {
				if _, err := z.Write(zeros); err != nil {
					return
				}
			}
			_ = z.Close() // the client is gone
		case "/members": // gzip members with nothing in them, for ever
			w.Header().Set("Content-Encoding", "gzip")
			for {
				if _, err := w.Write(members); err != nil {
					return
				}
			}
		}
	})
	c := p.client(t, generous)
	for _, path := range []string{"/big", "/announced", "/gzip", "/members"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		within(t, 10*time.Second, func() {
			_, err := c.GetObject(t.Context(), p.at("example.com", path), nil)
			wantErr(t, err, ErrTooLarge)
		})
		runtime.ReadMemStats(&after)
		if rise := int64(after.HeapSys) - int64(before.HeapSys); rise > 8<<20 {
			t.Errorf("%s: memory rose by %d bytes", path, rise)
		}
	}
}

func TestT26_EncodingsAndLies(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
			t.Errorf("Accept-Encoding %q", got)
		}
		w.Header().Set("Content-Type", activityJSON)
		w.Header().Set("Content-Encoding", r.URL.RawQuery)
		if r.URL.RawQuery == "gzip" {
			z := gzip.NewWriter(w)
			fmt.Fprint(z, `{"id":"y"}`)
			_ = z.Close() // a failure would show at the client
			return
		}
		fmt.Fprint(w, "{}")
	})
	c := p.client(t, generous)
	doc, err := c.GetObject(t.Context(), p.at("example.com", "/?gzip"), nil)
	if err != nil || string(doc.Body) != `{"id":"y"}` {
		t.Error(doc, err)
	}
	for _, bad := range []string{"br", "deflate", "zstd", "gzip,gzip", "compress"} {
		_, err := c.GetObject(t.Context(), p.at("example.com", "/?"+bad), nil)
		wantErr(t, err, ErrContentType)
	}
	for name, text := range map[string]string{
		"length too long":  okHeader + "Content-Length: 100\r\n\r\n{}",
		"broken chunks":    okHeader + "Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
		"no gzip inside":   okHeader + "Content-Encoding: gzip\r\n\r\n{}",
		"negative length":  okHeader + "Content-Length: -5\r\n\r\n{}",
		"two lengths":      okHeader + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"huge headers":     okHeader + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 100) + "\r\n{}",
		"not HTTP":         "220 mail.example ESMTP\r\n",
		"length too short": okHeader + "Content-Length: 1\r\n\r\n{}",
	} {
		url := rawPeer(t, p, func(conn net.Conn) { _, _ = io.WriteString(conn, text) }) // what arrives is the test
		doc, err := c.GetObject(t.Context(), url, nil)
		if name == "length too short" {
			if err != nil || string(doc.Body) != "{" {
				t.Error(name, doc, err)
			}
		} else if err == nil {
			t.Errorf("%s: read %q", name, doc.Body)
		}
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	p := newPeer(t, serveObject)
	for _, url := range []string{p.at("evil.example", "/"), p.at("127.0.0.2", "/")} {
		if _, err := p.client(t, generous).GetObject(t.Context(), url, nil); err == nil {
			t.Error(url, "answers with a foreign certificate")
		}
	}
	stranger := p.client(t, func(cfg *Config) { generous(cfg); cfg.RootCAs = nil })
	if _, err := stranger.GetObject(t.Context(), p.at("example.com", "/"), nil); err == nil {
		t.Error("an unknown authority is believed")
	}
}
