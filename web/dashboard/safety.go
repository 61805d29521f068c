package dashboard

import (
	"net/http"
	"strconv"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	safetyPath = "/me/safety"
	doingsPage = 30
)

// doing is one thing that is in force, with the way to take it back.
type doing struct {
	Who       *assets.Person // nil for what is about nobody
	Name, URL string         // of what it is about instead
	What      string         // "Muted for 6 more days, notices too"
	Lost      string         // what taking it back does not bring back
	Since     time.Time
	Undo      string   // where the form goes, or with Ask the link
	Ask       bool     // there is a page before
	Button    string   // "Unmute"
	Fields    []hidden // of the form
}

type safetyPage struct {
	assets.Owner
	Tabs   []assets.Tab
	InAll  []assets.Fact
	Kind   string // of which alone this lists, "" for all
	Doings []doing
	Pager  assets.Pager
}

// safety handles GET /me/safety: all that is in force, what was done last first.
func (d *Dashboard) safety(w http.ResponseWriter, r *http.Request) {
	kind := r.URL.Query().Get("k")
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	from = max(0, min(from, 1<<30))
	d.show(w, r, "safety", answer{}, func(v *view) (any, error) {
		page := safetyPage{Tabs: troubleTabs("safety"), Kind: kind}
		var err error
		if page.Owner, err = v.frame("Safety", "safety"); err != nil {
			return nil, err
		}
		if page.InAll, err = v.inForce(); err != nil {
			return nil, err
		}
		list, err := v.tx.Doings(kind, from, doingsPage+1)
		if err != nil {
			return nil, err
		}
		base := safetyPath + "?"
		if kind != "" {
			base += "k=" + kind + "&"
		}
		if len(list) > doingsPage {
			list = list[:doingsPage]
			page.Pager.Older, page.Pager.OlderText = base+"from="+strconv.Itoa(from+doingsPage), "Older"
		}
		if from > 0 {
			page.Pager.Newer, page.Pager.NewerText = base+"from="+strconv.Itoa(max(0, from-doingsPage)), "Newer"
		}
		page.Doings, err = v.doings(list)
		return page, err
	})
}

// inForce says in words what is in force, kind by kind, with the page of each.
func (v *view) inForce() ([]assets.Fact, error) {
	n, err := v.tx.CountDoings()
	if err != nil {
		return nil, err
	}
	waits, _, err := v.tx.CountNoticeRequests()
	if err != nil {
		return nil, err
	}
	rules, some, err := v.heldRules()
	if err != nil {
		return nil, err
	}
	facts := []assets.Fact{
		{Label: "Muted", URL: "/me/muted", LinkText: howMany(n[store.DidMute])},
		{Label: "Blocked", URL: "/me/blocked", LinkText: howMany(n[store.DidBlock])},
		{Label: "Servers", URL: serversPath, LinkText: plural(n[store.DidServer], "blocked", "blocked") + ", " + plural(n[store.DidSilence], "silenced", "silenced")},
		{Label: "Conversations", URL: safetyPath + "?k=thread", LinkText: plural(n[store.DidThread], "muted", "muted")},
		{Label: "Filters", URL: "/me/filters", LinkText: plural(n[store.DidFilter], "in force", "in force")},
		{Label: "Notices", URL: heldPath, LinkText: heldBackWords(rules, some)},
	}
	if waits > 0 {
		facts[5].Text = ". " + plural(waits, "person waits.", "people wait.")
	}
	return facts, nil
}

func howMany(n int) string {
	if n == 0 {
		return "Nobody"
	}
	return plural(n, "person", "people")
}

// heldBackWords say how many rules hold notices back, or drop them, if any does.
func heldBackWords(rules []heldRule, some bool) string {
	n := 0
	for _, r := range rules {
		for _, o := range r.Options {
			if o.Selected && o.Value != string(store.NoticeAccept) {
				n++
			}
		}
	}
	if n == 0 || !some {
		return "All are told"
	}
	return plural(n, "rule holds some back", "rules hold some back")
}

// doings makes rows of what is in force. What they are about is read for all of them
// at once.
func (v *view) doings(list []store.Doing) ([]doing, error) {
	about, err := v.readDoings(list)
	if err != nil {
		return nil, err
	}
	rows := make([]doing, 0, len(list))
	for _, d := range list {
		row := v.doingRow(d, about)
		row.Since = v.local(d.At)
		rows = append(rows, row)
	}
	return rows, nil
}

// doneAbout is what a page of doings is about.
type doneAbout struct {
	mutes   map[int64]store.Mute
	servers map[int64]store.ServerRule
	posts   map[int64]store.Post
	filters map[int64]store.Filter
}

