package dashboard

import (
	"net/http"
	"net/url"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const cutNamed = 5 // people whom a block of a server cuts off, of each kind

type blockServerPage struct {
	assets.Owner
	Heading, Name, Action, Button, BackURL, Back string
	Lead                                         string // what is lost for good, first
	State                                        string // what holds for it already
	Costs                                        []assets.Fact
	Refused                                      bool // there is nothing to confirm
	MaySilence                                   bool
}

const serversPath = "/me/blocked/servers"

// blockServerPath leads to the page before the block of a server, which comes back to
// a page.
func blockServerPath(name, back string) string {
	return serversPath + "/block?" + url.Values{"server": {name}, "back": {back}}.Encode()
}

// blockServerAsk handles GET /me/blocked/servers/block?server=NAME, and says what
// will happen.
func (d *Dashboard) blockServerAsk(w http.ResponseWriter, r *http.Request) {
	typed := r.URL.Query().Get("server")
	name, err := d.service.OtherServer(typed)
	if err != nil {
		d.showServers(w, r, typed, err)
		return
	}
	back := reply.Local(r.URL.Query().Get("back"))
	d.show(w, r, "block_server", answer{}, func(v *view) (any, error) {
		page, err := v.blockServerPage(name, "safety")
		if back != "/" {
			page.Back, page.BackURL = back, back
		}
		return page, err
	})
}

// blockServerPage is the page before a block, with what it costs.
func (v *view) blockServerPage(name, here string) (page blockServerPage, err error) {
	page = blockServerPage{Heading: "Block " + name + "?", Name: name, Action: serversPath + "/block", Button: "Block " + name, BackURL: serversPath, MaySilence: true}
	if page.Owner, err = v.frame("Block a server", here); err != nil {
		return page, err
	}
	c, err := federation.CostOfServer(v.tx, name, cutNamed)
	if err != nil {
		return page, err
	}
	switch c.Bound {
	case store.Blocked:
		page.Refused, page.MaySilence = true, false
		page.State = name + " is blocked already. Nothing more would happen."
		if c.By != name {
			page.State = name + " is blocked already, since " + c.By + " is. Nothing more would happen."
		}
	case store.Silenced:
		page.MaySilence = false
		page.State = "You silenced its strangers already. A block is more: until you take it back it stands in place of that."
	}
	page.Lead = lossWords(c.ServerCost)
	page.Costs, err = v.costFacts(c)
	return page, err
}

// lossWords say first what a block costs for good.
func lossWords(c store.ServerCost) string {
	switch {
	case c.Followers == 0 && c.Following == 0:
		return "None of your followers are there, and you follow nobody there."
	case c.Following == 0:
		return "You lose " + followers(c.Followers) + "."
	case c.Followers == 0:
		return "You stop following " + plural(c.Following, "person", "people") + ". None of your followers are there."
	}
	return "You lose " + followers(c.Followers) + ", and stop following " + plural(c.Following, "person", "people") + "."
}

// costFacts say what a block ends and hides, line by line.
func (v *view) costFacts(c federation.ServerCost) ([]assets.Fact, error) {
	if err := v.read(append(append([]int64{}, c.Followers...), c.Following...)...); err != nil {
		return nil, err
	}
	names := func(ids []int64, of int) (list string) {
		for i, id := range ids {
			if i > 0 {
				list += ", "
			}
			list += v.known(id).Handle
		}
		if more := of - len(ids); more > 0 {
			list += " and " + plural(more, "other", "others")
		}
		return list
	}
	return costLines(c.ServerCost, names(c.Followers, c.ServerCost.Followers), names(c.Following, c.ServerCost.Following)), nil
}

// costLines are the facts of a cost; who is the people whom it cuts off, by handle.
func costLines(c store.ServerCost, whoFollows, whoIsFollowed string) (list []assets.Fact) {
	for _, f := range []struct {
		n                int
		label, one, many string
		text             string
	}{
		{c.Followers, "Followers", "is removed", "are removed", whoFollows},
		{c.Asking, "Requests", "is rejected", "are rejected", ""},
		{c.Following, "Following", "ends", "end", whoIsFollowed},
		{c.InLists, "Lists", "place goes", "places go", ""},
		{c.Home, "Home", "post is hidden", "posts are hidden", ""},
		{c.Notices, "Inbox", "notice is hidden", "notices are hidden", ""},
		{c.Conversations, "Messages", "conversation is hidden", "conversations are hidden", ""},
	} {
		if f.n == 0 {
			continue
		}
		fact := assets.Fact{Label: f.label, Strong: plural(f.n, f.one, f.many), Text: "."}
		if f.text != "" {
			fact.Text = ": " + strings.TrimSpace(f.text)
		}
		if f.label == "Home" && c.HomeOf > 0 {
			fact.Text = " of the newest " + thousands(c.HomeOf) + "."
		}
		list = append(list, fact)
	}
	return list
}

// blockServer handles POST /me/blocked/servers/block.
func (d *Dashboard) blockServer(w http.ResponseWriter, r *http.Request) {
	d.ruleServer(w, r, "server-blocked", func() error {
		_, err := d.service.BlockServer(r.Context(), r.PostForm.Get("server"))
		return err
	})
}

// silenceServer handles POST /me/blocked/servers/silence.
func (d *Dashboard) silenceServer(w http.ResponseWriter, r *http.Request) {
	d.ruleServer(w, r, "server-silenced", func() error {
		_, err := d.service.SilenceServer(r.Context(), r.PostForm.Get("server"))
		return err
	})
}

// ruleServer decides about a server and goes back to where that was asked for.
func (d *Dashboard) ruleServer(w http.ResponseWriter, r *http.Request, done string, do func() error) {
	err := do()
	if _, ok := refused(err); ok {
		d.showServers(w, r, r.PostForm.Get("server"), err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, withDone(backTo(r, serversPath), done))
}

// unblockServer handles POST /me/blocked/servers/unblock.
func (d *Dashboard) unblockServer(w http.ResponseWriter, r *http.Request) {
	if err := d.service.UnblockHost(r.Context(), r.PostForm.Get("server")); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, withDone(backTo(r, serversPath), "undone"))
}

// unsilenceServer handles POST /me/blocked/servers/unsilence.
func (d *Dashboard) unsilenceServer(w http.ResponseWriter, r *http.Request) {
	if err := d.service.UnsilenceServer(r.Context(), r.PostForm.Get("server")); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, withDone(backTo(r, serversPath), "undone"))
}
