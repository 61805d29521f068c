package browsertest

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web"
	"dassie/web/auth"
)

// street is a few whole servers in this process, each with its pages, whose clock
// and queues a test drives. What takes days on real servers is done there.
type street struct {
	*fedtest.Cluster
	t testing.TB
}

const streetPassword = "correct horse battery"

// newStreet starts one server for each name; followers need no approval.
func newStreet(t testing.TB, names ...string) *street {
	t.Helper()
	s := &street{fedtest.New(t), t}
	for _, name := range names {
		s.move(name)
	}
	return s
}

// move opens one more server, with its front door.
func (s *street) move(name string) *fedtest.Server {
	s.t.Helper()
	h := s.Add(name)
	hash, err := auth.HashPassword(context.Background(), streetPassword)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := h.Store().Write(context.Background(), func(tx *store.Tx) error { return tx.SetPassword(hash) }); err != nil {
		s.t.Fatal(err)
	}
	set := h.Settings()
	set.UndoSeconds = 0 // most journeys are about what comes after
	if err := h.SaveSettings(context.Background(), set); err != nil {
		s.t.Fatal(err)
	}
	front, err := web.New(web.Config{Service: h.Service, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(front.Close)
	h.Misbehave(front.ServeHTTP) // in place of the bare protocol, which is all that a cluster answers
	return h
}

// at is a server of the street.
func (s *street) at(name string) *fedtest.Server {
	for _, h := range s.Servers {
		if h.Name == name {
			return h
		}
	}
	s.t.Fatalf("nobody here is called %s", name)
	return nil
}

// window opens a server's pages for its owner, with scripts or without.
func (s *street) window(name string, l look, scripts bool) *tab {
	s.t.Helper()
	p := newTab(s.t, "http://"+s.at(name).Host, l)
	p.scripts(scripts)
	p.logIn(name, streetPassword)
	return p
}

// withAndWithoutScripts runs a journey four times: on a phone and on a desk, with
// scripts and without.
func withAndWithoutScripts(t *testing.T, journey func(t *testing.T, l look, scripts bool)) {
	newTab(t, "about:blank", desktop) // skips where there is no browser
	for _, l := range widths(desktop, phone) {
		for how, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
			t.Run(l.name+" "+how, func(t *testing.T) { journey(t, l, scripts) })
		}
	}
}
