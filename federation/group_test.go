package federation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// community makes a stranger a group that alice follows, as on Lemmy.
func community(t *testing.T, c *fedtest.Cluster, alice *fedtest.Server, name string) *fedtest.Stranger {
	t.Helper()
	g := c.Stranger(name)
	doc := g.Actor()
	doc["type"] = "Group"
	g.Serve("/users/"+name, doc)
	followStranger(t, alice, g)
	return g
}

// page is a Lemmy post by its author.
func lemmyPage(by *fedtest.Stranger, path, title string, in *fedtest.Stranger) map[string]any {
	p := by.Note(path, "<p>"+title+"</p>")
	p["type"], p["name"], p["audience"] = "Page", title, in.ActorID()
	return p
}

func TestWhatAGroupAnnouncesIsFetchedFromItsOrigin(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	group, carl := community(t, c, alice, "leeks"), c.Stranger("carl")
	page := lemmyPage(carl, "/post/1", "First leek", group)
	carl.Serve("/post/1", page)
	forged := lemmyPage(carl, "/post/1", "Forged leek", group)

	first := group.Activity("Announce", carl.Activity("Create", forged))
	group.Send(alice, first)
	c.Settle()
	p, ok := alice.Has(t, carl.URL("/post/1"))
	if !ok || p.Title != "First leek" || p.Boosts != 1 || !inHome(t, alice, first["id"].(string)) {
		t.Fatalf("stored %v: %q, %d boosts, %d in home", ok, p.Title, p.Boosts, len(alice.Home(t)))
	}
	group.Send(alice, group.Activity("Announce", carl.URL("/post/1"))) // for Mastodon's sake Lemmy sends it plainly too
	c.Settle()
	if p, _ := alice.Has(t, carl.URL("/post/1")); p.Boosts != 1 || len(alice.Home(t)) != 1 {
		t.Errorf("announced both ways it has %d boosts and is in home %d times", p.Boosts, len(alice.Home(t)))
	}

	c.Advance(time.Minute)
	edited := lemmyPage(carl, "/post/1", "Better leek", group)
	edited["updated"] = c.Now().Format(time.RFC3339)
	carl.Serve("/post/1", edited)
	forged["updated"] = edited["updated"]
	group.Send(alice, group.Activity("Announce", carl.Activity("Update", forged)))
	c.Settle()
	if p, _ := alice.Has(t, carl.URL("/post/1")); p.Title != "Better leek" || p.EditedAt.IsZero() {
		t.Errorf("after the Update: %q", p.Title)
	}

	gone := group.Activity("Announce", carl.Activity("Delete", carl.URL("/post/1")))
	group.Send(alice, gone)
	c.Settle()
	if _, ok := alice.Has(t, carl.URL("/post/1")); !ok {
		t.Error("a post went that its own server still has")
	}
	carl.Serve("/post/1", fedtest.Doc{Status: http.StatusGone, Body: map[string]any{"id": carl.URL("/post/1"), "type": "Tombstone"}})
	group.Send(alice, group.Activity("Announce", carl.Activity("Delete", carl.URL("/post/1"))))
	c.Settle()
	if _, ok := alice.Has(t, carl.URL("/post/1")); ok || len(alice.Home(t)) != 0 {
		t.Errorf("a deleted post is still here: %v, %d in home", ok, len(alice.Home(t)))
	}
}

func TestAnnouncedByTheIDOfAnActivity(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	group, carl := community(t, c, alice, "leeks"), c.Stranger("carl")
	carl.Serve("/post/1", lemmyPage(carl, "/post/1", "By its id", group))
	for i, kind := range []string{"Create", "Like"} {
		act := carl.Activity(kind, carl.URL("/post/1"))
		act["id"] = carl.URL(fmt.Sprint("/activities/", i))
		carl.Serve(fmt.Sprint("/activities/", i), act)
	}
	group.Send(alice, group.Activity("Announce", carl.URL("/activities/1")))
	c.Settle()
	if _, ok := alice.Has(t, carl.URL("/post/1")); ok {
		t.Error("an announced Like brought its post")
	}
	group.Send(alice, group.Activity("Announce", carl.URL("/activities/0")))
	c.Settle()
	if p, ok := alice.Has(t, carl.URL("/post/1")); !ok || p.Boosts != 1 || len(alice.Home(t)) != 1 {
		t.Errorf("an announced Create: %v, %d boosts, %d in home", ok, p.Boosts, len(alice.Home(t)))
	}
}

