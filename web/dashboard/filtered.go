package dashboard

import (
	"slices"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
)

// filters are those that count on this page.
func (v *view) filters() federation.Filters {
	if v.filtersAt != 0 && v.filtersHere == nil {
		v.filtersHere = v.d.service.Filters().In(v.filtersAt)
	}
	return v.filtersHere
}

// placeOf is the place, as filters know it, of a page that a card is made for.
func placeOf(path string) store.FilterContext {
	path, _, _ = strings.Cut(path, "?")
	for _, p := range []struct {
		prefix string
		at     store.FilterContext
	}{
		{"/me/lists/", store.FilterHome}, {"/me/tags/", store.FilterPublic}, {"/me/search", store.FilterPublic},
		{"/me/person/", store.FilterAccount}, {"/me/post/", store.FilterThread}, {"/me/inbox", store.FilterNotifications},
	} {
		if strings.HasPrefix(path, p.prefix) {
			return p.at
		}
	}
	if path == "/me" {
		return store.FilterHome
	}
	return 0
}

// unfiltered leaves out what a filter hides on this page.
func (v *view) unfiltered(posts []store.Post) []store.Post {
	filters := v.filters()
	if len(filters) == 0 {
		return posts
	}
	return slices.DeleteFunc(slices.Clone(posts), func(p store.Post) bool {
		f := federation.Gravest(filters.Match(&p))
		return f != nil && f.Action == store.FilterHide
	})
}

// addFiltered covers what filters found: the whole post, or its pictures. What one
// of them hides is a line in a conversation; lists left it out before.
func (v *view) addFiltered(posts []store.Post, cards []assets.Card) error {
	filters := v.filters()
	if len(filters) == 0 {
		return nil
	}
	for i := range posts {
		hits := filters.Match(&posts[i])
		f := federation.Gravest(hits)
		switch {
		case f == nil:
		case f.Action == store.FilterBlur:
			cards[i].Hide = true
		case f.Action == store.FilterHide && v.filtersAt == store.FilterThread:
			cards[i].Left, cards[i].LeftURL = filteredWords(f, hits)+".", cards[i].URL
		default:
			cards[i].Filtered, cards[i].FilteredURL, cards[i].FilteredOut = filteredWords(f, hits), filterPath(f.ID), f.Action == store.FilterHide
		}
	}
	return nil
}

// filteredWords say which filter hides a post, and why.
func filteredWords(f *federation.Filter, hits []federation.FilterHit) string {
	return "Hidden by your filter “" + f.Title + "” (matches: " + federation.HitOf(f, hits).Why() + ")"
}

// unfilteredEntries leaves out the lines of what filters hide. They look through whole
// posts: of those that were cut for their lines the rest is read.
func (v *view) unfilteredEntries(list []entry) ([]entry, error) {
	filters := v.filters()
	if len(filters) == 0 {
		return list, nil
	}
	var cut []int64
	for _, e := range list {
		if e.post.Cut() {
			cut = append(cut, e.post.ID)
		}
	}
	if len(cut) > 0 {
		posts, err := v.tx.Posts(cut)
		if err != nil {
			return nil, err
		}
		whole := make(map[int64]string, len(posts))
		for _, p := range posts {
			whole[p.ID] = p.Content
		}
		for i := range list {
			if text, ok := whole[list[i].post.ID]; ok {
				list[i].post.Content = text
			}
		}
	}
	return slices.DeleteFunc(list, func(e entry) bool {
		f := federation.Gravest(filters.Match(&e.post))
		return f != nil && f.Action == store.FilterHide
	}), nil
}

// mutedQuotes are those of quoted people whom the owner muted.
func (v *view) mutedQuotes(quoted map[int64]federation.QuoteView) (map[int64]store.Mute, error) {
	var ids []int64
	for _, q := range quoted {
		if q.Post.ID != 0 {
			ids = append(ids, q.Post.ActorID)
		}
	}
	if len(ids) == 0 || v.evenMuted {
		return nil, nil
	}
	return v.tx.MutedAmong(ids...)
}

// coverQuote leaves of a quoted post the way to it, where its author is muted or a
// filter covers or hides it.
func (v *view) coverQuote(q *assets.Quoted, p store.Post, muted map[int64]store.Mute) {
	if q == nil || q.Content == "" {
		return
	}
	hits := v.filters().Match(&p)
	f := federation.Gravest(hits)
	_, mute := muted[p.ActorID]
	switch {
	case mute:
		q.Words = "A post by somebody you muted."
	case f != nil && f.Action == store.FilterBlur:
		q.Hide = true
		return
	case f != nil:
		q.Words = filteredWords(f, hits) + "."
	default:
		return
	}
	q.Content, q.Warning = "", ""
}
