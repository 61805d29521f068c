package dashboard

import (
	"net/http"
	"strings"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const (
	listPeopleShown = 200  // of a list's people
	followingRead   = 5000 // of them, and of those followed, are looked through at most
	listOffered     = 20   // people offered to be put into one
)

type listPerson struct {
	ID     string
	Person assets.Person
}

type listPeoplePage struct {
	assets.Owner
	List            assets.ListHead
	Query           string
	People, Offered []listPerson
	More            int  // people of the list who are not shown
	Cut             bool // more can be put into it than are offered
}

// listPeople handles GET /me/lists/ID/members?q=: who is in it, and whom the owner
// follows beside them, found by name or handle.
func (d *Dashboard) listPeople(w http.ResponseWriter, r *http.Request) {
	q := strings.TrimSpace(strings.ToValidUTF8(r.URL.Query().Get("q"), ""))
	if len(q) > maxQuery {
		q = ""
	}
	d.show(w, r, "list_people", answer{}, func(v *view) (any, error) {
		l, err := v.tx.List(idOf(r))
		if err != nil {
			return nil, err
		}
		page := listPeoplePage{Query: q}
		if page.Owner, page.List, err = v.listFrame(l, "people"); err != nil {
			return nil, err
		}
		in, err := v.tx.Listed(l.ID, store.Page{Limit: followingRead})
		if err != nil {
			return nil, err
		}
		listed := map[int64]bool{}
		for _, id := range in {
			listed[id] = true
		}
		shown := in[:min(len(in), listPeopleShown)]
		page.More = len(in) - len(shown)
		if err := v.read(shown...); err != nil {
			return nil, err
		}
		page.People = v.listPeople(shown)
		return &page, v.offer(&page, listed)
	})
}

// offer lists whom the owner follows and the list has not, the last followed first.
func (v *view) offer(page *listPeoplePage, listed map[int64]bool) error {
	follows, err := v.tx.FollowingList(0, followingRead)
	if err != nil {
		return err
	}
	var ids []int64
	for _, f := range follows {
		if !listed[f.ActorID] {
			ids = append(ids, f.ActorID)
		}
	}
	if page.Query == "" {
		ids, page.Cut = ids[:min(len(ids), listOffered)], len(ids) > listOffered
	}
	if err := v.read(ids...); err != nil {
		return err
	}
	if page.Query != "" {
		ids = v.called(ids, page.Query)
		ids, page.Cut = ids[:min(len(ids), listOffered)], len(ids) > listOffered
	}
	page.Offered = v.listPeople(ids)
	return nil
}

// called keeps those whose name or handle has the words, whatever their case.
func (v *view) called(ids []int64, query string) (found []int64) {
	query = strings.ToLower(strings.TrimPrefix(query, "@"))
	for _, id := range ids {
		if a, ok := v.seen[id]; ok && strings.Contains(strings.ToLower(a.Name+"\n"+a.Handle()), query) {
			found = append(found, id)
		}
	}
	return found
}

func (v *view) listPeople(ids []int64) []listPerson {
	var list []listPerson
	for _, id := range ids {
		list = append(list, listPerson{decimal(id), v.known(id)})
	}
	return list
}

// listPeopleChange handles POST /me/lists/ID/members: person, and do = add or remove.
func (d *Dashboard) listPeopleChange(w http.ResponseWriter, r *http.Request) {
	id, person := idOf(r), number(r.PostForm.Get("person"))
	var err error
	if r.PostForm.Get("do") == "remove" {
		err = d.service.RemoveFromList(r.Context(), id, person)
	} else {
		err = d.service.AddToList(r.Context(), id, person)
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, listPath(id)+"/members"))
}

type personListsPage struct {
	assets.Owner
	Person  assets.Person
	Follows bool
	Lists   []assets.Option
}

// personLists handles GET /me/person/ID/lists: in which lists somebody is.
func (d *Dashboard) personLists(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "person_lists", answer{}, func(v *view) (any, error) {
		a, err := v.actor(idOf(r))
		if err != nil {
			return nil, err
		}
		page := personListsPage{Person: v.face(a)}
		if page.Owner, err = v.frame("Lists with "+page.Person.Called(), "lists"); err != nil {
			return nil, err
		}
		relation, err := v.relation(a.ID)
		if err != nil {
			return nil, err
		}
		page.Follows = relation == "following" || relation == "asked"
		lists, err := v.tx.Lists()
		if err != nil {
			return nil, err
		}
		of, err := v.tx.ListsOf(a.ID)
		in := map[int64]bool{}
		for _, l := range of {
			in[l.ID] = true
		}
		for _, l := range lists {
			page.Lists = append(page.Lists, assets.Option{Value: decimal(l.ID), Label: l.Title, Selected: in[l.ID]})
		}
		return page, err
	})
}

// personListsSave handles POST /me/person/ID/lists: list, once for each.
func (d *Dashboard) personListsSave(w http.ResponseWriter, r *http.Request) {
	var lists []int64
	for _, text := range r.PostForm["list"] {
		lists = append(lists, number(text))
	}
	id := idOf(r)
	if err := d.service.SetListsOf(r.Context(), id, lists); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, personPath(id)+"?done=saved")
}
