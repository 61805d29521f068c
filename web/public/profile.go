package public

import (
	"html/template"
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
)

const (
	entriesPage    = 20  // posts on a page
	repliesCounted = 200 // direct answers of one post that a list counts
	longDescribed  = 200 // characters of a description for link previews
)

type profilePage struct {
	assets.Visitor
	Bio                             template.HTML
	Header                          string
	Fields                          []assets.ProfileField
	Since                           time.Time
	Followers, Following, Posts     int
	ShowFollows, FollowForm, Hidden bool
	Tabs                            []assets.Tab
	Pinned, Entries                 []assets.Entry
	Pager                           assets.Pager
	Moved                           *assets.Person
}

// Profile answers GET of / and /@NAME: ActivityPub clients get the actor, and
// people the page. ?before=ID shows older posts.
func (s *Site) Profile(w http.ResponseWriter, r *http.Request) {
	if federation.WantsActivity(r) {
		s.svc.ServeActor(w, r)
		return
	}
	s.serveProfile(w, r, "profile", false)
}

// Replies answers GET of /@NAME/replies: the profile with the owner's answers
// to others.
func (s *Site) Replies(w http.ResponseWriter, r *http.Request) {
	s.serveProfile(w, r, "replies", true)
}

func (s *Site) serveProfile(w http.ResponseWriter, r *http.Request, kind string, replies bool) {
	before, err := placeOf(r)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.serve(w, r, kind+" "+formatID(before), func(v *view) (*page, error) { return v.profile(before, replies) })
}

// placeOf reads where a page of a list starts; 0 for the newest.
func placeOf(r *http.Request) (int64, error) {
	if r.URL.RawQuery == "" {
		return 0, nil
	}
	text := r.URL.Query().Get("before")
	if text == "" {
		return 0, nil
	}
	return ParseID(text)
}

func (v *view) profile(before int64, replies bool) (*page, error) {
	path := v.site.ProfilePath()
	list := path
	if replies {
		list += "/replies"
	}
	about := markup.Excerpt(v.me.Summary, longDescribed)
	if about == "" {
		about = v.owner.Called() + " on " + v.site.svc.Origin().Host
	}
	d := profilePage{
		Visitor: v.visitor(v.owner.Called()+" ("+v.owner.Handle+")", about, list),
		Bio:     template.HTML(v.me.Summary), // cleaned before it was stored
		Header:  picture(v.me.Header), Fields: v.fields(), Since: zoned(v.site.svc.Identity().CreatedAt, v.set),
		ShowFollows: v.set.ShowLists, FollowForm: v.site.remote != nil,
	}
	d.Activity = v.site.svc.ActorURI()
	var err error
	if d.Moved, err = v.moved(); err != nil {
		return nil, err
	}
	if d.Followers, err = v.tx.CountFollowers(store.FollowAccepted); err != nil {
		return nil, err
	}
	if d.Following, err = v.tx.CountFollowing(); err != nil {
		return nil, err
	}
	d.Tabs = []assets.Tab{{URL: path, Text: "Posts", Current: !replies}, {URL: path + "/replies", Text: "With replies", Current: replies}}
	if before == 0 && !replies {
		if d.Pinned, err = v.pinned(); err != nil {
			return nil, err
		}
	}
	posts, err := v.tx.OwnPosts(store.Page{Max: before, Limit: entriesPage + 1}, v.widest(), replies, false)
	if err != nil {
		return nil, err
	}
	if d.Entries, d.Pager, err = v.entries(posts, before, list); err != nil {
		return nil, err
	}
	d.Entries = slices.DeleteFunc(d.Entries, func(e assets.Entry) bool { // stands on top already
		return slices.ContainsFunc(d.Pinned, func(p assets.Entry) bool { return p.ID == e.ID })
	})
	p, err := v.html("public_profile", d)
	if p != nil {
		p.open = d.FollowForm
	}
	return p, err
}

// entries are the posts of one page and the way to its neighbours; posts holds
// one more than a page if there is an older one.
func (v *view) entries(posts []store.Post, before int64, list string) (out []assets.Entry, pager assets.Pager, err error) {
	if before != 0 {
		pager.Newer, pager.NewerText = list, "Newest posts"
	}
	if len(posts) > entriesPage {
		posts = posts[:entriesPage]
		pager.Older = list + "?before=" + formatID(posts[entriesPage-1].ID)
	}
	for _, p := range posts {
		e, err := v.ownEntry(p)
		if err != nil {
			return nil, pager, err
		}
		out = append(out, e)
	}
	return out, pager, nil
}

// moved is where the owner went, nil for nowhere.
func (v *view) moved() (*assets.Person, error) {
	uri := v.me.Extra.MovedTo
	if uri == "" {
		return nil, nil
	}
	known, err := v.tx.ActorsByURI(uri)
	if err != nil {
		return nil, err
	}
	to := assets.Person{Handle: uri, URL: uri}
	if a, ok := known[uri]; ok {
		to.Name, to.Handle = a.Name, "@"+a.Handle()
		if a.URL != "" {
			to.URL = a.URL
		}
	}
	return &to, nil
}

// pinned are the posts that the owner put on top, as far as lists show them.
func (v *view) pinned() ([]assets.Entry, error) {
	posts, err := v.tx.Pinned(store.OwnerID)
	if err != nil {
		return nil, err
	}
	var out []assets.Entry
	for _, p := range posts {
		ok, err := v.listed(p)
		if err != nil {
			return nil, err
		}
		if !ok || !p.Own() {
			continue
		}
		e, err := v.ownEntry(p)
		if err != nil {
			return nil, err
		}
		e.Pinned = true
		out = append(out, e)
	}
	return out, nil
}

func (v *view) fields() []assets.ProfileField {
	var out []assets.ProfileField
	for _, f := range v.me.Extra.Fields {
		out = append(out, assets.ProfileField{Name: f.Name, Value: template.HTML(f.Value), Verified: !f.Verified.IsZero()}) // cleaned before it was stored
	}
	return out
}
