package public

import (
	"fmt"
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
	entriesPage      = 20 // posts on a page
	recommendedShown = 20
	longDescribed    = 200 // characters of a description for link previews
)

// profile is the part of a page that says who this is.
type profile struct {
	Bio                  template.HTML
	Header               string
	Fields               []assets.ProfileField
	Since                time.Time
	Followers, Following int
	Counted, ShowFollows bool
	FollowForm, Hidden   bool
	Tabs                 []assets.Tab
	Archive              *assets.Archive
	Moved                *assets.Person
	Tags                 []assets.Tag
	Recommended          []assets.Person
}

type profilePage struct {
	assets.Visitor
	profile
	Pinned, Entries []assets.Entry
	Pager           assets.Pager
}

// Profile answers GET of / and /@NAME: ActivityPub clients get the actor, and
// people the page. ?before=ID shows older posts.
func (s *Site) Profile(w http.ResponseWriter, r *http.Request) {
	if federation.WantsActivity(r) {
		s.svc.ServeActor(w, r)
		return
	}
	s.paged(w, r, "profile", func(v *view, before int64) (*page, error) { return v.posts(before, false) })
}

// Replies answers GET of /@NAME/replies: the profile with the owner's answers
// to others.
func (s *Site) Replies(w http.ResponseWriter, r *http.Request) {
	s.paged(w, r, "replies", func(v *view, before int64) (*page, error) {
		if !v.set.PostsOnWeb {
			return nil, store.ErrNotFound
		}
		return v.posts(before, true)
	})
}

