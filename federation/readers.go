package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/errgroup"

	"dassie/federation/ap"
	"dassie/store"
)

// fetchesAtOnce is of how many servers the keys are looked up at the same time.
const fetchesAtOnce = 16

// recordFetch is the job "fetched": it checks signatures within the budget for
// unknown keys (T32) and notes the servers that really asked.
func (s *Service) recordFetch(ctx context.Context, payload []byte) error {
	var list []signedFetch
	if err := json.Unmarshal(payload, &list); err != nil {
		s.log.Error("read a job of signed fetches", "err", err)
		return nil // trying again would not make it readable
	}
	readers := s.verifyFetches(ctx, list)
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("check signed fetches: %w", ctx.Err()) // again at the next start
	}
	s.documents.fetched.done(len(list))
	return s.noteReaders(context.WithoutCancel(ctx), readers)
}

// verifyFetches checks several servers at a time, because some of them hang.
func (s *Service) verifyFetches(ctx context.Context, list []signedFetch) map[notedFetch]*signer {
	byServer := map[string][]signedFetch{}
	for _, f := range list {
		byServer[f.Server] = append(byServer[f.Server], f)
	}
	var mu sync.Mutex
	readers := map[notedFetch]*signer{}
	var group errgroup.Group
	group.SetLimit(fetchesAtOnce)
	for _, fetches := range byServer {
		group.Go(func() error {
			for _, f := range fetches {
				if ctx.Err() != nil {
					return nil // the job's time is over: the rest stays unnoted
				}
				k, err := s.verifyFetch(ctx, f)
				if err != nil {
					s.fetchRefused(f, err)
					continue
				}
				mu.Lock()
				readers[notedFetch{ap.Host(k.actorURI), f.Post, dayOf(s.now())}] = k
				mu.Unlock()
			}
			return nil
		})
	}
	_ = group.Wait() // none of them returns an error
	return readers
}

// fetchRefused counts a forgery against the address it came from.
func (s *Service) fetchRefused(f signedFetch, err error) {
	if f.Source != "" {
		s.budget.bad.allow(f.Source, s.now())
	}
	s.log.Debug("signature of a fetch refused", "path", f.Target, "err", err)
}

// verifyFetch checks the signature of a request that was answered before.
func (s *Service) verifyFetch(ctx context.Context, f signedFetch) (*signer, error) {
	u, err := url.ParseRequestURI(f.Target)
	if err != nil {
		return nil, fmt.Errorf("read target of a fetch: %w", err)
	}
	r := &http.Request{Method: f.Method, URL: u, RequestURI: f.Target, Host: f.Host, Header: f.Header}
	sig, err := s.parseSignature(r, nil)
	if err != nil {
		return nil, err
	}
	return s.verify(ctx, sig, f.Source)
}

// noteReaders writes who read what. A reader that is not stored yet is stored
// now: a Delete of the post must find its inbox.
func (s *Service) noteReaders(ctx context.Context, readers map[notedFetch]*signer) error {
	if len(readers) == 0 {
		return nil
	}
	stored := map[string]bool{}
	for n, k := range readers {
		if k.actorID != 0 || k.doc == nil || stored[k.actorURI] {
			continue
		}
		if _, err := s.saveActor(ctx, k.doc); err != nil {
			return fmt.Errorf("store reader %s: %w", n.server, err)
		}
		stored[k.actorURI] = true
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		for n := range readers {
			host, err := tx.EnsureHost(n.server)
			if err != nil {
				return err
			}
			if err := tx.Fetched(n.post, host); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note readers: %w", err)
	}
	m := &s.documents.fetched
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.noted == nil {
		if m.noted, err = simplelru.NewLRU[notedFetch, struct{}](fetchesNoted, nil); err != nil {
			return nil // only for a size below 1
		}
	}
	for n := range readers {
		m.noted.Add(n, struct{}{})
	}
	return nil
}
