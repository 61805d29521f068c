package mastodon

import (
	"errors"
	"fmt"
	"slices"

	"dassie/store"
)

const (
	contextUp   = 400  // posts above
	contextDown = 1000 // and below
	refreshWait = 3    // seconds that an app waits before it looks again
)

// Context is what stands around a post.
type Context struct {
	Ancestors   []*Status `json:"ancestors"`
	Descendants []*Status `json:"descendants"`
}

// context: GET /api/v1/statuses/:id/context. It answers with what is here, and has
// the rest looked for: until that is done a header says so, as in Mastodon 4.5.
func (a *API) context(c *call) (any, error) {
	var above []store.Post
	var focus int64
	around, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (*Context, error) {
		p, err := tx.Post(c.id)
		if err == nil && p.BoostOf != 0 {
			p, err = tx.Post(p.BoostOf)
		}
		if err != nil {
			return nil, err
		}
		focus = p.ID
		if above, err = tx.Ancestors(p, contextUp); err != nil {
			return nil, err
		}
		below, err := tx.Descendants(p.ID, contextDown)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, slices.Concat(above, below))
		if err != nil {
			return nil, err
		}
		below = byBranch(p.ID, below)
		for _, list := range []*[]store.Post{&above, &below} { // muted people are left out, as in Mastodon
			if *list, err = m.unmuted(tx, *list); err != nil {
				return nil, err
			}
		}
		return &Context{m.statuses(above), m.statuses(below)}, nil
	})
	if errors.Is(err, store.ErrNotFound) {
		if _, err := a.held(c); err == nil { // nobody can have answered it
			return &Context{[]*Status{}, []*Status{}}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if running, err := a.svc.LookForMore(c.ctx, focus); err != nil {
		a.log.Error("cannot look for the rest of a conversation", "error", err) // what is here can be shown all the same
	} else if running {
		c.refresh = fmt.Sprintf("id=%q, retry=%d", id(focus), refreshWait)
	}
	return around, nil
}

// byBranch orders replies as Mastodon does: each followed by what answers it,
// siblings by id. The posts come level by level, siblings in that order.
func byBranch(root int64, posts []store.Post) []store.Post {
	children := map[int64][]int{}
	for i, p := range slices.Backward(posts) {
		children[p.ParentID] = append(children[p.ParentID], i)
	}
	out := make([]store.Post, 0, len(posts))
	for stack := children[root]; len(stack) > 0; {
		i := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], children[posts[i].ID]...)
		out = append(out, posts[i])
	}
	return out
}

// asyncRefresh: GET /api/v1_alpha/async_refreshes/:id says whether the search for
// the rest of a conversation still runs, and what it found.
func (a *API) asyncRefresh(c *call) (any, error) {
	state, err := a.svc.ThreadState(c.ctx, c.id)
	if err != nil {
		return nil, err
	}
	status, found := "finished", state.Found
	if state.Running {
		status, found = "running", 0
	}
	return map[string]any{"async_refresh": map[string]any{"id": id(c.id), "status": status, "result_count": found}}, nil
}
