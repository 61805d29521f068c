package mastodon

import (
	"errors"
	"slices"
	"strings"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// accounts converts people in their order; who is not here is left out.
func (a *API) accounts(tx *store.Tx, ids []int64) ([]*Account, error) {
	return a.accountsFor(federation.ForOwner, tx, ids)
}

// accountsFor is accounts for whoever asks. Strangers do not meet whom the owner
// blocked (T48).
func (a *API) accountsFor(scope federation.Scope, tx *store.Tx, ids []int64) ([]*Account, error) {
	m, err := a.gatherFor(scope, tx, nil, ids...)
	if err != nil {
		return nil, err
	}
	list := make([]*Account, 0, len(ids))
	for _, n := range ids {
		if acc := m.account(n); acc != nil && !(m.visited() && m.hidden[n]) {
			list = append(list, acc)
		}
	}
	return list, nil
}

// accountsByID: GET /api/v1/accounts?id[]=, those that are here. Strangers learn of
// the owner alone: who else is known here says whom the owner reads.
func (a *API) accountsByID(c *call) (any, error) {
	asked := c.params.list("id")
	if len(asked) > maxRelationships {
		return nil, reply.Errorf(reply.Unprocessable, "Ask for at most %d accounts at once.", maxRelationships)
	}
	var ids []int64
	for _, text := range asked {
		if n, ok := parseID(text); ok && !slices.Contains(ids, n) && (c.owner() || n == store.OwnerID) {
			ids = append(ids, n)
		}
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) { return a.accountsFor(c.scope(), tx, ids) })
}

// lookupAccount: GET /api/v1/accounts/lookup, of people who are here already.
func (a *API) lookupAccount(c *call) (any, error) {
	acct := strings.TrimPrefix(strings.TrimSpace(c.params.get("acct")), "@")
	if acct == "" || strings.Contains(acct, "/") {
		return nil, errNotFound
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Account, error) {
		found, err := stored(tx, acct)
		if err != nil {
			return nil, err
		}
		if found.Actor == nil || !c.owner() && found.Actor.ID != store.OwnerID {
			return nil, errNotFound
		}
		list, err := a.accountsFor(c.scope(), tx, []int64{found.Actor.ID})
		if err != nil || len(list) == 0 {
			return nil, errors.Join(err, errNotFound)
		}
		return list[0], nil
	})
}

// searchAccounts: GET /api/v1/accounts/search, while somebody types a name. A whole
// handle is asked for at its server if resolve is set.
func (a *API) searchAccounts(c *call) (any, error) {
	q := strings.TrimSpace(c.params.get("q"))
	limit, offset := c.params.number("limit", 40, 80), c.params.number("offset", 0, 1<<20)
	if q == "" || offset > 0 { // all there is to find by name fits on the first page
		return []*Account{}, nil
	}
	found, err := a.find(c, q)
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		ids, err := named(tx, q, limit)
		if err != nil {
			return nil, err
		}
		if found.Actor == nil && !strings.Contains(q, "://") {
			if found, err = stored(tx, q); err != nil {
				return nil, err
			}
		}
		if found.Actor != nil {
			who := found.Actor.ID
			ids = append([]int64{who}, slices.DeleteFunc(ids, func(n int64) bool { return n == who })...)
		}
		if c.params.truth("following") {
			if ids, err = followed(tx, ids); err != nil {
				return nil, err
			}
		}
		return a.accounts(tx, ids[:min(limit, len(ids))])
	})
}

// named finds people by what is typed of their name or handle, which may break off
// within the domain.
func named(tx *store.Tx, q string, limit int) ([]int64, error) {
	words, domain, handle := strings.Cut(strings.TrimPrefix(q, "@"), "@")
	if handle && (words == "" || strings.ContainsAny(q, " /")) {
		return nil, nil
	}
	people, err := tx.SearchPeople(words, limit)
	var ids []int64
	for _, p := range people {
		if !handle || strings.HasPrefix(p.Domain, strings.ToLower(domain)) {
			ids = append(ids, p.ID)
		}
	}
	return ids, err
}

// accountFollowers: GET /api/v1/accounts/:id/followers.
func (a *API) accountFollowers(c *call) (any, error) {
	return a.followList(c, func(tx *store.Tx, p store.Page) (ids []int64, err error) {
		rows, err := tx.FollowersIn(store.FollowAccepted, p.Max, p.Limit)
		for _, f := range rows {
			ids = append(ids, f.ActorID)
		}
		return ids, err
	}, func(r store.Relation) bool {
		return r.Following.State == store.FollowAccepted && r.Following.ActorID != 0
	})
}

// accountFollowing: GET /api/v1/accounts/:id/following.
func (a *API) accountFollowing(c *call) (any, error) {
	return a.followList(c, func(tx *store.Tx, p store.Page) (ids []int64, err error) {
		rows, err := tx.FollowingAccepted(p.Max, p.Limit)
		for _, f := range rows {
			ids = append(ids, f.ActorID)
		}
		return ids, err
	}, func(r store.Relation) bool {
		return r.Follower.State == store.FollowAccepted && r.Follower.ActorID != 0
	})
}

