package federation_test

import (
	"crypto"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// ownKeys are the public keys of a server by their ids.
func ownKeys(t *testing.T, s *fedtest.Server) map[string]crypto.PublicKey {
	t.Helper()
	list, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) ([]store.PrivateKey, error) { return tx.PrivateKeys() })
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]crypto.PublicKey{}
	for _, k := range list {
		private, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
		if err != nil {
			t.Fatal(err)
		}
		keys[k.KeyID] = private.(crypto.Signer).Public()
	}
	return keys
}

// verifier is a peer that knows the keys of a server and takes only some schemes.
type verifier struct {
	host   string
	keys   map[string]crypto.PublicKey
	now    func() time.Time
	takes  []httpsig.Scheme
	refuse int    // status for the others
	asks   string // Accept-Signature of a refusal
	nonce  string // that must stand in the signature
	bare   bool   // verifies GETs without their query

	seen []string // schemes in order, with + for those that were taken
}

func (v *verifier) check(r *http.Request) bool {
	body, _ := io.ReadAll(r.Body)
	scheme := "cavage"
	if r.Header.Get("Signature-Input") != "" {
		scheme = "rfc9421"
	}
	if v.bare {
		r.RequestURI, _, _ = strings.Cut(r.RequestURI, "?")
	}
	sig, err := httpsig.Parse(r, httpsig.Options{Scheme: "http", Host: v.host, Body: body, Now: v.now()})
	ok := err == nil && sig.Verify(v.keys[sig.KeyID]) == nil && strings.Contains(r.Header.Get("Signature-Input"), v.nonce)
	for _, s := range v.takes {
		if ok && s == sig.Scheme {
			v.seen = append(v.seen, scheme+"+")
			return true
		}
	}
	v.seen = append(v.seen, scheme)
	return false
}

func (v *verifier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if v.check(r) {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if v.asks != "" {
		w.Header().Set("Accept-Signature", v.asks)
	}
	http.Error(w, "that signature is not understood here", v.refuse)
}

// took says what a peer was sent since it was asked last.
func (v *verifier) took() string {
	list := strings.Join(v.seen, " ")
	v.seen = nil
	return list
}

// knocking is a cluster where a stranger follows alice and verifies as v says.
func knocking(t *testing.T, takes ...httpsig.Scheme) (*fedtest.Cluster, *fedtest.Server, *fedtest.Stranger, *verifier) {
	t.Helper()
	c := fedtest.New(t, "alice")
	bob, v := onePeer(t, c, takes...)
	return c, c.Servers[0], bob, v
}

// onePeer adds such a stranger to a cluster.
func onePeer(t *testing.T, c *fedtest.Cluster, takes ...httpsig.Scheme) (*fedtest.Stranger, *verifier) {
	t.Helper()
	alice, bob := c.Servers[0], c.Stranger("bob")
	followed(t, c, alice, bob)
	v := &verifier{host: bob.Host, keys: ownKeys(t, alice), now: c.Now, takes: takes, refuse: http.StatusUnauthorized}
	bob.Handle(v.ServeHTTP)
	return bob, v
}

// followed makes a stranger a follower.
func followed(t *testing.T, c *fedtest.Cluster, alice *fedtest.Server, by *fedtest.Stranger) {
	t.Helper()
	if status := by.Send(alice, by.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Fatalf("the Follow was answered %d", status)
	}
	c.Settle()
}

func TestKnocking(t *testing.T) {
	const cavage, rfc = httpsig.Cavage, httpsig.RFC9421
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for name, tc := range map[string]struct {
		takes         []httpsig.Scheme
		refuse        int
		first, second string // what two posts cost
	}{
		"both schemes":                {[]httpsig.Scheme{cavage, rfc}, 401, "cavage+", "cavage+"},
		"draft-cavage only":           {[]httpsig.Scheme{cavage}, 401, "cavage+", "cavage+"},
		"RFC 9421 only, says 401":     {[]httpsig.Scheme{rfc}, 401, "cavage rfc9421+", "rfc9421+"},
		"RFC 9421 only, says 400":     {[]httpsig.Scheme{rfc}, 400, "cavage rfc9421+", "rfc9421+"},
		"RFC 9421 only, says 403":     {[]httpsig.Scheme{rfc}, 403, "cavage rfc9421+", "rfc9421+"},
		"404 is not about signatures": {[]httpsig.Scheme{rfc}, 404, "cavage", "cavage"},
		"500 is not about signatures": {[]httpsig.Scheme{rfc}, 500, "cavage", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, v := onePeer(t, c, tc.takes...)
			v.refuse = tc.refuse
			alice.Post(t, store.Public, "Knock, knock")
			if got := v.took(); got != tc.first {
				t.Errorf("the first post was sent as %q, not %q", got, tc.first)
			}
			alice.Post(t, store.Public, "Who is there?")
			if got := v.took(); got != tc.second {
				t.Errorf("the second post was sent as %q, not %q", got, tc.second)
			}
		})
	}
}

