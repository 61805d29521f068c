package mastodon

import (
	"net/url"
	"strconv"
	"strings"

	"dassie/store"
)

// page reads the bounds of a list. What is no number counts as absent; a limit
// is clamped and never refused.
func (c *call) page(fallback, most int) store.Page {
	bound := func(name string) int64 {
		n, err := strconv.ParseInt(c.params.get(name), 10, 64)
		if err != nil || n < 0 {
			return 0
		}
		return n
	}
	p := store.Page{Max: bound("max_id"), Since: bound("since_id"), Min: bound("min_id"), Limit: c.params.number("limit", fallback, most)}
	if p.Min == 0 && c.params.get("min_id") == "0" {
		p.Min = 1 // up from the very beginning
	}
	return p
}

// linkNext sets the Link header of a list that is walked one way, by the last id
// of a page that has a next one.
func (a *API) linkNext(c *call, last int64) {
	c.link = "<" + a.pageAddress(c, "max_id", last) + `>; rel="next"`
}

// pageAddress is the address of another page of a list: at our own origin, with
// the query as it was given.
func (a *API) pageAddress(c *call, name string, bound int64) string {
	query := c.r.URL.Query()
	for _, old := range [3]string{"max_id", "since_id", "min_id"} {
		query.Del(old)
	}
	query.Set(name, id(bound))
	return a.svc.Origin().URL((&url.URL{Path: c.r.URL.Path, RawQuery: query.Encode()}).RequestURI())
}

// linkPages sets the Link header of a list whose rows, newest first, had these
// ids. A page that is not full has no next one.
func (a *API) linkPages(c *call, p store.Page, ids []int64) {
	if len(ids) == 0 {
		return
	}
	var links []string
	// A page upwards that is not full may still have all the rest below it.
	if len(ids) >= p.Limit || p.Min > 0 || p.Since > 0 {
		links = append(links, "<"+a.pageAddress(c, "max_id", ids[len(ids)-1])+`>; rel="next"`)
	}
	links = append(links, "<"+a.pageAddress(c, "min_id", ids[0])+`>; rel="prev"`)
	c.link = strings.Join(links, ", ")
}

func postIDs(posts []store.Post) []int64 {
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	return ids
}
