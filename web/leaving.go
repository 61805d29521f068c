package web

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// leavePage is the form that ends the account.
type leavePage struct {
	assets.Plain
	Handle                    string
	Servers, Followers, Posts int
	Archive                   string // "none", "packing" or "ready"
	AskCode                   bool
	Confirm, Error            string
}

// leftPage says how far the end of an account is.
type leftPage struct {
	assets.Plain
	Handle             string
	Begun, Until, Done time.Time // in the owner's zone while there is one
	Posts              int
	Rest               string   // "goes" or "stays": what is not wiped yet of a deleted account
	Left               []string // in its data directory, which dassie did not put there
	Asked, Open        int      // servers, and those that are asked again
	Figures            []leftFigure
	Bars               []string
	Each               int // servers that one bar stands for
	Rows, More         []leftRow
	Accepted           []string
	Archive            string // address of an archive that is still there
}

type leftFigure struct {
	Count int
	Words string
}

type leftRow struct {
	Host, State, Class, Text string
}

const (
	leftRows = 8   // servers that are shown at once
	leftBars = 500 // bars at most
)

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
	err := w.svc.ConfirmHandle(confirm) // first: a code can be used once
	if err == nil {
		var session *store.Session
		if session, err = w.guard.CheckBoth(r, r.PostForm.Get("password"), r.PostForm.Get("code")); err == nil {
			err = w.svc.DeleteAccount(r.Context(), confirm, session.Hash)
		}
	}
	switch {
	case err == nil, w.svc.Ending() != nil: // a second click came too late
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
		all, err := tx.Archives()
		if err != nil {
			return err
		}
		page.Archive = archiveState(all)
		page.Servers, err = tx.CountEveryInbox()
		return err
	})
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	w.show(rw, r, status, "leave", page)
}

// archiveState is "packing" as long as one is: that goes on while servers are asked,
// but nothing waits for it.
func archiveState(all []store.Archive) string {
	state := "none"
	for _, a := range all {
		switch a.State {
		case store.ArchiveAsked:
			return "packing"
		case store.ArchiveReady:
			state = "ready"
		}
	}
	return state
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
	page := leftOf(w.plain("Deleting the account", w.guard.CSRF(r)), federation.NewEndReport(w.svc.Identity(), d, told), zone)
	if a, ok, err := w.lastArchive(r); err != nil {
		w.Fail(rw, r, err)
		return
	} else if ok && a.State == store.ArchiveReady {
		page.Archive = leavingPath + "/archive"
	}
	w.show(rw, r, http.StatusOK, "left", page)
}

// lastArchive is the newest archive that is ready, or else the one that is being
// packed.
func (w *Web) lastArchive(r *http.Request) (last store.Archive, ok bool, err error) {
	all, err := store.Get(r.Context(), w.store, func(tx *store.Tx) ([]store.Archive, error) { return tx.Archives() })
	for _, a := range all {
		if a.State == store.ArchiveReady {
			return a, true, err
		}
		if a.State == store.ArchiveAsked {
			last, ok = a, true
		}
	}
	return last, ok, err
}

// leavingArchive answers /me/leaving/archive: what was packed before the account was
// closed can be taken until it is wiped.
func (w *Web) leavingArchive(rw http.ResponseWriter, r *http.Request) {
	if w.svc.Ending() == nil {
		reply.Redirect(rw, r, "/me/data")
		return
	}
	a, ok, err := w.lastArchive(r)
	if err == nil && (!ok || a.State != store.ArchiveReady) {
		err = store.ErrNotFound
	}
	var f *os.File
	if err == nil {
		_, f, err = w.archives.Open(r.Context(), a.ID)
	}
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	defer f.Close()
	reply.LimitTime(rw, archiveTime)
	reply.Download(rw, r, f, w.svc.Identity().Domain+"-"+a.AskedAt.UTC().Format("2006-01-02")+".zip", a.EndedAt)
}

// archiveTime is how long a download may take.
const archiveTime = 6 * time.Hour

