package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// TagFeature is a hashtag that the owner shows on the profile.
type TagFeature struct {
	ID       int64     // of the hashtag
	Name     string    // as of TagName
	Posts    int       // of the owner, for everybody, that bear it
	LastPost time.Time // when the newest of them was written; zero without one
}

func scanTagFeature(r scanner) (TagFeature, error) {
	var f TagFeature
	var last sql.NullInt64
	err := r.Scan(&f.ID, &f.Name, &f.Posts, &last)
	f.LastPost = fromNullMS(last)
	return f, err
}

// ownWithTag is true of what the page of a hashtag shows of the owner's posts p.
const ownWithTag = `p.actor_id = 1
			and p.visibility = 0
			and p.boost_of is null`

// FeatureTag shows a hashtag, named as of TagName, on the profile; doing it again
// changes nothing.
func (t *Tx) FeatureTag(name string) error {
	id, err := t.tagID(name)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		insert or ignore into tag_features (tag_id, at)
		values (?, ?)`, id, ms(t.Now()))
	return err
}

// UnfeatureTag ends that and says whether it was so.
func (t *Tx) UnfeatureTag(name string) (bool, error) {
	n, err := t.changed(`
		delete from tag_features
		where tag_id = (select id from tags where name = ?)`, name)
	return n > 0, err
}

// TagFeatures lists the hashtags on the profile, that with the most posts first.
func (t *Tx) TagFeatures() ([]TagFeature, error) {
	return many(t, scanTagFeature, `
		select g.id, g.name, count(p.id) posts, max(p.published_at)
		from tag_features f
		cross join tags g on g.id = f.tag_id
		left join post_tags pt on pt.tag_id = g.id
		left join posts p on p.id = pt.post_id
			and `+ownWithTag+`
		group by g.id
		order by posts desc, g.name`)
}

// FeaturedTagNames lists their names alone, in their own order, without counting.
func (t *Tx) FeaturedTagNames() ([]string, error) {
	return many(t, scanString, `
		select g.name
		from tag_features f
		cross join tags g on g.id = f.tag_id
		order by g.name`)
}

// FeaturedAmong says which of several hashtags, named as of TagName, are on the
// profile.
func (t *Tx) FeaturedAmong(names []string) (map[string]bool, error) {
	asked, err := json.Marshal(names)
	if err != nil {
		return nil, fmt.Errorf("look for featured hashtags: %w", err)
	}
	list, err := many(t, scanString, `
		select g.name
		from json_each(?) j
		cross join tags g on g.name = j.value
		cross join tag_features f on f.tag_id = g.id`, string(asked))
	out := make(map[string]bool, len(list))
	for _, name := range list {
		out[name] = true
	}
	return out, err
}

// OftenTagged lists hashtags of the owner's newest posts for everybody, out of so
// many, the most used first, without those on the profile.
func (t *Tx) OftenTagged(among, limit int) ([]string, error) {
	posts, err := t.OwnPosts(Page{Limit: among}, Public, true, false)
	if err != nil {
		return nil, err
	}
	uses := map[string]int{}
	for _, p := range posts {
		for _, name := range TagNames(p.Extra.Tags) {
			uses[name]++
		}
	}
	names := slices.Sorted(maps.Keys(uses))
	shown, err := t.FeaturedAmong(names)
	names = slices.DeleteFunc(names, func(name string) bool { return shown[name] })
	slices.SortStableFunc(names, func(a, b string) int { return uses[b] - uses[a] })
	return names[:min(limit, len(names))], err
}