func TestAPeerThatChangesItsSchemeIsFollowed(t *testing.T) {
	c, alice, bob, v := knocking(t, httpsig.RFC9421)
	alice.Post(t, store.Public, "One")
	v.took()
	if h := hostOf(t, alice, bob.Host); h.Signature != int(httpsig.RFC9421) || h.SignatureAt.IsZero() {
		t.Errorf("the winner is not on disk: %+v", h)
	}
	v.takes = []httpsig.Scheme{httpsig.Cavage}
	alice.Post(t, store.Public, "Two")
	if got := v.took(); got != "rfc9421 cavage+" {
		t.Errorf("after the change it was sent as %q", got)
	}
	alice.Post(t, store.Public, "Three")
	if got := v.took(); got != "cavage+" {
		t.Errorf("then as %q", got)
	}
	v.takes = []httpsig.Scheme{httpsig.RFC9421}
	alice.Post(t, store.Public, "Four")
	v.took()
	c.Advance(31 * 24 * time.Hour)
	alice.Post(t, store.Public, "Five")
	if got := v.took(); got != "cavage rfc9421+" {
		t.Errorf("what was learnt a month ago still counts: %q", got)
	}
}

func hostOf(t *testing.T, s *fedtest.Server, name string) store.Host {
	t.Helper()
	h, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (store.Host, error) { return tx.Host(name) })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestThreadsSays404ForASignature(t *testing.T) {
	_, alice, bob, v := knocking(t, httpsig.RFC9421)
	v.refuse = http.StatusNotFound
	h := hostOf(t, alice, bob.Host)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.SetHostInfo(h.ID, "threads", "1") }); err != nil {
		t.Fatal(err)
	}
	alice.Post(t, store.Public, "Hello")
	if got := v.took(); got != "cavage rfc9421+" {
		t.Errorf("sent as %q", got)
	}
}

// Pixelfed answers 200 to RFC 9421 and drops it (pixelfed#6590): a refusal there
// is one.
func TestPixelfedIsNeverSentWhatItDrops(t *testing.T) {
	_, alice, bob, v := knocking(t)
	v.refuse = http.StatusForbidden
	h := hostOf(t, alice, bob.Host)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.SetHostInfo(h.ID, "pixelfed", "0.12") }); err != nil {
		t.Fatal(err)
	}
	alice.Post(t, store.Public, "Hello")
	if got := v.took(); got != "cavage" {
		t.Errorf("sent as %q", got)
	}
}

