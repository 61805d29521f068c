package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	searchTime   = 10 * time.Second
	searchCards  = 20
	searchPeople = 5
	maxQuery     = 2000 // bytes
)

type foundPerson struct {
	Person        assets.Person
	Bio, Relation string
}

type searchPage struct {
	assets.Owner
	Query, Asked, Error, TryURL string
	Filters, Tags               []assets.Tab
	People                      []foundPerson
	Cards                       []assets.Card
	Further, LookedTo           string
	Pager                       assets.Pager
}

// search handles GET /me/search?q=. An address is looked up over the network, a
// hashtag has a page of its own, and words are looked for in the posts that are
// stored here and in the names of people.
func (d *Dashboard) search(w http.ResponseWriter, r *http.Request) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	if tag, ok := federation.TagName(q); ok && strings.HasPrefix(q, "#") {
		reply.Redirect(w, r, tagPath(tag))
		return
	}
	if len(q) <= maxQuery && looksUp(q) {
		d.searchThere(w, r, q)
		return
	}
	d.show(w, r, "search", answer{}, func(v *view) (any, error) {
		page, err := v.searchPage(q)
		if err != nil || q == "" {
			return page, err
		}
		if len(q) > maxQuery {
			page.Query, page.Error = "", "This is longer than any address."
			return page, nil
		}
		return page, v.searchHere(page)
	})
}

func (v *view) searchPage(q string) (*searchPage, error) {
	page := &searchPage{Query: q}
	var err error
	page.Owner, err = v.frame("Search", "search")
	return page, err
}

// looksUp tells an address from words: @name@server, name@server, https://… or
// server.example/….
func looksUp(q string) bool {
	if strings.ContainsFunc(q, unicode.IsSpace) || strings.HasPrefix(strings.ToLower(q), "from:") {
		return false
	}
	host, _, path := strings.Cut(q, "/")
	return strings.Contains(q, "://") || strings.Contains(strings.TrimPrefix(q, "@"), "@") || path && strings.Contains(host, ".")
}

// searchFilters are what a search can be narrowed by with one press.
var searchFilters = []struct{ word, text string }{
	{"from:me", "By me"}, {"from:following", "By people I follow"}, {"has:media", "With media"}, {"has:poll", "With a poll"}, {"is:reply", "Answers"},
}

// filtersOf leads from a search to the same with one filter more, or less.
func filtersOf(q string) []assets.Tab {
	var tabs []assets.Tab
	words := strings.Fields(q)
	for _, f := range searchFilters {
		with := slices.DeleteFunc(slices.Clone(words), func(w string) bool {
			return strings.EqualFold(w, f.word) || strings.HasPrefix(f.word, "from:") && strings.HasPrefix(strings.ToLower(w), "from:")
		})
		on := slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, f.word) })
		if !on {
			with = append(with, f.word)
		}
		tabs = append(tabs, assets.Tab{URL: searchPath(strings.Join(with, " ")), Text: f.text, Current: on})
	}
	return tabs
}

func searchPath(q string) string { return "/me/search?q=" + url.QueryEscape(q) }

// searchHere looks for words in what is stored.
func (v *view) searchHere(page *searchPage) error {
	page.Filters = filtersOf(page.Query)
	sought, err := v.d.service.ReadSearch(v.tx, page.Query)
	if words, ok := refused(err); ok {
		page.Error = words
		return nil
	}
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	p := pageOf(number(query.Get("before")), number(query.Get("after")), searchCards)
	rows, next, err := v.tx.SearchPosts(sought, p)
	if err != nil {
		return err
	}
	rows, page.Pager = cutPage(rows, p, searchPath(page.Query)+"&", postID)
	if next != 0 && p.Min == 0 {
		page.Further, page.LookedTo = searchPath(page.Query)+"&before="+decimal(next), dayOf(v.local(store.TimeOf(next)))
	}
	v.evenMuted, v.filtersAt = sought.From != 0, store.FilterPublic
	if page.Cards, _, err = v.cards(rows); err != nil || p.Max != 0 || p.Min != 0 {
		return err
	}
	if tag, ok := federation.TagName(page.Query); ok {
		page.Tags = []assets.Tab{{URL: tagPath(tag), Text: "#" + tag}}
	}
	if sought.Words != strings.Join(strings.Fields(page.Query), " ") {
		return nil // narrowed to posts of some kind
	}
	people, err := v.tx.SearchPeople(sought.Words, searchPeople)
	if err != nil {
		return err
	}
	page.People, err = v.foundPeople(people...)
	return err
}

// foundPeople shows people with how the owner stands to them.
func (v *view) foundPeople(people ...store.Actor) ([]foundPerson, error) {
	ids := make([]int64, len(people))
	for i, a := range people {
		ids[i] = a.ID
	}
	all, err := v.tx.Relations(ids...)
	list := make([]foundPerson, len(people))
	for i, a := range people {
		list[i] = foundPerson{v.face(a), markup.Excerpt(a.Summary, 200), relationWord(a.ID, all[a.ID])}
	}
	return list, err
}

// searchFound shows what an address led to.
func (v *view) searchFound(page *searchPage, found federation.Found) (err error) {
	switch {
	case found.Post != nil:
		v.evenMuted = true
		page.Cards, _, err = v.cards([]store.Post{*found.Post})
	case found.Actor != nil:
		page.People, err = v.foundPeople(*found.Actor)
	}
	return err
}
