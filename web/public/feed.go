package public

import (
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const feedEntries = 20

// The elements of a feed (RFC 4287).
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

// Feed answers GET of /@NAME.atom: the newest posts that the profile lists.
func (s *Site) Feed(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, "atom", (*view).feed)
}

func (v *view) feed() (*page, error) {
	posts, err := v.tx.OwnPosts(store.Page{Limit: feedEntries}, v.widest(), false, false)
	if err != nil {
		return nil, err
	}
	s, o := v.site, v.site.svc.Origin()
	page0 := o.URL(s.ProfilePath())
	f := atomFeed{
		ID: s.svc.ActorURI(), Title: v.owner.Called() + " (" + v.owner.Handle + ")",
		Links:  []atomLink{{Rel: "self", Type: "application/atom+xml", Href: o.URL(s.feedPath())}, {Rel: "alternate", Type: "text/html", Href: page0}},
		Author: atomPerson{Name: v.owner.Called(), URI: page0},
	}
	if v.owner.Avatar != "" {
		f.Icon = o.URL(v.owner.Avatar)
	}
	newest := s.svc.Identity().CreatedAt
	for _, p := range posts {
		e := v.feedEntry(p)
		if changed := changedAt(p); changed.After(newest) {
			newest = changed
		}
		f.Entries = append(f.Entries, e)
	}
	f.Updated = newest.UTC().Format(time.RFC3339)
	body, err := xml.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	return &page{body: append([]byte(xml.Header), body...), contentType: reply.TypeAtom}, nil
}

func changedAt(p store.Post) time.Time {
	if p.EditedAt.After(p.PublishedAt) {
		return p.EditedAt
	}
	return p.PublishedAt
}

func (v *view) feedEntry(p store.Post) atomEntry {
	o := v.site.svc.Origin()
	address := o.URL(v.site.PostPath(p.ID))
	e := atomEntry{
		ID: p.URI, Title: heading(p, longTitle), Published: p.PublishedAt.UTC().Format(time.RFC3339),
		Updated: changedAt(p).UTC().Format(time.RFC3339),
		Links: []atomLink{
			{Rel: "alternate", Type: "text/html", Href: address},
			{Rel: "alternate", Type: "application/activity+json", Href: p.URI},
		},
		Content: atomContent{Type: "html", Lang: p.Language, Text: v.feedHTML(p, address)},
	}
	for _, tag := range p.Extra.Tags {
		e.Categories = append(e.Categories, atomCategory{strings.ToLower(tag)})
	}
	return e
}

// feedHTML is the text of a post in a feed. Many readers show everything at
// once, so what stands behind a content warning stays on the post's own page.
func (v *view) feedHTML(p store.Post, address string) string {
	if p.Summary != "" {
		return "<p>" + html.EscapeString(p.Summary) + `</p><p><a href="` + html.EscapeString(address) + `">Show post</a></p>`
	}
	var b strings.Builder
	b.WriteString(p.Content)
	if p.Extra.Poll != nil { // without counts: readers keep what they got
		b.WriteString("<ul>")
		for _, o := range p.Extra.Poll.Options {
			b.WriteString("<li>" + html.EscapeString(o.Name) + "</li>")
		}
		b.WriteString("</ul>")
	}
	for _, m := range p.Extra.Attachments {
		link := m.URL
		if m.Name != "" {
			link = picture(m.Name)
		}
		if strings.HasPrefix(link, "/media/") {
			link = v.site.svc.Origin().URL(link)
		}
		if !ap.IsURL(link) {
			continue // html/template does not look after this one
		}
		alt := m.Alt
		if alt == "" {
			alt = "No description"
		}
		fmt.Fprintf(&b, `<p><a href="%s">%s</a>: %s</p>`, html.EscapeString(link), mediaKind(m.MediaType), html.EscapeString(alt))
	}
	return b.String()
}
