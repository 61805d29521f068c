package dashboard

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	serversShown  = 50
	firstFaces    = 4  // people shown of the first server …
	allShown      = 12 // … and of every one, while there are so few in all
	goneShown     = 3  // dead servers named beside the page
	dayOfDelivery = 24 * time.Hour
)

// serverRow is a server with followers.
type serverRow struct {
	ID, Host, Software string
	People             int
	Last               time.Time
	Ago                bool
	State, Words, Why  string
	Span, URL          string
	Faces              []faceNote
	Rest               int

	id int64
}

type faceNote struct {
	Person assets.Person
	Note   string
}

type followersPage struct {
	assets.Owner
	Total, Servers int
	Tabs           []assets.Tab
	Reach          assets.Reach
	Rows, Gone     []serverRow
	Shown          string
	Pager          assets.Pager
}

// followers handles GET /me/followers: by server, or in one of the orders of the
// tabs.
func (d *Dashboard) followers(w http.ResponseWriter, r *http.Request) {
	after := number(r.URL.Query().Get("after"))
	switch by := r.URL.Query().Get("by"); by {
	case "new", "post", "silent":
		d.followersBy(w, r, by, after)
	default:
		d.followersByServer(w, r, after)
	}
}

func (d *Dashboard) followersByServer(w http.ResponseWriter, r *http.Request, after int64) {
	d.show(w, r, "followers", answer{}, func(v *view) (any, error) {
		var page followersPage
		var err error
		if page.Owner, err = v.frame("Followers", "followers"); err != nil {
			return nil, err
		}
		page.Total, page.Shown = page.Followers, v.listShown()
		if page.Tabs, _, err = v.followerTabs("server"); err != nil {
			return nil, err
		}
		rows, reach, err := v.servers()
		if err != nil {
			return nil, err
		}
		page.Reach, page.Servers = reach, len(rows)
		for _, row := range rows {
			if row.State == "gone" && len(page.Gone) < goneShown {
				page.Gone = append(page.Gone, row)
			}
		}
		page.Rows, page.Pager = cutServers(rows, after)
		switch {
		case page.Total <= allShown:
			err = v.openServers(page.Rows)
		case after == 0 && len(page.Rows) > 0:
			err = v.openServer(&page.Rows[0])
		}
		return &page, err
	})
}

// listShown says who may see who follows the owner and whom the owner follows.
func (v *view) listShown() string {
	if v.set.ShowLists {
		return "Visitors and other servers."
	}
	return "Nobody. Visitors see the number."
}

// servers lists the servers of the followers, those with most of them first, and
// counts how they stand.
func (v *view) servers() ([]serverRow, assets.Reach, error) {
	var reach assets.Reach
	list, err := v.tx.FollowerHosts()
	if err != nil {
		return nil, reach, err
	}
	rows := make([]serverRow, len(list))
	for i, h := range list {
		rows[i] = v.serverRow(h)
		switch rows[i].State {
		case "silent":
			reach.Silent++
		case "gone":
			reach.Gone++
		case "refused":
			reach.Refused++
		case "fresh":
			reach.Fresh++
		default:
			reach.Answer++
		}
	}
	slices.SortFunc(rows, func(a, b serverRow) int { return cmp.Or(b.People-a.People, strings.Compare(a.Host, b.Host)) })
	return rows, reach, nil
}

func (v *view) serverRow(h store.FollowerHost) serverRow {
	row := serverRow{
		ID: decimal(h.ID), Host: h.Name, Software: software(h.Host), People: h.People, Last: v.local(h.AcceptedAt),
		Ago: v.now.Sub(h.AcceptedAt) < dayOfDelivery && v.now.Sub(h.AcceptedAt) >= time.Minute, URL: serverPath(h.ID), id: h.ID,
	}
	row.State, row.Words, row.Span = v.hostState(h.Host, h.FailingSince)
	if row.State != "answers" && row.State != "fresh" {
		row.Why = h.Error
	}
	return row
}

func serverPath(id int64) string { return "/me/followers/server/" + decimal(id) }

// hostState is how a server stands, as state and in words, and for how long in
// case that it is no good.
func (v *view) hostState(h store.Host, failing time.Time) (state, words, lasted string) {
	switch {
	case !h.DeadAt.IsZero():
		since := h.DeadAt
		if !failing.IsZero() {
			since = failing
		}
		lasted = days(v.now.Sub(since))
		return "gone", "Gone " + lasted, lasted
	case !failing.IsZero():
		lasted = span(v.now.Sub(failing))
		if v.now.Sub(failing) < time.Minute {
			return "silent", "Silent just now", lasted
		}
		return "silent", "Silent " + lasted, lasted
	case h.Error != "" && h.FailedAt.After(h.AcceptedAt):
		return "refused", "Refused", ""
	case h.AcceptedAt.IsZero():
		return "fresh", "Nothing sent yet", ""
	}
	return "answers", "Answers", ""
}

