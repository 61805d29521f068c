package mastodon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"dassie/federation"
	"dassie/store"
)

// newsAge is how old a post may be that is news: what comes late is read in the
// timeline, where it has its place.
const newsAge = 6 * time.Hour

// newsOf is what an event means to those streams that are wanted.
func (a *API) newsOf(e federation.Event, wanted map[stream]bool) ([]news, error) {
	var list []news
	err := a.st.Read(context.Background(), func(tx *store.Tx) (err error) {
		switch e.Kind {
		case federation.EventPost, federation.EventListed, federation.EventArrived, federation.EventEdit:
			list, err = a.postNews(tx, e, wanted)
		case federation.EventNotification:
			list, err = a.noticeNews(tx, e.ID, wanted)
		case federation.EventConversation:
			list, err = a.conversationNews(tx, e.ID, wanted)
		case federation.EventDelete:
			for s := range wanted {
				if s.kind != "user:notification" && s.kind != "direct" {
					list = append(list, news{s, "delete", id(e.ID)})
				}
			}
		case federation.EventFilters:
			list = userNews(string(e.Kind), "", wanted, "user")
		case federation.EventMerged:
			list = userNews(string(e.Kind), "", wanted, "user", "user:notification")
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) { // gone again before it was told
		return nil, nil
	}
	return list, err
}

// userNews is one piece for each of some streams, as far as they are wanted.
func userNews(event, payload string, wanted map[stream]bool, kinds ...string) (list []news) {
	for _, kind := range kinds {
		if s := (stream{kind: kind}); wanted[s] {
			list = append(list, news{s, event, payload})
		}
	}
	return list
}

// postNews is a post that is new, or was edited, for the streams whose timelines
// hold it.
func (a *API) postNews(tx *store.Tx, e federation.Event, wanted map[stream]bool) ([]news, error) {
	p, err := tx.Post(e.ID)
	if err != nil {
		return nil, err
	}
	if e.Kind != federation.EventEdit && a.svc.Now().Sub(p.PublishedAt) > newsAge {
		return nil, nil
	}
	to, err := streamsOf(tx, e.Kind, &p, wanted)
	if err != nil || len(to) == 0 {
		return nil, err
	}
	m, err := a.gather(tx, []store.Post{p})
	if err != nil {
		return nil, err
	}
	loud, err := m.unmuted(tx, []store.Post{p})
	if err != nil || len(loud) == 0 {
		return nil, err
	}
	s := m.status(&p)
	if s == nil {
		return nil, nil
	}
	payload, err := payloadOf(s)
	event := "update"
	if e.Kind == federation.EventEdit {
		event = "status.update"
	}
	var list []news
	for _, at := range to {
		if event == "status.update" || at.kind != "user" && at.kind != "list" || !s.hushed() {
			list = append(list, news{at, event, payload})
		}
	}
	return list, err
}

// streamsOf are those streams that show a post on account of an event.
func streamsOf(tx *store.Tx, kind federation.EventKind, p *store.Post, wanted map[stream]bool) ([]stream, error) {
	alone := store.Page{Max: p.ID + 1, Since: p.ID - 1, Limit: 1}
	edit := kind == federation.EventEdit
	var listed bool // among the public posts
	if p.Visibility == store.Public && p.BoostOf == 0 && (edit || p.Own() || kind == federation.EventArrived) {
		rows, err := tx.PublicPosts(store.PublicQuery{}, alone)
		if err != nil {
			return nil, err
		}
		listed = len(rows) > 0
	}
	var to []stream
	for s := range wanted {
		fits := false
		switch {
		case s.kind == "user" && (edit || kind == federation.EventPost):
			rows, err := tx.Home(alone)
			if err != nil {
				return nil, err
			}
			if fits = len(rows) > 0 || edit && p.Kept; !fits && edit {
				if fits, err = tx.BoostedIntoHome(p.ID); err != nil {
					return nil, err
				}
			}
		case s.kind == "list" && kind != federation.EventArrived:
			rows, err := tx.ListPosts(s.list, alone)
			if err != nil {
				return nil, err
			}
			fits = len(rows) > 0
		case edit || p.Own() || kind == federation.EventArrived:
			fits = p.Visibility == store.Public && p.BoostOf == 0 && (s.public() || strings.HasPrefix(s.kind, "hashtag")) && s.shows(p, listed)
		}
		if fits {
			to = append(to, s)
		}
	}
	return to, nil
}

// noticeNews is a notification. Where somebody went is shown by their account: the
// client API has no kind for it.
func (a *API) noticeNews(tx *store.Tx, noticeID int64, wanted map[stream]bool) ([]news, error) {
	list := userNews("notification", "", wanted, "user", "user:notification")
	if len(list) == 0 {
		return nil, nil
	}
	n, err := tx.Notification(noticeID)
	if err != nil || n.Kind == "move" {
		return nil, err
	}
	made, err := a.noticeList(tx, []store.Notification{n})
	if err != nil || len(made) == 0 {
		return nil, err
	}
	payload, err := payloadOf(made[0])
	for i := range list {
		list[i].payload = payload
	}
	return list, err
}

// conversationNews is the conversation that a private message was filed under.
func (a *API) conversationNews(tx *store.Tx, postID int64, wanted map[stream]bool) ([]news, error) {
	list := userNews("conversation", "", wanted, "direct")
	if len(list) == 0 {
		return nil, nil
	}
	row, err := tx.ConversationOf(postID)
	if err != nil {
		return nil, err
	}
	made, err := a.conversationList(tx, []store.Conversation{row})
	if err != nil || len(made) == 0 || made[0].Last == nil {
		return nil, err
	}
	payload, err := payloadOf(made[0])
	list[0].payload = payload
	return list, err
}

func payloadOf(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
