package dashboard

import (
	"cmp"
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
	ancestorsShown   = 40
	descendantsShown = 300
	talkersShown     = 12
	whyShown         = 20
	treeDepth        = 4
)

type talker struct {
	assets.Person
	Count int
}

// missing is what is not here of a conversation, in words.
type missing struct {
	Lead    string // "We know 5 of about 11 replies."
	Why     []string
	Looking bool // a search waits or runs
	URL     string
}

type postPage struct {
	assets.Owner
	Ancestors         []assets.Card
	Card              assets.Card
	Answers           []assets.Node
	Missing           *missing
	Original          string
	ReplyingTo        []string
	Compose           *assets.Compose
	People            []talker
	BackURL, BackText string
	Quotes            []quoter
}

// post handles GET /me/post/ID: a post with what is known of its thread. The rest
// is looked for in the background.
func (d *Dashboard) post(w http.ResponseWriter, r *http.Request) {
	d.refreshPoll(r, idOf(r))
	state, err := d.look(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "post", answer{cache: reply.Private}, func(v *view) (any, error) {
		page := postPage{BackURL: "/me", BackText: "Home"}
		p, err := v.postShown(idOf(r))
		if err != nil {
			return nil, err
		}
		if page.Owner, err = v.frame("Post", "home"); err != nil {
			return nil, err
		}
		if err := v.thread(&page, p); err != nil {
			return nil, err
		}
		if err := v.quoting(&page, p); err != nil {
			return nil, err
		}
		page.Missing = missingOf(p.ID, state)
		if page.ReplyingTo, err = v.replyHandles(p); err != nil {
			return nil, err
		}
		c, err := v.compose(&p)
		page.Compose = &c
		return page, err
	})
}

// look queues the search for what is missing, and says how it stands. A search
// that cannot be queued is logged: what is here can be shown all the same.
func (d *Dashboard) look(r *http.Request) (federation.ThreadReport, error) {
	if r.Method == http.MethodGet {
		if _, err := d.service.LookForMore(r.Context(), idOf(r)); err != nil && !errors.Is(err, store.ErrNotFound) {
			d.log.Error("cannot look for the rest of a conversation", "err", err)
		}
	}
	return d.service.ThreadState(r.Context(), idOf(r))
}

// postLook handles POST /me/post/ID/thread: the button "Look for more".
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
func missingOf(id int64, state federation.ThreadReport) *missing {
	m := &missing{Looking: state.Running, URL: postPath(id) + "/thread"}
	if state.About > state.Known {
		m.Lead = "We know " + decimal(int64(state.Known)) + " of about " + plural(state.About, "reply.", "replies.")
	}
	silent := 0
	last := ""
	for _, part := range state.Missing {
		if part.Silent && part.Host != last {
			silent, last = silent+1, part.Host
		}
		m.Why = append(m.Why, part.Host+" "+part.Why)
	}
	if silent > 0 {
		m.Lead = strings.TrimSpace(m.Lead + " " + plural(silent, "server", "servers") + " did not answer.")
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
	return p, nil
}

// thread fills the cards above, in and below the focus. All of them are made at
// once, so that their authors are read in one query.
func (v *view) thread(page *postPage, p store.Post) error {
	above, err := v.tx.Ancestors(p, ancestorsShown)
	if err != nil {
		return err
	}
	below, err := v.tx.Descendants(p.ID, descendantsShown)
	if err != nil {
		return err
	}
	if above, err = v.unhidden(above); err != nil {
		return err
	}
	if below, err = v.unhidden(below); err != nil { // and what answers them, which has no place then
		return err
	}
	all := slices.Concat(above, []store.Post{p}, below)
	cards, err := v.plainCards(all)
	if err != nil {
		return err
	}
	// Above and in the tree, what a post answers stands right beside it; only of
	// the topmost one it is not on the page.
	for i := range cards[1:] {
		cards[i+1].ReplyTo = ""
	}
	page.Ancestors, page.Card = cards[:len(above)], cards[len(above)]
	page.Card.LangName = assets.LanguageName(p.Language)
	page.Answers = tree(p.ID, below, cards[len(above)+1:])
	page.People = v.talkers(all)
	if p.Own() {
		return nil
	}
	page.Original = page.Card.Original
	return nil
}

// tree puts answers under what they answer, four deep. What lies deeper follows
// its parent on the fourth level and names whom it answers.
func tree(root int64, posts []store.Post, cards []assets.Card) []assets.Node {
	children := map[int64][]int{}
	for i, p := range posts {
		children[p.ParentID] = append(children[p.ParentID], i)
	}
	var grow func(id int64, depth int) []assets.Node
	grow = func(id int64, depth int) []assets.Node {
		var nodes []assets.Node
		for _, i := range children[id] {
			node := assets.Node{Card: cards[i]}
			if depth < treeDepth {
				node.Answers = grow(posts[i].ID, depth+1)
				nodes = append(nodes, node)
				continue
			}
			nodes = append(nodes, node)
			for _, deeper := range grow(posts[i].ID, depth) {
				if deeper.Card.ReplyTo == "" {
					deeper.Card.ReplyTo = cards[i].Author.Handle
				}
				nodes = append(nodes, deeper)
			}
		}
		return nodes
	}
	return grow(root, 1)
}

// talkers counts who wrote how much of a conversation.
func (v *view) talkers(posts []store.Post) []talker {
	count := map[int64]int{}
	for _, p := range posts {
		count[p.ActorID]++
	}
	if len(count) < 2 {
		return nil
	}
	var list []talker
	for id, n := range count {
		list = append(list, talker{v.known(id), n})
	}
	slices.SortFunc(list, func(a, b talker) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Handle, b.Handle))
	})
	return list[:min(len(list), talkersShown)]
}

// postAsk handles GET /me/post/ID/delete.
func (d *Dashboard) postAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete post", "", func(v *view, page *confirmPage) error {
		p, err := v.ownPost(idOf(r))
		if err != nil {
			return err
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return err
		}
		receipts, err := v.tx.Receipts(p.ID)
		if err != nil {
			return err
		}
		sent := tally(p.ID, byServer(receipts))
		page.Card = &cards[0]
		page.Heading, page.Button, page.BackURL = "Delete this post?", "Delete", postPath(p.ID)
		page.Lines = []string{"It goes from this server at once. " + askedToDelete(sent), "This cannot be undone."}
		return nil
	})
}

// askedToDelete says who else is asked, with numbers.
func askedToDelete(sent assets.Delivery) string {
	copies := sent.Accepted + sent.Unknown
	if copies == 0 {
		return "No other server is known to have a copy."
	}
	return plural(copies, "server that holds a copy, or may hold one, is", "servers that hold a copy, or may hold one, are") +
		" asked to delete it; nobody can make them."
}

// postDelete handles POST /me/post/ID/delete.
func (d *Dashboard) postDelete(w http.ResponseWriter, r *http.Request) {
	n, err := d.service.Delete(r.Context(), idOf(r))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me?done=deleted&n="+decimal(int64(n)))
}

// ownPost reads a post that the owner wrote.
func (v *view) ownPost(id int64) (store.Post, error) {
	p, err := v.tx.Post(id)
	if err == nil && (!p.Own() || p.BoostOf != 0) {
		err = store.ErrNotFound
	}
	return p, err
}
