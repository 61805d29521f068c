package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation/httpsig"
)

func TestGetObjectIsSignedAndStrict(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		s, err := httpsig.Parse(r, httpsig.Options{Host: r.Host, Now: time.Now()})
		if err == nil {
			err = s.Verify(signer().Key.Public())
		}
		if err != nil {
			t.Error(err)
		}
		if r.Header.Get("Accept") != acceptActivity || r.UserAgent() != "dassie/test (+https://us.example/)" || r.ProtoMajor != 1 {
			t.Error(r.Proto, r.Header)
		}
		serveObject(w, r)
	})
	c := p.client(t, nil)
	for _, path := range []string{"/users/x?page=1", "/ä", "", "/a%2Fb"} {
		doc, err := c.GetObject(t.Context(), p.at("example.com", path)+"#main-key", signGet)
		if err != nil {
			t.Fatal(err)
		}
		if doc.URL != p.at("example.com", path) || string(doc.Body) != `{"id":"x"}` || doc.ContentType != activityJSON {
			t.Errorf("%+v", doc)
		}
	}
}

func TestT10_OtherContentTypesRefused(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = r.URL.Query()["t"]
		fmt.Fprint(w, `{}`)
	})
	c := p.client(t, generous)
	get := func(types ...string) error {
		r, err := http.NewRequest("GET", p.at("example.com", "/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		q := r.URL.Query()
		q["t"] = types
		_, err = c.GetObject(t.Context(), p.at("example.com", "/?"+q.Encode()), nil)
		return err
	}
	for _, ok := range []string{"application/activity+json", "Application/Activity+JSON; charset=utf-8", `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`,
		`application/ld+json; charset=utf-8; profile="https://www.w3.org/ns/activitystreams https://w3id.org/security/v1"`} {
		if err := get(ok); err != nil {
			t.Error(ok, err)
		}
	}
	for _, bad := range [][]string{{"text/plain"}, {"application/json"}, {"image/png"}, {"application/ld+json"}, {"application/ld+json; profile=x"}, {"text/html"}, {""}, nil,
		{`application/ld+json; profile="https://www.w3.org/ns/activitystreams#evil"`}, {"application/activity+jsonx"}, {"application/activity+json, image/png"},
		{"image/png", "application/activity+json"}, {"application/activity+json", "image/png"}, {"text/plain; x=application/activity+json"}} {
		wantErr(t, get(bad...), ErrContentType)
	}
}

func TestDiscoveryAndMediaTypes(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{r.URL.RawQuery}
		fmt.Fprint(w, `{}`)
	})
	c := p.client(t, generous)
	for typ, ok := range map[string]bool{"application/json": true, "application/jrd+json;charset=utf-8": true, "text/html": false, "image/png": false, "application/xml": false} {
		if _, err := c.GetJSON(t.Context(), p.at("example.com", "/?"+typ)); (err == nil) != ok {
			t.Error(typ, err)
		}
	}
	if _, err := c.GetJSON(t.Context(), p.at("example.com", "/?text/xml"), "application/xrd+xml"); err != nil {
		t.Error(err)
	}
	for typ, ok := range map[string]bool{"image/png": true, "video/mp4": true, "audio/ogg": true, "text/html": false, "application/activity+json": false, "": false} {
		if _, err := c.GetMedia(t.Context(), p.at("example.com", "/?"+typ), 100); (err == nil) != ok {
			t.Error(typ, err)
		}
	}
	_, err := c.GetMedia(t.Context(), p.at("example.com", "/?image/png"), 1)
	wantErr(t, err, ErrTooLarge)
}

