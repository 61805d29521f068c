package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	searchTime  = 10 * time.Second
	searchCards = 20
	maxQuery    = 2000 // bytes
)

type foundPerson struct {
	Person        assets.Person
	Bio, Relation string
}

type searchPage struct {
	assets.Owner
	Query, Asked, Error, TryURL string
	People                      []foundPerson
	Cards                       []assets.Card
	Pager                       assets.Pager
}

// search handles GET /me/search?q=. An address is looked up over the network;
// words are looked for in the posts stored here.
func (d *Dashboard) search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	q := strings.TrimSpace(query.Get("q"))
	page := searchPage{Query: q}
	var found federation.Found
	switch {
	case len(q) > maxQuery:
		page.Query, page.Error = "", "This is longer than any address."
	case looksUp(q):
		page.Asked, page.TryURL = server(q)
		ctx, cancel := context.WithTimeout(r.Context(), searchTime)
		defer cancel()
		var err error
		if found, err = d.service.Lookup(ctx, q); err != nil {
			if reply.CodeOf(err) == reply.Internal {
				d.fail(w, r, err)
				return
			}
			page.Error = reply.Message(err)
		}
	}
	d.show(w, r, "search", answer{}, func(v *view) (any, error) {
		var err error
		if page.Owner, err = v.frame("Search", "search"); err != nil {
			return nil, err
		}
		if page.Error != "" || page.Query == "" {
			return page, nil
		}
		if !looksUp(q) {
			p := pageOf(number(query.Get("before")), number(query.Get("after")), searchCards)
			return &page, v.searchStored(&page, p)
		}
		return &page, v.searchFound(&page, found)
	})
}

// looksUp tells an address from words: @name@server, name@server or https://….
func looksUp(q string) bool {
	if strings.ContainsAny(q, " \t\n") || q == "" {
		return false
	}
	return strings.Contains(q, "://") || strings.Contains(q, "@")
}

// server is the server that an address names, and the page to try there.
func server(q string) (host, page string) {
	if strings.Contains(q, "://") {
		u, err := url.Parse(q)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" {
			return "", ""
		}
		return u.Host, u.String()
	}
	_, host, _ = strings.Cut(strings.TrimPrefix(q, "@"), "@")
	return host, ""
}

func (v *view) searchStored(page *searchPage, p store.Page) error {
	rows, err := v.tx.SearchPosts(page.Query, p)
	if err != nil {
		return err
	}
	rows, page.Pager = cutPage(rows, p, "/me/search?q="+url.QueryEscape(page.Query)+"&", postID)
	page.Cards, _, err = v.cards(rows)
	return err
}

func (v *view) searchFound(page *searchPage, found federation.Found) (err error) {
	if found.Post != nil {
		page.Cards, _, err = v.cards([]store.Post{*found.Post})
		return err
	}
	if found.Actor == nil {
		return nil
	}
	a := *found.Actor
	person := foundPerson{Person: v.face(a), Bio: markup.Excerpt(a.Summary, 200)}
	person.Relation, err = v.relation(a.ID)
	page.People = []foundPerson{person}
	return err
}
