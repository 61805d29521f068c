package federation_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// sendAs delivers an activity with a key of one's choice.
func sendAs(t *testing.T, c *fedtest.Cluster, by *fedtest.Stranger, to *fedtest.Server, key httpsig.Signer, scheme httpsig.Scheme, activity any) int {
	t.Helper()
	r, body := by.Request(to, activity)
	sign := key.SignCavage
	if scheme == httpsig.RFC9421 {
		sign = key.SignRFC9421
	}
	if err := sign(r, body, c.Now()); err != nil {
		t.Fatal(err)
	}
	return c.Do(r)
}

// named is an actor document with one key under an id, as publicKey.
func named(t *testing.T, by *fedtest.Stranger, keyID string, key crypto.PublicKey) map[string]any {
	t.Helper()
	pem, err := httpsig.EncodePublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	doc := by.Actor()
	doc["publicKey"] = map[string]any{"id": keyID, "owner": doc["id"], "publicKeyPem": pem}
	return doc
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// followers counts those that a server accepted.
func followers(t *testing.T, s *fedtest.Server) int {
	t.Helper()
	n, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestKeyIDsAsServersWriteThem(t *testing.T) {
	for name, tc := range map[string]struct {
		path, fragment string
		bits           int
		scheme         httpsig.Scheme
	}{
		"PeerTube, without a fragment":        {"/accounts/bob", "", 2048, httpsig.Cavage},
		"Threads, with a slash before it":     {"/ap/users/1234/", "#main-key", 2048, httpsig.Cavage},
		"WordPress, with a query":             {"/?author=1", "#main-key", 2048, httpsig.Cavage},
		"Friendica, 4096 bits":                {"/profile/bob", "#main-key", 4096, httpsig.Cavage},
		"RFC 9421 by an RSA key of 4096 bits": {"/users/bob", "#main-key", 4096, httpsig.RFC9421},
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice, bob := c.Servers[0], c.Stranger("bob")
			key := rsaKey(t, tc.bits)
			id := bob.URL(tc.path)
			doc := named(t, bob, id+tc.fragment, &key.PublicKey)
			doc["id"] = id
			doc["publicKey"].(map[string]any)["owner"] = id
			path, _, _ := strings.Cut(tc.path, "?")
			bob.Serve(path, doc)
			follow := bob.Activity("Follow", alice.ActorURI())
			follow["actor"] = id
			if status := sendAs(t, c, bob, alice, httpsig.Signer{KeyID: id + tc.fragment, Key: key}, tc.scheme, follow); status != http.StatusAccepted {
				t.Fatalf("answered %d", status)
			}
			c.Settle()
			if followers(t, alice) != 1 {
				t.Error("the Follow had no effect")
			}
		})
	}
}

