package dashboard

import (
	"math"
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	inboxGroups = 30
	facesShown  = 5
	namesShown  = 2
	reactionsOf = 200 // people of one group whose emoji are looked up
)

// inboxItem is one line: what one person did, or several with one post.
type inboxItem struct {
	ID, Kind, About string // About: post, reply or poll
	Named           []assets.Person
	Faces           []assets.Person
	Others          int // more people than are named
	To              string
	Time            time.Time
	New             bool
	Card            *assets.Card
	Reaction        string         // the emoji of who reacted and did not like …
	Emojis          []assets.Emoji // … with their pictures
	Excerpt, Lang   string
	ExcerptURL      string
	Result          string // of a poll
}

type inboxPage struct {
	assets.Owner
	Wave                        *wave
	Tabs                        []assets.Tab
	Items                       []inboxItem
	Until, ReadBefore, ReadText string
	Pager                       assets.Pager
}

// inboxTabs are the kinds of notifications by tab, in the store's words; none is
// all of them.
var inboxTabs = []struct {
	key, text string
	kinds     []string
}{
	{"mentions", "Mentions", []string{"mention", "quote"}},
	{"", "Everything", nil},
}

// inbox handles GET /me/inbox.
func (d *Dashboard) inbox(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	at := pageOf(number(query.Get("before")), number(query.Get("after")), inboxGroups)
	d.show(w, r, "notifications", answer{}, func(v *view) (any, error) {
		var page inboxPage
		var err error
		if page.Owner, err = v.frame("Inbox", "inbox"); err != nil {
			return nil, err
		}
		marker, err := v.tx.NotificationMarker()
		if err != nil {
			return nil, err
		}
		base, kinds, err := v.inboxTabs(&page, marker, query.Get("k"))
		if err != nil {
			return nil, err
		}
		groups, err := v.tx.NoticeGroups(at, store.Grouping{Kinds: kinds, Joined: store.JoinedNotices, Split: marker})
		if err != nil {
			return nil, err
		}
		groups, page.Pager = cutPage(groups, at, base, func(g store.NoticeGroup) int64 { return g.Newest().ID })
		page.Pager.NewerText, page.Pager.OlderText = "Newer", "Older"
		newest, err := v.tx.Notifications(store.Page{Limit: 1}, nil, nil)
		if err != nil {
			return nil, err
		}
		if len(newest) > 0 {
			page.Until = decimal(newest[0].ID)
		}
		if page.Items, err = v.inboxItems(groups, marker); err != nil {
			return nil, err
		}
		if page.Wave, err = v.wave(true); err != nil {
			return nil, err
		}
		page.markPlace(clock(v.now, v.local(store.TimeOf(marker))))
		return page, nil
	})
}

// inboxTabs fills the tabs, with what is unread in each.
func (v *view) inboxTabs(page *inboxPage, marker int64, chosen string) (base string, kinds []string, err error) {
	base = "/me/inbox?"
	for _, tab := range inboxTabs {
		t := assets.Tab{URL: "/me/inbox", Text: tab.text, Current: tab.key == chosen || tab.key == "" && chosen != "mentions"}
		if tab.key != "" {
			t.URL += "?k=" + tab.key
		}
		if t.Count, err = v.tx.CountNotificationsSince(marker, unreadShown, tab.kinds...); err != nil {
			return "", nil, err
		}
		if t.Current && tab.key != "" {
			base, kinds = t.URL+"&", tab.kinds
		}
		page.Tabs = append(page.Tabs, t)
	}
	held := assets.Tab{URL: heldPath, Text: "Held back"}
	held.Count, _, err = v.tx.CountNoticeRequests()
	page.Tabs = append(page.Tabs, held)
	return base, kinds, err
}

// markPlace puts the place marker before the first item that was read, if
// something new stands above it.
func (page *inboxPage) markPlace(since string) {
	i := slices.IndexFunc(page.Items, func(item inboxItem) bool { return !item.New })
	if i > 0 {
		page.ReadBefore, page.ReadText = page.Items[i].ID, since
	}
}

// inboxRead handles POST /me/inbox/read: everything that there was when the page
// was opened is read.
func (d *Dashboard) inboxRead(w http.ResponseWriter, r *http.Request) {
	until := number(r.PostForm.Get("until"))
	if until == 0 {
		until = math.MaxInt64 // the newest that there is
	}
	if _, err := d.service.MoveMarkers(r.Context(), map[string]int64{store.MarkerNotifications: until}); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, "/me/inbox"))
}
