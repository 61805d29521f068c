package dashboard

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	acceptedShown = 200 // servers that accepted a post, on a page
	fetchersShown = 20
)

type deliveryRow struct {
	Host, Note, State, Text string
	When                    time.Time
	RetryURL, StopURL       string // while it waits
}

type fetchRow struct {
	Host, Text string
	Time       time.Time
}

type sendingRow struct {
	What, Text string
	Time       time.Time
}

type deliveryPage struct {
	assets.Owner
	Card                           assets.Card
	Delivery                       assets.Delivery
	FirstSent                      string
	WithFollowers, Others, Waiting int
	Open, Accepted                 []deliveryRow
	AcceptedCount                  int
	Median                         string
	Sendings                       []sendingRow
	Fetched                        []fetchRow
	FetchedMore, QueueSize         int
	QueueOldest                    string
	Pager                          assets.Pager
}

// delivery handles GET /me/post/ID/delivery: where an own post went, by server, or once
// it is deleted where its deletion went.
func (d *Dashboard) delivery(w http.ResponseWriter, r *http.Request) {
	if _, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Visibility, error) { return tx.DeletedOwn(idOf(r)) }); err == nil {
		d.deletion(w, r)
		return
	}
	from := int(min(number(r.URL.Query().Get("from")), 1<<30))
	d.show(w, r, "delivery", answer{}, func(v *view) (any, error) {
		var page deliveryPage
		p, err := v.ownPost(idOf(r))
		if err != nil {
			return nil, err
		}
		if page.Owner, err = v.frame("Where this post went", "deliveries"); err != nil {
			return nil, err
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = cards[0]
		var oldest time.Time
		if page.QueueSize, oldest, err = v.tx.QueueSize(); err != nil {
			return nil, err
		}
		if page.QueueSize > 0 {
			page.QueueOldest = span(v.now.Sub(oldest))
		}
		if err := v.deliveries(&page, p); err != nil {
			return nil, err
		}
		if err := v.sendings(&page, p.ID); err != nil {
			return nil, err
		}
		page.cut(from)
		return &page, v.fetchers(&page, p.ID)
	})
}

// cut leaves one page of the servers that accepted the post.
func (page *deliveryPage) cut(from int) {
	page.AcceptedCount = len(page.Accepted)
	page.Accepted = page.Accepted[min(from, len(page.Accepted)):]
	base := page.Delivery.URL
	if from > 0 {
		page.Pager.Newer, page.Pager.NewerText = base, "To the beginning"
	}
	if rest := len(page.Accepted) - acceptedShown; rest > 0 {
		page.Accepted = page.Accepted[:acceptedShown]
		page.Pager.Older, page.Pager.OlderText = base+"?from="+decimal(int64(from+acceptedShown)), plural(rest, "more server", "more servers")
	}
}

func (v *view) deliveries(page *deliveryPage, p store.Post) error {
	receipts, err := v.tx.Receipts(p.ID)
	if err != nil {
		return err
	}
	servers := store.ByServer(receipts)
	page.Delivery = tally(p.ID, servers)
	page.FirstSent, page.Median = sendingTimes(servers)
	ids := make([]int64, len(servers))
	for i, r := range servers {
		ids[i] = r.HostID
	}
	people, err := v.tx.FollowersByHost(ids)
	if err != nil {
		return err
	}
	for _, r := range servers {
		row := v.deliveryRow(r, p, people[r.HostID])
		if people[r.HostID] > 0 {
			page.WithFollowers++
		} else {
			page.Others++
		}
		if r.State < store.DeliveryAccepted {
			page.Waiting++
		}
		if r.State == store.DeliveryAccepted {
			page.Accepted = append(page.Accepted, row)
		} else {
			page.Open = append(page.Open, row)
		}
	}
	return nil
}

func (v *view) deliveryRow(r store.Receipt, p store.Post, people int) deliveryRow {
	row := deliveryRow{Host: r.Host, Note: "nobody follows"}
	if people > 0 {
		row.Note = followers(people)
	}
	row.When = v.local(r.TriedAt)
	if row.When.IsZero() {
		// The compact record of an older post keeps states and no times.
		row.When = v.local(p.PublishedAt)
	}
	row.State, row.Text = v.outcome(r)
	if r.State < store.DeliveryAccepted {
		at := "/me/deliveries/" + decimal(r.HostID)
		row.RetryURL, row.StopURL = at+"/retry", at+"/drop?post="+decimal(p.ID)
	}
	return row
}

