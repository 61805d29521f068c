package federation_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/federation/fedtest"
	"dassie/federation/markup"
	"dassie/store"
)

// In a seed, $BOB is the sender's actor id, $AT their server, $ALICE the owner's
// actor id, $OWN a post of theirs and $POST one of bob's.
var seeds = []string{
	`{"id":"$AT/a/1","type":"Create","actor":"$BOB","object":{"id":"$AT/n/1","type":"Note","attributedTo":"$BOB","content":"<p>hi</p>","to":"as:Public","inReplyTo":"$OWN"}}`,
	`{"id":"$AT/a/2","type":"Create","actor":"$BOB","object":{"id":"$AT/n/2","type":"Question","attributedTo":"$BOB","oneOf":[{"name":"a"},{"name":"b"}],"closed":true,"to":["$ALICE"],"tag":{"type":"Mention","href":"$ALICE"}}}`,
	`{"id":"$AT/a/3","type":"Create","actor":"$BOB","object":[{"id":"$AT/n/3","type":"Note","attributedTo":["$BOB"],"name":"a","inReplyTo":"$OWN","to":"$ALICE"}]}`,
	`{"id":"$AT/a/4","type":"Update","actor":"$BOB","object":{"id":"$POST","type":"Article","name":"t","summary":"s","attributedTo":"$BOB","content":"<b>x","updated":"2026-12-01T00:00:00Z"}}`,
	`{"id":"$AT/a/5","type":"Update","actor":"$BOB","object":{"id":"$BOB","type":"Person","inbox":"$AT/in","preferredUsername":"bob","attachment":{"type":"PropertyValue","name":"n","value":"v"}}}`,
	`{"id":"$AT/a/6","type":"Delete","actor":"$BOB","object":{"type":"Tombstone","id":"$POST"}}`,
	`{"id":"$AT/a/7","type":"Follow","actor":"$BOB","object":"$ALICE"}`,
	`{"id":"$AT/a/8","type":"Undo","actor":"$BOB","object":{"id":"$AT/a/7","type":"Follow","actor":"$BOB","object":"$ALICE"}}`,
	`{"id":"$AT/a/9","type":"Announce","actor":"$BOB","object":"$OWN","to":["as:Public"]}`,
	`{"id":"$AT/a/10","type":"Like","actor":"$BOB","object":"$OWN","content":":x:","tag":[{"type":"Emoji","name":":x:","icon":{"url":"$AT/x.png"}}]}`,
	`{"id":"$AT/a/11","type":"EmojiReact","actor":"$BOB","object":"$OWN","content":"🐟"}`,
	`{"id":"$AT/a/12","type":"Undo","actor":"$BOB","object":"$AT/a/9"}`,
	`{"id":"$AT/a/13","type":"Accept","actor":"$BOB","object":{"type":"Follow","actor":"$ALICE","object":"$BOB"}}`,
	`{"id":"$AT/a/14","type":"Reject","actor":"$BOB","object":"$ALICE"}`,
	`{"id":"$AT/a/15","type":"Move","actor":"$BOB","object":"$BOB","target":"$AT/users/new"}`,
	`{"id":"$AT/a/16","type":"Block","actor":"$BOB","object":"$ALICE"}`,
	`{"id":"$AT/a/17","type":"Flag","actor":"$BOB","object":["$ALICE","$OWN"],"content":"spam"}`,
	`{"id":"$AT/a/18","type":"Add","actor":"$BOB","object":"$POST","target":"$BOB/featured"}`,
	`{"id":"$AT/a/19","type":"QuoteRequest","actor":"$BOB","object":"$OWN","instrument":{"id":"$AT/n/9","type":"Note","attributedTo":"$BOB","quote":"$OWN"}}`,
	`{"id":"$AT/a/20","type":"Create","actor":"$BOB","object":{"id":"$AT/v/1","type":"Video","attributedTo":[{"type":"Group","id":"$AT/c"},{"type":"Person","id":"$BOB"}],"name":"v","mediaType":"text/markdown","content":"*x*","url":[{"type":"Link","mediaType":"video/mp4","href":"$AT/1.mp4"}],"to":"as:Public"}}`,
	`{"id":"$AT/a/21","type":"Create","actor":"$BOB","object":{"id":"$AT/e/1","type":"Event","attributedTo":"$BOB","name":"e","startTime":"2026-12-05T19:00:00Z","timezone":"Asia/Tokyo","location":{"name":"x","address":{"streetAddress":"y"}},"to":"as:Public"}}`,
	`{"id":"$AT/a/22","type":"Announce","actor":"$BOB","object":{"id":"$AT/a/23","type":"Create","actor":"$AT/u","object":{"id":"$AT/n/23","type":"Page","attributedTo":"$AT/u","attachment":[{"type":"Link","href":"https://example.org/"}]}}}`,
	`{"id":"https://other.example/a","type":"Create","actor":"https://other.example/u","signature":{},"object":{"id":"https://other.example/n","inReplyTo":"$POST","type":"Note"}}`,
}

// fuzzed is a server with an owner, a post of hers, and a stranger whom she
// follows with a post of his; fill puts their addresses into a seed.
type fuzzed struct {
	c     *fedtest.Cluster
	alice *fedtest.Server
	bob   *fedtest.Stranger
	actor store.Actor
	fill  func(string) string
}

