package remote

import (
	"crypto/sha256"
	"errors"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	maxRefusals = 1024
	refusalAge  = 10 * time.Minute
)

// refusals remembers for a while which GETs ended in a redirect loop or at a
// refused address, so that a hostile link costs one round of requests and not
// one per mention of it.
type refusals struct {
	cache *lru.Cache[[32]byte, refusal] // by hash, so that long URLs weigh nothing
}

type refusal struct {
	err   error // the sentinel alone
	until time.Time
}

func newRefusals() *refusals {
	cache, err := lru.New[[32]byte, refusal](maxRefusals)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &refusals{cache}
}

func refusalKey(kind, url string) [32]byte { return sha256.Sum256([]byte(kind + " " + url)) }

func (r *refusals) find(kind, url string, now time.Time) error {
	key := refusalKey(kind, url)
	found, ok := r.cache.Get(key)
	if !ok {
		return nil
	}
	if !now.Before(found.until) {
		r.cache.Remove(key)
		return nil
	}
	return found.err
}

func (r *refusals) note(kind, url string, err error, now time.Time) {
	for _, sentinel := range []error{ErrRedirect, ErrAddress} {
		if errors.Is(err, sentinel) {
			r.cache.Add(refusalKey(kind, url), refusal{sentinel, now.Add(refusalAge)})
			return
		}
	}
}
