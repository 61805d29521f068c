package mastodon

import (
	"errors"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// maxListed bounds what one request puts into a list or takes out of it.
const maxListed = 500

// repliesPolicies are Mastodon's words for which answers a list shows.
var repliesPolicies = map[string]store.ListReplies{
	"none": store.RepliesNone, "list": store.RepliesListed, "followed": store.RepliesFollowed,
}

func listEntity(l store.List) List {
	out := List{ID: id(l.ID), Title: l.Title, Exclusive: l.Exclusive}
	for name, policy := range repliesPolicies {
		if policy == l.Replies {
			out.RepliesPolicy = name
		}
	}
	return out
}

func listEntities(lists []store.List) []List {
	out := make([]List, len(lists))
	for i, l := range lists {
		out[i] = listEntity(l)
	}
	return out
}

// lists: GET /api/v1/lists.
func (a *API) lists(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]List, error) {
		lists, err := tx.Lists()
		return listEntities(lists), err
	})
}

// list: GET /api/v1/lists/:id.
func (a *API) list(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (List, error) {
		l, err := tx.List(c.id)
		return listEntity(l), err
	})
}

// createList: POST /api/v1/lists.
func (a *API) createList(c *call) (any, error) {
	return a.saveList(c, store.List{Replies: store.RepliesListed})
}

// updateList: PUT /api/v1/lists/:id. What is not named stays.
func (a *API) updateList(c *call) (any, error) {
	l, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (store.List, error) { return tx.List(c.id) })
	if err != nil {
		return nil, err
	}
	return a.saveList(c, l)
}

func (a *API) saveList(c *call, l store.List) (any, error) {
	if title := c.params.get("title"); title != "" {
		l.Title = title
	}
	if l.Title == "" {
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: Title can't be blank")
	}
	if name := c.params.get("replies_policy"); name != "" {
		policy, ok := repliesPolicies[name]
		if !ok {
			return nil, reply.Errorf(reply.Unprocessable, "'%.20s' is not a valid replies_policy", name)
		}
		l.Replies = policy
	}
	if c.params.has("exclusive") {
		l.Exclusive = c.params.truth("exclusive")
	}
	l, err := a.svc.SaveList(c.ctx, l)
	if err != nil {
		return nil, err
	}
	return listEntity(l), nil
}

// deleteList: DELETE /api/v1/lists/:id.
func (a *API) deleteList(c *call) (any, error) {
	if err := a.svc.DropList(c.ctx, c.id); err != nil {
		return nil, listError(err)
	}
	return struct{}{}, nil
}

// listAccounts: GET /api/v1/lists/:id/accounts. The limit 0 asks for all.
func (a *API) listAccounts(c *call) (any, error) {
	page := c.page(40, 80)
	all := c.params.get("limit") == "0"
	if all {
		page = store.Page{Limit: 1 << 20}
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		if _, err := tx.List(c.id); err != nil {
			return nil, err
		}
		ids, err := tx.Listed(c.id, page)
		if err != nil {
			return nil, err
		}
		if !all {
			a.linkPages(c, page, ids)
		}
		return a.accounts(tx, ids)
	})
}

// addListed: POST /api/v1/lists/:id/accounts.
func (a *API) addListed(c *call) (any, error) {
	ids, err := accountIDs(c)
	if err != nil {
		return nil, err
	}
	if err := a.svc.AddToList(c.ctx, c.id, ids...); err != nil {
		return nil, listError(err)
	}
	return struct{}{}, nil
}

// removeListed: DELETE /api/v1/lists/:id/accounts.
func (a *API) removeListed(c *call) (any, error) {
	ids, err := accountIDs(c)
	if err != nil {
		return nil, err
	}
	if err := a.svc.RemoveFromList(c.ctx, c.id, ids...); err != nil {
		return nil, listError(err)
	}
	return struct{}{}, nil
}

// accountIDs reads whom a request is about; an id that cannot be is unknown.
func accountIDs(c *call) ([]int64, error) {
	asked := c.params.list("account_ids")
	if len(asked) > maxListed {
		return nil, reply.Errorf(reply.Unprocessable, "Name at most %d accounts at once.", maxListed)
	}
	ids := make([]int64, len(asked))
	for i, text := range asked {
		var ok bool
		if ids[i], ok = parseID(text); !ok {
			return nil, errNotFound
		}
	}
	return ids, nil
}

// listError gives Mastodon's words to what lists refuse.
func listError(err error) error {
	switch {
	case errors.Is(err, federation.ErrListed):
		return reply.Errorf(reply.Unprocessable, "Validation failed: Account has already been taken")
	case reply.CodeOf(err) == reply.NotFound:
		return errNotFound
	}
	return err
}

// accountLists: GET /api/v1/accounts/:id/lists.
func (a *API) accountLists(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]List, error) {
		if _, err := tx.Actor(c.id); err != nil {
			return nil, err
		}
		lists, err := tx.ListsOf(c.id)
		return listEntities(lists), err
	})
}
