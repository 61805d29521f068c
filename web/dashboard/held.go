package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	heldPeople = 20  // people on one page
	heldLines  = 3   // of what each of them did
	heldAll    = 200 // of one person alone
)

// heldLine is one notice that is held back.
type heldLine struct {
	Did, Excerpt, Lang, URL string
	Why                     string // the rule, where it is not the one that the newest is held back by
	Time                    time.Time
}

// heldBack is somebody whose notices are held back.
type heldBack struct {
	ID, Why, AllURL, BlockURL string
	Person                    assets.Person
	Lines                     []heldLine
	Count, More               int
}

type heldPage struct {
	assets.Owner
	Tabs    []assets.Tab
	Kind    string
	Held    []heldBack
	Allowed []personRow
	Rules   []heldRule
	Ruled   bool
	All     bool // several wait, for whom one button does
	Young   quarantineForm
	Pager   assets.Pager
}

const heldPath = "/me/held"

// heldKinds are the lists of the page: those who wait, who were put aside, and whom
// no rule holds back.
var heldKinds = []struct{ key, text string }{{"", "Waiting"}, {"aside", "Put aside"}, {"allowed", "Let through"}}

// held handles GET /me/held; who=ID has all of one person.
func (d *Dashboard) held(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	d.show(w, r, "held", answer{}, func(v *view) (any, error) {
		page := heldPage{}
		var err error
		if page.Owner, err = v.frame("Held back", "inbox"); err != nil {
			return nil, err
		}
		for _, k := range heldKinds {
			tab := assets.Tab{URL: heldPath, Text: k.text, Current: k.key == query.Get("k")}
			if k.key != "" {
				tab.URL += "?k=" + k.key
			}
			if tab.Current {
				page.Kind = k.key
			}
			page.Tabs = append(page.Tabs, tab)
		}
		if page.Tabs[0].Count, _, err = v.tx.CountNoticeRequests(); err != nil {
			return nil, err
		}
		if page.Rules, page.Ruled, err = v.heldRules(); err != nil {
			return nil, err
		}
		if page.Young, err = v.quarantineForm(); err != nil {
			return nil, err
		}
		page.All = page.Kind == "" && query.Get("who") == "" && page.Tabs[0].Count > 1
		switch {
		case page.Kind == "allowed":
			return page, v.heldAllowed(&page, number(query.Get("after")))
		case query.Get("who") != "":
			return page, v.heldOf(&page, number(query.Get("who")))
		}
		return page, v.heldList(&page, pageOf(number(query.Get("before")), number(query.Get("after")), heldPeople))
	})
}

// heldList fills in who waits, or who was put aside.
func (v *view) heldList(page *heldPage, at store.Page) error {
	list, err := v.tx.NoticeRequests(page.Kind == "aside", at)
	if err != nil {
		return err
	}
	base := heldPath + "?"
	if page.Kind != "" {
		base += "k=" + page.Kind + "&"
	}
	list, page.Pager = cutPage(list, at, base, func(r store.NoticeRequest) int64 { return r.ID })
	page.Pager.NewerText, page.Pager.OlderText = "Newer", "Older"
	page.Held, err = v.heldBack(list, heldLines)
	return err
}

// heldOf fills in all that is held back of one person.
func (v *view) heldOf(page *heldPage, requestID int64) error {
	list, err := v.tx.NoticeRequestsByID(requestID)
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return err
	}
	page.Held, err = v.heldBack(list, heldAll)
	return err
}

// heldBack draws people whose notices are held back, with the newest of those.
func (v *view) heldBack(list []store.NoticeRequest, lines int) ([]heldBack, error) {
	ids := make([]int64, len(list))
	for i, r := range list {
		ids[i] = r.ActorID
	}
	if err := v.read(ids...); err != nil {
		return nil, err
	}
	servers, err := v.serversOf(ids)
	if err != nil {
		return nil, err
	}
	notices, err := v.tx.HeldNotices(lines, ids...)
	if err != nil {
		return nil, err
	}
	var about []int64
	for _, of := range notices {
		for _, n := range of {
			about = append(about, n.PostID)
		}
	}
	found, err := v.tx.Posts(about)
	if err != nil {
		return nil, err
	}
	posts := map[int64]store.Post{}
	for _, p := range found {
		posts[p.ID] = p
	}
	var out []heldBack
	for _, r := range list {
		a := v.seen[r.ActorID]
		server := servers[a.HostID]
		h := heldBack{ID: decimal(r.ID), Person: v.known(r.ActorID), Count: r.Count, BlockURL: personPath(r.ActorID) + "/block"}
		for _, n := range notices[r.ActorID] {
			line := v.heldLine(n, posts)
			if why := v.heldWhy(n, a, server); h.Why == "" {
				h.Why = why
			} else if n.Held != r.Held {
				line.Why = why
			}
			h.Lines = append(h.Lines, line)
		}
		if h.More = r.Count - len(h.Lines); lines == heldLines {
			h.AllURL = heldPath + "?who=" + h.ID
		}
		out = append(out, h)
	}
	return out, nil
}