// leavingReport answers /me/leaving/report: the same as a text to keep.
func (w *Web) leavingReport(rw http.ResponseWriter, r *http.Request) {
	d, told, err := w.svc.Told(r.Context())
	if err != nil {
		w.Fail(rw, r, &reply.Error{Code: reply.NotFound, Message: "Nothing is being deleted.", Err: err})
		return
	}
	report := federation.NewEndReport(w.svc.Identity(), d, told)
	reply.Download(rw, r, bytes.NewReader(report.Text()), reportName(w.svc.Identity()), time.Time{})
}

func reportName(id store.Identity) string { return "deleted-" + id.Domain + ".txt" }

func (g *Gone) showLeaving(rw http.ResponseWriter, r *http.Request) {
	page := leftOf(g.plain("Deleted", ""), g.report, time.UTC)
	rest := g.rest.Load()
	page.Rest, page.Left = rest.state, rest.left
	g.show(rw, r, http.StatusOK, "left", page)
}

// outcomes are what servers did, in words and as bars: a accepted, u no answer, w
// waiting, r refused or not verified, g gone.
var outcomes = []struct {
	is           federation.Outcome
	class, state string
	one, more    string // under a figure
}{
	{federation.OutcomeAccepted, "a", "Accepted", "accepted the request", "accepted the request"},
	{federation.OutcomeSilent, "u", "No answer", "does not answer", "do not answer"},
	{federation.OutcomeWaiting, "w", "Waiting", "is still to be asked", "are still to be asked"},
	{federation.OutcomeUnverified, "r", "Could not verify", "could not verify", "could not verify"},
	{federation.OutcomeRefused, "r", "Refused", "refused", "refused"},
	{federation.OutcomeGone, "g", "Gone", "no longer exists", "no longer exist"},
}

// leftOf is the page of a report: the bars in the order of the outcomes, and those
// that did not accept by name.
func leftOf(plain assets.Plain, report federation.EndReport, zone *time.Location) leftPage {
	p := leftPage{Plain: plain, Handle: report.Handle, Begun: report.Begun.In(zone), Until: report.Until.In(zone), Posts: report.Posts, Asked: len(report.Servers), Each: 1}
	for _, done := range []time.Time{report.Done, report.Wiped} {
		if !done.IsZero() {
			p.Done = done.In(zone)
		}
	}
	for _, each := range []int{2, 5, 10, 100} {
		if p.Asked > leftBars*p.Each {
			p.Each = each
		}
	}
	for _, o := range outcomes {
		n := report.Count[o.is]
		for range (n + p.Each - 1) / p.Each {
			p.Bars = append(p.Bars, o.class)
		}
		if n == 0 && (o.is == federation.OutcomeWaiting || o.is == federation.OutcomeRefused) {
			continue
		}
		state, words := o.state, o.more
		if n == 1 {
			words = o.one
		}
		if o.is == federation.OutcomeWaiting && !p.Done.IsZero() {
			state, words = "Not asked", "not asked any more"
		}
		p.Figures = append(p.Figures, leftFigure{n, words})
		for _, s := range report.Servers {
			if s.Outcome == o.is {
				p.add(s, state, o.class, zone)
			}
		}
	}
	return p
}

func (p *leftPage) add(s federation.AskedServer, state, class string, zone *time.Location) {
	if s.Outcome == federation.OutcomeAccepted {
		p.Accepted = append(p.Accepted, s.Host)
		return
	}
	row := leftRow{Host: s.Host, State: state, Class: class, Text: asSentence(s.Error)}
	if p.Done.IsZero() && s.State < store.DeliveryAccepted {
		p.Open++
		if !s.DueAt.IsZero() && !s.TriedAt.IsZero() {
			row.Text = strings.TrimSpace(row.Text + " Next try " + s.DueAt.In(zone).Format("Monday 2 January, 15:04") + ".")
		}
	}
	if len(p.Rows) < leftRows {
		p.Rows = append(p.Rows, row)
	} else {
		p.More = append(p.More, row)
	}
}

// asSentence is the reason of a failure as one.
func asSentence(reason string) string {
	if reason == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(reason)
	reason = string(unicode.ToUpper(r)) + reason[size:]
	if !strings.HasSuffix(reason, ".") {
		reason += "."
	}
	return reason
}
