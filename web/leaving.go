package web

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// leavePage is the form that ends the account.
type leavePage struct {
	assets.Plain
	Handle                    string
	Servers, Followers, Posts int
	AskCode                   bool
	Confirm, Error            string
}

// leftPage says how far the end of an account is.
type leftPage struct {
	assets.Plain
	Handle                                 string
	Begun, Until, Done                     time.Time // in the owner's zone while there is one
	Posts                                  int
	Asked, Accepted, Silent, Refused, Gone int // servers
	Bars                                   []string
	Rows                                   []leftRow
}

type leftRow struct {
	Host, State, Class, Text string
}

// leaving answers /me/leaving: what deleting the account means, and afterwards how
// far it is.
func (w *Web) leaving(rw http.ResponseWriter, r *http.Request) {
	ending := w.svc.Ending() != nil
	switch {
	case ending && isRead(r):
		w.showLeft(rw, r)
	case ending:
		if r.PostForm.Get("do") == "wipe" {
			if _, err := w.svc.FinishDeletion(r.Context(), true); err != nil {
				w.Fail(rw, r, err)
				return
			}
		}
		reply.Redirect(rw, r, leavingPath)
	case isRead(r):
		w.showLeave(rw, r, http.StatusOK, leavePage{})
	default:
		w.leaveNow(rw, r)
	}
}

// leaveNow ends the account if everything that is asked for is right.
func (w *Web) leaveNow(rw http.ResponseWriter, r *http.Request) {
	confirm := r.PostForm.Get("confirm")
	session, err := w.guard.CheckBoth(r, r.PostForm.Get("password"), r.PostForm.Get("code"))
	if err == nil {
		err = w.svc.DeleteAccount(r.Context(), confirm, session.Hash)
	}
	switch {
	case err == nil:
		reply.Redirect(rw, r, leavingPath)
	case reply.CodeOf(err) == reply.Internal:
		w.Fail(rw, r, err)
	default:
		w.showLeave(rw, r, reply.Status(err), leavePage{Confirm: confirm, Error: reply.Message(err)})
	}
}

func (w *Web) showLeave(rw http.ResponseWriter, r *http.Request, status int, page leavePage) {
	id := w.svc.Identity()
	page.Plain, page.Handle = w.plain("Delete account", w.guard.CSRF(r)), "@"+id.Origin().Handle(id.Name)
	err := w.store.Read(r.Context(), func(tx *store.Tx) error {
		f, err := tx.SecondFactor()
		if err != nil {
			return err
		}
		page.AskCode = f.On()
		if page.Followers, err = tx.CountFollowers(store.FollowAccepted); err != nil {
			return err
		}
		sizes, err := tx.ArchiveSizes()
		if err != nil {
			return err
		}
		page.Posts = sizes.Posts
		page.Servers, err = tx.CountEveryInbox()
		return err
	})
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	w.show(rw, r, status, "leave", page)
}

func (w *Web) showLeft(rw http.ResponseWriter, r *http.Request) {
	d, told, err := w.svc.Told(r.Context())
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	zone, err := time.LoadLocation(w.svc.Settings().Timezone)
	if err != nil {
		zone = time.UTC
	}
	w.show(rw, r, http.StatusOK, "left", leftOf(w.plain("Deleting the account", w.guard.CSRF(r)), w.svc.Identity(), d, told, zone))
}

// leavingReport answers /me/leaving/report: the same as a text to keep.
func (w *Web) leavingReport(rw http.ResponseWriter, r *http.Request) {
	d, told, err := w.svc.Told(r.Context())
	if err != nil {
		w.Fail(rw, r, &reply.Error{Code: reply.NotFound, Message: "Nothing is being deleted.", Err: err})
		return
	}
	id := w.svc.Identity()
	reply.Download(rw, r, bytes.NewReader(deletionReport(id, d, told)), "deleted-"+id.Domain+".txt", time.Time{})
}

