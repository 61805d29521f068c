package dashboard

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	requestsShown = 20
	decidedShown  = 6
	bulkMost      = 100 // requests decided by one form
)

type requestPost struct {
	Text, Lang, URL string
	Time            time.Time
}

type request struct {
	ID            string
	Person        assets.Person
	Bio           template.HTML
	Facts         []assets.Fact
	Posts         []requestPost
	Server        string
	Problem       string
	CanFollowBack bool
}

type decision struct {
	Person   assets.Person
	Accepted bool
	Time     time.Time
}

type requestsPage struct {
	assets.Owner
	Waiting           []request
	Approves, Several bool
	Pager             assets.Pager
	Decided           []decision
}

// requests handles GET /me/requests, with several=1 to tick more than one.
func (d *Dashboard) requests(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	evidence, more, err := d.evidence(r.Context(), number(query.Get("after")))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "requests", answer{}, func(v *view) (any, error) {
		page := requestsPage{Approves: v.set.ApproveFollowers, Several: query.Get("several") == "1"}
		var err error
		if page.Owner, err = v.frame("Follow requests", "requests"); err != nil {
			return nil, err
		}
		for _, e := range evidence {
			item, err := v.request(e)
			if err != nil {
				return nil, err
			}
			page.Waiting = append(page.Waiting, item)
		}
		base := "/me/requests?"
		if page.Several {
			base += "several=1&"
		}
		if more {
			page.Pager.Older, page.Pager.OlderText = base+"after="+decimal(evidence[len(evidence)-1].Actor.ID), "Earlier requests"
		}
		if query.Get("after") != "" {
			page.Pager.Newer, page.Pager.NewerText = base[:len(base)-1], "Newest requests"
		}
		page.Decided, err = v.decided()
		return page, err
	})
}

// evidence gathers what is known of those who wait, a page of them.
func (d *Dashboard) evidence(ctx context.Context, after int64) (list []federation.Evidence, more bool, err error) {
	waiting, err := store.Get(ctx, d.service.Store(), func(tx *store.Tx) ([]store.Follower, error) {
		return tx.FollowersIn(store.FollowAsked, after, requestsShown+1)
	})
	if err != nil {
		return nil, false, err
	}
	if more = len(waiting) > requestsShown; more {
		waiting = waiting[:requestsShown]
	}
	for _, f := range waiting {
		e, err := d.service.Evidence(ctx, f.ActorID)
		if err != nil {
			return nil, false, err
		}
		list = append(list, e)
	}
	return list, more, nil
}

func (v *view) decided() ([]decision, error) {
	list, err := v.tx.DecidedLately(decidedShown)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.ActorID
	}
	if err := v.read(ids...); err != nil {
		return nil, err
	}
	var out []decision
	for _, f := range list {
		out = append(out, decision{v.known(f.ActorID), f.State == store.FollowAccepted, v.local(f.DecidedAt)})
	}
	return out, nil
}

// requestsDecide handles POST /me/requests: one person, or all that are ticked.
func (d *Dashboard) requestsDecide(w http.ResponseWriter, r *http.Request) {
	var ids []int64
	for _, sent := range r.PostForm["id"] {
		if id := number(sent); id != 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		reply.Redirect(w, r, "/me/requests?several=1&done=none")
		return
	}
	if len(ids) > bulkMost {
		d.fail(w, r, reply.Errorf(reply.Unprocessable, "At most %d requests can be decided at once.", bulkMost))
		return
	}
	done, err := d.decide(r.Context(), r.PostForm.Get("do"), ids)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/requests?done="+done)
}

func (d *Dashboard) decide(ctx context.Context, do string, ids []int64) (done string, err error) {
	switch do {
	case "accept":
		return "accepted", d.service.Accept(ctx, ids...)
	case "reject":
		return "rejected", d.service.Reject(ctx, ids...)
	case "accept-follow":
		if err := d.service.Accept(ctx, ids...); err != nil {
			return "", err
		}
		for _, id := range ids {
			if _, err := d.service.Follow(ctx, id); err != nil {
				return "", err
			}
		}
		return "followed-back", nil
	}
	return "", reply.Errorf(reply.Unprocessable, "Choose accept or reject.")
}

// blockAsk handles GET /me/requests/ID/block: the page before the block of a whole
// server, reached from a request or a report.
func (d *Dashboard) blockAsk(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "block_server", answer{}, func(v *view) (any, error) {
		a, err := v.actor(idOf(r))
		if err != nil {
			return nil, err
		}
		host, err := v.tx.HostByID(a.HostID)
		if err != nil {
			return nil, err
		}
		page, err := v.blockServerPage(host.Name, "requests")
		if err != nil {
			return nil, err
		}
		page.Action, page.MaySilence = r.URL.Path, false
		asked, err := asksToFollow(v.tx, a.ID)
		if page.BackURL = "/me/reports"; asked {
			page.BackURL, page.Heading, page.Button = "/me/requests", "Reject and block "+host.Name+"?", "Reject and block "+host.Name
		}
		return page, err
	})
}

// block handles POST /me/requests/ID/block.
func (d *Dashboard) block(w http.ResponseWriter, r *http.Request) {
	asked, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (bool, error) { return asksToFollow(tx, idOf(r)) })
	if err == nil {
		_, err = d.service.RejectAndBlock(r.Context(), idOf(r))
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	if !asked {
		reply.Redirect(w, r, "/me/reports?done=server-blocked")
		return
	}
	reply.Redirect(w, r, "/me/requests?done=blocked")
}

// asksToFollow says whether somebody's request waits.
func asksToFollow(tx *store.Tx, id int64) (bool, error) {
	f, err := tx.Follower(id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && f.State == store.FollowAsked, err
}
