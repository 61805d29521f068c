package dashboard

import (
	"net/http"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

type appsPage struct {
	assets.Owner
	Tabs []assets.Tab
	Host string
	Apps []appRow
}

type appRow struct {
	ID, Name, Website string
	May               []string
	Since, Used       time.Time
}

// apps handles GET /me/apps: what may act for the owner.
func (d *Dashboard) apps(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "apps", answer{}, func(v *view) (any, error) {
		page := appsPage{Tabs: securityTabs("/me/apps"), Host: d.service.Origin().Host}
		list, err := v.tx.AppsWithAccess()
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			page.Apps = append(page.Apps, appRow{decimal(a.ID), a.Name, a.Website, mayDo(a.Granted), v.local(a.Since), v.local(a.UsedAt)})
		}
		page.Owner, err = v.frame("Apps", "security")
		return page, err
	})
}

// mayDo is what scopes allow, each in words.
func mayDo(granted string) []string {
	scopes, err := auth.ParseScopes(granted)
	if err != nil {
		return []string{granted} // written by a later version of the program
	}
	var list []string
	for _, s := range scopes.InWords() {
		list = append(list, s.Words)
	}
	return list
}

// appAsk handles GET /me/apps/ID/revoke.
func (d *Dashboard) appAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Revoke an app", "security", func(v *view, page *confirmPage) error {
		a, err := v.tx.AppWithAccess(idOf(r))
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Revoke “"+a.Name+"”?", "Revoke", "/me/apps"
		page.Lines = []string{"It is cut off within a second, wherever it runs. What it did stays. To use it again, log in from it."}
		return nil
	})
}

// appRevoke handles POST /me/apps/ID/revoke.
func (d *Dashboard) appRevoke(w http.ResponseWriter, r *http.Request) {
	if err := d.guard.RevokeApp(r, idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/apps?done=app-revoked")
}

// appsAsk handles GET /me/revoke-apps.
func (d *Dashboard) appsAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Revoke all apps", "security", func(v *view, page *confirmPage) error {
		list, err := v.tx.AppsWithAccess()
		if err != nil {
			return err
		}
		page.Heading, page.BackURL = "Revoke all apps?", "/me/apps"
		if len(list) == 0 {
			page.Lines = []string{"No app has access."}
			return nil
		}
		page.Button = "Revoke all"
		var names []string
		for _, a := range list {
			names = append(names, a.Name)
		}
		page.Lines = []string{strings.Join(names, ", ") + ": cut off within a second, scripts with a token of “dassie token” too. This browser stays logged in."}
		return nil
	})
}

// appsRevoke handles POST /me/revoke-apps.
func (d *Dashboard) appsRevoke(w http.ResponseWriter, r *http.Request) {
	if err := d.guard.RevokeApps(r); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/apps?done=app-revoked")
}

type securityLogPage struct {
	assets.Owner
	Tabs  []assets.Tab
	Lines []securityLine
	Days  int // that addresses are kept
	Kept  int // that lines are
	Pager assets.Pager
}

type securityLine struct {
	ID                    string
	Time                  time.Time
	What, Detail, Address string
	Look                  bool
}

// logShown is how many lines of the security log stand on one page.
const logShown = 50

// securityLog handles GET /me/security/log.
func (d *Dashboard) securityLog(w http.ResponseWriter, r *http.Request) {
	before := number(r.URL.Query().Get("before"))
	d.show(w, r, "security_log", answer{}, func(v *view) (any, error) {
		page := securityLogPage{Tabs: securityTabs("/me/security/log"), Days: v.set.KeepAddressDays, Kept: v.set.KeepSecurityDays}
		list, err := v.tx.SecurityLogBefore(before, logShown+1)
		if err != nil {
			return nil, err
		}
		if len(list) > logShown {
			list = list[:logShown]
			page.Pager.Older, page.Pager.OlderText = "/me/security/log?before="+decimal(list[logShown-1].ID), "Older"
		}
		if before != 0 {
			page.Pager.Newer, page.Pager.NewerText = "/me/security/log", "Newest"
		}
		for _, e := range list {
			page.Lines = append(page.Lines, lineOfLog(e, v.local(e.At)))
		}
		page.Owner, err = v.frame("Security log", "security")
		return page, err
	})
}

// lineOfLog says in words what a line of the security log is about.
func lineOfLog(e store.SecurityEvent, at time.Time) securityLine {
	line := securityLine{ID: decimal(e.ID), Time: at, What: e.Kind, Detail: e.Detail, Address: e.Address}
	switch e.Kind {
	case auth.EventLogIn, auth.EventLogOut:
		browser, with, _ := strings.Cut(e.Detail, auth.WithCode)
		line.Detail = assets.BrowserName(browser)
		if with != "" {
			line.Detail += auth.WithCode + with
		}
		line.What = "Logged in"
		if e.Kind == auth.EventLogOut {
			line.What = "Logged out"
		}
	case auth.EventFailed:
		line.What, line.Look = "Wrong password", true
	case auth.EventCodeFailed:
		line.What, line.Look = "Right password, wrong code", true
		if line.Detail == "" {
			line.Detail = "If that was not you, somebody knows your password: change it."
		}
	case auth.EventCheckFailed:
		line.What, line.Look = "Wrong code", true
		if line.Detail == "" {
			line.Detail = "In a browser that is logged in here. If that was not you, end its log-in."
		}
	case auth.EventEnded:
		line.What = "Log-in ended"
		if !strings.HasPrefix(e.Detail, "all") {
			line.Detail = assets.BrowserName(e.Detail)
		}
	case auth.EventFactorOn, auth.EventFactorOff:
		line.What = strings.ToUpper(e.Kind[:1]) + e.Kind[1:]
		if line.Detail != onCommandLine {
			line.Detail = assets.BrowserName(e.Detail)
		}
	case auth.EventRecoveryCodes:
		line.What, line.Detail = "New recovery codes", assets.BrowserName(e.Detail)
	case auth.EventPasskeyAdded, auth.EventPasskeyRemoved, auth.EventPasskeyUsed, auth.EventPasskeyCopied:
		line.What, line.Look = strings.ToUpper(e.Kind[:1])+e.Kind[1:], e.Kind == auth.EventPasskeyCopied
		if cut := strings.LastIndex(e.Detail, auth.In); cut >= 0 { // the last: a name may have one too
			line.Detail = e.Detail[:cut] + auth.In + assets.BrowserName(e.Detail[cut+len(auth.In):])
		}
		if line.Look {
			line.Detail += ". There may be a copy of it: remove it unless you know better."
		}
	case auth.EventPasskeyFailed:
		line.What, line.Look = "Passkey refused", true
	case auth.EventPassword:
		line.What = "Password changed"
		cut := max(0, strings.LastIndex(e.Detail, auth.Ended)) // the last: browsers write "; " too
		browser := e.Detail[:cut]
		if browser != onCommandLine {
			browser = assets.BrowserName(browser)
		}
		line.Detail = browser + e.Detail[cut:]
	default:
		line.What = strings.ToUpper(e.Kind[:1]) + e.Kind[1:]
	}
	return line
}

// onCommandLine is what the log says of what a command did.
const onCommandLine = "on the command line"
