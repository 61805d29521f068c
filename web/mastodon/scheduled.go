package mastodon

import (
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// ScheduledStatus is a post that goes out later.
type ScheduledStatus struct {
	ID          string          `json:"id"`
	ScheduledAt string          `json:"scheduled_at"`
	Params      ScheduledParams `json:"params"`
	Media       []Media         `json:"media_attachments"`
}

// ScheduledParams is what it was written with.
type ScheduledParams struct {
	Text          string         `json:"text"`
	Poll          *ScheduledPoll `json:"poll"`
	MediaIDs      []string       `json:"media_ids"`
	Sensitive     *bool          `json:"sensitive"`
	SpoilerText   *string        `json:"spoiler_text"`
	Visibility    string         `json:"visibility"`
	Language      *string        `json:"language"`
	InReplyToID   *string        `json:"in_reply_to_id"`
	QuotedID      *string        `json:"quoted_status_id"`
	QuotePolicy   *string        `json:"quote_approval_policy"`
	ApplicationID int            `json:"application_id"` // a number in Mastodon too; the app is not remembered by it
	ScheduledAt   *string        `json:"scheduled_at"`   // always null: the one above counts
	Idempotency   *string        `json:"idempotency"`    // nobody's business
	WithRateLimit bool           `json:"with_rate_limit"`
}

// ScheduledPoll is the poll of a post that goes out later.
type ScheduledPoll struct {
	Options    []string `json:"options"`
	ExpiresIn  int      `json:"expires_in"`
	Multiple   bool     `json:"multiple"`
	HideTotals bool     `json:"hide_totals"`
}

// schedule is POST /api/v1/statuses with scheduled_at.
func (a *API) schedule(c *call, d federation.Draft) (any, error) {
	at, err := scheduledAt(c)
	if err != nil {
		return nil, err
	}
	u, err := a.svc.Schedule(c.ctx, d, at)
	if err != nil {
		return nil, a.orNoQuoted(c, d.QuoteID, a.orNoParent(c, d.ParentID, err))
	}
	return a.scheduledNow(c, u)
}

// scheduledAt reads the time, with or without fractions of seconds; a time that
// names no zone is UTC.
func scheduledAt(c *call) (time.Time, error) {
	text := c.params.get("scheduled_at")
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(form, text); err == nil {
			return at.UTC().Truncate(time.Millisecond), nil
		}
	}
	return time.Time{}, reply.Errorf(reply.Unprocessable, "Validation failed: scheduled_at must be a time such as 2026-03-01T12:00:00Z.")
}

// scheduledList: GET /api/v1/scheduled_statuses.
func (a *API) scheduledList(c *call) (any, error) {
	page := c.page(20, 40)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]ScheduledStatus, error) {
		list, err := tx.Scheduled(page)
		if err != nil {
			return nil, err
		}
		ids, files := make([]int64, len(list)), []int64{}
		for i, u := range list {
			ids[i] = u.ID
			files = append(files, u.Draft.Media...)
		}
		media, err := tx.MediaList(files)
		if err != nil {
			return nil, err
		}
		out := make([]ScheduledStatus, len(list))
		for i, u := range list {
			out[i] = a.scheduledEntity(u, media)
		}
		a.linkPages(c, page, ids)
		return out, nil
	})
}

// scheduled: GET /api/v1/scheduled_statuses/:id.
func (a *API) scheduled(c *call) (any, error) {
	u, err := a.svc.Scheduled(c.ctx, c.id)
	if err != nil {
		return nil, err
	}
	return a.scheduledNow(c, u)
}

// reschedule: PUT /api/v1/scheduled_statuses/:id changes the time alone.
func (a *API) reschedule(c *call) (any, error) {
	u, err := a.svc.Scheduled(c.ctx, c.id)
	if err != nil {
		return nil, err
	}
	if c.params.has("scheduled_at") {
		at, err := scheduledAt(c)
		if err != nil {
			return nil, err
		}
		if u, err = a.svc.Reschedule(c.ctx, c.id, at); err != nil {
			return nil, err
		}
	}
	return a.scheduledNow(c, u)
}

// cancelScheduled: DELETE /api/v1/scheduled_statuses/:id.
func (a *API) cancelScheduled(c *call) (any, error) {
	return struct{}{}, a.svc.CancelScheduled(c.ctx, c.id)
}

func (a *API) scheduledNow(c *call, u store.Unsent) (any, error) {
	media, err := store.Get(c.ctx, a.st, func(tx *store.Tx) ([]store.Media, error) { return tx.MediaList(u.Draft.Media) })
	if err != nil {
		return nil, err
	}
	return a.scheduledEntity(u, media), nil
}

// scheduledEntity converts a text; its files are among those of media.
func (a *API) scheduledEntity(u store.Unsent, media []store.Media) ScheduledStatus {
	d := u.Draft
	out := ScheduledStatus{ID: id(u.ID), ScheduledAt: date(u.DueAt), Media: []Media{}, Params: ScheduledParams{
		Text: d.Text, MediaIDs: []string{}, Sensitive: &d.Sensitive, SpoilerText: textOrNull(d.Summary), Visibility: visibilityName(d.Visibility), Language: textOrNull(d.Language),
		InReplyToID: idOrNull(d.ParentID), QuotedID: idOrNull(d.QuoteID), QuotePolicy: textOrNull(string(d.QuotePolicy)),
	}}
	if q := d.Poll; q != nil {
		out.Params.Poll = &ScheduledPoll{Options: q.Options, ExpiresIn: int(q.Lasts / time.Second), Multiple: q.Multiple, HideTotals: q.HideTotals}
	}
	for _, n := range d.Media {
		out.Params.MediaIDs = append(out.Params.MediaIDs, id(n))
		for _, m := range media {
			if m.ID == n {
				out.Media = append(out.Media, a.ownMedia(m.Attachment()))
			}
		}
	}
	return out
}
