package dashboard

import (
	"net/http"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// personKeptPage is what is kept about somebody, in numbers.
type personKeptPage struct {
	assets.Owner
	Person        assets.Person
	Goes, Stays   []assets.KeptCount
	Erasing, Note bool
}

// personKept handles GET /me/person/ID/kept.
func (d *Dashboard) personKept(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "person_kept", answer{}, func(v *view) (any, error) {
		a, err := v.subject(idOf(r))
		if err != nil {
			return nil, err
		}
		page := personKeptPage{Person: v.face(a)}
		counts, err := v.tx.SubjectCounts(a.ID, "")
		if err != nil {
			return nil, err
		}
		page.Goes, page.Stays = goesAndStays(counts)
		for _, c := range counts {
			page.Note = page.Note || c.Name == "note" || c.Name == "reports"
		}
		if page.Erasing, err = v.tx.SubjectErasing(a.ID); err != nil {
			return nil, err
		}
		page.Owner, err = v.frame("What is kept about "+page.Person.Called(), "")
		return page, err
	})
}

// subject reads somebody who is not the owner.
func (v *view) subject(id int64) (store.Actor, error) {
	if id == store.OwnerID {
		return store.Actor{}, store.ErrNotFound
	}
	return v.actor(id)
}

func goesAndStays(counts []store.SubjectCount) (goes, stays []assets.KeptCount) {
	for _, c := range federation.KeptCounts(counts) {
		if c.Why == "" {
			goes = append(goes, c)
		} else {
			stays = append(stays, c)
		}
	}
	return goes, stays
}

// personCopy handles GET /me/person/ID/kept/copy.
func (d *Dashboard) personCopy(w http.ResponseWriter, r *http.Request) {
	if idOf(r) == store.OwnerID {
		d.fail(w, r, store.ErrNotFound)
		return
	}
	d.handOut(w, r, idOf(r), "")
}

// handOut sends a copy of what is kept about somebody, or about a handle that is not
// known here.
func (d *Dashboard) handOut(w http.ResponseWriter, r *http.Request, actorID int64, handle string) {
	file, err := d.archives.SubjectFile(r.Context(), actorID, handle)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	defer file.Close()
	reply.LimitTime(w, slowLine)
	reply.Download(w, r, file, file.Name, time.Time{})
}

// eraseAsk handles GET /me/person/ID/kept/erase.
func (d *Dashboard) eraseAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Erase", "", func(v *view, page *confirmPage) error {
		a, err := v.subject(idOf(r))
		if err != nil {
			return err
		}
		if _, err := v.who(page, a.ID); err != nil {
			return err
		}
		counts, err := v.tx.SubjectCounts(a.ID, "")
		if err != nil {
			return err
		}
		all, err := v.tx.Relations(a.ID)
		if err != nil {
			return err
		}
		goes, stays := goesAndStays(counts)
		page.Heading, page.Button, page.BackURL = "Erase what is kept about "+page.Who.Called()+"?", "Erase", personPath(a.ID)+"/kept"
		page.Lines = append(page.Lines, "This goes, and cannot be brought back: "+keptSentence(goes)+".")
		for _, c := range stays {
			page.Lines = append(page.Lines, "This stays: "+thousands(c.Count)+" "+c.Text+". "+asSentence(c.Why))
		}
		if follows := endsOfErasure(all[a.ID]); follows != "" {
			page.Lines = append(page.Lines, follows)
		}
		page.Lines = append(page.Lines,
			"What their server sends later is stored anew, unless you block them. Archives that you packed and backups keep what is in them until they go.",
		)
		return nil
	})
}

// keptSentence is a list of numbers as one sentence's part.
func keptSentence(list []assets.KeptCount) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = thousands(c.Count) + " " + c.Text
	}
	return strings.Join(words, ", ")
}

// asSentence is a reason as a sentence of its own.
func asSentence(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

func endsOfErasure(r store.Relation) string {
	follows := r.Follower.ActorID != 0 && (r.Follower.State == store.FollowAccepted || r.Follower.State == store.FollowAsked)
	switch {
	case follows && r.Following.ActorID != 0:
		return "They follow you and you follow them: both end, and their server is told."
	case follows:
		return "They follow you, or ask to: that ends, and their server is told."
	case r.Following.ActorID != 0:
		return "You follow them, or asked to: that ends, and their server is told."
	}
	return ""
}

// erase handles POST /me/person/ID/kept/erase.
func (d *Dashboard) erase(w http.ResponseWriter, r *http.Request) {
	if err := d.service.EraseSubject(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, askedPath+"?done=erasing")
}
