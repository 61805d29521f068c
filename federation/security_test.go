package federation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// refused says that an answer is a refusal and not a fault of ours.
func refused(status int) bool { return status >= 400 && status < 500 }

func TestT1_OriginOfWhatIsCreated(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, good := c.Stranger("bob"), c.Stranger("good")
	followStranger(t, alice, bob)
	for name, spoil := range map[string]func(note map[string]any){
		"id elsewhere":           func(n map[string]any) { n["id"] = good.URL("/n/1") },
		"attributed elsewhere":   func(n map[string]any) { n["attributedTo"] = good.ActorID() },
		"both elsewhere":         func(n map[string]any) { n["id"], n["attributedTo"] = good.URL("/n/1"), good.ActorID() },
		"attributed to us":       func(n map[string]any) { n["attributedTo"] = alice.ActorURI() },
		"another on this server": func(n map[string]any) { n["attributedTo"] = bob.URL("/users/carl") },
	} {
		for _, kind := range []string{"Create", "Update"} {
			note := bob.Note("/n/forged", "<p>forged</p>")
			note["updated"] = c.Now().Format(time.RFC3339)
			spoil(note)
			if status := bob.Send(alice, bob.Activity(kind, note)); !refused(status) {
				t.Errorf("%s, %s: answered %d", kind, name, status)
			}
			c.Settle()
			if _, ok := alice.Has(t, note["id"].(string)); ok {
				t.Errorf("%s, %s: stored", kind, name)
			}
		}
	}
	if n := len(good.Gets()); n != 0 {
		t.Errorf("the named server was asked %d times: %v", n, good.Gets())
	}
}

func TestT2_KeyOwnerMustBeTheActor(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve, good := c.Stranger("eve"), c.Stranger("good")
	followStranger(t, alice, good)

	forged := good.Activity("Create", good.Note("/n/1", "<p>not mine</p>"))
	if status := eve.Send(alice, forged); status != http.StatusUnauthorized {
		t.Errorf("signed by another: answered %d", status)
	}
	mallory := c.Stranger("mallory")
	doc := mallory.Actor()
	doc["publicKey"].(map[string]any)["owner"] = good.ActorID()
	mallory.Serve("/users/mallory", doc)
	if status := mallory.Send(alice, mallory.Activity("Follow", alice.ActorURI())); status != http.StatusUnauthorized {
		t.Errorf("a key that names another owner: answered %d", status)
	}
	if _, ok := alice.Has(t, good.URL("/n/1")); ok {
		t.Error("the forged post was stored")
	}
}

func TestT3_KeyDocumentUnderAnotherAddress(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve, good := c.Stranger("eve"), c.Stranger("good")
	good.Serve("/users/good", good.Actor())
	eve.Serve("/users/eve", good.Actor()) // eve answers with good's document
	if status := eve.Send(alice, eve.Activity("Follow", alice.ActorURI())); status != http.StatusUnauthorized {
		t.Errorf("answered %d", status)
	}
	if status := good.Send(alice, good.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Errorf("good's own request was answered %d: the cache is spoiled", status)
	}
}

