package dashboard

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	ancestorsShown = 12
	whyShown       = 20
	silentNamed    = 3
)

// missing is what is not here of a conversation, in words.
type missing struct {
	Lead    string // "We know 5 of about 11 replies."
	Silent  string // "1 server did not answer: thicket.example, tried 2 minutes ago."
	End     string // "About 6 more replies exist that never reached this server."
	Why     []string
	Looking bool // a search waits or runs
	URL     string
	Root    string // id of the topmost known post
}

type postPage struct {
	assets.Owner
	Ancestors           []assets.Card
	AboveURL            string
	Card                assets.Card
	Answers             []assets.Node
	Answering           string
	Missing             *missing
	Original, PublicURL string
	App                 string   // that an own post was written with
	WasAt               []string // addresses of an imported post where it was written
	Later               *laterReplies
	Earlier             string
	LeftOut             int
	Compose             *assets.Compose
	People              []talker
	BackURL, BackText   string
	Quotes              []quoter
}

// post handles GET /me/post/ID: a post with what is known of its thread. The rest
// is looked for in the background.
func (d *Dashboard) post(w http.ResponseWriter, r *http.Request) {
	d.refreshPoll(r, idOf(r))
	d.showPost(w, r, answer{}, nil)
}

// showPost renders the page of a post; voted is a vote that was refused.
func (d *Dashboard) showPost(w http.ResponseWriter, r *http.Request, a answer, voted *refusedVote) {
	state, err := d.look(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	a.cache = reply.Private
	d.show(w, r, "post", a, func(v *view) (any, error) {
		page := postPage{BackURL: "/me", BackText: "Home"}
		p, err := v.postShown(idOf(r))
		if err != nil {
			return nil, err
		}
		if from := catchUpFrom(r); from != "" {
			page.BackURL, page.BackText = from+"#c-"+decimal(p.ID), "Catch up"
		}
		if page.Owner, err = v.frame("Post", "home"); err != nil {
			return nil, err
		}
		if err := v.thread(&page, p, number(r.URL.Query().Get("replies"))); err != nil {
			return nil, err
		}
		if err := v.quoting(&page, p); err != nil {
			return nil, err
		}
		voted.mark(page.Card.Poll)
		page.Missing = v.missingOf(p.ID, state)
		c, err := v.compose(&p)
		page.Compose = &c
		return page, err
	})
}

// look queues the search for what is missing, and says how it stands. A search
// that cannot be queued is logged: what is here can be shown all the same.
func (d *Dashboard) look(r *http.Request) (federation.ThreadReport, error) {
	if r.Method == http.MethodGet {
		if err := d.service.OpenCard(r.Context(), idOf(r)); err != nil && !errors.Is(err, store.ErrNotFound) {
			d.log.Error("cannot ask for the preview of a link", "err", err)
		}
		if _, err := d.service.LookForMore(r.Context(), idOf(r)); err != nil && !errors.Is(err, store.ErrNotFound) {
			d.log.Error("cannot look for the rest of a conversation", "err", err)
		}
	}
	return d.service.ThreadState(r.Context(), idOf(r))
}

// postLook handles POST /me/post/ID/thread: the button "Fetch missing replies".
func (d *Dashboard) postLook(w http.ResponseWriter, r *http.Request) {
	running, err := d.service.LookForMore(r.Context(), idOf(r))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	done := "looked"
	if running {
		done = "looking"
	}
	reply.Redirect(w, r, postPath(idOf(r))+"?done="+done)
}

// missingOf puts into words what is not here; nil if nothing is known to be missing.
func (v *view) missingOf(id int64, state federation.ThreadReport) *missing {
	m := &missing{Looking: state.Running, URL: postPath(id) + "/thread", Root: decimal(state.RootID)}
	if gap := state.About - state.Known; gap > 0 {
		m.Lead = "We know " + thousands(state.Known) + " of about " + plural(state.About, "reply.", "replies.")
		m.End = "About " + plural(gap, "more reply exists that never reached this server.", "more replies exist that never reached this server.")
	}
	var silent []string
	for _, part := range state.Missing {
		if part.Silent && !slices.Contains(silent, part.Host) {
			silent = append(silent, part.Host)
		}
		m.Why = append(m.Why, part.Host+" "+part.Why)
	}
	if len(silent) > 0 {
		m.Silent = plural(len(silent), "server", "servers") + " did not answer: " + someOf(silent, silentNamed) + ", tried " + ago(v.now, state.At) + "."
	}
	if m.Lead == "" && len(silent) > 0 {
		m.Lead = "A part of this conversation could not be fetched."
	}
	if m.Lead == "" && len(m.Why) > 0 && state.About > 0 {
		m.Lead = "A part of this conversation is not shown to us."
	}
	if m.Lead == "" && !m.Looking {
		return nil
	}
	m.Why = m.Why[:min(len(m.Why), whyShown)]
	return m
}

// someOf is "a", "a and b", "a, b and c", or "a, b, c and 2 others".
func someOf(names []string, most int) string {
	rest := len(names) - most
	if rest > 0 {
		return strings.Join(names[:most], ", ") + " and " + plural(rest, "other", "others")
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// postShown reads a post; the address of a boost shows what was boosted.
func (v *view) postShown(id int64) (store.Post, error) {
	p, err := v.tx.Post(id)
	if err == nil && p.BoostOf != 0 {
		p, err = v.tx.Post(p.BoostOf)
	}
	if err != nil {
		return p, err
	}
	if blocked, err := v.blocks(p.ActorID); err != nil {
		return p, err
	} else if blocked {
		return p, reply.Errorf(reply.NotFound, "You blocked whoever wrote this, so it is hidden. Unblock them to see it.")
	}
	if off, err := v.serverBlocked(p.ActorID); err != nil {
		return p, err
	} else if off {
		return p, reply.Errorf(reply.NotFound, "You blocked the server of whoever wrote this, so it is hidden. Unblock it to see the post.")
	}
	return p, nil
}

// thread fills the cards above, in and below the focus. All of them are made at
// once, so that what they need is read in a few queries. after is the reply that
// the page before ended with.
func (v *view) thread(page *postPage, p store.Post, after int64) error {
	v.filtersAt = store.FilterThread
	above, err := v.tx.Ancestors(p, ancestorsShown)
	if err != nil {
		return err
	}
	g, err := v.newGrove(p.ID)
	if err != nil {
		return err
	}
	g.choose(after)
	below, err := v.tx.Posts(g.ids())
	if err != nil {
		return err
	}
	hidden, err := v.unread(actorIDs(above...))
	if err != nil {
		return err
	}
	shown := slices.DeleteFunc(slices.Clone(above), func(a store.Post) bool { return hidden[a.ActorID] })
	made, err := v.plainCards(slices.Concat(shown, []store.Post{p}, below))
	if err != nil {
		return err
	}
	cards := map[int64]assets.Card{}
	for i, at := range slices.Concat(shown, []store.Post{p}, below) {
		cards[at.ID] = made[i]
	}
	page.Card = cards[p.ID]
	v.aboveFocus(page, above, hidden, cards)
	v.focus(page, p)
	// In the tree, what a post answers stands right beside it.
	for id, c := range cards {
		c.ReplyTo = ""
		cards[id] = c
	}
	page.Answers, page.Later, page.LeftOut = v.nodes(g, cards), g.later, g.leftOut
	if after != 0 {
		page.Earlier = postPath(p.ID) + "#answers"
	}
	page.People = v.talkers(g.writers(slices.Concat(shown, []store.Post{p})))
	page.Card.Versions, err = v.tx.CountEdits(p.ID)
	return err
}

// writers counts the posts of each author who is shown, of a page and of what is
// known below it.
func (g *grove) writers(posts []store.Post) map[int64]int {
	count := map[int64]int{}
	for _, p := range posts {
		count[p.ActorID]++
	}
	for _, list := range g.children {
		for _, b := range list {
			if !g.hidden[b.ActorID] {
				count[b.ActorID]++
			}
		}
	}
	return count
}

// aboveFocus fills what stands above. Of the topmost post alone it is not on the
// page what it answers.
func (v *view) aboveFocus(page *postPage, above []store.Post, hidden map[int64]bool, cards map[int64]assets.Card) {
	for i, a := range above {
		card, ok := cards[a.ID]
		if hidden[a.ActorID] || !ok {
			card = v.standIn(a.ID, a.ActorID)
		}
		if i > 0 {
			card.ReplyTo = ""
		}
		page.Ancestors = append(page.Ancestors, card)
	}
	if len(above) > 0 && above[0].ParentID != 0 {
		page.AboveURL = postPath(above[0].ID)
		page.Ancestors[0].ReplyTo = ""
	}
}

// focus fills what only the post in focus says of itself.
func (v *view) focus(page *postPage, p store.Post) {
	c := &page.Card
	c.Filtered, c.Left, c.LeftURL = "", "", "" // the owner opened it
	page.Answering, c.ReplyTo = c.ReplyTo, ""
	c.LangName = assets.LanguageName(p.Language)
	c.LikesURL, c.BoostURL = postPath(p.ID)+"/likes", postPath(p.ID)+"/boosts"
	page.Original = c.Original
	if p.Own() && p.Visibility.Open() {
		page.PublicURL = p.URL
	}
	page.WasAt = p.Extra.Origin
	if p.Own() {
		page.App = p.Extra.App
	}
}

// ownPost reads a post that the owner wrote.
func (v *view) ownPost(id int64) (store.Post, error) {
	p, err := v.tx.Post(id)
	if err == nil && (!p.Own() || p.BoostOf != 0) {
		err = store.ErrNotFound
	}
	return p, err
}