// FEP-521a: a key that stands in assertionMethod alone.
func TestEd25519InAssertionMethod(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	multi, err := httpsig.EncodeMultikey(public)
	if err != nil {
		t.Fatal(err)
	}
	keyID := bob.ActorID() + "#ed25519-key"
	doc := bob.Actor()
	doc["assertionMethod"] = []any{map[string]any{"id": keyID, "type": "Multikey", "controller": bob.ActorID(), "publicKeyMultibase": multi}}
	bob.Serve("/users/bob", doc)
	signer := httpsig.Signer{KeyID: keyID, Key: private}
	if status := sendAs(t, c, bob, alice, signer, httpsig.RFC9421, bob.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	if followers(t, alice) != 1 || len(bob.Received("Accept")) != 1 {
		t.Error("the Follow had no effect")
	}
	gets := len(bob.Gets())
	create := bob.Activity("Create", bob.Note("/n/1", "<p>@alice</p>"))
	if status := bob.Send(alice, create); status != http.StatusAccepted {
		t.Errorf("the RSA key beside it was answered %d", status)
	}
	if n := len(bob.Gets()) - gets; n != 0 {
		t.Errorf("it was fetched again, %d times", n)
	}
	eve := c.Stranger("eve")
	key := doc["assertionMethod"].([]any)[0].(map[string]any)
	key["id"], key["controller"] = bob.ActorID()+"#other", eve.ActorID()
	bob.Serve("/users/bob", doc)
	c.Advance(time.Hour)
	other := httpsig.Signer{KeyID: bob.ActorID() + "#other", Key: private}
	if status := sendAs(t, c, bob, alice, other, httpsig.RFC9421, bob.Activity("Undo", bob.ActorID())); status != http.StatusUnauthorized {
		t.Errorf("a key that is said to be eve's was answered %d", status)
	}
}

func TestAPeerChangesItsKey(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followed(t, c, alice, bob)
	old := bob.Signer()
	send := func(key httpsig.Signer) int {
		return sendAs(t, c, bob, alice, key, httpsig.Cavage, bob.Activity("Undo", map[string]any{"type": "Like", "object": alice.ActorURI()}))
	}
	// The same id, another key: fetched again, but not within five minutes of the last time.
	next := rsaKey(t, 2048)
	bob.Serve("/users/bob", named(t, bob, bob.KeyID(), &next.PublicKey))
	same := httpsig.Signer{KeyID: bob.KeyID(), Key: next}
	gets := len(bob.Gets())
	if status := send(same); status != http.StatusUnauthorized || len(bob.Gets()) != gets {
		t.Errorf("a key that was just fetched was fetched again: %d, %d fetches", status, len(bob.Gets())-gets)
	}
	c.Advance(6 * time.Minute)
	if status := send(same); status != http.StatusAccepted {
		t.Errorf("the new key was answered %d", status)
	}
	gets = len(bob.Gets())
	for range 20 {
		if status := send(old); status != http.StatusUnauthorized {
			t.Fatalf("the old key was answered %d", status)
		}
	}
	if n := len(bob.Gets()) - gets; n != 0 {
		t.Errorf("20 bad signatures cost %d fetches", n)
	}
	// Another id: taken at once.
	last := rsaKey(t, 2048)
	bob.Serve("/users/bob", named(t, bob, bob.ActorID()+"#k2", &last.PublicKey))
	if status := send(httpsig.Signer{KeyID: bob.ActorID() + "#k2", Key: last}); status != http.StatusAccepted {
		t.Errorf("a key with a new id was answered %d", status)
	}
	c.Advance(6 * time.Minute)
	if status := send(same); status != http.StatusUnauthorized {
		t.Errorf("the key that it replaced was answered %d", status)
	}
	c.Advance(time.Hour)
	gets = len(bob.Gets())
	for range 50 { // a forger with ids that nobody lists
		send(httpsig.Signer{KeyID: bob.ActorID() + "#k3", Key: old.Key})
	}
	if n := len(bob.Gets()) - gets; n > 1 {
		t.Errorf("50 forged signatures cost %d fetches", n)
	}
}

// A 401 says what to sign only to those who signed too little: whoever signed
// enough would send the same again.
func TestARefusalSaysWhatToSign(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob, eve := c.Servers[0], c.Stranger("bob"), c.Stranger("eve")
	ask := func(spoil func(r *http.Request, body []byte)) (int, string) {
		r, body := bob.Request(alice, bob.Activity("Follow", alice.ActorURI()))
		spoil(r, body)
		return c.Answer(r)
	}
	status, says := ask(func(r *http.Request, _ []byte) { r.Header.Del("Signature") })
	if status != 401 || says != `sig1=("@method" "@target-uri" "content-digest");created` {
		t.Errorf("unsigned: %d, asks %q", status, says)
	}
	status, says = ask(func(r *http.Request, body []byte) {
		if err := bob.Signer().SignRFC9421(r, body, c.Now()); err != nil {
			t.Fatal(err)
		}
		in := r.Header.Get("Signature-Input")
		r.Header.Set("Signature-Input", strings.Replace(in, ` "content-digest"`, "", 1))
	})
	if status != 401 || says == "" {
		t.Errorf("body not covered: %d, asks %q", status, says)
	}
	status, says = ask(func(r *http.Request, body []byte) {
		if err := (httpsig.Signer{KeyID: bob.KeyID(), Key: eve.Key}).SignRFC9421(r, body, c.Now()); err != nil {
			t.Fatal(err)
		}
	})
	if status != 401 || says != "" {
		t.Errorf("another's key: %d, asks %q", status, says)
	}
}
