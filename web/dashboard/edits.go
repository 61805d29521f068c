package dashboard

import (
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
)

type version struct {
	Time time.Time
	Card assets.Card
}

type editsPage struct {
	assets.Owner
	Card    assets.Card
	PostURL string
	Earlier []version
}

// edits handles GET /me/post/ID/edits: the versions of a post that are kept here.
func (d *Dashboard) edits(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "edits", answer{}, func(v *view) (any, error) {
		p, err := v.postShown(idOf(r))
		if err != nil {
			return nil, err
		}
		page := editsPage{PostURL: postPath(p.ID)}
		if page.Owner, err = v.frame("Earlier versions", ""); err != nil {
			return nil, err
		}
		list, err := v.tx.Edits(p.ID)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, store.ErrNotFound
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = cards[0]
		page.Card.Time = v.local(p.EditedAt)
		if page.Card.Poll != nil {
			page.Card.Poll.May = false
		}
		for _, e := range slices.Backward(list) {
			card, err := v.oldCard(p, e)
			if err != nil {
				return nil, err
			}
			page.Earlier = append(page.Earlier, version{v.local(e.At), card})
		}
		return page, nil
	})
}

// oldCard is an earlier version of a post, as far as its text goes.
func (v *view) oldCard(p store.Post, e store.Edit) (assets.Card, error) {
	old := p
	old.Title, old.Summary, old.Content, old.Extra = "", e.Summary, e.Content, e.Extra
	poll := v.poll(old, nil)
	if poll != nil {
		poll.May, poll.End = false, ""
	}
	files, err := v.d.service.Files(v.tx, federation.ForOwner, old)
	media := files[p.ID]
	for i, a := range old.Extra.Attachments {
		// An address of ours names a file by its place and its own address.
		if i >= len(p.Extra.Attachments) || p.Extra.Attachments[i].URL != a.URL || p.Extra.Attachments[i].Preview != a.Preview {
			media[i].URL, media[i].Preview, media[i].Play, media[i].Words = "", "", "", "It is not attached any more."
		}
	}
	return assets.Card{Warning: e.Summary, Content: content(old), Lang: p.Language, Media: media, Poll: poll}, err
}
