package federation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/ap"
	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// T1: what names another server's post by its id alone is refused as well, and
// nothing that is embedded of another server is stored.
func TestT1_ForeignObjectsByIDAndInside(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, good := c.Stranger("bob"), c.Stranger("good")
	followStranger(t, alice, bob)
	good.Serve("/n/1", good.Note("/n/1", "<p>real</p>"))
	for _, kind := range []string{"Create", "Update", "Delete"} {
		if status := bob.Send(alice, bob.Activity(kind, good.URL("/n/1"))); !refused(status) {
			t.Errorf("%s of an id elsewhere: answered %d", kind, status)
		}
	}
	note := bob.Note("/n/2", "<p>mine</p>")
	note["inReplyTo"] = good.Note("/n/3", "<p>words put into good's mouth</p>")
	note["replies"] = map[string]any{"type": "Collection", "items": []any{good.Note("/n/4", "<p>and again</p>")}}
	bob.Send(alice, bob.Activity("Create", note))
	c.Settle()
	if _, ok := alice.Has(t, bob.URL("/n/2")); !ok {
		t.Error("the honest part was lost")
	}
	for _, path := range []string{"/n/3", "/n/4"} {
		if p, ok := alice.Has(t, good.URL(path)); ok {
			t.Errorf("%s is stored: %q", path, p.Content)
		}
	}
}

// T2, T3: a key document must lie at the address of the key and name an owner of
// its own server, who must name the key in turn; what does not is refused, and
// what is cached of others stays as it was.
func TestT2T3_KeyDocuments(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve, good := c.Stranger("eve"), c.Stranger("good")
	pem := eve.Actor()["publicKey"].(map[string]any)["publicKeyPem"]
	send := func(keyID, actor string) int {
		follow := eve.Activity("Follow", alice.ActorURI())
		follow["actor"], follow["id"] = actor, actor+"#follow-"+store.Random(5)
		r, body := eve.Request(alice, follow)
		r.Header.Del("Signature")
		signer := httpsig.Signer{KeyID: keyID, Key: eve.Key}
		if err := signer.SignCavage(r, body, c.Now()); err != nil {
			t.Fatal(err)
		}
		return c.Do(r)
	}
	for name, doc := range map[string]map[string]any{
		"a key that says it is good's":   {"id": eve.URL("/key/0"), "type": "Key", "owner": good.ActorID(), "publicKeyPem": pem},
		"a document with another id":     {"id": eve.URL("/key/other"), "type": "Key", "owner": eve.ActorID(), "publicKeyPem": pem},
		"a document with an id at good":  {"id": good.URL("/key"), "type": "Key", "owner": good.ActorID(), "publicKeyPem": pem},
		"a key without owner":            {"id": eve.URL("/key/3"), "type": "Key", "publicKeyPem": pem},
		"an owner who names another key": {"id": eve.URL("/key/4"), "type": "Key", "owner": eve.ActorID(), "publicKeyPem": pem},
		"an owner who is nobody":         {"id": eve.URL("/key/5"), "type": "Key", "owner": eve.URL("/users/nobody"), "publicKeyPem": pem},
	} {
		path := "/key/" + store.Random(6)
		if id := doc["id"].(string); strings.HasPrefix(id, eve.URL("/key/")) && !strings.HasSuffix(id, "other") {
			doc["id"] = eve.URL(path)
		}
		eve.Serve(path, doc)
		for _, actor := range []string{good.ActorID(), eve.ActorID()} {
			if status := send(eve.URL(path), actor); status != http.StatusUnauthorized {
				t.Errorf("%s, as %s: answered %d", name, actor, status)
			}
		}
	}
	if n := len(good.Gets()); n != 0 {
		t.Errorf("good was asked %d times: %v", n, good.Gets())
	}
	if kinds := alice.Notified(t); len(kinds) != 0 {
		t.Errorf("alice is told of %v", kinds)
	}
	if status := good.Send(alice, good.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Errorf("good's own request was answered %d", status)
	}
}

// T4: what a request must sign, at the inbox itself.
func TestT4_UnsignedPartsAtTheInbox(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	before := alice.Disk(t)
	for _, headers := range []string{"date", "(request-target) host date", "host date digest", "(request-target) date digest"} {
		r, _ := bob.Request(alice, bob.Activity("Create", bob.Note("/n/1", "<p>x</p>")))
		sig := r.Header.Get("Signature")
		start := strings.Index(sig, `headers="`) + len(`headers="`)
		end := start + strings.IndexByte(sig[start:], '"')
		r.Header.Set("Signature", sig[:start]+headers+sig[end:])
		if status := c.Do(r); status != http.StatusUnauthorized {
			t.Errorf("signed is only %s: answered %d", headers, status)
		}
	}
	if alice.Disk(t) != before {
		t.Error("they cost a write")
	}
}

