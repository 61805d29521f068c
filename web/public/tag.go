package public

import (
	"net/http"
	"net/url"
	"unicode/utf8"

	"dassie/assets"
	"dassie/store"
)

const (
	tagsCounted = 1000 // posts with a tag that are counted
	longestTag  = 100  // characters
)

type tagPage struct {
	assets.Visitor
	Tag     string
	Count   int
	Entries []assets.Entry
	Pager   assets.Pager
}

// Tag answers GET of /tags/TAG: the owner's public posts with a hashtag. One
// that no public post has is not found, whatever private posts have it.
func (s *Site) Tag(w http.ResponseWriter, r *http.Request, tag string) {
	before, err := placeOf(r)
	if err == nil && (!utf8.ValidString(tag) || utf8.RuneCountInString(tag) > longestTag) {
		err = store.ErrNotFound
	}
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	tag = store.TagName(tag)
	s.serve(w, r, "tag "+formatID(before)+" "+tag, func(v *view) (*page, error) { return v.tag(tag, before) })
}

func (v *view) tag(tag string, before int64) (*page, error) {
	all, err := v.tx.OwnTagged(tag, store.Page{Limit: tagsCounted})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, store.ErrNotFound
	}
	posts, err := v.tx.OwnTagged(tag, store.Page{Max: before, Limit: entriesPage + 1})
	if err != nil {
		return nil, err
	}
	path := "/tags/" + url.PathEscape(tag)
	d := tagPage{Visitor: v.visitor("#"+tag, "Posts by "+v.owner.Called()+" with #"+tag, path), Tag: tag, Count: len(all)}
	if d.Entries, d.Pager, err = v.entries(posts, before, path); err != nil {
		return nil, err
	}
	return v.html("public_tag", d)
}
