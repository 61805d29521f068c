package dashboard

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

type pushPage struct {
	assets.Owner
	Key     string // by which push services know this server
	On      bool   // this browser is told
	Since   time.Time
	Service string // its push service
	Kinds   []pushKind
	Words   bool
	Others  []pushedBrowser
	Error   string
}

// pushKind is one kind of notice that can be chosen.
type pushKind struct {
	Name, Label string
	Checked     bool
}

// pushedBrowser is another browser that is told.
type pushedBrowser struct {
	Name, Browser, Service string
	Since                  time.Time
}

// pushKindWords are the kinds as the owner's pages call them, in the order of the form.
var pushKindWords = []struct{ name, label string }{
	{"mention", "Mentions and private messages"}, {"quote", "Quotes"}, {"follow_request", "Follow requests"}, {"follow", "New followers"}, {"status", "Posts of people whose notices you asked for"},
	{"favourite", "Likes and reactions"}, {"reblog", "Boosts"}, {"poll", "Polls that end"}, {"update", "Edits of what you boosted"}, {"admin.report", "Reports"},
}

// pushes handles GET /me/push: which browsers are told of notices, and of which.
func (d *Dashboard) pushes(w http.ResponseWriter, r *http.Request) {
	d.showPushes(w, r, answer{}, nil, "")
}

// showPushes draws the page. sent is the form that was not taken, nil for none.
func (d *Dashboard) showPushes(w http.ResponseWriter, r *http.Request, a answer, sent url.Values, problem string) {
	d.show(w, r, "pushes", a, func(v *view) (any, error) {
		page := pushPage{Key: d.service.PushKey(), Error: problem}
		list, err := v.tx.SessionPushes()
		if err != nil {
			return nil, err
		}
		alerts := map[string]bool{}
		for _, kind := range federation.BrowserPushUsual {
			alerts[kind] = true
		}
		this, _ := d.guard.Session(r)
		for _, p := range list {
			if this != nil && bytes.Equal(p.Session, this.Hash) {
				page.On, page.Since, page.Service, page.Words, alerts = true, v.local(p.At), federation.PushHost(p.Endpoint), p.Words, p.Alerts
				continue
			}
			page.Others = append(page.Others, pushedBrowser{hex.EncodeToString(p.Session[:8]), assets.BrowserName(p.Agent), federation.PushHost(p.Endpoint), v.local(p.At)})
		}
		if sent != nil {
			alerts, page.Words = sentKinds(sent), sent.Get("words") == "yes"
		}
		for _, k := range pushKindWords {
			page.Kinds = append(page.Kinds, pushKind{k.name, k.label, alerts[k.name]})
		}
		page.Owner, err = v.frame("Push", "settings")
		return page, err
	})
}

func sentKinds(form url.Values) map[string]bool {
	kinds := map[string]bool{}
	for _, kind := range form["kind"] {
		kinds[kind] = true
	}
	return kinds
}

// pushSave handles POST /me/push: this browser is told from now on, or of other kinds.
func (d *Dashboard) pushSave(w http.ResponseWriter, r *http.Request) {
	this, in := d.guard.Session(r)
	if !in {
		d.fail(w, r, reply.Errorf(reply.Unauthorized, "Your session has ended. Log in again."))
		return
	}
	form := r.PostForm
	err := d.service.SubscribeBrowser(r.Context(), this.Hash, federation.PushWish{
		Endpoint: form.Get("endpoint"), P256DH: form.Get("p256dh"), Auth: form.Get("auth"), Alerts: sentKinds(form),
	}, form.Get("words") == "yes")
	switch {
	case err == nil:
		reply.Redirect(w, r, "/me/push?done=saved#this")
	case reply.CodeOf(err) == reply.Unprocessable:
		d.showPushes(w, r, answer{status: http.StatusUnprocessableEntity}, form, reply.Message(err))
	default:
		d.fail(w, r, err)
	}
}

// pushTest handles POST /me/push/test.
func (d *Dashboard) pushTest(w http.ResponseWriter, r *http.Request) {
	this, in := d.guard.Session(r)
	if !in {
		d.fail(w, r, reply.Errorf(reply.Unauthorized, "Your session has ended. Log in again."))
		return
	}
	err := d.service.TestBrowserPush(r.Context(), this.Hash)
	switch {
	case err == nil:
		reply.Redirect(w, r, "/me/push?done=push-test#this")
	case reply.CodeOf(err) == reply.Conflict:
		d.showPushes(w, r, answer{status: http.StatusConflict}, nil, reply.Message(err))
	default:
		d.fail(w, r, err)
	}
}

// pushOff handles POST /me/push/off: of this browser, or of the one that is named.
func (d *Dashboard) pushOff(w http.ResponseWriter, r *http.Request) {
	name := r.PostForm.Get("browser")
	this, in := d.guard.Session(r)
	if name == "" && in {
		name = this.Name()
	}
	hash, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) ([]byte, error) {
		list, err := tx.SessionPushes()
		for _, p := range list {
			if hex.EncodeToString(p.Session[:8]) == name {
				return p.Session, err
			}
		}
		return nil, err
	})
	if err == nil && hash != nil { // else it is off already
		err = d.service.UnsubscribeBrowser(r.Context(), hash)
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/push?done=push-off")
}
