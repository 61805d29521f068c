package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

const (
	factorPath = "/me/security/factor"
	codesPath  = "/me/security/codes"
	offPath    = "/me/security/factor/off"
	checkPath  = "/me/security/check"
)

type factorPage struct {
	assets.Owner
	Secret string
	Pixels int
	Error  string
}

type codesPage struct {
	assets.Owner
	Codes []string
	First bool
}

type checkPage struct {
	assets.Owner
	Heading                        string
	Lines                          []string
	Action, Next, Button, BackURL  string
	Password, Code, Either, Danger bool
	Passkey                        string // host that there are passkeys for; "" for none
	Error                          string
}

// factorBegin handles POST /me/security/factor. The secret that it draws is shown
// by the page that follows, to who gave the password just now.
func (d *Dashboard) factorBegin(w http.ResponseWriter, r *http.Request) {
	if err := d.guard.BeginSecondFactor(r.Context()); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, factorPath)
}

// factor handles GET /me/security/factor.
func (d *Dashboard) factor(w http.ResponseWriter, r *http.Request) {
	if d.fresh(w, r, factorPath) {
		d.showFactor(w, r, answer{}, "")
	}
}

func (d *Dashboard) showFactor(w http.ResponseWriter, r *http.Request, a answer, wrong string) {
	key, err := d.guard.Enrolment(r.Context())
	if reply.CodeOf(err) == reply.NotFound {
		reply.Redirect(w, r, "/me/security")
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "factor", a, func(v *view) (any, error) {
		page := factorPage{Secret: key.Secret, Pixels: auth.QRPixels, Error: wrong}
		page.Owner, err = v.frame("Second factor", "security")
		return page, err
	})
}

// factorPicture handles GET /me/security/factor/qr.
func (d *Dashboard) factorPicture(w http.ResponseWriter, r *http.Request) {
	if !d.guard.Fresh(r) {
		d.fail(w, r, reply.Errorf(reply.Forbidden, "Give your password first."))
		return
	}
	key, err := d.guard.Enrolment(r.Context())
	if err != nil {
		d.fail(w, r, err)
		return
	}
	picture, err := key.PNG()
	if err != nil {
		d.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", reply.NoStore)
	_, _ = w.Write(picture) // a browser that left needs none
}

// factorConfirm handles POST /me/security/factor/confirm. Its answer is the page
// with the recovery codes and no redirect to one, because nothing here can show
// them a second time.
func (d *Dashboard) factorConfirm(w http.ResponseWriter, r *http.Request) {
	if !d.fresh(w, r, factorPath) {
		return
	}
	codes, err := d.guard.ConfirmSecondFactor(r, r.PostForm.Get("code"))
	if words, ok := refused(err); ok && reply.CodeOf(err) != reply.NotFound {
		d.showFactor(w, r, answer{status: wrongStatus(w, err)}, words)
		return
	}
	d.showCodes(w, r, codes, true, err)
}

func (d *Dashboard) showCodes(w http.ResponseWriter, r *http.Request, codes []string, first bool, err error) {
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "codes", answer{}, func(v *view) (any, error) {
		page := codesPage{Codes: codes, First: first}
		page.Owner, err = v.frame("Recovery codes", "security")
		return page, err
	})
}

// codesAsk handles GET /me/security/codes.
func (d *Dashboard) codesAsk(w http.ResponseWriter, r *http.Request) {
	d.showCheck(w, r, answer{}, codesCheck())
}

func codesCheck() checkPage {
	return checkPage{Heading: "New recovery codes", Action: codesPath, Button: "Make new codes", BackURL: "/me/security", Code: true,
		Lines: []string{"You get ten new ones. Those that you have are void from then on."}}
}

// codesMake handles POST /me/security/codes, and answers as factorConfirm does.
func (d *Dashboard) codesMake(w http.ResponseWriter, r *http.Request) {
	codes, err := d.guard.NewRecoveryCodes(r, r.PostForm.Get("code"))
	if words, ok := refused(err); ok && reply.CodeOf(err) != reply.NotFound {
		page := codesCheck()
		page.Error = words
		d.showCheck(w, r, answer{status: wrongStatus(w, err)}, page)
		return
	}
	d.showCodes(w, r, codes, false, err)
}

// offAsk handles GET /me/security/factor/off.
func (d *Dashboard) offAsk(w http.ResponseWriter, r *http.Request) {
	d.showCheck(w, r, answer{}, offCheck())
}

func offCheck() checkPage {
	return checkPage{Heading: "Switch the second factor off?", Action: offPath, Button: "Switch off", BackURL: "/me/security", Password: true, Code: true, Danger: true,
		Lines: []string{"From then on the password alone opens your account. The recovery codes are void; your app can forget its key."}}
}

// off handles POST /me/security/factor/off.
func (d *Dashboard) off(w http.ResponseWriter, r *http.Request) {
	err := d.guard.EndSecondFactor(r, r.PostForm.Get("password"), r.PostForm.Get("code"))
	if words, ok := refused(err); ok && reply.CodeOf(err) != reply.NotFound {
		page := offCheck()
		page.Error = words
		d.showCheck(w, r, answer{status: wrongStatus(w, err)}, page)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/security?done=factor-off")
}

// checkAsk handles GET /me/security/check: the password or a code, before
// something dangerous.
func (d *Dashboard) checkAsk(w http.ResponseWriter, r *http.Request) {
	next := reply.Local(r.URL.Query().Get("next"))
	if d.guard.AskedAgain(r) {
		reply.Redirect(w, r, next)
		return
	}
	d.showCheck(w, r, answer{}, freshCheck(next))
}

func freshCheck(next string) checkPage {
	return checkPage{Heading: "Is it you?", Action: checkPath, Next: next, Button: "Go on", BackURL: "/me/security", Password: true, Either: true,
		Lines: []string{"What comes next is not for whoever finds this browser open. Give your password once more; it counts for ten minutes."}}
}

// check handles POST /me/security/check.
func (d *Dashboard) check(w http.ResponseWriter, r *http.Request) {
	next := reply.Local(r.PostForm.Get("next"))
	var err error
	if passkey := r.PostForm.Get("passkey"); passkey != "" {
		err = d.guard.CheckPasskey(r, passkey)
	} else {
		err = d.guard.Check(r, r.PostForm.Get("password"), r.PostForm.Get("code"))
	}
	if err == nil {
		reply.Redirect(w, r, next)
		return
	}
	words, ok := refused(err)
	if !ok {
		d.fail(w, r, err)
		return
	}
	page := freshCheck(next)
	page.Error = words
	d.showCheck(w, r, answer{status: wrongStatus(w, err)}, page)
}

func (d *Dashboard) showCheck(w http.ResponseWriter, r *http.Request, a answer, page checkPage) {
	d.show(w, r, "check", a, func(v *view) (any, error) {
		factor, err := v.tx.SecondFactor()
		if err != nil {
			return nil, err
		}
		switch {
		case page.Either && factor.On():
			page.Code = true
		case page.Code && !factor.On():
			return nil, store.ErrNotFound
		}
		if page.Either && d.guard.Passkeys(r.Context()) > 0 {
			page.Passkey = d.guard.PasskeyHost()
		}
		page.Owner, err = v.frame(page.Heading, "security")
		return page, err
	})
}
