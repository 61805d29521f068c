package dashboard

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// draftRow is one text that was not sent.
type draftRow struct {
	ID, Kind, Excerpt, Lang, Audience string    // Kind: held, scheduled or draft
	Time                              time.Time // when it goes out, or was saved
	Late                              bool      // that time is over
	Problem                           string    // why it did not go out; "" for none
	Change                            bool      // it changes a post that is out
}

type draftsPage struct {
	assets.Owner
	Items []draftRow
}

var unsentKinds = map[store.UnsentKind]string{store.UnsentDraft: "draft", store.UnsentScheduled: "scheduled", store.UnsentHeld: "held"}

// drafts handles GET /me/drafts: what was not sent, and what goes out later.
func (d *Dashboard) drafts(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "drafts", answer{}, func(v *view) (any, error) {
		var page draftsPage
		var err error
		if page.Owner, err = v.frame("Drafts", "drafts"); err != nil {
			return nil, err
		}
		page.Items, err = v.notSent()
		return page, err
	})
}

// notSent lists what is held and what is scheduled, the next first, then the drafts,
// the last edited first.
func (v *view) notSent() (rows []draftRow, err error) {
	for _, kind := range []store.UnsentKind{store.UnsentHeld, store.UnsentScheduled, store.UnsentDraft} {
		list, err := v.tx.UnsentList(kind)
		if err != nil {
			return nil, err
		}
		if kind != store.UnsentDraft {
			slices.SortFunc(list, func(a, b store.Unsent) int { return a.DueAt.Compare(b.DueAt) })
		}
		for _, u := range list {
			row := draftRow{
				ID: decimal(u.ID), Kind: unsentKinds[kind], Excerpt: draftExcerpt(u), Lang: u.Draft.Language, Audience: audienceOf(u.Draft.Visibility),
				Time: v.local(u.EditedAt), Problem: u.Draft.Problem, Change: u.Draft.EditID != 0,
			}
			if kind != store.UnsentDraft {
				row.Time, row.Late = v.local(u.DueAt), u.DueAt.Before(v.now.Add(-time.Minute))
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// unschedule handles POST /me/drafts/ID/unschedule: a scheduled post becomes a draft,
// which opens with its time in the form.
func (d *Dashboard) unschedule(w http.ResponseWriter, r *http.Request) {
	u, err := d.service.Scheduled(r.Context(), idOf(r))
	if err == nil {
		err = d.service.Unschedule(r.Context(), idOf(r))
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/write?draft="+decimal(u.ID)+"&at="+decimal(u.DueAt.UnixMilli())+"&done=unscheduled")
}

// draftSend handles POST /me/drafts/ID/send. What cannot go out opens, with the reason.
func (d *Dashboard) draftSend(w http.ResponseWriter, r *http.Request) {
	id := idOf(r)
	sent, err := d.service.SendNow(r.Context(), id, d.service.UndoWindow(false))
	switch {
	case errors.Is(err, federation.ErrWentOut):
		d.sendingOver(w, r, "too-late")
	case err != nil:
		d.draftRefused(w, r, id, err)
	case sent.Held.ID != 0:
		reply.Redirect(w, r, "/me?done=held")
	default:
		d.toSent(w, r, sent.Post)
	}
}

// draftRefused shows a draft that cannot go out in the form, where it can be mended;
// of one that is scheduled it says why.
func (d *Dashboard) draftRefused(w http.ResponseWriter, r *http.Request, id int64, err error) {
	u, readErr := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Unsent, error) { return tx.Unsent(id) })
	words, ok := refused(err)
	if readErr != nil || !ok || u.Kind != store.UnsentDraft {
		d.fail(w, r, err)
		return
	}
	f := writeForm{key: store.Random(16), draft: id, problem: words}
	d.showWrite(w, r, answer{status: refusedStatus(err)}, f, (*view).startForm, nil)
}

// draftAsk handles GET /me/drafts/ID/delete.
func (d *Dashboard) draftAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete draft", "drafts", func(v *view, page *confirmPage) error {
		u, err := v.tx.Unsent(idOf(r))
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Delete this draft?", "Delete", "/me/drafts"
		switch u.Kind {
		case store.UnsentScheduled:
			page.Heading = "Delete this scheduled post?"
		case store.UnsentHeld:
			page.Heading = "Delete this post before it goes out?"
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
