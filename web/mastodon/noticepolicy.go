package mastodon

import (
	"strconv"

	"dassie/store"
	"dassie/web/reply"
)

// PolicySummary is what waits behind the policy.
type PolicySummary struct {
	People  int `json:"pending_requests_count"`
	Notices int `json:"pending_notifications_count"`
}

// NotificationPolicy says whose notifications the owner wants: accept, filter, drop.
type NotificationPolicy struct {
	NotFollowing    store.NoticeRule `json:"for_not_following"`
	NotFollowers    store.NoticeRule `json:"for_not_followers"`
	NewAccounts     store.NoticeRule `json:"for_new_accounts"`
	PrivateMentions store.NoticeRule `json:"for_private_mentions"`
	LimitedAccounts store.NoticeRule `json:"for_limited_accounts"`
	Summary         PolicySummary    `json:"summary"`
}

// NotificationPolicyV1 is its first form, which knows no drop.
type NotificationPolicyV1 struct {
	NotFollowing    bool          `json:"filter_not_following"`
	NotFollowers    bool          `json:"filter_not_followers"`
	NewAccounts     bool          `json:"filter_new_accounts"`
	PrivateMentions bool          `json:"filter_private_mentions"`
	Summary         PolicySummary `json:"summary"`
}

// policyNow reads the policy and what waits behind it.
func (a *API) policyNow(c *call) (p store.NoticePolicy, sum PolicySummary, err error) {
	err = a.st.Read(c.ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.NoticePolicy(); err != nil {
			return err
		}
		sum.People, sum.Notices, err = tx.CountNoticeRequests()
		return err
	})
	return p, sum, err
}

// noticePolicy: GET /api/v2/notifications/policy.
func (a *API) noticePolicy(c *call) (any, error) {
	p, sum, err := a.policyNow(c)
	return NotificationPolicy{p.NotFollowed, p.NotFollowers, p.NewAccounts, p.Private, p.Limited, sum}, err
}

// setNoticePolicy: PATCH /api/v2/notifications/policy. What is not named stays.
func (a *API) setNoticePolicy(c *call) (any, error) {
	p, _, err := a.policyNow(c)
	if err != nil {
		return nil, err
	}
	for name, rule := range map[string]*store.NoticeRule{
		"for_not_following": &p.NotFollowed, "for_not_followers": &p.NotFollowers, "for_new_accounts": &p.NewAccounts,
		"for_private_mentions": &p.Private, "for_limited_accounts": &p.Limited,
	} {
		text := c.params.get(name)
		if text == "" {
			continue
		}
		if *rule = store.NoticeRule(text); !rule.Valid() {
			return nil, reply.Errorf(reply.Unprocessable, "Validation failed: %s is one of accept, filter, drop.", name)
		}
	}
	if err := a.svc.SetNoticePolicy(c.ctx, p); err != nil {
		return nil, err
	}
	return a.noticePolicy(c)
}

// noticePolicyV1: GET /api/v1/notifications/policy.
func (a *API) noticePolicyV1(c *call) (any, error) {
	p, sum, err := a.policyNow(c)
	on := func(r store.NoticeRule) bool { return r != store.NoticeAccept }
	return NotificationPolicyV1{on(p.NotFollowed), on(p.NotFollowers), on(p.NewAccounts), on(p.Private), sum}, err
}

// setNoticePolicyV1: PUT and PATCH /api/v1/notifications/policy. A rule that drops
// stays so while it is merely on.
func (a *API) setNoticePolicyV1(c *call) (any, error) {
	p, _, err := a.policyNow(c)
	if err != nil {
		return nil, err
	}
	for name, rule := range map[string]*store.NoticeRule{
		"filter_not_following": &p.NotFollowed, "filter_not_followers": &p.NotFollowers,
		"filter_new_accounts": &p.NewAccounts, "filter_private_mentions": &p.Private,
	} {
		switch {
		case !c.params.has(name):
		case !c.params.truth(name):
			*rule = store.NoticeAccept
		case *rule == store.NoticeAccept:
			*rule = store.NoticeHold
		}
	}
	if err := a.svc.SetNoticePolicy(c.ctx, p); err != nil {
		return nil, err
	}
	return a.noticePolicyV1(c)
}

