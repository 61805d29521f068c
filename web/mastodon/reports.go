package mastodon

import (
	"errors"
	"slices"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// reportKind is Mastodon's word for the notification of a report.
const reportKind = "admin.report"

// report: POST /api/v1/reports. There are no rules here that could be broken, so
// rule_ids means nothing.
func (a *API) report(c *call) (any, error) {
	about, ok := parseID(c.params.get("account_id"))
	if !ok {
		return nil, errNotFound
	}
	made := federation.Complaint{
		ActorID: about, Text: c.params.get("comment"), Category: c.params.get("category"), Forward: c.params.truth("forward"),
	}
	for _, text := range c.params.list("status_ids") {
		postID, ok := parseID(text)
		if !ok {
			return nil, errNotFound
		}
		if !slices.Contains(made.PostIDs, postID) {
			made.PostIDs = append(made.PostIDs, postID)
		}
	}
	r, err := a.svc.Report(c.ctx, made)
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Report, error) {
		m, err := a.gather(tx, nil, r.AboutID)
		if err != nil {
			return nil, err
		}
		list, err := m.reports(tx, []int64{r.ID})
		if err != nil || list[r.ID] == nil {
			return nil, errors.Join(err, errNotFound)
		}
		return list[r.ID], nil
	})
}

// reports converts reports about people who were gathered. Posts that are not
// here any more have no id.
func (m *room) reports(tx *store.Tx, ids []int64) (map[int64]*Report, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.ReportsByID(ids...)
	if err != nil {
		return nil, err
	}
	var uris []string
	for _, r := range rows {
		uris = append(uris, r.Posts...)
	}
	posts, err := tx.PostIDsByURI(uris...)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*Report, len(rows))
	for _, r := range rows {
		e := &Report{
			ID: id(r.ID), ActionTaken: !r.DoneAt.IsZero(), ActionTakenAt: dateOrNull(r.DoneAt), Category: or(r.Category, "other"), Comment: r.Text,
			Forwarded: r.Forwarded, CreatedAt: date(r.At), StatusIDs: []string{}, RuleIDs: []string{}, TargetAccount: m.account(r.AboutID),
		}
		for _, uri := range r.Posts {
			if postID, here := posts[uri]; here {
				e.StatusIDs = append(e.StatusIDs, id(postID))
			}
		}
		if e.TargetAccount != nil {
			out[r.ID] = e
		}
	}
	return out, nil
}

// pin: POST /api/v1/statuses/:id/pin.
func (a *API) pin(c *call) (any, error) { return a.featured(c, a.svc.Pin) }

// unpin: POST /api/v1/statuses/:id/unpin.
func (a *API) unpin(c *call) (any, error) { return a.featured(c, a.svc.Unpin) }

func (a *API) featured(c *call, do pinner) (any, error) {
	p, err := do(c.ctx, c.id)
	if err != nil && reply.CodeOf(err) == reply.NotFound {
		return nil, errNotFound
	}
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) { return a.one(tx, p) })
}
