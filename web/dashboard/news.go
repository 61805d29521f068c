package dashboard

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// newsCounted is how many new posts are counted for the button; more are "100+".
const newsCounted = 100

// news is what the script shows without loading a page.
type news struct {
	Posts    int    `json:"posts"` // cards that Home would have above the newest one that is shown
	More     bool   `json:"more"`  // and more that were not counted
	Late     int    `json:"late"`  // posts that came in below the place
	Inbox    int    `json:"inbox"`
	Messages int    `json:"messages"`
	Requests int    `json:"requests"`
	Drafts   int    `json:"drafts"`
	Time     string `json:"time"` // now, as the owner reads it
}

// news handles GET /me/news: the numbers that open pages show, as they are now.
// The query's "top" is the newest post of the home timeline that a page shows.
func (d *Dashboard) news(w http.ResponseWriter, r *http.Request) {
	top := number(r.URL.Query().Get("top"))
	n, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (news, error) {
		return d.newView(tx, r).news(top)
	})
	if err != nil {
		reply.FailJSON(w, r, err, d.log)
		return
	}
	reply.JSON(w, http.StatusOK, n)
}

func (v *view) news(top int64) (n news, err error) {
	n.Time = v.now.Format("15:04")
	frame, err := v.frame("", "")
	if err != nil {
		return n, err
	}
	n.Inbox, n.Messages, n.Requests, n.Drafts = frame.Inbox, frame.Messages, frame.Requests, frame.Drafts
	if top == 0 {
		return n, nil
	}
	if n.Posts, n.More, err = v.countNew(top, newsCounted); err != nil {
		return n, err
	}
	late, _, err := v.lateLines(lateShown)
	n.Late = len(late)
	return n, err
}

// countNew counts the cards that Home has above a place, as they will be shown: what is
// filtered, muted or blocked is none, and boosts of one post are one. What the owner
// did is no news. So many rows are looked through at most; more says that there are
// others.
func (v *view) countNew(since int64, most int) (n int, more bool, err error) {
	rows, err := v.tx.HomeLines(store.Page{Since: since, Limit: most + 1})
	if err != nil {
		return 0, false, err
	}
	more = len(rows) > most
	rows = slices.DeleteFunc(rows[:min(len(rows), most)], store.Post.Own)
	list, err := v.entries(rows)
	return len(list), more, err
}

// postCard handles GET /me/post/ID/card: the card of a post alone, for a page that
// shows it already. The query's "back" is that page, where its forms come back to.
func (d *Dashboard) postCard(w http.ResponseWriter, r *http.Request) {
	body, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) ([]byte, error) {
		v := d.newView(tx, r)
		v.at = reply.Local(r.URL.Query().Get("back"))
		v.inHome = v.at == "/me" || strings.HasPrefix(v.at, "/me?")
		v.filtersAt = placeOf(v.at)
		p, err := v.postShown(idOf(r))
		if err != nil {
			return nil, err
		}
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = d.pages.Card(&b, assets.Owner{CSRF: d.guard.CSRF(r), Now: v.now, Path: v.path()}, cards[0])
		return b.Bytes(), err
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.HTML(w, r, http.StatusOK, body, reply.Headers{})
}
