package dashboard

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	queuesShown  = 50
	refusedShown = 50
	deadSuggest  = 7 * 24 * time.Hour // after which it is suggested to end it
)

// queueRow is a server for which something waits.
type queueRow struct {
	ID, Host, Note                   string
	State, Words                     string
	Queue, Why, Cause, Next          string
	Last                             time.Time
	Suggest, SuggestURL, SuggestText string
}

type deliveriesPage struct {
	assets.Owner
	Reach          assets.Reach
	Waiting, Total int
	Oldest         string
	Rows           []queueRow
	Refused        []serverRow
	Deleted        []deletionRow
	Pager          assets.Pager
}

// deliveriesList handles GET /me/deliveries: what waits, by server.
func (d *Dashboard) deliveriesList(w http.ResponseWriter, r *http.Request) {
	after := number(r.URL.Query().Get("after"))
	d.show(w, r, "deliveries", answer{}, func(v *view) (any, error) {
		var page deliveriesPage
		var err error
		if page.Owner, err = v.frame("Deliveries", "deliveries"); err != nil {
			return nil, err
		}
		var rows []serverRow
		if rows, page.Reach, err = v.servers(); err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.State == "refused" && len(page.Refused) < refusedShown {
				page.Refused = append(page.Refused, row)
			}
		}
		if page.Deleted, err = v.deletions(); err != nil {
			return nil, err
		}
		var oldest time.Time
		if page.Waiting, oldest, err = v.tx.QueueSize(); err != nil {
			return nil, err
		}
		if page.Waiting > 0 {
			page.Oldest = span(v.now.Sub(oldest))
		}
		return &page, v.queues(&page, after)
	})
}

// queues fills in the servers for which something waits: those that have failed
// for longest first.
func (v *view) queues(page *deliveriesPage, after int64) error {
	list, err := v.tx.HostQueues()
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b store.HostQueue) int {
		return cmp.Or(failingFirst(a.FailingSince, b.FailingSince), strings.Compare(a.Name, b.Name))
	})
	page.Total = len(list)
	if after != 0 {
		list = list[slices.IndexFunc(list, func(q store.HostQueue) bool { return q.ID == after })+1:]
		page.Pager.Newer, page.Pager.NewerText = "/me/deliveries", "To the beginning"
	}
	if len(list) > queuesShown {
		rest := len(list) - queuesShown
		list = list[:queuesShown]
		page.Pager.Older, page.Pager.OlderText = "/me/deliveries?after="+decimal(list[queuesShown-1].ID), plural(rest, "more server", "more servers")
	}
	ids := make([]int64, len(list))
	for i, q := range list {
		ids[i] = q.ID
	}
	kinds, err := v.tx.WaitingOn(ids, 0)
	if err != nil {
		return err
	}
	people, err := v.tx.FollowersByHost(ids)
	for _, q := range list {
		page.Rows = append(page.Rows, v.queueRow(q, kinds[q.ID], people[q.ID]))
	}
	return err
}

// failingFirst orders times of a first failure, what works last.
func failingFirst(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

func (v *view) queueRow(q store.HostQueue, kinds map[string]int, people int) queueRow {
	row := queueRow{ID: decimal(q.ID), Host: q.Name, Note: "nobody follows", Queue: waitingWords(kinds), Last: v.local(q.AcceptedAt)}
	if people > 0 {
		row.Note = followers(people)
	}
	if s := software(q.Host); s != "" {
		row.Note += ", " + s
	}
	if q.FailingSince.IsZero() && q.DeadAt.IsZero() {
		row.State, row.Words, row.Next = "waiting", "On its way", "It goes out now."
		return row
	}
	row.State, row.Words, _ = v.hostState(q.Host, q.FailingSince)
	if q.Error != "" {
		row.Why = sentence("It " + strings.TrimPrefix(q.Error, "it "))
		if strings.HasPrefix(q.Error, "its ") {
			row.Why = sentence("I" + q.Error[1:])
		}
		row.Cause = cause(q.Error)
	}
	row.Next = v.nextWords(q)
	if gone := v.now.Sub(q.FailingSince); !q.DeadAt.IsZero() && !q.FailingSince.IsZero() && gone >= deadSuggest {
		row.Suggest = "If it is gone for good, dropping what waits ends the tries."
		if people > 0 {
			row.SuggestURL, row.SuggestText = serverPath(q.ID)+"/remove", "Remove its "+followers(people)+"…"
			row.Suggest = "If it is gone for good, removing its " + followers(people) + " ends the tries."
		}
	}
	return row
}

func (v *view) nextWords(q store.HostQueue) string {
	tried := "Tried " + plural(q.Tries, "time", "times") + ". "
	switch {
	case q.Tries == 0:
		tried = ""
	case q.Tries == 1:
		tried = "Tried once. "
	}
	if !q.DueAt.After(v.now) {
		return tried + "The next try is due now."
	}
	when := v.local(q.DueAt).Format("Monday 15:04")
	if v.now.YearDay() == v.local(q.DueAt).YearDay() {
		when = "today " + v.local(q.DueAt).Format("15:04")
	}
	if !q.DeadAt.IsZero() {
		return tried + "Left alone until it speaks to us; else one more try on " + when + "."
	}
	return tried + "Next try " + when + ", in " + span(q.DueAt.Sub(v.now)) + "."
}

// waitingWords counts what waits in the words of the owner: "3 posts, 1 deletion".
func waitingWords(kinds map[string]int) string {
	posts, answers, deletions, rest := 0, 0, 0, 0
	for kind, n := range kinds {
		switch kind {
		case "Create", "Announce", "Update":
			posts += n
		case "Accept", "Reject":
			answers += n
		case "Delete":
			deletions += n
		default:
			rest += n
		}
	}
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{posts, "post or edit", "posts and edits"}, {deletions, "deletion", "deletions"},
		{answers, "answer to a follow", "answers to follows"}, {rest, "other message", "other messages"},
	} {
		if p.n > 0 {
			parts = append(parts, plural(p.n, p.one, p.many))
		}
	}
	if parts == nil {
		return "Nothing"
	}
	return strings.Join(parts, ", ")
}

