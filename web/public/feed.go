package public

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/store"
)

const feedEntries = 20

// The forms of a feed, by the end of its address.
var feedForms = []struct {
	ending, mediaType, name string
	write                   func(*feed) (*page, error)
}{
	{".atom", "application/atom+xml", "Atom", (*feed).atom},
	{".rss", "application/rss+xml", "RSS", (*feed).rss},
	{".json", "application/feed+json", "JSON Feed", (*feed).json},
}

// feedLinks are the feeds of a list at path.
func feedLinks(path, title string, own bool) []assets.FeedLink {
	var links []assets.FeedLink
	for _, f := range feedForms {
		links = append(links, assets.FeedLink{Name: f.name, Type: f.mediaType, Title: title + " (" + f.name + ")", URL: path + f.ending, Own: own})
	}
	return links
}

// CutFeed splits the last part of an address into a name and the ending of a
// feed; ok says that it has one.
func CutFeed(part string) (name, ending string, ok bool) {
	for _, f := range feedForms {
		if name, ok = strings.CutSuffix(part, f.ending); ok && name != "" {
			return name, f.ending, true
		}
	}
	return part, "", false
}

// Feed answers GET of /@NAME.atom, .rss and .json: the newest posts of the
// profile, without boosts.
func (s *Site) Feed(w http.ResponseWriter, r *http.Request, ending string) {
	s.serveFeed(w, r, "feed"+ending, ending, func(v *view) (*feed, error) {
		f := v.newFeed(v.site.ProfilePath(), ending, v.owner.Called()+" ("+v.owner.Handle+")")
		f.id = s.svc.ActorURI()
		posts, err := v.tx.OwnPosts(store.Page{Limit: feedEntries}, v.widest(), false, false)
		f.add(v, posts)
		return f, err
	})
}

// TagFeed answers GET of /tags/TAG.atom, .rss and .json.
func (s *Site) TagFeed(w http.ResponseWriter, r *http.Request, tag, ending string) {
	if !utf8.ValidString(tag) || utf8.RuneCountInString(tag) > longestTag {
		s.Fail(w, r, store.ErrNotFound)
		return
	}
	tag = store.TagName(tag)
	s.serveFeed(w, r, "tag feed"+ending+" "+tag, ending, func(v *view) (*feed, error) {
		f := v.newFeed(tagPath(tag), ending, "#"+tag+" by "+v.owner.Called())
		f.id = f.page
		posts, err := v.tagged(tag, feedEntries)
		f.add(v, posts)
		return f, err
	})
}

func (s *Site) serveFeed(w http.ResponseWriter, r *http.Request, key, ending string, read func(*view) (*feed, error)) {
	s.serve(w, r, key, func(v *view) (*page, error) {
		if !v.feeds() {
			return nil, store.ErrNotFound
		}
		f, err := read(v)
		if err != nil {
			return nil, err
		}
		for _, form := range feedForms {
			if form.ending == ending {
				return form.write(f)
			}
		}
		return nil, store.ErrNotFound
	})
}

// feed is a list of posts, before it takes one of the forms.
type feed struct {
	id, self, page, title, about   string
	author, authorPage, icon, lang string
	updated                        time.Time
	items                          []feedItem
}

// feedItem is a post in a feed. Many readers show everything at once, so what
// stands behind a content warning stays on the post's own page.
type feedItem struct {
	id, page, title, warning string
	named                    bool // the title is more than the first words
	published, updated       time.Time
	lang, html               string
	tags                     []string
	files                    []feedFile
}

// feedFile is something attached.
type feedFile struct {
	address, mediaType, alt string
	size                    int64 // bytes; 0 if unknown
	seconds                 float64
}

func (v *view) newFeed(path, ending, title string) *feed {
	o := v.site.svc.Origin()
	f := &feed{
		self: o.URL(path + ending), page: o.URL(path), title: title, author: v.owner.Called(), authorPage: o.URL(v.site.ProfilePath()),
		about: "Posts by " + v.owner.Handle, lang: v.set.Language, updated: v.site.svc.Identity().CreatedAt,
	}
	if v.owner.Avatar != "" {
		f.icon = o.URL(v.owner.Avatar)
	}
	return f
}

func (f *feed) add(v *view, posts []store.Post) {
	for _, p := range posts {
		i := v.feedItem(p)
		if i.updated.After(f.updated) {
			f.updated = i.updated
		}
		f.items = append(f.items, i)
	}
}

func (v *view) feedItem(p store.Post) feedItem {
	i := feedItem{
		id: p.URI, page: v.site.svc.Origin().URL(v.site.PostPath(p.ID)), title: heading(p, longTitle), warning: p.Summary,
		named: p.Summary != "" || p.Title != "", published: p.PublishedAt, updated: p.PublishedAt, lang: p.Language,
	}
	if p.EditedAt.After(i.updated) {
		i.updated = p.EditedAt
	}
	for _, tag := range p.Extra.Tags {
		i.tags = append(i.tags, store.TagName(tag))
	}
	if p.Summary != "" {
		i.html = "<p>" + html.EscapeString(p.Summary) + `</p><p><a href="` + html.EscapeString(i.page) + `">Show post</a></p>`
		return i
	}
	var b strings.Builder
	b.WriteString(p.HTML())
	if p.Extra.Poll != nil { // without counts: readers keep what they got
		b.WriteString("<ul>")
		for _, o := range p.Extra.Poll.Options {
			b.WriteString("<li>" + html.EscapeString(o.Name) + "</li>")
		}
		b.WriteString("</ul>")
	}
	for _, m := range p.Extra.Attachments {
		file := feedFile{v.mediaAddress(m), m.MediaType, m.Alt, m.Size, m.Seconds}
		if !ap.IsURL(file.address) {
			continue // html/template does not look after this one
		}
		b.WriteString(file.html(p.Sensitive))
		if !p.Sensitive {
			i.files = append(i.files, file)
		}
	}
	i.html = b.String()
	return i
}

// mediaAddress is where an attachment of the owner's is, in full.
func (v *view) mediaAddress(m store.Attachment) string {
	address := m.URL
	if m.Name != "" {
		address = picture(m.Name)
	}
	if strings.HasPrefix(address, "/media/") {
		address = v.site.svc.Origin().URL(address)
	}
	return address
}

// html shows a picture, unless it is sensitive, and leads to anything else; the
// description stands there either way.
func (f feedFile) html(sensitive bool) string {
	alt := f.alt
	if alt == "" {
		alt = "No description"
	}
	address, alt := html.EscapeString(f.address), html.EscapeString(alt)
	if kind := mediaKind(f.mediaType); sensitive || kind != "Picture" {
		return fmt.Sprintf(`<p><a href="%s">%s</a>: %s</p>`, address, kind, alt)
	}
	return fmt.Sprintf(`<p><a href="%s"><img src="%s" alt="%s"></a></p>`, address, address, alt)
}
