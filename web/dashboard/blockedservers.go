package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

type blockedServer struct{ Name, Since string }

type blockedServersPage struct {
	assets.Owner
	Tabs         []assets.Tab
	Servers      []blockedServer
	Typed, Error string // of the form
	Shown        bool   // visitors see the list
	Pager        assets.Pager
}

// blockedServers handles GET /me/blocked/servers.
func (d *Dashboard) blockedServers(w http.ResponseWriter, r *http.Request) {
	d.showBlockedServers(w, r, "", nil)
}

func (d *Dashboard) showBlockedServers(w http.ResponseWriter, r *http.Request, typed string, wrong error) {
	page, status := blockedServersPage{Tabs: troubleTabs("servers"), Typed: typed, Shown: d.service.Settings().ShowBlocked}, http.StatusOK
	if words, ok := refused(wrong); ok {
		page.Error, status = words, refusedStatus(wrong)
	}
	before := number(r.URL.Query().Get("after"))
	d.show(w, r, "blocked_servers", answer{status: status}, func(v *view) (any, error) {
		var err error
		if page.Owner, err = v.frame("Blocked servers", "blocked"); err != nil {
			return nil, err
		}
		hosts, err := v.tx.BlockedHostPage(store.Page{Max: before, Limit: peopleShown + 1})
		hosts, page.Pager = cutPeople(hosts, "/me/blocked/servers", before, func(h store.Host) int64 { return h.ID })
		for _, h := range hosts {
			page.Servers = append(page.Servers, blockedServer{h.Name, month(v.local(h.Blocked))})
		}
		return page, err
	})
}

// blockServerAsk handles GET /me/blocked/servers/block?server=NAME, and says what
// will happen.
func (d *Dashboard) blockServerAsk(w http.ResponseWriter, r *http.Request) {
	typed := r.URL.Query().Get("server")
	name, err := federation.ServerName(typed)
	if err != nil {
		d.showBlockedServers(w, r, typed, err)
		return
	}
	d.confirm(w, r, "Block a server", "blocked", func(v *view, page *confirmPage) error {
		followers, following, err := v.tx.FollowsUnder(name)
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Block "+name+"?", "Block "+name, "/me/blocked/servers"
		page.Hidden = []hidden{{"server", name}}
		page.Lines = []string{
			"Nothing is taken any more from there or from servers whose names end in ." + name + ", and nothing is sent to them. What people there wrote is not shown, nor boosts of it.",
			endOfServer(followers, following),
			"Everything comes back when you unblock the server, but for the follows.",
		}
		return nil
	})
}

func endOfServer(followers, following int) string {
	if followers+following == 0 {
		return "Nobody there follows you, and you follow nobody there."
	}
	return "Follows end both ways, and their servers are told: " + plural(followers, "follower of yours", "followers of yours") + ", and " + plural(following, "person", "people") + " whom you follow."
}

// blockServer handles POST /me/blocked/servers/block.
func (d *Dashboard) blockServer(w http.ResponseWriter, r *http.Request) {
	typed := r.PostForm.Get("server")
	_, err := d.service.BlockServer(r.Context(), typed)
	if _, ok := refused(err); ok {
		d.showBlockedServers(w, r, typed, err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/blocked/servers?done=server-blocked")
}

// unblockServer handles POST /me/blocked/servers/unblock.
func (d *Dashboard) unblockServer(w http.ResponseWriter, r *http.Request) {
	if err := d.service.UnblockHost(r.Context(), r.PostForm.Get("server")); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/blocked/servers")
}
