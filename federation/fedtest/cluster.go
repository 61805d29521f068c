// Package fedtest runs several servers in one process that federate over real
// HTTP and real signatures on loopback. Tests say what people do and call
// Settle; nothing sleeps. It owns temporary data only and is used by tests alone.
package fedtest

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
	"dassie/store/storetest"
)

// maxRounds bounds Settle: a cluster that is still busy then sends in circles.
const maxRounds = 200

// Cluster is a small fediverse with a clock of its own.
type Cluster struct {
	tb      testing.TB
	clock   atomic.Int64
	Servers []*Server
	keys    int // drawn so far
}

// Server is one instance of the cluster and its owner.
type Server struct {
	*federation.Service
	Name   string
	Host   string // with its port, as in ids
	Domain string // of the handle

	cluster *Cluster
	http    *http.Server
	dir     string

	mu       sync.Mutex
	fault    http.HandlerFunc
	addr     func(*http.Request) string
	inbox    []Received
	gets     []string
	post     func(ctx context.Context, to string, l assets.Letter) error
	sent     []Letter
	mailless bool // it is started without a mail server
}

// Received is one POST that a server was sent, whatever it answered.
type Received struct {
	Type   string
	Body   string
	Header http.Header
	Path   string
	Status int
}

// New starts one server for each name, at NAME.localhost on a free port.
// Followers need no approval; Lock changes that.
func New(tb testing.TB, names ...string) *Cluster {
	tb.Helper()
	c := NewAt(tb, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	for _, name := range names {
		c.Add(name)
	}
	return c
}

// NewAt makes an empty cluster whose clock starts at a moment: for strangers
// that talk to a server outside the cluster.
func NewAt(tb testing.TB, at time.Time) *Cluster {
	c := &Cluster{tb: tb}
	c.clock.Store(at.UnixNano())
	return c
}

// Remote names a server outside the cluster, for strangers to send to.
func Remote(host string) *Server { return &Server{Host: host} }

// Now is the cluster's clock; Advance moves it.
func (c *Cluster) Now() time.Time { return time.Unix(0, c.clock.Load()).UTC() }

// Advance moves the clock of all servers.
func (c *Cluster) Advance(d time.Duration) { c.clock.Add(int64(d)) }

// Add starts one more server.
func (c *Cluster) Add(name string) *Server { return c.add(name, name+".localhost") }

// AddSplit starts a server whose handle has another domain than its host: at that
// domain it answers discovery alone, as package web does.
func (c *Cluster) AddSplit(name string) *Server { return c.add(name, name+"-home.localhost") }

func (c *Cluster) add(name, domain string) *Server {
	c.tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.tb.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	s := &Server{Name: name, Host: name + ".localhost:" + port, Domain: domain + ":" + port, cluster: c}
	s.open(c.tb, c.tb.TempDir())
	s.http = &http.Server{Handler: s}
	go s.http.Serve(l)
	c.tb.Cleanup(func() {
		s.http.Close()
		s.Store().Close()
	})
	c.Servers = append(c.Servers, s)
	return s
}

// patience is how long writes wait for company: in benchmarks as in the world.
func patience(tb testing.TB) time.Duration {
	if _, ok := tb.(*testing.B); ok {
		return 0
	}
	return time.Millisecond
}

func (s *Server) open(tb testing.TB, dir string) {
	tb.Helper()
	s.dir = dir
	storetest.File(tb, dir)
	st, err := store.Open(dir, store.Options{Serve: true, Now: s.cluster.Now, Patience: patience(tb), RSAKey: s.cluster.drawKey})
	if err != nil {
		tb.Fatal(err)
	}
	id, err := st.CreateAccount(context.Background(), store.NewAccount{Name: s.Name, Domain: s.Domain, Host: s.Host, PasswordHash: "x"})
	if err != nil {
		tb.Fatal(err)
	}
	s.serve(tb, st, id)
}

// Restart ends the server and starts it again with what it has on disk.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	id := s.Identity()
	if err := s.Store().Close(); err != nil {
		tb.Fatal(err)
	}
	st, err := store.Open(s.dir, store.Options{Serve: true, Now: s.cluster.Now, Patience: patience(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	s.serve(tb, st, id)
}

// Afresh makes the server one that was just set up, with the same name at the same
// host, and with nothing but a new key.
func (s *Server) Afresh(tb testing.TB) {
	tb.Helper()
	if err := s.Store().Close(); err != nil {
		tb.Fatal(err)
	}
	s.open(tb, tb.TempDir())
}

// serve makes the service over an open store.
func (s *Server) serve(tb testing.TB, st *store.Store, id store.Identity) {
	tb.Helper()
	dir := s.dir
	pictures, err := media.Open(dir + "/media")
	if err != nil {
		tb.Fatal(err)
	}
	send, name := s.mail, "smtp.example"
	if s.mailless {
		send, name = nil, ""
	}
	s.Service, err = federation.New(context.Background(), federation.Config{
		Store: st, Media: pictures, Identity: id, Version: "test", Now: s.cluster.Now, ClientAddr: s.clientAddr, Mail: send, MailServer: name,
		Remote: remote.New(remote.Config{
			UserAgent: "dassie/test (+http://" + s.Host + "/)", Loopback: true, OwnHosts: []string{s.Host, s.Domain}, Now: s.cluster.Now,
			Limits: remote.Limits{Header: time.Second, Total: 2 * time.Second},
		}),
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// Handle is the owner's handle.
func (s *Server) Handle() string { return s.Name + "@" + s.Domain }

// Misbehave makes the server answer every request with a handler; nil heals it.
func (s *Server) Misbehave(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = h
}

// CountBy makes the server count requests against the addresses that f gives
// them, as behind a proxy; without it they count against none.
func (s *Server) CountBy(f func(*http.Request) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addr = f
}

func (s *Server) clientAddr(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.addr == nil {
		return ""
	}
	return s.addr(r)
}

// Received lists the POSTs so far, of one activity type, or all for "".
func (s *Server) Received(kind string) []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Received
	for _, r := range s.inbox {
		if kind == "" || r.Type == kind {
			out = append(out, r)
		}
	}
	return out
}

// Gets lists the paths that were fetched from this server.
func (s *Server) Gets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.gets...)
}

// Forget drops what Received and Gets hold.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox, s.gets = nil, nil
}

// ServeHTTP routes what other servers ask, as package web does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	rec := s.record(r)
	sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	if fault != nil {
		fault(sw, r)
	} else {
		s.route(sw, r)
	}
	if rec != nil {
		rec.Status = sw.status
		s.mu.Lock()
		s.inbox = append(s.inbox, *rec)
		s.mu.Unlock()
	}
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	actor := "/users/" + s.Identity().ActorKey
	fixed := map[string]http.HandlerFunc{
		"/inbox": s.ServeInbox, actor + "/inbox": s.ServeInbox, actor: s.ServeActor, "/instance": s.ServeInstance,
		actor + "/outbox": s.ServeOutbox, actor + "/followers": s.ServeFollowers, actor + "/following": s.ServeFollowing,
		actor + "/followers/sync": s.ServeFollowersSync,
		actor + "/featured":       s.ServeFeatured, actor + "/tags": s.ServeFeaturedTags, "/.well-known/webfinger": s.ServeWebFinger, "/.well-known/host-meta": s.ServeHostMeta,
		"/.well-known/nodeinfo": s.ServeNodeInfoIndex, "/nodeinfo/2.1": func(w http.ResponseWriter, r *http.Request) { s.ServeNodeInfo(w, r, "2.1") },
	}
	if r.Host != s.Host && !strings.HasPrefix(r.URL.Path, "/.well-known/") && !strings.HasPrefix(r.URL.Path, "/nodeinfo/") {
		http.Error(w, "not under this name", http.StatusMisdirectedRequest)
		return
	}
	if h := fixed[r.URL.Path]; h != nil {
		h(w, r)
		return
	}
	if number, ok := strings.CutPrefix(r.URL.Path, "/stamps/"); ok {
		if id, err := strconv.ParseInt(number, 10, 64); err == nil {
			s.ServeStamp(w, r, id)
			return
		}
	}
	if number, ok := strings.CutPrefix(r.URL.Path, store.EmojiFolder); ok {
		number, file, picture := strings.Cut(number, "/")
		if id, err := strconv.ParseInt(number, 10, 64); err == nil && picture {
			s.ServeEmojiPicture(w, r, id, file)
			return
		} else if err == nil {
			s.ServeEmoji(w, r, id)
			return
		}
	}
	if number, ok := strings.CutPrefix(r.URL.Path, "/contexts/"); ok {
		if id, err := strconv.ParseInt(number, 10, 64); err == nil {
			s.ServeContext(w, r, id)
			return
		}
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/posts/")
	number, tail, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	byTail := map[string]func(http.ResponseWriter, *http.Request, int64){
		"": s.ServePost, "activity": s.ServePostActivity, "replies": s.ServeReplies, "likes": s.ServeLikes, "shares": s.ServeShares,
	}
	if h := byTail[tail]; ok && err == nil && h != nil {
		h(w, r, id)
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/media/"); ok {
		s.serveMedia(w, r, name)
		return
	}
	http.NotFound(w, r)
}

func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request, name string) {
	if federation.IsOwnMedia(name) {
		s.ServeOwnMedia(w, r, name, func(*http.Request) bool { return false })
		return
	}
	f, info, err := s.Media().Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", media.MIME(name))
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// Settle drives all queues until nothing moves.
func (c *Cluster) Settle() {
	c.tb.Helper()
	for range maxRounds {
		moved := 0
		for _, s := range c.Servers {
			n, err := s.RunDue(context.Background())
			if err != nil {
				c.tb.Fatalf("%s: %v", s.Name, err)
			}
			moved += n
		}
		if moved == 0 {
			return
		}
	}
	c.tb.Fatal("the cluster does not settle")
}

// SettleFor settles, moves the clock in steps, and settles again, until so much
// time has passed: it lets retries and delayed jobs come due.
func (c *Cluster) SettleFor(d, step time.Duration) {
	c.tb.Helper()
	c.Settle()
	for end := c.Now().Add(d); c.Now().Before(end); {
		c.Advance(step)
		c.Settle()
	}
}

func activityKind(body []byte) string {
	o, err := ap.Parse(body)
	if err != nil {
		return ""
	}
	return o.Type()
}
