package mastodon

import (
	"maps"

	"dassie/federation"
	"dassie/store"
)

// PushSubscription is where notifications go for the app that asks. Its id is a
// text, as all are, and small, since apps read it as a number of 32 bits.
type PushSubscription struct {
	ID        string          `json:"id"`
	Endpoint  string          `json:"endpoint"`
	Standard  bool            `json:"standard"`
	Alerts    map[string]bool `json:"alerts"`
	ServerKey string          `json:"server_key"`
	Policy    string          `json:"policy"`
}

// noPushKinds are those that Mastodon documents and this server never has.
var noPushKinds = map[string]bool{"admin.sign_up": false}

func (a *API) pushEntity(p store.PushSubscription) PushSubscription {
	alerts := maps.Clone(p.Alerts)
	maps.Copy(alerts, noPushKinds)
	return PushSubscription{
		ID: id(p.ID), Endpoint: p.Endpoint, Standard: p.Standard, Alerts: alerts, ServerKey: a.svc.PushKey(), Policy: p.Policy,
	}
}

// pushWish reads data[alerts] and the policy, which stands in data or beside it.
func pushWish(p params) federation.PushWish {
	w := federation.PushWish{Alerts: map[string]bool{}, Policy: or(p.get("data[policy]"), p.get("policy"))}
	for _, kind := range federation.PushKinds {
		w.Alerts[kind] = p.truth("data[alerts][" + kind + "]")
	}
	return w
}

// subscribePush: POST /api/v1/push/subscription. An app that asks again gets the new
// subscription in the place of the old one.
func (a *API) subscribePush(c *call) (any, error) {
	w := pushWish(c.params)
	w.Endpoint = c.params.get("subscription[endpoint]")
	w.P256DH, w.Auth = c.params.get("subscription[keys][p256dh]"), c.params.get("subscription[keys][auth]")
	w.Standard = c.params.truth("subscription[standard]")
	p, err := a.svc.SubscribePush(c.ctx, c.grant.Token.ID, w)
	if err != nil {
		return nil, err
	}
	return a.pushEntity(p), nil
}

// pushSubscription: GET /api/v1/push/subscription; 404 if the app has none.
func (a *API) pushSubscription(c *call) (any, error) {
	p, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (store.PushSubscription, error) { return tx.Push(c.grant.Token.ID) })
	if err != nil {
		return nil, err
	}
	return a.pushEntity(p), nil
}

// changePush: PUT /api/v1/push/subscription. All alerts are set anew.
func (a *API) changePush(c *call) (any, error) {
	p, err := a.svc.ChangePush(c.ctx, c.grant.Token.ID, pushWish(c.params))
	if err != nil {
		return nil, err
	}
	return a.pushEntity(p), nil
}

// endPush: DELETE /api/v1/push/subscription; without one it does nothing.
func (a *API) endPush(c *call) (any, error) {
	return struct{}{}, a.svc.EndPush(c.ctx, c.grant.Token.ID)
}
