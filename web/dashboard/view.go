package dashboard

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
)

// unreadShown is how many unread notifications are counted at most.
const unreadShown = 999

// view is one page in the making: the transaction it is read in, and what
// several of its parts need.
type view struct {
	tx    *store.Tx
	r     *http.Request
	d     *Dashboard
	now   time.Time // in the owner's zone
	set   store.Settings
	seen  map[int64]store.Actor // read already
	pins  map[int64]bool        // own posts on the profile; nil until asked for
	event string                // number of the last event before the page was read
	at    string                // page that a part is made for; "" for the request's own
	going int64                 // id of the held post that the page is about; 0 for the next one

	inHome    bool           // the cards are those of Home, which say what brought them there
	muted     map[int64]bool // people whom only a line stands for, since they are muted
	silenced  map[int64]bool // likewise, since they are strangers of a silenced server
	evenMuted bool           // the owner went to see what these people wrote, muted or not

	emojis federation.EmojiPaths // read already

	filtersAt   store.FilterContext // where the posts of the page stand, for filters; 0 for where none count
	filtersHere federation.Filters  // those that count there; nil until asked for
}

func (d *Dashboard) newView(tx *store.Tx, r *http.Request) *view {
	set := d.service.Settings()
	return &view{tx: tx, r: r, d: d, set: set, now: d.service.Now().In(zone(set)), seen: map[int64]store.Actor{}, emojis: federation.EmojiPaths{}}
}

// frame reads what surrounds every page. here is the current place, as
// assets.Owner knows it, or "".
func (v *view) frame(title, here string) (assets.Owner, error) {
	o := assets.Owner{
		Title: title + " · " + v.d.service.Origin().Host, Here: here, Path: v.path(), CSRF: v.d.guard.CSRF(v.r),
		Lang: "en", Look: lookOf(v.set), Version: v.d.service.Version(), Now: v.now,
		NoKeys: !v.set.Keys, KeyMap: v.set.KeyMap, Event: v.event, Notice: doneNotice(v.r.URL.Query()),
	}
	me, err := v.actor(store.OwnerID)
	if err != nil {
		return o, err
	}
	o.Me = v.face(me)
	if o.Requests, err = v.tx.CountFollowers(store.FollowAsked); err != nil {
		return o, err
	}
	if o.Followers, err = v.tx.CountFollowers(store.FollowAccepted); err != nil {
		return o, err
	}
	if o.Following, err = v.tx.CountFollowing(); err != nil {
		return o, err
	}
	marker, err := v.tx.NotificationMarker()
	if err != nil {
		return o, err
	}
	if o.Inbox, err = v.tx.CountNotificationsSince(marker, unreadShown); err != nil {
		return o, err
	}
	if o.Messages, err = v.tx.CountUnreadConversations(unreadShown); err != nil {
		return o, err
	}
	if o.Reports, err = v.tx.CountOpenReports(); err != nil {
		return o, err
	}
	if o.DataAsked, err = v.tx.CountSubjectRequests(); err != nil {
		return o, err
	}
	if o.Notice == nil {
		o.Notice = standingNotice(o, me, here)
	}
	if o.Sending, err = v.sending(); err != nil {
		return o, err
	}
	drafts, err := v.tx.UnsentList(store.UnsentDraft)
	o.Drafts = len(drafts)
	return o, err
}

// standingNotice is what is said above a page for as long as it is so.
func standingNotice(o assets.Owner, me store.Actor, here string) *assets.Notice {
	switch {
	case me.Extra.MovedTo != "" && (here == "home" || here == "write"):
		return &assets.Notice{Kind: "warn", Strong: "You moved.", Text: "Nothing can be published here while your profile says so.", URL: "/me/move", LinkText: "See where, or come back"}
	case o.DataAsked > 0 && (here == "home" || here == "inbox"):
		return &assets.Notice{
			Kind: "warn", Strong: plural(o.DataAsked, "request about data waits", "requests about data wait") + ".", Text: "Somebody asks what is kept about them; you have a month to answer.",
			URL: askedPath, LinkText: "See who asks",
		}
	}
	return nil
}

// path is this page's own address, without the notice it was opened with.
func (v *view) path() string {
	if v.at != "" {
		return v.at
	}
	query := v.r.URL.Query()
	query.Del("done")
	query.Del("n")
	query.Del("gone")
	if len(query) == 0 || v.r.Method == http.MethodPost {
		return v.r.URL.Path
	}
	return v.r.URL.Path + "?" + query.Encode()
}

// read makes sure that actors are at hand, in one query.
func (v *view) read(ids ...int64) error {
	var missing []int64
	for _, id := range ids {
		if _, ok := v.seen[id]; !ok && id != 0 {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := v.tx.Actors(missing...)
	var people []store.Actor
	for id, a := range found {
		v.seen[id] = a
		people = append(people, a)
	}
	if err != nil {
		return err
	}
	return v.readEmojis(people...)
}

func (v *view) actor(id int64) (store.Actor, error) {
	if err := v.read(id); err != nil {
		return store.Actor{}, err
	}
	a, ok := v.seen[id]
	if !ok {
		return a, store.ErrNotFound
	}
	return a, nil
}

// face is somebody as one line. The owner's name leads to what visitors see.
func (v *view) face(a store.Actor) assets.Person {
	p := assets.Person{Name: a.Name, Handle: "@" + a.Handle(), URL: personPath(a.ID), Avatar: v.d.service.FacePath(a, federation.ForOwner), Emojis: v.profileEmojis(a)}
	if a.ID == store.OwnerID {
		p.URL = "/@" + a.Username
	}
	return p
}

// known is the face of an actor that was read; one that is not there any more
// is shown as such.
func (v *view) known(id int64) assets.Person {
	a, ok := v.seen[id]
	if !ok {
		return assets.Person{Name: "Somebody who is gone", URL: personPath(id)}
	}
	return v.face(a)
}

// relation is how the owner stands to somebody: none, following, asked, blocked
// or me.
func (v *view) relation(id int64) (string, error) {
	all, err := v.tx.Relations(id)
	return relationWord(id, all[id]), err
}

func relationWord(id int64, r store.Relation) string {
	switch {
	case id == store.OwnerID:
		return "me"
	case r.Blocked:
		return "blocked"
	case r.Following.ActorID == 0:
		return "none"
	case r.Following.State == store.FollowAccepted:
		return "following"
	case r.Following.State == store.FollowAsked:
		return "asked"
	}
	return "none"
}

// local is a time in the owner's zone; the zero time stays zero.
func (v *view) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(v.now.Location())
}

// picture is the address of a stored picture, "" for none.
func picture(name string) string {
	if name == "" {
		return ""
	}
	return "/media/" + url.PathEscape(name)
}

func decimal(id int64) string    { return strconv.FormatInt(id, 10) }
func personPath(id int64) string { return "/me/person/" + decimal(id) }
func postPath(id int64) string   { return "/me/post/" + decimal(id) }
func anchor(id int64) string     { return "#p-" + decimal(id) }
func actorIDs(posts ...store.Post) []int64 {
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ActorID
	}
	return ids
}