func TestT11_RedirectsStayOnTheHost(t *testing.T) {
	var signedElsewhere atomic.Int32
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "other.") {
			signedElsewhere.Add(1)
		}
		to := map[string]string{"/a": "/b", "/b": "/c", "/c": "https://" + r.Host + "/d", "/away": "https://other." + r.Host + "/d", "/scheme": "http://" + r.Host + "/d",
			"/data": "data:application/json,{}", "/empty": "", "/back": `\\other`, "/user": "https://u@" + r.Host + "/d", "/port": "https://example.com:8444/"}
		if l, ok := to[r.URL.Path]; ok {
			w.Header().Set("Location", l)
			w.WriteHeader(http.StatusFound)
			return
		}
		if s, err := httpsig.Parse(r, httpsig.Options{Host: r.Host, Now: time.Now()}); err != nil || s.Verify(signer().Key.Public()) != nil {
			t.Error("the last hop is not signed anew:", err)
		}
		serveObject(w, r)
	})
	c := p.client(t, generous)
	doc, err := c.GetObject(t.Context(), p.at("example.com", "/a"), signGet)
	if err != nil || doc.URL != p.at("example.com", "/d") {
		t.Fatal(doc, err)
	}
	for _, path := range []string{"/away", "/scheme", "/data", "/empty", "/back", "/user", "/port"} {
		_, err := c.GetObject(t.Context(), p.at("example.com", path), signGet)
		wantErr(t, err, ErrRedirect)
	}
	if signedElsewhere.Load() > 0 {
		t.Error("a signature went to another host")
	}
}

func TestDiscoveryMayRedirectToAnotherHost(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/private":
			http.Redirect(w, r, "https://10.0.0.1/", http.StatusFound)
		case r.URL.Path == "/home":
			http.Redirect(w, r, "https://us.example.com/", http.StatusFound)
		case strings.HasPrefix(r.Host, "social."):
			w.Header().Set("Content-Type", "application/jrd+json")
			fmt.Fprint(w, `{}`)
		default:
			http.Redirect(w, r, "https://social."+r.Host+"/wf", http.StatusFound)
		}
	})
	c := p.client(t, generous)
	doc, err := c.GetJSON(t.Context(), p.at("example.com", "/wf"))
	if err != nil || doc.URL != p.at("social.example.com", "/wf") {
		t.Fatal(doc, err)
	}
	_, err = c.GetJSON(t.Context(), p.at("example.com", "/private"))
	wantErr(t, err, ErrAddress)
	_, err = c.GetMedia(t.Context(), p.at("example.com", "/private"), 100)
	wantErr(t, err, ErrAddress)
	_, err = c.GetJSON(t.Context(), p.at("example.com", "/home"))
	wantErr(t, err, ErrOwnHost)
}

