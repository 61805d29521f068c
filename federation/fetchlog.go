package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	fetchesWaiting = 2000            // signed fetches whose signature is still to be checked; more are not noted
	fetchesPerJob  = 100             // of those, how many are gathered before they are queued at once
	fetchesNoted   = 8192            // verified ones remembered, so that they are not checked again the same day
	fetchHeaders   = 6 << 10         // bytes of headers that are kept of one fetch
	fetchDelay     = 2 * time.Second // how long fetches are gathered before they are queued together
)

// signedFetch is what the check of a signature needs later.
type signedFetch struct {
	Post   int64       `json:"post"`
	Method string      `json:"method"`
	Target string      `json:"target"`
	Host   string      `json:"host"`
	Header http.Header `json:"header"`
	Source string      `json:"source,omitempty"` // the address that a forgery counts against; gone with the job
	Server string      `json:"server"`           // the key's host, as claimed
}

// notedFetch is one row of the ledger: a server read a post, by the day.
type notedFetch struct {
	server string
	post   int64
	day    int64
}

// fetchMemory gathers signed fetches of posts until they are queued. It
// is bounded; what does not fit is not noted.
type fetchMemory struct {
	mu      sync.Mutex
	noted   *simplelru.LRU[notedFetch, struct{}] // verified
	pending []signedFetch
	waiting int // pending, and queued but not yet checked
	timer   *time.Timer
}

// asker is whoever a request says that it comes from, before anything is checked.
type asker struct {
	server  string // host of the key; "" if the request is not signed in a form that could pass
	blocked bool
}

// claimedAsker reads who says to have signed. A blocked server or person is
// refused by their own word: who lies about it only harms themselves.
func (s *Service) claimedAsker(r *http.Request) asker {
	if !signed(r) {
		return asker{}
	}
	sig, err := s.parseSignature(r, nil)
	if err != nil {
		return asker{} // what is public needs no signature, so a bad one is none
	}
	a := asker{server: ap.Host(sig.KeyID)}
	a.blocked, err = store.Get(r.Context(), s.store, func(tx *store.Tx) (bool, error) { return keyBlocked(tx, sig.KeyID) })
	if err != nil {
		s.log.Error("look up a server that asks", "host", a.server, "err", err)
	}
	return a
}

// noteFetch remembers that a server has asked for a post that it got, for the ledger
// of who holds a copy. Only what was signed is noted, and nothing is written
// before the answer is out.
func (s *Service) noteFetch(r *http.Request, a asker, postID int64) {
	if a.server == "" || a.server == s.origin.Host || r.Method != http.MethodGet {
		return
	}
	source, now := s.source(r), s.now()
	if source != "" && s.budget.bad.empty(source, now) {
		return
	}
	m := &s.documents.fetched
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting >= fetchesWaiting || m.knows(notedFetch{a.server, postID, dayOf(now)}) {
		return
	}
	header, ok := signedHeaders(r.Header)
	if !ok {
		return
	}
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	m.pending = append(m.pending, signedFetch{
		Post: postID, Method: r.Method, Target: target, Host: r.Host, Header: header, Source: source, Server: a.server,
	})
	m.waiting++
	switch {
	case len(m.pending) == fetchesPerJob:
		go s.queueSoon()
	case m.timer == nil:
		m.timer = time.AfterFunc(fetchDelay, s.queueSoon)
	}
}

func (s *Service) queueSoon() {
	// What is lost by an error here is a line in the ledger of readers.
	if err := s.queueFetches(context.Background()); err != nil && !errors.Is(err, store.ErrClosed) {
		s.log.Error("queue signed fetches", "err", err)
	}
}

// knows says whether a fetch was verified today. The caller holds the lock.
func (m *fetchMemory) knows(n notedFetch) bool { return m.noted != nil && m.noted.Contains(n) }

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// signedHeaders copies what a signature can cover. What the proxy before us
// added and what is secret is left out.
func signedHeaders(h http.Header) (http.Header, bool) {
	kept, size := make(http.Header, len(h)), 0
	for name, values := range h {
		switch name {
		case "Cookie", "Authorization", "Forwarded", "Via", "X-Real-Ip":
			continue
		}
		if strings.HasPrefix(name, "X-Forwarded-") {
			continue
		}
		for _, v := range values {
			size += len(name) + len(v)
		}
		kept[name] = values
	}
	return kept, size <= fetchHeaders
}

// queueFetches turns what was gathered into a job. It runs by itself shortly
// after a fetch. All these jobs share one key, so that they never hold more than
// one worker, however slowly the servers behind the keys answer.
func (s *Service) queueFetches(ctx context.Context) error {
	m := &s.documents.fetched
	m.mu.Lock()
	pending := m.pending
	m.pending = nil
	if m.timer != nil {
		m.timer.Stop()
		m.timer = nil
	}
	m.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		for list := range slices.Chunk(pending, fetchesPerJob) {
			payload, err := json.Marshal(list)
			if err != nil {
				return fmt.Errorf("write signed fetches: %w", err)
			}
			if err := tx.AddJob("fetched", "fetched", payload, time.Time{}); err != nil {
				return err
			}
		}
		tx.After(s.work.pokeJobs)
		return nil
	})
	if err != nil {
		m.done(len(pending))
		return fmt.Errorf("queue signed fetches: %w", err)
	}
	return nil
}

// done frees the room of checked fetches.
func (m *fetchMemory) done(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = max(m.waiting-n, 0) // jobs from before a restart were not counted
}