// A group's answers complete threads that are known; home is for its posts.
func TestAGroupsAnswersFindTheirThread(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	group, carl := community(t, c, alice, "leeks"), c.Stranger("carl")
	carl.Serve("/post/1", lemmyPage(carl, "/post/1", "A leek", group))
	group.Send(alice, group.Activity("Announce", carl.Activity("Create", lemmyPage(carl, "/post/1", "A leek", group))))
	c.Settle()
	comment := func(path, parent string) map[string]any {
		n := carl.Note(path, "<p>an answer</p>")
		n["inReplyTo"] = carl.URL(parent)
		carl.Serve(path, n)
		return n
	}
	group.Send(alice, group.Activity("Announce", carl.Activity("Create", comment("/comment/1", "/post/1"))))
	fetched := len(carl.Gets())
	c.Settle()
	if len(carl.Gets()) != fetched+1 {
		t.Errorf("%d fetches for one answer", len(carl.Gets())-fetched)
	}
	parent, _ := alice.Has(t, carl.URL("/post/1"))
	if p, ok := alice.Has(t, carl.URL("/comment/1")); !ok || p.ParentID != parent.ID || p.Boosts != 0 || len(alice.Home(t)) != 1 {
		t.Errorf("the answer: %v, below %d, %d boosts, %d in home", ok, p.ParentID, p.Boosts, len(alice.Home(t)))
	}
	disk := alice.Disk(t)
	group.Send(alice, group.Activity("Announce", carl.Activity("Create", comment("/comment/2", "/post/77"))))
	if _, ok := alice.Has(t, carl.URL("/comment/2")); ok || alice.Disk(t) != disk {
		t.Error("an answer to what is not known costs something")
	}
}

func TestVotesInAGroupCostNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	group, carl := community(t, c, alice, "leeks"), c.Stranger("carl")
	mine := alice.Post(t, store.Public, "An own post in the group")
	carl.Serve("/post/1", lemmyPage(carl, "/post/1", "A leek", group))
	disk := alice.Disk(t)
	for _, uri := range []string{carl.URL("/post/1"), mine.URI} {
		for _, act := range []map[string]any{
			carl.Activity("Like", uri), carl.Activity("Dislike", uri), carl.Activity("Undo", carl.Activity("Like", uri)),
			carl.Activity("Lock", uri), carl.Activity("Add", uri), carl.Activity("Remove", uri), carl.Activity("Block", uri),
			carl.Activity("Undo", carl.Activity("Delete", uri)), carl.Activity("Announce", uri), carl.Activity("Flag", uri),
			carl.Activity("Delete", uri),
		} {
			if status := group.Send(alice, group.Activity("Announce", act)); status != http.StatusAccepted {
				t.Errorf("an announced %s is answered %d", act["type"], status)
			}
		}
	}
	if n, err := alice.RunDue(ctx()); n != 0 || err != nil || alice.Disk(t) != disk || len(carl.Gets()) != 0 {
		t.Errorf("%d things to do, %v, %d fetches, written %v", n, err, len(carl.Gets()), alice.Disk(t) != disk)
	}
	if now, ok := alice.Has(t, mine.URI); !ok || now.Likes != 0 || now.Boosts != 0 {
		t.Errorf("the own post: here %v, %d likes, %d boosts", ok, now.Likes, now.Boosts)
	}
	eve := c.Stranger("eve") // nobody follows it
	eve.Send(alice, eve.Activity("Announce", carl.Activity("Create", lemmyPage(carl, "/post/1", "A leek", group))))
	c.Settle()
	if _, ok := alice.Has(t, carl.URL("/post/1")); ok {
		t.Error("a group that nobody follows brought a post")
	}
}

// The wrapped activities that Lemmy, Mbin and WordPress really send: read from
// the group's own server, whatever stands inside.
func TestCapturedGroupAnnounces(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for i, path := range []string{
		"lemmy/activity/announce-create__lemmy-activities-community-announce-create-page.json",
		"mbin/activity/announce-create__mb-announce-announcecreateentry.json",
		"wordpress/activity/announce-update__lemmy-activities-announce.json",
	} {
		group := community(t, c, alice, fmt.Sprint("group", i))
		author := c.Stranger(fmt.Sprint("author", i))
		doc := captured(t, path, group, "", i)
		text, err := os.ReadFile(corpusPath(path))
		if err != nil {
			t.Fatal(err)
		}
		var whole map[string]any
		if err := json.Unmarshal(text, &whole); err != nil {
			t.Fatal(err)
		}
		inner := whole["object"].(map[string]any)
		post := inner["object"].(map[string]any)
		inner["id"], inner["actor"] = author.URL("/activity"), author.ActorID()
		post["id"], post["attributedTo"] = author.URL("/post"), author.ActorID()
		post["to"], post["published"] = []any{"https://www.w3.org/ns/activitystreams#Public"}, c.Now().Format(time.RFC3339)
		title := post["name"].(string)
		served, err := json.Marshal(post)
		if err != nil {
			t.Fatal(err)
		}
		author.Serve("/post", fedtest.Doc{Body: served})
		post["name"] = "forged"
		doc["object"] = inner
		if status := group.Send(alice, doc); status != http.StatusAccepted {
			t.Fatalf("%s: answered %d", path, status)
		}
		c.Settle()
		if p, ok := alice.Has(t, author.URL("/post")); !ok || !strings.HasPrefix(p.Title, title) || !inHome(t, alice, doc["id"].(string)) {
			t.Errorf("%s: stored %v, title %q", path, ok, p.Title)
		}
	}
}
