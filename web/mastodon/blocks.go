package mastodon

import "dassie/store"

// block: POST /api/v1/accounts/:id/block.
func (a *API) block(c *call) (any, error) {
	if err := a.known(c); err != nil {
		return nil, err
	}
	if err := a.svc.Block(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// unblock: POST /api/v1/accounts/:id/unblock.
func (a *API) unblock(c *call) (any, error) {
	if err := a.known(c); err != nil {
		return nil, err
	}
	if err := a.svc.Unblock(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// removeFollower: POST /api/v1/accounts/:id/remove_from_followers.
func (a *API) removeFollower(c *call) (any, error) {
	if err := a.known(c); err != nil {
		return nil, err
	}
	if err := a.svc.RemoveFollower(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// blocks: GET /api/v1/blocks, the last blocked first. The way on is the Link
// header alone: blocks are in no order of the accounts' ids.
func (a *API) blocks(c *call) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		rows, err := tx.BlockList(page.Max, page.Limit)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(rows))
		for i, b := range rows {
			ids[i] = b.ActorID
		}
		if len(ids) == page.Limit {
			a.linkNext(c, ids[len(ids)-1])
		}
		return a.accounts(tx, ids)
	})
}
