package mastodon

import (
	"slices"
	"strconv"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// longestExpiry is the longest time that a filter may be asked to last; what is
// longer lasts for good.
const longestExpiry = 100 * 365 * 24 * time.Hour

// FilterInfo is what a filter is, without what it looks for.
type FilterInfo struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Context   []string `json:"context"` // home, notifications, public, thread, account
	ExpiresAt *string  `json:"expires_at"`
	Action    string   `json:"filter_action"` // warn, hide, blur
}

// Filter finds posts that the owner does not want to see.
type Filter struct {
	FilterInfo
	Keywords []FilterKeyword `json:"keywords"`
	Statuses []FilterStatus  `json:"statuses"`
}

// FilterKeyword is a word or phrase of a filter.
type FilterKeyword struct {
	ID        string `json:"id"`
	Keyword   string `json:"keyword"`
	WholeWord bool   `json:"whole_word"`
}

// FilterStatus is a single post that a filter finds.
type FilterStatus struct {
	ID       string `json:"id"`
	StatusID string `json:"status_id"`
}

// FilterResult is a filter that found a post, and by what.
type FilterResult struct {
	Filter         FilterInfo `json:"filter"`
	KeywordMatches []string   `json:"keyword_matches"` // null for none
	StatusMatches  []string   `json:"status_matches"`  // null for none
}

// filterContexts are Mastodon's words for the places where a filter counts, in its order.
var filterContexts = []struct {
	name string
	at   store.FilterContext
}{
	{"home", store.FilterHome}, {"notifications", store.FilterNotifications}, {"public", store.FilterPublic},
	{"thread", store.FilterThread}, {"account", store.FilterAccount},
}

// filterActions are Mastodon's words; its documentation calls the last one
// blur_media in some places and blur in others: both are read.
var filterActions = map[string]store.FilterAction{
	"warn": store.FilterWarn, "hide": store.FilterHide, "blur": store.FilterBlur, "blur_media": store.FilterBlur,
}

func filterInfo(f store.Filter) FilterInfo {
	info := FilterInfo{
		ID: id(f.ID), Title: f.Title, Context: []string{}, ExpiresAt: dateOrNull(f.ExpiresAt),
		Action: [...]string{"warn", "hide", "blur"}[f.Action],
	}
	for _, c := range filterContexts {
		if f.Context&c.at != 0 {
			info.Context = append(info.Context, c.name)
		}
	}
	return info
}

func filterEntity(f store.Filter) Filter {
	return Filter{filterInfo(f), filterKeywords(f.Words), filterStatuses(f.Posts)}
}

func filterKeyword(w store.FilterWord) FilterKeyword { return FilterKeyword{id(w.ID), w.Word, w.Whole} }

func filterKeywords(words []store.FilterWord) []FilterKeyword {
	out := make([]FilterKeyword, len(words))
	for i, w := range words {
		out[i] = filterKeyword(w)
	}
	return out
}

func filterStatus(p store.FilterPost) FilterStatus { return FilterStatus{id(p.ID), id(p.PostID)} }

func filterStatuses(posts []store.FilterPost) []FilterStatus {
	out := make([]FilterStatus, len(posts))
	for i, p := range posts {
		out[i] = filterStatus(p)
	}
	return out
}

// filtered is what the filters found, as it stands on a post. An app shows, warns
// or hides by the places that each filter names.
func filtered(hits []federation.FilterHit, postID int64) []FilterResult {
	out := make([]FilterResult, len(hits))
	for i, h := range hits {
		out[i] = FilterResult{Filter: filterInfo(h.Filter.Filter), KeywordMatches: h.Words}
		if h.Post {
			out[i].StatusMatches = []string{id(postID)}
		}
	}
	return out
}

// filters: GET /api/v2/filters.
func (a *API) filters(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]Filter, error) {
		all, err := tx.Filters()
		out := make([]Filter, len(all))
		for i, f := range all {
			out[i] = filterEntity(f)
		}
		return out, err
	})
}

func (a *API) readFilter(c *call, filterID int64) (store.Filter, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (store.Filter, error) { return tx.Filter(filterID) })
}

// filter: GET /api/v2/filters/:id.
func (a *API) filter(c *call) (any, error) {
	f, err := a.readFilter(c, c.id)
	if err != nil {
		return nil, err
	}
	return filterEntity(f), nil
}

// createFilter: POST /api/v2/filters.
func (a *API) createFilter(c *call) (any, error) { return a.saveFilter(c, store.Filter{}) }

// updateFilter: PUT /api/v2/filters/:id. What is not named stays.
func (a *API) updateFilter(c *call) (any, error) {
	f, err := a.readFilter(c, c.id)
	if err != nil {
		return nil, err
	}
	return a.saveFilter(c, f)
}

func (a *API) saveFilter(c *call, f store.Filter) (any, error) {
	if title := c.params.get("title"); title != "" {
		f.Title = title
	}
	if err := a.readFilterParams(c, &f); err != nil {
		return nil, err
	}
	if f.Title == "" {
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: Title can't be blank")
	}
	if name := c.params.get("filter_action"); name != "" {
		action, ok := filterActions[name]
		if !ok {
			return nil, reply.Errorf(reply.Unprocessable, "'%.20s' is not a valid filter_action", name)
		}
		f.Action = action
	}
	edits, err := keywordEdits(c.params.objects("keywords_attributes"))
	if err != nil {
		return nil, err
	}
	f, err = a.svc.SaveFilter(c.ctx, f, edits...)
	if err != nil {
		return nil, filterError(err)
	}
	return filterEntity(f), nil
}

