package web

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

var feedPaths = []string{"/@nora.atom", "/@nora.rss", "/@nora.json", "/tags/frost.atom", "/tags/frost.rss", "/tags/frost.json"}

// entry is a post as a reader of any feed gets it.
type entry struct{ id, title, link, published, html, file, fileType, language string }

type read struct {
	title, self, page string
	entries           []entry
}

// readFeed reads a feed as a strict reader does, and holds what each form demands.
func readFeed(t *testing.T, w *httptest.ResponseRecorder) read {
	t.Helper()
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	switch kind {
	case "application/atom+xml":
		return readAtom(t, w.Body.Bytes())
	case "application/rss+xml":
		return readRSS(t, w.Body.Bytes())
	case "application/feed+json":
		return readJSONFeed(t, w.Body.Bytes())
	}
	t.Fatalf("a feed of type %s", kind)
	return read{}
}

func date(t *testing.T, layout, text string) string {
	t.Helper()
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Errorf("date %q: %v", text, err)
	}
	return at.UTC().Format(time.RFC3339)
}

func readAtom(t *testing.T, body []byte) (out read) {
	t.Helper()
	type link struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	var f struct {
		XMLName            xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID, Title, Updated string
		Links              []link `xml:"link"`
		Author             struct {
			Name string `xml:"name"`
		} `xml:"author"`
		Entries []struct {
			ID        string `xml:"id"`
			Title     string `xml:"title"`
			Published string `xml:"published"`
			Updated   string `xml:"updated"`
			Links     []link `xml:"link"`
			Content   struct {
				Type string `xml:"type,attr"`
				Lang string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
				Text string `xml:",chardata"`
			} `xml:"content"`
		} `xml:"entry"`
	}
	f.ID = between(string(body), "<id>", "</id>")
	must(t, xml.Unmarshal(body, &f))
	if f.ID == "" || f.Author.Name == "" {
		t.Errorf("a feed without an id or an author: %s", body)
	}
	out.title = between(string(body), "<title>", "</title>")
	date(t, time.RFC3339, between(string(body), "<updated>", "</updated>"))
	for _, l := range f.Links {
		switch l.Rel {
		case "self":
			out.self = l.Href
		case "alternate":
			out.page = l.Href
		}
	}
	for _, e := range f.Entries {
		date(t, time.RFC3339, e.Updated)
		got := entry{id: e.ID, title: e.Title, published: date(t, time.RFC3339, e.Published), html: e.Content.Text, language: e.Content.Lang}
		for _, l := range e.Links {
			if l.Rel == "alternate" && l.Type == "text/html" {
				got.link = l.Href
			}
			if l.Rel == "enclosure" && got.file == "" {
				got.file, got.fileType = l.Href, l.Type
			}
		}
		if e.Content.Type != "html" || e.Title == "" {
			t.Errorf("entry %+v", e)
		}
		out.entries = append(out.entries, got)
	}
	return out
}

