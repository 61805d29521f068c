package dashboard

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// names makes somebody name alice in a public post.
func (h *house) names(who *fedtest.Stranger, path, text string) {
	note := who.Note(path, text)
	note["tag"] = []any{map[string]any{"type": "Mention", "href": h.ActorURI()}}
	h.acts(who, "Create", "", map[string]any{"object": note})
}

func TestHeldBackIsLookedThrough(t *testing.T) {
	h := newHouse(t)
	h.open("/me/held").says(t, "you are told of everything", "Save rules")
	h.open("/me/inbox").says(t, `href="/me/held"`, "Held back")
	rules := []string{"not_followed", "filter", "not_followers", "accept", "new_accounts", "filter", "private", "drop", "limited", "filter"}
	h.sent("/me/held/rules", rules...).says(t, "Saved.", "Nothing is held back.", `value="drop" selected`)
	if p := h.submit("/me/held/rules", "not_followed", "perhaps"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a rule that is none: %d", p.status)
	}

	newcomer, old := h.cluster.Stranger("newcomer"), h.cluster.Stranger("old")
	person := newcomer.Actor()
	person["published"] = h.cluster.Now().Add(-49 * time.Hour).Format(time.RFC3339)
	newcomer.Serve("/users/newcomer", person)
	person = old.Actor()
	person["published"] = h.cluster.Now().AddDate(-1, 0, 0).Format(time.RFC3339)
	old.Serve("/users/old", person)
	for _, n := range []string{"1", "2", "3", "4"} {
		h.names(newcomer, "/"+n, "<p>Buy "+n+" leeks</p>")
		h.cluster.Advance(time.Minute)
	}
	h.names(old, "/1", "<p>Good day to you</p>")

	h.open("/me/inbox").hides(t, "leeks", "Good day")
	h.open("/me/inbox").says(t, `Held back <span class="n">2<`)
	p := h.open("/me/held")
	p.says(t, "Their account is 2 days old.", "You do not follow them.", "Buy 4 leeks", "Good day to you", "Named you", ">All 4<", `Waiting <span class="n">2<`)
	p.hides(t, "Buy 1 leeks")
	if found := alive(p.body); found != "" {
		t.Errorf("alive: %s", found)
	}
	who := regexp.MustCompile(`/me/held\?who=(\d+)">All 4<`).FindStringSubmatch(p.body)
	if who == nil {
		t.Fatal("no way to all of one person")
	}
	h.open("/me/held?who="+who[1]).says(t, "Buy 1 leeks")
	if p := h.do("GET", "/me/held?who=4711", nil); p.status != http.StatusNotFound {
		t.Errorf("of nobody: %d", p.status)
	}

	h.sent("/me/held", "id", who[1], "do", "aside").says(t, "Put aside.", "Good day to you")
	h.open("/me/held").hides(t, "leeks")
	h.open("/me/held?k=aside").says(t, "Buy 4 leeks", "Let through")
	h.names(newcomer, "/5", "<p>Buy 5 leeks</p>")
	h.open("/me/held").says(t, "Buy 5 leeks", ">All 5<")
	h.sent("/me/held", "id", who[1], "do", "allow").says(t, "Let through.", "Good day to you")
	h.open("/me/inbox").says(t, "Buy 1 leeks", "Buy 5 leeks")
	h.names(newcomer, "/6", "<p>Buy 6 leeks</p>")
	h.open("/me/inbox").says(t, "Buy 6 leeks")
	allowed := h.open("/me/held?k=allowed")
	allowed.says(t, "@newcomer@", "Under the rules again")
	id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(allowed.body)
	h.sent("/me/held/again", "id", id[1]).says(t, "Saved.", "Nobody yet.")
	if p := h.submit("/me/held", "id", who[1], "do", "eat"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("neither: %d", p.status)
	}
}

func TestInboxTellsOfAnEdit(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	p := bob.Post(t, store.Public, "The ferry sails at ten")
	here, _ := h.Has(t, p.URI)
	if _, err := h.Boost(ctx, here.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	quote, err := h.Publish(ctx, federation.Draft{Text: "Packing my bag", QuoteID: here.ID})
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.cluster.Advance(time.Minute)
	if _, err := bob.Edit(ctx, p.ID, federation.Draft{Text: "The ferry sails at nine"}); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open("/me/inbox").says(t, "edited a post that you boosted", "The ferry sails at nine", `href="`+postPath(here.ID)+`"`,
		"edited what you quoted in your post", "Packing my bag", `href="`+postPath(quote.ID)+`"`)
}
