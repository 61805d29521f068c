package dashboard

import (
	"net/http"
	"strings"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const peopleShown = 50

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

func (v *view) people(title, kind string) (page peoplePage, err error) {
	page.Kind = kind
	page.Owner, err = v.frame(title, kind)
	page.Shown = v.listShown()
	return page, err
}

// cutPeople drops the one row too many and leads to the next page. Lists of
// people are walked one way; the way back is their beginning.
func cutPeople[T any](rows []T, base string, after int64, id func(T) int64) ([]T, assets.Pager) {
	var pager assets.Pager
	if len(rows) > peopleShown {
		rows = rows[:peopleShown]
		more := "?after="
		if strings.Contains(base, "?") {
			more = "&after="
		}
		pager.Older, pager.OlderText = base+more+decimal(id(rows[peopleShown-1])), "More"
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
