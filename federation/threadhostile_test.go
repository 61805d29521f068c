package federation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// TestT30: chains, circles and trees without end are looked through within 1,000
// objects and 400 requests, by loops that need no stack.
func TestT30_ThreadsWithoutEnd(t *testing.T) {
	for _, tc := range []struct {
		name   string
		note   func(s *fedtest.Stranger, path string) map[string]any
		stored int // at most
		asked  int // at most
	}{
		{"a chain of parents", func(s *fedtest.Stranger, path string) map[string]any {
			n := s.Note(path, "up")
			depth := 0
			fmt.Sscanf(path, "/n/%d", &depth)
			if depth < 10_000 {
				n["inReplyTo"] = s.URL(fmt.Sprint("/n/", depth+1))
			}
			return n
		}, 150, 150},
		{"a circle of parents", func(s *fedtest.Stranger, path string) map[string]any {
			n := s.Note(path, "round")
			depth := 0
			fmt.Sscanf(path, "/n/%d", &depth)
			n["inReplyTo"] = s.URL(fmt.Sprint("/n/", (depth+1)%3))
			return n
		}, 3, 20},
		{"its own parent", func(s *fedtest.Stranger, path string) map[string]any {
			n := s.Note(path, "me")
			n["inReplyTo"] = s.URL(path)
			return n
		}, 1, 20},
		{"a tree with 1,000 replies to each", func(s *fedtest.Stranger, path string) map[string]any {
			n := s.Note(path, "branch")
			if i := strings.LastIndex(path, "-"); i > 0 {
				n["inReplyTo"] = s.URL(path[:i])
			}
			items := []any{}
			for i := range 1000 {
				items = append(items, s.URL(fmt.Sprint(path, "-", i)))
			}
			n["replies"] = map[string]any{"type": "Collection", "id": s.URL(path) + "/replies", "totalItems": 1000, "items": items}
			return n
		}, 1000, 400},
		{"the same tree, all of it embedded", func(s *fedtest.Stranger, path string) map[string]any {
			n := s.Note(path, "branch")
			items := []any{}
			for i := range 1000 {
				child := s.Note(fmt.Sprint(path, "-", i), "leaf")
				child["inReplyTo"] = s.URL(path)
				child["replies"] = map[string]any{"type": "Collection", "id": s.URL(fmt.Sprint(path, "-", i, "/replies")), "first": s.URL(fmt.Sprint(path, "-", i, "/page"))}
				items = append(items, child)
			}
			n["replies"] = map[string]any{"type": "Collection", "id": s.URL(path) + "/replies", "items": items}
			return n
		}, 1001, 400},
		{"replies that are their own replies", func(s *fedtest.Stranger, path string) map[string]any {
			n := s.Note(path, "echo")
			n["inReplyTo"] = s.URL("/n/0")
			n["replies"] = map[string]any{"type": "Collection", "id": s.URL(path) + "/replies", "items": []any{s.URL("/n/0"), s.URL("/n/1"), s.URL(path)}}
			return n
		}, 2, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice, s := c.Servers[0], c.Stranger("sam")
			endless(s, tc.note)
			began := time.Now()
			p, report := opened(t, alice, s.URL("/n/0"))
			posts, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.Descendants(report.RootID, 5000) })
			if err != nil || len(posts) > tc.stored {
				t.Errorf("%d posts stored, %v", len(posts)+1, err)
			}
			if n := len(s.Gets()); n > tc.asked+4 {
				t.Errorf("%d requests", n)
			}
			if took := time.Since(began); took > 60*time.Second {
				t.Errorf("it took %v", took)
			}
			if _, err := alice.ThreadState(ctx(), p.ID); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// endless makes a stranger answer every path below /n/ with a post.
func endless(s *fedtest.Stranger, note func(s *fedtest.Stranger, path string) map[string]any) {
	actor := s.Actor()
	s.Handle(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/users/"):
			answer(w, actor)
		case strings.HasPrefix(r.URL.Path, "/n/") && !strings.HasSuffix(r.URL.Path, "/replies") && !strings.HasSuffix(r.URL.Path, "/page"):
			answer(w, note(s, r.URL.Path))
		default:
			http.NotFound(w, r)
		}
	})
}

