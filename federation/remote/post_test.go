package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation/httpsig"
)

var activity = []byte(`{"type":"Create","id":"https://us.example/posts/1/activity"}`)

func sign(r *http.Request) error { return signer().SignCavage(r, activity, time.Now()) }

func signGet(r *http.Request) error { return signer().SignCavage(r, nil, time.Now()) }

func TestPostIsSignedAndAnswered(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != string(activity) || r.Header.Get("Content-Type") != activityJSON {
			t.Error(string(body), err, r.Header)
		}
		s, err := httpsig.Parse(r, httpsig.Options{Host: r.Host, Body: body, Now: time.Now()})
		if err == nil {
			err = s.Verify(signer().Key.Public())
		}
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("Accept-Signature", `sig1=("@method");nonce="n"`)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "<p>\x1b[31mno\r\n\u202egnol\x00 "+strings.Repeat("ä", 400)) // judged at the other end
	})
	a, err := p.client(t, generous).Post(t.Context(), p.at("example.com", "/inbox"), activityJSON, activity, sign)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != 401 || a.AcceptSignature != `sig1=("@method");nonce="n"` || a.RetryAfter < 58*time.Minute || a.RetryAfter > time.Hour {
		t.Errorf("%+v", a)
	}
	if !strings.HasPrefix(a.Snippet, "<p> [31mno gnol ä") || len(a.Snippet) > maxSnippet || !strings.HasSuffix(a.Snippet, "ä") {
		t.Errorf("%q", a.Snippet)
	}
}

func TestPostFollowsNoRedirect(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/inbox" {
			t.Error("asked for", r.URL)
		}
		http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
	})
	a, err := p.client(t, generous).Post(t.Context(), p.at("example.com", "/inbox"), activityJSON, activity, sign)
	if err != nil || a.Status != 307 {
		t.Error(a, err)
	}
}

func TestPostIsNotHeldUpByTheBody(t *testing.T) {
	p := newPeer(t, serveObject)
	url := rawPeer(t, p, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 5000\r\n\r\nhello") // then silence
		_, _ = conn.Read(make([]byte, 1<<10))
		_, _ = conn.Read(make([]byte, 1))
	})
	within(t, time.Second, func() {
		a, err := p.client(t, nil).Post(t.Context(), url, activityJSON, nil, nil)
		if err != nil || a.Status != 202 || a.Snippet != "hello" {
			t.Error(a, err)
		}
	})
}

func TestPostErrors(t *testing.T) {
	p := newPeer(t, serveObject)
	c := p.client(t, generous)
	_, err := c.Post(t.Context(), "https://127.1/", activityJSON, activity, sign)
	wantErr(t, err, ErrURL)
	_, err = c.Post(t.Context(), "https://10.0.0.1/", activityJSON, activity, sign)
	wantErr(t, err, ErrAddress)
	broken := errors.New("no key")
	_, err = c.Post(t.Context(), p.at("example.com", "/"), activityJSON, activity, func(*http.Request) error { return broken })
	wantErr(t, err, broken)
}

// TestPostToHangingHosts: 200 hosts that never answer end by their limit, are
// cut at once when the caller gives up, and cost a healthy host nothing.
func TestPostToHangingHosts(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	const hosts = 200
	arrived := make(chan struct{}, 2*hosts)
	hang := rawPeer(t, p, func(conn net.Conn) {
		arrived <- struct{}{}
		_, _ = conn.Read(make([]byte, 1<<10)) // the body
		_, _ = conn.Read(make([]byte, 1))     // until it hangs up
	})
	c := p.client(t, func(cfg *Config) { cfg.Limits = Limits{Header: 20 * time.Second} })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all sync.WaitGroup
	for range hosts {
		all.Go(func() {
			_, err := c.Post(ctx, hang, activityJSON, activity, sign)
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	for range hosts {
		<-arrived
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	t.Logf("%d KiB of heap and stack per hanging post, both ends counted",
		(int64(during.HeapInuse+during.StackInuse)-int64(before.HeapInuse+before.StackInuse))/hosts/1024)
	within(t, 2*time.Second, func() {
		if a, err := c.Post(t.Context(), p.at("example.com", "/inbox"), activityJSON, activity, sign); err != nil || a.Status != 202 {
			t.Error(a, err)
		}
	})
	within(t, 2*time.Second, func() { cancel(); all.Wait() })

	short := p.client(t, nil)
	within(t, 2*time.Second, func() {
		_, err := short.Post(t.Context(), hang, activityJSON, activity, sign)
		wantErr(t, err, ErrTimeout)
	})
}

func TestT41_NoHeaderInjection(t *testing.T) {
	p := newPeer(t, func(_ http.ResponseWriter, r *http.Request) { t.Error("sent:", r.Header) })
	c := p.client(t, generous)
	evil := "x\r\nX-Evil: 1"
	if _, err := c.Post(t.Context(), p.at("example.com", "/inbox"), evil, activity, nil); err == nil {
		t.Error("content type")
	}
	if _, err := c.Post(t.Context(), p.at("example.com", "/inbox"), activityJSON, activity, func(r *http.Request) error {
		r.Header.Set("Collection-Synchronization", evil)
		return nil
	}); err == nil {
		t.Error("header set by the caller")
	}
	if _, err := c.GetJSON(t.Context(), p.at("example.com", "/"), evil); err == nil {
		t.Error("accept")
	}
	if _, err := c.GetObject(t.Context(), p.at("example.com", "/x?"+evil), nil); err == nil {
		t.Error("URL")
	}
	c = p.client(t, func(cfg *Config) { generous(cfg); cfg.UserAgent = evil })
	if _, err := c.GetObject(t.Context(), p.at("example.com", "/"), nil); err == nil {
		t.Error("user agent")
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{"": 0, "0": 0, "120": 2 * time.Minute, "-5": 0, "x": 0, "99999999": maxRetryAfter, "99999999999999999999": 0,
		"Mon, 23 Nov 2026 10:05:00 GMT": 5 * time.Minute, "Mon, 23 Nov 2020 10:05:00 GMT": 0} {
		if got := retryAfter(http.Header{"Retry-After": {v}}, now); got != want {
			t.Errorf("%q is %s, want %s", v, got, want)
		}
	}
}

func BenchmarkPostWarmTLS(b *testing.B) {
	p := newPeer(b, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // measured is the sender
		w.WriteHeader(http.StatusAccepted)
	})
	c := p.client(b, generous)
	body := []byte(strings.Repeat("x", 2200))
	b.ReportAllocs()
	for b.Loop() {
		if a, err := c.Post(b.Context(), p.at("example.com", "/inbox"), activityJSON, body, nil); err != nil || a.Status != 202 {
			b.Fatal(a, err)
		}
	}
}
