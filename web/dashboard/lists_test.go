package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func TestAListIsMadeReadAndDeleted(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	h.open("/me/lists").says(t, "<title>Lists · ", "No lists yet", "Nobody is told")
	h.Follows(t, bob, carol)
	bob.Post(t, store.Public, "Bread before the list")
	h.cluster.Advance(time.Minute)

	bad := h.submit("/me/lists", "title", "  ")
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("a list without a title answers %d", bad.status)
	}
	bad.says(t, "Give the list a title.")
	made := h.sent("/me/lists", "title", "Bakers & co")
	list := strings.TrimSuffix(made.location, "/members")
	made.says(t, "<title>Bakers &amp; co · ", "Bakers &amp; co", "Nobody is in this list yet", "Add people", "@"+bob.Handle(), "@"+carol.Handle())
	h.open(list).says(t, "Nobody is in this list yet", "Add people")

	members := list + "/members"
	found := h.open(members + "?q=%40BOB")
	found.says(t, "@"+bob.Handle())
	found.hides(t, "@"+carol.Handle())
	h.open(members+"?q=nobody-at-all").says(t, "Nobody you follow and could add is called")
	added := h.sent(members, "do", "add", "person", decimal(h.known(bob).ID), "back", members+"#add")
	added.says(t, "Take out", "@"+carol.Handle())
	h.open(list).says(t, "Bread before the list")
	h.open("/me/lists").says(t, "1 person")
	carol.Post(t, store.Public, "Cake by Carol")
	h.open(list).hides(t, "Cake by Carol")

	edit := h.open(list + "/edit")
	edit.says(t, `name="title" value="Bakers &amp; co"`, `name="replies" value="1" checked`, "Keep these people out of Home")
	saved := h.sent(list+"/edit", "title", "Bakers", "replies", "2", "exclusive", "yes")
	saved.says(t, "Saved.", `name="replies" value="2" checked`, `name="exclusive" value="yes" checked`)
	wrong := h.submit(list+"/edit", "title", "", "replies", "0")
	wrong.says(t, "Give the list a title.", `name="replies" value="0" checked`)
	if wrong.status != http.StatusUnprocessableEntity {
		t.Errorf("an empty title answers %d", wrong.status)
	}
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "Bread for the list alone")
	h.open(list).says(t, "Bread for the list alone", "kept out of Home")
	home := h.open("/me")
	home.hides(t, "Bread for the list alone")
	home.says(t, "Bread before the list")

	h.sent(members, "do", "remove", "person", decimal(h.known(bob).ID))
	h.open(list).hides(t, "Bread for the list alone")
	h.open(list+"/delete").says(t, "Delete the list “Bakers”?", "You go on following its people", "From then on they appear in Home.")
	h.sent(list+"/delete").says(t, "List deleted.", "No lists yet")
	for _, path := range []string{list, members, list + "/edit", list + "/delete", "/me/lists/0", "/me/lists/x"} {
		if p := h.do("GET", path, nil); p.status != http.StatusNotFound {
			t.Errorf("%s of a list that is gone answers %d", path, p.status)
		}
	}
}

func TestListsOfSomebody(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob := h.other("bob")
	h.Follows(t, bob)
	page := personPath(h.known(bob).ID) + "/lists"
	h.open(page).says(t, "You have no lists yet", "Make a list")
	one, err := h.SaveList(ctx, store.List{Title: "One"})
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.SaveList(ctx, store.List{Title: "Two"})
	if err != nil {
		t.Fatal(err)
	}
	in := func(id int64) string { return `value="` + decimal(id) + `" checked` }
	h.open(page).hides(t, in(one.ID), in(two.ID))
	h.sent(page, "list", decimal(one.ID), "list", decimal(two.ID)).says(t, "Saved.")
	h.open(page).says(t, in(one.ID), in(two.ID))
	h.sent(page, "list", decimal(two.ID))
	h.open(page).says(t, in(two.ID))
	h.open(page).hides(t, in(one.ID))
	if p := h.submit(page, "list", "4711"); p.status != http.StatusNotFound {
		t.Errorf("a list that is not there answers %d", p.status)
	}
	h.open(page).says(t, in(two.ID))
	stranger := h.Find(t, h.other("carol"))
	h.open(personPath(stranger.ID)+"/lists").says(t, "Only people you follow can be in a list.")
	if p := h.submit(personPath(stranger.ID)+"/lists", "list", decimal(one.ID)); p.status != http.StatusNotFound {
		t.Errorf("a stranger in a list answers %d", p.status)
	}
}
