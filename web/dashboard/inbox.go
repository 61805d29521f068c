package dashboard

import (
	"net/http"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	inboxRows  = 40
	facesShown = 5
)

type inboxItem struct {
	ID, Kind            string
	People              []assets.Person
	Others              int
	Time                time.Time
	New                 bool
	Card                *assets.Card
	Reaction            string // the emoji of who reacted and did not like
	Excerpt, ExcerptURL string
}

type inboxPage struct {
	assets.Owner
	Tabs                 []assets.Tab
	Items                []inboxItem
	ReadBefore, ReadText string
	Pager                assets.Pager
}

// inboxTabs are the kinds of notifications by tab, in the store's words.
var inboxTabs = []struct {
	key, text string
	kinds     []string
}{
	{"", "Everything", []string{"mention", "follow", "follow_request", "reblog", "favourite", "quote", "poll", "admin.report", "move"}},
	{"mentions", "Mentions", []string{"mention", "quote"}},
	{"people", "People", []string{"follow", "follow_request", "move"}},
}

// inbox handles GET /me/inbox.
func (d *Dashboard) inbox(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := pageOf(number(query.Get("before")), number(query.Get("after")), inboxRows)
	d.show(w, r, "notifications", answer{}, func(v *view) (any, error) {
		var page inboxPage
		var err error
		if page.Owner, err = v.frame("Inbox", "inbox"); err != nil {
			return nil, err
		}
		base, kinds := "/me/inbox?", inboxTabs[0].kinds
		for _, tab := range inboxTabs {
			t := assets.Tab{URL: "/me/inbox", Text: tab.text, Current: tab.key == query.Get("k")}
			if tab.key != "" {
				t.URL += "?k=" + tab.key
			}
			if t.Current && tab.key != "" {
				base, kinds = t.URL+"&", tab.kinds
			}
			page.Tabs = append(page.Tabs, t)
		}
		rows, err := v.tx.Notifications(p, kinds, nil)
		if err != nil {
			return nil, err
		}
		rows, page.Pager = cutPage(rows, p, base, func(n store.Notification) int64 { return n.ID })
		page.Pager.NewerText, page.Pager.OlderText = "Newer", "Older"
		marker, err := v.tx.NotificationMarker()
		if err != nil {
			return nil, err
		}
		if page.Items, err = v.inboxItems(rows, marker); err != nil {
			return nil, err
		}
		for i, item := range page.Items {
			if !item.New && i > 0 {
				page.ReadBefore, page.ReadText = item.ID, clock(v.now, v.local(store.TimeOf(marker)))
				break
			}
			if !item.New {
				break
			}
		}
		return page, nil
	})
}

// inboxItems joins what belongs together: requests, followers, and likes or
// boosts of one post, as long as all of them are new or none is.
func (v *view) inboxItems(rows []store.Notification, marker int64) ([]inboxItem, error) {
	posts, cards, err := v.inboxPosts(rows)
	if err != nil {
		return nil, err
	}
	emoji, err := v.inboxReactions(rows)
	if err != nil {
		return nil, err
	}
	type group struct {
		kind, reaction string
		post           int64
		apart          string // of what is never joined
		new            bool
	}
	var items []inboxItem
	at, carded := map[group]int{}, map[int64]bool{}
	for _, n := range rows {
		item, ok := v.inboxItem(n, posts, cards)
		if !ok {
			continue
		}
		if with := emoji[[2]int64{n.PostID, n.ActorID}]; item.Kind == "like" && with != "" {
			item.Kind, item.Reaction = "reaction", with
		}
		item.New = n.ID > marker
		if item.Card != nil && carded[n.PostID] { // a quote may be a mention too: one card is enough
			item.Card, item.Excerpt, item.ExcerptURL = nil, shortly(posts[n.PostID]), postPath(n.PostID)
		}
		carded[n.PostID] = carded[n.PostID] || item.Card != nil
		g := group{kind: item.Kind, reaction: item.Reaction, post: n.PostID, new: item.New}
		if item.Kind == "move" {
			g.apart = item.ID
		}
		i, joined := at[g]
		if item.Card != nil || !joined {
			at[g] = len(items)
			items = append(items, item)
			continue
		}
		if len(items[i].People) < facesShown {
			items[i].People = append(items[i].People, item.People...)
		} else {
			items[i].Others++
		}
	}
	return items, nil
}

