package mastodon

import (
	"slices"
	"strings"

	"dassie/federation"
	"dassie/store"
	"dassie/web/auth"
)

// ClientApp is a program that was registered.
type ClientApp struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Website      *string  `json:"website"`
	Scopes       []string `json:"scopes"`
	RedirectURIs []string `json:"redirect_uris"`
	RedirectURI  string   `json:"redirect_uri"` // all of them, one on each line
	VapidKey     string   `json:"vapid_key"`
}

// CredentialApp is one with what it proves itself by, which is told once.
type CredentialApp struct {
	ClientApp
	ClientID        string `json:"client_id"`
	ClientSecret    string `json:"client_secret"`
	SecretExpiresAt int    `json:"client_secret_expires_at"` // 0: never
}

// AccessToken is what an app acts with.
type AccessToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	Scope       string `json:"scope"`
	CreatedAt   int64  `json:"created_at"` // seconds since 1970
}

// UserInfo are claims of OpenID Connect (Core 5.1) about the owner.
type UserInfo struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Name     string `json:"name"`
	Username string `json:"preferred_username"`
	Profile  string `json:"profile"`
	Picture  string `json:"picture"`
}

// registerApp: POST /api/v1/apps. Addresses come as a list, or as one text with
// one on each line.
func (a *API) registerApp(c *call) (any, error) {
	n := auth.NewApp{Name: c.params.get("client_name"), Website: c.params.get("website"), Scopes: strings.Join(c.params.list("scopes"), " ")}
	for _, text := range c.params.list("redirect_uris") {
		n.Redirects = append(n.Redirects, strings.Fields(text)...)
	}
	n.Redirects = unique(n.Redirects)
	app, secret, rate, err := a.guard.Register(c.r, n)
	c.rate = rate
	if err != nil {
		return nil, err
	}
	return CredentialApp{ClientApp: a.clientApp(app), ClientID: app.ClientID, ClientSecret: secret}, nil
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (a *API) clientApp(app store.App) ClientApp {
	return ClientApp{
		ID: id(app.ID), Name: app.Name, Website: textOrNull(app.Website), Scopes: strings.Fields(app.Scopes),
		RedirectURIs: append([]string{}, strings.Fields(app.RedirectURIs)...), RedirectURI: app.RedirectURIs,
		VapidKey: a.svc.PushKey(),
	}
}

// verifyApp: GET /api/v1/apps/verify_credentials.
func (a *API) verifyApp(c *call) (any, error) { return a.clientApp(c.grant.App), nil }

// redeemToken: POST /oauth/token (RFC 6749 3.2).
func (a *API) redeemToken(c *call) (any, error) {
	p := c.params
	clientID, secret := auth.ClientOf(c.r, p.get("client_id"), p.get("client_secret"))
	value, k, err := a.guard.Redeem(c.r, auth.Redeem{
		GrantType: p.get("grant_type"), ClientID: clientID, Secret: secret,
		Code: p.get("code"), Redirect: p.get("redirect_uri"), Verifier: p.get("code_verifier"), Scope: p.get("scope"),
	})
	if err != nil {
		return nil, err
	}
	return AccessToken{AccessToken: value, TokenType: "Bearer", Scope: k.Scopes, CreatedAt: k.CreatedAt.Unix()}, nil
}

// revokeToken: POST /oauth/revoke (RFC 7009).
func (a *API) revokeToken(c *call) (any, error) {
	clientID, secret := auth.ClientOf(c.r, c.params.get("client_id"), c.params.get("client_secret"))
	if err := a.guard.Revoke(c.r, clientID, secret, c.params.get("token")); err != nil {
		return nil, err
	}
	return struct{}{}, nil
}

// userInfo: GET and POST /oauth/userinfo.
func (a *API) userInfo(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (UserInfo, error) {
		me, err := tx.Actor(store.OwnerID)
		if err != nil {
			return UserInfo{}, err
		}
		o := a.svc.Origin()
		face := a.svc.FacePath(me, federation.ForOwner)
		if face != "" {
			face = o.URL(face)
		}
		return UserInfo{
			Issuer: o.URL("/"), Subject: me.URI, Name: me.DisplayName(), Username: me.Username, Profile: or(me.URL, me.URI), Picture: or(face, a.noAvatar),
		}, nil
	})
}
