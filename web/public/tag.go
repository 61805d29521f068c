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

// Tag answers GET of /tags/TAG: the owner's public posts with a hashtag.
func (s *Site) Tag(w http.ResponseWriter, r *http.Request, tag string) {
	if !utf8.ValidString(tag) || utf8.RuneCountInString(tag) > longestTag {
		s.Fail(w, r, store.ErrNotFound)
		return
	}
	tag = store.TagName(tag)
	s.paged(w, r, "tag "+tag, func(v *view, before int64) (*page, error) { return v.tag(tag, before) })
}

// tagPath is the page of a hashtag in lower case.
func tagPath(tag string) string { return "/tags/" + url.PathEscape(tag) }

func (v *view) tag(tag string, before int64) (*page, error) {
	all, err := v.tagged(tag, tagsCounted)
	if err != nil {
		return nil, err
	}
	posts, err := v.tx.OwnTagged(tag, store.Page{Max: before, Limit: entriesPage + 1})
	if err != nil {
		return nil, err
	}
	path := tagPath(tag)
	d := tagPage{Visitor: v.visitor("#"+tag, "Posts by "+v.owner.Called()+" with #"+tag, path), Tag: tag, Count: len(all)}
	if v.feeds() {
		d.Feeds = append(feedLinks(path, "#"+tag, false), d.Feeds...)
	}
	if d.Entries, d.Pager, err = v.entriesPage(posts, before, path); err != nil {
		return nil, err
	}
	return v.html("public_tag", d)
}

// tagged reads the newest posts with a hashtag. One that no public post has is
// not found, whatever private posts have it.
func (v *view) tagged(tag string, limit int) ([]store.Post, error) {
	if !v.set.PostsOnWeb {
		return nil, store.ErrNotFound
	}
	posts, err := v.tx.OwnTagged(tag, store.Page{Limit: limit})
	if err == nil && len(posts) == 0 {
		err = store.ErrNotFound
	}
	return posts, err
}