// followList answers with a list of the owner's, which strangers see as the owner
// allows it. Of somebody else's list it is known here only whether the owner is in it.
func (a *API) followList(c *call, read func(*store.Tx, store.Page) ([]int64, error), holdsOwner func(store.Relation) bool) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		if _, err := tx.Actor(c.id); err != nil || !c.owner() && c.id != store.OwnerID {
			return nil, errors.Join(err, errNotFound)
		}
		if !c.owner() && !a.svc.Settings().ShowLists {
			return []*Account{}, nil
		}
		if c.id == store.OwnerID {
			ids, err := read(tx, page)
			if err != nil {
				return nil, err
			}
			if len(ids) == page.Limit {
				a.linkNext(c, ids[len(ids)-1])
			}
			return a.accountsFor(c.scope(), tx, ids)
		}
		with, err := tx.Relations(c.id)
		if err != nil || !holdsOwner(with[c.id]) || page.Max != 0 {
			return []*Account{}, err
		}
		return a.accounts(tx, []int64{store.OwnerID})
	})
}

// followRequests: GET /api/v1/follow_requests, the newest first. The way on is the
// Link header alone: they are in no order of the accounts' ids.
func (a *API) followRequests(c *call) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		rows, err := tx.FollowersIn(store.FollowAsked, page.Max, page.Limit)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(rows))
		for i, f := range rows {
			ids[i] = f.ActorID
		}
		if len(ids) == page.Limit {
			a.linkNext(c, ids[len(ids)-1])
		}
		return a.accounts(tx, ids)
	})
}

// authorizeRequest: POST /api/v1/follow_requests/:id/authorize.
func (a *API) authorizeRequest(c *call) (any, error) { return a.answerRequest(c, true) }

// rejectRequest: POST /api/v1/follow_requests/:id/reject.
func (a *API) rejectRequest(c *call) (any, error) { return a.answerRequest(c, false) }

func (a *API) answerRequest(c *call, yes bool) (any, error) {
	f, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (store.Follower, error) { return tx.Follower(c.id) })
	if err != nil {
		return nil, err
	}
	switch {
	case f.State == store.FollowAsked && yes:
		err = a.svc.Accept(c.ctx, c.id)
	case f.State == store.FollowAsked:
		err = a.svc.Reject(c.ctx, c.id)
	case yes && f.State == store.FollowAccepted: // asked twice by an app that lost the answer
	default:
		err = errNotFound
	}
	if err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// endorse: POST /api/v1/accounts/:id/endorse, or pin as it was called before.
func (a *API) endorse(c *call) (any, error) {
	if err := a.svc.Endorse(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// disendorse: POST /api/v1/accounts/:id/unendorse, or unpin.
func (a *API) disendorse(c *call) (any, error) {
	if err := a.known(c); err != nil {
		return nil, err
	}
	if err := a.svc.Disendorse(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// endorsements: GET /api/v1/endorsements.
func (a *API) endorsements(c *call) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		ids, err := tx.Endorsements(page.Max, page.Limit)
		if err != nil {
			return nil, err
		}
		if len(ids) == page.Limit {
			a.linkNext(c, ids[len(ids)-1])
		}
		return a.accountsFor(c.scope(), tx, ids)
	})
}

// accountEndorsements: GET /api/v1/accounts/:id/endorsements. Those of others are
// not known here.
func (a *API) accountEndorsements(c *call) (any, error) {
	if c.id != store.OwnerID {
		return []*Account{}, a.known(c)
	}
	return a.endorsements(c)
}

// familiarFollowers: GET /api/v1/accounts/familiar_followers. Who follows whom on
// other servers is not known here and not asked for, so the lists are empty.
func (a *API) familiarFollowers(c *call) (any, error) {
	asked := c.params.list("id")
	if len(asked) > maxRelationships {
		return nil, reply.Errorf(reply.Unprocessable, "Ask for at most %d accounts at once.", maxRelationships)
	}
	list := []FamiliarFollowers{}
	for _, text := range asked {
		if n, ok := parseID(text); ok {
			list = append(list, FamiliarFollowers{ID: id(n), Accounts: []*Account{}})
		}
	}
	return list, nil
}

// directory: GET /api/v1/directory, of the one account there is, if it may be
// listed.
func (a *API) directory(c *call) (any, error) {
	if !a.svc.Settings().Discoverable || c.params.number("offset", 0, 1<<20) > 0 {
		return []*Account{}, nil
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) { return a.accountsFor(c.scope(), tx, []int64{store.OwnerID}) })
}

// none answers for what this server does not have: it suggests nobody.
func (a *API) none(*call) (any, error) { return []struct{}{}, nil }

// identityProofs: GET /api/v1/accounts/:id/identity_proofs.
func (a *API) identityProofs(c *call) (any, error) { return []struct{}{}, a.known(c) }

// dropSuggestion: DELETE /api/v1/suggestions/:id, of somebody who was never suggested.
func (a *API) dropSuggestion(c *call) (any, error) { return struct{}{}, a.known(c) }
