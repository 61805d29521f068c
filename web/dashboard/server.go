package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const removedNamed = 5 // of those who are removed together

type chosenRow struct {
	ID     string
	Person assets.Person
	Note   string
}

type serverPage struct {
	assets.Owner
	Server  serverRow
	Waiting int
	People  []chosenRow
	Pager   assets.Pager
}

// server handles GET /me/followers/server/ID: the followers on one server.
func (d *Dashboard) server(w http.ResponseWriter, r *http.Request) {
	after := number(r.URL.Query().Get("after"))
	d.show(w, r, "server", answer{}, func(v *view) (any, error) {
		h, err := v.followerHost(idOf(r))
		if err != nil {
			return nil, err
		}
		page := serverPage{Server: v.serverRow(h)}
		if page.Owner, err = v.frame(h.Name, "followers"); err != nil {
			return nil, err
		}
		waiting, err := v.tx.WaitingOn([]int64{h.ID}, 0)
		if err != nil {
			return nil, err
		}
		for _, n := range waiting[h.ID] {
			page.Waiting += n
		}
		list, err := v.tx.FollowersAtHost(h.ID, after, peopleShown+1)
		if err != nil {
			return nil, err
		}
		list, page.Pager = cutPeople(list, page.Server.URL, after, func(s store.Silence) int64 { return s.ActorID })
		notes, err := v.faceNotes(list)
		for i, n := range notes {
			page.People = append(page.People, chosenRow{decimal(list[i].ActorID), n.Person, n.Note})
		}
		return page, err
	})
}

// followerHost reads how one server stands.
func (v *view) followerHost(id int64) (store.FollowerHost, error) {
	var h store.FollowerHost
	var err error
	if h.Host, err = v.tx.HostByID(id); err != nil {
		return h, err
	}
	if h.People, err = v.tx.FollowersOnHost(id); err != nil {
		return h, err
	}
	h.FailingSince, err = v.tx.FailingSince(id)
	return h, err
}

// removeServerAsk handles GET /me/followers/server/ID/remove.
func (d *Dashboard) removeServerAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Remove followers", "followers", func(v *view, page *confirmPage) error {
		h, err := v.followerHost(idOf(r))
		if err != nil {
			return err
		}
		if h.People == 0 {
			return store.ErrNotFound
		}
		page.Heading = "Remove " + followers(h.People) + " on " + h.Name + "?"
		page.Button, page.BackURL = "Remove "+followers(h.People), serverPath(h.ID)
		page.Lines = []string{
			whatRemovingDoes,
			"Their server is told for each of them. They can ask to follow you again.",
		}
		if state, _, lasted := v.hostState(h.Host, h.FailingSince); state == "gone" || state == "silent" {
			page.Lines[1] = h.Name + " has not answered for " + lasted + ", so it is told when it answers again, for three days. Nothing new is tried after that."
		}
		return nil
	})
}

const whatRemovingDoes = "They get no new posts from you and can no longer fetch posts for followers. What their server has stays there."

func followers(n int) string { return plural(n, "follower", "followers") }

// removeServer handles POST /me/followers/server/ID/remove.
func (d *Dashboard) removeServer(w http.ResponseWriter, r *http.Request) {
	n, err := d.service.RemoveFollowersOn(r.Context(), idOf(r))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/followers?done=server-removed&n="+decimal(int64(n)))
}

// removeSomeAsk handles GET /me/followers/remove?id=…: those who were chosen.
func (d *Dashboard) removeSomeAsk(w http.ResponseWriter, r *http.Request) {
	ids := chosen(r.URL.Query()["id"])
	if len(ids) == 0 {
		reply.Redirect(w, r, "/me/followers?done=nobody")
		return
	}
	d.confirm(w, r, "Remove followers", "followers", func(v *view, page *confirmPage) error {
		known, err := v.tx.Silences(ids)
		if err != nil {
			return err
		}
		if err := v.read(ids...); err != nil {
			return err
		}
		names := ""
		for _, id := range ids {
			if _, ok := known[id]; !ok {
				continue // not a follower any more
			}
			page.Hidden = append(page.Hidden, hidden{"id", decimal(id)})
			page.BackURL = serverPath(v.seen[id].HostID)
			if n := len(page.Hidden); n == 1 {
				names = v.known(id).Handle
			} else if n <= removedNamed {
				names += ", " + v.known(id).Handle
			}
		}
		n := len(page.Hidden)
		if n == 0 {
			return store.ErrNotFound
		}
		if n > removedNamed {
			names += " and " + plural(n-removedNamed, "other", "others")
		}
		page.Heading, page.Button = "Remove "+followers(n)+"?", "Remove "+followers(n)
		page.Lines = []string{names + ".", whatRemovingDoes, "Their server is told. They can ask to follow you again."}
		return nil
	})
}

// removeSome handles POST /me/followers/remove.
func (d *Dashboard) removeSome(w http.ResponseWriter, r *http.Request) {
	if err := d.service.RemoveFollower(r.Context(), chosen(r.PostForm["id"])...); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/followers?done=removed")
}

// chosen reads the ids of a form with many boxes, at most a page of them.
func chosen(values []string) []int64 {
	var ids []int64
	for _, text := range values[:min(len(values), peopleShown)] {
		if id := number(text); id != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}
