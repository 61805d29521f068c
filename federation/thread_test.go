package federation_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// talk is a conversation among strangers' servers: each post carries its replies
// as Mastodon writes them, and each server answers for its own posts.
type talk struct {
	t       *testing.T
	posts   map[string]map[string]any
	replies map[string][]string
	home    map[string]*fedtest.Stranger
}

func newTalk(t *testing.T) *talk {
	return &talk{t, map[string]map[string]any{}, map[string][]string{}, map[string]*fedtest.Stranger{}}
}

// say adds a post at a path of somebody's server that answers another, "" for none.
func (k *talk) say(s *fedtest.Stranger, path, parent string) string {
	n := s.Note(path, "<p>"+path+"</p>")
	uri := s.URL(path)
	if parent != "" {
		n["inReplyTo"] = parent
		k.replies[parent] = append(k.replies[parent], uri)
	}
	k.posts[uri], k.home[uri] = n, s
	return uri
}

// serve puts everything on its servers.
func (k *talk) serve() {
	for uri, n := range k.posts {
		items := []any{}
		for _, r := range k.replies[uri] {
			items = append(items, r)
		}
		list := map[string]any{"id": uri + "/replies", "type": "Collection",
			"first": map[string]any{"type": "CollectionPage", "partOf": uri + "/replies", "items": items}}
		n["replies"] = list
		at := strings.TrimPrefix(uri, k.home[uri].URL(""))
		k.home[uri].Serve(at, n)
		if k.home[uri].Name != "ann" { // her server has the list only inside the post
			k.home[uri].Serve(at+"/replies", list)
		}
	}
}

// opened looks up a post and searches its conversation.
func opened(t *testing.T, s *fedtest.Server, uri string) (store.Post, federation.ThreadReport) {
	t.Helper()
	found, err := s.Lookup(ctx(), uri)
	if err != nil || found.Post == nil {
		t.Fatalf("%s looks up %s: %v", s.Name, uri, err)
	}
	report, err := s.FetchThread(ctx(), found.Post.ID)
	if err != nil {
		t.Fatal(err)
	}
	return *found.Post, report
}

func gets(servers ...*fedtest.Stranger) (n int) {
	for _, s := range servers {
		n += len(s.Gets())
	}
	return n
}

