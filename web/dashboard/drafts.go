package dashboard

import (
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

type draftRow struct {
	ID, Excerpt, Lang, Audience string
	Time                        time.Time
	Problem                     string // why it did not go out at its time; "" for none
}

type scheduledRow struct {
	ID, Excerpt, Lang, Audience string
	Due                         time.Time
	Late                        bool // its time is over
}

type draftsPage struct {
	assets.Owner
	Scheduled []scheduledRow
	Items     []draftRow
	Pager     assets.Pager
}

// drafts handles GET /me/drafts.
func (d *Dashboard) drafts(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "drafts", answer{}, func(v *view) (any, error) {
		var page draftsPage
		var err error
		if page.Owner, err = v.frame("Drafts", "drafts"); err != nil {
			return nil, err
		}
		list, err := v.tx.UnsentList(store.UnsentDraft)
		for _, u := range list {
			page.Items = append(page.Items, draftRow{decimal(u.ID), draftExcerpt(u), u.Draft.Language, audienceOf(u.Draft.Visibility), v.local(u.EditedAt), u.Draft.Problem})
		}
		if err == nil {
			page.Scheduled, err = v.scheduled()
		}
		return page, err
	})
}

// scheduled lists what goes out later, the next first.
func (v *view) scheduled() (rows []scheduledRow, err error) {
	list, err := v.tx.UnsentList(store.UnsentScheduled)
	slices.SortFunc(list, func(a, b store.Unsent) int { return a.DueAt.Compare(b.DueAt) })
	for _, u := range list {
		rows = append(rows, scheduledRow{decimal(u.ID), draftExcerpt(u), u.Draft.Language, audienceOf(u.Draft.Visibility), v.local(u.DueAt), u.DueAt.Before(v.now.Add(-time.Minute))})
	}
	return rows, err
}

// unschedule handles POST /me/drafts/ID/unschedule: a scheduled post becomes a draft,
// which opens.
func (d *Dashboard) unschedule(w http.ResponseWriter, r *http.Request) {
	if err := d.service.Unschedule(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/write?draft="+decimal(idOf(r)))
}

// draftAsk handles GET /me/drafts/ID/delete.
func (d *Dashboard) draftAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete draft", "drafts", func(v *view, page *confirmPage) error {
		u, err := v.tx.Unsent(idOf(r))
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Delete this draft?", "Delete", "/me/drafts"
		if u.Kind == store.UnsentScheduled {
			page.Heading = "Delete this scheduled post?"
		}
		page.Lines = []string{"“" + draftExcerpt(u) + "”", "Nobody else has it. This cannot be undone."}
		return nil
	})
}

// draftDelete handles POST /me/drafts/ID/delete.
func (d *Dashboard) draftDelete(w http.ResponseWriter, r *http.Request) {
	if err := d.service.DropDraft(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/drafts?done=draft")
}
