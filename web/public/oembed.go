package public

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"dassie/assets"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	embedWidth  = 550 // pixels that a quotation takes, unless less is asked for
	embedNarrow = 220 // and at least
	embedRunes  = 500 // characters of the text
	embedAge    = 3600
)

// oembed is an answer of oEmbed 1.0 (2.3.4).
type oembed struct {
	Version      string `json:"version"`
	Type         string `json:"type"` // rich for a post, link for the profile
	Title        string `json:"title"`
	AuthorName   string `json:"author_name"`
	AuthorURL    string `json:"author_url"`
	ProviderName string `json:"provider_name"`
	ProviderURL  string `json:"provider_url"`
	CacheAge     int    `json:"cache_age"`
	HTML         string `json:"html,omitempty"`
	Width        int    `json:"width,omitempty"`
	Height       *int   `json:"height"` // as high as it gets
}

// oembedPath is where a page at path is described for embedding.
func (s *Site) oembedPath(path string) string {
	return "/oembed?url=" + url.QueryEscape(s.svc.Origin().URL(path))
}

// OEmbed answers GET of /oembed?url= and, as Mastodon has it, /api/oembed: a post
// as a quotation in plain HTML. Of the text only words are taken over, since it
// will stand in somebody else's page.
func (s *Site) OEmbed(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	reply.AnyOrigin(w.Header())
	if format := q.Get("format"); format != "" && format != "json" {
		reply.FailJSON(w, r, reply.Errorf(reply.Unsupported, "Only JSON is to be had here."), s.log)
		return
	}
	width := embedWidth
	if most, err := strconv.Atoi(q.Get("maxwidth")); err == nil && most > 0 {
		width = max(min(width, most), embedNarrow)
	}
	what, id, err := s.embedded(q.Get("url"))
	var p *page
	if err == nil {
		p, err = s.cached(r.Context(), fmt.Sprintf("oembed %s %d %d", what, id, width), func(v *view) (*page, error) { return v.oembed(id, width) })
	}
	if err != nil {
		reply.FailJSON(w, r, missing(err), s.log)
		return
	}
	s.Robotic(w.Header())
	reply.Cached(w, r, p.body, p.contentType, reply.Cache{ETag: p.etag, Gzip: p.gzip})
}

// embedded reads which of our pages an address means: a post, or with id 0 the
// profile.
func (s *Site) embedded(address string) (what string, id int64, err error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > longestURI || u.Scheme != s.svc.Origin().Scheme || !strings.EqualFold(u.Host, s.svc.Origin().Host) {
		return "", 0, store.ErrNotFound
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(u.Path, "/"), "/@"), "/")
	switch {
	case u.Path == "" || u.Path == "/":
		return "profile", 0, nil
	case strings.HasPrefix(u.Path, "/posts/"):
		id, err = ParseID(strings.TrimPrefix(u.Path, "/posts/"))
		return "post", id, err
	case !strings.HasPrefix(u.Path, "/@") || !s.IsOwner(name):
		return "", 0, store.ErrNotFound
	case rest == "":
		return "profile", 0, nil
	}
	id, err = ParseID(rest)
	return "post", id, err
}

func (v *view) oembed(id int64, width int) (*page, error) {
	o := v.site.svc.Origin()
	out := oembed{
		Version: "1.0", Type: "link", Title: v.owner.Called() + " (" + v.owner.Handle + ")", AuthorName: v.owner.Called(), AuthorURL: o.URL(v.site.ProfilePath()),
		ProviderName: o.Host, ProviderURL: o.URL("/"), CacheAge: embedAge,
	}
	if id != 0 {
		p, err := v.readOpen(id)
		if err != nil {
			return nil, err
		}
		out.Type, out.Title, out.Width, out.HTML = "rich", heading(p, longTitle), width, v.quotation(p)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write oEmbed: %w", err)
	}
	return &page{body: body, contentType: reply.TypeJSON}, nil
}

// quotation is a post as it may stand in another's page.
func (v *view) quotation(p store.Post) string {
	text := p.Summary
	if text == "" {
		text = markup.Excerpt(p.HTML(), embedRunes)
	}
	if text == "" {
		text = heading(p, embedRunes)
	}
	lang := ""
	if p.Language != "" {
		lang = ` lang="` + html.EscapeString(p.Language) + `"`
	}
	address := html.EscapeString(v.site.svc.Origin().URL(v.site.PostPath(p.ID)))
	return fmt.Sprintf(`<blockquote cite="%s"><p dir="auto"%s>%s</p><footer>%s (%s), <a href="%s">%s</a></footer></blockquote>`,
		address, lang, html.EscapeString(text), html.EscapeString(v.owner.Called()), html.EscapeString(v.owner.Handle), address,
		html.EscapeString(assets.FullDate(v.now, p.PublishedAt)))
}