// wrote puts an answer on its author's server and on the one that keeps the
// conversation, as if it had been delivered there.
func wrote(t *testing.T, author, keeper *fedtest.Server, to, text string) string {
	t.Helper()
	uri := ""
	err := author.Store().Write(ctx(), func(tx *store.Tx) error {
		id := tx.NewID()
		uri = author.Origin().URL(fmt.Sprint("/posts/", id))
		return tx.InsertPost(&store.Post{ID: id, URI: uri, ActorID: store.OwnerID, Content: "<p>" + text + "</p>", ParentURI: to, PublishedAt: author.Now()})
	})
	if err == nil && author != keeper {
		a := keeper.Find(t, author)
		err = keeper.Store().Write(ctx(), func(tx *store.Tx) error {
			return tx.InsertPost(&store.Post{URI: uri, ActorID: a.ID, Content: "<p>" + text + "</p>", ParentURI: to, PublishedAt: keeper.Now()})
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return uri
}

func TestAThreadOf300RepliesOverThreeServersIsWhole(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dave")
	alice, three := c.Servers[0], c.Servers[1:]
	bob := three[0]
	root := bob.Post(t, store.Public, "Who is awake?")
	said := []string{root.URI}
	for i := range 300 {
		to := root.URI
		if i >= 100 {
			to = said[i-98] // an answer to an answer
		}
		c.Advance(time.Second)
		said = append(said, wrote(t, three[i%3], bob, to, fmt.Sprint("Reply ", i)))
	}
	c.Advance(time.Hour)
	for _, s := range three {
		s.Forget()
	}
	began := time.Now()
	_, report := opened(t, alice, said[0])
	took := time.Since(began)
	for _, uri := range said {
		if p, ok := alice.Has(t, uri); !ok || uri != said[0] && p.ParentID == 0 {
			t.Fatalf("%s is missing or hangs on nothing; %+v", uri, report)
		}
	}
	asked := 0
	for _, s := range three {
		asked += len(s.Gets())
	}
	if asked > 400 || took > 60*time.Second || report.Requests > 400 {
		t.Errorf("it took %d requests and %v: %+v", asked, took, report)
	}
	if report.Known != 300 || report.About != 300 || len(report.Missing) != 0 || !report.Done {
		t.Errorf("the report says %+v", report)
	}
	if len(alice.Home(t)) != 0 || len(alice.Notified(t)) != 0 {
		t.Error("a conversation that was opened came into Home or made notices")
	}
	t.Logf("%d requests, %v", asked, took)
}

func TestRepliesAreFoundPostByPostWhereNobodyKeepsTheConversation(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	three := []*fedtest.Stranger{c.Stranger("ann"), c.Stranger("ben"), c.Stranger("cid")}
	k := newTalk(t)
	said := []string{k.say(three[0], "/n/root", "")}
	for i := range 300 {
		said = append(said, k.say(three[i%3], fmt.Sprint("/n/", i), said[i/3]))
	}
	k.serve()
	_, report := opened(t, alice, said[200]) // somewhere deep inside: the top is found first
	for _, uri := range said {
		if _, ok := alice.Has(t, uri); !ok {
			t.Fatalf("%s is missing: %+v", uri, report)
		}
	}
	if n := gets(three...); n > 400 {
		t.Errorf("%d requests", n)
	}
	if report.Known != 300 || report.About != 300 || !report.Done {
		t.Errorf("the report says %+v", report)
	}
	before := gets(three...)
	if again, err := alice.FetchThread(ctx(), report.RootID); err != nil || gets(three...) != before || again.Known != 300 {
		t.Errorf("searched again at once: %d requests, %+v, %v", gets(three...)-before, again, err)
	}
	c.Advance(2 * time.Minute)
	if again, err := alice.FetchThread(ctx(), report.RootID); err != nil || gets(three...) != before || again.About != 300 {
		t.Errorf("searched again while every list is fresh: %d requests, %+v, %v", gets(three...)-before, again, err)
	}
}

func TestAServerThatFailsDoesNotStopTheOthers(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"hangs": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"500":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice := c.Servers[0]
			ann, ben, bad := c.Stranger("ann"), c.Stranger("ben"), c.Stranger("bad")
			k := newTalk(t)
			root := k.say(ann, "/n/root", "")
			var good []string
			for i := range 20 {
				k.say(bad, fmt.Sprint("/n/bad", i), root)
				good = append(good, k.say(ben, fmt.Sprint("/n/", i), root))
			}
			k.serve()
			bad.Handle(fault)
			began := time.Now()
			p, report := opened(t, alice, root)
			for _, uri := range good {
				if _, ok := alice.Has(t, uri); !ok {
					t.Errorf("%s is missing", uri)
				}
			}
			if n := len(bad.Gets()); n > 5 {
				t.Errorf("the server that fails was asked %d times", n)
			}
			if time.Since(began) > 20*time.Second {
				t.Errorf("it took %v", time.Since(began))
			}
			if report.Done || report.Known != 20 || report.About != 40 || len(report.Missing) == 0 {
				t.Errorf("the report says %+v", report)
			}
			for _, m := range report.Missing {
				if m.Host != bad.Host || !m.Silent || m.Why == "" {
					t.Errorf("missing: %+v", m)
				}
			}
			state, err := alice.ThreadState(ctx(), p.ID)
			if err != nil || state.Known != 20 || state.About != 40 || len(state.Missing) != len(report.Missing) || state.At.IsZero() {
				t.Errorf("what is kept of it: %+v, %v", state, err)
			}
			bad.Handle(nil)
			c.Advance(2 * time.Minute)
			if report, err = alice.FetchThread(ctx(), p.ID); err != nil {
				t.Fatal(err)
			}
			c.Advance(20 * time.Minute)
			if report, err = alice.FetchThread(ctx(), p.ID); err != nil || report.Known != 40 || len(report.Missing) != 0 {
				t.Errorf("healed: %+v, %v", report, err)
			}
		})
	}
}

