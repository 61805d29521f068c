package federation

import (
	"context"
	"strconv"
	"sync"

	"dassie/federation/ap"
	"dassie/store"
)

// renderOutgoing writes a post's activity as the post is now.
func (s *Service) renderOutgoing(ctx context.Context, o store.Outgoing) ([]byte, error) {
	body, generation := s.rendered.get(o.ID)
	if body != nil {
		return body, nil
	}
	body, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]byte, error) {
		p, err := tx.Post(o.PostID)
		if err != nil {
			return nil, err
		}
		m, err := s.activityOf(tx, p, o.Kind)
		if err != nil {
			return nil, err
		}
		if o.Kind == "Update" {
			m.ID = o.URI + "#" + strconv.FormatInt(o.ID, 10)
		}
		return ap.Marshal(m)
	})
	if err == nil {
		s.rendered.put(o.ID, body, generation)
	}
	return body, err
}

// renderedCache keeps the bytes of the activity that is fanned out right now.
// It is emptied whenever a post changes.
type renderedCache struct {
	mu         sync.Mutex
	id         int64
	body       []byte
	generation uint64
}

// get returns what is kept, or nil and the generation to put it under.
func (c *renderedCache) get(id int64) ([]byte, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id != id {
		return nil, c.generation
	}
	return c.body, c.generation
}

// put keeps bytes, unless a post changed since its row was read.
func (c *renderedCache) put(id int64, body []byte, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation == c.generation {
		c.id, c.body = id, body
	}
}

func (c *renderedCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.id, c.body = 0, nil
}
