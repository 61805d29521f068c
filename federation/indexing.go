package federation

import (
	"context"
	"time"

	"dassie/store"
)

const (
	indexEvery  = 2 * time.Second // how soon after its arrival a post can be searched for, under load
	indexBatch  = 200             // posts indexed in one transaction: about 20 ms on a small machine
	indexFloor  = 200             // fewer wait for company, at most for indexAtMost
	indexAtMost = time.Minute     // how long few posts wait for the indexes
)

// indexLoop brings new posts into the indexes in batches: a batch shares its
// pages, so many posts at once cost the card far less than one by one.
func (s *Service) indexLoop(ctx context.Context) {
	tick := time.NewTicker(indexEvery)
	defer tick.Stop()
	var first time.Time // when posts began to wait
	var slept pause
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if since := slept.over(s.now()); !since.IsZero() {
			if err := s.Recover(ctx, since); err != nil && ctx.Err() == nil {
				s.log.Error("cannot make a pause good", "error", err)
			}
		}
		n, err := store.Get(ctx, s.store, func(tx *store.Tx) (int, error) { return tx.CountUnindexed() })
		if err != nil || n == 0 {
			first = time.Time{}
			continue
		}
		if first.IsZero() {
			first = time.Now()
		}
		if n < indexFloor && time.Since(first) < indexAtMost {
			continue
		}
		first = time.Time{}
		for more := true; more; {
			n, err := s.indexOnce(ctx)
			if err != nil && ctx.Err() == nil {
				s.log.Error("cannot index posts", "error", err)
			}
			more = err == nil && n == indexBatch
		}
	}
}

func (s *Service) indexOnce(ctx context.Context) (int, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (int, error) { return tx.IndexBatch(indexBatch, postText) })
}