// T9: of what somebody passes on with a signature inside, nothing is believed:
// the post is fetched from its own server.
func TestT9_ForwardedActivitiesAreOnlyHints(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carl := c.Stranger("bob"), c.Stranger("carl")
	followStranger(t, alice, bob)
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/root", "<p>root</p>")))
	carl.Serve("/n/1", merge(carl.Note("/n/1", "<p>what carl really wrote</p>"), "inReplyTo", bob.URL("/n/root")))
	for i, field := range []string{"signature", "proof"} {
		path := fmt.Sprintf("/n/%d", i+1) // the second is not at carl's server at all
		forged := merge(carl.Note(path, "<p>put into carl's mouth</p>"), "inReplyTo", bob.URL("/n/root"))
		activity := merge(carl.Activity("Create", forged), field, map[string]any{
			"type": "RsaSignature2017", "creator": carl.KeyID(), "signatureValue": "bm90aGluZw==", "proofValue": "z1", "@graph": []any{forged}})
		activity["@included"], activity["@reverse"] = []any{forged}, map[string]any{"actor": bob.ActorID()}
		if status := bob.Send(alice, activity); status != http.StatusAccepted {
			t.Errorf("with a %s: answered %d", field, status)
		}
	}
	c.Settle()
	if p, ok := alice.Has(t, carl.URL("/n/1")); !ok || !strings.Contains(p.Content, "really wrote") {
		t.Errorf("kept %v: %q", ok, p.Content)
	}
	if p, ok := alice.Has(t, carl.URL("/n/2")); ok {
		t.Errorf("what its server does not have is stored: %q", p.Content)
	}
}

// T12: every way of touching what is somebody else's leaves all as it was.
func TestT12_NothingOfOthersIsTouched(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	actor := followStranger(t, alice, bob)
	followStranger(t, alice, eve)
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/1", "<p>mine</p>")))
	own := alice.Post(t, store.Public, "Alice's own")
	before := len(alice.Home(t))
	for name, activity := range map[string]map[string]any{
		"Block in bob's name":   merge(eve.Activity("Block", alice.ActorURI()), "actor", bob.ActorID()),
		"Move of bob":           merge(eve.Activity("Move", bob.ActorID()), "target", eve.ActorID()),
		"Move of alice":         merge(eve.Activity("Move", alice.ActorURI()), "target", eve.ActorID()),
		"Add to bob's pins":     merge(eve.Activity("Add", eve.URL("/n/9")), "target", bob.URL("/users/bob/featured")),
		"Add to alice's pins":   merge(eve.Activity("Add", eve.URL("/n/9")), "target", alice.ActorURI()+"/featured"),
		"Remove of alice's pin": merge(eve.Activity("Remove", own.URI), "target", alice.ActorURI()+"/featured"),
		"Undo of bob's post":    eve.Activity("Undo", map[string]any{"type": "Create", "actor": bob.ActorID(), "object": bob.URL("/n/1")}),
		"Undo by id alone":      eve.Activity("Undo", bob.URL("/n/1")),
		"Accept for bob":        eve.Activity("Accept", map[string]any{"type": "Follow", "actor": alice.ActorURI(), "object": bob.ActorID()}),
		"Reject for bob":        eve.Activity("Reject", map[string]any{"type": "Follow", "actor": alice.ActorURI(), "object": bob.ActorID()}),
		"Delete as an object":   eve.Activity("Delete", map[string]any{"type": "Tombstone", "id": bob.URL("/n/1")}),
		"Update with our inbox": eve.Activity("Update", map[string]any{"type": "Person", "id": bob.ActorID(), "inbox": eve.URL("/in"), "preferredUsername": "bob"}),
	} {
		if status := eve.Send(alice, activity); status >= 500 {
			t.Errorf("%s: answered %d", name, status)
		}
		c.Settle()
		now, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(bob.ActorID()) })
		if err != nil || now.Inbox != actor.Inbox || now.Extra.MovedTo != "" || !now.GoneAt.IsZero() {
			t.Errorf("%s: bob is now %+v, %v", name, now, err)
		}
		f, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Following, error) { return tx.Following(actor.ID) })
		if err != nil || f.State != store.FollowAccepted {
			t.Errorf("%s: the follow of bob is now %v, %v", name, f.State, err)
		}
		if p, ok := alice.Has(t, bob.URL("/n/1")); !ok || !strings.Contains(p.Content, "mine") || len(alice.Home(t)) != before {
			t.Errorf("%s: bob's post is %v, home has %d", name, ok, len(alice.Home(t)))
		}
		if _, ok := alice.Has(t, own.URI); !ok {
			t.Errorf("%s: alice's post is gone", name)
		}
	}
}