func TestT6_ReplayHasNoEffect(t *testing.T) {
	c := fedtest.New(t, "alice", "other")
	alice, other := c.Servers[0], c.Servers[1]
	bob := c.Stranger("bob")
	follow := bob.Activity("Follow", alice.ActorURI())
	r, body := bob.Request(alice, follow)
	header := r.Header.Clone()
	if status := c.Do(r); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	if status := bob.Send(alice, bob.Activity("Undo", follow)); status != http.StatusAccepted {
		t.Fatalf("Undo answered %d", status)
	}
	again := func(host string) int {
		r, err := http.NewRequest(http.MethodPost, "http://"+host+"/inbox", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header.Clone()
		return c.Do(r)
	}
	if status := again(alice.Host); status != http.StatusAccepted {
		t.Errorf("the replay was answered %d", status)
	}
	c.Settle()
	n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
	if err != nil || n != 0 {
		t.Errorf("the replayed Follow made %d followers, %v", n, err)
	}
	if status := again(other.Host); status != http.StatusUnauthorized {
		t.Errorf("the same request at another server was answered %d", status)
	}
	c.Advance(3 * time.Hour)
	if status := again(alice.Host); status != http.StatusUnauthorized {
		t.Errorf("three hours later it was answered %d", status)
	}
}

func TestT4T5_UnsignedAndSwapped(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	create := bob.Activity("Create", bob.Note("/n/1", "<p>x</p>"))
	r, _ := bob.Request(alice, create)
	r.Header.Del("Signature")
	if status := c.Do(r); status != http.StatusUnauthorized {
		t.Errorf("unsigned: %d", status)
	}
	r, body := bob.Request(alice, create)
	swapped := append(body, ' ')
	r2, err := http.NewRequest(http.MethodPost, r.URL.String(), bytes.NewReader(swapped))
	if err != nil {
		t.Fatal(err)
	}
	r2.Header = r.Header
	if status := c.Do(r2); status != http.StatusUnauthorized {
		t.Errorf("swapped body: %d", status)
	}
	if n := len(alice.Home(t)); n != 0 {
		t.Errorf("%d posts were stored", n)
	}
}

func TestT10T11_FetchedDocumentsMustStandByTheirAddress(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	note := bob.Note("/n/1", "<p>hello</p>")
	raw, err := json.Marshal(note)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"text/plain", "application/json", "image/png", "application/ld+json", "text/html"} {
		bob.Serve("/n/1", fedtest.Doc{Type: typ, Body: raw})
		if found, err := alice.Lookup(ctx(), bob.URL("/n/1")); err == nil {
			t.Errorf("%s was taken as a post: %+v", typ, found.Post)
		}
		c.Advance(time.Hour) // past the memory of failures
	}
	bob.Serve("/files/1", fedtest.Doc{Body: raw}) // says it is /n/1, which stands by itself
	bob.Serve("/n/1", note)
	found, err := alice.Lookup(ctx(), bob.URL("/files/1"))
	if err != nil || found.Post == nil || found.Post.URI != bob.URL("/n/1") {
		t.Errorf("an alias was not followed to its id: %+v %v", found, err)
	}
	spoof := bob.Note("/n/2", "<p>spoof</p>")
	bob.Serve("/files/2", spoof)
	bob.Serve("/n/2", bob.Note("/n/3", "<p>something else</p>"))
	if _, err := alice.Lookup(ctx(), bob.URL("/files/2")); err == nil {
		t.Error("a document that its own id does not confirm was taken")
	}
	if _, ok := alice.Has(t, bob.URL("/n/2")); ok {
		t.Error("and stored")
	}
}

func TestT12_OnlyTheOwnerChangesOrDeletes(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	followStranger(t, alice, bob)
	followStranger(t, alice, eve)
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/1", "<p>mine</p>")))
	own := alice.Post(t, store.Public, "Alice's own")
	edited := bob.Note("/n/1", "<p>defaced</p>")
	edited["updated"] = c.Now().Add(time.Minute).Format(time.RFC3339)
	attributed := bob.Note("/n/1", "<p>defaced</p>")
	attributed["attributedTo"] = eve.ActorID()
	for name, activity := range map[string]map[string]any{
		"Delete of bob's post":    eve.Activity("Delete", bob.URL("/n/1")),
		"Update of bob's post":    eve.Activity("Update", edited),
		"the same, as eve's":      eve.Activity("Update", attributed),
		"Delete of alice's post":  eve.Activity("Delete", own.URI),
		"Delete of bob":           eve.Activity("Delete", bob.ActorID()),
		"Delete of alice":         eve.Activity("Delete", alice.ActorURI()),
		"Update of alice":         eve.Activity("Update", map[string]any{"id": alice.ActorURI(), "type": "Person", "inbox": eve.URL("/in"), "preferredUsername": "alice"}),
		"Undo of bob's follow":    eve.Activity("Undo", map[string]any{"id": bob.URL("/f/1"), "type": "Follow", "actor": bob.ActorID(), "object": alice.ActorURI()}),
		"Create with our own id":  eve.Activity("Create", map[string]any{"id": own.URI, "type": "Note", "attributedTo": eve.ActorID(), "content": "x", "to": []any{alice.ActorURI()}}),
		"Create in alice's name":  eve.Activity("Create", map[string]any{"id": alice.ActorURI() + "/n/9", "type": "Note", "attributedTo": alice.ActorURI(), "content": "x"}),
		"activity id of ours":     merge(eve.Activity("Create", eve.Note("/n/7", "x")), "id", own.URI+"/activity"),
		"actor of ours":           merge(eve.Activity("Delete", own.URI), "actor", alice.ActorURI()),
		"actor of another server": merge(eve.Activity("Delete", bob.URL("/n/1")), "actor", bob.ActorID()),
	} {
		if status := eve.Send(alice, activity); !refused(status) {
			t.Errorf("%s: answered %d", name, status)
		}
		c.Settle()
	}
	if p, ok := alice.Has(t, bob.URL("/n/1")); !ok || !strings.Contains(p.Content, "mine") {
		t.Errorf("bob's post is now %v %q", ok, p.Content)
	}
	if p, ok := alice.Has(t, own.URI); !ok || !strings.Contains(p.Content, "own") {
		t.Error("alice's post was touched")
	}
}

