package fedtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"dassie/federation"
	"dassie/store"
)

// record notes a request and hands its body back.
func (s *Server) record(r *http.Request) *Received {
	if r.Method != http.MethodPost {
		s.mu.Lock()
		s.gets = append(s.gets, r.URL.Path)
		s.mu.Unlock()
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 2<<20))
	if err != nil {
		return nil // the sender went away; the handler will see the same
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return &Received{Type: activityKind(body), Body: string(body), Header: r.Header.Clone(), Path: r.URL.Path}
}

// Lock switches follower approval.
func (s *Server) Lock(tb testing.TB, on bool) {
	tb.Helper()
	set := s.Settings()
	set.ApproveFollowers = on
	if err := s.SaveSettings(context.Background(), set); err != nil {
		tb.Fatal(err)
	}
}

// Find looks another server's owner up by handle.
func (s *Server) Find(tb testing.TB, other *Server) store.Actor {
	tb.Helper()
	found, err := s.Lookup(context.Background(), "@"+other.Handle())
	if err != nil || found.Actor == nil {
		tb.Fatalf("%s looks up %s: %v", s.Name, other.Name, err)
	}
	return *found.Actor
}

// Follows makes the owner follow another's and settles.
func (s *Server) Follows(tb testing.TB, others ...*Server) {
	tb.Helper()
	for _, other := range others {
		if _, err := s.Follow(context.Background(), s.Find(tb, other).ID); err != nil {
			tb.Fatalf("%s follows %s: %v", s.Name, other.Name, err)
		}
	}
	s.cluster.Settle()
}

// Post publishes a text and settles.
func (s *Server) Post(tb testing.TB, visibility store.Visibility, text string, parent ...int64) store.Post {
	tb.Helper()
	d := federation.Draft{Text: text, Visibility: visibility, Markdown: true}
	if len(parent) > 0 {
		d.ParentID = parent[0]
	}
	p, err := s.Publish(context.Background(), d)
	if err != nil {
		tb.Fatalf("%s posts: %v", s.Name, err)
	}
	s.cluster.Settle()
	return p
}

// Home is the newest page of the home timeline.
func (s *Server) Home(tb testing.TB) []store.Post {
	tb.Helper()
	list, err := store.Get(context.Background(), s.Store(), func(tx *store.Tx) ([]store.Post, error) {
		return tx.Home(store.Page{Limit: 100})
	})
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// Has finds a post by its id, wherever it was made.
func (s *Server) Has(tb testing.TB, uri string) (store.Post, bool) {
	tb.Helper()
	p, err := store.Get(context.Background(), s.Store(), func(tx *store.Tx) (store.Post, error) { return tx.PostByURI(uri) })
	if err == store.ErrNotFound {
		return p, false
	}
	if err != nil {
		tb.Fatal(err)
	}
	return p, true
}

// Disk changes whenever the server commits something: it is the state of the
// write-ahead log.
func (s *Server) Disk(tb testing.TB) string {
	tb.Helper()
	info, err := os.Stat(filepath.Join(s.dir, store.FileName+"-wal"))
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}

// Notified lists the kinds of the owner's notifications, newest first.
func (s *Server) Notified(tb testing.TB) []string {
	tb.Helper()
	list, err := store.Get(context.Background(), s.Store(), func(tx *store.Tx) ([]store.Notification, error) {
		return tx.Notifications(store.Page{Limit: 100}, nil, nil)
	})
	if err != nil {
		tb.Fatal(err)
	}
	var kinds []string
	for _, n := range list {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}
