package mastodon

import (
	"context"
	"strconv"
	"time"

	"dassie/store"
)

const (
	tagsAmong     = 200 // newest own posts whose hashtags are proposed
	tagsSuggested = 10
)

func (a *API) featuredTag(f store.TagFeature) FeaturedTag {
	out := FeaturedTag{ID: id(f.ID), Name: f.Name, URL: a.tagURL(f.Name), StatusesCount: strconv.Itoa(f.Posts)}
	if !f.LastPost.IsZero() {
		out.LastStatusAt = new(f.LastPost.UTC().Format(time.DateOnly))
	}
	return out
}

func (a *API) ownFeaturedTags(tx *store.Tx) ([]FeaturedTag, error) {
	rows, err := tx.TagFeatures()
	list := make([]FeaturedTag, len(rows))
	for i, f := range rows {
		list[i] = a.featuredTag(f)
	}
	return list, err
}

// featuredTags: GET /api/v1/featured_tags.
func (a *API) featuredTags(c *call) (any, error) {
	return store.Get(c.ctx, a.st, a.ownFeaturedTags)
}

// accountFeaturedTags: GET /api/v1/accounts/:id/featured_tags. Those of others are
// not known here.
func (a *API) accountFeaturedTags(c *call) (any, error) {
	if c.id != store.OwnerID {
		return []FeaturedTag{}, a.known(c)
	}
	return a.featuredTags(c)
}

// addFeaturedTag: POST /api/v1/featured_tags.
func (a *API) addFeaturedTag(c *call) (any, error) {
	name, err := a.svc.FeatureTag(c.ctx, c.params.get("name"))
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (FeaturedTag, error) {
		rows, err := tx.TagFeatures()
		for _, f := range rows {
			if f.Name == name {
				return a.featuredTag(f), err
			}
		}
		return FeaturedTag{}, errNotFound // taken off meanwhile
	})
}

// dropFeaturedTag: DELETE /api/v1/featured_tags/:id.
func (a *API) dropFeaturedTag(c *call) (any, error) {
	rows, err := store.Get(c.ctx, a.st, (*store.Tx).TagFeatures)
	if err != nil {
		return nil, err
	}
	for _, f := range rows {
		if f.ID == c.id {
			_, err := a.svc.UnfeatureTag(c.ctx, f.Name)
			return struct{}{}, err
		}
	}
	return nil, errNotFound
}

// suggestedTags: GET /api/v1/featured_tags/suggestions: what the owner wrote of
// lately.
func (a *API) suggestedTags(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]Tag, error) {
		names, err := tx.OftenTagged(tagsAmong, tagsSuggested)
		if err != nil {
			return nil, err
		}
		followed, err := tx.FollowedAmong(names)
		list := make([]Tag, len(names))
		for i, name := range names {
			list[i] = a.tagEntity(name, followed[name])
		}
		return list, err
	})
}

// featureTag: POST /api/v1/tags/:tag/feature.
func (a *API) featureTag(c *call) (any, error) { return a.showTag(c, a.svc.FeatureTag) }

// unfeatureTag: POST /api/v1/tags/:tag/unfeature.
func (a *API) unfeatureTag(c *call) (any, error) { return a.showTag(c, a.svc.UnfeatureTag) }

func (a *API) showTag(c *call, change func(context.Context, string) (string, error)) (any, error) {
	name, ok := pathTag(c)
	if !ok {
		return nil, errNotFound
	}
	name, err := change(c.ctx, name)
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (Tag, error) { return a.ownTag(tx, name) })
}
