package public

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"dassie/store"
)

const (
	countsLast = 10 * time.Minute // that the numbers on the page of a link stand
	countsHeld = 64               // links whose numbers are remembered
)

// keptCounts remembers how much is kept about who has a link: whoever has it can open
// it as often as they like, and of somebody who wrote much it takes a while to count.
// One is counted at a time.
type keptCounts struct {
	one  chan struct{} // full while somebody counts
	mu   sync.Mutex
	held *simplelru.LRU[keptAnswer, counted]
}

// keptAnswer is one answer to one request.
type keptAnswer struct {
	request  int64
	answered time.Time
}

type counted struct {
	at   time.Time
	list []store.SubjectCount
}

func newKeptCounts() *keptCounts {
	held, err := simplelru.NewLRU[keptAnswer, counted](countsHeld, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &keptCounts{one: make(chan struct{}, 1), held: held}
}

func (k *keptCounts) get(of keptAnswer, now time.Time) ([]store.SubjectCount, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, ok := k.held.Get(of)
	return c.list, ok && now.Sub(c.at) < countsLast && !now.Before(c.at)
}

// of is what is kept about who a request was answered to.
func (k *keptCounts) of(ctx context.Context, s *store.Store, q store.SubjectRequest, now time.Time) ([]store.SubjectCount, error) {
	key := keptAnswer{q.ID, q.AnsweredAt}
	if list, ok := k.get(key, now); ok {
		return list, nil
	}
	select {
	case k.one <- struct{}{}:
		defer func() { <-k.one }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if list, ok := k.get(key, now); ok { // counted while this one waited
		return list, nil
	}
	list, err := store.Get(ctx, s, func(tx *store.Tx) ([]store.SubjectCount, error) { return tx.SubjectCounts(q.ActorID, q.Handle) })
	if errors.Is(err, store.ErrNotFound) { // their profile went meanwhile: what is filed by handle may be here
		list, err = store.Get(ctx, s, func(tx *store.Tx) ([]store.SubjectCount, error) { return tx.SubjectCounts(0, q.Handle) })
	}
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held.Add(key, counted{now, list})
	return list, nil
}
