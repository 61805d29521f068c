package federation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

const public = "https://www.w3.org/ns/activitystreams#Public"

// stamp is a consent as a server would serve it.
func stamp(id, by, quoting, quoted string) map[string]any {
	return map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "QuoteAuthorization", "attributedTo": by,
		"interactingObject": quoting, "interactionTarget": quoted,
	}
}

// reading is alice, who follows the quoter and does not know the quoted author.
type reading struct {
	*testing.T
	c              *fedtest.Cluster
	alice          *fedtest.Server
	quoter, quoted *fedtest.Stranger
	original       string
	n              int
}

func newReading(t *testing.T) *reading {
	c := fedtest.New(t, "alice")
	r := &reading{T: t, c: c, alice: c.Servers[0], quoter: c.Stranger("quoter"), quoted: c.Stranger("quoted")}
	r.follow(r.quoter)
	r.original = r.quoted.URL("/notes/1")
	r.quoted.Serve("/notes/1", r.quoted.Note("/notes/1", "<p>The original</p>"))
	return r
}

func (r *reading) follow(s *fedtest.Stranger) {
	r.Helper()
	found, err := r.alice.Lookup(ctx(), s.ActorID())
	if err != nil {
		r.Fatal(err)
	}
	f, err := r.alice.Follow(ctx(), found.Actor.ID)
	if err != nil {
		r.Fatal(err)
	}
	r.c.Settle()
	s.Send(r.alice, s.Activity("Accept", map[string]any{"id": f.FollowURI, "type": "Follow", "actor": r.alice.ActorURI(), "object": s.ActorID()}))
	r.c.Settle()
}

// posts delivers a post by the quoter with more fields, and returns its id.
func (r *reading) posts(more map[string]any) string {
	r.Helper()
	r.n++
	path := fmt.Sprintf("/notes/q%d", r.n)
	note := r.quoter.Note(path, "<p>Look at this</p>")
	for k, v := range more {
		note[k] = v
	}
	r.quoter.Serve(path, note)
	if status := r.quoter.Send(r.alice, r.quoter.Activity("Create", note)); status != http.StatusAccepted {
		r.Fatalf("the quote was answered %d", status)
	}
	r.c.Settle()
	return r.quoter.URL(path)
}

func (r *reading) sees(uri string, want federation.Shown) federation.QuoteView {
	r.Helper()
	v := shown(r.T, r.alice, uri)
	if v.State != want {
		r.Errorf("%s is shown as %q, want %q", uri, v.State, want)
	}
	if (v.Post.ID != 0) != (want == federation.ShownAccepted) {
		r.Errorf("%s, %s: shows %+v", uri, want, v.Post)
	}
	return v
}

func TestAQuoteIsShownOnceItsStampIsSeen(t *testing.T) {
	r := newReading(t)
	next := r.quoter.URL("/notes/q1")
	r.quoted.Serve("/stamps/1", stamp(r.quoted.URL("/stamps/1"), r.quoted.ActorID(), next, r.original))
	uri := r.posts(map[string]any{"quote": r.original, "quoteAuthorization": r.quoted.URL("/stamps/1")})
	if v := r.sees(uri, federation.ShownAccepted); v.Post.Content != "<p>The original</p>" {
		t.Errorf("%+v", v.Post)
	}
	if len(r.alice.Home(t)) != 1 {
		t.Error("the quoted post is in the home timeline")
	}
}

func TestConsentMayComeLater(t *testing.T) {
	r := newReading(t)
	uri := r.posts(map[string]any{"quote": r.original})
	r.sees(uri, federation.ShownPending)
	r.quoted.Serve("/stamps/1", stamp(r.quoted.URL("/stamps/1"), r.quoted.ActorID(), uri, r.original))
	note := r.quoter.Note("/notes/q1", "<p>Look at this</p>")
	note["quote"], note["quoteAuthorization"] = r.original, r.quoted.URL("/stamps/1")
	r.quoter.Send(r.alice, r.quoter.Activity("Update", note))
	r.c.Settle()
	r.sees(uri, federation.ShownAccepted)
	p, _ := r.alice.Has(t, uri)
	if !p.EditedAt.IsZero() {
		t.Error("consent is no edit")
	}
	// An older version without the stamp takes nothing back while the stamp stands …
	delete(note, "quoteAuthorization")
	r.quoter.Send(r.alice, r.quoter.Activity("Update", note))
	r.c.Settle()
	r.sees(uri, federation.ShownAccepted)
	// … and makes us see that it does no more.
	r.quoted.Serve("/stamps/1", fedtest.Doc{Status: http.StatusNotFound})
	r.quoter.Send(r.alice, r.quoter.Activity("Update", note))
	r.c.Settle()
	r.sees(uri, federation.ShownRevoked)
	// An edit may end the quote.
	r.c.Advance(time.Minute)
	delete(note, "quote")
	note["updated"] = r.c.Now().Format(time.RFC3339)
	r.quoter.Send(r.alice, r.quoter.Activity("Update", note))
	r.c.Settle()
	if v := shown(t, r.alice, uri); v.State != "" {
		t.Errorf("a quote that was edited away is %+v", v)
	}
}

