package mastodon

import (
	"errors"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// V1Filter is a filter as Mastodon had it before 4.0: one word, whose id it bears.
type V1Filter struct {
	ID           string   `json:"id"`
	Phrase       string   `json:"phrase"`
	Context      []string `json:"context"`
	WholeWord    bool     `json:"whole_word"`
	ExpiresAt    *string  `json:"expires_at"`
	Irreversible bool     `json:"irreversible"` // what it finds is left out
}

func v1Filter(f store.Filter, w store.FilterWord) V1Filter {
	info := filterInfo(f)
	return V1Filter{id(w.ID), w.Word, info.Context, w.Whole, info.ExpiresAt, f.Action == store.FilterHide}
}

// v1Filters: GET /api/v1/filters.
func (a *API) v1Filters(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]V1Filter, error) {
		all, err := tx.Filters()
		out := []V1Filter{}
		for _, f := range all {
			for _, w := range f.Words {
				out = append(out, v1Filter(f, w))
			}
		}
		return out, err
	})
}

// v1Read reads the word of an id, and its filter.
func (a *API) v1Read(c *call) (f store.Filter, w store.FilterWord, err error) {
	err = a.st.Read(c.ctx, func(tx *store.Tx) (err error) {
		if w, err = tx.FilterWord(c.id); err == nil {
			f, err = tx.Filter(w.FilterID)
		}
		return err
	})
	return f, w, err
}

// v1Filter: GET /api/v1/filters/:id.
func (a *API) v1Filter(c *call) (any, error) {
	f, w, err := a.v1Read(c)
	if err != nil {
		return nil, err
	}
	return v1Filter(f, w), nil
}

// v1CreateFilter: POST /api/v1/filters.
func (a *API) v1CreateFilter(c *call) (any, error) {
	return a.v1Save(c, store.Filter{}, store.FilterWord{Whole: true})
}

// v1UpdateFilter: PUT /api/v1/filters/:id. Of a filter with several words only the
// word can be changed: the rest would change for the others too.
func (a *API) v1UpdateFilter(c *call) (any, error) {
	f, w, err := a.v1Read(c)
	if err != nil {
		return nil, err
	}
	return a.v1Save(c, f, w)
}

func (a *API) v1Save(c *call, f store.Filter, w store.FilterWord) (any, error) {
	before := f
	if phrase := c.params.get("phrase"); phrase != "" {
		w.Word = phrase
	}
	if w.Word == "" {
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: Phrase can't be blank")
	}
	if err := a.readFilterParams(c, &f); err != nil {
		return nil, err
	}
	if c.params.has("irreversible") {
		f.Action = store.FilterWarn
		if c.params.truth("irreversible") {
			f.Action = store.FilterHide
		}
	}
	if c.params.has("whole_word") {
		w.Whole = c.params.truth("whole_word")
	}
	if len(f.Words) > 1 && (f.Context != before.Context || f.Action != before.Action || !f.ExpiresAt.Equal(before.ExpiresAt)) {
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: Expiry, context or action of a filter with several words can only be changed in a newer app.")
	}
	if len(f.Words) <= 1 { // the word is its title, unless it was given another
		if f.ID == 0 || len(f.Words) == 1 && f.Title == f.Words[0].Word {
			f.Title = firstRunes(w.Word, longestFilterTitle)
		}
	}
	f, err := a.svc.SaveFilter(c.ctx, f, federation.FilterWordEdit{ID: w.ID, Word: &w.Word, Whole: &w.Whole})
	if err != nil {
		return nil, filterError(err)
	}
	for _, have := range f.Words {
		if w.ID == 0 || have.ID == w.ID {
			w = have
		}
	}
	return v1Filter(f, w), nil
}

// longestFilterTitle is as much of a phrase as fits into a title.
const longestFilterTitle = 100

func firstRunes(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

// v1DeleteFilter: DELETE /api/v1/filters/:id. A filter goes with its last word.
func (a *API) v1DeleteFilter(c *call) (any, error) {
	f, _, err := a.v1Read(c)
	switch {
	case err != nil:
	case len(f.Words) == 1 && len(f.Posts) == 0:
		err = a.svc.DropFilter(c.ctx, f.ID)
	default:
		_, err = a.svc.EditFilterWord(c.ctx, 0, federation.FilterWordEdit{ID: c.id, Drop: true})
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, filterError(err)
	}
	return struct{}{}, nil
}
