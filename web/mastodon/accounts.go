package mastodon

import (
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// maxRelationships bounds what one request asks for; an address holds no more.
const maxRelationships = 500

// verifyCredentials: GET /api/v1/accounts/verify_credentials.
func (a *API) verifyCredentials(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (CredentialAccount, error) {
		m, err := a.freshOwner(tx)
		if err != nil {
			return CredentialAccount{}, err
		}
		requests, err := tx.CountFollowers(store.FollowAsked)
		return m.credentials(requests), err
	})
}

// freshOwner counts anew, so that an app that shows the profile shows it as it is.
func (a *API) freshOwner(tx *store.Tx) (*room, error) {
	if _, err := a.counts.read(tx, a.svc.Now(), 0); err != nil {
		return nil, err
	}
	return a.gather(tx, nil, store.OwnerID)
}

// account: GET /api/v1/accounts/:id.
func (a *API) account(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (acc *Account, err error) {
		var m *room
		if c.id == store.OwnerID {
			m, err = a.freshOwner(tx)
		} else {
			m, err = a.gather(tx, nil, c.id)
		}
		if err != nil {
			return nil, err
		}
		if acc = m.account(c.id); acc == nil {
			return nil, errNotFound
		}
		return acc, nil
	})
}

// relationships: GET /api/v1/accounts/relationships, one item for each id asked.
func (a *API) relationships(c *call) (any, error) {
	asked := c.params.list("id")
	if len(asked) > maxRelationships {
		return nil, reply.Errorf(reply.Unprocessable, "Ask for at most %d accounts at once.", maxRelationships)
	}
	ids := make([]int64, 0, len(asked))
	for _, text := range asked {
		if actorID, ok := parseID(text); ok {
			ids = append(ids, actorID)
		}
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]Relationship, error) { return relationships(tx, ids...) })
}

// follow: POST /api/v1/accounts/:id/follow. Until they accept, it is "requested".
// Of somebody who is followed it changes what is shown.
func (a *API) follow(c *call) (any, error) {
	var choice federation.FollowChoice
	for name, field := range map[string]**bool{"reblogs": &choice.Boosts, "notify": &choice.Notify} {
		if c.params.has(name) {
			yes := c.params.truth(name)
			*field = &yes
		}
	}
	if c.params.given("languages") {
		choice.Languages = append([]string{}, c.params.list("languages")...)
	}
	if _, err := a.svc.FollowAs(c.ctx, c.id, choice); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// unfollow: POST /api/v1/accounts/:id/unfollow.
func (a *API) unfollow(c *call) (any, error) {
	if err := a.known(c); err != nil {
		return nil, err
	}
	if err := a.svc.Unfollow(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// known is NotFound for an account that is not here.
func (a *API) known(c *call) error {
	return a.st.Read(c.ctx, func(tx *store.Tx) error {
		_, err := tx.Actor(c.id)
		return err
	})
}

func (a *API) relationshipNow(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (Relationship, error) {
		list, err := relationships(tx, c.id)
		if err != nil {
			return Relationship{}, err
		}
		return list[0], nil
	})
}
