package mastodon

import (
	"strings"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// What all strangers together may look for. A search costs what the owner wrote.
const (
	searchesPerSecond = 2
	searchesAtOnce    = 20
	longestSearch     = 200 // characters
)

// errSignIn is Mastodon's answer to a stranger who wants another server asked, or
// page after page.
var errSignIn = reply.Errorf(reply.Unauthorized, "Searching other servers, or beyond the first page, is not supported without authentication.")

// openSearch finds for strangers what the pages of this server find: the owner, a
// hashtag, an open post by its address, and public posts of the owner by their words
// where the owner lets visitors search.
func (a *API) openSearch(c *call) (any, error) {
	q, kind, err := searchQuery(c)
	switch {
	case err != nil:
		return nil, err
	case c.params.truth("resolve") || c.params.number("offset", 0, 1<<20) > 0:
		return nil, errSignIn
	case c.params.truth("following") || len([]rune(q)) > longestSearch:
		return noHits(), nil
	case !a.searches.AllowN(a.svc.Now(), 1):
		return nil, &reply.Error{Code: reply.RateLimited, Message: "Too many people search at once.", RetryAfter: 5 * time.Second}
	}
	out := noHits()
	if tag, ok := tagQuery(q); ok && kind != "accounts" && kind != "statuses" {
		out.Hashtags = append(out.Hashtags, a.tagEntity(tag, false))
	}
	err = a.st.Read(c.ctx, func(tx *store.Tx) (err error) {
		if kind == "" || kind == "statuses" {
			posts, err := a.openHits(tx, q, c.params.number("limit", 20, 40))
			if err != nil {
				return err
			}
			if out.Statuses, err = a.openStatuses(tx, posts); err != nil {
				return err
			}
		}
		if kind == "" || kind == "accounts" {
			out.Accounts, err = a.openOwner(tx, q)
		}
		return err
	})
	return out, err
}

func (a *API) openHits(tx *store.Tx, q string, limit int) ([]store.Post, error) {
	if strings.Contains(q, "://") {
		found, err := stored(tx, q)
		if err != nil || found.Post == nil || !isOpen(found.Post) {
			return nil, err
		}
		return []store.Post{*found.Post}, nil
	}
	set := a.svc.Settings()
	if _, tag := tagQuery(q); tag || namesOne(q) || !set.PostsOnWeb || !set.VisitorSearch {
		return nil, nil
	}
	return tx.SearchOwn(q, store.Page{Limit: limit})
}

// openOwner finds the owner by handle, address or a part of the name.
func (a *API) openOwner(tx *store.Tx, q string) ([]*Account, error) {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return nil, err
	}
	found, err := stored(tx, q)
	if err != nil {
		return nil, err
	}
	is := found.Actor != nil && found.Actor.ID == me.ID
	if words := strings.ToLower(strings.TrimPrefix(q, "@")); !is && !namesOne(words) {
		is = strings.Contains(strings.ToLower(me.Username), words) || strings.Contains(strings.ToLower(me.Name), words)
	}
	if !is {
		return []*Account{}, nil
	}
	return a.accountsFor(federation.ForVisitors, tx, []int64{me.ID})
}
