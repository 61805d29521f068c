package dashboard

import (
	"errors"
	"math"
	"net/http"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

type sendingPage struct {
	assets.Owner
	Card    assets.Card
	BackURL string
}

// sending is the bar of the post that goes out next, nil while none waits.
func (v *view) sending() (*assets.Sending, error) {
	list, err := v.tx.Held()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	next := list[0]
	for _, u := range list {
		if u.ID == v.going {
			next = u
		}
	}
	left := max(int(math.Ceil(next.DueAt.Sub(v.now).Seconds())), 0)
	excerpt := firstWords(next.Draft.Text, 40)
	if excerpt == "" {
		excerpt = draftExcerpt(next)
	}
	return &assets.Sending{ID: decimal(next.ID), Excerpt: excerpt, Left: left, Of: max(left, v.set.UndoSeconds), More: len(list) - 1}, nil
}

// sendingShow handles GET /me/sending/ID: a held post as it will be. Once it is out,
// or taken back, the address leads to what it became.
func (d *Dashboard) sendingShow(w http.ResponseWriter, r *http.Request) {
	u, err := d.service.Held(r.Context(), idOf(r))
	if errors.Is(err, store.ErrNotFound) {
		d.sendingOver(w, r, "")
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	p, err := d.service.AsPost(r.Context(), u)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "sending", answer{}, func(v *view) (any, error) {
		v.going = u.ID
		page := sendingPage{BackURL: "/me"}
		if p.ParentID != 0 {
			page.BackURL = postPath(p.ParentID)
		}
		if page.Owner, err = v.frame("On its way out", ""); err != nil {
			return nil, err
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = cards[0]
		page.Card.Delivery, page.Card.May = nil, assets.Actions{}
		return page, nil
	})
}

// sendingDo handles POST /me/sending/ID: do = undo, edit or now.
func (d *Dashboard) sendingDo(w http.ResponseWriter, r *http.Request) {
	id := idOf(r)
	switch do := r.PostForm.Get("do"); do {
	case "undo", "edit":
		if err := d.service.TakeBack(r.Context(), id); err != nil {
			d.sendingFailed(w, r, err)
			return
		}
		reply.Redirect(w, r, "/me/write?draft="+decimal(id)+"&done="+map[string]string{"undo": "unsent", "edit": "editing"}[do])
	case "now":
		sent, err := d.service.SendNow(r.Context(), id, 0)
		if err != nil {
			d.sendingFailed(w, r, err)
			return
		}
		d.toSent(w, r, sent.Post)
	default:
		d.fail(w, r, reply.Errorf(reply.Unprocessable, "This form is not whole, so nothing was done."))
	}
}

// sendingFailed answers what came too late by showing what is out.
func (d *Dashboard) sendingFailed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, federation.ErrWentOut) {
		d.sendingOver(w, r, "too-late")
		return
	}
	d.fail(w, r, err)
}

// sendingOver leads to what became of a held post: the post, or the draft.
func (d *Dashboard) sendingOver(w http.ResponseWriter, r *http.Request, done string) {
	target, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (string, error) {
		id, err := federation.SentAs(tx, idOf(r))
		if err == nil {
			target := postPath(id)
			if done != "" {
				target += "?done=" + done
			}
			return target, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		u, err := tx.Unsent(idOf(r))
		if err == nil && u.Kind != store.UnsentDraft {
			return "/me/drafts", nil
		}
		return "/me/write?draft=" + decimal(u.ID), err
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, target)
}

// toSent leads to a post where it stands.
func (d *Dashboard) toSent(w http.ResponseWriter, r *http.Request, p store.Post) {
	target, err := d.placeOf(r, p)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, target)
}
