package dashboard

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// full is a house with so many posts of 300 people in Home, one in five a boost, one
// in four an answer.
func full(t testing.TB, posts int) *house {
	t.Helper()
	h := newHouse(t)
	words := "<p>" + strings.Repeat("Frost on the beds, first of the year, and the kale is pleased. ", 7) +
		`<a href="https://allotments.example/tags/frost" rel="tag">#frost</a> <a href="https://allotments.example/@wil" class="u-url mention">@wil</a></p>`
	start := h.cluster.Now().Add(-time.Duration(posts) * time.Minute)
	var people []int64
	write := func(fn func(tx *store.Tx) error) {
		if err := h.Store().Write(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error {
		host, err := tx.EnsureHost("allotments.example")
		for i := range 300 {
			uri := fmt.Sprintf("https://allotments.example/users/%d", i)
			a := store.Actor{URI: uri, HostID: host, Username: fmt.Sprintf("gardener%d", i), Domain: "allotments.example", Name: fmt.Sprintf("Gardener number %d", i), Kind: "Person", Inbox: uri + "/inbox", FetchedAt: start}
			if err == nil {
				err = tx.SaveActor(&a)
			}
			people = append(people, a.ID)
		}
		return err
	})
	var last int64
	for done := 0; done < posts; done += 5000 {
		write(func(tx *store.Tx) error {
			for i := done; i < min(done+5000, posts); i++ {
				p := store.Post{URI: fmt.Sprintf("https://allotments.example/posts/%d", i), ActorID: people[i*7%len(people)], PublishedAt: start.Add(time.Duration(i) * time.Minute), Language: "en", Content: words, Likes: i % 90, Boosts: i % 17}
				switch {
				case i%5 == 4:
					p.BoostOf, p.Content = last, ""
				case i%4 == 3:
					p.ParentID, p.ParentURI = last, fmt.Sprintf("https://allotments.example/posts/%d", i-1)
				}
				if err := tx.InsertPost(&p); err != nil {
					return err
				}
				if p.BoostOf == 0 {
					last = p.ID
				}
				if err := tx.AddHome(p.ID, false); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return h
}

// TestHomeWeight: 20 cards with all that cards have are at most 35 KB compressed
// (UX 5).
func TestHomeWeight(t *testing.T) {
	h := full(t, 200)
	p := h.open("/me")
	if n := strings.Count(p.body, "<article"); n < 15 {
		t.Fatalf("%d cards", n)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(p.body))
	_ = z.Close()
	if t.Logf("%d bytes, %d compressed", len(p.body), b.Len()); b.Len() > 35<<10 {
		t.Errorf("Home has %d bytes compressed", b.Len())
	}
}

// BenchmarkPages is what Home and its neighbours cost with 100,000 stored posts.
func BenchmarkPages(b *testing.B) {
	h := full(b, 100000)
	ids, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (list []store.Post, err error) {
		return tx.HomeLines(store.Page{Limit: 20000})
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := h.ReadHome(ctx, ids[1000].ID, time.Time{}); err != nil {
		b.Fatal(err)
	}
	for name, path := range map[string]string{
		"home": "/me", "home-deep": "/me?top=" + decimal(ids[0].ID) + "&before=" + decimal(ids[19999].ID), "home-place": "/me?after=" + decimal(ids[1000].ID),
		"news": "/me/news?top=" + decimal(ids[10].ID), "catch-up-12-hours": "/me/catchup?h=12", "catch-up-1000-rows": "/me/catchup?group=author",
		"card": "/me/post/" + decimal(ids[1].ID) + "/card",
	} {
		b.Run(name, func(b *testing.B) { h.serves(b, path) })
	}
}

// serves asks for a page of the owner's again and again.
func (h *house) serves(b *testing.B, path string) {
	b.Helper()
	b.ReportAllocs()
	handler := h.board.Handler()
	r := httptest.NewRequest("GET", path, nil)
	r.Host = h.Host
	u := *r.URL
	u.Scheme, u.Host = "http", strings.TrimPrefix(h.web.URL, "http://")
	for _, c := range h.browser.Jar.Cookies(&u) {
		r.AddCookie(c)
	}
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r.Clone(ctx))
		if w.Code != http.StatusOK {
			b.Fatalf("%s answers %d", path, w.Code)
		}
	}
}

// crowded adds to a full house: posts of the owner with delivery receipts and
// answers, and a conversation of 500. It returns that conversation's first post.
func crowded(t testing.TB, h *house, own int) store.Post {
	t.Helper()
	var people []store.Actor
	var first store.Post
	start := h.cluster.Now()
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for i := range 300 {
			a, err := tx.ActorByURI(fmt.Sprintf("https://allotments.example/users/%d", i))
			if err != nil {
				return err
			}
			people = append(people, a)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for done := 0; done < own; done += 1000 {
		err := h.Store().Write(ctx, func(tx *store.Tx) error {
			for i := done; i < min(done+1000, own); i++ {
				id := tx.NewID()
				p := store.Post{ID: id, URI: fmt.Sprintf("http://%s/posts/%d", h.Host, id), ActorID: store.OwnerID, Content: "<p>The kale is pleased, and the dahlias have resigned.</p>", Source: "x", Language: "en", PublishedAt: start}
				if i%3 == 2 {
					p.Extra.Attachments = []store.Attachment{{URL: "/media/x", MediaType: "image/jpeg", Alt: "Kale", Width: 800, Height: 600}}
				}
				if err := tx.InsertPost(&p); err != nil {
					return err
				}
				if i == 0 {
					first = p
				}
				answer := store.Post{URI: p.URI + "#answer", ActorID: people[i%len(people)].ID, ParentURI: p.URI, Content: "<p>Indeed.</p>", PublishedAt: start}
				if err := tx.InsertPost(&answer); err != nil {
					return err
				}
				if i < own-100 {
					continue
				}
				var to []store.InboxTarget
				for n := range 200 {
					to = append(to, store.InboxTarget{URL: fmt.Sprintf("https://allotments.example/inbox/%d", n), HostID: people[0].HostID})
				}
				o := store.Outgoing{Kind: "Create", PostID: p.ID, URI: p.URI + "/activity"}
				if err := tx.QueueOutgoing(&o, to); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = h.Store().Write(ctx, func(tx *store.Tx) error {
		parents := []store.Post{first}
		for i := range 500 {
			p := store.Post{URI: fmt.Sprintf("https://allotments.example/talk/%d", i), ActorID: people[i*7%len(people)].ID, ParentURI: parents[i/3].URI, Content: "<p>Mine too, and the neighbours say the same of theirs.</p>", PublishedAt: start}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			parents = append(parents, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for left := 1; left > 0; {
		err := h.Store().Write(ctx, func(tx *store.Tx) (err error) {
			left, err = tx.IndexBatch(1000, func(p store.Post) string { return p.Content })
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return first
}

// BenchmarkPeopleAndThreads is what a person's page, the owner's own, and a
// conversation of 500 cost with 100,000 stored posts of others and 20,000 own ones.
func BenchmarkPeopleAndThreads(b *testing.B) {
	h := full(b, 100000)
	root := crowded(b, h, 20000)
	author, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (int64, error) {
		return tx.ActorIDByURI("https://allotments.example/users/7")
	})
	if err != nil {
		b.Fatal(err)
	}
	person, me := "/me/person/"+decimal(author), "/me/person/"+decimal(store.OwnerID)
	for _, c := range []struct{ name, path string }{
		{"person", person + "?k=replies"}, {"person-media-none", person + "?k=media"}, {"person-deep", person + "?k=replies&before=" + decimal(root.ID-5000)},
		{"owner", me}, {"owner-media", me + "?k=media"}, {"owner-boosts-none", me + "?k=boosts"}, {"thread", "/me/post/" + decimal(root.ID)},
	} {
		b.Run(c.name, func(b *testing.B) { h.serves(b, c.path) })
	}
}
