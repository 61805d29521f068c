package federation_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// remotePoll is a poll of a stranger's that alice has, since the stranger names her.
func remotePoll(t *testing.T, c *fedtest.Cluster, alice *fedtest.Server, s *fedtest.Stranger, more map[string]any) map[string]any {
	t.Helper()
	q := s.Note("/notes/q", "<p>Tea or coffee?</p>")
	q["type"], q["endTime"] = "Question", c.Now().Add(time.Hour).Format(time.RFC3339)
	q["cc"] = []any{s.ActorID() + "/followers", alice.ActorURI()}
	q["tag"] = []any{map[string]any{"type": "Mention", "href": alice.ActorURI()}}
	q["oneOf"] = options(map[string]any{"Tea": 3, "Coffee": 1}, "Tea", "Coffee")
	for k, v := range more {
		q[k] = v
		if v == nil {
			delete(q, k)
		}
	}
	s.Serve("/notes/q", q)
	if status := s.Send(alice, s.Activity("Create", q)); status != 202 {
		t.Fatalf("the poll is answered %d", status)
	}
	c.Settle()
	return q
}

func options(votes map[string]any, names ...string) []any {
	var list []any
	for _, n := range names {
		list = append(list, map[string]any{"type": "Note", "name": n, "replies": map[string]any{"type": "Collection", "totalItems": votes[n]}})
	}
	return list
}

