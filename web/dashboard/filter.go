package dashboard

import (
	"net/http"
	"net/url"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	filterLooks = 200 // posts of Home that a filter is tried on
	filterShows = 10  // of those that it finds
)

// filterFind is a post that the filter finds, with the words that it found.
type filterFind struct {
	ID, URL, Lang string
	Text          []federation.Piece
	Author        assets.Person
	Time          time.Time
}

// filterTrial is what a filter finds among the newest posts of Home.
type filterTrial struct {
	Found, Looked int
	Finds         []filterFind // the first of them
	Unsaved       bool         // the filter is as it is typed, and not kept yet
}

type filterPage struct {
	assets.Owner
	URL, Title string
	Over       bool
	Form       filterForm
	Trial      *filterTrial
	Posts      []filterFind // that it names
}

// filterEdit handles GET /me/filters/ID.
func (d *Dashboard) filterEdit(w http.ResponseWriter, r *http.Request) {
	d.showFilter(w, r, nil, nil, nil)
}

// filterSave handles POST /me/filters/ID; with do=try it shows what the filter would
// find as it is typed.
func (d *Dashboard) filterSave(w http.ResponseWriter, r *http.Request) {
	f, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Filter, error) { return tx.Filter(idOf(r)) })
	if err != nil {
		d.fail(w, r, err)
		return
	}
	typed := readFilterForm(f, r.PostForm, d.service.Now())
	if r.PostForm.Get("do") == "try" {
		d.showFilter(w, r, &typed, r.PostForm, nil)
		return
	}
	_, err = d.service.SaveFilter(r.Context(), typed, wordEdits(f.Words, r.PostForm)...)
	if reply.CodeOf(err) == reply.Unprocessable {
		d.showFilter(w, r, &typed, r.PostForm, err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, filterPath(f.ID)+"?done=saved")
}

func (d *Dashboard) showFilter(w http.ResponseWriter, r *http.Request, typed *store.Filter, form url.Values, wrong error) {
	words, bad := refused(wrong)
	a := answer{}
	if bad {
		a.status = refusedStatus(wrong)
	}
	d.show(w, r, "filter", a, func(v *view) (any, error) {
		f, err := v.tx.Filter(idOf(r))
		if err != nil {
			return nil, err
		}
		page := filterPage{URL: filterPath(f.ID), Title: f.Title, Over: !f.Active(v.now)}
		if page.Owner, err = v.frame("Filter", "safety"); err != nil {
			return nil, err
		}
		if page.Posts, err = v.filterPosts(f); err != nil {
			return nil, err
		}
		if typed != nil {
			f = *typed
			f.Words = typedWords(f.Words, form)
		}
		if page.Trial, err = v.tryFilter(f); err != nil {
			return nil, err
		}
		page.Trial.Unsaved = typed != nil
		page.Form = v.filterForm(f, form, words)
		page.Form.Action, page.Form.Button = page.URL, "Save"
		return page, nil
	})
}

// tryFilter shows what a filter finds among the newest posts of Home, whatever
// places it is for.
func (v *view) tryFilter(f store.Filter) (*filterTrial, error) {
	rows, err := v.tx.Home(store.Page{Limit: filterLooks})
	if err != nil {
		return nil, err
	}
	var trial filterTrial
	ready := federation.NewFilter(f)
	filters := federation.Filters{ready}
	var found []store.Post
	for i := range rows {
		if rows[i].BoostOf == 0 && !rows[i].Own() {
			trial.Looked++
			if len(filters.Match(&rows[i])) > 0 {
				found = append(found, rows[i])
			}
		}
	}
	trial.Found = len(found)
	trial.Finds, err = v.finds(ready, found[:min(len(found), filterShows)])
	return &trial, err
}

// filterPosts are the single posts that a filter names.
func (v *view) filterPosts(f store.Filter) ([]filterFind, error) {
	ids, byPost := make([]int64, len(f.Posts)), map[string]int64{}
	for i, p := range f.Posts {
		ids[i] = p.PostID
		byPost[decimal(p.PostID)] = p.ID
	}
	named, err := v.tx.Posts(ids)
	if err != nil {
		return nil, err
	}
	list, err := v.finds(federation.NewFilter(store.Filter{}), named)
	for i := range list {
		list[i].ID = decimal(byPost[list[i].ID])
	}
	return list, err
}

func (v *view) finds(f *federation.Filter, posts []store.Post) ([]filterFind, error) {
	if err := v.read(actorIDs(posts...)...); err != nil {
		return nil, err
	}
	var list []filterFind
	for _, p := range posts {
		text := f.Pieces(&p)
		if len(text) == 0 {
			text = []federation.Piece{{Text: "A post without words"}}
		}
		list = append(list, filterFind{decimal(p.ID), postPath(p.ID), p.Language, text, v.known(p.ActorID), v.local(p.PublishedAt)})
	}
	return list, nil
}

// filterPostDrop handles POST /me/filters/ID/posts: with one it names a post no more.
func (d *Dashboard) filterPostDrop(w http.ResponseWriter, r *http.Request) {
	if _, err := d.service.UnfilterPost(r.Context(), number(r.PostForm.Get("one"))); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, filterPath(idOf(r))+"#posts")
}

// filterDeleteAsk handles GET /me/filters/ID/delete.
func (d *Dashboard) filterDeleteAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete filter", "safety", func(v *view, page *confirmPage) error {
		f, err := v.tx.Filter(idOf(r))
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Delete the filter “"+f.Title+"”?", "Delete", filterPath(f.ID)
		page.Lines = []string{"What it covers or leaves out is shown again, here and in apps."}
		return nil
	})
}

// filterDelete handles POST /me/filters/ID/delete.
func (d *Dashboard) filterDelete(w http.ResponseWriter, r *http.Request) {
	if err := d.service.DropFilter(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/filters?done=filter-deleted")
}
