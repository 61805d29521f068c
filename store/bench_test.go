package store_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// Group commit against a transaction for each, by the number of producers.
func BenchmarkWrite(b *testing.B) {
	for _, producers := range []int{1, 8, 64} {
		for _, how := range []string{"shared", "alone"} {
			b.Run(fmt.Sprintf("%s-%d", how, producers), func(b *testing.B) {
				s, w := benchWorld(b)
				var alone sync.Mutex // one after another: the writer sees one job at a time
				commits := s.Commits()
				b.ResetTimer()
				var wg sync.WaitGroup
				for p := range producers {
					wg.Go(func() {
						for i := p; i < b.N; i += producers {
							if how == "alone" {
								alone.Lock()
							}
							err := s.Write(bg, func(tx *store.Tx) error { return arrive(tx, w.Bob.ID, i) })
							if how == "alone" {
								alone.Unlock()
							}
							if err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/float64(s.Commits()-commits), "posts/commit")
			})
		}
	}
}

func benchWorld(b *testing.B) (*store.Store, storetest.World) {
	s := storetest.OpenAlice(b)
	return s, storetest.Populate(b, s)
}

var body = "<p>" + strings.Repeat("words of a post that somebody wrote ", 9) + "</p>" // about 330 bytes

// arrive stores the i-th post of 340 bytes, with its row in home.
func arrive(tx *store.Tx, author int64, i int) error {
	p := store.Post{
		URI: fmt.Sprintf("https://bob.example/users/%d/statuses/%d", author, i), ActorID: author,
		URL: fmt.Sprintf("https://bob.example/@%d/%d", author, i), Language: "en",
		PublishedAt: storetest.Start.Add(time.Duration(i) * 17 * time.Second),
		Content:     strings.Replace(body, "post", "post "+vary(i), 1),
	}
	if _, err := tx.PostIDByURI(p.URI); err == nil {
		return nil
	}
	if err := tx.InsertPost(&p); err != nil {
		return err
	}
	return tx.AddHome(p.ID, false)
}

// vary gives each post some words of its own, as real ones have.
func vary(i int) string {
	return fmt.Sprintf("number%d word%d term%d", i, i*7919%5000, i*104729%20000)
}

func plain(p store.Post) string { return strings.NewReplacer("<p>", "", "</p>", "").Replace(p.Content) }

const indexAt = 200 // posts that wait before they are indexed

// storePosts lets n posts by 50 authors arrive in batches of ten.
func storePosts(t testing.TB, s *store.Store, from, n int) {
	t.Helper()
	for i := from; i < from+n; i += 10 {
		write(t, s, func(tx *store.Tx) error {
			for k := i; k < i+10; k++ {
				if err := arrive(tx, 1000+int64(k*31%50), k); err != nil {
					return err
				}
			}
			return nil
		})
		if (i+10)%indexAt == 0 {
			for done := 1; done > 0; {
				write(t, s, func(tx *store.Tx) (err error) { done, err = tx.IndexBatch(indexAt, plain); return err })
			}
		}
	}
}

// written is what this process has handed to the kernel for files so far.
func written(t testing.TB) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("no /proc/self/io here")
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("wchar: ")); ok {
			n, _ := strconv.ParseInt(string(bytes.TrimSpace(rest)), 10, 64)
			return n
		}
	}
	return 0
}

// A received post may cost the card 12 KB, its search index and the checkpoints included.
func TestBytesWrittenPerPost(t *testing.T) {
	for _, c := range []struct{ stored, more int }{{0, 5000}, {300000, 20000}} {
		t.Run(fmt.Sprint("from ", c.stored), func(t *testing.T) {
			if c.stored > 0 && os.Getenv("DASSIE_LONG") != "1" {
				t.Skip("takes a minute; runs with DASSIE_LONG=1")
			}
			notWhileRacing(t)
			dir := withFile(t)
			open := func() *store.Store {
				s, err := store.Open(dir, store.Options{Serve: true})
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			s := open()
			storePosts(t, s, 0, c.stored)
			if err := s.Close(); err != nil { // what is still in the log is not ours to count
				t.Fatal(err)
			}
			s = open()
			before, start := written(t), time.Now()
			storePosts(t, s, c.stored, c.more)
			took := time.Since(start)
			if err := s.Close(); err != nil { // the last checkpoint counts too
				t.Fatal(err)
			}
			each := float64(written(t)-before) / float64(c.more) / 1024
			t.Logf("%.1f KB written per post, %v each", each, took/time.Duration(c.more))
			if each > 12 {
				t.Errorf("%.1f KB written per post", each)
			}
		})
	}
}

func withFile(t testing.TB) string {
	dir := t.TempDir()
	storetest.File(t, dir)
	return dir
}

func BenchmarkHome(b *testing.B) {
	s := storetest.OpenAlice(b)
	storePosts(b, s, 0, 30000)
	deep := store.IDAt(storetest.Start.Add(10000 * 17 * time.Second))
	for _, c := range []struct {
		name string
		page store.Page
	}{
		{"newest-20", store.Page{Limit: 20}}, {"newest-40", store.Page{Limit: 40}},
		{"deep-20", store.Page{Limit: 20, Max: deep}}, {"deep-40", store.Page{Limit: 40, Max: deep}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				list := read(b, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Home(c.page) })
				if len(list) != c.page.Limit {
					b.Fatal(len(list))
				}
			}
		})
	}
	b.Run("posts-by-author-20", func(b *testing.B) {
		for b.Loop() {
			read(b, s, func(tx *store.Tx) ([]store.Post, error) { return tx.PostsBy(1007, store.Page{Limit: 20}) })
		}
	})
	b.Run("post-by-uri", func(b *testing.B) {
		for b.Loop() {
			read(b, s, func(tx *store.Tx) (int64, error) {
				return tx.PostIDByURI("https://bob.example/users/1031/statuses/1")
			})
		}
	})
}

