package mastodon

import (
	"context"

	"github.com/julienschmidt/httprouter"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// maxTags bounds the hashtags that one request names beside its own.
const maxTags = 20

func (a *API) tagEntity(name string, followed bool) Tag {
	return Tag{ID: name, Name: name, URL: a.tagURL(name), History: []TagHistory{}, Following: followed}
}

// pathTag is the hashtag in the path.
func pathTag(c *call) (string, bool) {
	at := httprouter.ParamsFromContext(c.ctx)
	return federation.TagName(at.ByName("tag"))
}

// tag: GET /api/v1/tags/:tag. One that nothing bears is a hashtag all the same.
func (a *API) tag(c *call) (any, error) {
	name, ok := pathTag(c)
	if !ok {
		return nil, errNotFound
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (Tag, error) {
		return a.ownTag(tx, name)
	})
}

// ownTag is a hashtag and how the owner stands to it.
func (a *API) ownTag(tx *store.Tx, name string) (Tag, error) {
	followed, err := tx.FollowedAmong([]string{name})
	if err != nil {
		return Tag{}, err
	}
	featured, err := tx.FeaturedAmong([]string{name})
	t := a.tagEntity(name, followed[name])
	t.Featuring = new(featured[name])
	return t, err
}

// followTag: POST /api/v1/tags/:tag/follow.
func (a *API) followTag(c *call) (any, error) { return a.changeTag(c, a.svc.FollowTag, true) }

// unfollowTag: POST /api/v1/tags/:tag/unfollow.
func (a *API) unfollowTag(c *call) (any, error) { return a.changeTag(c, a.svc.UnfollowTag, false) }

func (a *API) changeTag(c *call, change func(context.Context, string) (string, error), followed bool) (any, error) {
	name, ok := pathTag(c)
	if !ok {
		return nil, errNotFound
	}
	name, err := change(c.ctx, name)
	if err != nil {
		return nil, err
	}
	return a.tagEntity(name, followed), nil
}

// followedTags: GET /api/v1/followed_tags, paged by hidden ids.
func (a *API) followedTags(c *call) (any, error) {
	page := c.page(100, 200)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]Tag, error) {
		rows, err := tx.FollowedTags(page)
		if err != nil {
			return nil, err
		}
		ids, tags := make([]int64, len(rows)), make([]Tag, len(rows))
		for i, f := range rows {
			ids[i], tags[i] = f.ID, a.tagEntity(f.Name, true)
		}
		a.linkPages(c, page, ids)
		return tags, nil
	})
}

// tagTimeline: GET /api/v1/timelines/tag/:tag, of the public posts that are stored
// here. What no hashtag can be is an empty list, as everywhere.
func (a *API) tagTimeline(c *call) (any, error) {
	page := c.page(20, 40)
	q, err := tagQueryOf(c)
	if err != nil {
		return nil, err
	}
	return a.timeline(c, page, func(tx *store.Tx) ([]store.Post, error) { return tx.Tagged(q, page) })
}

func tagQueryOf(c *call) (store.TagQuery, error) {
	q := store.TagQuery{
		WidestTo: store.Public, Local: c.params.truth("local"), Remote: c.params.truth("remote"), Media: c.params.truth("only_media"),
	}
	either, _ := tagNames(c, "any")
	none, _ := tagNames(c, "none")
	all, possible := tagNames(c, "all")
	if len(either)+len(none)+len(all) > maxTags {
		return q, reply.Errorf(reply.Unprocessable, "Name at most %d hashtags at once.", maxTags)
	}
	q.Any, q.All, q.None = either, all, none
	if name, ok := pathTag(c); ok {
		q.Any = append(q.Any, name)
	}
	if !possible {
		q.Any = nil // no post bears all of them
	}
	return q, nil
}

// tagNames reads a parameter that names hashtags, and whether all of it can be some.
func tagNames(c *call, param string) (names []string, all bool) {
	all = true
	for _, text := range c.params.list(param) {
		name, ok := federation.TagName(text)
		if !ok {
			all = false
			continue
		}
		names = append(names, name)
	}
	return names, all
}