func readRSS(t *testing.T, body []byte) (out read) {
	t.Helper()
	var f struct {
		XMLName xml.Name `xml:"rss"`
		Version string   `xml:"version,attr"`
		Channel struct {
			Title       string `xml:"title"`
			Description string `xml:"description"`
			Built       string `xml:"lastBuildDate"`
			Links       []struct {
				XMLName xml.Name
				Href    string `xml:"href,attr"`
				Text    string `xml:",chardata"`
			} `xml:"link"`
			Items []struct {
				Title       string `xml:"title"`
				Link        string `xml:"link"`
				GUID        string `xml:"guid"`
				Published   string `xml:"pubDate"`
				Description []struct {
					XMLName xml.Name
					Text    string `xml:",chardata"`
				} `xml:"description"`
				Enclosure []struct {
					URL    string `xml:"url,attr"`
					Length string `xml:"length,attr"`
					Type   string `xml:"type,attr"`
				} `xml:"enclosure"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	must(t, xml.Unmarshal(body, &f))
	c := f.Channel
	if f.Version != "2.0" || c.Description == "" {
		t.Errorf("a feed without a version or a description: %s", body)
	}
	date(t, time.RFC1123Z, c.Built)
	out.title = c.Title
	for _, l := range c.Links {
		if l.XMLName.Space == "" {
			out.page = l.Text
		} else {
			out.self = l.Href
		}
	}
	for _, i := range c.Items {
		got := entry{id: i.GUID, title: i.Title, link: i.Link, published: date(t, time.RFC1123Z, i.Published)}
		for _, d := range i.Description {
			if d.XMLName.Space == "" {
				got.html = d.Text
			}
		}
		if len(i.Enclosure) > 1 {
			t.Errorf("an item with %d enclosures", len(i.Enclosure))
		}
		for _, e := range i.Enclosure {
			if got.file, got.fileType = e.URL, e.Type; e.Length == "" {
				t.Error("an enclosure without a length")
			}
		}
		out.entries = append(out.entries, got)
	}
	return out
}

func readJSONFeed(t *testing.T, body []byte) (out read) {
	t.Helper()
	var f struct {
		Version  string `json:"version"`
		Title    string `json:"title"`
		HomePage string `json:"home_page_url"`
		FeedURL  string `json:"feed_url"`
		Items    *[]struct {
			ID          string `json:"id"`
			URL         string `json:"url"`
			Title       string `json:"title"`
			HTML        string `json:"content_html"`
			Published   string `json:"date_published"`
			Language    string `json:"language"`
			Attachments []struct {
				URL  string `json:"url"`
				Type string `json:"mime_type"`
			} `json:"attachments"`
		} `json:"items"`
	}
	must(t, json.Unmarshal(body, &f))
	if f.Version != "https://jsonfeed.org/version/1.1" || f.Items == nil {
		t.Fatalf("not a JSON Feed: %s", body)
	}
	out = read{title: f.Title, self: f.FeedURL, page: f.HomePage}
	for _, i := range *f.Items {
		got := entry{id: i.ID, title: i.Title, link: i.URL, published: date(t, time.RFC3339, i.Published), html: i.HTML, language: i.Language}
		if len(i.Attachments) > 0 {
			got.file, got.fileType = i.Attachments[0].URL, i.Attachments[0].Type
		}
		out.entries = append(out.entries, got)
	}
	return out
}

func TestFeedsInThreeForms(t *testing.T) {
	h := newHouse(t)
	tagged := func(change func(*store.Post)) func(*store.Post) {
		return func(p *store.Post) { p.Extra.Tags = []string{"Frost"}; change(p) }
	}
	for range 21 {
		h.post(store.Public, "An older post.", tagged(func(*store.Post) {}))
	}
	h.post(store.Public, "HIDDEN-WORDS", tagged(func(p *store.Post) {
		p.Summary = "Slugs"
		p.Extra.Attachments = []store.Attachment{{Name: strings.Repeat("b", 64) + ".jpg", MediaType: "image/jpeg", Alt: "HIDDEN-ALT"}}
	}))
	h.post(store.Public, "Sensitive.", tagged(func(p *store.Post) {
		p.Sensitive = true
		p.Extra.Attachments = []store.Attachment{{Name: strings.Repeat("c", 64) + ".jpg", MediaType: "image/jpeg", Alt: "A wound"}}
	}))
	newest := h.post(store.Public, "Frost & <b>kale</b>.", tagged(func(p *store.Post) {
		p.Language = "nl"
		p.Extra.Attachments = []store.Attachment{{Name: strings.Repeat("a", 64) + ".jpg", MediaType: "image/jpeg", Alt: `Four "beds"`}, {Name: strings.Repeat("d", 64) + ".mp4", MediaType: "video/mp4"}}
	}))
	h.post(store.Followers, "PRIVATE", tagged(func(*store.Post) {}))
	for _, path := range feedPaths {
		w := h.ask("GET", path, "")
		f := readFeed(t, w)
		page := "https://" + testHost + path[:strings.LastIndexByte(path, '.')]
		if f.title == "" || f.self != "https://"+testHost+path || f.page != page {
			t.Errorf("%s: title %q, self %q, page %q", path, f.title, f.self, f.page)
		}
		if len(f.entries) != 20 {
			t.Fatalf("%s: %d entries", path, len(f.entries))
		}
		first := f.entries[0]
		if first.link != "https://"+testHost+"/@nora/"+formatID(newest.ID) || first.published != "2026-11-23T12:00:00Z" || !strings.Contains(first.html, "<b>kale</b>") ||
			!strings.Contains(first.html, `alt="Four &#34;beds&#34;"`) || !strings.Contains(first.html, ">Video</a>: No description") {
			t.Errorf("%s: %+v", path, first)
		}
		if first.file != "https://"+testHost+"/media/"+strings.Repeat("a", 64)+".jpg" || first.fileType != "image/jpeg" {
			t.Errorf("%s: enclosure %q %q", path, first.file, first.fileType)
		}
		if sensitive := f.entries[1]; sensitive.file != "" || strings.Contains(sensitive.html, "<img") || !strings.Contains(sensitive.html, "A wound") {
			t.Errorf("%s: sensitive: %+v", path, sensitive)
		}
		if warned := f.entries[2]; warned.title != "Slugs" || warned.file != "" || strings.Contains(warned.html, "HIDDEN") || !strings.Contains(warned.html, "Show post") {
			t.Errorf("%s: warned: %+v", path, warned)
		}
		again := h.ask("GET", path, "", func(r *http.Request) { r.Header.Set("If-None-Match", w.Header().Get("ETag")) })
		if again.Code != 304 || again.Body.Len() != 0 || strings.Contains(w.Body.String(), "PRIVATE") {
			t.Errorf("%s: asked again: %d", path, again.Code)
		}
	}
	head := between(h.page("/tags/frost"), "<head>", "</head>")
	for _, path := range feedPaths {
		says(t, head, `href="`+path+`"`)
	}
	h.change(func(s *store.Settings) { s.Feeds = false })
	for _, path := range feedPaths {
		if w := h.ask("GET", path, ""); w.Code != 404 {
			t.Errorf("switched off, %s: %d", path, w.Code)
		}
		hides(t, h.page("/tags/frost"), path)
	}
	for _, odd := range []string{"/@nora.xml", "/@nora.atom.rss", "/@else.rss", "/tags/none.rss", "/tags/.atom", "/@.atom"} {
		if w := h.ask("GET", odd, ""); w.Code != 404 {
			t.Errorf("%s: %d", odd, w.Code)
		}
	}
}

// T34: nothing in any feed, nor in what others embed, runs.
func TestT34_FeedsAndEmbeds(t *testing.T) {
	for _, attack := range attacks {
		h := newHouse(t)
		h.write(func(tx *store.Tx) error {
			me, err := tx.Actor(store.OwnerID)
			if err != nil {
				return err
			}
			me.Name = attack
			return tx.SaveActor(&me)
		})
		nasty := func(p *store.Post) {
			p.Language, p.Title = attack, attack
			p.Extra.Tags = []string{"frost", attack}
			p.Extra.Attachments = []store.Attachment{{URL: "javascript:alert(1)", Alt: attack, MediaType: attack}, {URL: "https://x.example/" + attack, Alt: attack, MediaType: "image/png"}}
			p.Extra.Poll = &store.Poll{Options: []store.PollOption{{Name: attack}}}
		}
		posts := []store.Post{h.post(store.Public, "Frost.", nasty), h.post(store.Public, "Frost.", nasty, func(p *store.Post) { p.Summary = attack })}
		for _, path := range feedPaths {
			for _, e := range readFeed(t, h.ask("GET", path, "")).entries {
				inert(t, attack+" in "+path, e.html)
			}
		}
		for _, p := range posts {
			var embed struct {
				HTML string `json:"html"`
			}
			body := h.page("/oembed?url=https://" + testHost + "/@nora/" + formatID(p.ID))
			must(t, json.Unmarshal([]byte(body), &embed))
			inert(t, attack+" embedded", embed.HTML)
			inert(t, attack+" as HTML", body) // a browser that is told nonsense about the type
		}
		for _, path := range []string{"/@nora/media", "/archive/2026/11", "/@nora/followers", "/sitemap.xml"} {
			inert(t, attack+" at "+path, h.ask("GET", path, browser).Body.String())
		}
	}
}

func TestTheMapOfTheSite(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Public, "Frost.", func(p *store.Post) { p.EditedAt = noon.Add(time.Hour) })
	quiet := h.post(store.Unlisted, "Quiet.")
	if w := h.ask("GET", "/sitemap.xml", ""); w.Code != 404 {
		t.Errorf("before the owner lets search engines in: %d", w.Code)
	}
	hides(t, h.ask("GET", "/robots.txt", "").Body.String(), "Sitemap")
	h.change(func(s *store.Settings) { s.SearchEngines = true })
	says(t, h.ask("GET", "/robots.txt", "").Body.String(), "Sitemap: https://"+testHost+"/sitemap.xml")
	var set struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []struct {
			Loc     string `xml:"loc"`
			Lastmod string `xml:"lastmod"`
		} `xml:"url"`
	}
	w := h.ask("GET", "/sitemap.xml", "")
	must(t, xml.NewDecoder(io.TeeReader(w.Body, io.Discard)).Decode(&set))
	if len(set.URLs) != 3 || set.URLs[2].Loc != "https://"+testHost+"/@nora/"+formatID(p.ID) || set.URLs[2].Lastmod != "2026-11-23T13:00:00Z" {
		t.Errorf("%+v (the quiet one is %d)", set, quiet.ID)
	}
	h.change(func(s *store.Settings) { s.PostsOnWeb = false })
	hides(t, h.ask("GET", "/sitemap.xml", "").Body.String(), formatID(p.ID))
	for range 10 {
		w = h.ask("GET", "/sitemap.xml", "")
	}
	if w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a robot may read every post without end: %d", w.Code)
	}
}