// sendingTimes say how soon the first server was tried, and after what time half
// of those that accepted the post had done so; "" once that is not known any more.
func sendingTimes(servers []store.Receipt) (first, median string) {
	var tried, accepted []time.Duration
	for _, r := range servers {
		if r.TriedAt.IsZero() || r.QueuedAt.IsZero() {
			continue
		}
		tried = append(tried, r.TriedAt.Sub(r.QueuedAt))
		if r.State == store.DeliveryAccepted {
			accepted = append(accepted, r.TriedAt.Sub(r.QueuedAt))
		}
	}
	if len(tried) > 0 {
		first = short(slices.Min(tried))
	}
	if len(accepted) > 0 {
		slices.Sort(accepted)
		median = short(accepted[len(accepted)/2])
	}
	return first, median
}

// short is a duration as "0.4 s", or as span writes it.
func short(d time.Duration) string {
	if d >= time.Minute {
		return span(d)
	}
	return strconv.FormatFloat(max(d, 0).Seconds(), 'f', 1, 64) + " s"
}

// sendings tell apart the versions of a post, while several are recorded.
func (v *view) sendings(page *deliveryPage, postID int64) error {
	list, err := v.tx.Sendings(postID)
	if err != nil || len(list) < 2 {
		return err
	}
	for _, s := range list {
		row := sendingRow{What: "The post", Time: v.local(s.At)}
		switch s.Kind {
		case "Update":
			row.What = "An edit"
		case "Delete":
			row.What = "Its deletion"
		}
		total := 0
		for state, n := range s.States {
			if state != store.DeliveryCancelled {
				total += n
			}
		}
		row.Text = decimal(int64(s.States[store.DeliveryAccepted])) + " of " + plural(total, "server", "servers") + " accepted it"
		page.Sendings = append(page.Sendings, row)
	}
	return nil
}

// fetchers are the servers that asked for the post with a valid signature.
func (v *view) fetchers(page *deliveryPage, postID int64) error {
	list, err := v.tx.Fetches(postID, fetchersShown)
	if err != nil || len(list) == 0 {
		return err
	}
	all, err := v.tx.CountFetches(postID)
	if err != nil {
		return err
	}
	page.FetchedMore = all - len(list)
	for _, f := range list {
		row := fetchRow{Host: f.Host, Text: "asked for the post", Time: v.local(f.At)}
		if f.Followers == 0 {
			row.Text += "; nobody there follows you"
		}
		page.Fetched = append(page.Fetched, row)
	}
	return nil
}

// deliveryRetry handles POST /me/post/ID/delivery/retry.
func (d *Dashboard) deliveryRetry(w http.ResponseWriter, r *http.Request) {
	id := idOf(r)
	if err := d.service.RetryPost(r.Context(), id); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, postPath(id)+"/delivery?done=retrying")
}

// stopped is the reason in the store of what the owner dropped.
const stopped = "you stopped it"

// outcome is the state of a delivery and what happened, in words.
func (v *view) outcome(r store.Receipt) (state, text string) {
	reason := r.Error
	if reason != "" {
		reason = " " + sentence(strings.ToUpper(reason[:1])+reason[1:])
	}
	switch r.State {
	case store.DeliveryAccepted:
		return "accepted", ""
	case store.DeliveryUnknown:
		return "unknown", "Sent, but no answer came." + reason + v.nextTry(r)
	case store.DeliveryWaiting:
		return "waiting", "Never sent yet." + reason + v.nextTry(r)
	case store.DeliveryRefused:
		text = "The server said no." + reason
		if why := cause(r.Error); why != "" {
			text += " " + why
		}
		return "refused", text + " We do not try again."
	case store.DeliveryLost:
		if r.Error == stopped {
			return "given-up", "Sent without an answer, then stopped by you: a copy may be there."
		}
		return "given-up", "Sent without an answer, then given up: a copy may be there." + reason
	}
	if r.Error == stopped {
		return "given-up", "You stopped it before it was sent."
	}
	return "given-up", "We tried for days." + reason
}

func (v *view) nextTry(r store.Receipt) string {
	if r.DueAt.IsZero() {
		return ""
	}
	tried := ""
	if r.Tries > 1 {
		tried = " Tried " + plural(r.Tries, "time", "times") + "."
	}
	if !r.DueAt.After(v.now) {
		return tried + " The next try is due now."
	}
	if !r.DeadAt.IsZero() {
		return tried + " Nothing arrived at this server on seven days, so it is left alone: it gets this at once when it speaks to us, and one more try in " +
			span(r.DueAt.Sub(v.now)) + "."
	}
	return tried + " Next try in " + span(r.DueAt.Sub(v.now)) + "."
}

// sentence ends a reason with a full stop.
func sentence(s string) string {
	if last := s[len(s)-1]; last == '.' || last == '!' || last == '?' {
		return s
	}
	return s + "."
}
