package federation

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"dassie/store"
	"dassie/web/reply"
)

const (
	maxFilters     = 100
	maxFilterWords = 100  // of one filter
	maxFilterPosts = 1000 // likewise
	longestFilter  = 100  // characters of a filter's title
	longestWord    = 200  // characters of a word or phrase of one
)

// FilterWordEdit changes a word of a filter, or with ID 0 adds one. What is nil
// stays.
type FilterWordEdit struct {
	ID    int64
	Word  *string
	Whole *bool
	Drop  bool
}

// Words are what filters answer to those who ask for one that is not there.
var (
	errNoFilter     = reply.Errorf(reply.NotFound, "This filter is not here any more.")
	errNoFilterWord = reply.Errorf(reply.NotFound, "This word is not in the filter any more.")
)

// SaveFilter makes a filter, or changes the one with that id, and its words as the
// edits say: all of it or nothing. It returns the filter as it is then.
func (s *Service) SaveFilter(ctx context.Context, f store.Filter, edits ...FilterWordEdit) (store.Filter, error) {
	f.Title = oneLine(f.Title)
	if err := checkFilter(f); err != nil {
		return f, err
	}
	f.Context &= store.FilterEverywhere
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Filter, error) {
		if err := roomForFilter(tx, f.ID); err != nil {
			return f, err
		}
		saved := f // a retried transaction begins with no id again
		if err := tx.SaveFilter(&saved); err != nil {
			return f, err
		}
		for _, e := range edits {
			if err := editFilterWord(tx, saved.ID, e); err != nil {
				return f, err
			}
		}
		full, err := tx.Filter(saved.ID)
		if err == nil && len(full.Words) > maxFilterWords {
			err = reply.Errorf(reply.Unprocessable, "A filter has at most %d words and phrases.", maxFilterWords)
		}
		if err != nil {
			return full, err
		}
		return full, s.filtersChanged(tx)
	})
}

// checkFilter says what is wrong with a filter by itself.
func checkFilter(f store.Filter) error {
	switch {
	case f.Title == "":
		return reply.Errorf(reply.Unprocessable, "Give the filter a title.")
	case utf8.RuneCountInString(f.Title) > longestFilter:
		return reply.Errorf(reply.Unprocessable, "A title has at most %d characters.", longestFilter)
	case f.Context&store.FilterEverywhere == 0:
		return reply.Errorf(reply.Unprocessable, "Choose at least one place where the filter counts.")
	case f.Action < store.FilterWarn || f.Action > store.FilterBlur:
		return reply.Errorf(reply.Unprocessable, "Choose what becomes of the posts that are found.")
	}
	return nil
}

func checkFilterWord(word string) error {
	switch {
	case word == "":
		return reply.Errorf(reply.Unprocessable, "A word of a filter cannot be empty.")
	case utf8.RuneCountInString(word) > longestWord:
		return reply.Errorf(reply.Unprocessable, "A word or phrase of a filter has at most %d characters.", longestWord)
	}
	return nil
}

func roomForFilter(tx *store.Tx, id int64) error {
	if id != 0 {
		_, err := filterOf(tx, id)
		return err
	}
	n, err := tx.CountFilters()
	if err == nil && n >= maxFilters {
		err = reply.Errorf(reply.Unprocessable, "%d filters are the most there can be.", maxFilters)
	}
	return err
}

func filterOf(tx *store.Tx, id int64) (store.Filter, error) {
	f, err := tx.Filter(id)
	if errors.Is(err, store.ErrNotFound) {
		err = errNoFilter
	}
	return f, err
}

func editFilterWord(tx *store.Tx, filterID int64, e FilterWordEdit) error {
	w := store.FilterWord{FilterID: filterID}
	if e.ID != 0 {
		var err error
		w, err = tx.FilterWord(e.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && w.FilterID != filterID {
			return errNoFilterWord
		}
		if err != nil {
			return err
		}
	}
	if e.Drop {
		if e.ID == 0 {
			return nil
		}
		return tx.DropFilterWord(e.ID)
	}
	if e.Word != nil {
		w.Word = oneLine(*e.Word)
	}
	if e.Whole != nil {
		w.Whole = *e.Whole
	}
	if err := checkFilterWord(w.Word); err != nil {
		return err
	}
	return tx.SaveFilterWord(&w)
}

// DropFilter removes a filter: what it hid is shown again.
func (s *Service) DropFilter(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := filterOf(tx, id); err != nil {
			return err
		}
		if err := tx.DropFilter(id); err != nil {
			return err
		}
		return s.filtersChanged(tx)
	})
}

