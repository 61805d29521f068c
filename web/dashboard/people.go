package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	peopleShown   = 50
	followingRead = 5000 // at most, to count their servers
)

type personRow struct {
	Person    assets.Person
	Note      string
	Waiting   bool
	RemoveURL string
}

type peoplePage struct {
	assets.Owner
	Kind           string
	Total, Servers int
	Tabs           []assets.Tab
	People         []personRow
	Unknown        int
	Silent, Asking bool
	Shown          string
	Pager          assets.Pager
}

// following handles GET /me/following.
func (d *Dashboard) following(w http.ResponseWriter, r *http.Request) {
	after := number(r.URL.Query().Get("after"))
	d.show(w, r, "people", answer{}, func(v *view) (any, error) {
		page, err := v.people("Following", "following")
		if err != nil {
			return nil, err
		}
		page.Total = page.Following
		if page.Servers, err = v.followingServers(); err != nil {
			return nil, err
		}
		list, err := v.tx.FollowingList(after, peopleShown+1)
		if err != nil {
			return nil, err
		}
		list, page.Pager = cutPeople(list, "/me/following", after, func(f store.Following) int64 { return f.ActorID })
		for _, f := range list {
			a, err := v.actor(f.ActorID) // read already, to count the servers
			if err != nil {
				return nil, err
			}
			row := personRow{Person: v.face(a), Waiting: f.State == store.FollowAsked, RemoveURL: personPath(f.ActorID) + "/unfollow"}
			if !row.Waiting {
				row.Note = "since " + month(v.local(f.DecidedAt))
			}
			page.People = append(page.People, row)
		}
		return page, nil
	})
}

func (v *view) people(title, kind string) (page peoplePage, err error) {
	page.Kind = kind
	page.Owner, err = v.frame(title, kind)
	page.Shown = v.listShown()
	return page, err
}

// followingServers counts the servers of those whom the owner follows.
func (v *view) followingServers() (int, error) {
	list, err := v.tx.FollowingList(0, followingRead)
	if err != nil {
		return 0, err
	}
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.ActorID
	}
	if err := v.read(ids...); err != nil {
		return 0, err
	}
	hosts := map[int64]bool{}
	for _, f := range list {
		if f.State == store.FollowAccepted {
			hosts[v.seen[f.ActorID].HostID] = true
		}
	}
	return len(hosts), nil
}

// cutPeople drops the one row too many and leads to the next page. Lists of
// people are walked one way; the way back is their beginning.
func cutPeople[T any](rows []T, base string, after int64, id func(T) int64) ([]T, assets.Pager) {
	var pager assets.Pager
	if len(rows) > peopleShown {
		rows = rows[:peopleShown]
		pager.Older, pager.OlderText = base+"?after="+decimal(id(rows[peopleShown-1])), "More"
	}
	if after != 0 {
		pager.Newer, pager.NewerText = base, "To the beginning"
	}
	return rows, pager
}

// follow handles POST /me/person/ID/follow.
func (d *Dashboard) follow(w http.ResponseWriter, r *http.Request) {
	id := idOf(r)
	if _, err := d.service.Follow(r.Context(), id); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, personPath(id)))
}

// unfollowAsk handles GET /me/person/ID/unfollow.
func (d *Dashboard) unfollowAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Unfollow", "following", func(v *view, page *confirmPage) error {
		a, err := v.who(page, idOf(r))
		if err != nil {
			return err
		}
		f, err := v.tx.Following(a.ID)
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Unfollow "+page.Who.Called()+"?", "Unfollow", personPath(a.ID)
		page.Lines = []string{"New posts of theirs no longer come to Home, and their server stops sending them. Their server is told."}
		if f.State == store.FollowAsked {
			page.Heading, page.Button = "Take your request to "+page.Who.Called()+" back?", "Take it back"
			page.Lines = []string{"They have not answered yet. Their server is told that you no longer ask."}
		}
		return nil
	})
}

// unfollow handles POST /me/person/ID/unfollow.
func (d *Dashboard) unfollow(w http.ResponseWriter, r *http.Request) {
	if err := d.service.Unfollow(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/following?done=unfollowed")
}

// removeAsk handles GET /me/person/ID/remove.
func (d *Dashboard) removeAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Remove follower", "followers", func(v *view, page *confirmPage) error {
		a, err := v.who(page, idOf(r))
		if err != nil {
			return err
		}
		if follows, err := v.tx.IsFollower(a.ID); err != nil {
			return err
		} else if !follows {
			return store.ErrNotFound
		}
		page.Heading, page.Button, page.BackURL = "Remove "+page.Who.Called()+" as a follower?", "Remove", serverPath(a.HostID)
		page.Lines = []string{
			"They get no new posts from you and can no longer fetch posts for followers. What their server has stays there.",
			"Their server is told. They can ask to follow you again.",
		}
		return nil
	})
}

// remove handles POST /me/person/ID/remove.
func (d *Dashboard) remove(w http.ResponseWriter, r *http.Request) {
	if err := d.service.RemoveFollower(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/followers?done=removed")
}
