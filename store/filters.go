package store

import (
	"database/sql"
	"time"
)

// FilterContext is a set of the places where a filter counts.
type FilterContext int

const (
	FilterHome          FilterContext = 1 << iota // Home and lists
	FilterNotifications                           // what people did
	FilterPublic                                  // hashtags, searches and public timelines
	FilterThread                                  // around a post
	FilterAccount                                 // on somebody's page
)

// FilterEverywhere is all places.
const FilterEverywhere = FilterHome | FilterNotifications | FilterPublic | FilterThread | FilterAccount

// FilterAction is what becomes of a post that a filter finds.
type FilterAction int

const (
	FilterWarn FilterAction = 0 // a line that opens stands before it
	FilterHide FilterAction = 1 // it is left out
	FilterBlur FilterAction = 2 // its pictures open on demand
)

// Filter finds posts that the owner does not want to see. It is nobody else's
// business: no server is told.
type Filter struct {
	ID        int64
	Title     string
	Context   FilterContext
	Action    FilterAction
	ExpiresAt time.Time // zero: never
	Words     []FilterWord
	Posts     []FilterPost
}

// Active says whether a filter counts at a moment.
func (f *Filter) Active(now time.Time) bool { return f.ExpiresAt.IsZero() || f.ExpiresAt.After(now) }

// FilterWord is a word or phrase of a filter.
type FilterWord struct {
	ID, FilterID int64
	Word         string
	Whole        bool // not as a part of another word
}

// FilterPost is a single post that a filter finds.
type FilterPost struct{ ID, FilterID, PostID int64 }

const filterColumns = `f.id, f.title, f.context, f.action, f.expires_at`

func scanFilter(r scanner) (Filter, error) {
	var f Filter
	var expires sql.NullInt64
	err := r.Scan(&f.ID, &f.Title, &f.Context, &f.Action, &expires)
	f.ExpiresAt = fromNullMS(expires)
	return f, err
}

const filterWordColumns = `w.id, w.filter_id, w.word, w.whole`

func scanFilterWord(r scanner) (w FilterWord, err error) {
	err = r.Scan(&w.ID, &w.FilterID, &w.Word, &w.Whole)
	return w, err
}

func scanFilterPost(r scanner) (p FilterPost, err error) {
	err = r.Scan(&p.ID, &p.FilterID, &p.PostID)
	return p, err
}

// Filters reads all there are in the order they were made, those that are over
// among them, with their words and posts. Without any it is one query.
func (t *Tx) Filters() ([]Filter, error) {
	list, err := many(t, scanFilter, `
		select `+filterColumns+`
		from filters f
		order by f.id`)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	words, err := many(t, scanFilterWord, `
		select `+filterWordColumns+`
		from filter_words w
		order by w.id`)
	if err != nil {
		return nil, err
	}
	posts, err := many(t, scanFilterPost, `
		select id, filter_id, post_id
		from filter_posts
		order by id`)
	at := make(map[int64]*Filter, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	for _, w := range words {
		if f := at[w.FilterID]; f != nil {
			f.Words = append(f.Words, w)
		}
	}
	for _, p := range posts {
		if f := at[p.FilterID]; f != nil {
			f.Posts = append(f.Posts, p)
		}
	}
	return list, err
}

// Filter reads one by id, with its words and posts.
func (t *Tx) Filter(id int64) (Filter, error) {
	var f Filter
	err := t.one(func(r scanner) (err error) { f, err = scanFilter(r); return }, `
		select `+filterColumns+`
		from filters f
		where f.id = ?`, id)
	if err != nil {
		return f, err
	}
	if f.Words, err = many(t, scanFilterWord, `
		select `+filterWordColumns+`
		from filter_words w
		where w.filter_id = ?
		order by w.id`, id); err != nil {
		return f, err
	}
	f.Posts, err = many(t, scanFilterPost, `
		select id, filter_id, post_id
		from filter_posts
		where filter_id = ?
		order by id`, id)
	return f, err
}

// CountFilters counts those there are.
func (t *Tx) CountFilters() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from filters`)
	return int(n), err
}

// SaveFilter stores a filter itself, a new one under an id of its own. Words and
// posts are stored one by one.
func (t *Tx) SaveFilter(f *Filter) error {
	if f.ID == 0 {
		f.ID = t.NewID()
	}
	_, err := t.exec(`
		insert into filters (id, title, context, action, expires_at)
		values (?, ?, ?, ?, ?)
		on conflict (id) do update
		set title = excluded.title, context = excluded.context, action = excluded.action, expires_at = excluded.expires_at`,
		f.ID, f.Title, f.Context, f.Action, msOrNull(f.ExpiresAt))
	return err
}

// DropFilter removes a filter with all that it has.
func (t *Tx) DropFilter(id int64) error {
	for _, q := range []string{
		`delete from filter_words where filter_id = ?`,
		`delete from filter_posts where filter_id = ?`,
		`delete from filters where id = ?`,
	} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// FilterWord reads a word by id.
func (t *Tx) FilterWord(id int64) (FilterWord, error) {
	var w FilterWord
	err := t.one(func(r scanner) (err error) { w, err = scanFilterWord(r); return }, `
		select `+filterWordColumns+`
		from filter_words w
		where w.id = ?`, id)
	return w, err
}

// SaveFilterWord stores a word of a filter, a new one under an id of its own.
func (t *Tx) SaveFilterWord(w *FilterWord) error {
	if w.ID == 0 {
		w.ID = t.NewID()
	}
	_, err := t.exec(`
		insert into filter_words (id, filter_id, word, whole)
		values (?, ?, ?, ?)
		on conflict (id) do update
		set word = excluded.word, whole = excluded.whole`, w.ID, w.FilterID, w.Word, w.Whole)
	return err
}

// DropFilterWord takes a word out of its filter.
func (t *Tx) DropFilterWord(id int64) error {
	_, err := t.exec(`
		delete from filter_words
		where id = ?`, id)
	return err
}

// FilterPost reads by id that a filter names a post.
func (t *Tx) FilterPost(id int64) (FilterPost, error) {
	var p FilterPost
	err := t.one(func(r scanner) (err error) { p, err = scanFilterPost(r); return }, `
		select id, filter_id, post_id
		from filter_posts
		where id = ?`, id)
	return p, err
}

// AddFilterPost makes a filter find a post; one that it names already stays as it is.
func (t *Tx) AddFilterPost(filterID, postID int64) (FilterPost, error) {
	if _, err := t.exec(`
		insert or ignore into filter_posts (id, filter_id, post_id)
		values (?, ?, ?)`, t.NewID(), filterID, postID); err != nil {
		return FilterPost{}, err
	}
	var p FilterPost
	err := t.one(func(r scanner) (err error) { p, err = scanFilterPost(r); return }, `
		select id, filter_id, post_id
		from filter_posts
		where post_id = ?
		and filter_id = ?`, postID, filterID)
	return p, err
}

// DropFilterPost takes a post out of a filter.
func (t *Tx) DropFilterPost(id int64) error {
	_, err := t.exec(`
		delete from filter_posts
		where id = ?`, id)
	return err
}
