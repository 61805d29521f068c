package dashboard

import (
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// muteTime is a choice of the form for a mute; lasts is 0 for good.
type muteTime struct {
	value, text string
	lasts       time.Duration
}

var muteTimes = []muteTime{
	{"1h", "1 hour", time.Hour}, {"6h", "6 hours", 6 * time.Hour}, {"1d", "1 day", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour},
	{"30d", "30 days", 30 * 24 * time.Hour}, {"good", "Until I unmute them", 0},
}

func muteOptions() []assets.Option {
	var list []assets.Option
	for _, m := range muteTimes {
		list = append(list, assets.Option{Value: m.value, Label: m.text, Selected: m.value == "7d"})
	}
	return list
}

// mute handles POST /me/person/ID/mute.
func (d *Dashboard) mute(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(muteTimes, func(m muteTime) bool { return m.value == r.PostForm.Get("for") })
	if i < 0 {
		d.fail(w, r, reply.Errorf(reply.Unprocessable, "Say for how long to mute them."))
		return
	}
	if err := d.service.Mute(r.Context(), idOf(r), muteTimes[i].lasts, r.PostForm.Get("notices") == "yes"); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, withDone(backTo(r, personPath(idOf(r))), "muted"))
}

// unmute handles POST /me/person/ID/unmute.
func (d *Dashboard) unmute(w http.ResponseWriter, r *http.Request) {
	if err := d.service.Unmute(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, personPath(idOf(r))))
}

// muted handles GET /me/muted.
func (d *Dashboard) muted(w http.ResponseWriter, r *http.Request) {
	after := number(r.URL.Query().Get("after"))
	d.show(w, r, "people", answer{}, func(v *view) (any, error) {
		page, err := v.people("Muted", "muted")
		if err != nil {
			return nil, err
		}
		page.Here, page.Tabs = "safety", troubleTabs("muted")
		page.Shown = "Nobody. No server is told whom you mute."
		if page.Total, err = v.tx.CountMutes(); err != nil {
			return nil, err
		}
		list, err := v.tx.MuteList(after, peopleShown+1)
		if err != nil {
			return nil, err
		}
		list, page.Pager = cutPeople(list, "/me/muted", after, func(m store.Mute) int64 { return m.ActorID })
		ids := make([]int64, len(list))
		for i, m := range list {
			ids[i] = m.ActorID
		}
		if err := v.read(ids...); err != nil {
			return nil, err
		}
		for _, m := range list {
			page.People = append(page.People, personRow{Person: v.known(m.ActorID), Note: v.muteWords(m), RemoveURL: personPath(m.ActorID) + "/unmute"})
		}
		return page, nil
	})
}

// troubleTabs leads between all that is in force for the owner's peace, the people
// and servers that they blocked, those they muted, and what they filter.
func troubleTabs(here string) []assets.Tab {
	return []assets.Tab{{URL: safetyPath, Text: "Safety", Current: here == "safety"}, {URL: "/me/blocked", Text: "Blocked", Current: here == "blocked"}, {URL: "/me/muted", Text: "Muted", Current: here == "muted"}, {URL: "/me/blocked/servers", Text: "Servers", Current: here == "servers"}, {URL: "/me/filters", Text: "Filters", Current: here == "filters"}}
}

// muteWords says how long a mute lasts, and what it is of.
func (v *view) muteWords(m store.Mute) string {
	words := "until you unmute them"
	if !m.Until.IsZero() {
		words = "until " + until(v.now, v.local(m.Until)) + ", " + span(aboutLeft(m.Until.Sub(v.now))) + " left"
	}
	if m.Notices {
		words += ", notices too"
	}
	return words
}

// listed leaves out what a list of posts does not show: posts of people who are
// hidden, and of those who are muted unless the owner went to see them, what a
// filter hides, and from Home and lists conversations that the owner hid.
func (v *view) listed(posts []store.Post) ([]store.Post, error) {
	posts, err := v.unhidden(posts)
	posts = v.unfiltered(posts)
	if err != nil || v.evenMuted || len(posts) == 0 {
		return posts, err
	}
	if posts, err = v.unhushed(posts); err != nil {
		return nil, err
	}
	muted, err := v.tx.MutedAmong(actorIDs(posts...)...)
	return slices.DeleteFunc(slices.Clone(posts), func(p store.Post) bool { _, ok := muted[p.ActorID]; return ok }), err
}
