package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"dassie/store"
	"dassie/web/reply"
)

// Redeem is what an app sends to get a token (RFC 6749 4.1.3 and 4.4.2).
type Redeem struct {
	GrantType        string
	ClientID, Secret string
	Code, Redirect   string
	Verifier         string // of PKCE (RFC 7636 4.5)
	Scope            string // for client_credentials
}

var errGrant = oauthError(reply.Invalid, "invalid_grant", "This code is wrong, was used before, is too old, or was given for another app or address.")

// ClientOf is how an app says who it is: by the Authorization header, or else by
// what the body has (RFC 6749 2.3.1).
func ClientOf(r *http.Request, id, secret string) (string, string) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return id, secret
	}
	// Both are form-encoded before they are joined; ours have nothing to encode.
	if u, err := url.QueryUnescape(user); err == nil {
		user = u
	}
	if p, err := url.QueryUnescape(password); err == nil {
		password = p
	}
	return user, password
}

// Redeem gives an app its token. Errors are those of RFC 6749 5.2.
func (g *Guard) Redeem(r *http.Request, d Redeem) (string, store.Token, error) {
	switch d.GrantType {
	case "authorization_code", "client_credentials":
	case "":
		return "", store.Token{}, oauthError(reply.Invalid, "invalid_request", "grant_type is missing.")
	default:
		return "", store.Token{}, oauthError(reply.Invalid, "unsupported_grant_type", "This server gives tokens for authorization_code and client_credentials. A password is typed on its own page only.")
	}
	app, err := g.app(r.Context(), d.ClientID, d.Secret)
	if err != nil {
		return "", store.Token{}, err
	}
	if d.GrantType == "client_credentials" {
		return g.forItself(r.Context(), app, d.Scope)
	}
	return g.forCode(r, app, d)
}

// forItself is a token with which an app may ask what needs no owner.
func (g *Guard) forItself(ctx context.Context, app store.App, scope string) (string, store.Token, error) {
	if scope == "" {
		scope = defaultLets
	}
	list, err := ParseScopes(scope)
	if err != nil || !Scopes(strings.Fields(app.Scopes)).Covers(list) {
		return "", store.Token{}, oauthError(reply.Invalid, "invalid_scope", "The app was not registered with these scopes.")
	}
	value := newSecret()
	k := store.Token{Hash: hashSecret(value), AppID: app.ID, Scopes: list.String(), Client: true}
	if err := g.st.Write(ctx, func(tx *store.Tx) error { return tx.AddToken(&k) }); err != nil {
		return "", k, fmt.Errorf("make a token: %w", err)
	}
	return value, k, nil
}

func (g *Guard) forCode(r *http.Request, app store.App, d Redeem) (string, store.Token, error) {
	if !looksSecret(d.Code) {
		return "", store.Token{}, errGrant
	}
	value, hash, addr := newSecret(), hashSecret(d.Code), g.ClientAddr(r)
	var k store.Token
	var refused error
	// That a code was used stands whatever comes of it, so a refusal is no error
	// of the transaction.
	err := g.st.Write(r.Context(), func(tx *store.Tx) error {
		k, refused = store.Token{}, nil
		c, err := tx.UseCode(hash)
		if errors.Is(err, store.ErrNotFound) {
			refused = errGrant
			return nil
		}
		if err != nil {
			return err
		}
		address, err := keptAddress(tx, addr)
		if err != nil {
			return err
		}
		if !c.UsedAt.IsZero() {
			refused = errGrant
			return g.usedTwice(tx, c, address)
		}
		if c.AppID != app.ID || c.RedirectURI != d.Redirect || g.now().Sub(c.At) > codeAge || !proves(c.Challenge, d.Verifier) {
			refused = errGrant
			return nil
		}
		k = store.Token{Hash: hashSecret(value), AppID: app.ID, Scopes: c.Scopes}
		if err := tx.AddToken(&k); err != nil {
			return err
		}
		if err := tx.SetCodeToken(hash, k.ID); err != nil {
			return err
		}
		return tx.LogSecurity(EventToken, fmt.Sprintf("%s (%s)", app.Name, c.Scopes), address)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return "", store.Token{}, fmt.Errorf("redeem a code: %w", err)
	}
	return value, k, nil
}

// usedTwice ends the token that came of a code: one of the two who had the code
// stole it (RFC 6749 4.1.2).
func (g *Guard) usedTwice(tx *store.Tx, c store.Code, address string) error {
	if c.TokenID == 0 {
		return nil
	}
	ended, err := tx.DropToken(c.TokenID)
	if err != nil || !ended {
		return err
	}
	app, err := tx.App(c.AppID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return tx.LogSecurity(EventRevoked, app.Name+": its code was used twice", address)
}

// proves checks PKCE (RFC 7636 4.6). A verifier for a code without a challenge is
// refused too: somebody took the challenge out on the way (RFC 9700 2.1.1).
func proves(challenge, verifier string) bool {
	if challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// Revoke ends a token at the wish of its app (RFC 7009). One that is not known
// has ended already. The error is Forbidden for another app's token.
func (g *Guard) Revoke(r *http.Request, clientID, secret, value string) error {
	if !looksSecret(value) {
		return nil
	}
	grant, err := g.grant(r, value)
	if err != nil || grant == nil {
		return err
	}
	app, err := g.app(r.Context(), clientID, secret)
	if errors.Is(err, errClient) || err == nil && app.ID != grant.Token.AppID {
		return oauthError(reply.Forbidden, "unauthorized_client", "You are not authorized to revoke this token")
	}
	if err != nil {
		return err
	}
	addr := g.ClientAddr(r)
	err = g.st.Write(r.Context(), func(tx *store.Tx) error {
		ended, err := tx.DropToken(grant.Token.ID)
		if err != nil || !ended || grant.Token.Client {
			return err
		}
		address, err := keptAddress(tx, addr)
		if err != nil {
			return err
		}
		return tx.LogSecurity(EventRevoked, app.Name+", by itself", address)
	})
	if err != nil {
		return fmt.Errorf("revoke a token: %w", err)
	}
	return nil
}