// Lists, saved posts and hashtags beside 100,000 stored posts: one in ten is saved
// and bears a hashtag, and the list holds them all.
func BenchmarkKept(b *testing.B) {
	s := storetest.OpenAlice(b)
	const posts = 100000
	storePosts(b, s, 0, posts)
	l := store.List{Title: "All"}
	write(b, s, func(tx *store.Tx) error {
		if err := tx.SaveList(&l); err != nil {
			return err
		}
		for _, q := range []string{
			"insert into list_posts (list_id, post_id) select ?1, id from posts",
			"insert into list_members (list_id, actor_id) select distinct ?1, actor_id from posts",
			"insert into bookmarks (post_id, id, at) select id, id, ?1 from posts where rowid % 10 = 0",
			`update posts set extra = '{"tags":["Rye"]}' where rowid % 10 = 0 and ?1 > 0`,
			"insert into unindexed (post_id, actor_id) select id, actor_id from posts where rowid % 10 = 0 and ?1 > 0",
		} {
			if err := tx.Exec(q, l.ID); err != nil {
				return err
			}
		}
		return nil
	})
	for done := 1; done > 0; {
		write(b, s, func(tx *store.Tx) (err error) { done, err = tx.IndexBatch(indexAt, plain); return err })
	}
	deep := store.IDAt(storetest.Start.Add(posts / 3 * 17 * time.Second))
	for name, p := range map[string]store.Page{"newest-20": {Limit: 20}, "deep-20": {Limit: 20, Max: deep}} {
		for what, list := range map[string]func(tx *store.Tx) (int, error){
			"list":  func(tx *store.Tx) (int, error) { found, err := tx.ListPosts(l.ID, p); return len(found), err },
			"saved": func(tx *store.Tx) (int, error) { found, err := tx.Bookmarks(p); return len(found), err },
			"tag": func(tx *store.Tx) (int, error) {
				found, err := tx.Tagged(store.TagQuery{Any: []string{"rye"}}, p)
				return len(found), err
			},
		} {
			b.Run(what+"-"+name, func(b *testing.B) {
				for b.Loop() {
					if n := read(b, s, list); n != p.Limit {
						b.Fatal(n)
					}
				}
			})
		}
	}
}

// Search over 100,000 posts: of common and of rare words, and with filters that
// few posts or none pass.
func BenchmarkSearch(b *testing.B) {
	s := storetest.OpenAlice(b)
	write(b, s, func(tx *store.Tx) error {
		return tx.Exec(`
			with recursive n (i) as (select 1000 union all select i + 1 from n where i < 1049)
			insert into actors (id, uri, uri_hash, host_id, username, domain, kind)
			select i, 'u' || i, i, 1, 'user' || i, 'bob.example', 'Person' from n`)
	})
	storePosts(b, s, 0, 100000)
	write(b, s, func(tx *store.Tx) error { return tx.SaveMute(store.Mute{ActorID: 1003}) })
	for _, c := range []struct {
		name string
		q    store.PostQuery
	}{
		{"common", store.PostQuery{Words: "words"}}, {"rare", store.PostQuery{Words: "number123"}}, {"two-words", store.PostQuery{Words: "words word77"}},
		{"phrase", store.PostQuery{Words: `"somebody wrote"`}}, {"without", store.PostQuery{Words: "words -word77"}},
		{"common-by-one", store.PostQuery{Words: "words", From: 1007}}, {"common-of-followed", store.PostQuery{Words: "words", Followed: true}},
		{"common-with-media", store.PostQuery{Words: "words", Media: true}}, {"media-alone", store.PostQuery{Media: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				read(b, s, func(tx *store.Tx) (int64, error) {
					_, next, err := tx.SearchPosts(c.q, store.Page{Limit: 21})
					return next, err
				})
			}
		})
	}
	b.Run("people", func(b *testing.B) {
		for b.Loop() {
			read(b, s, func(tx *store.Tx) ([]store.Actor, error) { return tx.SearchPeople("user10", 10) })
		}
	})
	b.Run("home-with-a-mute", func(b *testing.B) {
		for b.Loop() {
			read(b, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Home(store.Page{Limit: 20}) })
		}
	})
	b.Run("count-home-with-a-mute", func(b *testing.B) {
		for b.Loop() {
			read(b, s, func(tx *store.Tx) ([]store.Post, error) { return tx.HomeLines(store.Page{Since: 1, Limit: 400}) })
		}
	})
}
