package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// followerTabs are the orders of the followers, and of how many it is not known
// when they last posted.
func (v *view) followerTabs(current string) (tabs []assets.Tab, unknown int, err error) {
	silent, unknown, err := v.tx.CountSilence(v.d.service.SilentSince(), v.d.service.LastPostAskedSince())
	if err != nil {
		return nil, 0, err
	}
	for _, t := range []assets.Tab{
		{URL: "/me/followers?by=new", Text: "Newest"}, {URL: "/me/followers?by=post", Text: "Last post"},
		{URL: "/me/followers", Text: "By server"}, {URL: "/me/followers?by=silent", Text: "Silent over a year", Count: silent},
	} {
		t.Current = t.URL == "/me/followers?by="+current || current == "server" && t.URL == "/me/followers"
		tabs = append(tabs, t)
	}
	return tabs, unknown, nil
}

// followersBy shows the followers as a list of people.
func (d *Dashboard) followersBy(w http.ResponseWriter, r *http.Request, by string, after int64) {
	d.show(w, r, "people", answer{}, func(v *view) (any, error) {
		page, err := v.people("Followers", "followers")
		if err != nil {
			return nil, err
		}
		page.Total = page.Followers
		if page.Servers, err = v.tx.CountFollowerHosts(); err != nil {
			return nil, err
		}
		var unknown int
		if page.Tabs, unknown, err = v.followerTabs(by); err != nil {
			return nil, err
		}
		if by == "silent" {
			page.Silent, page.Unknown = true, unknown
			if page.Asking, err = v.tx.JobWaiting("last-posts"); err != nil {
				return nil, err
			}
		}
		list, err := v.followersIn(by, after)
		if err != nil {
			return nil, err
		}
		list, page.Pager = cutPeople(list, "/me/followers?by="+by, after, func(s store.Silence) int64 { return s.ActorID })
		notes, err := v.faceNotes(list)
		for i, n := range notes {
			page.People = append(page.People, personRow{Person: n.Person, Note: n.Note, RemoveURL: personPath(list[i].ActorID) + "/remove"})
		}
		return page, err
	})
}

// followersIn reads one page of an order, and one more.
func (v *view) followersIn(by string, after int64) ([]store.Silence, error) {
	switch by {
	case "post":
		return v.tx.FollowersByPost(after, peopleShown+1)
	case "silent":
		return v.tx.SilentFollowers(v.d.service.SilentSince(), after, peopleShown+1)
	}
	list, err := v.tx.FollowersIn(store.FollowAccepted, after, peopleShown+1)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.ActorID
	}
	known, err := v.tx.Silences(ids)
	var out []store.Silence
	for _, id := range ids {
		if s, ok := known[id]; ok {
			out = append(out, s)
		}
	}
	return out, err
}

// followersAsk handles POST /me/followers/ask: the servers of those of whom no post
// is known are asked.
func (d *Dashboard) followersAsk(w http.ResponseWriter, r *http.Request) {
	if err := d.service.AskLastPosts(r.Context()); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/followers?by=silent&done=asking")
}