func (v *view) readDoings(list []store.Doing) (about doneAbout, err error) {
	ids := map[string][]int64{}
	for _, d := range list {
		ids[d.Kind] = append(ids[d.Kind], d.ID)
	}
	about = doneAbout{servers: map[int64]store.ServerRule{}, posts: map[int64]store.Post{}, filters: map[int64]store.Filter{}}
	if about.mutes, err = v.tx.MutedAmong(ids[store.DidMute]...); err != nil {
		return about, err
	}
	servers, err := v.tx.ServerRulesByID(append(ids[store.DidServer], ids[store.DidSilence]...)...)
	if err != nil {
		return about, err
	}
	for _, s := range servers {
		about.servers[s.HostID] = s
	}
	posts, err := v.tx.Posts(ids[store.DidThread])
	if err != nil {
		return about, err
	}
	people := append(ids[store.DidMute], ids[store.DidBlock]...)
	for _, p := range posts {
		about.posts[p.ID] = p
		people = append(people, p.ActorID)
	}
	if len(ids[store.DidFilter]) > 0 {
		filters, err := v.tx.Filters()
		if err != nil {
			return about, err
		}
		for _, f := range filters {
			about.filters[f.ID] = f
		}
	}
	return about, v.read(people...)
}

// doingRow says what was done, and how it is taken back.
func (v *view) doingRow(d store.Doing, about doneAbout) doing {
	row := doing{Fields: []hidden{{"back", v.path()}}}
	somebody := func() {
		who := v.known(d.ID)
		row.Who = &who
	}
	server := func(what, undo, button string) {
		s := about.servers[d.ID]
		row.Name, row.What, row.Undo, row.Button = s.Name, what, serversPath+undo, button
		row.Fields = append(row.Fields, hidden{"server", s.Name})
		row.Lost = lostWords(s.LostFollowers, s.LostFollowing)
	}
	switch d.Kind {
	case store.DidMute:
		somebody()
		row.What, row.Undo, row.Button = "Muted "+v.muteWords(about.mutes[d.ID]), personPath(d.ID)+"/unmute", "Unmute"
	case store.DidBlock:
		somebody()
		row.What, row.Undo, row.Button = "Blocked", personPath(d.ID)+"/unblock", "Unblock"
		row.Lost = "Follows between you, and what left Home and the inbox, do not come back."
	case store.DidServer:
		server("Server blocked", "/unblock", "Unblock")
	case store.DidSilence:
		server("Strangers of the server silenced", "/unsilence", "Undo")
	case store.DidList:
		row.Name, row.What, row.Button = "A list of "+plural(d.Count, "server", "servers"), "Blocked or silenced together", "Undo…"
		row.URL, row.Ask, row.Undo = serversPath, true, serversPath+"/list/undo?at="+decimal(d.ID)
	case store.DidThread:
		p := about.posts[d.ID]
		row.Name, row.URL, row.What = "“"+shortly(p)+"”", postPath(d.ID), "Conversation muted, begun by "+v.known(p.ActorID).Called()
		row.Undo, row.Button = postPath(d.ID)+"/unmute", "Unmute"
	case store.DidFilter:
		f := about.filters[d.ID]
		row.Name, row.URL, row.What = f.Title, filterPath(d.ID), "Filter: "+v.filterWords(f)
		row.Ask, row.Undo, row.Button = true, filterPath(d.ID)+"/delete", "Delete…"
	}
	return row
}

// lostWords say which follows the end of a block does not bring back.
func lostWords(lostFollowers, lostFollowing int) string {
	switch {
	case lostFollowers+lostFollowing == 0:
		return ""
	case lostFollowing == 0:
		return plural(lostFollowers, "follower was lost and does", "followers were lost and do") + " not come back."
	case lostFollowers == 0:
		return "You followed " + plural(lostFollowing, "person", "people") + " there; that does not come back."
	}
	return plural(lostFollowers, "follower was", "followers were") + " lost, and you followed " + plural(lostFollowing, "person", "people") + " there; that does not come back."
}

// serverListUndoAsk handles GET /me/blocked/servers/list/undo?at=: the servers that
// came in with a list.
func (d *Dashboard) serverListUndoAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Take a list back", "safety", func(v *view, page *confirmPage) error {
		at := number(r.URL.Query().Get("at"))
		rules, err := v.tx.ServerRulesOfList(time.UnixMilli(at))
		if err == nil && len(rules) == 0 {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		names, lostFollowers, lostFollowing := []string{}, 0, 0
		for _, s := range rules {
			names = append(names, s.Name)
			lostFollowers, lostFollowing = lostFollowers+s.LostFollowers, lostFollowing+s.LostFollowing
		}
		page.Heading, page.Button, page.BackURL = "Take back the list of "+plural(len(rules), "server", "servers")+"?", "Take it back", safetyPath
		page.Hidden = []hidden{{"at", decimal(at)}}
		page.Lines = []string{someOf(names, 10) + ".", "They may speak again, and what was hidden is shown."}
		if lost := lostWords(lostFollowers, lostFollowing); lost != "" {
			page.Lines = append(page.Lines, lost)
		}
		return nil
	})
}

// serverListUndo handles POST /me/blocked/servers/list/undo.
func (d *Dashboard) serverListUndo(w http.ResponseWriter, r *http.Request) {
	if _, err := d.service.UndoServerList(r.Context(), time.UnixMilli(number(r.PostForm.Get("at")))); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, safetyPath+"?done=undone")
}