// TestT29: lists of replies and conversations that lead back, away or on for ever.
func TestT29_RepliesWithoutEnd(t *testing.T) {
	for name, list := range map[string]func(s, other *fedtest.Stranger, path, query string) map[string]any{
		"next is itself": func(s, _ *fedtest.Stranger, path, _ string) map[string]any {
			return map[string]any{"type": "CollectionPage", "next": s.URL(path), "items": []any{}}
		},
		"a circle": func(s, _ *fedtest.Stranger, path, query string) map[string]any {
			return map[string]any{"type": "CollectionPage", "next": s.URL(path) + map[string]string{"": "?a", "a": "?b", "b": "?a"}[query], "items": []any{}}
		},
		"a new page for ever": func(s, _ *fedtest.Stranger, path, query string) map[string]any {
			return map[string]any{"type": "CollectionPage", "next": s.URL(path) + "?x" + query, "items": []any{s.URL("/lost/" + query)}}
		},
		"a page of very many": func(s, _ *fedtest.Stranger, _, _ string) map[string]any {
			items := make([]any, 40_000)
			for i := range items {
				items[i] = s.URL(fmt.Sprint("/l/", i))
			}
			return map[string]any{"type": "Collection", "items": items}
		},
		"first on another server": func(_, other *fedtest.Stranger, _, _ string) map[string]any {
			return map[string]any{"type": "Collection", "first": other.URL("/page")}
		},
		"next on another server": func(_, other *fedtest.Stranger, _, _ string) map[string]any {
			return map[string]any{"type": "CollectionPage", "next": other.URL("/page"), "items": []any{}}
		},
		"private addresses": func(_, _ *fedtest.Stranger, _, _ string) map[string]any {
			return map[string]any{"type": "Collection", "items": []any{"http://10.0.0.1/a", "http://192.168.1.1/b", "http://[fe80::1]/c", "http://169.254.169.254/d"}}
		},
	} {
		for _, as := range []string{"replies", "context"} {
			t.Run(name+" as "+as, func(t *testing.T) {
				c := fedtest.New(t, "alice")
				alice, s, other := c.Servers[0], c.Stranger("sam"), c.Stranger("other")
				var lists, posts atomic.Int64
				actor := s.Actor()
				s.Handle(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path == "/list":
						lists.Add(1)
						doc := list(s, other, r.URL.Path, r.URL.RawQuery)
						doc["attributedTo"] = s.ActorID()
						answer(w, doc)
					case r.URL.Path == "/n/0":
						n := s.Note("/n/0", "root")
						n[as] = s.URL("/list")
						answer(w, n)
					case strings.HasPrefix(r.URL.Path, "/users/"):
						answer(w, actor)
					default:
						posts.Add(1)
						http.NotFound(w, r)
					}
				})
				_, report := opened(t, alice, s.URL("/n/0"))
				if lists.Load() > 10 || posts.Load() > 400 || report.Requests > 400 {
					t.Errorf("%d pages and %d posts were asked for: %+v", lists.Load(), posts.Load(), report)
				}
				if n := len(other.Gets()); n != 0 {
					t.Errorf("another server was asked: %v", other.Gets())
				}
			})
		}
	}
}

// TestT31: a list cannot send us to any number of servers of one domain.
func TestT31_RepliesOnVeryManyServers(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("sam")
	var bad []*fedtest.Stranger
	items := []any{}
	for i := range 20 {
		b := c.Stranger(fmt.Sprintf("a%d.evil", i))
		bad = append(bad, b)
		items = append(items, b.URL("/n/1"))
	}
	n := s.Note("/n/0", "root")
	n["replies"] = map[string]any{"type": "Collection", "id": s.URL("/n/0/replies"), "items": items}
	s.Serve("/n/0", n)
	opened(t, alice, s.URL("/n/0"))
	met := 0
	for _, b := range bad {
		if len(b.Gets()) > 0 {
			met++
		}
	}
	if met > 10 {
		t.Errorf("%d new servers of one domain were asked", met)
	}
}

func TestAHostileThreadTakesLittleMemory(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("sam")
	big := strings.Repeat("x", 200_000)
	actor := s.Actor()
	var page []byte
	items := []any{}
	for i := range 4 {
		n := s.Note(fmt.Sprint("/orphan/", i), big)
		n["inReplyTo"] = s.URL("/never") // they wait for a parent that never comes
		items = append(items, n)
	}
	page, err := json.Marshal(map[string]any{"type": "OrderedCollectionPage", "orderedItems": items})
	if err != nil {
		t.Fatal(err)
	}
	var pages atomic.Int64
	s.Handle(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/list":
			text := strings.ReplaceAll(string(page), "/orphan/", fmt.Sprintf("/orphan%d/", pages.Add(1)))
			text = strings.Replace(text, `"type"`, fmt.Sprintf(`"next":%q,"attributedTo":%q,"type"`, s.URL(fmt.Sprint("/list?", pages.Load())), s.ActorID()), 1)
			w.Header().Set("Content-Type", "application/activity+json")
			w.Write([]byte(text))
		case r.URL.Path == "/n/0":
			n := s.Note("/n/0", "root")
			n["context"] = s.URL("/list")
			answer(w, n)
		case strings.HasPrefix(r.URL.Path, "/users/"):
			answer(w, actor)
		default:
			http.NotFound(w, r)
		}
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, report := opened(t, alice, s.URL("/n/0"))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d bytes stay in memory", grown)
	}
	if report.Known != 0 || report.Requests > 400 {
		t.Errorf("the report says %+v", report)
	}
}