func TestAcceptSignatureIsHeeded(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for name, tc := range map[string]struct{ asks, nonce, want, want2 string }{
		"a nonce each time": {`want=("@method" "@target-uri" "@authority" "content-digest");created;nonce="n1";tag="x"`, `;nonce="n1";tag="x"`,
			"cavage rfc9421+", "rfc9421 rfc9421+"},
		"expires":                      {`s=("@method" "@target-uri" "content-digest" "date");expires`, ";expires=", "cavage rfc9421+", "rfc9421 rfc9421+"},
		"the second of two":            {`a=("@status"), b=("@method" "@target-uri" "content-digest");nonce="b"`, `nonce="b"`, "cavage rfc9421+", "rfc9421 rfc9421+"},
		"covers too little":            {`s=("@method" "@target-uri");nonce="n"`, `nonce="n"`, "cavage rfc9421", "cavage rfc9421"},
		"somebody else's key":          {`s=("@method" "@target-uri" "content-digest");keyid="https://x/y";nonce="n"`, `nonce="n"`, "cavage rfc9421", "cavage rfc9421"},
		"another algorithm":            {`s=("@method" "@target-uri" "content-digest");alg="hmac-sha256";nonce="n"`, `nonce="n"`, "cavage rfc9421", "cavage rfc9421"},
		"a header that is not there":   {`s=("@method" "@target-uri" "content-digest" "cookie");nonce="n"`, `nonce="n"`, "cavage rfc9421", "cavage rfc9421"},
		"a parameter that is not ours": {`s=("@method" "@target-uri" "content-digest");x="y";nonce="n"`, `nonce="n"`, "cavage rfc9421", "cavage rfc9421"},
		"nonsense":                     {`((`, `nonce="n"`, "cavage rfc9421", "cavage rfc9421"},
	} {
		t.Run(name, func(t *testing.T) {
			_, v := onePeer(t, c, httpsig.RFC9421)
			v.asks, v.nonce = tc.asks, tc.nonce
			alice.Post(t, store.Public, "One")
			if got := v.took(); got != tc.want {
				t.Errorf("sent as %q, not %q", got, tc.want)
			}
			c.Advance(26 * time.Hour) // past every memory of a refusal
			v.took()
			alice.Post(t, store.Public, "Two")
			got := strings.Join(strings.Fields(v.took())[:2], " ")
			if got != tc.want2 {
				t.Errorf("the second was sent as %q, not %q", got, tc.want2)
			}
		})
	}
}

// Whatever a server answers, one delivery costs three signatures at most.
func TestNeverMoreThanThreeSignedTries(t *testing.T) {
	_, alice, bob, v := knocking(t)
	v.asks = `s=("@method" "@target-uri" "content-digest");nonce="n"`
	alice.Post(t, store.Public, "Let me in")
	if got := v.took(); got != "cavage rfc9421" {
		t.Errorf("sent as %q", got)
	}
	address := bob.URL("/users/bob/outbox?page=true&x=1")
	if _, err := alice.Lookup(ctx(), address); err == nil {
		t.Error("a refused fetch succeeded")
	}
	if n := len(strings.Fields(v.took())); n > 3 {
		t.Errorf("a fetch was tried %d times", n)
	}
}

func TestFetchesKnockToo(t *testing.T) {
	for name, tc := range map[string]struct {
		takes         []httpsig.Scheme
		bare          bool
		first, second string
	}{
		"draft-cavage":                   {[]httpsig.Scheme{httpsig.Cavage}, false, "cavage+", "cavage+"},
		"draft-cavage without the query": {[]httpsig.Scheme{httpsig.Cavage}, true, "cavage cavage+", "cavage cavage+"},
		"RFC 9421":                       {[]httpsig.Scheme{httpsig.RFC9421}, false, "cavage cavage rfc9421+", "rfc9421+"},
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice, bob := c.Servers[0], c.Stranger("bob")
			v := &verifier{host: bob.Host, keys: ownKeys(t, alice), now: c.Now, takes: tc.takes, bare: tc.bare}
			note := bob.Note("/n?id=1", "<p>hello</p>")
			bob.Handle(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasPrefix(r.URL.Path, "/n"):
					if !v.check(r) {
						w.WriteHeader(http.StatusUnauthorized)
						return
					}
					note["id"] = bob.URL("/n?" + r.URL.RawQuery)
					bob.Write(w, note)
				case r.URL.Path == "/users/bob":
					bob.Write(w, bob.Actor())
				default:
					http.NotFound(w, r)
				}
			})
			for i, want := range []string{tc.first, tc.second} {
				address := bob.URL("/n?id=" + string(rune('1'+i)))
				if found, err := alice.Lookup(ctx(), address); err != nil || found.Post == nil {
					t.Errorf("%s: %v", address, err)
				}
				if got := v.took(); got != want {
					t.Errorf("fetch %d was made as %q, not %q", i+1, got, want)
				}
			}
		})
	}
}