// deliveriesRetry handles POST /me/deliveries/ID/retry.
func (d *Dashboard) deliveriesRetry(w http.ResponseWriter, r *http.Request) {
	if err := d.service.RetryHost(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, withDone(backTo(r, "/me/deliveries"), "retrying"))
}

// deliveriesAsk handles GET /me/deliveries/ID/drop: with ?post= only what is of one
// post, with ?deletions=yes the deletions as well.
func (d *Dashboard) deliveriesAsk(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	post, deletions := number(query.Get("post")), query.Get("deletions") == "yes"
	d.confirm(w, r, "Drop deliveries", "deliveries", func(v *view, page *confirmPage) error {
		h, err := v.tx.HostByID(idOf(r))
		if err != nil {
			return err
		}
		waiting, err := v.tx.WaitingOn([]int64{h.ID}, post)
		if err != nil {
			return err
		}
		kinds := waiting[h.ID]
		n := kinds["Delete"]
		if !deletions {
			delete(kinds, "Delete")
		}
		page.BackURL = "/me/deliveries"
		if post != 0 {
			page.BackURL = postPath(post) + "/delivery"
			page.Hidden = append(page.Hidden, hidden{"post", decimal(post)})
		}
		dropLines(page, h.Name, kinds, n, deletions, post)
		return nil
	})
}

// dropLines says what is dropped and what that means. Deletions are no part of it
// unless they were asked for, on a page of their own.
func dropLines(page *confirmPage, host string, kinds map[string]int, deletions int, these bool, post int64) {
	page.Heading, page.Button = "Drop what waits for "+host+"?", "Drop "+waitingWords(kinds)
	if post != 0 {
		page.Heading, page.Button = "Stop trying to send this post to "+host+"?", "Stop trying"
	}
	if len(kinds) > 0 {
		page.Lines = append(page.Lines, host+" does not get "+theseWords(kinds)+". The page of each post shows it as given up.")
	} else {
		page.Lines = append(page.Lines, "Nothing waits that could be dropped.")
		page.Button = ""
	}
	if kinds["Accept"]+kinds["Reject"] > 0 {
		page.Lines = append(page.Lines, "People there who asked to follow you do not learn what you answered.")
	}
	switch {
	case these && deletions > 0:
		page.Heading, page.Button = "Drop the deletions for "+host+" too?", "Drop "+waitingWords(kinds)
		page.Lines = append(page.Lines, "What you deleted stays on "+host+" for good: nothing asks for its deletion again. This cannot be made good later.")
		page.Hidden = append(page.Hidden, hidden{"deletions", "yes"})
	case deletions > 0 && post == 0:
		page.Lines = append(page.Lines, plural(deletions, "deletion waits on and is", "deletions wait on and are")+" tried for as long as promised: that server may still show what you deleted.")
		page.MoreURL, page.MoreText = page.Action+"?deletions=yes", "Drop the deletions too…"
	}
	if !these || deletions == 0 {
		page.Lines = append(page.Lines, "New posts are sent there as before.")
	}
}

// theseWords is waitingWords within a sentence.
func theseWords(kinds map[string]int) string { return "these: " + waitingWords(kinds) }

// deliveriesDrop handles POST /me/deliveries/ID/drop.
func (d *Dashboard) deliveriesDrop(w http.ResponseWriter, r *http.Request) {
	post := number(r.PostForm.Get("post"))
	n, err := d.service.DropHost(r.Context(), idOf(r), post, r.PostForm.Get("deletions") == "yes")
	if err != nil {
		d.fail(w, r, err)
		return
	}
	to := "/me/deliveries"
	if post != 0 {
		to = postPath(post) + "/delivery"
	}
	reply.Redirect(w, r, to+"?done=dropped&n="+decimal(int64(n)))
}

// withDone puts a word for the notice into a path of ours, before its fragment.
func withDone(path, done string) string {
	path, fragment, found := strings.Cut(path, "#")
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	if found {
		fragment = "#" + fragment
	}
	return path + sign + "done=" + done + fragment
}
