package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// Grant is what an app may do for the owner.
type Grant struct {
	Token  store.Token
	App    store.App
	Scopes Scopes
	Rate   Rate // for the answer's headers
}

// Require returns Forbidden unless one of the scopes is covered.
func (g *Grant) Require(anyOf ...string) error {
	if g.Scopes.Allow(anyOf...) {
		return nil
	}
	return reply.Errorf(reply.Forbidden, "This action is outside the authorized scopes")
}

// Token is the grant of the token in the request's Authorization header.
// Errors: Unauthorized (none, or not one of ours), RateLimited (too often with
// this token, or from this address with a wrong one or none).
func (g *Guard) Token(r *http.Request) (*Grant, error) { return g.TokenValue(r, Bearer(r)) }

// TokenValue is Token for the callers who may take a token from elsewhere:
// streaming takes access_token from the query.
func (g *Guard) TokenValue(r *http.Request, value string) (*Grant, error) {
	grant, err := g.grant(r, value)
	if err != nil {
		return nil, err
	}
	if grant == nil {
		if _, err := g.Stranger(r); err != nil {
			return nil, err
		}
		return nil, reply.Errorf(reply.Unauthorized, "The access token is invalid")
	}
	if grant.Rate, err = g.calls.take(grant.Token.ID); err != nil {
		return nil, err
	}
	if g.now().Sub(grant.Token.UsedAt) >= 24*time.Hour {
		if err := g.st.Write(r.Context(), func(tx *store.Tx) error { return tx.TouchToken(grant.Token.ID) }); err != nil {
			// The app can be answered all the same; its next request tries again.
			g.log.Warn("note that a token is in use", "err", err)
		}
	}
	return grant, nil
}

// Stranger counts a request of the API that needs no token and brought none.
// The error is RateLimited.
func (g *Guard) Stranger(r *http.Request) (Rate, error) {
	from := throttled(g.ClientAddr(r), g.trusted)
	if !from.IsValid() {
		return Rate{}, nil
	}
	return g.strays.take(from)
}

// grant reads a token and its app; nil without an error if it is not ours.
func (g *Guard) grant(r *http.Request, value string) (*Grant, error) {
	if !looksSecret(value) {
		return nil, nil
	}
	var k Grant
	err := g.st.Read(r.Context(), func(tx *store.Tx) (err error) {
		k.Token, k.App, err = tx.TokenAndApp(hashSecret(value))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the token: %w", err)
	}
	k.Scopes = strings.Fields(k.Token.Scopes) // checked when the token was made
	return &k, nil
}

// Bearer is the token in the Authorization header (RFC 6750 2.1), or empty.
func Bearer(r *http.Request) string {
	scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}

// TokensStand says which of several tokens still stand: what stays open asks again
// and again, because a token can be revoked in a window or by a command (T51).
func (g *Guard) TokensStand(ctx context.Context, ids []int64) (map[int64]bool, error) {
	stand, err := store.Get(ctx, g.st, func(tx *store.Tx) (map[int64]bool, error) { return tx.TokensAmong(ids) })
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return stand, nil
}
