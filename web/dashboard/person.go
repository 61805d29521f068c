package dashboard

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	personTime  = 5 * time.Second // that opening somebody's page may spend at their server
	personCards = 20
)

type personPage struct {
	assets.Owner
	Person                                    assets.Person
	Header, Relation, Line, Trouble, Original string
	Bio                                       template.HTML
	Fields                                    []assets.ProfileField
	FollowsYou, Fetching                      bool
	Facts                                     []assets.Fact
	Cards                                     []assets.Card
	Pager                                     assets.Pager
	Moved                                     *assets.Person
}

// person handles GET /me/person/ID. What is stored is made fresh first, for a
// few seconds at most; without an answer the page shows what is here.
func (d *Dashboard) person(w http.ResponseWriter, r *http.Request) {
	id, query := idOf(r), r.URL.Query()
	before, after := number(query.Get("before")), number(query.Get("after"))
	var trouble error
	if id != 0 && before == 0 && after == 0 {
		ctx, cancel := context.WithTimeout(r.Context(), personTime)
		trouble = d.service.OpenPerson(ctx, id)
		cancel()
	}
	d.show(w, r, "person", answer{}, func(v *view) (any, error) {
		a, err := v.actor(id)
		if err != nil {
			return nil, err
		}
		page := personPage{Person: v.face(a), Header: picture(a.Header), Bio: template.HTML(a.Summary), Fields: fields(a), Original: a.URL}
		page.Person.URL = personPath(a.ID)
		if a.ID == store.OwnerID {
			page.Original = "/@" + a.Username
		}
		page.Trouble = d.troubleWith(a, trouble)
		if page.Owner, err = v.frame(page.Person.Called(), ""); err != nil {
			return nil, err
		}
		if err := v.personFacts(&page, a); err != nil {
			return nil, err
		}
		if page.Moved, err = v.moved(a); err != nil {
			return nil, err
		}
		p := pageOf(before, after, personCards)
		rows, err := v.tx.PostsBy(a.ID, p)
		if err != nil {
			return nil, err
		}
		rows, page.Pager = cutPage(rows, p, page.Person.URL+"?", postID)
		page.Cards, _, err = v.cards(rows)
		page.Fetching = len(page.Cards) == 0 && (errors.Is(trouble, context.DeadlineExceeded) || a.FetchedAt.IsZero())
		return page, err
	})
}

// troubleWith says why somebody's page may be old. The cause of a fault of ours
// is for the log.
func (d *Dashboard) troubleWith(a store.Actor, err error) string {
	switch {
	case !a.GoneAt.IsZero():
		return "Their server says that this account is deleted."
	case err == nil || errors.Is(err, store.ErrNotFound):
		return ""
	case reply.CodeOf(err) == reply.Internal:
		d.log.Info("refresh somebody's page", "actor", a.URI, "err", err)
		return a.Domain + " could not be asked just now. This is what we knew before."
	case errors.Is(err, context.DeadlineExceeded):
		return a.Domain + " did not answer in time. This is what we knew before."
	}
	return reply.Message(err)
}

// personFacts fills how the owner and somebody stand to each other, and what
// their server says of them.
func (v *view) personFacts(page *personPage, a store.Actor) error {
	var err error
	if page.Relation, err = v.relation(a.ID); err != nil || a.ID == store.OwnerID {
		return err
	}
	f, err := v.tx.Follower(a.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	case f.State == store.FollowAccepted:
		page.FollowsYou, page.Line = true, "Follows you since "+month(v.local(f.DecidedAt))+"."
	case f.State == store.FollowAsked:
		page.Line = "Asked to follow you " + ago(v.now, v.local(f.AskedAt)) + "."
	}
	host, err := v.tx.HostByID(a.HostID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	server := a.Domain
	if s := software(host); s != "" {
		server += ", " + s
	}
	page.Facts = append(v.accountFacts(a),
		assets.Fact{Label: "Followers", Text: thousands(a.FollowersCount)},
		assets.Fact{Label: "Following", Text: thousands(a.FollowingCount)},
		assets.Fact{Label: "Server", Text: server})
	if a.Bot {
		page.Facts = append(page.Facts, assets.Fact{Label: "Kind", Text: "Run by a program"})
	}
	return nil
}

func fields(a store.Actor) []assets.ProfileField {
	var list []assets.ProfileField
	for _, f := range a.Extra.Fields {
		list = append(list, assets.ProfileField{Name: f.Name, Value: template.HTML(f.Value), Verified: !f.Verified.IsZero()})
	}
	return list
}
