package web

import (
	"strings"
	"testing"

	"dassie/store"
)

// What the owner shows and recommends stands on the profile, and nothing of people
// who are blocked.
func TestProfileShowsHashtagsAndPeople(t *testing.T) {
	h := newHouse(t)
	if body := h.ask("GET", "/@nora", browser).Body.String(); strings.Contains(body, "Hashtags</dt>") || strings.Contains(body, "Recommends") {
		t.Error("there is nothing to show yet")
	}
	if _, err := h.svc.FeatureTag(bg, "#Rye"); err != nil {
		t.Fatal(err)
	}
	h.write(func(tx *store.Tx) error {
		for _, name := range []string{"bob", "spam"} {
			host, err := tx.EnsureHost(name + ".example")
			if err != nil {
				return err
			}
			a := store.Actor{URI: "https://" + name + ".example/u", HostID: host, Username: name, Domain: name + ".example", Kind: "Person", Name: "The " + name, Inbox: "https://" + name + ".example/i"}
			if err := tx.SaveActor(&a); err != nil {
				return err
			}
			if err := tx.SaveFollowing(store.Following{ActorID: a.ID, State: store.FollowAccepted}); err != nil {
				return err
			}
			if err := tx.Endorse(a.ID); err != nil {
				return err
			}
		}
		return tx.BlockHost("spam.example")
	})
	body := h.ask("GET", "/@nora", browser).Body.String()
	for _, want := range []string{`href="https://veldkamp.example/tags/rye"><bdi>#rye</bdi>`, "Recommends", "The bob"} {
		if !strings.Contains(body, want) {
			t.Errorf("the profile lacks %s", want)
		}
	}
	if strings.Contains(body, "The spam") {
		t.Error("somebody on a blocked server is recommended")
	}
	if w := h.ask("GET", "/users/"+h.svc.Identity().ActorKey+"/tags", "application/activity+json"); !strings.Contains(w.Body.String(), `"#rye"`) {
		t.Errorf("the collection: %d %s", w.Code, w.Body)
	}
}
