package public

import (
	"net/http"
	"strings"

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
	var b strings.Builder
	for _, name := range aiCrawlers {
		b.WriteString("User-agent: " + name + "\n")
	}
	b.WriteString("Disallow: /\n\nUser-agent: *\n")
	for _, path := range []string{"/me", "/login", "/setup", "/api/", "/oauth/", "/follow"} {
		b.WriteString("Disallow: " + path + "\n")
	}
	reply.Cached(w, r, []byte(b.String()), reply.TypeText, reply.Cache{Control: reply.Brief})
}
