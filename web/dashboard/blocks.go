package dashboard

import (
	"errors"
	"net/http"
	"slices"

	"dassie/store"
	"dassie/web/reply"
)

// blockPersonAsk handles GET /me/person/ID/block.
func (d *Dashboard) blockPersonAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Block", "", func(v *view, page *confirmPage) error {
		a, err := v.who(page, idOf(r))
		if err != nil {
			return err
		}
		if a.ID == store.OwnerID {
			return store.ErrNotFound
		}
		follows, err := v.tx.IsFollower(a.ID)
		if err != nil {
			return err
		}
		relation, err := v.relation(a.ID)
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Block "+page.Who.Called()+"?", "Block", personPath(a.ID)
		if back := reply.Local(r.URL.Query().Get("back")); back != "/" {
			page.BackURL, page.Hidden = back, []hidden{{"back", back}}
		}
		page.Lines = []string{
			"Nothing they send is taken any more, and nothing is sent to them. Their posts leave Home and the inbox, and boosts of them by others are not shown.",
			endOfFollows(follows, relation),
			"Their server is told, so that it stops showing them your posts. What everyone may read they can still read without logging in.",
		}
		return nil
	})
}

func endOfFollows(follows bool, relation string) string {
	followed := relation == "following" || relation == "asked"
	switch {
	case follows && followed:
		return "They follow you and you follow them: both end, and do not come back by unblocking."
	case follows:
		return "They follow you: that ends, and does not come back by unblocking."
	case followed:
		return "You follow them, or asked to: that ends, and does not come back by unblocking."
	}
	return "Neither of you follows the other. They cannot follow you from then on."
}

// blockPerson handles POST /me/person/ID/block.
func (d *Dashboard) blockPerson(w http.ResponseWriter, r *http.Request) {
	if err := d.service.Block(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, withDone(backTo(r, personPath(idOf(r))), "person-blocked"))
}

// unblockPerson handles POST /me/person/ID/unblock.
func (d *Dashboard) unblockPerson(w http.ResponseWriter, r *http.Request) {
	if err := d.service.Unblock(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, personPath(idOf(r))))
}

// blocked handles GET /me/blocked.
func (d *Dashboard) blocked(w http.ResponseWriter, r *http.Request) {
	after := number(r.URL.Query().Get("after"))
	d.show(w, r, "people", answer{}, func(v *view) (any, error) {
		page, err := v.people("Blocked", "blocked")
		if err != nil {
			return nil, err
		}
		page.Here, page.Tabs, page.Shown = "safety", troubleTabs("blocked"), "Nobody. Their servers were told, each of its own."
		if page.Total, err = v.tx.CountBlocks(); err != nil {
			return nil, err
		}
		list, err := v.tx.BlockList(after, peopleShown+1)
		if err != nil {
			return nil, err
		}
		list, page.Pager = cutPeople(list, "/me/blocked", after, func(b store.Block) int64 { return b.ActorID })
		ids := make([]int64, len(list))
		for i, b := range list {
			ids[i] = b.ActorID
		}
		if err := v.read(ids...); err != nil {
			return nil, err
		}
		for _, b := range list {
			page.People = append(page.People, personRow{
				Person: v.known(b.ActorID), Note: "since " + month(v.local(b.At)), RemoveURL: personPath(b.ActorID) + "/unblock",
			})
		}
		return page, nil
	})
}

// unhidden leaves out posts of people whom the owner blocked, alone or with their
// server (T48), in a few queries for all of them.
func (v *view) unhidden(posts []store.Post) ([]store.Post, error) {
	if len(posts) == 0 {
		return posts, nil
	}
	actors, err := v.tx.Actors(actorIDs(posts...)...)
	if err != nil {
		return nil, err
	}
	hidden, err := v.tx.HiddenActors(actors)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(posts), func(p store.Post) bool { return hidden[p.ActorID] }), nil
}

// unlimited leaves out posts by strangers of servers that the owner silenced.
func (v *view) unlimited(posts []store.Post) ([]store.Post, error) {
	limited, err := v.tx.LimitedAmong(actorIDs(posts...)...)
	return slices.DeleteFunc(slices.Clone(posts), func(p store.Post) bool { return limited[p.ActorID] }), err
}

// blocks says whether the owner blocked somebody.
func (v *view) blocks(id int64) (bool, error) {
	_, err := v.tx.BlockOf(id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// pin handles POST /me/post/ID/pin.
func (d *Dashboard) pin(w http.ResponseWriter, r *http.Request) {
	_, err := d.service.Pin(r.Context(), idOf(r))
	d.pinned(w, r, err)
}

// unpin handles POST /me/post/ID/unpin.
func (d *Dashboard) unpin(w http.ResponseWriter, r *http.Request) {
	_, err := d.service.Unpin(r.Context(), idOf(r))
	d.pinned(w, r, err)
}

func (d *Dashboard) pinned(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, postPath(idOf(r))))
}
