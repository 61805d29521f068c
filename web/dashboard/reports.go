package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	reportsShown  = 20
	reportCards   = 10 // posts shown with one report
	reportOffers  = 10 // posts offered when reporting somebody
	reportLength  = 3000
	reportExcerpt = 140
)

type reportedPost struct {
	ID, Excerpt string
	Time        time.Time
	Chosen      bool
}

type reportPage struct {
	assets.Owner
	Who                                  assets.Person
	Action, BackURL, Server, Text, Error string
	Forward                              bool
	Categories                           []assets.Option
	Posts                                []reportedPost
}

type reportItem struct {
	ID                     string
	Who                    assets.Person
	Text, Answer, BlockURL string
	Path, Server           string // of who sent it, for what can be done about them
	Muted, Silenced        bool
	Time, Done             time.Time
	Forwarded              bool
	Cards                  []assets.Card
	Changed                []evidence // what is not here any more as it was reported
	Missing                int
}

// evidence is what a post said that was deleted or edited since it was reported.
type evidence struct {
	Warning, Text string
	Time          time.Time
	Files         int
	Gone          bool
}

type reportsPage struct {
	assets.Owner
	Tabs  []assets.Tab
	Own   bool
	Items []reportItem
	Pager assets.Pager
}

// categories are what can be wrong; rules there are none that could be broken.
var categories = []assets.Option{
	{Value: "other", Label: "Something else"}, {Value: "spam", Label: "Spam"}, {Value: "legal", Label: "Against the law"},
}

// reportAsk handles GET /me/person/ID/report, with post=ID for one of their posts.
func (d *Dashboard) reportAsk(w http.ResponseWriter, r *http.Request) {
	d.showReport(w, r, answer{cache: reply.Private}, r.URL.Query(), "")
}

// reportSend handles POST /me/person/ID/report.
func (d *Dashboard) reportSend(w http.ResponseWriter, r *http.Request) {
	c := federation.Complaint{
		ActorID: idOf(r), Text: lines(r.PostForm.Get("text")), Category: r.PostForm.Get("category"), Forward: r.PostForm.Get("forward") == "yes",
	}
	for _, sent := range r.PostForm["post"] {
		if id := number(sent); id != 0 {
			c.PostIDs = append(c.PostIDs, id)
		}
	}
	if utf8.RuneCountInString(c.Text) > reportLength {
		d.showReport(w, r, answer{http.StatusUnprocessableEntity, reply.Private}, r.PostForm, "Use at most 3,000 characters.")
		return
	}
	made, err := d.service.Report(r.Context(), c)
	if words, ok := refused(err); ok {
		d.showReport(w, r, answer{refusedStatus(err), reply.Private}, r.PostForm, words)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	done := "reported"
	if made.Forwarded {
		done = "report-sent"
	}
	reply.Redirect(w, r, personPath(c.ActorID)+"?done="+done)
}

func (d *Dashboard) showReport(w http.ResponseWriter, r *http.Request, a answer, form url.Values, wrong string) {
	d.show(w, r, "report", a, func(v *view) (any, error) {
		about, err := v.actor(idOf(r))
		if err != nil {
			return nil, err
		}
		if about.ID == store.OwnerID {
			return nil, store.ErrNotFound
		}
		page := reportPage{
			Who: v.face(about), Action: r.URL.Path, BackURL: personPath(about.ID), Server: about.Domain, Text: lines(form.Get("text")),
			Error: wrong, Forward: form.Get("forward") == "yes",
		}
		for _, c := range categories {
			c.Selected = c.Value == form.Get("category")
			page.Categories = append(page.Categories, c)
		}
		if page.Posts, err = v.reportable(about.ID, form["post"]); err != nil {
			return nil, err
		}
		page.Owner, err = v.frame("Report", "")
		return page, err
	})
}

// reportable lists somebody's last posts, and those chosen before.
func (v *view) reportable(id int64, chosen []string) ([]reportedPost, error) {
	ids := map[int64]bool{}
	var order []int64
	for _, c := range chosen {
		if n := number(c); n != 0 && len(order) < reportOffers {
			ids[n] = true
			order = append(order, n)
		}
	}
	posts, err := v.tx.Posts(order)
	if err != nil {
		return nil, err
	}
	last, err := v.tx.PostsBy(id, store.Page{Limit: reportOffers})
	if err != nil {
		return nil, err
	}
	var list []reportedPost
	for i, p := range append(posts, last...) {
		if p.ActorID != id || p.BoostOf != 0 || i >= len(posts) && ids[p.ID] {
			continue
		}
		list = append(list, reportedPost{decimal(p.ID), shortly(p), v.local(p.PublishedAt), ids[p.ID]})
	}
	return list, nil
}

// shortly is a post in one line: its warning, if it has one.
func shortly(p store.Post) string {
	text := p.Summary
	if text == "" {
		text = markup.Excerpt(p.Content, reportExcerpt)
	}
	if text == "" {
		text = "A post without words"
	}
	return text
}

// reports handles GET /me/reports; k=own has those that the owner made.
func (d *Dashboard) reports(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	own := query.Get("k") == "own"
	p := pageOf(number(query.Get("before")), number(query.Get("after")), reportsShown)
	d.show(w, r, "reports", answer{}, func(v *view) (any, error) {
		page := reportsPage{Own: own}
		open, err := v.tx.CountOpenReports()
		if err != nil {
			return nil, err
		}
		page.Tabs = []assets.Tab{{URL: "/me/reports", Text: "About you", Count: open, Current: !own}, {URL: "/me/reports?k=own", Text: "By you", Current: own}}
		base := "/me/reports?"
		if own {
			base += "k=own&"
		}
		rows, err := v.tx.Reports(own, p)
		if err != nil {
			return nil, err
		}
		rows, page.Pager = cutPage(rows, p, base, func(r store.Report) int64 { return r.ID })
		page.Pager.NewerText, page.Pager.OlderText = "Newer", "Older"
		people := make([]int64, len(rows))
		for i, r := range rows {
			people[i] = r.ActorID
			if own {
				people[i] = r.AboutID
			}
		}
		if err := v.read(people...); err != nil {
			return nil, err
		}
		muted, silenced, err := v.quietAmong(people)
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			item, err := v.reportItem(r, people[i])
			if err != nil {
				return nil, err
			}
			item.Muted, item.Silenced = muted[people[i]], silenced[people[i]]
			page.Items = append(page.Items, item)
		}
		page.Owner, err = v.frame("Reports", "reports")
		return page, err
	})
}

