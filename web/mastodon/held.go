package mastodon

import (
	"dassie/store"
)

// A post that is held for the undo window has its id already, which answers to the
// owner's apps alone; to everybody else there is nothing.

// heldByID reads a held post whose id an app was told.
func heldByID(tx *store.Tx, id int64) (store.Unsent, error) {
	u, err := tx.Unsent(id)
	if err == nil && (u.Kind != store.UnsentHeld || !u.Draft.Known) {
		err = store.ErrNotFound
	}
	return u, err
}

func (a *API) held(c *call) (store.Unsent, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (store.Unsent, error) { return heldByID(tx, c.id) })
}

// heldStatus is the held post as the one that it is about to become.
func (a *API) heldStatus(c *call) (any, error) {
	u, err := a.held(c)
	if err != nil {
		return nil, err
	}
	p, err := a.svc.AsPost(c.ctx, u)
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) { return a.one(tx, p) })
}

// dropHeld deletes a held post before anybody got it.
func (a *API) dropHeld(c *call) (any, error) {
	u, err := a.held(c)
	if err != nil {
		return nil, err
	}
	v, err := a.heldStatus(c)
	if err != nil {
		return nil, err
	}
	gone := v.(*Status)
	gone.Text = &u.Draft.Text
	return gone, a.svc.DropHeld(c.ctx, c.id)
}
