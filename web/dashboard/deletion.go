package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// postAsk handles GET /me/post/ID/delete.
func (d *Dashboard) postAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete post", "", func(v *view, page *confirmPage) error {
		page.Heading, page.Button = "Delete this post?", "Delete"
		return v.aboutDeletion(page, "This cannot be undone.")
	})
}

// redraftAsk handles GET /me/post/ID/redraft.
func (d *Dashboard) redraftAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete and write anew", "", func(v *view, page *confirmPage) error {
		page.Heading, page.Button = "Delete this post and write it anew?", "Delete and write anew"
		return v.aboutDeletion(page, "What is in it comes back to you as a draft. Its replies, boosts and likes do not come along, and what you post then is a new post.")
	})
}

// redraft handles POST /me/post/ID/redraft.
func (d *Dashboard) redraft(w http.ResponseWriter, r *http.Request) {
	u, err := d.service.Redraft(r.Context(), idOf(r))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/write?draft="+decimal(u.ID)+"&done=redrafted")
}

// aboutDeletion says what the deletion of the post in the path does.
func (v *view) aboutDeletion(page *confirmPage, last string) error {
	p, err := v.ownPost(idOf(v.r))
	if err != nil {
		return err
	}
	cards, err := v.plainCards([]store.Post{p})
	if err != nil {
		return err
	}
	receipts, err := v.tx.Receipts(p.ID)
	if err != nil {
		return err
	}
	sent := tally(p.ID, store.ByServer(receipts))
	page.Card, page.BackURL = &cards[0], postPath(p.ID)
	page.Lines = []string{"It goes from this server at once. " + askedToDelete(sent), last}
	return nil
}

// askedToDelete says who else is asked, with numbers.
func askedToDelete(sent assets.Delivery) string {
	copies := sent.Accepted + sent.Unknown
	if copies == 0 {
		return "No other server is known to have a copy."
	}
	return plural(copies, "server that holds a copy, or may hold one, is", "servers that hold a copy, or may hold one, are") +
		" asked to delete it; nobody can make them."
}

// postDelete handles POST /me/post/ID/delete.
func (d *Dashboard) postDelete(w http.ResponseWriter, r *http.Request) {
	n, err := d.service.Delete(r.Context(), idOf(r))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me?done=deleted&n="+decimal(int64(n))+"&gone="+decimal(idOf(r)))
}

const deletionsShown = 5

type deletionRow struct {
	URL, Words string
	Time       time.Time
}

// deletions are the posts that were deleted last, with how far that is.
func (v *view) deletions() ([]deletionRow, error) {
	list, err := v.tx.Deletions(deletionsShown)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, del := range list {
		ids[i] = del.PostID
	}
	receipts, err := v.tx.DeleteReceiptsOf(ids)
	if err != nil {
		return nil, err
	}
	var rows []deletionRow
	for _, del := range list {
		sent := tally(del.PostID, store.ByServer(receipts[del.PostID]))
		rows = append(rows, deletionRow{sent.URL, deletionWords(sent), v.local(del.At)})
	}
	return rows, nil
}

// deletionWords is the truth about a deletion in one sentence.
func deletionWords(sent assets.Delivery) string {
	total := sent.Total()
	switch {
	case total == 0:
		return "No other server had it."
	case sent.Accepted == total && total > 1:
		return "Delete sent to " + plural(total, "server", "servers") + "; all accepted."
	}
	return "Delete sent to " + plural(total, "server", "servers") + "; " + thousands(sent.Accepted) + " accepted."
}

type deletionPage struct {
	assets.Owner
	Words          string
	At             time.Time
	Delivery       assets.Delivery
	Open, Accepted []deliveryRow
	Kept           bool // it is recorded still
}

// deletion shows where the Delete of a post went that is not here any more.
func (d *Dashboard) deletion(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "deletion", answer{}, func(v *view) (any, error) {
		id := idOf(r)
		var page deletionPage
		if _, err := v.tx.DeletedOwn(id); err != nil {
			return nil, err
		}
		var err error
		if page.Owner, err = v.frame("Where its deletion went", "deliveries"); err != nil {
			return nil, err
		}
		receipts, err := v.tx.DeleteReceipts(id)
		if err != nil {
			return nil, err
		}
		servers := store.ByServer(receipts)
		page.Delivery, page.Kept = tally(id, servers), len(receipts) > 0
		page.Words = deletionWords(page.Delivery)
		ids := make([]int64, len(servers))
		for i, s := range servers {
			ids[i] = s.HostID
		}
		people, err := v.tx.FollowersByHost(ids)
		if err != nil {
			return nil, err
		}
		for _, s := range servers {
			page.At = v.local(s.QueuedAt)
			row := v.deliveryRow(s, store.Post{ID: id}, people[s.HostID])
			if s.State == store.DeliveryAccepted {
				page.Accepted = append(page.Accepted, row)
				continue
			}
			row.StopURL = "" // a promise; the page of all deliveries can drop it
			page.Open = append(page.Open, row)
		}
		return page, nil
	})
}
