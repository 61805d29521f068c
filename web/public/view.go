package public

import (
	"errors"
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
}

// author is somebody else on a page.
type author struct {
	person assets.Person
	hidden bool // blocked, or gone
}

func (s *Site) newView(tx *store.Tx) (*view, error) {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return nil, fmt.Errorf("read own profile: %w", err)
	}
	set := s.svc.Settings()
	v := &view{site: s, tx: tx, set: set, me: me, now: zoned(s.svc.Now(), set), authors: map[int64]author{}}
	v.owner = assets.Person{Name: me.Name, Handle: "@" + me.Handle(), URL: s.ProfilePath(), Avatar: picture(me.Avatar)}
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
		Feed: v.site.feedPath(), NoIndex: !v.set.SearchEngines, Version: v.site.svc.Version(), Now: v.now,
	}
	if v.owner.Avatar != "" {
		frame.Image = o.URL(v.owner.Avatar)
	}
	return frame
}

// widest is the quietest of the owner's posts that lists show.
func (v *view) widest() store.Visibility {
	if v.set.UnlistedOnWeb {
		return store.Unlisted
	}
	return store.Public
}

// listed says whether a post may stand on a page that is not its own.
func (v *view) listed(p store.Post) (bool, error) {
	if p.BoostOf != 0 || p.Visibility > v.widest() {
		return false, nil
	}
	if p.Own() {
		return true, nil
	}
	a, err := v.author(p.ActorID)
	return p.Visibility == store.Public && !a.hidden, err
}

// author reads somebody else, once per page.
func (v *view) author(id int64) (author, error) {
	if id == store.OwnerID {
		return author{person: v.owner}, nil
	}
	if a, ok := v.authors[id]; ok {
		return a, nil
	}
	row, err := v.tx.Actor(id)
	if errors.Is(err, store.ErrNotFound) {
		return author{hidden: true}, nil
	}
	if err != nil {
		return author{}, fmt.Errorf("read author %d: %w", id, err)
	}
	blocked, err := federation.Blocked(v.tx, row.URI)
	if err != nil {
		return author{}, fmt.Errorf("look up a block of author %d: %w", id, err)
	}
	address := row.URL
	if address == "" {
		address = row.URI
	}
	a := author{
		person: assets.Person{Name: row.Name, Handle: "@" + row.Handle(), URL: address, Avatar: picture(row.Avatar)},
		hidden: blocked || !row.GoneAt.IsZero(),
	}
	v.authors[id] = a
	return a, nil
}

// entry is a post as visitors see it.
func (v *view) entry(p store.Post) (assets.Entry, error) {
	a, err := v.author(p.ActorID)
	if err != nil {
		return assets.Entry{}, err
	}
	e := assets.Entry{
		ID: formatID(p.ID), URL: v.postAddress(p), Author: a.person, ByOwner: p.Own(), Time: p.PublishedAt, Edited: p.EditedAt,
		Lang: p.Language, Warning: p.Summary, Content: template.HTML(p.HTML()), // cleaned before it was stored
		ShowCounts: true, Boosts: p.Boosts, Likes: p.Likes, Poll: v.poll(p),
	}
	if p.Language != v.set.Language {
		e.LangName = assets.LanguageName(p.Language)
	}
	for _, m := range p.Extra.Attachments {
		address := m.URL
		if m.Name != "" {
			address = picture(m.Name)
		}
		e.Media = append(e.Media, assets.Media{URL: address, Kind: mediaKind(m.MediaType), Alt: m.Alt})
	}
	e.ReplyTo, e.ReplyURL, err = v.answers(p)
	return e, err
}

// poll is the poll of a post with its results, as far as they are not kept back.
func (v *view) poll(p store.Post) *assets.Poll {
	q := p.Extra.Poll
	if q == nil {
		return nil
	}
	over := q.Over(v.now)
	out := &assets.Poll{
		ID: formatID(p.ID), Multiple: q.Multiple, Voters: q.Voters, Hidden: q.HideTotals && !over, End: assets.Ends(v.now, q.EndsAt, over),
	}
	for _, o := range q.Options {
		out.Options = append(out.Options, assets.PollOption{Name: o.Name, Votes: o.Votes})
	}
	return out
}

// ownEntry is an own post in a list, with the answers that visitors may see
// counted: the stored count holds private ones too.
func (v *view) ownEntry(p store.Post) (assets.Entry, error) {
	e, err := v.entry(p)
	if err != nil {
		return e, err
	}
	list, err := v.tx.Replies(p.ID, repliesCounted)
	if err != nil {
		return e, fmt.Errorf("read replies to post %d: %w", p.ID, err)
	}
	for _, q := range list {
		ok, err := v.listed(q)
		if err != nil {
			return e, err
		}
		if ok {
			e.Replies++
		}
	}
	return e, nil
}

// answers names whom a post answers, and links to it if everybody may read it.
func (v *view) answers(p store.Post) (handle, address string, err error) {
	if p.ParentURI == "" {
		return "", "", nil
	}
	parent, err := v.tx.Post(p.ParentID)
	if errors.Is(err, store.ErrNotFound) {
		if len(p.Extra.Mentions) > 0 {
			return "@" + p.Extra.Mentions[0].Handle, "", nil
		}
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read parent of post %d: %w", p.ID, err)
	}
	a, err := v.author(parent.ActorID)
	if err != nil {
		return "", "", err
	}
	if parent.Visibility.Open() && !a.hidden {
		address = v.postAddress(parent)
	}
	return a.person.Handle, address, nil
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
// its first words.
func heading(p store.Post, runes int) string {
	if p.Summary != "" {
		return markup.Excerpt(template.HTMLEscapeString(p.Summary), runes)
	}
	if text := markup.Excerpt(p.Content, runes); text != "" {
		return text
	}
	return "Post"
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
