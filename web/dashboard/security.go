package dashboard

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/julienschmidt/httprouter"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

type securityPage struct {
	assets.Owner
	Tabs                   []assets.Tab
	On                     bool
	Since                  time.Time
	Left                   int
	Passkeys               passkeyList
	Sessions               []sessionRow
	CurrentError, NewError string
	Revoke                 bool
}

type sessionRow struct {
	Name, Browser, Address string
	Began, Used            time.Time
	This                   bool
}

func securityTabs(now string) []assets.Tab {
	tabs := []assets.Tab{{URL: "/me/security", Text: "Log-in"}, {URL: "/me/apps", Text: "Apps"}, {URL: "/me/security/log", Text: "Log"}}
	for i := range tabs {
		tabs[i].Current = tabs[i].URL == now
	}
	return tabs
}

// security handles GET /me/security: second factor, log-ins and password.
func (d *Dashboard) security(w http.ResponseWriter, r *http.Request) {
	d.showSecurity(w, r, answer{}, securityPage{})
}

func (d *Dashboard) showSecurity(w http.ResponseWriter, r *http.Request, a answer, page securityPage) {
	d.show(w, r, "security", a, func(v *view) (any, error) {
		page.Tabs = securityTabs("/me/security")
		factor, err := v.tx.SecondFactor()
		if err != nil {
			return nil, err
		}
		page.On, page.Since = factor.On(), v.local(factor.ConfirmedAt)
		if page.Left, err = v.tx.RecoveryCodesLeft(); err != nil {
			return nil, err
		}
		if page.Passkeys, err = d.passkeyList(v); err != nil {
			return nil, err
		}
		sessions, err := v.tx.Sessions()
		if err != nil {
			return nil, err
		}
		this := ""
		if s, in := d.guard.Session(r); in {
			this = s.Name()
		}
		for _, s := range sessions {
			page.Sessions = append(page.Sessions, sessionRow{
				Name: s.Name(), Browser: assets.BrowserName(s.Agent), Address: s.Address, Began: v.local(s.CreatedAt), Used: v.local(s.UsedAt), This: s.Name() == this,
			})
		}
		page.Owner, err = v.frame("Security", "security")
		return page, err
	})
}

// passwordSave handles POST /me/security/password.
func (d *Dashboard) passwordSave(w http.ResponseWriter, r *http.Request) {
	revoke := r.PostForm.Get("revoke") == "yes"
	err := d.guard.ChangePassword(w, r, r.PostForm.Get("current"), r.PostForm.Get("password"), revoke)
	if err == nil {
		reply.Redirect(w, r, "/me/security?done=password")
		return
	}
	words, ok := refused(err)
	if !ok {
		d.fail(w, r, err)
		return
	}
	page := securityPage{Revoke: revoke, CurrentError: words}
	if reply.CodeOf(err) == reply.Unprocessable {
		page.CurrentError, page.NewError = "", words
	}
	d.showSecurity(w, r, answer{status: wrongStatus(w, err)}, page)
}

// wrongStatus is the status of a form whose password or code was not taken. 401 is
// kept for a session that has ended.
func wrongStatus(w http.ResponseWriter, err error) int {
	if reply.CodeOf(err) == reply.Unauthorized {
		return http.StatusUnprocessableEntity
	}
	var told *reply.Error
	if errors.As(err, &told) && told.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((told.RetryAfter+time.Second-1)/time.Second)))
	}
	return reply.Status(err)
}

// sessionAsk handles GET /me/security/sessions/NAME/end.
func (d *Dashboard) sessionAsk(w http.ResponseWriter, r *http.Request) {
	name := sessionName(r)
	d.confirm(w, r, "End a log-in", "security", func(v *view, page *confirmPage) error {
		sessions, err := v.tx.Sessions()
		if err != nil {
			return err
		}
		for _, s := range sessions {
			if s.Name() == name {
				page.Heading, page.Button, page.BackURL = "End this log-in?", "End", "/me/security#sessions"
				page.Lines = []string{assets.BrowserName(s.Agent) + ", logged in since " + v.local(s.CreatedAt).Format("2 January 2006, 15:04") + ". Its pages close within a second, and whoever sits there needs your password to come back."}
				return nil
			}
		}
		return store.ErrNotFound
	})
}

// sessionEnd handles POST /me/security/sessions/NAME/end.
func (d *Dashboard) sessionEnd(w http.ResponseWriter, r *http.Request) {
	if err := d.guard.EndSession(r, sessionName(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/security?done=session-ended")
}

func sessionName(r *http.Request) string {
	return httprouter.ParamsFromContext(r.Context()).ByName("name")
}

// othersAsk handles GET /me/security/others.
func (d *Dashboard) othersAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "End log-ins", "security", func(v *view, page *confirmPage) error {
		sessions, err := v.tx.Sessions()
		if err != nil {
			return err
		}
		page.Heading, page.BackURL = "End all other log-ins?", "/me/security#sessions"
		if len(sessions) < 2 {
			page.Lines = []string{"There is none but this one."}
			return nil
		}
		page.Button = "End them"
		page.Lines = []string{plural(len(sessions)-1, "log-in ends", "log-ins end") + " within a second. This one goes on. Apps keep their access: see Apps."}
		return nil
	})
}

// othersEnd handles POST /me/security/others.
func (d *Dashboard) othersEnd(w http.ResponseWriter, r *http.Request) {
	if _, err := d.guard.EndOtherSessions(r); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/security?done=session-ended")
}

// fresh lets through who gave the password or a code in the last minutes; others
// are asked for it and come back to a page.
func (d *Dashboard) fresh(w http.ResponseWriter, r *http.Request, back string) bool {
	if d.guard.Fresh(r) {
		return true
	}
	reply.Redirect(w, r, auth.CheckPath(back))
	return false
}