func merge(m map[string]any, pairs ...any) map[string]any {
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

func TestT13_EditsNeverWiden(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	note := bob.Note("/n/1", "<p>for few</p>")
	note["to"], note["cc"] = []any{bob.ActorID() + "/followers"}, []any{}
	bob.Send(alice, bob.Activity("Create", note))
	note["to"] = []any{"https://www.w3.org/ns/activitystreams#Public"}
	note["updated"] = c.Now().Add(time.Minute).Format(time.RFC3339)
	bob.Send(alice, bob.Activity("Update", note))
	if p, _ := alice.Has(t, bob.URL("/n/1")); p.Visibility != store.Followers {
		t.Errorf("the post is now %d", p.Visibility)
	}
}

func TestT14_AnswersToQuestionsNobodyAsked(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	found, err := alice.Lookup(ctx(), bob.Name+"@"+bob.Host)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Lookup(ctx(), eve.Name+"@"+eve.Host); err != nil {
		t.Fatal(err)
	}
	bob.Send(alice, bob.Activity("Accept", map[string]any{"type": "Follow", "actor": alice.ActorURI(), "object": bob.ActorID()}))
	if _, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Following, error) { return tx.Following(found.Actor.ID) }); err != store.ErrNotFound {
		t.Errorf("an Accept without a question made a follow: %v", err)
	}
	f, err := alice.Follow(ctx(), found.Actor.ID)
	if err != nil {
		t.Fatal(err)
	}
	eve.Send(alice, eve.Activity("Accept", f.FollowURI))
	eve.Send(alice, eve.Activity("Reject", f.FollowURI))
	f, err = store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Following, error) { return tx.Following(found.Actor.ID) })
	if err != nil || f.State != store.FollowAsked {
		t.Errorf("a third person answered for bob: %v %v", f.State, err)
	}
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/1", "<p>early</p>")))
	if n := len(alice.Home(t)); n != 0 {
		t.Error("posts of somebody who has not accepted entered home")
	}
}

func TestT16_WebFingerMustAgree(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	evil, good := c.Stranger("evil"), c.Stranger("good")
	self := func(who *fedtest.Stranger) []any {
		return []any{map[string]any{"rel": "self", "type": "application/activity+json", "href": who.ActorID()}}
	}
	// evil says that it is good@good, which does not say the same
	evil.Serve("/.well-known/webfinger", fedtest.Doc{Type: "application/jrd+json", Body: map[string]any{"subject": "acct:good@" + good.Host, "links": self(evil)}})
	if found, err := alice.Lookup(ctx(), "evil@"+evil.Host); err == nil && found.Actor.Domain == good.Host && found.Actor.URI == evil.ActorID() {
		t.Errorf("evil is now known as %s", found.Actor.Handle())
	}
	// self on another server
	other := c.Stranger("other")
	other.Serve("/.well-known/webfinger", fedtest.Doc{Type: "application/jrd+json", Body: map[string]any{"subject": "acct:other@" + other.Host, "links": self(good)}})
	if found, err := alice.Lookup(ctx(), "other@"+other.Host); err == nil && found.Actor.Domain == other.Host && found.Actor.URI == good.ActorID() {
		t.Errorf("good is now known as %s", found.Actor.Handle())
	}
}

