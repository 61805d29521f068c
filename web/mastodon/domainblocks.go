package mastodon

import (
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// domainBlocks: GET /api/v1/domain_blocks, the names of the blocked servers, paged
// by hidden ids.
func (a *API) domainBlocks(c *call) (any, error) {
	page := c.page(100, 200)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]string, error) {
		hosts, err := tx.BlockedHostPage(page)
		if err != nil {
			return nil, err
		}
		ids, names := make([]int64, len(hosts)), make([]string, len(hosts))
		for i, h := range hosts {
			ids[i], names[i] = h.ID, h.Name
		}
		a.linkPages(c, page, ids)
		return names, nil
	})
}

// blockDomain: POST /api/v1/domain_blocks.
func (a *API) blockDomain(c *call) (any, error) {
	if c.params.get("domain") == "" {
		return nil, errNoDomain
	}
	_, err := a.svc.BlockServer(c.ctx, c.params.get("domain"))
	return struct{}{}, err
}

// unblockDomain: DELETE /api/v1/domain_blocks, with the domain in the body or the
// query.
func (a *API) unblockDomain(c *call) (any, error) {
	if c.params.get("domain") == "" {
		return nil, errNoDomain
	}
	name, err := federation.ServerName(c.params.get("domain"))
	if err != nil {
		return nil, err
	}
	return struct{}{}, a.svc.UnblockHost(c.ctx, name)
}

var errNoDomain = reply.Errorf(reply.Unprocessable, "Validation failed: Domain can't be blank")