// quietAmong says who of some people is muted, and who is on a server that is silenced
// or blocked; their rows were read.
func (v *view) quietAmong(ids []int64) (muted, silenced map[int64]bool, err error) {
	mutes, err := v.tx.MutedAmong(ids...)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, id := range ids {
		names = append(names, ap.Host(v.seen[id].URI))
	}
	bound, err := v.tx.BoundOf(names)
	muted, silenced = map[int64]bool{}, map[int64]bool{}
	for i, id := range ids {
		_, muted[id] = mutes[id]
		silenced[id] = bound[names[i]] != store.Unbound
	}
	return muted, silenced, err
}

// reportItem is one report with the posts that it names, as far as they are here.
func (v *view) reportItem(r store.Report, who int64) (reportItem, error) {
	item := reportItem{
		ID: decimal(r.ID), Who: v.known(who), Text: r.Text, Answer: r.Answer, BlockURL: "/me/requests/" + decimal(who) + "/block",
		Path: personPath(who), Server: ap.Host(v.seen[who].URI),
		Time: v.local(r.At), Done: v.local(r.DoneAt), Forwarded: r.Forwarded,
	}
	kept := map[string]store.Evidence{}
	for _, e := range r.Evidence {
		kept[e.URI] = e
	}
	var posts []store.Post
	for _, uri := range r.Posts {
		p, err := v.tx.PostByURI(uri)
		gone := errors.Is(err, store.ErrNotFound)
		if e, ok := kept[uri]; ok && (gone || err == nil && p.EditedAt.After(r.At)) {
			item.Changed = append(item.Changed, evidence{e.Warning, e.Text, v.local(e.At), e.Files, gone})
		}
		switch {
		case gone:
			item.Missing++
		case err != nil:
			return item, err
		case len(posts) < reportCards:
			posts = append(posts, p)
		}
	}
	var err error
	item.Cards, err = v.plainCards(posts)
	return item, err
}

// reportAnswer handles POST /me/reports/ID/answer.
func (d *Dashboard) reportAnswer(w http.ResponseWriter, r *http.Request) {
	if err := d.service.CloseReport(r.Context(), idOf(r), lines(r.PostForm.Get("note"))); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, "/me/reports#r-"+decimal(idOf(r))))
}
