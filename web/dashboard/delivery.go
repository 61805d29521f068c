package dashboard

import (
	"errors"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/store"
)

type deliveryRow struct {
	Host, Note, State, Text string
	When                    time.Time
}

type fetchRow struct {
	Host, Text string
	Time       time.Time
}

type deliveryPage struct {
	assets.Owner
	Card                  assets.Card
	Delivery              assets.Delivery
	WithFollowers, Others int
	Open, Accepted        []deliveryRow
	Median                string
	Fetched               []fetchRow
	Pager                 assets.Pager
}

// delivery handles GET /me/post/ID/delivery: where an own post went, by server.
func (d *Dashboard) delivery(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "delivery", answer{}, func(v *view) (any, error) {
		var page deliveryPage
		p, err := v.ownPost(idOf(r))
		if err != nil {
			return nil, err
		}
		if page.Owner, err = v.frame("Where this post went", ""); err != nil {
			return nil, err
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = cards[0]
		return &page, v.deliveries(&page, p)
	})
}

func (v *view) deliveries(page *deliveryPage, p store.Post) error {
	receipts, err := v.tx.Receipts(p.ID)
	if err != nil {
		return err
	}
	servers := byServer(receipts)
	page.Delivery = tally(p.ID, servers)
	for _, r := range servers {
		row, followers, err := v.deliveryRow(r, p)
		if err != nil {
			return err
		}
		if followers > 0 {
			page.WithFollowers++
		} else {
			page.Others++
		}
		if r.State == store.DeliveryAccepted {
			page.Accepted = append(page.Accepted, row)
		} else {
			page.Open = append(page.Open, row)
		}
	}
	return nil
}

func (v *view) deliveryRow(r store.Receipt, p store.Post) (deliveryRow, int, error) {
	row := deliveryRow{Host: r.Host, Note: "nobody follows"}
	host, err := v.tx.Host(r.Host)
	if errors.Is(err, store.ErrNotFound) {
		return row, 0, nil
	}
	if err != nil {
		return row, 0, err
	}
	followers, err := v.tx.FollowersOnHost(host.ID)
	if err != nil {
		return row, 0, err
	}
	if followers > 0 {
		row.Note = plural(followers, "follower", "followers")
	}
	row.When = v.local(r.TriedAt)
	if row.When.IsZero() {
		// The compact record of an older post keeps states and no times.
		row.When = v.local(p.PublishedAt)
	}
	row.State, row.Text = v.outcome(r)
	return row, followers, nil
}

// outcome is the state of a delivery and what happened, in words.
func (v *view) outcome(r store.Receipt) (state, text string) {
	reason := r.Error
	if reason != "" {
		reason = " " + sentence(reason)
	}
	switch r.State {
	case store.DeliveryAccepted:
		return "accepted", ""
	case store.DeliveryUnknown:
		return "unknown", "Sent, but no answer came." + reason + v.nextTry(r)
	case store.DeliveryWaiting:
		return "waiting", "Never sent yet." + reason + v.nextTry(r)
	case store.DeliveryRefused:
		return "refused", "The server said no." + reason + " We do not try again."
	case store.DeliveryLost:
		return "given-up", "Sent without an answer, then given up: a copy may be there." + reason
	}
	return "given-up", "We tried for days." + reason
}

func (v *view) nextTry(r store.Receipt) string {
	if r.DueAt.IsZero() {
		return ""
	}
	if !r.DueAt.After(v.now) {
		return " The next try is due now."
	}
	if !r.DeadAt.IsZero() {
		return " Nothing arrived at this server on seven days, so it is left alone: it gets this at once when it speaks to us, and one more try in " +
			span(r.DueAt.Sub(v.now)) + "."
	}
	return " Next try in " + span(r.DueAt.Sub(v.now)) + "."
}

// sentence ends a reason with a full stop.
func sentence(s string) string {
	if last := s[len(s)-1]; last == '.' || last == '!' || last == '?' {
		return s
	}
	return s + "."
}
