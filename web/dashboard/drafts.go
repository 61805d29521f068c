package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/web/reply"
)

type draftRow struct {
	ID, Excerpt, Lang, Audience string
	Time                        time.Time
}

type draftsPage struct {
	assets.Owner
	Items []draftRow
	Pager assets.Pager
}

// drafts handles GET /me/drafts.
func (d *Dashboard) drafts(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "drafts", answer{}, func(v *view) (any, error) {
		var page draftsPage
		var err error
		if page.Owner, err = v.frame("Drafts", "drafts"); err != nil {
			return nil, err
		}
		list, err := v.tx.UnsentList()
		for _, u := range list {
			page.Items = append(page.Items, draftRow{decimal(u.ID), draftExcerpt(u), u.Draft.Language, audienceOf(u.Draft.Visibility), v.local(u.EditedAt)})
		}
		return page, err
	})
}

// draftAsk handles GET /me/drafts/ID/delete.
func (d *Dashboard) draftAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete draft", "drafts", func(v *view, page *confirmPage) error {
		u, err := v.tx.Unsent(idOf(r))
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Delete this draft?", "Delete", "/me/drafts"
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
