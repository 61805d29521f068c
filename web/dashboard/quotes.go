package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// quotersShown is how many quotes of one post are listed.
const quotersShown = 100

// quoter is somebody who quotes an own post with consent.
type quoter struct {
	Stamp string
	Who   assets.Person
	URL   string
	Time  time.Time
}

// quoteWords say why a quoted post is not shown, or how it stands.
var quoteWords = map[federation.Shown]string{
	federation.ShownPending: "The quoted post is not shown: its author’s consent is not known here.",
	federation.ShownRefused: "The author of the quoted post refused.",
	federation.ShownRevoked: "The author of the quoted post took consent back.",
	federation.ShownGone:    "The quoted post is not here any more.",
	federation.ShownHidden:  "The quoted post is by somebody you blocked, or whose account is gone.",
}

// quote is what a post quotes, as part of its card; nil for nothing, or for a mere
// link in the text.
func (v *view) quote(q federation.QuoteView) *assets.Quoted {
	if q.State == "" || q.State == federation.ShownLink {
		return nil
	}
	shown := &assets.Quoted{Words: quoteWords[q.State]}
	p := q.Post
	if p.ID == 0 {
		return shown
	}
	if q.State == federation.ShownPending {
		shown.Words = "Waits for its author’s consent. Others see the link only."
	}
	if q.State == federation.ShownRefused || q.State == federation.ShownRevoked { // an own quote
		shown.Words += " Others see the link only."
	}
	shown.URL, shown.Author, shown.Lang, shown.Warning, shown.Content = postPath(p.ID), v.known(p.ActorID), p.Language, p.Summary, content(p)
	return shown
}

// quoting fills in whether a post can be quoted, and of an own one who does.
func (v *view) quoting(page *postPage, p store.Post) error {
	bonds, err := v.tx.Bonds([]int64{p.ActorID})
	if err != nil {
		return err
	}
	if v.d.service.MayQuote(p, bonds[p.ActorID]) != store.Denied {
		page.Card.QuoteURL = "/me/write?quote=" + decimal(p.ID)
	}
	if !p.Own() {
		return nil
	}
	stamps, err := v.tx.StampsOf("quote", p.ID, quotersShown)
	if err != nil {
		return err
	}
	var ids []int64
	for _, s := range stamps {
		ids = append(ids, s.ActorID)
	}
	if err := v.read(ids...); err != nil {
		return err
	}
	for _, s := range stamps {
		page.Quotes = append(page.Quotes, quoter{decimal(s.ID), v.known(s.ActorID), s.ObjectURI, v.local(s.At)})
	}
	return nil
}

// consentTo reads the consent to quote a post; one for another post is none.
func consentTo(tx *store.Tx, postID, stampID int64) (store.Stamp, error) {
	st, err := tx.Stamp(stampID)
	if err == nil && (st.PostID != postID || st.Kind != "quote") {
		err = store.ErrNotFound
	}
	return st, err
}

// quoteAsk handles GET /me/post/ID/quotes, with stamp=ID: before consent is taken back.
func (d *Dashboard) quoteAsk(w http.ResponseWriter, r *http.Request) {
	id := idOf(r)
	d.confirm(w, r, "Take back consent", "", func(v *view, page *confirmPage) error {
		st, err := consentTo(v.tx, id, number(r.URL.Query().Get("stamp")))
		if err != nil {
			return err
		}
		if _, err := v.who(page, st.ActorID); err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Take back consent?", "Take back consent", postPath(id)+"#quotes"
		page.Hidden = []hidden{{"stamp", decimal(st.ID)}}
		page.Lines = []string{
			page.Who.Called() + " quotes your post with your consent.",
			"Their server and those that have your post are told, and asked to show the quote no more; nobody can make them.",
			"Consent that is taken back cannot be given again to the same quote.",
		}
		return nil
	})
}

// quoteRevoke handles POST /me/post/ID/quotes: consent to one quote is taken back.
func (d *Dashboard) quoteRevoke(w http.ResponseWriter, r *http.Request) {
	id, stampID := idOf(r), number(r.PostForm.Get("stamp"))
	_, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Stamp, error) { return consentTo(tx, id, stampID) })
	if err == nil {
		err = d.service.RevokeQuote(r.Context(), stampID)
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, postPath(id)+"?done=revoked")
}

// startQuote fills the form of a post that quotes another. Whoever quotes a boost
// means what was boosted.
func (v *view) startQuote(f *writeForm) error {
	p, err := v.postShown(f.quote)
	f.quote = p.ID
	return err
}

// writeQuote shows what is quoted, and asks who may quote the new post. What is
// deleted meanwhile must not take the text down with it.
func (v *view) writeQuote(page *writePage, f *writeForm) error {
	if f.edit != 0 {
		return nil
	}
	if !f.quotable.Valid() {
		f.quotable = v.set.QuotePolicy
	}
	page.Quotable = quotable(f.quotable)
	if f.quote == 0 {
		return nil
	}
	known, err := v.tx.Posts([]int64{f.quote})
	if err != nil || len(known) == 0 {
		f.quote = 0
		return err
	}
	cards, err := v.plainCards(known)
	if err == nil {
		page.Quoting = &cards[0]
	}
	return err
}

// quotable are the choices of who may quote.
func quotable(chosen store.QuotePolicy) []assets.Option {
	return []assets.Option{
		{Value: string(store.QuotePublic), Label: "Everyone", Selected: chosen == store.QuotePublic},
		{Value: string(store.QuoteFollowers), Label: "My followers", Selected: chosen == store.QuoteFollowers},
		{Value: string(store.QuoteNobody), Label: "Nobody", Selected: chosen == store.QuoteNobody},
	}
}