// with is a copy of a document with some keys changed.
func with(doc map[string]any, pairs ...any) map[string]any {
	out := map[string]any{}
	for k, v := range doc {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

func ownVotes(t *testing.T, at *fedtest.Server, uri string) []int {
	t.Helper()
	id := known(t, at, uri).ID
	mine, err := store.Get(ctx(), at.Store(), func(tx *store.Tx) ([]int, error) { return tx.Votes(id, store.OwnerID) })
	if err != nil {
		t.Fatal(err)
	}
	return mine
}

func TestNewCountsOfAnothersPoll(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s := c.Stranger("zoe")
	q := remotePoll(t, c, alice, s, map[string]any{"votersCount": 4})
	uri := s.URL("/notes/q")
	votes(t, c, alice, uri, 1)
	wantCounts(t, alice, uri, "Tea 3, Coffee 2 of 5")
	sent := s.Received("Create")
	if len(sent) != 1 || sent[0].Path != "/users/zoe/inbox" {
		t.Fatalf("the vote went out as %v", sent)
	}
	update := func(pairs ...any) {
		t.Helper()
		if status := s.Send(alice, s.Activity("Update", with(q, pairs...))); status != 202 {
			t.Fatalf("the Update is answered %d", status)
		}
		c.Settle()
	}
	later := c.Now().Add(2 * time.Hour)
	update("oneOf", options(map[string]any{"Tea": 4, "Coffee": 2}, "Tea", "Coffee"), "votersCount", 6, "endTime", later.Format(time.RFC3339))
	wantCounts(t, alice, uri, "Tea 4, Coffee 2 of 6")
	p := known(t, alice, uri)
	if !p.Extra.Poll.EndsAt.Equal(later) || edits(t, alice, uri) != 0 || !p.EditedAt.IsZero() || !slices.Equal(ownVotes(t, alice, uri), []int{1}) {
		t.Errorf("after new counts: %+v, %d edits", p.Extra.Poll, edits(t, alice, uri))
	}
	// Other answers without a new version are not believed: they would turn votes around.
	update("oneOf", options(map[string]any{"Coffee": 4, "Tea": 2}, "Coffee", "Tea"))
	wantCounts(t, alice, uri, "Tea 4, Coffee 2 of 6")
	update("content", "<p>Another text, no date</p>", "endTime", later.Format(time.RFC3339))
	if p := known(t, alice, uri); !strings.Contains(p.Content, "Tea or coffee?") {
		t.Errorf("a text without a new version was taken: %s", p.Content)
	}
	// A poll that is put off is not over at its first end.
	c.SettleFor(90*time.Minute, 10*time.Minute)
	if got := alice.Notified(t); slices.Contains(got, "poll") {
		t.Errorf("notified of the first end: %v", got)
	}
	// With a new version they count, and votes for the old ones are forgotten.
	update("oneOf", options(map[string]any{"Milk": 1}, "Tea", "Milk"), "updated", c.Now().Format(time.RFC3339), "endTime", later.Format(time.RFC3339))
	wantCounts(t, alice, uri, "Tea 0, Milk 1 of 4")
	if edits(t, alice, uri) != 1 || len(ownVotes(t, alice, uri)) != 0 {
		t.Errorf("after other answers: %d edits, own votes %v", edits(t, alice, uri), ownVotes(t, alice, uri))
	}
	votes(t, c, alice, uri, 0)
	update("oneOf", options(map[string]any{"Tea": 1, "Milk": 1}, "Tea", "Milk"), "updated", c.Now().Add(-time.Hour).Format(time.RFC3339), "closed", true)
	if known(t, alice, uri).Extra.Poll.Closed {
		t.Error("an older version closed the poll")
	}
	update("oneOf", options(map[string]any{"Tea": 1, "Milk": 1}, "Tea", "Milk"), "closed", c.Now().Format(time.RFC3339))
	if !known(t, alice, uri).Extra.Poll.Closed || !slices.Contains(alice.Notified(t), "poll") {
		t.Error("the closing was not noticed")
	}
}

// misskey#4435: counts are told to followers and voters only, so they are asked for.
func TestCountsAreAskedForWhenAPollIsLookedAt(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s := c.Stranger("zoe")
	q := remotePoll(t, c, alice, s, nil)
	uri := s.URL("/notes/q")
	id := known(t, alice, uri).ID
	look := func(want int) {
		t.Helper()
		before := len(s.Gets())
		if err := alice.RefreshPoll(ctx(), id); err != nil {
			t.Fatal(err)
		}
		if got := len(s.Gets()) - before; got != want {
			t.Errorf("a look cost %d GETs, want %d", got, want)
		}
	}
	s.Serve("/notes/q", with(q, "oneOf", options(map[string]any{"Tea": 9, "Coffee": 9}, "Tea", "Coffee")))
	look(1)
	wantCounts(t, alice, uri, "Tea 9, Coffee 9 of 0")
	look(0)
	c.Advance(5 * time.Minute)
	look(1)
	if edits(t, alice, uri) != 0 {
		t.Error("a look at a poll made an edit")
	}
	c.Advance(time.Hour) // over: one last time
	look(1)
	c.Advance(time.Hour)
	look(0)

	// Whoever has just voted sees the vote, though its server cannot have counted it yet.
	fresh := c.Stranger("fresh")
	remotePoll(t, c, alice, fresh, nil)
	voted := known(t, alice, fresh.URL("/notes/q"))
	if _, err := alice.Vote(ctx(), voted.ID, []int{1}); err != nil {
		t.Fatal(err)
	}
	if err := alice.RefreshPoll(ctx(), voted.ID); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, alice, voted.URI, "Tea 3, Coffee 2 of 0")

	// A server that hangs holds nobody up, and its answer is taken when it comes.
	slow := c.Stranger("slow")
	remotePoll(t, c, alice, slow, nil)
	slow.Handle(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	slowID := known(t, alice, slow.URL("/notes/q")).ID
	if err := alice.RefreshPoll(ctx(), slowID); err == nil {
		t.Error("a failed look is no error")
	}
	wantCounts(t, alice, slow.URL("/notes/q"), "Tea 3, Coffee 1 of 0")
	if err := alice.RefreshPoll(ctx(), 4711); err == nil {
		t.Error("a look at nothing is no error")
	}
	own := ask(t, c, alice, store.Public, teaOrCoffee())
	if err := alice.RefreshPoll(ctx(), own.ID); err != nil {
		t.Error(err)
	}
}

// At the end of a poll that was voted in, its last counts are fetched first.
func TestTheLastCountsAreFetchedBeforeTheOwnerIsTold(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s, gone := c.Stranger("zoe"), c.Stranger("gone")
	q := remotePoll(t, c, alice, s, nil)
	remotePoll(t, c, alice, gone, nil)
	uri := s.URL("/notes/q")
	votes(t, c, alice, uri, 0)
	votes(t, c, alice, gone.URL("/notes/q"), 0)
	s.Serve("/notes/q", with(q, "oneOf", options(map[string]any{"Tea": 20, "Coffee": 30}, "Tea", "Coffee")))
	gone.Handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	c.Advance(time.Hour)
	c.Settle()
	wantCounts(t, alice, uri, "Tea 20, Coffee 30 of 0")
	if got := strings.Join(alice.Notified(t), " "); strings.Count(got, "poll") != 2 {
		t.Errorf("notified of %s: want both ends, also of a server that does not answer", got)
	}
}

// Votes must name an option as its own server does, whatever is shown of it.
func TestAVoteSaysWhatTheOptionIsCalledThere(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s := c.Stranger("zoe")
	odd := " <b>Tea</b> &amp;\u202e milk "
	remotePoll(t, c, alice, s, map[string]any{"oneOf": options(map[string]any{}, odd, "<i>")})
	uri := s.URL("/notes/q")
	if name := known(t, alice, uri).Extra.Poll.Options[0].Name; strings.ContainsAny(name, "<\u202e") {
		t.Errorf("the option is shown as %q", name)
	}
	if name := known(t, alice, uri).Extra.Poll.Options[1].Name; name != "Answer 2" {
		t.Errorf("an option of tags alone is shown as %q", name)
	}
	votes(t, c, alice, uri, 0)
	var got struct{ Object struct{ Name string } }
	if err := json.Unmarshal([]byte(s.Received("Create")[0].Body), &got); err != nil || got.Object.Name != odd {
		t.Errorf("the vote is for %q, %v", got.Object.Name, err)
	}
}

// Pleroma writes an empty anyOf beside oneOf, and the end into "closed".
func TestPollsOfOtherKindsOfServer(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	pleroma, misskey := c.Stranger("pleroma"), c.Stranger("misskey")
	remotePoll(t, c, alice, pleroma, map[string]any{"anyOf": []any{}, "endTime": nil, "closed": c.Now().Add(time.Hour).Format("2006-01-02T15:04:05.000000")})
	remotePoll(t, c, alice, misskey, map[string]any{"endTime": nil, "oneOf": []any{
		map[string]any{"type": "Note", "name": "Tea", "_misskey_votes": 2}, map[string]any{"type": "Note", "name": "Coffee"},
	}})
	p := known(t, alice, pleroma.URL("/notes/q")).Extra.Poll
	if p.Multiple || p.Closed || !p.EndsAt.Equal(c.Now().Add(time.Hour)) || len(p.Options) != 2 {
		t.Errorf("Pleroma's poll is %+v", p)
	}
	votes(t, c, alice, pleroma.URL("/notes/q"), 0)
	wantCounts(t, alice, misskey.URL("/notes/q"), "Tea 2, Coffee 0 of 0")
	if p := known(t, alice, misskey.URL("/notes/q")).Extra.Poll; !p.EndsAt.IsZero() || p.Over(c.Now().Add(10*365*24*time.Hour)) {
		t.Errorf("Misskey's endless poll is %+v", p)
	}
	votes(t, c, alice, misskey.URL("/notes/q"), 1)
	c.Advance(2 * time.Hour)
	c.Settle()
	if got := alice.Notified(t); len(slices.DeleteFunc(got, func(k string) bool { return k != "poll" })) != 1 {
		t.Errorf("notified of %v, want Pleroma's end alone", got)
	}
}

// An author who puts the end off for ever is not asked for ever more often.
func TestAnEndThatIsPutOffByASecondEachTime(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s := c.Stranger("zoe")
	q := remotePoll(t, c, alice, s, nil)
	votes(t, c, alice, s.URL("/notes/q"), 0)
	s.Handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/activity+json")
		if err := json.NewEncoder(w).Encode(with(q, "endTime", c.Now().Add(time.Second).Format(time.RFC3339))); err != nil {
			t.Error(err)
		}
	})
	c.Advance(time.Hour)
	before := len(s.Gets())
	c.SettleFor(20*time.Minute, 10*time.Second)
	if n := len(s.Gets()) - before; n < 2 || n > 5 {
		t.Errorf("its server was asked %d times in 20 minutes", n)
	}
	if slices.Contains(alice.Notified(t), "poll") {
		t.Error("a poll that is put off counts as over")
	}
}

