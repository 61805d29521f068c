package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	answersShown = 4  // fields of the form at first …
	answersMost  = 10 // … and when more are asked for; federation refuses what is longer
)

// pollLengths are how long a poll may last, on the form; the first one chosen is a day.
var pollLengths = []struct {
	lasts time.Duration
	words string
}{
	{5 * time.Minute, "5 minutes"}, {30 * time.Minute, "30 minutes"}, {time.Hour, "1 hour"}, {6 * time.Hour, "6 hours"}, {12 * time.Hour, "12 hours"},
	{day, "1 day"}, {3 * day, "3 days"}, {7 * day, "7 days"}, {14 * day, "14 days"}, {30 * day, "30 days"},
}

const day = 24 * time.Hour

// vote handles POST /me/post/ID/vote. A vote that is refused comes back with its
// poll.
func (d *Dashboard) vote(w http.ResponseWriter, r *http.Request) {
	id := idOf(r)
	choices, err := readChoices(r.PostForm["choice"])
	if err == nil {
		_, err = d.service.Vote(r.Context(), id, choices)
	}
	if _, ok := refused(err); ok && d.votedSo(r, id, choices) {
		err = nil // the button was pressed twice
	}
	if reply.CodeOf(err) == reply.Unprocessable {
		d.showPost(w, r, answer{status: http.StatusUnprocessableEntity}, &refusedVote{reply.Message(err), choices})
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, postPath(id)))
}

func readChoices(sent []string) (choices []int, err error) {
	for _, text := range sent {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, reply.Errorf(reply.Unprocessable, "This form is not whole, so nothing was sent.")
		}
		choices = append(choices, n)
	}
	return choices, nil
}

// refusedVote is a vote that did not count, and why.
type refusedVote struct {
	problem string
	choices []int
}

// mark shows it in the form that it was sent with; in results, where there is no
// form any more, it says why there is none.
func (f *refusedVote) mark(q *assets.Poll) {
	if f == nil || q == nil {
		return
	}
	q.Error = f.problem
	for _, c := range f.choices {
		if c >= 0 && c < len(q.Options) {
			q.Options[c].Tried = true
		}
	}
}

// votedSo says whether the owner voted already, and for just these answers.
func (d *Dashboard) votedSo(r *http.Request, id int64, choices []int) bool {
	votes, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (map[int64][]int, error) { return tx.OwnVotes([]int64{id}) })
	if err != nil {
		return false // the refusal is shown
	}
	slices.Sort(choices)
	slices.Sort(votes[id])
	return len(choices) > 0 && slices.Equal(slices.Compact(choices), votes[id])
}

// refreshPoll asks for new counts before the page of a poll is shown. What is
// known is shown if they cannot be had.
func (d *Dashboard) refreshPoll(r *http.Request, id int64) {
	if err := d.service.RefreshPoll(r.Context(), id); err != nil {
		d.log.Debug("new counts of a poll are not to be had", "post", id, "err", err)
	}
}

// ownVotes reads what the owner chose in the polls of a page.
func (v *view) ownVotes(posts []store.Post) (map[int64][]int, error) {
	var ids []int64
	for _, p := range posts {
		if p.Extra.Poll != nil && !p.Own() {
			ids = append(ids, p.ID)
		}
	}
	return v.tx.OwnVotes(ids)
}

// poll is the poll of a post as the owner sees it: that of another who is still
// asking is a form, and the counts of an own one are never kept back.
func (v *view) poll(p store.Post, mine []int) *assets.Poll {
	q := p.Extra.Poll
	if q == nil || len(q.Options) == 0 {
		return nil
	}
	over := q.Over(v.now)
	out := &assets.Poll{
		ID: decimal(p.ID), Multiple: q.Multiple, Voters: q.Voters, Hidden: q.HideTotals && !p.Own() && !over, End: v.ends(q.EndsAt, over),
		May: !p.Own() && !over && len(mine) == 0, CSRF: v.d.guard.CSRF(v.r), Back: v.path() + anchor(p.ID),
	}
	for _, o := range q.Options {
		out.Options = append(out.Options, assets.PollOption{Name: o.Name, Votes: o.Votes})
	}
	for _, c := range mine {
		if c < len(out.Options) {
			out.Options[c].Mine = true
		}
	}
	return out
}

