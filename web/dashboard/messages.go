package dashboard

import (
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	conversationsShown = 30
	conversationFaces  = 3
	messagesShown      = 40
)

type conversation struct {
	URL, LastID string
	People      []assets.Person
	Others      int
	Last        string
	Mine        bool
	Time        time.Time
	Unread      bool
}

type messagesPage struct {
	assets.Owner
	Conversations []conversation
	Until         string
	Pager         assets.Pager
}

func conversationPath(id int64) string { return "/me/messages/" + decimal(id) }

// messages handles GET /me/messages: the private conversations, the last one first.
func (d *Dashboard) messages(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	at := pageOf(number(query.Get("before")), number(query.Get("after")), conversationsShown)
	d.show(w, r, "messages", answer{}, func(v *view) (any, error) {
		var page messagesPage
		var err error
		if page.Owner, err = v.frame("Messages", "messages"); err != nil {
			return nil, err
		}
		list, err := v.tx.Conversations(at)
		if err != nil {
			return nil, err
		}
		list, page.Pager = cutPage(list, at, "/me/messages?", func(c store.Conversation) int64 { return c.LastID })
		page.Pager.NewerText, page.Pager.OlderText = "Newer", "Older"
		if len(list) > 0 {
			page.Until = decimal(list[0].LastID)
		}
		page.Conversations, err = v.conversations(list)
		return page, err
	})
}

// conversations draws conversations, without those that only hidden people take part in.
func (v *view) conversations(list []store.Conversation) ([]conversation, error) {
	ids, last, everybody := make([]int64, len(list)), make([]int64, len(list)), []int64{}
	for i, c := range list {
		ids[i], last[i] = c.ID, c.LastID
	}
	people, err := v.tx.PeopleOf(ids)
	if err != nil {
		return nil, err
	}
	for _, who := range people {
		everybody = append(everybody, who...)
	}
	hidden, err := v.hidden(everybody)
	if err != nil {
		return nil, err
	}
	posts, err := v.tx.Posts(last)
	if err != nil {
		return nil, err
	}
	words := map[int64]store.Post{}
	for _, p := range posts {
		words[p.ID] = p
	}
	held, err := v.tx.HeldAmong(last...)
	if err != nil {
		return nil, err
	}
	v.filtersAt = store.FilterThread
	var out []conversation
	for _, c := range list {
		p, ok := words[c.LastID]
		if !ok || allHidden(people[c.ID], hidden) {
			continue
		}
		t := conversation{URL: conversationPath(c.ID), LastID: decimal(c.LastID), Mine: p.Own(), Time: v.local(p.PublishedAt), Unread: c.Unread, Last: lastWords(p)}
		hits := v.filters().Match(&p)
		switch f := federation.Gravest(hits); {
		case hidden[p.ActorID]:
			t.Last = v.whyLeft(p.ActorID)
		case held[p.ID]:
			t.Last = "Held back by a rule of yours"
		case f != nil && f.Action != store.FilterBlur:
			t.Last = filteredWords(f, hits)
		}
		for _, id := range people[c.ID][:min(len(people[c.ID]), conversationFaces)] {
			t.People = append(t.People, v.known(id))
		}
		t.Others = len(c.People) - len(t.People)
		out = append(out, t)
	}
	return out, nil
}

func allHidden(ids []int64, hidden map[int64]bool) bool {
	for _, id := range ids {
		if !hidden[id] {
			return false
		}
	}
	return len(ids) > 0
}

// lastWords is the beginning of a message, or the warning that it stands behind.
func lastWords(p store.Post) string {
	if p.Summary != "" {
		return p.Summary
	}
	if text := markup.Excerpt(p.Content, 120); text != "" {
		return text
	}
	return "No text"
}

// messagesRead handles POST /me/messages: all conversations are read.
func (d *Dashboard) messagesRead(w http.ResponseWriter, r *http.Request) {
	if err := d.service.ReadConversation(r.Context(), 0, number(r.PostForm.Get("until"))); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/messages")
}

// messageRead handles POST /me/messages/ID/read: one is read, and opened.
func (d *Dashboard) messageRead(w http.ResponseWriter, r *http.Request) {
	id, until := idOf(r), number(r.PostForm.Get("until"))
	if id == 0 {
		d.fail(w, r, store.ErrNotFound)
		return
	}
	if err := d.service.ReadConversation(r.Context(), id, until); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, conversationPath(id)+anchor(until))
}

// messageAsk handles GET /me/messages/ID/delete.
func (d *Dashboard) messageAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete conversation", "messages", func(v *view, page *confirmPage) error {
		c, err := v.tx.Conversation(idOf(r))
		if err != nil {
			return err
		}
		people, err := v.tx.PeopleOf([]int64{c.ID})
		if err != nil {
			return err
		}
		if ids := people[c.ID]; len(ids) > 0 {
			if _, err := v.who(page, ids[0]); err != nil {
				return err
			}
		}
		page.Heading, page.Button, page.BackURL = "Delete this conversation?", "Delete", conversationPath(c.ID)
		if rest := len(c.People) - 1; rest > 0 {
			page.Lines = append(page.Lines, "It is a conversation with "+plural(rest, "other person", "other people")+" as well.")
		}
		page.Lines = append(page.Lines,
			"It leaves this list. Nobody is told, and nothing is deleted elsewhere: the others and their servers keep what was written.",
			"The posts themselves stay here too; delete those of yours one by one to ask the other servers to do the same. One more message begins the conversation anew.",
		)
		return nil
	})
}

// messageDelete handles POST /me/messages/ID/delete.
func (d *Dashboard) messageDelete(w http.ResponseWriter, r *http.Request) {
	if err := d.service.DropConversation(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/messages?done=conversation")
}
