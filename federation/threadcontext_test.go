package federation_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/ap"
	"dassie/federation/fedtest"
	"dassie/store"
)

// Conversations as the servers that keep them write them (FEP-7888, FEP-f228).
func TestConversationsOfOtherSoftware(t *testing.T) {
	for name, list := range map[string]func(s *fedtest.Stranger, uri string, posts []map[string]any) map[string]any{
		"WordPress: without an id, ids in items": func(s *fedtest.Stranger, _ string, posts []map[string]any) map[string]any {
			return map[string]any{"type": "OrderedCollection", "url": s.URL("/2025/12/page/"), "attributedTo": s.ActorID(), "totalItems": len(posts), "items": idsOf(posts)}
		},
		"Discourse: whole objects, nobody named": func(_ *fedtest.Stranger, uri string, posts []map[string]any) map[string]any {
			items := []any{}
			for _, p := range posts {
				items = append(items, p)
			}
			return map[string]any{"id": uri, "type": "OrderedCollection", "totalItems": len(posts), "orderedItems": items}
		},
		"Discourse: the activities": func(s *fedtest.Stranger, uri string, posts []map[string]any) map[string]any {
			items := []any{}
			for _, p := range posts {
				items = append(items, s.Activity("Create", p))
			}
			return map[string]any{"id": uri, "type": "OrderedCollection", "attributedTo": s.ActorID(), "orderedItems": items}
		},
		"NodeBB: pages behind first, newest first": func(s *fedtest.Stranger, uri string, posts []map[string]any) map[string]any {
			ids := idsOf(posts)
			slices.Reverse(ids)
			s.Serve("/page2", map[string]any{"id": s.URL("/page2"), "type": "OrderedCollectionPage", "partOf": uri, "orderedItems": ids[3:]})
			s.Serve("/page1", map[string]any{"id": s.URL("/page1"), "type": "OrderedCollectionPage", "partOf": uri, "orderedItems": ids[:3], "next": s.URL("/page2")})
			return map[string]any{"id": uri, "type": "OrderedCollection", "attributedTo": s.URL("/category/1"), "totalItems": len(posts), "first": s.URL("/page1")}
		},
		"Mastodon: the first page inside": func(s *fedtest.Stranger, uri string, posts []map[string]any) map[string]any {
			ids := idsOf(posts)
			s.Serve("/page2", map[string]any{"id": s.URL("/page2"), "type": "CollectionPage", "partOf": uri, "items": ids[3:]})
			return map[string]any{"id": uri, "type": "Collection", "attributedTo": s.ActorID(),
				"first": map[string]any{"type": "CollectionPage", "partOf": uri, "next": s.URL("/page2"), "items": ids[:3]}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice, s := c.Servers[0], c.Stranger("forum")
			uri := s.URL("/conversation")
			var posts []map[string]any
			for i := range 7 {
				n := s.Note(fmt.Sprint("/n/", i), "text")
				n["published"] = c.Now().Add(time.Duration(i) * time.Second).Format(time.RFC3339)
				n["context"], n["replies"] = uri, s.URL(fmt.Sprint("/n/", i, "/replies"))
				if i > 0 {
					n["inReplyTo"] = s.URL(fmt.Sprint("/n/", (i-1)/2))
				}
				s.Serve(fmt.Sprint("/n/", i), n)
				posts = append(posts, n)
			}
			s.Serve("/conversation", list(s, uri, posts))
			_, report := opened(t, alice, s.URL("/n/3")) // not the first one
			if report.Known != 6 || report.About != 6 || !report.Done {
				t.Errorf("the report says %+v", report)
			}
			for _, g := range s.Gets() {
				if strings.HasSuffix(g, "/replies") {
					t.Errorf("replies were asked for post by post: %v", s.Gets())
					break
				}
			}
		})
	}
}

func idsOf(posts []map[string]any) []any {
	ids := []any{}
	for _, p := range posts {
		ids = append(ids, p["id"])
	}
	return ids
}