func (v *view) heldLine(n store.Notification, posts map[int64]store.Post) heldLine {
	line := heldLine{Did: heldWords[n.Kind], Time: v.local(n.At)}
	if p, here := posts[n.PostID]; here {
		line.Excerpt, line.Lang, line.URL = shortly(p), p.Language, postPath(p.ID)
		if n.Kind == "mention" && p.Visibility == store.Direct {
			line.Did = "Wrote to you"
		}
	}
	return line
}

// heldWords say what somebody did.
var heldWords = map[string]string{
	"mention": "Named you", "quote": "Quoted you", "favourite": "Liked", "reblog": "Boosted", "follow": "Follows you", "follow_request": "Asks to follow you",
}

// heldWhy says which rule holds a notice of somebody back.
func (v *view) heldWhy(n store.Notification, a store.Actor, server store.Host) string {
	switch n.Held {
	case store.HeldNewAccount:
		if a.PublishedAt.IsZero() || a.PublishedAt.After(v.now) {
			return "Their account is new here, and their server does not say how old it is."
		}
		return "Their account is " + span(v.now.Sub(a.PublishedAt)) + " old."
	case store.HeldPrivate:
		return "A private mention out of the blue."
	case store.HeldLimited:
		return "You silenced the strangers of their server."
	case store.HeldNotFollower:
		return "They do not follow you, or have not for three days."
	case store.HeldQuarantine:
		return quarantineWhy(a, server, n.At)
	}
	return "You do not follow them."
}

// serversOf reads the servers of people who were read.
func (v *view) serversOf(ids []int64) (map[int64]store.Host, error) {
	var hosts []int64
	for _, id := range ids {
		hosts = append(hosts, v.seen[id].HostID)
	}
	return v.tx.HostsByID(hosts...)
}

// heldAllowed fills in whom no rule holds back.
func (v *view) heldAllowed(page *heldPage, after int64) error {
	ids, err := v.tx.NoticesAllowedList(after, peopleShown+1)
	if err != nil {
		return err
	}
	ids, page.Pager = cutPeople(ids, heldPath+"?k=allowed", after, func(id int64) int64 { return id })
	if err := v.read(ids...); err != nil {
		return err
	}
	for _, id := range ids {
		page.Allowed = append(page.Allowed, personRow{Person: v.known(id), RemoveURL: decimal(id)})
	}
	return nil
}

// heldDecide handles POST /me/held: somebody, or everybody who waits, is let
// through, or put aside.
func (d *Dashboard) heldDecide(w http.ResponseWriter, r *http.Request) {
	id := number(r.PostForm.Get("id"))
	var err error
	done := "let-through"
	switch r.PostForm.Get("do") {
	case "allow":
		err = d.service.AllowNotices(r.Context(), id)
	case "aside":
		done, err = "put-aside", d.service.DismissNotices(r.Context(), id)
	case "allow-all":
		done, err = "all-through", d.service.ReleaseAllNotices(r.Context())
	case "aside-all":
		done, err = "put-aside", d.service.DismissAllNotices(r.Context())
	default:
		err = reply.Errorf(reply.Unprocessable, "Choose to let them through, or to put them aside.")
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, heldPath+"?done="+done)
}

// heldAgain handles POST /me/held/again: the rules hold for somebody again.
func (d *Dashboard) heldAgain(w http.ResponseWriter, r *http.Request) {
	if err := d.service.StopAllowingNotices(r.Context(), number(r.PostForm.Get("id"))); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, heldPath+"?k=allowed&done=saved")
}