func (g *Gone) showLeaving(rw http.ResponseWriter, r *http.Request) {
	g.show(rw, r, http.StatusOK, "left", leftOf(g.plain("Deleted", ""), g.id, g.d, g.d.Report, time.UTC))
}

// leftOf counts servers: one with several inboxes counts once, by what is worst.
func leftOf(plain assets.Plain, id store.Identity, d store.Farewell, told []store.Told, zone *time.Location) leftPage {
	p := leftPage{Plain: plain, Handle: "@" + id.Origin().Handle(id.Name), Begun: d.Begun.In(zone), Until: d.Until.In(zone), Posts: d.Posts}
	if !d.Done.IsZero() {
		p.Done = d.Done.In(zone)
	}
	for _, t := range byServer(told) {
		p.Asked++
		state, class := stateOf(t)
		switch class {
		case "a":
			p.Accepted++
		case "r":
			p.Refused++
		case "g":
			p.Gone++
		default:
			p.Silent++
		}
		p.Bars = append(p.Bars, class)
		if class == "a" {
			continue
		}
		row := leftRow{Host: t.Host, State: state, Class: class, Text: t.Error}
		if !t.DueAt.IsZero() && t.State < store.DeliveryAccepted && d.Done.IsZero() {
			row.Text = strings.TrimSpace(row.Text + " Next try " + t.DueAt.In(zone).Format("Monday 2 January, 15:04") + ".")
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// byServer keeps the worst of each server.
func byServer(told []store.Told) []store.Told {
	var list []store.Told
	for _, t := range told {
		at := slices.IndexFunc(list, func(o store.Told) bool { return o.Host == t.Host })
		switch {
		case at < 0:
			list = append(list, t)
		case list[at].State == store.DeliveryAccepted:
			list[at] = t
		}
	}
	return list
}

// stateOf says in words what a server did, and how it is drawn: a accepted, w
// waiting, r refused or not verified, g gone.
func stateOf(t store.Told) (words, class string) {
	unverified := strings.HasPrefix(t.Error, "answered 401") || strings.HasPrefix(t.Error, "answered 403")
	switch {
	case t.State == store.DeliveryAccepted:
		return "Accepted", "a"
	case unverified:
		return "Could not verify", "r"
	case t.State == store.DeliveryRefused && strings.HasPrefix(t.Error, "answered 410"), !t.Dead.IsZero():
		return "Gone", "g"
	case t.State == store.DeliveryRefused:
		return "Refused", "r"
	case t.State == store.DeliveryWaiting && t.TriedAt.IsZero() && t.Error == "":
		return "Waiting", "w"
	}
	return "No answer", "u"
}

// deletionReport is what the owner keeps, in plain words.
func deletionReport(id store.Identity, d store.Farewell, told []store.Told) []byte {
	p := leftOf(assets.Plain{}, id, d, told, time.UTC)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s was deleted on %s.\n\n", p.Handle, d.Begun.UTC().Format("2 January 2006, 15:04 UTC"))
	fmt.Fprintf(&b, "Servers asked to delete what they hold: %d. Accepted: %d. No answer: %d. Could not verify or refused: %d. Gone: %d.\n", p.Asked, p.Accepted, p.Silent, p.Refused, p.Gone)
	switch {
	case p.Done.IsZero():
		fmt.Fprintf(&b, "Those that did not answer are asked until %s.\n", d.Until.UTC().Format("2 January 2006, 15:04 UTC"))
	default:
		fmt.Fprintf(&b, "It ended on %s; key, posts, pictures, messages and followers were wiped then.\n", d.Done.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	b.WriteString("\nAccepting is not proof of deletion. Search engines, archives, screenshots and servers we never met are beyond our reach. A memory card may keep old cells that were written over.\n\n")
	for _, t := range byServer(told) {
		state, _ := stateOf(t)
		fmt.Fprintf(&b, "%s: %s", t.Host, strings.ToLower(state))
		if t.Error != "" && t.State != store.DeliveryAccepted {
			fmt.Fprintf(&b, " (%s)", t.Error)
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}