// A conversation is believed only on its owner's server, and only as far as what
// it lists belongs together; where it says little, the posts' own servers say more.
func TestConversationsThatAreNotBelieved(t *testing.T) {
	for name, list := range map[string]func(s, eve *fedtest.Stranger) (uri string, doc any){
		"owned elsewhere": func(s, eve *fedtest.Stranger) (string, any) {
			return eve.URL("/c"), map[string]any{"id": eve.URL("/c"), "type": "OrderedCollection", "attributedTo": s.ActorID(), "orderedItems": []any{s.URL("/n/0"), eve.URL("/ad")}}
		},
		"of nobody, on another server": func(s, eve *fedtest.Stranger) (string, any) {
			return eve.URL("/c"), map[string]any{"id": eve.URL("/c"), "type": "OrderedCollection", "orderedItems": []any{s.URL("/n/0"), eve.URL("/ad")}}
		},
		"without a post of this one": func(_, eve *fedtest.Stranger) (string, any) {
			return eve.URL("/c"), map[string]any{"id": eve.URL("/c"), "type": "OrderedCollection", "attributedTo": eve.ActorID(), "orderedItems": []any{eve.URL("/ad")}}
		},
		"with the first post alone": func(s, _ *fedtest.Stranger) (string, any) {
			return s.URL("/c"), map[string]any{"id": s.URL("/c"), "type": "OrderedCollection", "attributedTo": s.ActorID(), "orderedItems": []any{s.URL("/n/0")}}
		},
		"a page for people": func(s, _ *fedtest.Stranger) (string, any) {
			return s.URL("/c"), fedtest.Doc{Type: "text/html", Body: "<p>hi"}
		},
		"gone":   func(s, _ *fedtest.Stranger) (string, any) { return s.URL("/c"), fedtest.Doc{Status: 410} },
		"a post": func(s, _ *fedtest.Stranger) (string, any) { return s.URL("/c"), s.Note("/c", "no list") },
		"an opaque name": func(_, _ *fedtest.Stranger) (string, any) {
			return "tag:forum.example,2026:objectType=Conversation", ""
		},
		"a part of a document": func(s, _ *fedtest.Stranger) (string, any) { return s.URL("/c#context"), fedtest.Doc{Status: 500} },
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice, s, eve := c.Servers[0], c.Stranger("sam"), c.Stranger("eve")
			uri, doc := list(s, eve)
			root := s.Note("/n/0", "root")
			root["context"] = uri
			root["replies"] = map[string]any{"type": "Collection", "id": s.URL("/n/0/replies"), "totalItems": 1, "items": []any{s.URL("/n/1")}}
			s.Serve("/n/0", root)
			s.Serve("/n/0/replies", root["replies"])
			reply := s.Note("/n/1", "answer")
			reply["inReplyTo"] = s.URL("/n/0")
			s.Serve("/n/1", reply)
			eve.Serve("/ad", eve.Note("/ad", "buy"))
			for _, at := range []*fedtest.Stranger{s, eve} {
				if strings.HasPrefix(uri, at.URL("/")) {
					at.Serve("/c", doc)
				}
			}
			_, report := opened(t, alice, s.URL("/n/0"))
			if _, ok := alice.Has(t, s.URL("/n/1")); !ok || report.Known != 1 || report.About != 1 || !report.Done {
				t.Errorf("the answer is here: %v; %+v", ok, report)
			}
			if _, ok := alice.Has(t, eve.URL("/ad")); ok {
				t.Error("something that belongs to no thread was stored")
			}
		})
	}
}

func TestOwnConversationsAreServedOldestFirstAndInPages(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	root := alice.Post(t, store.Public, "A long talk")
	for i := range 250 {
		c.Advance(time.Second)
		wrote(t, []*fedtest.Server{alice, bob}[i%2], alice, root.URI, fmt.Sprint(i))
	}
	c.Advance(time.Hour) // what is cached of the post grows old
	eve := c.Stranger("eve")
	var all []string
	uri, pages := fmt.Sprintf("http://%s/contexts/%d", alice.Host, root.ID), 0
	for next := uri; next != "" && pages < 10; pages++ {
		status, body := eve.Fetch(next, false)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", next, status, body)
		}
		obj, err := ap.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		list, err := ap.ReadCollection(obj)
		if err != nil {
			t.Fatal(err)
		}
		if next == uri && (list.AttributedTo != alice.ActorURI() || list.TotalItems != 251 || list.Type != "OrderedCollection" || list.ID != uri) {
			t.Errorf("the conversation is %+v", list)
		}
		if list.FirstPage != nil {
			list = list.FirstPage
		}
		all, next = append(all, list.ItemIDs()...), list.Next
	}
	if len(all) != 251 || all[0] != root.URI || pages != 3 {
		t.Errorf("%d posts on %d pages, the first %.80v", len(all), pages, all)
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 251 {
		t.Errorf("only %d different posts", n)
	}
	if status, _ := eve.Fetch(uri+"?page=true&min_id=x", false); status != http.StatusBadRequest {
		t.Errorf("a page that is none: %d", status)
	}
	_, report := opened(t, bob, root.URI)
	if report.Known != 250 || !report.Done {
		t.Errorf("bob's server reads it as %+v", report)
	}
}

func TestAnAddToAKnownConversationIsAHint(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	owner, ben, eve := c.Stranger("owner"), c.Stranger("ben"), c.Stranger("eve")
	followStranger(t, alice, owner)
	followStranger(t, alice, eve)
	conversation := owner.URL("/conversation")
	root := owner.Note("/n/root", "root")
	root["context"] = conversation
	owner.Send(alice, owner.Activity("Create", root))
	n := ben.Note("/n/1", "<p>true</p>")
	n["inReplyTo"] = owner.URL("/n/root")
	ben.Serve("/n/1", n)
	claim := func(path string) map[string]any {
		n := ben.Note(path, "<p>forged</p>")
		n["inReplyTo"] = owner.URL("/n/root")
		return n
	}
	target := map[string]any{"type": "OrderedCollection", "id": conversation, "attributedTo": owner.ActorID()}
	for who, add := range map[*fedtest.Stranger]map[string]any{
		owner: owner.Activity("Add", map[string]any{"type": "Create", "id": ben.URL("/create"), "actor": ben.ActorID(), "object": claim("/n/1")}),
		eve:   eve.Activity("Add", claim("/n/2")), // not her conversation
	} {
		add["target"] = target
		if status := who.Send(alice, add); status != http.StatusAccepted {
			t.Errorf("%s was answered %d", who.Name, status)
		}
	}
	unknown := owner.Activity("Add", owner.Note("/n/other", "other")) // answers nothing that is here
	unknown["target"] = target
	owner.Send(alice, unknown)
	c.Settle()
	if p, ok := alice.Has(t, ben.URL("/n/1")); !ok || strings.Contains(p.Content, "forged") || p.ParentID == 0 {
		t.Errorf("the post that was added: %v %q", ok, p.Content)
	}
	if len(ben.Gets()) > 3 {
		t.Errorf("ben's server was asked for %v", ben.Gets())
	}
	for _, uri := range []string{ben.URL("/n/2"), owner.URL("/n/other")} {
		if _, ok := alice.Has(t, uri); ok {
			t.Errorf("%s is stored", uri)
		}
	}
	if len(alice.Notified(t)) != 0 {
		t.Errorf("notices: %v", alice.Notified(t))
	}
}
