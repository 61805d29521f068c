package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// singlePosts is the title of a filter that is made for one post.
const singlePosts = "Single posts"

type filterPostPage struct {
	assets.Owner
	Card                *assets.Card
	BackURL, Word       string
	OfWord              bool // a word is chosen, else the post
	Filters             []assets.Option
	WordError, ErrorAll string
}

// filterPostAsk handles GET /me/post/ID/filter: this post alone, or all with a word,
// goes into a filter.
func (d *Dashboard) filterPostAsk(w http.ResponseWriter, r *http.Request) {
	d.showFilterPost(w, r, r.URL.Query(), nil)
}

func (d *Dashboard) showFilterPost(w http.ResponseWriter, r *http.Request, form url.Values, wrong error) {
	words, bad := refused(wrong)
	a := answer{cache: reply.Private}
	if bad {
		a.status = refusedStatus(wrong)
	}
	d.show(w, r, "filter_post", a, func(v *view) (any, error) {
		p, err := v.postShown(idOf(r))
		if err == nil && p.Own() {
			err = store.ErrNotFound // nobody has to be spared what they wrote
		}
		if err != nil {
			return nil, err
		}
		page := filterPostPage{BackURL: postPath(p.ID), Word: strings.ToValidUTF8(form.Get("word"), ""), OfWord: form.Get("what") == "word"}
		if page.OfWord {
			page.WordError = words
		} else {
			page.ErrorAll = words
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = &cards[0]
		for _, o := range newFilters {
			page.Filters = append(page.Filters, assets.Option{Value: o.value, Label: o.text, Selected: form.Get("filter") == o.value})
		}
		all, err := v.tx.Filters()
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			if id := decimal(f.ID); f.Active(v.now) {
				page.Filters = append(page.Filters, assets.Option{Value: id, Label: "“" + f.Title + "”: " + filterDoes[f.Action], Selected: form.Get("filter") == id})
			}
		}
		page.Owner, err = v.frame("Filter", "blocked")
		return page, err
	})
}

// newFilters are the choices for a filter that there is not yet.
var newFilters = []struct {
	value, text string
	action      store.FilterAction
}{{"warn", "A new filter that covers posts", store.FilterWarn}, {"hide", "A new filter that leaves posts out", store.FilterHide}}

// filterPostSave handles POST /me/post/ID/filter.
func (d *Dashboard) filterPostSave(w http.ResponseWriter, r *http.Request) {
	id, err := d.filterFrom(r.Context(), idOf(r), r.PostForm)
	if _, ok := refused(err); ok && reply.CodeOf(err) == reply.Unprocessable {
		d.showFilterPost(w, r, r.PostForm, err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, filterPath(id)+"?done=saved")
}

// filterFrom puts a post or a word into the filter that was chosen, and says which.
func (d *Dashboard) filterFrom(ctx context.Context, postID int64, form url.Values) (int64, error) {
	f := store.Filter{ID: number(form.Get("filter")), Title: singlePosts, Context: store.FilterEverywhere}
	word, whole := strings.TrimSpace(form.Get("word")), true
	edit := federation.FilterWordEdit{Word: &word, Whole: &whole}
	for _, o := range newFilters {
		if o.value == form.Get("filter") {
			f.Action = o.action
		}
	}
	ofWord := form.Get("what") == "word"
	switch {
	case ofWord && word == "":
		return 0, reply.Errorf(reply.Unprocessable, "Type the word or phrase.")
	case ofWord && f.ID != 0:
		_, err := d.service.EditFilterWord(ctx, f.ID, edit)
		return f.ID, err
	case ofWord:
		f.Title = string([]rune(word)[:min(len([]rune(word)), 100)])
		saved, err := d.service.SaveFilter(ctx, f, edit)
		return saved.ID, err
	}
	if f.ID == 0 {
		if _, err := store.Get(ctx, d.service.Store(), func(tx *store.Tx) (store.Post, error) { return tx.Post(postID) }); err != nil {
			return 0, err // no filter is made for a post that is gone
		}
		saved, err := d.service.SaveFilter(ctx, f)
		if err != nil {
			return 0, err
		}
		f.ID = saved.ID
	}
	_, err := d.service.FilterPost(ctx, f.ID, postID)
	return f.ID, err
}