// ends is "Closes tomorrow at 18:00" or "Closed 2 days ago"; "" for a poll
// without an end.
func (v *view) ends(end time.Time, over bool) string {
	switch {
	case over && (end.IsZero() || end.After(v.now)):
		return "Closed"
	case end.IsZero():
		return ""
	case over:
		return "Closed " + ago(v.now, end)
	case end.Sub(v.now) < time.Hour:
		return "Closes in " + span(end.Sub(v.now))
	}
	at := v.local(end)
	y, m, d := v.now.Date()
	midnight := func(days int) time.Time { return time.Date(y, m, d+days, 0, 0, 0, 0, v.now.Location()) }
	switch {
	case at.Before(midnight(1)):
		return "Closes today at " + at.Format("15:04")
	case at.Before(midnight(2)):
		return "Closes tomorrow at " + at.Format("15:04")
	case at.Before(midnight(7)):
		return "Closes " + at.Format("Monday") + " at " + at.Format("15:04")
	case at.Year() == y:
		return "Closes " + at.Format("2 January") + " at " + at.Format("15:04")
	}
	return "Closes " + at.Format("2 January 2006") + " at " + at.Format("15:04")
}

// pollForm is the poll of the write page, as far as it is filled in.
type pollForm struct {
	problem        string // what is to be said beside it
	options        []string
	lasts          time.Duration
	multiple, hide bool
	more           bool // all fields are asked for
}

func readPollForm(form url.Values) pollForm {
	p := pollForm{multiple: form.Get("multiple") != "", hide: form.Get("hide") != ""}
	if seconds := number(form.Get("lasts")); seconds <= int64(365*day/time.Second) {
		p.lasts = time.Duration(seconds) * time.Second
	}
	options := form["option"]
	for _, o := range options[:min(len(options), 2*answersMost)] {
		p.options = append(p.options, strings.TrimSpace(lines(o)))
	}
	return p
}

// savedPoll fills the form from a draft.
func savedPoll(u *store.UnsentPoll) pollForm {
	if u == nil {
		return pollForm{}
	}
	return pollForm{options: u.Options, lasts: u.Lasts, multiple: u.Multiple, hide: u.HideTotals}
}

// given are the answers that are filled in.
func (p pollForm) given() []string {
	var list []string
	for _, o := range p.options {
		if o != "" {
			list = append(list, o)
		}
	}
	return list
}

// draft is what federation is given; nil if no answer is filled in.
func (p pollForm) draft() *federation.PollDraft {
	if len(p.given()) == 0 {
		return nil
	}
	return &federation.PollDraft{Options: p.given(), Multiple: p.multiple, HideTotals: p.hide, Lasts: p.lasts}
}

// unsent is what a draft keeps of it.
func (p pollForm) unsent() *store.UnsentPoll {
	if len(p.given()) == 0 {
		return nil
	}
	return &store.UnsentPoll{Options: p.given(), Multiple: p.multiple, HideTotals: p.hide, Lasts: p.lasts}
}

// form is the fields, with what was typed in them.
func (p pollForm) form() *assets.PollForm {
	f := &assets.PollForm{Options: p.given(), Multiple: p.multiple, Hide: p.hide, Open: len(p.given()) > 0 || p.more, Error: p.problem}
	fields := answersShown
	if p.more || len(f.Options) > answersShown {
		fields = answersMost
	}
	for len(f.Options) < fields {
		f.Options = append(f.Options, "")
	}
	f.More = fields < answersMost
	chosen := p.lasts
	if chosen == 0 {
		chosen = day
	}
	for _, l := range pollLengths {
		seconds := strconv.FormatInt(int64(l.lasts/time.Second), 10)
		f.Lasts = append(f.Lasts, assets.Option{Value: seconds, Label: l.words, Selected: l.lasts == chosen})
	}
	return f
}
