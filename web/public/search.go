package public

import (
	"bytes"
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	searchesPerSecond = 2 // by all visitors together
	searchesAtOnce    = 20
	longestQuery      = 200 // characters
	tagsFrom          = 200 // newest posts whose hashtags are suggested
	tagsSuggested     = 10
)

type searchPage struct {
	assets.Visitor
	Query, Error string
	Entries      []assets.Entry
	Pager        assets.Pager
	Tags         []assets.Tab // suggested where nothing is found
}

// Search answers GET of /search?q=, where the owner offers it: public posts of
// the owner that have all the words. Nothing of a search is kept.
func (s *Site) Search(w http.ResponseWriter, r *http.Request) {
	before, err := placeOf(r)
	if set := s.svc.Settings(); err == nil && !(set.PostsOnWeb && set.VisitorSearch) {
		err = store.ErrNotFound
	}
	q := strings.Join(strings.Fields(strings.ToValidUTF8(r.URL.Query().Get("q"), "")), " ")
	if err == nil && q != "" && !s.searches.AllowN(s.svc.Now(), 1) {
		err = &reply.Error{Code: reply.RateLimited, Message: "Too many people search at once. Try again in a few seconds.", RetryAfter: 5 * time.Second}
	}
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	body, err := store.Get(r.Context(), s.svc.Store(), func(tx *store.Tx) ([]byte, error) {
		v, err := s.newView(tx)
		if err != nil {
			return nil, err
		}
		return v.search(q, before)
	})
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.Robotic(w.Header())
	reply.HTML(w, r, http.StatusOK, body, reply.Headers{})
}

func (v *view) search(q string, before int64) ([]byte, error) {
	d := searchPage{Visitor: v.visitor("Search", "Search the posts of "+v.owner.Called(), "/search"), Query: q}
	d.NoIndex = true
	if utf8.RuneCountInString(q) > longestQuery {
		d.Query, d.Error = "", "Use at most 200 characters."
	}
	if d.Query != "" {
		posts, err := v.tx.SearchOwn(d.Query, store.Page{Max: before, Limit: entriesPage + 1})
		if err != nil {
			return nil, err
		}
		if d.Entries, d.Pager, err = v.entriesPage(posts, before, "/search?q="+url.QueryEscape(d.Query)); err != nil {
			return nil, err
		}
	}
	if len(d.Entries) == 0 {
		var err error
		if d.Tags, err = v.commonTags(); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err := v.site.templates.Execute(&b, "public_search", d)
	return b.Bytes(), err
}

// commonTags are the hashtags that the owner used most of late.
func (v *view) commonTags() ([]assets.Tab, error) {
	posts, err := v.tx.OwnPosts(store.Page{Limit: tagsFrom}, store.Public, true, false)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, p := range posts {
		for _, tag := range p.Extra.Tags {
			counts[store.TagName(tag)]++
		}
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var list []assets.Tab
	for _, name := range names[:min(len(names), tagsSuggested)] {
		list = append(list, assets.Tab{URL: tagPath(name), Text: "#" + name})
	}
	return list, nil
}