// inboxPosts reads the posts and people of a page of notifications.
func (v *view) inboxPosts(rows []store.Notification) (map[int64]store.Post, map[int64]assets.Card, error) {
	var ids, people []int64
	for _, n := range rows {
		people = append(people, n.ActorID)
		if n.PostID != 0 {
			ids = append(ids, n.PostID)
		}
	}
	posts, cards := map[int64]store.Post{}, map[int64]assets.Card{}
	if err := v.read(people...); err != nil || len(ids) == 0 {
		return posts, cards, err
	}
	list, err := v.tx.Posts(ids)
	if err != nil {
		return nil, nil, err
	}
	made, err := v.plainCards(list)
	if err != nil {
		return nil, nil, err
	}
	for i, p := range list {
		posts[p.ID], cards[p.ID] = p, made[i]
	}
	return posts, cards, nil
}

// inboxReactions reads with which emoji people reacted to own posts, by post and
// person; who likes a post as well is left out.
func (v *view) inboxReactions(rows []store.Notification) (map[[2]int64]string, error) {
	var pairs [][2]int64
	for _, n := range rows {
		if n.Kind == "favourite" {
			pairs = append(pairs, [2]int64{n.PostID, n.ActorID})
		}
	}
	list, err := v.tx.ReactionsFor(pairs)
	emoji, likes := map[[2]int64]string{}, map[[2]int64]bool{}
	for _, r := range list {
		pair := [2]int64{r.PostID, r.ActorID}
		if r.Emoji == "" {
			likes[pair] = true
		} else {
			emoji[pair] = strings.TrimSpace(emoji[pair] + " " + r.Emoji)
		}
	}
	for pair := range likes {
		delete(emoji, pair)
	}
	return emoji, err
}

// inboxItem is one notification; false if what it is about is gone.
func (v *view) inboxItem(n store.Notification, posts map[int64]store.Post, cards map[int64]assets.Card) (inboxItem, bool) {
	item := inboxItem{ID: decimal(n.ID), People: []assets.Person{v.known(n.ActorID)}, Time: v.local(n.At)}
	p, here := posts[n.PostID]
	switch n.Kind {
	case "follow":
		item.Kind = "follow"
		return item, true
	case "follow_request":
		item.Kind = "request"
		return item, true
	case "admin.report":
		item.Kind = "report"
		return item, true
	case "move":
		item.Kind = "move"
		if to, err := v.moved(v.seen[n.ActorID]); err == nil && to != nil { // else their page says more
			item.Excerpt, item.ExcerptURL = "Now "+to.Handle, to.URL
		}
		return item, true
	case "mention":
		card := cards[n.PostID]
		item.Kind = "mention"
		if me, ok := v.seen[store.OwnerID]; ok && card.ReplyTo == "@"+me.Handle() {
			item.Kind, card.ReplyTo = "reply", ""
		}
		item.Card = &card
	case "quote":
		item.Kind = "quote"
		if p.Own() { // the quoting post cannot be read here
			item.Excerpt, item.ExcerptURL = markup.Excerpt(p.Content, 140), postPath(p.ID)
			break
		}
		card := cards[n.PostID]
		item.Card = &card
	case "favourite":
		item.Kind, item.Excerpt, item.ExcerptURL = "like", markup.Excerpt(p.Content, 140), postPath(p.ID)
	case "poll":
		item.Kind, item.Excerpt, item.ExcerptURL = "poll", markup.Excerpt(p.Content, 140), postPath(p.ID)
		if p.Own() {
			item.Kind, item.People = "ownpoll", nil
		}
	case "reblog":
		item.Kind, item.Excerpt, item.ExcerptURL = "boost", markup.Excerpt(p.Content, 140), postPath(p.ID)
	}
	return item, here && item.Kind != ""
}

// inboxRead handles POST /me/inbox/read: everything until now is read.
func (d *Dashboard) inboxRead(w http.ResponseWriter, r *http.Request) {
	err := d.service.Store().Write(r.Context(), func(tx *store.Tx) error {
		newest, err := tx.Notifications(store.Page{Limit: 1}, nil, nil)
		if err != nil || len(newest) == 0 {
			return err
		}
		return tx.SetNotificationMarker(newest[0].ID)
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/inbox")
}