// T13: somebody else's Update or Announce never widens a post, nor does the
// author's own make public what was direct.
func TestT13_OthersNeverWiden(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	followStranger(t, alice, bob)
	followStranger(t, alice, eve)
	note := bob.Note("/n/1", "<p>for few</p>")
	note["to"], note["cc"] = []any{bob.ActorID() + "/followers"}, []any{}
	bob.Send(alice, bob.Activity("Create", note))
	wide := bob.Note("/n/1", "<p>for all</p>")
	wide["updated"] = c.Now().Add(time.Minute).Format(time.RFC3339)
	for _, object := range []any{bob.URL("/n/1"), wide} {
		eve.Send(alice, merge(eve.Activity("Announce", object), "to", []any{ap.Public}))
		c.Settle()
	}
	if status := eve.Send(alice, eve.Activity("Update", wide)); !refused(status) {
		t.Errorf("the Update was answered %d", status)
	}
	p, ok := alice.Has(t, bob.URL("/n/1"))
	if !ok || p.Visibility != store.Followers || !strings.Contains(p.Content, "few") {
		t.Errorf("the post is %v, visibility %d, %q", ok, p.Visibility, p.Content)
	}
}

// T16: handles that lead in circles or away end soon, and nobody is known by a
// name that its domain does not confirm.
func TestT16_HandlesThatLeadNowhere(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	evil, good := c.Stranger("evil"), c.Stranger("good")
	finger := func(subject string, self any) fedtest.Doc {
		return fedtest.Doc{Type: "application/jrd+json", Body: map[string]any{
			"subject": "acct:" + subject, "links": []any{map[string]any{"rel": "self", "type": "application/activity+json", "href": self}}}}
	}
	for name, tc := range map[string]struct{ evil, good fedtest.Doc }{
		"each names the other":        {finger("good@"+good.Host, evil.ActorID()), finger("evil@"+evil.Host, good.ActorID())},
		"the other knows nobody":      {finger("evil@"+good.Host, evil.ActorID()), fedtest.Doc{Status: 404}},
		"self at another server":      {finger("evil@"+evil.Host, good.ActorID()), fedtest.Doc{Status: 404}},
		"self at a private address":   {finger("evil@"+evil.Host, "http://10.0.0.1/users/x"), fedtest.Doc{Status: 404}},
		"self is a data address":      {finger("evil@"+evil.Host, "data:application/activity+json,{}"), fedtest.Doc{Status: 404}},
		"self is a file":              {finger("evil@"+evil.Host, "file:///etc/passwd"), fedtest.Doc{Status: 404}},
		"a redirect to a private":     {fedtest.Doc{Status: 302, Header: map[string]string{"Location": "http://192.168.0.1/"}}, fedtest.Doc{Status: 404}},
		"a redirect to itself":        {fedtest.Doc{Status: 302, Header: map[string]string{"Location": evil.URL("/.well-known/webfinger")}}, fedtest.Doc{Status: 404}},
		"a subject that is no handle": {finger("nobody", evil.ActorID()), fedtest.Doc{Status: 404}},
	} {
		evil.Serve("/.well-known/webfinger", tc.evil)
		good.Serve("/.well-known/webfinger", tc.good)
		asked := len(evil.Gets()) + len(good.Gets())
		if found, err := alice.Lookup(ctx(), "evil@"+evil.Host); err == nil && found.Actor.Domain != evil.Host {
			t.Errorf("%s: evil is known as %s", name, found.Actor.Handle())
		} else if err == nil && found.Actor.URI != evil.ActorID() {
			t.Errorf("%s: evil's handle leads to %s", name, found.Actor.URI)
		}
		if n := len(evil.Gets()) + len(good.Gets()) - asked; n > 8 {
			t.Errorf("%s: %d requests", name, n)
		}
		c.Advance(time.Hour) // past the memory of failures
	}
	_, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByHandle("evil", good.Host) })
	if err != store.ErrNotFound {
		t.Errorf("evil is known under good's domain: %v", err)
	}
}
