package mastodon

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// garden puts posts of 300 people into Home: one in five a boost, one in four a reply,
// one in ten with a picture. It returns their ids, oldest first.
func (h *house) garden(posts int) (ids []int64) {
	h.t.Helper()
	words := "<p>" + strings.Repeat("Frost on the beds, first of the year, and the kale is pleased. ", 5) + "</p>"
	start := storetest.Start.Add(-time.Duration(posts) * time.Minute)
	var people []int64
	h.write(func(tx *store.Tx) error {
		host, err := tx.EnsureHost("allotments.example")
		for i := range 300 {
			uri := fmt.Sprintf("https://allotments.example/users/%d", i)
			a := store.Actor{URI: uri, HostID: host, Username: fmt.Sprintf("gardener%d", i), Domain: "allotments.example", Name: "A gardener", Kind: "Person", Inbox: uri + "/inbox", URL: uri, IconURL: uri + "/face.png", ImageURL: uri + "/bed.png", Summary: "<p>Beans, mostly.</p>", FetchedAt: start}
			if err == nil {
				err = tx.SaveActor(&a)
			}
			people = append(people, a.ID)
		}
		return err
	})
	var last int64
	for done := 0; done < posts; done += 5000 {
		h.write(func(tx *store.Tx) error {
			for i := done; i < min(done+5000, posts); i++ {
				p := store.Post{URI: fmt.Sprintf("https://allotments.example/posts/%d", i), ActorID: people[i*7%len(people)], PublishedAt: start.Add(time.Duration(i) * time.Minute), Language: "en", Content: words, Likes: i % 90}
				switch {
				case i%5 == 4:
					p.BoostOf, p.Content = last, ""
				case i%4 == 3:
					p.ParentID, p.ParentURI = last, fmt.Sprintf("https://allotments.example/posts/%d", i-1)
				case i%10 == 0:
					p.Extra.Attachments = []store.Attachment{{MediaType: "image/jpeg", URL: p.URI + ".jpg", Alt: "A bed", Width: 800, Height: 600}}
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
				ids = append(ids, p.ID)
			}
			return nil
		})
	}
	return ids
}

// TestNoQueryPerStatus: a page of 40 asks the store as often as a page of 10, and not
// often at all.
func TestNoQueryPerStatus(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	h := newHouse(t, storetest.Trace(func(query string) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, query)
	}))
	ids := h.garden(200)
	for n := 1; n > 0; { // what is searched must be indexed
		var err error
		if n, err = h.svc.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.write(func(tx *store.Tx) error { return tx.MuteThread(ids[0]) })
	count := func(path string) int {
		t.Helper()
		h.write(func(tx *store.Tx) error { return tx.SetActorMedia(1<<50, "", "") }) // nobody is kept in memory
		mu.Lock()
		asked = nil
		mu.Unlock()
		read[any](h, "GET", path, "")
		mu.Lock()
		defer mu.Unlock()
		return len(asked)
	}
	for _, path := range []string{"/api/v1/timelines/home?", "/api/v1/timelines/public?", "/api/v2/search?q=frost&type=statuses&", "/api/v1/favourites?", "/api/v1/notifications?"} {
		count(path) // prepares, and fills what is kept
		few, many := count(path+"limit=10"), count(path+"limit=40")
		if t.Logf("%s %d and %d queries", path, few, many); many > few || many > 30 {
			t.Errorf("%s: %d queries for 10, %d for 40:\n%s", path, few, many, strings.Join(asked, "\n"))
		}
	}
}

// cpuTime is what this process used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sink takes an answer and keeps nothing of it, as a connection does.
type sink struct {
	header      http.Header
	code, bytes int
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(code int) { s.code = code }

func (s *sink) Write(b []byte) (int, error) { s.bytes += len(b); return len(b), nil }

// BenchmarkHome is the home timeline of 20 as an app gets it: token, page, JSON
// (LIMITS: 0.35 ms of CPU, 20,000 posts deep as well).
func BenchmarkHome(b *testing.B) {
	h := newHouse(b)
	ids := h.garden(21000)
	for name, path := range map[string]string{"top": "/api/v1/timelines/home?limit=20", "deep": "/api/v1/timelines/home?limit=20&max_id=" + id(ids[1000])} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", "Bearer "+h.token)
			began, asked := cpuTime(b), 0
			for b.Loop() {
				asked++
				h.pass(time.Second) // within what an app may ask
				w := &sink{header: http.Header{}}
				h.api.ServeHTTP(w, r.Clone(r.Context()))
				if w.code != http.StatusOK || w.bytes < 10000 {
					b.Fatalf("%d, %d bytes", w.code, w.bytes)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-began)/float64(asked)/1e6, "cpu-ms/op") // a busy machine stretches the rest
		})
	}
}
