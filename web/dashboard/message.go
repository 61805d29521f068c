package dashboard

import (
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

type said struct {
	Card    assets.Card
	Trouble []string
}

type messagePage struct {
	assets.Owner
	URL, Until     string
	People         []assets.Person
	Others         int
	Unread         bool
	Said           []said
	Earlier, Later string
	Compose        *assets.Compose
}

// message handles GET /me/messages/ID: one private conversation in its order.
func (d *Dashboard) message(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	at := pageOf(number(query.Get("before")), number(query.Get("after")), messagesShown)
	d.show(w, r, "message", answer{cache: reply.Private}, func(v *view) (any, error) {
		c, err := v.tx.Conversation(idOf(r))
		if err != nil {
			return nil, err
		}
		page := messagePage{URL: conversationPath(c.ID), Unread: c.Unread, Until: decimal(c.LastID)}
		if page.Owner, err = v.frame("Messages", "messages"); err != nil {
			return nil, err
		}
		people, err := v.tx.PeopleOf([]int64{c.ID})
		if err != nil {
			return nil, err
		}
		hidden, err := v.hidden(people[c.ID])
		if err != nil {
			return nil, err
		}
		if allHidden(people[c.ID], hidden) {
			return nil, reply.Errorf(reply.NotFound, "You blocked whoever takes part in this, so it is hidden. Unblock them to see it.")
		}
		for _, id := range people[c.ID] {
			page.People = append(page.People, v.known(id))
		}
		page.Others = len(c.People) - len(page.People)
		posts, err := v.tx.ConversationPosts(c.ID, at)
		if err != nil {
			return nil, err
		}
		posts, pager := cutPage(posts, at, page.URL+"?", postID)
		page.Earlier, page.Later = pager.Older, pager.Newer
		slices.Reverse(posts)
		if page.Said, err = v.said(posts, hidden); err != nil {
			return nil, err
		}
		return page, v.answerConversation(&page, c)
	})
}

// answerConversation offers an answer to the last message, to the people it names.
func (v *view) answerConversation(page *messagePage, c store.Conversation) error {
	last, err := v.tx.Posts([]int64{c.LastID})
	if err != nil || len(last) == 0 {
		return err
	}
	compose, err := v.compose(&last[0])
	if err == nil && compose.Text != "" {
		page.Compose = &compose
	}
	return err
}

// said draws messages; each of the owner's with whom it did not reach.
func (v *view) said(posts []store.Post, hidden map[int64]bool) ([]said, error) {
	shown := slices.DeleteFunc(slices.Clone(posts), func(p store.Post) bool { return hidden[p.ActorID] })
	v.filtersAt = store.FilterThread
	cards, err := v.plainCards(shown)
	if err != nil {
		return nil, err
	}
	made := map[int64]assets.Card{}
	for i, p := range shown {
		cards[i].ReplyTo, cards[i].Audience = "", "" // all of them are private, and answer each other
		made[p.ID] = cards[i]
	}
	trouble, err := v.unreached(shown)
	if err != nil {
		return nil, err
	}
	out := make([]said, len(posts))
	for i, p := range posts {
		card, ok := made[p.ID]
		if !ok {
			card = v.standIn(p.ID, p.ActorID)
		}
		out[i] = said{card, trouble[p.ID]}
	}
	return out, nil
}

// answersWithin is how long a message may be on its way before that is said.
const answersWithin = time.Minute

// unreached says of own messages whom each did not reach, and why.
func (v *view) unreached(posts []store.Post) (map[int64][]string, error) {
	var own, named []int64
	for _, p := range posts {
		if p.Own() {
			own = append(own, p.ID)
			for _, m := range p.Extra.Mentions {
				named = append(named, m.ActorID)
			}
		}
	}
	if len(own) == 0 {
		return nil, nil
	}
	reached, err := v.tx.ReceiptsOf(own)
	if err != nil {
		return nil, err
	}
	off, err := v.tx.UnreachedAmong(named...)
	if err != nil {
		return nil, err
	}
	if err := v.read(named...); err != nil {
		return nil, err
	}
	out := map[int64][]string{}
	for _, p := range posts {
		if !p.Own() {
			continue
		}
		for _, m := range p.Extra.Mentions {
			if m.ActorID == store.OwnerID {
				continue
			}
			if why := v.whyUnreached(p, m, reached[p.ID], off[m.ActorID]); why != "" {
				out[p.ID] = append(out[p.ID], why)
			}
		}
	}
	return out, nil
}

// whyUnreached says in words how it stands with a message to one person; "" if it
// arrived, or is on its way and nothing went wrong.
func (v *view) whyUnreached(p store.Post, m store.Mention, reached []store.Receipt, off bool) string {
	who := "@" + m.Handle
	a, known := v.seen[m.ActorID]
	i := slices.IndexFunc(reached, func(r store.Receipt) bool { return known && r.InboxURL == a.Inbox })
	if i < 0 {
		switch {
		case !known || !a.GoneAt.IsZero():
			return "Not sent to " + who + ": the account is gone."
		case off:
			return "Not sent to " + who + ": one of you blocked the other."
		}
		return "Not sent to " + who + "."
	}
	r := reached[i]
	reason := ""
	if r.Error != "" {
		reason = ": " + sentence(r.Error)
	} else {
		reason = "."
	}
	switch r.State {
	case store.DeliveryAccepted:
		return ""
	case store.DeliveryWaiting, store.DeliveryUnknown:
		if r.Error == "" && v.now.Sub(p.PublishedAt) < answersWithin {
			return ""
		}
		next := ""
		if r.DueAt.After(v.now) {
			next = " Next try in " + span(r.DueAt.Sub(v.now)) + "."
		}
		return "Has not reached " + who + " yet" + reason + next
	case store.DeliveryRefused:
		return "The server of " + who + " refused it" + reason
	}
	return "Did not reach " + who + reason
}
