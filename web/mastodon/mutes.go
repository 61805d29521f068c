package mastodon

import (
	"strconv"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// longestMute is the longest time that an app may ask for; what is longer is for good.
const longestMute = 10 * 365 * 24 * time.Hour

// MutedAccount is somebody muted, with the end of that.
type MutedAccount struct {
	*Account
	MuteExpiresAt *string `json:"mute_expires_at"` // null: for good
}

// mute: POST /api/v1/accounts/:id/mute.
func (a *API) mute(c *call) (any, error) {
	if err := a.known(c); err != nil {
		return nil, err
	}
	notices := !c.params.has("notifications") || c.params.truth("notifications")
	var lasts time.Duration
	if text := c.params.get("duration"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 {
			return nil, reply.Errorf(reply.Unprocessable, "The duration is a number of seconds; 0 is for good.")
		}
		if seconds < int64(longestMute/time.Second) {
			lasts = time.Duration(seconds) * time.Second
		}
	}
	if err := a.svc.Mute(c.ctx, c.id, lasts, notices); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// unmute: POST /api/v1/accounts/:id/unmute.
func (a *API) unmute(c *call) (any, error) {
	if err := a.known(c); err != nil {
		return nil, err
	}
	if err := a.svc.Unmute(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// note: POST /api/v1/accounts/:id/note, for the owner alone. An empty comment
// forgets it.
func (a *API) note(c *call) (any, error) {
	if err := a.svc.SetNote(c.ctx, c.id, c.params.get("comment")); err != nil {
		return nil, err
	}
	return a.relationshipNow(c)
}

// mutes: GET /api/v1/mutes, the last muted first. The way on is the Link header
// alone: mutes are in no order of the accounts' ids.
func (a *API) mutes(c *call) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]MutedAccount, error) {
		rows, err := tx.MuteList(page.Max, page.Limit)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(rows))
		for i, m := range rows {
			ids[i] = m.ActorID
		}
		m, err := a.gather(tx, nil, ids...)
		if err != nil {
			return nil, err
		}
		if len(ids) == page.Limit {
			a.linkNext(c, ids[len(ids)-1])
		}
		list := make([]MutedAccount, 0, len(rows))
		for _, row := range rows {
			acc := m.account(row.ActorID)
			if acc == nil {
				continue
			}
			one := MutedAccount{Account: acc}
			if !row.Until.IsZero() {
				at := date(row.Until)
				one.MuteExpiresAt = &at
			}
			list = append(list, one)
		}
		return list, nil
	})
}