func TestT17_ForgedConsentIsNone(t *testing.T) {
	r := newReading(t)
	third := r.c.Stranger("third")
	mine := func(s *fedtest.Stranger, path string, doc map[string]any) string {
		doc["id"] = s.URL(path)
		s.Serve(path, doc)
		return s.URL(path)
	}
	by, other := r.quoted.ActorID(), r.quoted.URL("/notes/2")
	at := func(n int) string { return r.quoter.URL(fmt.Sprintf("/notes/q%d", n)) }
	forgeries := []struct {
		what  string
		stamp func(uri string) any
	}{
		{"on the quoter's own server", func(uri string) any { return mine(r.quoter, "/s1", stamp("", by, uri, r.original)) }},
		{"on a third server", func(uri string) any { return mine(third, "/s2", stamp("", by, uri, r.original)) }},
		{"of another post", func(uri string) any { return mine(r.quoted, "/s3", stamp("", by, uri, other)) }},
		{"of another quoter", func(uri string) any { return mine(r.quoted, "/s4", stamp("", by, at(99), r.original)) }},
		{"by somebody else there", func(uri string) any {
			return mine(r.quoted, "/s5", stamp("", r.quoted.URL("/users/other"), uri, r.original))
		}},
		{"of another type", func(uri string) any {
			doc := stamp("", by, uri, r.original)
			doc["type"] = "ReplyAuthorization"
			return mine(r.quoted, "/s6", doc)
		}},
		{"inlined by the quoter", func(uri string) any { return stamp(r.quoted.URL("/never-was"), by, uri, r.original) }},
		{"that calls itself something else", func(uri string) any {
			r.quoted.Serve("/s8", stamp(r.quoter.URL("/s8"), by, uri, r.original))
			return r.quoted.URL("/s8")
		}},
		{"by two authors", func(uri string) any {
			doc := stamp("", by, uri, r.original)
			doc["attributedTo"] = []any{by, r.quoter.ActorID()}
			return mine(r.quoted, "/s9", doc)
		}},
	}
	for i, f := range forgeries {
		uri := r.posts(map[string]any{"quote": r.original, "quoteAuthorization": f.stamp(at(i + 1))})
		t.Run(f.what, func(t *testing.T) {
			if v := shown(t, r.alice, uri); v.State != federation.ShownPending || v.Post.ID != 0 {
				t.Errorf("shown as %+v", v)
			}
		})
	}
	for _, path := range append(r.quoter.Gets(), third.Gets()...) {
		if path == "/s1" || path == "/s2" {
			t.Errorf("consent was asked for at %s, which cannot give it", path)
		}
	}
}

func TestT17_ADeletedStampEndsTheQuote(t *testing.T) {
	r := newReading(t)
	mallory := r.c.Stranger("mallory")
	r.follow(mallory)
	s := r.quoted.URL("/stamps/1")
	r.quoted.Serve("/stamps/1", stamp(s, r.quoted.ActorID(), r.quoter.URL("/notes/q1"), r.original))
	uri := r.posts(map[string]any{"quote": r.original, "quoteAuthorization": s})
	r.sees(uri, federation.ShownAccepted)
	if status := mallory.Send(r.alice, mallory.Activity("Delete", s)); status != http.StatusForbidden {
		t.Errorf("somebody else's Delete was answered %d", status)
	}
	if status := r.quoter.Send(r.alice, r.quoter.Activity("Delete", s)); status != http.StatusForbidden {
		t.Errorf("the quoter's Delete was answered %d", status)
	}
	r.c.Settle()
	r.sees(uri, federation.ShownAccepted)
	gone := map[string]any{"id": s, "type": "QuoteAuthorization"}
	if status := r.quoted.Send(r.alice, r.quoted.Activity("Delete", gone)); status != http.StatusAccepted {
		t.Errorf("the author's Delete was answered %d", status)
	}
	r.c.Settle()
	r.sees(uri, federation.ShownRevoked)
	// The same stamp once more does not bring it back.
	note := r.quoter.Note("/notes/q1", "<p>Look at this</p>")
	note["quote"], note["quoteAuthorization"] = r.original, s
	r.quoter.Send(r.alice, r.quoter.Activity("Update", note))
	r.c.Settle()
	r.sees(uri, federation.ShownRevoked)
}

func TestQuotesThatKnowNoConsent(t *testing.T) {
	r := newReading(t)
	welcome := r.quoted.Note("/notes/open", "<p>Quote me</p>")
	welcome["interactionPolicy"] = map[string]any{"canQuote": map[string]any{"automaticApproval": public}}
	r.quoted.Serve("/notes/open", welcome)
	own := r.quoter.Note("/notes/own", "<p>Mine</p>")
	r.quoter.Serve("/notes/own", own)
	link := []any{map[string]any{"type": "Link", "mediaType": `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`, "href": r.original, "name": "RE"}}
	for _, more := range []map[string]any{
		{"quoteUrl": r.original}, {"quoteUri": r.original}, {"_misskey_quote": r.original}, {"tag": link},
		{"quoteUrl": r.original, "quoteAuthorization": r.quoted.URL("/stamps/1")},
	} {
		r.sees(r.posts(more), federation.ShownLink)
	}
	r.sees(r.posts(map[string]any{"quoteUrl": r.quoted.URL("/notes/open")}), federation.ShownAccepted)
	r.sees(r.posts(map[string]any{"_misskey_quote": r.quoter.URL("/notes/own")}), federation.ShownAccepted)
}

