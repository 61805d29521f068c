package fedtest

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"dassie/federation/httpsig"
)

// Stranger is a server that says whatever a test wants: honest, odd or hostile.
type Stranger struct {
	Name string
	Host string
	Key  *rsa.PrivateKey

	tb      testing.TB
	cluster *Cluster
	mu      sync.Mutex
	docs    map[string]Doc
	handler http.HandlerFunc
	got     []Received
	gets    []string
}

// Doc is what a stranger answers at a path.
type Doc struct {
	Status int    // 0 means 200
	Type   string // "" means application/activity+json
	Body   any    // string, []byte, or something for JSON
	Header map[string]string
}

// Stranger starts a server at NAME.localhost with one actor of that name.
func (c *Cluster) Stranger(name string) *Stranger {
	c.tb.Helper()
	key := c.nextKey()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.tb.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s := &Stranger{Name: name, Host: name + ".localhost:" + port, Key: key, tb: c.tb, cluster: c, docs: map[string]Doc{}}
	srv := &http.Server{Handler: s}
	go srv.Serve(l)
	c.tb.Cleanup(func() { srv.Close() })
	s.Serve("/users/"+name, s.Actor())
	s.Serve("/.well-known/webfinger", Doc{Type: "application/jrd+json", Body: map[string]any{
		"subject": "acct:" + name + "@" + s.Host,
		"links":   []any{map[string]any{"rel": "self", "type": "application/activity+json", "href": s.ActorID()}},
	}})
	return s
}

// URL is an address on the stranger's server.
func (s *Stranger) URL(path string) string { return "http://" + s.Host + path }

// ActorID is the id of the stranger's own actor.
func (s *Stranger) ActorID() string { return s.URL("/users/" + s.Name) }

// KeyID is the id of the stranger's key.
func (s *Stranger) KeyID() string { return s.ActorID() + "#main-key" }

// Actor is the stranger's own actor document, to be changed at will.
func (s *Stranger) Actor() map[string]any {
	pem, err := httpsig.EncodePublicKey(&s.Key.PublicKey)
	if err != nil {
		s.tb.Fatal(err)
	}
	id := s.ActorID()
	return map[string]any{
		"@context": []any{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":       id, "type": "Person", "preferredUsername": s.Name, "name": s.Name,
		"inbox": id + "/inbox", "outbox": id + "/outbox", "followers": id + "/followers",
		"publicKey": map[string]any{"id": s.KeyID(), "owner": id, "publicKeyPem": pem},
	}
}

// Note is a public post by the stranger, to be changed at will.
func (s *Stranger) Note(path, content string) map[string]any {
	return map[string]any{
		"id": s.URL(path), "type": "Note", "attributedTo": s.ActorID(), "content": content,
		"published": s.cluster.Now().Format(time.RFC3339),
		"to":        []any{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []any{s.ActorID() + "/followers"},
	}
}

// Activity wraps an object.
func (s *Stranger) Activity(kind string, object any) map[string]any {
	return map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams",
		"id":       fmt.Sprintf("%s/activities/%d", s.ActorID(), time.Now().UnixNano()),
		"type":     kind, "actor": s.ActorID(), "object": object,
	}
}

// Serve sets what the stranger answers at a path (without the query).
func (s *Stranger) Serve(path string, doc any) {
	d, ok := doc.(Doc)
	if !ok {
		d = Doc{Body: doc}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs[path] = d
}

// Write answers with a document, for handlers.
func (s *Stranger) Write(w http.ResponseWriter, doc any) { Doc{Body: doc}.write(w) }

// Handle makes a function answer everything; nil goes back to what Serve set.
func (s *Stranger) Handle(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = h
}

// Received lists the POSTs so far, of one activity type, or all for "".
func (s *Stranger) Received(kind string) []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Received
	for _, r := range s.got {
		if kind == "" || r.Type == kind {
			out = append(out, r)
		}
	}
	return out
}

// Forget drops what Received and Gets hold.
func (s *Stranger) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.gets = nil, nil
}

// Gets lists the paths that were fetched.
func (s *Stranger) Gets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.gets...)
}

func (s *Stranger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 2<<20))
	s.mu.Lock()
	handler := s.handler
	doc, known := s.docs[r.URL.Path]
	if r.Method == http.MethodPost {
		s.got = append(s.got, Received{Type: activityKind(body), Body: string(body), Header: r.Header.Clone(), Path: r.URL.Path, Status: 202})
	} else {
		s.gets = append(s.gets, r.URL.RequestURI())
	}
	s.mu.Unlock()
	switch {
	case handler != nil:
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler(w, r)
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusAccepted)
	case !known:
		http.NotFound(w, r)
	default:
		doc.write(w)
	}
}

func (d Doc) write(w http.ResponseWriter) {
	var body []byte
	switch b := d.Body.(type) {
	case string:
		body = []byte(b)
	case []byte:
		body = b
	default:
		body, _ = json.Marshal(b)
	}
	w.Header().Set("Content-Type", "application/activity+json")
	if d.Type != "" {
		w.Header().Set("Content-Type", d.Type)
	}
	for k, v := range d.Header {
		w.Header().Set(k, v)
	}
	if d.Status != 0 {
		w.WriteHeader(d.Status)
	}
	w.Write(body)
}

// Request is a signed POST of an activity to a server's shared inbox, to be
// spoiled before it is sent.
func (s *Stranger) Request(to *Server, activity any) (*http.Request, []byte) {
	s.tb.Helper()
	body, ok := activity.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(activity); err != nil {
			s.tb.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+to.Host+"/inbox", bytes.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/activity+json")
	if err := s.Signer().SignCavage(r, body, s.cluster.Now()); err != nil {
		s.tb.Fatal(err)
	}
	return r, body
}

// Signer signs as the stranger's own actor.
func (s *Stranger) Signer() httpsig.Signer { return httpsig.Signer{KeyID: s.KeyID(), Key: s.Key} }

// TrySend is Send that returns 0 when no answer came, as from a server that died.
func (s *Stranger) TrySend(to *Server, activity any) int {
	r, _ := s.Request(to, activity)
	resp, err := loopback.Do(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// Do sends a request to a server of the cluster and returns the status.
func (c *Cluster) Do(r *http.Request) int {
	c.tb.Helper()
	status, _ := c.Answer(r)
	return status
}

// Answer is Do that also returns what a refusal asks to be signed.
func (c *Cluster) Answer(r *http.Request) (status int, acceptSignature string) {
	c.tb.Helper()
	resp, err := loopback.Do(r)
	if err != nil {
		c.tb.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Accept-Signature")
}

// loopback dials every name on this machine, as browsers do with *.localhost.
var loopback = &http.Client{
	Timeout: 20 * time.Second,
	Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		var d net.Dialer
		return d.DialContext(ctx, network, "127.0.0.1:"+port)
	}},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Send delivers an activity, properly signed, and returns the status.
func (s *Stranger) Send(to *Server, activity any) int {
	s.tb.Helper()
	r, _ := s.Request(to, activity)
	return s.cluster.Do(r)
}

// Fetch gets a document signed as the stranger, or unsigned.
func (s *Stranger) Fetch(url string, signed bool) (status int, body string) {
	s.tb.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	r.Header.Set("Accept", "application/activity+json")
	if signed {
		if err := s.Signer().SignCavage(r, nil, s.cluster.Now()); err != nil {
			s.tb.Fatal(err)
		}
	}
	resp, err := loopback.Do(r)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.tb.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
