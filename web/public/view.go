package public

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
)

// view is what one page is made from: a transaction, and the owner and the
// settings as they are in it.
type view struct {
	site    *Site
	tx      *store.Tx
	set     store.Settings
	me      store.Actor
	owner   assets.Person
	now     time.Time // in the owner's zone
	authors map[int64]author
	emojis  federation.EmojiPaths
}

// author is somebody on a page.
type author struct {
	person assets.Person
	hidden bool // blocked, or gone; a mute is nobody's business and changes nothing here
	host   int64
}

func (s *Site) newView(tx *store.Tx) (*view, error) {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return nil, fmt.Errorf("read own profile: %w", err)
	}
	set := s.svc.Settings()
	v := &view{site: s, tx: tx, set: set, me: me, now: zoned(s.svc.Now(), set), authors: map[int64]author{}, emojis: federation.EmojiPaths{}}
	v.owner = assets.Person{Name: me.Name, Handle: "@" + me.Handle(), URL: s.ProfilePath(), Avatar: picture(me.Avatar)}
	v.authors[store.OwnerID] = author{person: v.owner}
	return v, nil
}

func picture(name string) string {
	if name == "" {
		return ""
	}
	return "/media/" + name
}

// visitor is the frame of a page at path.
func (v *view) visitor(title, description, path string) assets.Visitor {
	o := v.site.svc.Origin()
	frame := assets.Visitor{
		Title: title, Description: description, Canonical: o.URL(path), Lang: "en", Host: o.Host, Me: v.owner,
		NoIndex: !v.set.SearchEngines, NoAI: !v.set.AICrawlers, Search: v.searchable(), Version: v.site.svc.Version(), Now: v.now,
	}
	if v.feeds() {
		frame.Feeds = feedLinks(v.site.ProfilePath(), v.owner.Called(), true)
	}
	if v.owner.Avatar != "" {
		frame.Image = o.URL(v.owner.Avatar)
	}
	return frame
}

// What visitors may have beyond single posts hangs on the posts being shown.

func (v *view) feeds() bool      { return v.set.PostsOnWeb && v.set.Feeds }
func (v *view) searchable() bool { return v.set.PostsOnWeb && v.set.VisitorSearch }

// widest is the quietest of the owner's posts that lists show.
func (v *view) widest() store.Visibility {
	if v.set.UnlistedOnWeb {
		return store.Unlisted
	}
	return store.Public
}

// listed says whether a post may stand on a page that is not its own. Its author
// was read.
func (v *view) listed(p store.Post) bool {
	switch {
	case p.BoostOf != 0 || p.Visibility > v.widest():
		return false
	case p.Own():
		return true
	}
	a := v.author(p.ActorID)
	return p.Visibility == store.Public && !a.hidden
}

// read makes sure that authors are at hand, in a few queries for all of them.
func (v *view) read(ids ...int64) error {
	var missing []int64
	for _, id := range ids {
		if _, ok := v.authors[id]; !ok && id != 0 {
			missing = append(missing, id)
			v.authors[id] = author{hidden: true} // unless it is found
		}
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := v.tx.Actors(missing...)
	if err != nil {
		return fmt.Errorf("read authors: %w", err)
	}
	hidden, err := v.tx.HiddenActors(rows)
	if err != nil {
		return fmt.Errorf("look up who is hidden: %w", err)
	}
	if err := v.readEmojis(rows); err != nil {
		return err
	}
	for id, a := range rows {
		v.authors[id] = author{person: v.face(a), hidden: hidden[id], host: a.HostID}
	}
	return nil
}

// face is somebody of another server as one line.
func (v *view) face(a store.Actor) assets.Person {
	address := a.URL
	if address == "" {
		address = a.URI
	}
	return assets.Person{Name: a.Name, Handle: "@" + a.Handle(), URL: address, Avatar: v.site.svc.FacePath(a, federation.ForVisitors), Emojis: v.emojis.Of(a.HostID, a.Extra.Emojis)}
}

// author is somebody who was read; of anybody else nothing is shown.
func (v *view) author(id int64) author {
	if a, ok := v.authors[id]; ok {
		return a
	}
	return author{hidden: true}
}

// postAddress is the page of a post: here for own ones, else at its server.
func (v *view) postAddress(p store.Post) string {
	switch {
	case p.Own():
		return v.site.PostPath(p.ID)
	case p.URL != "":
		return p.URL
	}
	return p.URI
}

func mediaKind(mediaType string) string {
	kind, _, _ := strings.Cut(mediaType, "/")
	switch kind {
	case "image":
		return "Picture"
	case "video":
		return "Video"
	case "audio":
		return "Sound"
	}
	return "File"
}

// heading is what a post is called in a title: its warning if it has one, else
// its first words, else what is attached.
func heading(p store.Post, runes int) string {
	if p.Summary != "" {
		return markup.Excerpt(template.HTMLEscapeString(p.Summary), runes)
	}
	if p.Title != "" {
		return markup.Excerpt(template.HTMLEscapeString(p.Title), runes)
	}
	if text := markup.Excerpt(p.Content, runes); text != "" {
		return text
	}
	if len(p.Extra.Attachments) == 0 {
		return "Post"
	}
	first := p.Extra.Attachments[0]
	kind := mediaKind(first.MediaType)
	if first.Alt == "" || p.Sensitive {
		return kind
	}
	return kind + ": " + markup.Excerpt(template.HTMLEscapeString(first.Alt), runes)
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// ParseID reads a post's id as formatID writes it, and in no other spelling:
// one page has one address.
func ParseID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 || formatID(id) != text {
		return 0, store.ErrNotFound
	}
	return id, nil
}