func TestT27T28_HostileBodies(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	big := strings.Repeat("x", 2<<20)
	for name, body := range map[string]string{
		"100,000 deep":  strings.Repeat("[", 100_000),
		"not JSON":      "hello",
		"empty":         "",
		"array":         "[]",
		"two ids":       `{"id":"` + bob.URL("/a/1") + `","id":"` + bob.URL("/a/2") + `","type":"Create","actor":"` + bob.ActorID() + `"}`,
		"two actors":    `{"id":"` + bob.URL("/a/1") + `","type":"Create","actor":"` + bob.ActorID() + `","actor":"x"}`,
		"bad UTF-8":     "{\"type\":\"\xff\"}",
		"no type":       `{"actor":"` + bob.ActorID() + `"}`,
		"number type":   `{"type":7,"actor":"` + bob.ActorID() + `"}`,
		"huge exponent": `{"type":"Create","x":1e999,"actor":"` + bob.ActorID() + `"}`,
	} {
		start := time.Now()
		if status := bob.Send(alice, []byte(body)); status != http.StatusBadRequest {
			t.Errorf("%s: answered %d", name, status)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
	if status := bob.Send(alice, []byte(`{"type":"Create","x":"`+big+`"}`)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("2 MB: answered %d", status)
	}
	note := bob.Note("/n/many", "<p>"+strings.Repeat("<b>", 20_000)+"deep</p>")
	var tags, files, to []any
	for i := range 3000 {
		tags = append(tags, map[string]any{"type": "Mention", "href": fmt.Sprintf("http://h%d.localhost/u", i), "name": "@x"},
			map[string]any{"type": "Hashtag", "name": fmt.Sprintf("#t%d", i)})
		files = append(files, map[string]any{"type": "Document", "mediaType": "image/png", "url": bob.URL("/f")})
		to = append(to, fmt.Sprintf("http://h%d.localhost/u", i))
	}
	note["tag"], note["attachment"], note["cc"] = tags, files, to
	bob.Send(alice, bob.Activity("Create", note))
	c.Settle()
	p, ok := alice.Has(t, bob.URL("/n/many"))
	if ok && (len(p.Extra.Mentions) > 100 || len(p.Extra.Attachments) > 20 || len(p.Extra.Tags) > 100) {
		t.Errorf("kept %d mentions, %d files, %d tags", len(p.Extra.Mentions), len(p.Extra.Attachments), len(p.Extra.Tags))
	}
}

func TestT32_KeyFetchesAreBounded(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve, victim := c.Stranger("eve"), c.Stranger("victim")
	for i := range 800 {
		r, body := eve.Request(alice, eve.Activity("Follow", alice.ActorURI()))
		signer := httpsig.Signer{KeyID: victim.URL(fmt.Sprintf("/users/u%d#main-key", i)), Key: eve.Key}
		if i == 0 {
			r.Header.Del("Signature")
		}
		if err := signer.SignCavage(r, body, c.Now()); err != nil {
			t.Fatal(err)
		}
		if status := c.Do(r); !refused(status) {
			t.Fatalf("answered %d", status)
		}
	}
	if n := len(victim.Gets()); n > 600 {
		t.Errorf("the victim was asked %d times for 800 forged requests", n)
	}
	before := len(victim.Gets())
	for range 50 {
		r, body := eve.Request(alice, eve.Activity("Follow", alice.ActorURI()))
		signer := httpsig.Signer{KeyID: victim.URL("/users/u1#main-key"), Key: eve.Key}
		if err := signer.SignCavage(r, body, c.Now()); err != nil {
			t.Fatal(err)
		}
		c.Do(r)
	}
	if n := len(victim.Gets()) - before; n > 1 {
		t.Errorf("a key that failed was asked for %d more times", n)
	}
}

func TestT44_ReplyToAFollowersOnlyPostGoesNoFurther(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	carol.Follows(t, alice)
	p := bob.Post(t, store.Followers, "Only for my followers")
	at, ok := alice.Has(t, p.URI)
	if !ok {
		t.Fatal("alice did not get it")
	}
	if _, err := alice.Publish(ctx(), withParent(draft("Public answer", store.Public), at.ID)); err == nil {
		t.Error("a public reply to a followers-only post was taken")
	}
	answer := alice.Post(t, store.Direct, "Quiet answer", at.ID)
	if _, ok := bob.Has(t, answer.URI); !ok {
		t.Error("bob did not get the answer")
	}
	if _, ok := carol.Has(t, answer.URI); ok {
		t.Error("alice's follower got it")
	}
}

func TestT45_ARemovedFollowerReadsNothingMore(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	if status := bob.Send(alice, bob.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	p := alice.Post(t, store.Followers, "For followers")
	if status, _ := bob.Fetch(p.URI, true); status != http.StatusOK {
		t.Fatalf("a follower's fetch was answered %d", status)
	}
	a, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(bob.ActorID()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.RemoveFollower(ctx(), a.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if status, _ := bob.Fetch(p.URI, true); status != http.StatusNotFound {
		t.Errorf("after the removal it was answered %d", status)
	}
	n := len(bob.Received("Create"))
	alice.Post(t, store.Followers, "Without bob")
	if len(bob.Received("Create")) != n {
		t.Error("a removed follower still gets posts")
	}
}

func TestNobodysDeleteCostsNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	ghost := c.Stranger("ghost")
	if status := ghost.Send(alice, ghost.Activity("Delete", ghost.ActorID())); status != http.StatusAccepted {
		t.Errorf("answered %d", status)
	}
	if n := len(ghost.Gets()); n != 0 {
		t.Errorf("%d fetches", n)
	}
	if status := ghost.Send(alice, ghost.Activity("View", alice.ActorURI())); status != http.StatusAccepted {
		t.Errorf("View answered %d", status)
	}
}

func TestKeyStubOfGoToSocial(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	gts := c.Stranger("gts")
	keyID := gts.ActorID() + "/main-key"
	doc := gts.Actor()
	key := doc["publicKey"].(map[string]any)
	key["id"] = keyID
	gts.Serve("/users/gts", doc)
	gts.Serve("/users/gts/main-key", map[string]any{
		"@context": doc["@context"], "id": gts.ActorID(), "type": "Person", "preferredUsername": "gts", "publicKey": key,
	})
	r, body := gts.Request(alice, gts.Activity("Follow", alice.ActorURI()))
	if err := (httpsig.Signer{KeyID: keyID, Key: gts.Key}).SignCavage(r, body, c.Now()); err != nil {
		t.Fatal(err)
	}
	if status := c.Do(r); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	if len(gts.Received("Accept")) != 1 {
		t.Error("the stub was taken for the actor: no Accept found its inbox")
	}
}

func TestT6_ReplayAfterARestartHasNoEffect(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	first := bob.Activity("Follow", alice.ActorURI())
	bob.Send(alice, first)
	c.Settle()
	r, body := bob.Request(alice, bob.Activity("Undo", first))
	header := r.Header.Clone()
	c.Do(r)
	bob.Send(alice, bob.Activity("Follow", alice.ActorURI()))
	c.Settle()
	alice.Service.ForgetReplays()
	again, err := http.NewRequest(http.MethodPost, r.URL.String(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	again.Header = header
	if status := c.Do(again); status != http.StatusAccepted {
		t.Errorf("the replay was answered %d", status)
	}
	n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
	if err != nil || n != 1 {
		t.Errorf("the replayed Undo left %d followers, %v", n, err)
	}
}