// NotificationRequest is somebody whose notifications are held back.
type NotificationRequest struct {
	ID        string   `json:"id"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`
	Count     string   `json:"notifications_count"` // a text, as in Mastodon
	Account   *Account `json:"account"`
	Last      *Status  `json:"last_status,omitempty"`
}

// noticeRequests: GET /api/v1/notifications/requests.
func (a *API) noticeRequests(c *call) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*NotificationRequest, error) {
		rows, err := tx.NoticeRequests(false, page)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		a.linkPages(c, page, ids)
		return a.requestList(tx, rows)
	})
}

// noticeRequest: GET /api/v1/notifications/requests/:id.
func (a *API) noticeRequest(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*NotificationRequest, error) {
		rows, err := tx.NoticeRequestsByID(c.id)
		if err != nil {
			return nil, err
		}
		list, err := a.requestList(tx, rows)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, errNotFound
		}
		return list[0], nil
	})
}

func (a *API) requestList(tx *store.Tx, rows []store.NoticeRequest) ([]*NotificationRequest, error) {
	var people, about []int64
	for _, r := range rows {
		people = append(people, r.ActorID)
		if r.PostID != 0 {
			about = append(about, r.PostID)
		}
	}
	posts, err := tx.Posts(about)
	if err != nil {
		return nil, err
	}
	m, err := a.gather(tx, posts, people...)
	if err != nil {
		return nil, err
	}
	list := make([]*NotificationRequest, 0, len(rows))
	for _, r := range rows {
		acc := m.account(r.ActorID)
		if acc == nil || m.hidden[r.ActorID] {
			continue
		}
		one := &NotificationRequest{ID: id(r.ID), CreatedAt: date(store.TimeOf(r.ID)), UpdatedAt: date(r.At), Count: strconv.Itoa(r.Count), Account: acc}
		if p := m.posts[r.PostID]; p != nil && p.ActorID == r.ActorID {
			one.Last = m.status(p)
		}
		list = append(list, one)
	}
	return list, nil
}

// acceptNoticeRequest: POST /api/v1/notifications/requests/:id/accept.
func (a *API) acceptNoticeRequest(c *call) (any, error) {
	if _, err := a.noticeRequest(c); err != nil {
		return nil, err
	}
	return struct{}{}, a.svc.AllowNotices(c.ctx, c.id)
}

// dismissNoticeRequest: POST /api/v1/notifications/requests/:id/dismiss.
func (a *API) dismissNoticeRequest(c *call) (any, error) {
	if _, err := a.noticeRequest(c); err != nil {
		return nil, err
	}
	return struct{}{}, a.svc.DismissNotices(c.ctx, c.id)
}

// maxRequests bounds what is decided at once.
const maxRequests = 1000

// requestIDs reads id[]; what is no id is nobody's.
func requestIDs(c *call) (ids []int64) {
	for _, text := range c.params.list("id") {
		if n, ok := parseID(text); ok && len(ids) < maxRequests {
			ids = append(ids, n)
		}
	}
	return ids
}

// acceptNoticeRequests: POST /api/v1/notifications/requests/accept.
func (a *API) acceptNoticeRequests(c *call) (any, error) {
	return struct{}{}, a.svc.AllowNotices(c.ctx, requestIDs(c)...)
}

// dismissNoticeRequests: POST /api/v1/notifications/requests/dismiss.
func (a *API) dismissNoticeRequests(c *call) (any, error) {
	return struct{}{}, a.svc.DismissNotices(c.ctx, requestIDs(c)...)
}

// Merged says whether all that was let through stands among the notifications.
type Merged struct {
	Merged bool `json:"merged"`
}

// noticesMerged: GET /api/v1/notifications/requests/merged. It does from the answer
// to the app on: both are of one transaction.
func (a *API) noticesMerged(*call) (any, error) { return Merged{true}, nil }