// readFilterParams reads what both versions of the API have: context and expires_in.
func (a *API) readFilterParams(c *call, f *store.Filter) error {
	if names := c.params.list("context"); len(names) > 0 {
		f.Context = 0
		for _, name := range names {
			i := slices.IndexFunc(filterContexts, func(c struct {
				name string
				at   store.FilterContext
			}) bool {
				return c.name == name
			})
			if i < 0 {
				return errNoContext
			}
			f.Context |= filterContexts[i].at
		}
	}
	if f.Context == 0 {
		return errNoContext
	}
	if _, given := c.params.v["expires_in"]; !given {
		return nil
	}
	f.ExpiresAt = time.Time{} // an empty one is for good
	if text := c.params.get("expires_in"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 {
			return reply.Errorf(reply.Unprocessable, "expires_in is a number of seconds.")
		}
		if seconds < int64(longestExpiry/time.Second) {
			f.ExpiresAt = a.svc.Now().Add(time.Duration(seconds) * time.Second)
		}
	}
	return nil
}

var errNoContext = reply.Errorf(reply.Unprocessable, "Validation failed: Context can't be blank, Context None or invalid context supplied")

// keywordEdits reads keywords_attributes.
func keywordEdits(list []params) ([]federation.FilterWordEdit, error) {
	var edits []federation.FilterWordEdit
	for _, one := range list {
		e := federation.FilterWordEdit{Drop: one.truth("_destroy")}
		if text := one.get("id"); text != "" {
			var ok bool
			if e.ID, ok = parseID(text); !ok {
				return nil, errNotFound
			}
		}
		if one.v.Has("keyword") {
			e.Word = new(one.get("keyword"))
		}
		if one.v.Has("whole_word") {
			e.Whole = new(one.truth("whole_word"))
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// filterError gives Mastodon's words to what is not there.
func filterError(err error) error {
	if reply.CodeOf(err) == reply.NotFound {
		return errNotFound
	}
	return err
}

// deleteFilter: DELETE /api/v2/filters/:id.
func (a *API) deleteFilter(c *call) (any, error) {
	if err := a.svc.DropFilter(c.ctx, c.id); err != nil {
		return nil, filterError(err)
	}
	return struct{}{}, nil
}

// filterKeywordsOf: GET /api/v2/filters/:id/keywords.
func (a *API) filterKeywordsOf(c *call) (any, error) {
	f, err := a.readFilter(c, c.id)
	return filterKeywords(f.Words), err
}

// addKeyword: POST /api/v2/filters/:id/keywords.
func (a *API) addKeyword(c *call) (any, error) {
	return a.saveKeyword(c, c.id, federation.FilterWordEdit{})
}

// keyword: GET /api/v2/filters/keywords/:id.
func (a *API) keyword(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (FilterKeyword, error) {
		w, err := tx.FilterWord(c.id)
		return filterKeyword(w), err
	})
}

// updateKeyword: PUT /api/v2/filters/keywords/:id.
func (a *API) updateKeyword(c *call) (any, error) {
	return a.saveKeyword(c, 0, federation.FilterWordEdit{ID: c.id})
}

func (a *API) saveKeyword(c *call, filterID int64, e federation.FilterWordEdit) (any, error) {
	if word := c.params.get("keyword"); word != "" {
		e.Word = &word
	}
	if c.params.has("whole_word") {
		e.Whole = new(c.params.truth("whole_word"))
	}
	if e.ID == 0 && e.Word == nil {
		if _, err := a.readFilter(c, filterID); err != nil {
			return nil, err
		}
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: Keyword can't be blank")
	}
	w, err := a.svc.EditFilterWord(c.ctx, filterID, e)
	if err != nil {
		return nil, filterError(err)
	}
	return filterKeyword(w), nil
}

// deleteKeyword: DELETE /api/v2/filters/keywords/:id.
func (a *API) deleteKeyword(c *call) (any, error) {
	if _, err := a.svc.EditFilterWord(c.ctx, 0, federation.FilterWordEdit{ID: c.id, Drop: true}); err != nil {
		return nil, filterError(err)
	}
	return struct{}{}, nil
}

// filterStatusesOf: GET /api/v2/filters/:id/statuses.
func (a *API) filterStatusesOf(c *call) (any, error) {
	f, err := a.readFilter(c, c.id)
	return filterStatuses(f.Posts), err
}

// addFilterStatus: POST /api/v2/filters/:id/statuses.
func (a *API) addFilterStatus(c *call) (any, error) {
	postID, ok := parseID(c.params.get("status_id"))
	if !ok {
		return nil, errNotFound
	}
	p, err := a.svc.FilterPost(c.ctx, c.id, postID)
	if err != nil {
		return nil, filterError(err)
	}
	return filterStatus(p), nil
}

// filterStatus: GET /api/v2/filters/statuses/:id.
func (a *API) filterStatus(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (FilterStatus, error) {
		p, err := tx.FilterPost(c.id)
		return filterStatus(p), err
	})
}

// deleteFilterStatus: DELETE /api/v2/filters/statuses/:id. It answers with what it was.
func (a *API) deleteFilterStatus(c *call) (any, error) {
	p, err := a.svc.UnfilterPost(c.ctx, c.id)
	if err != nil {
		return nil, filterError(err)
	}
	return filterStatus(p), nil
}