// EditFilterWord changes or drops one word, whichever filter it is in; with ID 0 it
// adds one to the filter. It returns the word as it is then.
func (s *Service) EditFilterWord(ctx context.Context, filterID int64, e FilterWordEdit) (store.FilterWord, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (w store.FilterWord, err error) {
		if e.ID != 0 {
			if w, err = tx.FilterWord(e.ID); errors.Is(err, store.ErrNotFound) {
				return w, errNoFilterWord
			}
			filterID = w.FilterID
		}
		if err != nil {
			return w, err
		}
		f, err := filterOf(tx, filterID)
		if err != nil {
			return w, err
		}
		if e.ID == 0 && len(f.Words) >= maxFilterWords {
			return w, reply.Errorf(reply.Unprocessable, "A filter has at most %d words and phrases.", maxFilterWords)
		}
		if err := editFilterWord(tx, filterID, e); err != nil {
			return w, err
		}
		if err := s.filtersChanged(tx); err != nil || e.Drop {
			return w, err
		}
		if f, err = tx.Filter(filterID); err != nil {
			return w, err
		}
		for _, have := range f.Words {
			if have.ID == e.ID || e.ID == 0 {
				w = have
			}
		}
		return w, nil
	})
}

// FilterPost makes a filter find a single post; of a boost, what is boosted.
func (s *Service) FilterPost(ctx context.Context, filterID, postID int64) (store.FilterPost, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (fp store.FilterPost, err error) {
		f, err := filterOf(tx, filterID)
		if err != nil {
			return fp, err
		}
		p, err := tx.Post(postID)
		if errors.Is(err, store.ErrNotFound) {
			return fp, reply.Errorf(reply.NotFound, "This post is not here.")
		}
		if err != nil {
			return fp, err
		}
		if p.BoostOf != 0 {
			postID = p.BoostOf
		}
		for _, have := range f.Posts {
			if have.PostID == postID {
				return have, nil
			}
		}
		if len(f.Posts) >= maxFilterPosts {
			return fp, reply.Errorf(reply.Unprocessable, "A filter has at most %d single posts.", maxFilterPosts)
		}
		if fp, err = tx.AddFilterPost(filterID, postID); err != nil {
			return fp, err
		}
		return fp, s.filtersChanged(tx)
	})
}

// UnfilterPost takes a single post out of its filter.
func (s *Service) UnfilterPost(ctx context.Context, id int64) (store.FilterPost, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.FilterPost, error) {
		fp, err := tx.FilterPost(id)
		if errors.Is(err, store.ErrNotFound) {
			return fp, reply.Errorf(reply.NotFound, "This post is not in the filter any more.")
		}
		if err != nil {
			return fp, err
		}
		if err := tx.DropFilterPost(id); err != nil {
			return fp, err
		}
		return fp, s.filtersChanged(tx)
	})
}

// readFilters makes all filters ready.
func readFilters(tx *store.Tx) (Filters, error) {
	all, err := tx.Filters()
	list := make(Filters, len(all))
	for i, f := range all {
		list[i] = NewFilter(f)
	}
	return list, err
}

// filtersChanged hands on, after the commit, what the filters are then. Who reads
// them never looks into the store, where an older view could bring old ones back.
func (s *Service) filtersChanged(tx *store.Tx) error {
	all, err := readFilters(tx)
	if err != nil {
		return err
	}
	tx.After(func() { s.filters.Store(&all) })
	s.emit(tx, EventFilters, 0)
	return nil
}

// Filters are those that count now.
func (s *Service) Filters() Filters {
	now := s.now()
	var list Filters
	for _, f := range *s.filters.Load() {
		if f.Active(now) {
			list = append(list, f)
		}
	}
	return list
}

// In is those that count at a place.
func (fs Filters) In(at store.FilterContext) Filters {
	var list Filters
	for _, f := range fs {
		if f.Context&at != 0 {
			list = append(list, f)
		}
	}
	return list
}

// oneLineWords is a text in lower case with its white space made single, so that
// a phrase is found over the end of a line too.
func oneLineWords(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}