func TestT19_AQuoteBringsNoBlockedServerBack(t *testing.T) {
	r := newReading(t)
	s := func(n int) string { return r.quoted.URL(fmt.Sprintf("/stamps/%d", n)) }
	for n := 1; n <= 2; n++ {
		r.quoted.Serve(fmt.Sprintf("/stamps/%d", n), stamp(s(n), r.quoted.ActorID(), r.quoter.URL(fmt.Sprintf("/notes/q%d", n)), r.original))
	}
	before := r.posts(map[string]any{"quote": r.original, "quoteAuthorization": s(1)})
	r.sees(before, federation.ShownAccepted)
	if err := r.alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.BlockHost(r.quoted.Host) }); err != nil {
		t.Fatal(err)
	}
	r.sees(before, federation.ShownHidden)
	asked := len(r.quoted.Gets())
	r.quoted.Serve("/notes/2", r.quoted.Note("/notes/2", "<p>Another</p>"))
	after := r.posts(map[string]any{"quote": r.quoted.URL("/notes/2"), "quoteAuthorization": s(2)})
	r.sees(after, federation.ShownPending)
	if _, ok := r.alice.Has(t, r.quoted.URL("/notes/2")); ok || len(r.quoted.Gets()) != asked {
		t.Error("the blocked server was asked")
	}
}

func TestT30_QuotesOfQuotesAreFollowedTwoDeep(t *testing.T) {
	r := newReading(t)
	far := func(n int) string { return r.quoted.URL(fmt.Sprintf("/notes/far%d", n)) }
	for n := 1; n <= 10; n++ {
		note := r.quoted.Note(fmt.Sprintf("/notes/far%d", n), fmt.Sprintf("<p>%d</p>", n))
		note["quote"] = far(n%10 + 1) // the last quotes the first
		r.quoted.Serve(fmt.Sprintf("/notes/far%d", n), note)
	}
	r.posts(map[string]any{"quote": far(1)})
	for n := 1; n <= 10; n++ {
		if _, ok := r.alice.Has(t, far(n)); ok != (n <= 2) {
			t.Errorf("quote %d deep is stored: %v", n, ok)
		}
	}
	notes := 0
	for _, path := range r.quoted.Gets() {
		if strings.HasPrefix(path, "/notes/") {
			notes++
		}
	}
	if notes != 2 {
		t.Errorf("%d posts were fetched: %v", notes, r.quoted.Gets())
	}
}

func TestT31_QuotesNameFewNewServers(t *testing.T) {
	r := newReading(t)
	for n := range 30 {
		r.posts(map[string]any{"quote": fmt.Sprintf("http://s%d.evil.localhost:9/notes/1", n)})
	}
	// None answers at that port: what was tried waits to be tried again.
	waiting, err := store.Get(ctx(), r.alice.Store(), func(tx *store.Tx) (int, error) {
		waiting, _, err := tx.CountJobs()
		return waiting, err
	})
	if err != nil || waiting != 10 {
		t.Errorf("%d hosts of one domain were tried, %v", waiting, err)
	}
}

func TestAQuotedPostThatIsDeletedIsGone(t *testing.T) {
	r := newReading(t)
	s := r.quoted.URL("/stamps/1")
	r.quoted.Serve("/stamps/1", stamp(s, r.quoted.ActorID(), r.quoter.URL("/notes/q1"), r.original))
	uri := r.posts(map[string]any{"quote": r.original, "quoteAuthorization": s})
	r.quoted.Send(r.alice, r.quoted.Activity("Delete", map[string]any{"id": r.original, "type": "Tombstone"}))
	r.c.Settle()
	r.sees(uri, federation.ShownGone)
}

func TestABoostedQuoteIsWholeToo(t *testing.T) {
	r := newReading(t)
	third := r.c.Stranger("third")
	note := third.Note("/notes/1", "<p>Look at this</p>")
	note["quote"], note["quoteAuthorization"] = r.original, r.quoted.URL("/stamps/1")
	third.Serve("/notes/1", note)
	r.quoted.Serve("/stamps/1", stamp(r.quoted.URL("/stamps/1"), r.quoted.ActorID(), third.URL("/notes/1"), r.original))
	boost := r.quoter.Activity("Announce", third.URL("/notes/1"))
	boost["to"] = []any{public}
	r.quoter.Send(r.alice, boost)
	r.c.Settle()
	r.sees(third.URL("/notes/1"), federation.ShownAccepted)
}
