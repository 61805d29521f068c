package dashboard

import (
	"encoding/json"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

const (
	passkeysPath   = "/me/security#passkeys"
	addPasskeyPath = "/me/security/passkeys/new"
)

// passkeyRow is a passkey in the list under Security.
type passkeyRow struct {
	ID, Name             string
	Synced               bool
	Added, Used, Doubted time.Time
}

// passkeyList are the owner's passkeys: those that open this server, and those that
// were made for a name that it had before.
type passkeyList struct {
	Host    string // that they are made for; "" if there can be none
	Full    bool   // no more fit in
	Here    []passkeyRow
	Old     []passkeyRow
	OldHost string
}

type passkeyPage struct {
	assets.Owner
	Host, Name string
	Code       bool
	Options    string
	Max        int
	Error      string
}

type passkeyNamePage struct {
	assets.Owner
	ID, Name string
	Max      int
	Error    string
}

func (d *Dashboard) passkeyList(v *view) (l passkeyList, err error) {
	l.Host = d.guard.PasskeyHost()
	list, err := v.tx.Passkeys()
	l.Full = len(list) >= store.MaxPasskeys
	for _, k := range list {
		row := passkeyRow{ID: decimal(k.ID), Name: k.Name, Synced: k.Synced, Added: v.local(k.AddedAt), Used: v.local(k.UsedAt), Doubted: v.local(k.DoubtedAt)}
		if k.Host == l.Host {
			l.Here = append(l.Here, row)
			continue
		}
		l.Old, l.OldHost = append(l.Old, row), k.Host
	}
	return l, err
}

// passkeyNew handles GET /me/security/passkeys/new.
func (d *Dashboard) passkeyNew(w http.ResponseWriter, r *http.Request) {
	d.showPasskey(w, r, answer{}, passkeyPage{Name: assets.BrowserName(r.UserAgent())})
}

func (d *Dashboard) showPasskey(w http.ResponseWriter, r *http.Request, a answer, page passkeyPage) {
	d.show(w, r, "passkey", a, func(v *view) (any, error) {
		page.Host, page.Max = d.guard.PasskeyHost(), auth.MaxPasskeyName
		if page.Host == "" {
			return nil, store.ErrNotFound
		}
		factor, err := v.tx.SecondFactor()
		if err != nil {
			return nil, err
		}
		page.Code = factor.On()
		page.Owner, err = v.frame("Add a passkey", "security")
		return page, err
	})
}

// passkeyBegin handles POST /me/security/passkeys/new. Its answer is the page from
// which the browser makes the passkey, and no redirect to one: what is on it counts
// once, and for five minutes.
func (d *Dashboard) passkeyBegin(w http.ResponseWriter, r *http.Request) {
	page := passkeyPage{Name: r.PostForm.Get("name")}
	options, err := d.guard.BeginPasskey(r, page.Name, r.PostForm.Get("password"), r.PostForm.Get("code"))
	if err != nil {
		d.passkeyRefused(w, r, page, err)
		return
	}
	text, err := json.Marshal(options)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	page.Options = string(text)
	d.showPasskey(w, r, answer{}, page)
}

func (d *Dashboard) passkeyRefused(w http.ResponseWriter, r *http.Request, page passkeyPage, err error) {
	words, ok := refused(err)
	if !ok || reply.CodeOf(err) == reply.NotFound {
		d.fail(w, r, err)
		return
	}
	page.Error = words
	d.showPasskey(w, r, answer{status: wrongStatus(w, err)}, page)
}

// passkeyAdd handles POST /me/security/passkeys: what the browser made.
func (d *Dashboard) passkeyAdd(w http.ResponseWriter, r *http.Request) {
	if err := d.guard.FinishPasskey(r, r.PostForm.Get("passkey")); err != nil {
		d.passkeyRefused(w, r, passkeyPage{Name: assets.BrowserName(r.UserAgent())}, err)
		return
	}
	reply.Redirect(w, r, "/me/security?done=passkey-added#passkeys")
}

// passkeyEdit handles GET /me/security/passkey/ID.
func (d *Dashboard) passkeyEdit(w http.ResponseWriter, r *http.Request) {
	d.showPasskeyName(w, r, answer{}, passkeyNamePage{})
}

func (d *Dashboard) showPasskeyName(w http.ResponseWriter, r *http.Request, a answer, page passkeyNamePage) {
	d.show(w, r, "passkey_name", a, func(v *view) (any, error) {
		k, err := v.tx.Passkey(idOf(r))
		if err != nil {
			return nil, err
		}
		page.ID, page.Max = decimal(k.ID), auth.MaxPasskeyName
		if page.Error == "" {
			page.Name = k.Name
		}
		page.Owner, err = v.frame("Rename a passkey", "security")
		return page, err
	})
}

// passkeyRename handles POST /me/security/passkey/ID.
func (d *Dashboard) passkeyRename(w http.ResponseWriter, r *http.Request) {
	err := d.guard.RenamePasskey(r, idOf(r), r.PostForm.Get("name"))
	switch {
	case err == nil:
		reply.Redirect(w, r, "/me/security?done=saved#passkeys")
	case reply.CodeOf(err) == reply.Unprocessable:
		d.showPasskeyName(w, r, answer{status: http.StatusUnprocessableEntity}, passkeyNamePage{Name: r.PostForm.Get("name"), Error: reply.Message(err)})
	default:
		d.fail(w, r, err)
	}
}

// passkeyRemoveAsk handles GET /me/security/passkey/ID/remove.
func (d *Dashboard) passkeyRemoveAsk(w http.ResponseWriter, r *http.Request) {
	d.showPasskeyRemove(w, r, answer{}, "")
}

func (d *Dashboard) showPasskeyRemove(w http.ResponseWriter, r *http.Request, a answer, wrong string) {
	k, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Passkey, error) { return tx.Passkey(idOf(r)) })
	if err != nil {
		d.fail(w, r, notFound(err))
		return
	}
	lines := []string{
		"It opens nothing here from then on. Log-ins that began with it go on until you end them, further down under Security.",
		"Your device or password manager still lists it: delete it there too, so that it is not offered any more.",
	}
	d.showCheck(w, r, a, checkPage{Heading: "Remove the passkey “" + k.Name + "”?", Action: r.URL.Path, Button: "Remove", BackURL: passkeysPath, Password: true, Danger: true, Lines: lines, Error: wrong})
}

// passkeyRemove handles POST /me/security/passkey/ID/remove.
func (d *Dashboard) passkeyRemove(w http.ResponseWriter, r *http.Request) {
	err := d.guard.RemovePasskey(r, idOf(r), r.PostForm.Get("password"))
	if words, ok := refused(err); ok && reply.CodeOf(err) != reply.NotFound {
		d.showPasskeyRemove(w, r, answer{status: wrongStatus(w, err)}, words)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/security?done=passkey-removed#passkeys")
}

// checkPasskey handles POST /me/security/check/passkey, from the page's script: what
// a passkey is to sign in the place of the password.
func (d *Dashboard) checkPasskey(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", reply.NoStore)
	asked, err := d.guard.AskPasskey(r)
	if err != nil {
		reply.FailJSON(w, r, err, d.log)
		return
	}
	reply.JSON(w, http.StatusOK, asked)
}
