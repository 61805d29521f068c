package public

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"dassie/web/reply"
)

// The elements of an Atom feed (RFC 4287).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Icon    string      `xml:"icon,omitempty"`
	Links   []atomLink  `xml:"link"`
	Author  atomPerson  `xml:"author"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomPerson struct {
	Name string `xml:"name"`
	URI  string `xml:"uri"`
}

type atomEntry struct {
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
	Content    atomContent    `xml:"content"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomContent struct {
	Type string `xml:"type,attr"`
	Lang string `xml:"xml:lang,attr,omitempty"`
	Text string `xml:",chardata"`
}

func (f *feed) atom() (*page, error) {
	out := atomFeed{
		ID: f.id, Title: f.title, Updated: stamp(f.updated), Icon: f.icon, Author: atomPerson{f.author, f.authorPage},
		Links: []atomLink{{Rel: "self", Type: "application/atom+xml", Href: f.self}, {Rel: "alternate", Type: "text/html", Href: f.page}},
	}
	for _, i := range f.items {
		e := atomEntry{
			ID: i.id, Title: i.title, Published: stamp(i.published), Updated: stamp(i.updated), Content: atomContent{"html", i.lang, i.html},
			Links: []atomLink{{Rel: "alternate", Type: "text/html", Href: i.page}, {Rel: "alternate", Type: "application/activity+json", Href: i.id}},
		}
		for _, m := range i.files {
			e.Links = append(e.Links, atomLink{"enclosure", m.mediaType, m.address})
		}
		for _, tag := range i.tags {
			e.Categories = append(e.Categories, atomCategory{tag})
		}
		out.Entries = append(out.Entries, e)
	}
	return xmlPage(out, reply.TypeAtom)
}

// The elements of an RSS 2.0 feed, with those of Media RSS for what is attached:
// an item has one enclosure at most, and no place for a description of it.
type rssFeed struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Media   string     `xml:"xmlns:media,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Self        atomLink  `xml:"atom:link"`
	Language    string    `xml:"language,omitempty"`
	Built       string    `xml:"lastBuildDate"`
	Image       *rssImage `xml:"image"`
	Items       []rssItem `xml:"item"`
}

type rssImage struct {
	URL   string `xml:"url"`
	Title string `xml:"title"`
	Link  string `xml:"link"`
}

type rssItem struct {
	Title       string        `xml:"title,omitempty"`
	Link        string        `xml:"link"`
	GUID        rssGUID       `xml:"guid"`
	Published   string        `xml:"pubDate"`
	Description string        `xml:"description"`
	Categories  []string      `xml:"category"`
	Enclosure   *rssEnclosure `xml:"enclosure"`
	Media       []rssMedia    `xml:"media:content"`
}

type rssGUID struct {
	IsPermaLink bool   `xml:"isPermaLink,attr"`
	Text        string `xml:",chardata"`
}

type rssEnclosure struct {
	URL    string `xml:"url,attr"`
	Length int64  `xml:"length,attr"` // 0 where it is not known, as the RSS board advises
	Type   string `xml:"type,attr"`
}

type rssMedia struct {
	URL         string  `xml:"url,attr"`
	Type        string  `xml:"type,attr"`
	Medium      string  `xml:"medium,attr,omitempty"`
	Description *string `xml:"media:description"`
}

func (f *feed) rss() (*page, error) {
	out := rssFeed{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Media: "http://search.yahoo.com/mrss/", Channel: rssChannel{
		Title: f.title, Link: f.page, Description: f.about, Self: atomLink{"self", "application/rss+xml", f.self}, Language: f.lang, Built: stamp822(f.updated),
	}}
	if f.icon != "" {
		out.Channel.Image = &rssImage{f.icon, f.title, f.page}
	}
	for _, i := range f.items {
		item := rssItem{Link: i.page, GUID: rssGUID{true, i.page}, Published: stamp822(i.published), Description: i.html, Categories: i.tags}
		if i.named {
			item.Title = i.title
		}
		for n, m := range i.files {
			if n == 0 {
				item.Enclosure = &rssEnclosure{m.address, m.size, m.mediaType}
			}
			medium, _, _ := strings.Cut(m.mediaType, "/")
			media := rssMedia{URL: m.address, Type: m.mediaType, Medium: medium}
			if m.alt != "" {
				media.Description = &m.alt
			}
			item.Media = append(item.Media, media)
		}
		out.Channel.Items = append(out.Channel.Items, item)
	}
	return xmlPage(out, reply.TypeRSS)
}

func xmlPage(v any, contentType string) (*page, error) {
	body, err := xml.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	return &page{body: append([]byte(xml.Header), body...), contentType: contentType}, nil
}

// The fields of a JSON Feed (version 1.1).
type jsonFeed struct {
	Version     string       `json:"version"`
	Title       string       `json:"title"`
	HomePage    string       `json:"home_page_url"`
	FeedURL     string       `json:"feed_url"`
	Description string       `json:"description"`
	Icon        string       `json:"icon,omitempty"`
	Language    string       `json:"language,omitempty"`
	Authors     []jsonAuthor `json:"authors"`
	Items       []jsonItem   `json:"items"`
}

type jsonAuthor struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Avatar string `json:"avatar,omitempty"`
}

type jsonItem struct {
	ID          string     `json:"id"`
	URL         string     `json:"url"`
	Title       string     `json:"title,omitempty"`
	HTML        string     `json:"content_html"`
	Image       string     `json:"image,omitempty"`
	Published   string     `json:"date_published"`
	Modified    string     `json:"date_modified,omitempty"`
	Language    string     `json:"language,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	Attachments []jsonFile `json:"attachments,omitempty"`
}

type jsonFile struct {
	URL     string  `json:"url"`
	Type    string  `json:"mime_type"`
	Title   string  `json:"title,omitempty"`
	Size    int64   `json:"size_in_bytes,omitempty"`
	Seconds float64 `json:"duration_in_seconds,omitempty"`
}

func (f *feed) json() (*page, error) {
	out := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: f.title, HomePage: f.page, FeedURL: f.self, Description: f.about, Icon: f.icon, Language: f.lang,
		Authors: []jsonAuthor{{f.author, f.authorPage, f.icon}}, Items: []jsonItem{},
	}
	for _, i := range f.items {
		item := jsonItem{ID: i.id, URL: i.page, HTML: i.html, Published: stamp(i.published), Language: i.lang, Tags: i.tags}
		if i.named {
			item.Title = i.title
		}
		if !i.updated.Equal(i.published) {
			item.Modified = stamp(i.updated)
		}
		for _, m := range i.files {
			if item.Image == "" && mediaKind(m.mediaType) == "Picture" {
				item.Image = m.address
			}
			item.Attachments = append(item.Attachments, jsonFile{m.address, m.mediaType, m.alt, m.size, m.seconds})
		}
		out.Items = append(out.Items, item)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	return &page{body: body, contentType: reply.TypeJSONFeed}, nil
}

func stamp(t time.Time) string    { return t.UTC().Format(time.RFC3339) }
func stamp822(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }
