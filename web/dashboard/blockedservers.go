package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// serverRule is a server that the owner decided about.
type serverRule struct {
	Name, Note, Comment string
	Silenced            bool
}

type serversPage struct {
	assets.Owner
	Tabs              []assets.Tab
	Servers           []serverRule
	Blocked, Silenced int
	Typed, Error      string // of the form
	Shown             bool   // visitors see the list
	Waiting           bool   // a list is being put in force
	Pager             assets.Pager
}

// blockedServers handles GET /me/blocked/servers.
func (d *Dashboard) blockedServers(w http.ResponseWriter, r *http.Request) {
	d.showServers(w, r, "", nil)
}

func (d *Dashboard) showServers(w http.ResponseWriter, r *http.Request, typed string, wrong error) {
	page, status := serversPage{Tabs: troubleTabs("servers"), Typed: typed, Shown: d.service.Settings().ShowBlocked}, http.StatusOK
	if words, ok := refused(wrong); ok {
		page.Error, status = words, refusedStatus(wrong)
	}
	after := number(r.URL.Query().Get("after"))
	d.show(w, r, "blocked_servers", answer{status: status}, func(v *view) (any, error) {
		var err error
		if page.Owner, err = v.frame("Blocked servers", "safety"); err != nil {
			return nil, err
		}
		if page.Blocked, page.Silenced, err = v.tx.CountServerRules(); err != nil {
			return nil, err
		}
		if page.Waiting, err = federation.ServerListWaits(v.tx); err != nil {
			return nil, err
		}
		rules, err := v.tx.ServerRules(store.Page{Max: after, Limit: peopleShown + 1})
		rules, page.Pager = cutPeople(rules, serversPath, after, func(s store.ServerRule) int64 { return s.HostID })
		for _, s := range rules {
			page.Servers = append(page.Servers, v.serverRule(s))
		}
		return page, err
	})
}

func (v *view) serverRule(s store.ServerRule) serverRule {
	row := serverRule{Name: s.Name, Comment: s.Comment, Silenced: s.Bound == store.Silenced, Note: "blocked since " + month(v.local(s.At))}
	if row.Silenced {
		row.Note = "strangers silenced since " + month(v.local(s.At))
	}
	return row
}

// serversCSV handles GET /me/blocked/servers.csv: what is in force, in Mastodon's form.
func (d *Dashboard) serversCSV(w http.ResponseWriter, r *http.Request) {
	body, err := store.Get(r.Context(), d.service.Store(), federation.WriteServerList)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.File(w, r, "blocked-servers.csv", "text/csv; charset=utf-8", body)
}