func newFuzzed(f *testing.F) *fuzzed {
	tb := ofFuzz{f}
	c := fedtest.New(tb, "alice")
	k := &fuzzed{c: c, alice: c.Servers[0], bob: c.Stranger("bob")}
	k.actor = followStranger(tb, k.alice, k.bob)
	own := k.alice.Post(tb, store.Public, "Own")
	k.bob.Send(k.alice, k.bob.Activity("Create", k.bob.Note("/n/0", "<p>post</p>")))
	k.fill = strings.NewReplacer("$BOB", k.bob.ActorID(), "$AT", k.bob.URL(""), "$ALICE", k.alice.ActorURI(), "$OWN", own.URI, "$POST", k.bob.URL("/n/0")).Replace
	return k
}

// ofFuzz is a testing.F that may be used inside of the fuzz target too.
type ofFuzz struct{ testing.TB }

// Helper does nothing: F.Helper panics inside of the target.
func (ofFuzz) Helper() {}

// FuzzInbox delivers whatever bytes with a good signature of a followed actor:
// the server never fails, and what it keeps can be shown. Nothing is fetched.
func FuzzInbox(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	k := newFuzzed(f)
	f.Fuzz(func(t *testing.T, body string) {
		raw := []byte(k.fill(body))
		r, _ := k.bob.Request(k.alice, raw)
		w := take(k.alice, r, bytes.NewReader(raw))
		k.c.Advance(time.Second) // the host's share is not what is tested
		if w.Code != http.StatusAccepted && !refused(w.Code) {
			t.Fatalf("answered %d: %s", w.Code, w.Body)
		}
		if p, ok := k.alice.Has(t, k.fill("$OWN")); !ok || p.Content != "<p>Own</p>" {
			t.Fatalf("the owner's post is %v %q", ok, p.Content)
		}
		o, err := ap.Parse(raw)
		if err != nil {
			return
		}
		for _, id := range o.IDs("object") {
			if p, ok := k.alice.Has(t, id); ok && !p.Own() {
				shownSafely(t, p)
			}
		}
	})
}

// shownSafely holds a stored post to what every page relies on.
func shownSafely(t *testing.T, p store.Post) {
	t.Helper()
	for _, text := range []string{p.Title, p.Summary, p.Content, p.Language} {
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			t.Fatalf("%q is no clean text", text)
		}
	}
	for _, a := range p.Extra.Attachments {
		if !ap.IsURL(a.URL) {
			t.Fatalf("attachment %+v", a)
		}
	}
	if len(p.Content) < ap.MaxContent/2 {
		inert(t, p.URI, p.Content)
	}
}

// FuzzNote reads whatever bytes as a post of any kind and makes it safe to show.
func FuzzNote(f *testing.F) {
	k := newFuzzed(f)
	for _, seed := range seeds {
		if o, err := ap.Parse([]byte(k.fill(seed))); err == nil {
			if inner, ok := o.Obj("object"); ok {
				if b, err := ap.Marshal(inner); err == nil {
					f.Add(b)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := ap.Parse(body)
		if err != nil {
			return
		}
		n, err := ap.ReadNote(o)
		if err != nil {
			return
		}
		start := time.Now()
		federation.Shape(n)
		if d := time.Since(start); d > slowness*2*time.Second {
			t.Fatalf("it took %v", d)
		}
		if again := markup.CleanHTML(n.Content); again != n.Content && len(n.Content) < ap.MaxContent/2 {
			t.Fatalf("not clean:\n%q\nthen\n%q", n.Content, again)
		}
		if !utf8.ValidString(n.Content + n.Name + n.Summary) {
			t.Fatal("no UTF-8")
		}
		before := n.Content
		if federation.Shape(n); n.Content != before {
			t.Fatal("a second time it changes")
		}
	})
}

// FuzzCollection reads whatever bytes as the outbox of somebody followed: it
// ends, within the budget, asks no other server and keeps what can be shown.
func FuzzCollection(f *testing.F) {
	k := newFuzzed(f)
	for _, seed := range append([]string{
		`{"id":"$AT/users/bob/outbox","type":"OrderedCollection","totalItems":2,"first":{"type":"OrderedCollectionPage","next":"$AT/users/bob/outbox","orderedItems":["$POST",{"id":"$AT/n/1","type":"Note","attributedTo":"$BOB","content":"x","to":"as:Public"}]}}`,
		`{"type":"Collection","first":"$AT/users/bob/outbox","items":{"@list":["$AT/1","$AT/2"]}}`,
		`{"type":"OrderedCollectionPage","partOf":"x","next":"$AT/2","prev":"$AT/3","orderedItems":[{"type":"Create","actor":"$BOB","object":{"type":"Note","id":"$AT/n/5","attributedTo":"$BOB","to":"as:Public","content":"<p>"}},{"type":"Announce","actor":"$BOB","object":"$OWN"}]}`,
	}, seeds[:3]...) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		k.c.Advance(time.Hour) // past the memory of failures
		asked := len(k.bob.Gets())
		k.bob.Serve("/users/bob/outbox", k.fill(body))
		err := k.alice.Fill(ctx(), k.actor)
		if n := len(k.bob.Gets()) - asked; n > 51 {
			t.Fatalf("%d requests", n)
		}
		if err != nil {
			return
		}
		list, err := store.Get(ctx(), k.alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.PostsBy(k.actor.ID, store.Page{Limit: 40}) })
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			shownSafely(t, p)
		}
	})
}
