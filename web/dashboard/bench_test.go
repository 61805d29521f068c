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
	handler := h.board.Handler()
	for name, path := range map[string]string{
		"home": "/me", "home-deep": "/me?top=" + decimal(ids[0].ID) + "&before=" + decimal(ids[19999].ID), "home-place": "/me?after=" + decimal(ids[1000].ID),
		"news": "/me/news?top=" + decimal(ids[10].ID), "catch-up-12-hours": "/me/catchup?h=12", "catch-up-1000-rows": "/me/catchup?group=author",
		"card": "/me/post/" + decimal(ids[1].ID) + "/card",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
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
		})
	}
}