// days is a long time in days, and a short one as span writes it.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day || d > 999*day {
		return span(d)
	}
	return plural(int(d/day), "day", "days")
}

// cutServers takes the page after a server out of all of them.
func cutServers(rows []serverRow, after int64) ([]serverRow, assets.Pager) {
	var pager assets.Pager
	if after != 0 {
		at := slices.IndexFunc(rows, func(r serverRow) bool { return r.id == after })
		rows = rows[at+1:] // a server that is gone meanwhile: the beginning
		pager.Newer, pager.NewerText = "/me/followers", "To the beginning"
	}
	if len(rows) <= serversShown {
		return rows, pager
	}
	rest := rows[serversShown:]
	pager.Older, pager.OlderText = "/me/followers?after="+rows[serversShown-1].ID, plural(len(rest), "more server", "more servers")
	if rest[0].People == 1 {
		pager.OlderText += " with one person each"
	}
	return rows[:serversShown], pager
}

// openServer fills in some of the people of a server.
func (v *view) openServer(row *serverRow) error {
	people, err := v.tx.FollowersAtHost(row.id, 0, firstFaces)
	if err != nil {
		return err
	}
	if row.Faces, err = v.faceNotes(people); err != nil {
		return err
	}
	row.Rest = row.People - len(row.Faces)
	return nil
}

// openServers fills in all people of all servers.
func (v *view) openServers(rows []serverRow) error {
	people, err := v.tx.FollowersByPost(0, allShown)
	if err != nil {
		return err
	}
	notes, err := v.faceNotes(people)
	if err != nil {
		return err
	}
	for i := range rows {
		for j, p := range people {
			if v.seen[p.ActorID].HostID == rows[i].id {
				rows[i].Faces = append(rows[i].Faces, notes[j])
			}
		}
	}
	return nil
}

// faceNotes are followers, each with what stands out about them.
func (v *view) faceNotes(list []store.Silence) ([]faceNote, error) {
	ids := make([]int64, len(list))
	for i, s := range list {
		ids[i] = s.ActorID
	}
	if err := v.read(ids...); err != nil {
		return nil, err
	}
	out := make([]faceNote, len(list))
	for i, s := range list {
		out[i] = faceNote{v.known(s.ActorID), v.followerNote(s)}
	}
	return out, nil
}

// followerNote is the one thing to know of a follower: that they moved, are silent
// or busy, or since when they follow. Their last post is known to half a day.
func (v *view) followerNote(s store.Silence) string {
	a := v.seen[s.ActorID]
	passed := v.now.Sub(s.LastPost)
	const day = 24 * time.Hour
	switch {
	case a.Extra.MovedTo != "":
		return "moved to " + ap.Host(a.Extra.MovedTo)
	case !s.DeadAt.IsZero():
		return "server gone since " + v.monthOf(s.DeadAt)
	case s.LastPost.IsZero() && !s.AskedAt.IsZero():
		return "no post that everybody may read"
	case s.LastPost.IsZero():
		return "follows you since " + month(v.local(s.DecidedAt))
	case passed >= 60*day:
		return "silent since " + v.monthOf(s.LastPost)
	}
	when := "today"
	if passed >= 36*time.Hour {
		when = ago(v.now, s.LastPost)
	} else if v.local(s.LastPost).Day() != v.now.Day() {
		when = "yesterday"
	}
	if a.PostsCount > 1 {
		return thousands(a.PostsCount) + " posts, last " + when
	}
	return "last post " + when
}

// monthOf is a month of this year without the year.
func (v *view) monthOf(t time.Time) string {
	if t = v.local(t); t.Year() == v.now.Year() {
		return t.Format("January")
	}
	return month(t)
}

// followersCSV handles GET /me/followers.csv: one handle in a line.
func (d *Dashboard) followersCSV(w http.ResponseWriter, r *http.Request) {
	body := []byte("Account address\n")
	err := d.service.Store().Read(r.Context(), func(tx *store.Tx) error {
		for after := int64(0); ; {
			list, err := tx.FollowersIn(store.FollowAccepted, after, 500)
			if err != nil || len(list) == 0 {
				return err
			}
			ids := make([]int64, len(list))
			for i, f := range list {
				ids[i] = f.ActorID
			}
			people, err := tx.Actors(ids...)
			if err != nil {
				return err
			}
			for _, id := range ids {
				body = append(body, cell(people[id].Handle())+"\n"...)
			}
			after = ids[len(ids)-1]
		}
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.File(w, r, "followers.csv", "text/csv; charset=utf-8", body)
}

// cell is a handle as a cell that no spreadsheet takes for a formula (T40).
func cell(handle string) string {
	if handle != "" && strings.ContainsRune("=+-@\t\r", rune(handle[0])) {
		handle = "'" + handle
	}
	if strings.ContainsAny(handle, "\",\n\r") {
		return `"` + strings.ReplaceAll(handle, `"`, `""`) + `"`
	}
	return handle
}