// TestT23_SecondAnswerOfDNS: the name was public when it was first asked for,
// and private for the redirect.
func TestT23_SecondAnswerOfDNS(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	p.TLS.NextProtos = []string{"http/1.1"} // so that the connection does close
	var d dialled
	var asked atomic.Int32
	c := p.client(t, func(cfg *Config) {
		generous(cfg)
		cfg.AllowNetworks = nil
		cfg.DialContext = d.to(p.Listener.Addr().String())
		cfg.LookupIP = func(context.Context, string) ([]netip.Addr, error) {
			if asked.Add(1) == 1 {
				return []netip.Addr{netip.MustParseAddr("1.1.1.1")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	})
	_, err := c.GetObject(t.Context(), "https://example.com/x", signGet)
	wantErr(t, err, ErrAddress)
	if d.String() != "1.1.1.1:443" || asked.Load() != 2 {
		t.Errorf("dialled %s, asked %d times", &d, asked.Load())
	}
}

func TestT24_RedirectLoops(t *testing.T) {
	var requests atomic.Int32
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		to := map[string]string{"/1": "/2", "/2": "/3", "/3": "/4", "/4": "/5", "/self": "/self", "/A": "/B", "/B": "/A"}[r.URL.Path]
		if to == "" {
			serveObject(w, r)
			return
		}
		http.Redirect(w, r, to, http.StatusMovedPermanently)
	})
	now := time.Now()
	c := p.client(t, func(cfg *Config) { generous(cfg); cfg.Now = func() time.Time { return now } })
	for path, want := range map[string]int32{"/1": 4, "/self": 1, "/A": 4} {
		requests.Store(0)
		_, err := c.GetObject(t.Context(), p.at("example.com", path), nil)
		wantErr(t, err, ErrRedirect)
		if n := requests.Load(); n != want {
			t.Errorf("%s cost %d requests, want %d", path, n, want)
		}
		_, err = c.GetObject(t.Context(), p.at("example.com", path), nil)
		wantErr(t, err, ErrRedirect)
		if n := requests.Load(); n != want {
			t.Errorf("%s was asked for again within 10 minutes", path)
		}
	}
	if _, err := c.GetObject(t.Context(), p.at("example.com", "/2"), nil); err != nil {
		t.Error("three redirects:", err)
	}
	now = now.Add(refusalAge)
	requests.Store(0)
	_, err := c.GetObject(t.Context(), p.at("example.com", "/self"), nil)
	wantErr(t, err, ErrRedirect)
	if requests.Load() != 1 {
		t.Error("the failure is remembered for longer than 10 minutes")
	}
	for i := range 2 * maxRefusals {
		c.refused.note("object", fmt.Sprint(i), ErrRedirect, now)
	}
	if n := c.refused.cache.Len(); n != maxRefusals {
		t.Errorf("%d refusals are kept", n)
	}
}

// A refusal is told with what the server asks for, and nothing is tried again:
// what to do about it is not decided here.
func TestRefusalsAreTold(t *testing.T) {
	var requests atomic.Int32
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Header().Set("Accept-Signature", `sig1=("@method" "@target-uri");created`)
		if r.URL.Path == "/long" {
			w.Header().Set("Accept-Signature", strings.Repeat("x", 2000))
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	c := p.client(t, generous)
	for path, want := range map[string]string{"/outbox?page=1": `sig1=("@method" "@target-uri");created`, "/long": ""} {
		requests.Store(0)
		_, err := c.GetObject(t.Context(), p.at("example.com", path), signGet)
		var status *StatusError
		if !errors.As(err, &status) || status.Code != 401 || status.AcceptSignature != want || requests.Load() != 1 {
			t.Errorf("%s: %v, asks %q, %d requests", path, err, status.AcceptSignature, requests.Load())
		}
	}
}

func TestStatusIsTold(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := p.client(t, generous).GetObject(t.Context(), p.at("example.com", "/"), nil)
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 429 || status.RetryAfter != 2*time.Minute || status.URL != p.at("example.com", "/") {
		t.Error(err)
	}
}

func TestOwnHostsAreNeverDialled(t *testing.T) {
	p := newPeer(t, func(http.ResponseWriter, *http.Request) { t.Error("asked ourselves") })
	c := p.client(t, generous)
	for _, u := range []string{"https://us.example.com/x", "https://US.example:443/"} {
		_, err := c.GetObject(t.Context(), u, nil)
		wantErr(t, err, ErrOwnHost)
		_, err = c.Post(t.Context(), u, activityJSON, nil, nil)
		wantErr(t, err, ErrOwnHost)
	}
	_, err := c.dial(t.Context(), "tcp", "us.example:443")
	wantErr(t, err, ErrOwnHost)
}

func TestLoopbackMode(t *testing.T) {
	var d dialled
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(serveObject), ReadHeaderTimeout: time.Second}
	go srv.Serve(l) //nolint:errcheck // ends with the listener
	defer srv.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c := New(Config{Loopback: true, OwnHosts: []string{"alice.localhost:" + port}, DialContext: d.to(l.Addr().String())})
	defer c.CloseIdle()
	if _, err := c.GetObject(t.Context(), "http://bob.localhost:"+port+"/x", nil); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(d.String(), "127.0.0.1:"+port) {
		t.Error("dialled", &d)
	}
	_, err = c.GetObject(t.Context(), "http://alice.localhost:"+port+"/x", nil)
	wantErr(t, err, ErrOwnHost)
}
