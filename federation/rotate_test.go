package federation_test

import (
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// keyNames are the ids of a server's private keys by their names.
func keyNames(t *testing.T, s *fedtest.Server) map[string]string {
	t.Helper()
	list, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) ([]store.PrivateKey, error) { return tx.PrivateKeys() })
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, k := range list {
		ids[k.Name] = k.KeyID
	}
	return ids
}

// signedBy are the key ids of the POSTs that a stranger got, of one kind.
func signedBy(s *fedtest.Stranger, kind string) []string {
	var ids []string
	for _, r := range s.Received(kind) {
		_, rest, _ := strings.Cut(r.Header.Get("Signature"), `keyId="`)
		id, _, _ := strings.Cut(rest, `"`)
		ids = append(ids, id)
	}
	return ids
}

func TestPeersThatCacheTheOldKeyFollowARotation(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	watcher := c.Stranger("watcher")
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	followed(t, c, alice, watcher)
	alice.Post(t, store.Public, "With the old key") // everybody has it now
	before := keyNames(t, alice)
	carol.Misbehave(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	watcher.Forget()

	if err := alice.RotateKeys(ctx()); err != nil {
		t.Fatal(err)
	}
	after := keyNames(t, alice)
	for _, name := range []string{store.KeyMain, store.KeyEd25519, store.KeyInstance} {
		if after[name] == before[name] || !strings.HasPrefix(after[name], strings.SplitAfter(before[name], "#")[0]) {
			t.Errorf("the %s key was %s and is %s", name, before[name], after[name])
		}
	}
	if after[store.KeyOld] != before[store.KeyMain] {
		t.Errorf("the old key is %s", after[store.KeyOld])
	}
	c.Settle()
	if got := signedBy(watcher, "Update"); !slices.Equal(got, []string{before[store.KeyMain]}) {
		t.Errorf("the Update was signed by %v", got)
	}
	p := alice.Post(t, store.Public, "With the new key")
	if got := signedBy(watcher, "Create"); !slices.Equal(got, []string{after[store.KeyMain]}) {
		t.Errorf("who took the Update was then signed to by %v", got)
	}
	if _, ok := bob.Has(t, p.URI); !ok {
		t.Error("bob did not take the new key")
	}
	err := bob.Store().Read(ctx(), func(tx *store.Tx) error { _, err := tx.ActorKeyByID(after[store.KeyMain]); return err })
	if err != nil {
		t.Errorf("bob did not store the new key: %v", err)
	}
	// Carol's server was down for two days and still knows the old key alone.
	c.Advance(48 * time.Hour)
	carol.Misbehave(nil)
	c.SettleFor(26*time.Hour, time.Hour)
	if _, ok := carol.Has(t, p.URI); !ok {
		t.Error("carol, who was down, did not get the post")
	}
	alice.Post(t, store.Followers, "Followers, too")
	if n := len(carol.Home(t)); n < 2 {
		t.Errorf("carol has %d posts", n)
	}
}

// A server that looks at the profile for each key, as its publicKey, refuses the
// old one at once: it is signed to with the new key in the same delivery.
func TestAPeerThatRefetchesIsSignedToWithTheNewKey(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followed(t, c, alice, bob)
	v := &verifier{host: bob.Host, keys: ownKeys(t, alice), now: c.Now, takes: []httpsig.Scheme{httpsig.Cavage}, refuse: 401}
	if err := alice.RotateKeys(ctx()); err != nil {
		t.Fatal(err)
	}
	ids := keyNames(t, alice)
	v.keys = ownKeys(t, alice)
	delete(v.keys, ids[store.KeyOld])
	bob.Handle(v.ServeHTTP)
	c.Settle()
	if got := v.took(); got != "cavage cavage+" {
		t.Errorf("the Update was sent as %q", got)
	}
	if got := signedBy(bob, "Update"); !slices.Equal(got, []string{ids[store.KeyOld], ids[store.KeyMain]}) {
		t.Errorf("signed by %v", got)
	}
	alice.Post(t, store.Public, "Hello")
	if got := v.took(); got != "cavage+" {
		t.Errorf("a post was sent as %q", got)
	}
}

func TestTheOldKeyGoesAfterAWeek(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followed(t, c, alice, bob)
	if err := alice.RotateKeys(ctx()); err != nil {
		t.Fatal(err)
	}
	old := keyNames(t, alice)[store.KeyOld]
	if err := alice.RotateKeys(ctx()); err == nil || !strings.Contains(err.Error(), "a week after") {
		t.Errorf("a second rotation: %v", err)
	}
	if _, body := bob.Fetch(alice.ActorURI(), false); !strings.Contains(body, old) {
		t.Error("the old key is not listed while it signs")
	}
	c.Settle()
	c.Advance(6 * 24 * time.Hour)
	sweep(t, alice)
	if keyNames(t, alice)[store.KeyOld] == "" {
		t.Error("the old key went before a week was over")
	}
	c.Advance(25 * time.Hour)
	bob.Forget()
	alice.Post(t, store.Public, "Hello")
	if got := signedBy(bob, "Create"); !slices.Equal(got, []string{keyNames(t, alice)[store.KeyMain]}) {
		t.Errorf("after a week signed by %v", got)
	}
	sweep(t, alice)
	if id := keyNames(t, alice)[store.KeyOld]; id != "" {
		t.Errorf("%s is still there", id)
	}
	if err := alice.Reload(ctx()); err != nil {
		t.Fatal(err)
	}
	if _, body := bob.Fetch(alice.ActorURI(), false); strings.Contains(body, old) {
		t.Error("the old key is still listed")
	}
	told, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]int64, error) { return tx.RotationTold() })
	if err != nil || len(told) != 0 {
		t.Errorf("who was told is still kept: %v %v", told, err)
	}
	if err := alice.RotateKeys(ctx()); err != nil {
		t.Errorf("then keys can be changed again: %v", err)
	}
}

func sweep(t *testing.T, s *fedtest.Server) {
	t.Helper()
	if _, err := s.Store().Sweep(ctx()); err != nil {
		t.Fatal(err)
	}
}

// The command writes beside a server, which then reads its keys anew and sends
// what was queued.
func TestRotatingBesideAServer(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followed(t, c, alice, bob)
	before := keyNames(t, alice)
	if err := federation.RotateCommand(ctx(), alice.Store(), "test"); err != nil {
		t.Fatal(err)
	}
	if err := alice.Reload(ctx()); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	after := keyNames(t, alice)
	if got := signedBy(bob, "Update"); !slices.Equal(got, []string{before[store.KeyMain]}) {
		t.Errorf("the Update was signed by %v", got)
	}
	if got := bob.Received("Update"); len(got) != 1 || !strings.Contains(got[0].Body, after[store.KeyMain]) {
		t.Errorf("the Update does not hold the new key: %v", got)
	}
	list, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.PrivateKey, error) { return tx.PrivateKeys() })
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		if _, err := x509.ParsePKCS8PrivateKey(k.PKCS8); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}