// Counts of a poll for followers are shown to the owner, whose signature asks for them.
func TestCountsOfAPollForFollowers(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	one := ask(t, c, alice, store.Followers, teaOrCoffee())
	votes(t, c, carol, one.URI, 1)
	wantCounts(t, bob, one.URI, "Tea 0, Coffee 0 of 0")
	if err := bob.RefreshPoll(ctx(), known(t, bob, one.URI).ID); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, bob, one.URI, "Tea 0, Coffee 1 of 1")
	// Whoever no longer follows is told no more of it.
	if err := alice.RemoveFollower(ctx(), person(t, alice, carol).ID); err != nil {
		t.Fatal(err)
	}
	votes(t, c, bob, one.URI, 0)
	c.SettleFor(2*time.Minute, time.Minute)
	if n := len(carol.Received("Update")); n != 0 {
		t.Errorf("a removed follower got %d Updates", n)
	}
	wantCounts(t, bob, one.URI, "Tea 1, Coffee 1 of 2")
}

// corpusPoll serves a document of the corpus from a stranger's server.
func corpusPoll(t *testing.T, s *fedtest.Stranger, alice *fedtest.Server, name string, theirs ...string) map[string]any {
	t.Helper()
	dir := os.Getenv("DASSIE_CORPUS")
	if dir == "" {
		dir = "../../shared/corpus"
	}
	body, err := os.ReadFile(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		t.Skipf("the corpus is not here: set DASSIE_CORPUS (%v)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	for i := 0; i < len(theirs); i += 2 {
		text = strings.ReplaceAll(text, theirs[i], theirs[i+1])
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestPollsAndVotesOfTheCorpus(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s := c.Stranger("rin")
	address := func(o map[string]any) map[string]any {
		o["to"], o["cc"] = []any{"https://www.w3.org/ns/activitystreams#Public", alice.ActorURI()}, []any{}
		return o
	}
	for _, doc := range []struct {
		file, host, author, id string
		want                   string
		over                   bool
	}{
		{"mastodon/activity/create-question__pl-mastodon-question-activity.json", "https://mastodon.sdf.org", "https://mastodon.sdf.org/users/rinpatch", "/users/rinpatch/statuses/102070944809637304", "Dunno 0, Everyone knows that! 1, ", true},
		{"mastodon/object/question__pl-poll-attachment.json", "https://patch.cx", "https://patch.cx/users/rin", "/objects/tesla_mock/poll_attachment", "a 0, A 0, Aa 0, AA 0, AAa 1, AAA 3 of 0", true},
		{"misskey/object/question__pl-misskey-poll-no-end-date.json", "https://skippers-bin.com", "https://skippers-bin.com/users/7v1w1r8ce6", "/notes/7x9tmrp97i", "Working 0, Broken af 1 of 0", false},
	} {
		o := corpusPoll(t, s, alice, doc.file, doc.author, s.ActorID(), doc.host, s.URL(""))
		if o["type"] == "Create" {
			o = o["object"].(map[string]any)
		}
		if status := s.Send(alice, s.Activity("Create", address(o))); status != 202 {
			t.Errorf("%s is answered %d", doc.file, status)
		}
		c.Settle()
		// The author's id was replaced first, so ids below it moved along.
		uri, _ := o["id"].(string)
		if got := counts(t, alice, uri); !strings.HasPrefix(got, doc.want) {
			t.Errorf("%s: counts %s", doc.file, got)
		}
		if p := known(t, alice, uri).Extra.Poll; p.Over(c.Now()) != doc.over {
			t.Errorf("%s: over is %v", doc.file, !doc.over)
		}
	}
	one := ask(t, c, alice, store.Public, federation.PollDraft{Options: []string{"tissues", "financial times", "neither"}, Multiple: true})
	vote := corpusPoll(t, s, alice, "gotosocial/activity/create__doc-posts-10.json", "https://example.org/users/bobby_tables/statuses/123456", one.URI,
		"https://example.org/users/bobby_tables", alice.ActorURI(), "https://sample.com/users/willy_nilly", s.ActorID())
	if status := s.Send(alice, vote); status != 202 {
		t.Errorf("GoToSocial's votes are answered %d", status)
	}
	c.Settle()
	wantCounts(t, alice, one.URI, "tissues 1, financial times 1, neither 0 of 1")
}
