package public

import (
	"context"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// aiCrawlers collect texts to train on, or answer from them. robots.txt is a
// request: not all of them obey.
var aiCrawlers = []string{
	"AI2Bot", "Ai2Bot-Dolma", "Amazonbot", "anthropic-ai", "Applebot-Extended", "Bytespider", "CCBot", "ChatGPT-User",
	"Claude-SearchBot", "Claude-User", "ClaudeBot", "Claude-Web", "cohere-ai", "cohere-training-data-crawler", "Crawlspace",
	"Diffbot", "DuckAssistBot", "FacebookBot", "Google-CloudVertexBot", "Google-Extended", "GoogleOther", "GPTBot",
	"ICC-Crawler", "ImagesiftBot", "img2dataset", "Kangaroo Bot", "Meta-ExternalAgent", "Meta-ExternalFetcher",
	"MistralAI-User", "OAI-SearchBot", "omgili", "omgilibot", "PanguBot", "Perplexity-User", "PerplexityBot", "PetalBot",
	"Scrapy", "SemrushBot-OCOB", "TikTokSpider", "Timpibot", "VelenPublicWebCrawler", "Webzio-Extended", "YouBot",
}

// Robots answers GET of /robots.txt. Search engines that may not list pages
// must still be let in to read their noindex, so only what is nobody's business
// is closed to them.
func (s *Site) Robots(w http.ResponseWriter, r *http.Request) {
	set := s.svc.Settings()
	var b strings.Builder
	if !set.AICrawlers {
		for _, name := range aiCrawlers {
			b.WriteString("User-agent: " + name + "\n")
		}
		b.WriteString("Disallow: /\n\n")
	}
	b.WriteString("User-agent: *\n")
	// "$" ends an address (RFC 9309 2.2.3): pictures below /media are for everybody.
	for _, path := range []string{"/me$", "/me/", "/login", "/setup", "/api/", "/oauth/", "/follow", "/authorize_interaction", "/search"} {
		b.WriteString("Disallow: " + path + "\n")
	}
	if set.SearchEngines {
		b.WriteString("\nSitemap: " + s.svc.Origin().URL("/sitemap.xml") + "\n")
	}
	reply.Cached(w, r, []byte(b.String()), reply.TypeText, reply.Cache{Control: reply.Brief})
}

const (
	mapsPerSecond = 0.1 // a map reads every post
	mapsAtOnce    = 5
	mapPages      = 50_000 // sitemaps.org: the most that one map may have
	mapBatch      = 1000   // posts read at a time
)

// Sitemap answers GET of /sitemap.xml, where search engines may list pages: the
// profile, the page about this server and every public post. It is written as it
// is read, in pieces, so that neither memory nor a reader of the database has to
// hold it whole.
func (s *Site) Sitemap(w http.ResponseWriter, r *http.Request) {
	set := s.svc.Settings()
	if !set.SearchEngines {
		s.Fail(w, r, store.ErrNotFound)
		return
	}
	if !s.maps.Allow() {
		s.Fail(w, r, &reply.Error{Code: reply.RateLimited, RetryAfter: time.Minute})
		return
	}
	list, err := s.mapped(r.Context(), set, 0)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	out, left, o := reply.Long(w, reply.TypeXML, reply.Brief), mapPages, s.svc.Origin()
	add := func(path string, changed int64) bool {
		line := "<url><loc>" + template.HTMLEscapeString(o.URL(path)) + "</loc>"
		if changed != 0 {
			line += "<lastmod>" + stamp(time.UnixMilli(changed)) + "</lastmod>"
		}
		left--
		_, err = io.WriteString(out, line+"</url>\n")
		return err == nil && left > 0
	}
	_, _ = io.WriteString(out, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`+"\n")
	add(s.ProfilePath(), 0)
	add("/about", 0)
	for len(list) > 0 {
		for _, p := range list {
			if !add(s.PostPath(p.ID), p.Changed) {
				break
			}
		}
		if err != nil || left <= 0 {
			break
		}
		if list, err = s.mapped(r.Context(), set, list[len(list)-1].ID); err != nil {
			s.log.Warn("the map of the site is cut short", "err", err) // the answer is on its way
		}
	}
	_, _ = io.WriteString(out, "</urlset>\n") // a reader that left misses nothing
}

// mapped reads the next posts of the map.
func (s *Site) mapped(ctx context.Context, set store.Settings, after int64) ([]store.Listed, error) {
	if !set.PostsOnWeb {
		return nil, nil
	}
	return store.Get(ctx, s.svc.Store(), func(tx *store.Tx) ([]store.Listed, error) { return tx.PublicAfter(after, mapBatch) })
}

// SecurityTxt answers GET of /.well-known/security.txt (RFC 9116), if the owner
// says where to write to. It expires in a year from the first of this month, so
// that it is the same for a while.
func (s *Site) SecurityTxt(w http.ResponseWriter, r *http.Request) {
	set, o := s.svc.Settings(), s.svc.Origin()
	contact := contactURL(set.Contact)
	if contact == "" {
		reply.FailText(w, r, &reply.Error{Code: reply.NotFound}, s.log)
		return
	}
	now := s.svc.Now().UTC()
	expires := time.Date(now.Year(), now.Month()+11, 1, 0, 0, 0, 0, time.UTC)
	body := "Contact: " + contact + "\nExpires: " + stamp(expires) + "\nPreferred-Languages: " + languages(set.Language) +
		"\nCanonical: " + o.URL("/.well-known/security.txt") + "\nPolicy: " + o.URL("/about") + "\n"
	reply.Cached(w, r, []byte(body), reply.TypeText, reply.Cache{Control: reply.Brief})
}

func languages(own string) string {
	if own == "" || own == "en" {
		return "en"
	}
	return own + ", en"
}
