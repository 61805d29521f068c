package dashboard

import (
	"html/template"
	"net/http"
	"net/url"

	"github.com/julienschmidt/httprouter"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	tagCards  = 20
	tagsShown = 500
)

type tagRow struct {
	Name, URL string
	Since     string
}

type featuredRow struct {
	Name, URL string
	Posts     int
}

type tagsPage struct {
	assets.Owner
	Tags       []tagRow
	Featured   []featuredRow
	Tag, Error string // of the form
}

// tags handles GET /me/tags: the hashtags that the owner follows.
func (d *Dashboard) tags(w http.ResponseWriter, r *http.Request) { d.showTags(w, r, "", nil) }

// tagChange handles POST /me/tags: tag, and do = follow, unfollow, feature or
// unfeature.
func (d *Dashboard) tagChange(w http.ResponseWriter, r *http.Request) {
	typed, do := r.PostForm.Get("tag"), r.PostForm.Get("do")
	change := d.service.FollowTag
	switch do {
	case "unfollow":
		change = d.service.UnfollowTag
	case "feature":
		change = d.service.FeatureTag
	case "unfeature":
		change = d.service.UnfeatureTag
	}
	name, err := change(r.Context(), typed)
	if _, ok := refused(err); ok {
		d.showTags(w, r, typed, err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	next := tagPath(name)
	if do == "feature" || do == "unfeature" {
		next = "/me/tags#featured"
	}
	reply.Redirect(w, r, backTo(r, next))
}

func (d *Dashboard) showTags(w http.ResponseWriter, r *http.Request, typed string, wrong error) {
	page, status := tagsPage{Tag: typed}, http.StatusOK
	if words, ok := refused(wrong); ok {
		page.Error, status = words, refusedStatus(wrong)
	}
	d.show(w, r, "tags", answer{status: status}, func(v *view) (any, error) {
		var err error
		if page.Owner, err = v.frame("Hashtags", "tags"); err != nil {
			return nil, err
		}
		list, err := v.tx.FollowedTags(store.Page{Limit: tagsShown})
		for _, f := range list {
			page.Tags = append(page.Tags, tagRow{f.Name, tagPath(f.Name), month(v.local(f.At))})
		}
		if err != nil {
			return nil, err
		}
		shown, err := v.tx.TagFeatures()
		for _, f := range shown {
			page.Featured = append(page.Featured, featuredRow{f.Name, tagPath(f.Name), f.Posts})
		}
		return page, err
	})
}

func tagPath(name string) string { return "/me/tags/" + url.PathEscape(name) }

type tagPage struct {
	assets.Owner
	Tag     string
	Follows bool
	Cards   []assets.Card
	Pager   assets.Pager
}

// tag handles GET /me/tags/TAG: the posts with a hashtag that are stored here.
func (d *Dashboard) tag(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	name, ok := federation.TagName(httprouter.ParamsFromContext(r.Context()).ByName("tag"))
	if !ok {
		d.fail(w, r, reply.Errorf(reply.NotFound, "No hashtag is called so. One has letters, digits and _, at least one letter, and no spaces."))
		return
	}
	p := pageOf(number(query.Get("before")), number(query.Get("after")), tagCards)
	d.show(w, r, "tag", answer{cache: reply.Private}, func(v *view) (any, error) {
		page := tagPage{Tag: name}
		var err error
		if page.Owner, err = v.frame("#"+name, "tags"); err != nil {
			return nil, err
		}
		followed, err := v.tx.FollowedAmong([]string{name})
		if err != nil {
			return nil, err
		}
		page.Follows, v.filtersAt = followed[name], store.FilterPublic
		// What is for people named alone is a conversation.
		rows, err := v.tx.Tagged(store.TagQuery{Any: []string{name}, WidestTo: store.Followers}, p)
		if err != nil {
			return nil, err
		}
		rows, page.Pager = cutPage(rows, p, tagPath(name)+"?", postID)
		if rows, err = v.unlimited(rows); err != nil {
			return nil, err
		}
		page.Cards, _, err = v.cards(rows)
		return page, err
	})
}

// content is the text of a post as the owner sees it: its hashtags lead to the
// owner's page of each.
func content(p store.Post) template.HTML {
	return template.HTML(markup.LinkHashtags(p.HTML(), func(tag string) string {
		if name, ok := federation.TagName(tag); ok {
			return tagPath(name)
		}
		return ""
	}))
}

// addFollowedTags says in Home which followed hashtags brought posts of people
// there whom the owner does not follow.
func (v *view) addFollowedTags(posts []store.Post, cards []assets.Card) error {
	if !v.inHome {
		return nil
	}
	var authors []int64
	var tags []string
	for _, p := range posts {
		if len(p.Extra.Tags) > 0 && !p.Own() {
			authors, tags = append(authors, p.ActorID), append(tags, store.TagNames(p.Extra.Tags)...)
		}
	}
	if len(tags) == 0 {
		return nil
	}
	followed, err := v.tx.FollowedAmong(tags)
	if err != nil || len(followed) == 0 {
		return err
	}
	bonds, err := v.tx.Bonds(authors)
	for i, p := range posts {
		if bonds[p.ActorID].Follows || p.Own() || p.Visibility != store.Public {
			continue
		}
		for _, tag := range p.Extra.Tags {
			if name := store.TagName(tag); followed[name] {
				cards[i].Tags = append(cards[i].Tags, assets.Tag{Name: tag, URL: tagPath(name)})
			}
		}
	}
	return err
}
