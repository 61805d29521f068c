package dashboard

import (
	"net/http"
	"slices"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	askedPath  = "/me/data/requests"
	askedShown = 300
)

// askedItem is a stranger's request.
type askedItem struct {
	ID, Handle, Words string
	Erase, Known      bool
	Goes, Stays       string // what is filed under the handle alone, if nobody is known under it
	State             string // new, sent, confirmed, fetched, erasing, erased, aside
	Open, Late        bool
	Who               *assets.Person // nil if nobody is known under the handle
	KeptURL           string
	At, By, Answered  time.Time
}

type askedPage struct {
	assets.Owner
	Open, Done []askedItem
	Error      string
	ErrorAt    string // id of the request that it is about
	FormURL    string
}

var askedStates = map[store.SubjectState]string{
	store.SubjectAsked: "new", store.SubjectAnswered: "sent", store.SubjectUsed: "fetched", store.SubjectErased: "erased",
	store.SubjectPutAside: "aside", store.SubjectBeingDone: "erasing",
}

// asked handles GET /me/data/requests: who asks what is kept about them.
func (d *Dashboard) asked(w http.ResponseWriter, r *http.Request) {
	d.showAsked(w, r, answer{}, "", "")
}

func (d *Dashboard) showAsked(w http.ResponseWriter, r *http.Request, a answer, wrong, at string) {
	d.show(w, r, "asked", a, func(v *view) (any, error) {
		list, err := v.tx.SubjectRequests(askedShown)
		if err != nil {
			return nil, err
		}
		known, err := v.tx.SubjectActors(list)
		if err != nil {
			return nil, err
		}
		unknown := slices.DeleteFunc(slices.Clone(list), func(q store.SubjectRequest) bool { return !q.Open() || known[q.ID] != 0 })
		filed, err := v.tx.SubjectsByHandle(unknown)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, 0, len(known))
		for _, id := range known {
			ids = append(ids, id)
		}
		if err := v.read(ids...); err != nil {
			return nil, err
		}
		page := askedPage{Error: wrong, ErrorAt: at, FormURL: v.d.service.Origin().URL("/privacy/ask")}
		for _, q := range list {
			item := v.askedItem(q, known[q.ID])
			goes, stays := goesAndStays(filed[q.ID])
			item.Goes, item.Stays = keptSentence(goes), keptSentence(stays)
			if item.Open {
				page.Open = append(page.Open, item)
			} else {
				page.Done = append(page.Done, item)
			}
		}
		page.Owner, err = v.frame("Requests about data", "data")
		return page, err
	})
}

func (v *view) askedItem(q store.SubjectRequest, actorID int64) askedItem {
	item := askedItem{
		ID: decimal(q.ID), Handle: "@" + q.Handle, Words: q.Words, Erase: q.Kind == store.SubjectErase, State: askedStates[q.State], Open: q.Open(),
		At: v.local(q.AskedAt), By: v.local(q.AskedAt.Add(store.SubjectAnswerBy)), Answered: v.local(q.AnsweredAt),
	}
	item.Late = item.Open && v.now.After(item.By)
	if q.State == store.SubjectUsed && item.Erase {
		item.State = "confirmed"
	}
	if a, ok := v.seen[actorID]; ok && actorID != 0 {
		who := v.face(a)
		item.Who, item.Known, item.KeptURL = &who, true, personPath(a.ID)+"/kept"
	}
	return item
}

// askedAnswer handles POST /me/data/requests/ID/answer: the link goes to the handle.
func (d *Dashboard) askedAnswer(w http.ResponseWriter, r *http.Request) {
	err := d.service.AnswerSubject(r.Context(), idOf(r))
	if words, ok := refused(err); ok {
		d.showAsked(w, r, answer{status: refusedStatus(err)}, words, decimal(idOf(r)))
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, askedPath+"?done=answered")
}

// askedCopy handles GET /me/data/requests/ID/copy, for a handle that no message
// reaches.
func (d *Dashboard) askedCopy(w http.ResponseWriter, r *http.Request) {
	q, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.SubjectRequest, error) { return tx.SubjectRequest(idOf(r)) })
	var known map[int64]int64
	if err == nil {
		known, err = store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (map[int64]int64, error) { return tx.SubjectActors([]store.SubjectRequest{q}) })
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.handOut(w, r, known[q.ID], q.Handle)
}

// askedDone handles POST /me/data/requests/ID/done: nobody is known, and what is filed
// under the handle alone is erased.
func (d *Dashboard) askedDone(w http.ResponseWriter, r *http.Request) {
	if err := d.service.EraseUnknown(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, askedPath+"?done=saved")
}

// askedAside handles POST /me/data/requests/ID/aside.
func (d *Dashboard) askedAside(w http.ResponseWriter, r *http.Request) {
	if err := d.service.PutSubjectAside(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, askedPath+"?done=saved")
}
