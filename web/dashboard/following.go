package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
)

// following handles GET /me/following?by=: the newest follows first, or who posted
// last, or those of whom nothing came for over a year.
func (d *Dashboard) following(w http.ResponseWriter, r *http.Request) {
	by, after := r.URL.Query().Get("by"), number(r.URL.Query().Get("after"))
	d.show(w, r, "people", answer{}, func(v *view) (any, error) {
		page, err := v.people("Following", "following")
		if err != nil {
			return nil, err
		}
		var silent int
		page.Total, page.Silent = page.Following, by == "silent"
		if page.Servers, silent, err = v.tx.CountFollowed(d.service.SilentSince()); err != nil {
			return nil, err
		}
		base := "/me/following"
		for _, t := range []assets.Tab{{URL: base, Text: "Newest"}, {URL: base + "?by=post", Text: "Last post"}, {URL: base + "?by=silent", Text: "Silent over a year", Count: silent}} {
			t.Current = t.URL == base+"?by="+by
			page.Tabs = append(page.Tabs, t)
		}
		if by == "post" || by == "silent" {
			base += "?by=" + by
			page.People, page.Pager, err = v.followingBySilence(by, base, after)
			return page, err
		}
		page.Tabs[0].Current = true
		page.People, page.Pager, err = v.followingNewest(base, after)
		return page, err
	})
}

// followingNewest is a page of follows and of requests that wait, the last first.
func (v *view) followingNewest(base string, after int64) ([]personRow, assets.Pager, error) {
	list, err := v.tx.FollowingList(after, peopleShown+1)
	if err != nil {
		return nil, assets.Pager{}, err
	}
	list, pager := cutPeople(list, base, after, func(f store.Following) int64 { return f.ActorID })
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.ActorID
	}
	if err := v.read(ids...); err != nil {
		return nil, pager, err
	}
	rows := make([]personRow, len(list))
	for i, f := range list {
		rows[i] = personRow{Person: v.known(f.ActorID), Waiting: f.State == store.FollowAsked, RemoveURL: personPath(f.ActorID) + "/unfollow"}
		if !rows[i].Waiting {
			rows[i].Note = "since " + month(v.local(f.DecidedAt))
		}
	}
	return rows, pager, nil
}

// followingBySilence is a page of whom the owner follows, with when they last posted.
func (v *view) followingBySilence(by, base string, after int64) ([]personRow, assets.Pager, error) {
	var list []store.Silence
	var err error
	if by == "silent" {
		list, err = v.tx.SilentFollowing(v.d.service.SilentSince(), after, peopleShown+1)
	} else {
		list, err = v.tx.FollowingByPost(after, peopleShown+1)
	}
	if err != nil {
		return nil, assets.Pager{}, err
	}
	list, pager := cutPeople(list, base, after, func(s store.Silence) int64 { return s.ActorID })
	notes, err := v.faceNotes(list)
	rows := make([]personRow, len(notes))
	for i, n := range notes {
		if list[i].LastPost.IsZero() && list[i].DeadAt.IsZero() {
			n.Note = "no post of theirs came since you follow them"
		}
		rows[i] = personRow{Person: n.Person, Note: n.Note, RemoveURL: personPath(list[i].ActorID) + "/unfollow"}
	}
	return rows, pager, err
}