func TestEachPostComesFromItsOwnServer(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	ann, ben, eve := c.Stranger("ann"), c.Stranger("ben"), c.Stranger("eve")
	k := newTalk(t)
	root := k.say(ann, "/n/root", "")
	true1 := k.say(ben, "/n/1", root)
	k.serve()
	answer := func(s *fedtest.Stranger, path, parent string) map[string]any {
		n := s.Note(path, "<p>"+path+"</p>")
		n["inReplyTo"] = parent
		return n
	}
	forged := answer(ben, "/n/1", root)
	forged["content"] = "<p>forged words</p>"
	never := answer(ben, "/n/never", root) // ben's server knows of no such post
	elsewhere := answer(eve, "/n/lies", root)
	elsewhere["id"] = ann.URL("/n/stolen")
	eve.Serve("/n/lies", elsewhere)
	notHers := answer(eve, "/n/nothers", root)
	notHers["attributedTo"] = ben.ActorID()
	eve.Serve("/n/nothers", notHers)
	private := answer(ben, "/n/private", root)
	private["to"], private["cc"] = []any{ann.ActorID()}, []any{}
	ben.Serve("/n/private", private)
	other := eve.Note("/n/other", "<p>another conversation</p>")
	eve.Serve("/n/other", other)
	own := answer(ann, "/n/own", root) // of the list's own server: needs no request
	n := k.posts[root]
	n["replies"] = map[string]any{"id": root + "/replies", "type": "Collection", "items": []any{
		forged, never, eve.URL("/n/lies"), eve.URL("/n/nothers"), ben.URL("/n/private"), other, eve.URL("/n/other"), own,
		alice.ActorURI(), "http://10.0.0.1/x", "https://127.0.0.1/x", "file:///etc/passwd", "data:text/plain,x", 7, nil, map[string]any{},
	}}
	ann.Serve("/n/root", n)
	_, report := opened(t, alice, root)
	if p, ok := alice.Has(t, true1); !ok || strings.Contains(p.Content, "forged") {
		t.Errorf("the true answer: %v %q", ok, p.Content)
	}
	if _, ok := alice.Has(t, ann.URL("/n/own")); !ok {
		t.Error("what came whole from its own server is missing")
	}
	if slices.ContainsFunc(ann.Gets(), func(g string) bool { return g == "/n/own" }) {
		t.Error("what came whole from its own server was fetched again")
	}
	for _, uri := range []string{ben.URL("/n/never"), ann.URL("/n/stolen"), eve.URL("/n/lies"), eve.URL("/n/nothers"), ben.URL("/n/private"), eve.URL("/n/other")} {
		if _, ok := alice.Has(t, uri); ok {
			t.Errorf("%s is stored", uri)
		}
	}
	if report.Known != 2 {
		t.Errorf("the report says %+v", report)
	}
}

func TestT19_NothingOfABlockedServerComesWithAThread(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	ann, bad := c.Stranger("ann"), c.Stranger("bad")
	k := newTalk(t)
	root := k.say(ann, "/n/root", "")
	k.say(bad, "/n/1", root)
	k.say(ann, "/n/2", bad.URL("/n/1"))
	k.serve()
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.BlockHost(bad.Host) }); err != nil {
		t.Fatal(err)
	}
	_, report := opened(t, alice, root)
	if n := len(bad.Gets()); n != 0 || report.Known != 0 {
		t.Errorf("the blocked server was asked %d times: %+v", n, report)
	}
	if len(report.Missing) != 1 || !strings.Contains(report.Missing[0].Why, "blocked by you") {
		t.Errorf("the report says %+v", report)
	}
}
