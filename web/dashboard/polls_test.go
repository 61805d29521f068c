package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

// pollOf makes somebody else publish a poll, and returns the address of its page here.
func (h *house) pollOf(name string, poll federation.PollDraft) string {
	h.t.Helper()
	if poll.Lasts == 0 {
		poll.Lasts = 3 * time.Hour
	}
	p, err := h.other(name).Publish(ctx, federation.Draft{Text: "Which seed?", Poll: &poll})
	if err != nil {
		h.t.Fatal(err)
	}
	h.cluster.Settle()
	here, ok := h.Has(h.t, p.URI)
	if !ok {
		h.t.Fatal("the poll did not arrive")
	}
	return postPath(here.ID)
}

func TestVoteInAPoll(t *testing.T) {
	h := newHouse(t, "bob")
	h.Follows(t, h.other("bob"))
	one := h.pollOf("bob", federation.PollDraft{Options: []string{"Kale & co", "Leek"}})
	many := h.pollOf("bob", federation.PollDraft{Options: []string{"Mon", "Tue", "Wed"}, Multiple: true})
	h.open("/me").says(t, `action="`+one+`/vote"`, `action="`+many+`/vote"`, `type="radio"`, `type="checkbox"`, ">Vote</button>", "Kale &amp; co", "Closes today at 15:00")
	h.open(one).hides(t, "<meter", `type="checkbox"`)

	for what, p := range map[string]page{
		"nothing":     h.submit(one + "/vote"),
		"no answer":   h.submit(one+"/vote", "choice", "2"),
		"a word":      h.submit(one+"/vote", "choice", "Leek"),
		"both of one": h.submit(one+"/vote", "choice", "0", "choice", "1"),
	} {
		if p.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: answered %d", what, p.status)
		}
	}
	p := h.sent(one+"/vote", "choice", "1", "back", "/me#p-1")
	if p.location != "/me#p-1" {
		t.Errorf("the vote led to %s", p.location)
	}
	h.sent(one+"/vote", "choice", "1").says(t, ", your vote", "1 vote") // pressed twice
	h.open(one).says(t, `<meter min="0" max="100" value="100"`, "Leek", ", your vote", "100 %", "1 vote")
	h.open(one).hides(t, ">Vote</button>")
	h.sent(many+"/vote", "choice", "0", "choice", "2").says(t, "2 votes by 1 person", ", your vote")
	if p := h.submit(one+"/vote", "choice", "0"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a second vote is answered %d", p.status)
	}
	h.cluster.Settle()
	for _, p := range h.other("bob").Home(t) {
		if q := p.Extra.Poll; q == nil || q.Total() != q.Voters+map[bool]int{true: 1}[q.Multiple] || q.Voters != 1 {
			t.Errorf("at bob's: %+v", q)
		}
	}
	h.cluster.SettleFor(4*time.Hour, time.Hour)
	h.open(one).says(t, "Closed 1 hour ago")
	h.open("/me/inbox").says(t, "A poll you voted in has ended", "Which seed?", "Leek won with 100 %.")
	late := h.pollOf("bob", federation.PollDraft{Options: []string{"a", "b"}, Lasts: 5 * time.Minute})
	h.cluster.Advance(time.Hour)
	if p := h.submit(late+"/vote", "choice", "0"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a late vote is answered %d", p.status)
	}
	if p := h.submit("/me/post/99/vote", "choice", "0"); p.status != http.StatusNotFound {
		t.Errorf("a vote in nothing is answered %d", p.status)
	}
}

func TestWriteAPoll(t *testing.T) {
	h := newHouse(t, "bob")
	h.other("bob").Follows(t, h.Server)
	fresh := h.open("/me/write")
	fresh.says(t, "Poll lasts", "More than one answer", `id="option-4"`, `<option value="86400" selected>`, "More answers")
	fresh.hides(t, `id="option-5"`, "disclose\" open")
	form := func(do string, more ...string) []string {
		return append([]string{"do", do, "text", "Which **seed**?", "audience", "everyone", "option", "Kale", "option", "", "option", " Leek ", "option", "", "lasts", "3600", "multiple", "yes"}, more...)
	}
	more := h.submit("/me/write", form("more")...)
	more.says(t, `id="option-10"`, `value="Kale"`, `value="Leek"`, `name="multiple" value="yes" checked`, `<option value="3600" selected>`, "disclose\" open", "Which **seed**?")
	more.hides(t, "More answers")
	h.submit("/me/write", form("preview")...).says(t, "<strong>seed</strong>", "<meter", "Closes today at 13:00", "0 votes")
	for what, bad := range map[string][]string{
		"one answer":     {"option", "Kale"},
		"twice the same": {"option", "Kale", "option", "Kale"},
		"too long":       {"option", "Kale", "option", strings.Repeat("k", 51)},
		"no length":      {"option", "Kale", "option", "Leek", "lasts", "0"},
		"too many":       strings.Fields("option a option b option c option d option e option f option g option h option i option j option k"),
	} {
		pairs := []string{"do", "post", "text", "Which?", "audience", "everyone"}
		if what != "no length" {
			pairs = append(pairs, "lasts", "3600")
		}
		p := h.submit("/me/write", append(pairs, bad...)...)
		if p.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: answered %d", what, p.status)
		}
		p.says(t, `role="alert"`, `value="`+bad[1]+`"`, ">Which?</textarea>")
	}
	if len(h.own()) != 0 {
		t.Fatal("a refused poll was posted")
	}

	draft, err := url.Parse(h.sent("/me/write", form("draft")...).location)
	if err != nil {
		t.Fatal(err)
	}
	h.open("/me/write?draft="+draft.Query().Get("draft")).says(t, `value="Kale"`, `value="Leek"`, `name="multiple" value="yes" checked`, `<option value="3600" selected>`)

	h.sent("/me/write", form("post")...).says(t, "Kale", "Leek", "<meter", "0 votes", "Closes today at 13:00")
	mine := h.own()[0]
	q := mine.Extra.Poll
	if mine.Kind != store.KindQuestion || q == nil || len(q.Options) != 2 || !q.Multiple || !q.EndsAt.Equal(mine.PublishedAt.Add(time.Hour)) {
		t.Fatalf("posted %+v", q)
	}
	h.open(postPath(mine.ID)).hides(t, ">Vote</button>")
	h.cluster.Settle()
	there, _ := h.other("bob").Has(t, mine.URI)
	if _, err := h.other("bob").Vote(ctx, there.ID, []int{1}); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open(postPath(mine.ID)).says(t, `value="100"`, "1 vote by 1 person")
	edit := h.open("/me/write?edit=" + decimal(mine.ID))
	edit.says(t, "An edit keeps the poll as it is", "Kale")
	edit.hides(t, `id="option-1"`)
	h.sent("/me/write", "do", "post", "text", "Which seed, then?", "edit", decimal(mine.ID), "option", "x", "option", "y").says(t, "Which seed, then?", "1 vote")
	if q := h.own()[0].Extra.Poll; q == nil || q.Options[1].Votes != 1 || q.Options[0].Name != "Kale" {
		t.Errorf("after an edit: %+v", q)
	}
	h.cluster.SettleFor(2*time.Hour, time.Hour)
	h.open("/me/inbox").says(t, "Your poll has ended")
	plain := h.sent("/me/write", "do", "post", "text", "No poll", "audience", "everyone", "option", "", "option", " ", "lasts", "3600")
	plain.says(t, "No poll")
	if h.own()[0].Extra.Poll != nil {
		t.Error("empty answers made a poll")
	}
}
