package dashboard

import (
	"errors"
	"net/http"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// previewed is a draft as it would be, and whom it will reach.
type previewed struct{ of federation.Previewed }

func (d *Dashboard) previewOf(r *http.Request, f writeForm) (*previewed, error) {
	draft, err := d.draftOf(r, f)
	if err != nil {
		return nil, err
	}
	var of federation.Previewed
	if f.edit != 0 {
		of, err = d.service.PreviewEdit(r.Context(), f.edit, draft)
	} else {
		of, err = d.service.Preview(r.Context(), draft)
	}
	if err != nil {
		return nil, err
	}
	return &previewed{of}, nil
}

// previewCards draws a draft with the code that draws posts, so that what is seen
// here is what will be seen.
func (v *view) previewCards(of federation.Previewed) ([]assets.Card, error) {
	posts := append([]store.Post{of.Post}, of.Thread...)
	cards, err := v.plainCards(posts)
	if err != nil || of.Quote.State == "" || cards[0].Quote != nil {
		return cards, err
	}
	if err := v.read(of.Quote.Post.ActorID); err != nil {
		return nil, err
	}
	cards[0].Quote = v.quote(of.Quote)
	return cards, v.addPictures(posts[:1], cards[:1], map[int64]federation.QuoteView{of.Post.ID: of.Quote})
}

func (d *Dashboard) publish(r *http.Request, f writeForm) (target string, err error) {
	draft, err := d.draftOf(r, f)
	if err != nil {
		return "", err
	}
	if f.when != "" {
		return d.schedule(r, f, draft)
	}
	sent, err := d.service.Send(r.Context(), draft, d.service.UndoWindow(false))
	if err != nil {
		return "", err
	}
	d.dropDraft(r, f)
	switch held := sent.Held; {
	case held.ID == 0:
		return d.placeOf(r, sent.Post)
	case held.Kind == store.UnsentDraft: // sent twice, and taken back meanwhile
		return "/me/write?draft=" + decimal(held.ID), nil
	case held.Draft.Visibility == store.Direct && f.reply != 0:
		return d.talkOf(r, f.reply, "held", "")
	case held.Draft.Visibility == store.Direct:
		return "/me/messages?done=held", nil
	case f.reply != 0:
		return postPath(f.reply) + "?done=held", nil
	}
	return "/me?done=held", nil
}

// placeOf is where a post that was just published stands.
func (d *Dashboard) placeOf(r *http.Request, p store.Post) (string, error) {
	switch {
	case p.Visibility == store.Direct:
		return d.talkOf(r, p.ID, "posted", anchor(p.ID))
	case p.ParentID != 0:
		return postPath(p.ParentID) + "?done=posted" + anchor(p.ID), nil
	}
	return "/me?done=posted" + anchor(p.ID), nil
}

// talkOf is where a private post stands among the messages, or one of another
// conversation by itself.
func (d *Dashboard) talkOf(r *http.Request, postID int64, done, at string) (string, error) {
	c, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Conversation, error) { return tx.ConversationOf(postID) })
	if errors.Is(err, store.ErrNotFound) { // pressed twice, and dropped meanwhile
		return postPath(postID) + "?done=" + done, nil
	}
	return conversationPath(c.ID) + "?done=" + done + at, err
}

func (d *Dashboard) changePost(r *http.Request, f writeForm) (target string, err error) {
	draft, err := d.draftOf(r, f)
	if err != nil {
		return "", err
	}
	p, err := d.service.Edit(r.Context(), f.edit, draft)
	if err != nil {
		return "", err
	}
	d.dropDraft(r, f)
	return postPath(p.ID) + "?done=changed" + anchor(p.ID), nil
}

func (d *Dashboard) saveDraft(r *http.Request, f writeForm) (target string, err error) {
	u, err := d.keepDraft(r, f)
	return "/me/write?draft=" + decimal(u.ID), err
}

// keepDraft saves what a form holds.
func (d *Dashboard) keepDraft(r *http.Request, f writeForm) (store.Unsent, error) {
	if err := d.describe(r, f); err != nil {
		return store.Unsent{}, err
	}
	var media []int64
	for _, file := range f.files {
		media = append(media, file.id)
	}
	visibility, _ := visibilityOf(f.audience)
	return d.service.SaveDraft(r.Context(), f.draft, store.UnsentText{
		Text: f.text, Summary: f.warning, Visibility: visibility, Language: f.lang, ParentID: f.reply, EditID: f.edit,
		QuoteID: f.quote, QuotePolicy: f.quotable, Plain: f.plain, Form: f.key, Thread: f.parts,
		Poll: f.poll.unsent(), Media: media, Sensitive: f.sensitive,
	})
}

// dropDraft forgets the draft that a post was made of. If that fails the post
// is out all the same, and the draft can be deleted by hand.
func (d *Dashboard) dropDraft(r *http.Request, f writeForm) {
	if f.draft != 0 {
		if err := d.service.DropDraft(r.Context(), f.draft); err != nil {
			d.log.Warn("delete the draft of a post", "draft", f.draft, "err", err)
		}
	}
	if err := d.service.DropDraftOf(r.Context(), f.key); err != nil {
		d.log.Warn("delete the draft of a post", "err", err)
	}
}

// draftOf is what federation is given. What the pages write is Markdown; an edit
// keeps a post that an app wrote as plain text what it is.
func (d *Dashboard) draftOf(r *http.Request, f writeForm) (federation.Draft, error) {
	draft := federation.Draft{Text: f.text, Markdown: !f.plain, Summary: f.warning, Language: f.lang, ParentID: f.reply, Key: f.once(),
		QuoteID: f.quote, QuotePolicy: f.quotable, Media: f.attached(), Sensitive: f.sensitive && len(f.files) > 0}
	if f.edit != 0 {
		p, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Post, error) { return tx.Post(f.edit) })
		if err != nil {
			return draft, notFound(err)
		}
		draft.Markdown, draft.Visibility = p.Extra.Markdown, p.Visibility
		if len(f.files) == 0 { // there is no switch for it
			draft.Sensitive = p.Sensitive && p.Summary == ""
		}
		return draft, nil
	}
	draft.Poll, draft.Thread = f.poll.draft(), f.written()
	var ok bool
	if draft.Visibility, ok = visibilityOf(f.audience); !ok {
		return draft, reply.Errorf(reply.Unprocessable, "Choose who can see this.")
	}
	return draft, nil
}