// paged serves a list that ?before=ID continues.
func (s *Site) paged(w http.ResponseWriter, r *http.Request, key string, render func(*view, int64) (*page, error)) {
	before, err := placeOf(r)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.serve(w, r, key+" "+formatID(before), func(v *view) (*page, error) { return render(v, before) })
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

// posts is the profile with a list of posts; those with answers to others have
// no boosts among them.
func (v *view) posts(before int64, replies bool) (*page, error) {
	list, tab := v.site.ProfilePath(), "posts"
	if replies {
		list, tab = list+"/replies", "replies"
	}
	d := profilePage{Visitor: v.profileFrame(list)}
	var err error
	if d.profile, err = v.profile(tab); err != nil {
		return nil, err
	}
	if v.set.PostsOnWeb {
		if before == 0 && !replies {
			if d.Pinned, err = v.pinned(); err != nil {
				return nil, err
			}
		}
		posts, err := v.tx.OwnPosts(store.Page{Max: before, Limit: entriesPage + 1}, v.widest(), replies, !replies)
		if err != nil {
			return nil, err
		}
		if d.Entries, d.Pager, err = v.entriesPage(posts, before, list); err != nil {
			return nil, err
		}
	}
	d.Entries = slices.DeleteFunc(d.Entries, func(e assets.Entry) bool { // stands on top already
		return slices.ContainsFunc(d.Pinned, func(p assets.Entry) bool { return p.ID == e.ID })
	})
	return v.profileHTML("public_profile", d, d.FollowForm)
}

// profileHTML renders a page that has the follow form, which ends at another
// host.
func (v *view) profileHTML(name string, data any, form bool) (*page, error) {
	p, err := v.html(name, data)
	if p != nil {
		p.open = form
	}
	return p, err
}

// profileFrame is the frame of the profile with any of its lists.
func (v *view) profileFrame(path string) assets.Visitor {
	about := markup.Excerpt(v.me.Summary, longDescribed)
	if about == "" {
		about = v.owner.Called() + " on " + v.site.svc.Origin().Host
	}
	frame := v.visitor(v.owner.Called()+" ("+v.owner.Handle+")", about, path)
	frame.Activity, frame.Kind, frame.OEmbed = v.site.svc.ActorURI(), "profile", v.site.oembedPath(path)
	frame.ImageAlt = "The picture of " + v.owner.Called()
	return frame
}

// profile reads who this is; tab is the list beside it.
func (v *view) profile(tab string) (profile, error) {
	path := v.site.ProfilePath()
	p := profile{
		Bio:    template.HTML(v.me.Summary), // cleaned before it was stored
		Header: picture(v.me.Header), Fields: v.fields(), Since: zoned(v.site.svc.Identity().CreatedAt, v.set),
		ShowFollows: v.set.ShowCounts || v.set.ShowLists, FollowForm: v.site.remote != nil && v.me.Extra.MovedTo == "", Hidden: !v.set.PostsOnWeb,
	}
	var err error
	if p.Moved, err = v.moved(); err != nil {
		return p, err
	}
	if p.Tags, err = v.featuredTags(); err != nil {
		return p, err
	}
	if p.Recommended, err = v.recommended(); err != nil {
		return p, err
	}
	if v.set.ShowCounts {
		p.Counted = true
		if p.Followers, p.Following, err = v.followCounts(); err != nil {
			return p, err
		}
	}
	if p.Hidden {
		return p, nil
	}
	pictured, err := v.tx.CountOwnWithMedia(v.widest())
	if err != nil {
		return p, err
	}
	if p.Archive, err = v.archive(0); err != nil {
		return p, err
	}
	p.Tabs = []assets.Tab{
		{URL: path, Text: "Posts", Current: tab == "posts"}, {URL: path + "/replies", Text: "With replies", Current: tab == "replies"},
		{URL: path + "/media", Text: "Media", Count: pictured, Current: tab == "media"},
	}
	return p, nil
}

func (v *view) followCounts() (followers, following int, err error) {
	if followers, err = v.tx.CountFollowers(store.FollowAccepted); err != nil {
		return 0, 0, err
	}
	following, err = v.tx.CountFollowing()
	return followers, following, err
}

// entriesPage are the posts of one page and the way to its neighbours; posts holds
// one more than a page if there is an older one.
func (v *view) entriesPage(posts []store.Post, before int64, list string) (out []assets.Entry, pager assets.Pager, err error) {
	if before != 0 {
		pager.Newer, pager.NewerText = list, "Newest posts"
	}
	if len(posts) > entriesPage {
		posts = posts[:entriesPage]
		pager.Older = list + "?before=" + formatID(posts[entriesPage-1].ID)
	}
	out, err = v.entries(posts)
	return out, pager, err
}

// featuredTags are the hashtags that the owner shows on the profile.
func (v *view) featuredTags() (list []assets.Tag, err error) {
	names, err := v.tx.FeaturedTagNames()
	for _, name := range names {
		list = append(list, assets.Tag{Name: name, URL: v.site.svc.TagURL(name)})
	}
	return list, err
}

// recommended are the people whom the owner recommends, but those who are gone or
// blocked with their server.
func (v *view) recommended() (list []assets.Person, err error) {
	ids, err := v.tx.Endorsements(0, recommendedShown)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	people, err := v.tx.Actors(ids...)
	if err != nil {
		return nil, err
	}
	hidden, err := v.tx.HiddenActors(people)
	for _, id := range ids {
		if a, ok := people[id]; ok && !hidden[id] {
			list = append(list, v.face(a))
		}
	}
	return list, err
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
	if a, ok := known[uri]; ok {
		to := v.face(a)
		return &to, nil
	}
	return &assets.Person{Handle: uri, URL: uri}, nil
}

// pinned are the posts that the owner put on top, as far as lists show them.
func (v *view) pinned() ([]assets.Entry, error) {
	posts, err := v.tx.Pinned(store.OwnerID)
	if err != nil {
		return nil, fmt.Errorf("read pinned posts: %w", err)
	}
	posts = slices.DeleteFunc(posts, func(p store.Post) bool { return !p.Own() })
	list, err := v.entries(posts)
	for i := range list {
		list[i].Pinned = true
	}
	return list, err
}

// fields are the lines under the bio. A link that leads back is marked.
func (v *view) fields() []assets.ProfileField {
	var out []assets.ProfileField
	for _, f := range v.me.Extra.Fields {
		out = append(out, assets.ProfileField{Name: f.Name, Value: template.HTML(f.Value), Verified: !f.Verified.IsZero()}) // cleaned before it was stored
	}
	return out
}
