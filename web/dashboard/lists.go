package dashboard

import (
	"net/http"
	"strconv"
	"strings"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

const listCards = 20

type listRow struct {
	URL, Title string
	People     int
	Exclusive  bool
}

type listsPage struct {
	assets.Owner
	Lists        []listRow
	Typed, Error string // the title in the form for a new one
}

// lists handles GET /me/lists.
func (d *Dashboard) lists(w http.ResponseWriter, r *http.Request) { d.showLists(w, r, "", nil) }

// listNew handles POST /me/lists. A new list is opened where people are put into it.
func (d *Dashboard) listNew(w http.ResponseWriter, r *http.Request) {
	title := r.PostForm.Get("title")
	l, err := d.service.SaveList(r.Context(), store.List{Title: title, Replies: store.RepliesListed})
	if _, ok := refused(err); ok {
		d.showLists(w, r, title, err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, listPath(l.ID)+"/members")
}

func (d *Dashboard) showLists(w http.ResponseWriter, r *http.Request, title string, wrong error) {
	page, status := listsPage{Typed: title}, http.StatusOK
	if words, ok := refused(wrong); ok {
		page.Error, status = words, refusedStatus(wrong)
	}
	d.show(w, r, "lists", answer{status: status}, func(v *view) (any, error) {
		var err error
		if page.Owner, err = v.frame("Lists", "lists"); err != nil {
			return nil, err
		}
		lists, err := v.tx.Lists()
		if err != nil {
			return nil, err
		}
		counts, err := v.tx.CountListed()
		for _, l := range lists {
			page.Lists = append(page.Lists, listRow{listPath(l.ID), l.Title, counts[l.ID], l.Exclusive})
		}
		return page, err
	})
}

func listPath(id int64) string { return "/me/lists/" + decimal(id) }

type listPage struct {
	assets.Owner
	List  assets.ListHead
	Empty bool // of people
	Cards []assets.Card
	Pager assets.Pager
}

// list handles GET /me/lists/ID: what its people wrote and boosted.
func (d *Dashboard) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := pageOf(number(query.Get("before")), number(query.Get("after")), listCards)
	d.show(w, r, "list", answer{cache: reply.Private}, func(v *view) (any, error) {
		l, err := v.tx.List(idOf(r))
		if err != nil {
			return nil, err
		}
		var page listPage
		if page.Owner, page.List, err = v.listFrame(l, "posts"); err != nil {
			return nil, err
		}
		page.Empty, v.filtersAt = page.List.People == 0, store.FilterHome
		rows, err := v.tx.ListPosts(l.ID, p)
		if err != nil {
			return nil, err
		}
		rows, page.Pager = cutPage(rows, p, listPath(l.ID)+"?", postID)
		page.Cards, _, err = v.cards(rows)
		return page, err
	})
}

// listFrame is what surrounds each of the three pages of a list.
func (v *view) listFrame(l store.List, tab string) (o assets.Owner, head assets.ListHead, err error) {
	if o, err = v.frame(l.Title, "lists"); err != nil {
		return o, head, err
	}
	counts, err := v.tx.CountListed()
	head = assets.ListHead{URL: listPath(l.ID), Title: l.Title, People: counts[l.ID], Exclusive: l.Exclusive}
	head.Tabs = []assets.Tab{
		{URL: head.URL, Text: "Posts", Current: tab == "posts"},
		{URL: head.URL + "/members", Text: "People", Count: head.People, Current: tab == "people"},
		{URL: head.URL + "/edit", Text: "Settings", Current: tab == "settings"},
	}
	return o, head, err
}

type listEditPage struct {
	assets.Owner
	List         assets.ListHead
	Typed, Error string // the title in the form
	Replies      []assets.Option
}

// listEdit handles GET /me/lists/ID/edit.
func (d *Dashboard) listEdit(w http.ResponseWriter, r *http.Request) {
	d.showListEdit(w, r, nil, nil)
}

// listSave handles POST /me/lists/ID/edit.
func (d *Dashboard) listSave(w http.ResponseWriter, r *http.Request) {
	replies, err := strconv.Atoi(r.PostForm.Get("replies"))
	if err != nil || replies < 0 || replies > int(store.RepliesFollowed) {
		replies = int(store.RepliesListed) // no form of ours
	}
	l := store.List{
		ID: idOf(r), Title: r.PostForm.Get("title"), Replies: store.ListReplies(replies), Exclusive: r.PostForm.Get("exclusive") != "",
	}
	_, err = d.service.SaveList(r.Context(), l)
	if reply.CodeOf(err) == reply.Unprocessable {
		d.showListEdit(w, r, &l, err)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, listPath(l.ID)+"/edit?done=saved")
}

// showListEdit shows the form with what is stored, or with what was typed.
func (d *Dashboard) showListEdit(w http.ResponseWriter, r *http.Request, typed *store.List, wrong error) {
	status := http.StatusOK
	words, bad := refused(wrong)
	if bad {
		status = refusedStatus(wrong)
	}
	d.show(w, r, "list_edit", answer{status: status}, func(v *view) (any, error) {
		l, err := v.tx.List(idOf(r))
		if err != nil {
			return nil, err
		}
		page := listEditPage{Error: words}
		if page.Owner, page.List, err = v.listFrame(l, "settings"); err != nil {
			return nil, err
		}
		if typed != nil {
			l = *typed
		}
		page.Typed, page.List.Exclusive = strings.ToValidUTF8(l.Title, ""), l.Exclusive
		for _, o := range []struct {
			value store.ListReplies
			label string
		}{
			{store.RepliesListed, "Only to people in the list"}, {store.RepliesFollowed, "To anyone you follow"}, {store.RepliesNone, "None"},
		} {
			page.Replies = append(page.Replies, assets.Option{Value: strconv.Itoa(int(o.value)), Label: o.label, Selected: o.value == l.Replies})
		}
		return page, nil
	})
}

// listDeleteAsk handles GET /me/lists/ID/delete.
func (d *Dashboard) listDeleteAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Delete list", "lists", func(v *view, page *confirmPage) error {
		l, err := v.tx.List(idOf(r))
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Delete the list “"+l.Title+"”?", "Delete", listPath(l.ID)+"/edit"
		page.Lines = []string{"You go on following its people, and nobody is told. What they wrote stays where it is."}
		if l.Exclusive {
			page.Lines = append(page.Lines, "From then on they appear in Home.")
		}
		return nil
	})
}

// listDelete handles POST /me/lists/ID/delete.
func (d *Dashboard) listDelete(w http.ResponseWriter, r *http.Request) {
	if err := d.service.DropList(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/lists?done=list-deleted")
}
