package federation

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dassie/federation/httpsig"
	"dassie/store"
)

// authorized switches authorized fetch on.
func (d *docServer) authorized() {
	d.t.Helper()
	set := d.Settings()
	set.AuthorizedFetch = true
	if err := d.SaveSettings(context.Background(), set); err != nil {
		d.t.Fatal(err)
	}
}

// everything is each address that other servers fetch, with what it is.
func (d *docServer) everything(p store.Post) (guarded, open []string) {
	user := "/users/" + d.me.ActorKey
	post := strings.TrimPrefix(p.URI, d.origin.URL(""))
	number := strings.TrimPrefix(post, "/posts/")
	return []string{
			user + "/outbox", user + "/outbox?page=true", user + "/followers", user + "/following", user + "/featured", user + "/tags",
			post, post + "/activity", post + "/replies", post + "/likes", post + "/shares", "/contexts/" + number, "/activities/" + number,
			user + "/followers/sync",
		}, []string{
			user, "/instance", "/.well-known/webfinger?resource=acct:ann@" + d.origin.Domain, "/.well-known/host-meta",
			"/.well-known/nodeinfo", "/nodeinfo/2.1",
		}
}

func TestAuthorizedFetch(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	p := d.post(store.Public)
	bob, eve, mallory := d.person("bob", "b.example"), d.person("eve", "e.example"), d.person("mallory", "sub.m.example")
	d.write(func(tx *store.Tx) error { return tx.BlockHost("m.example") })
	forged := bob
	forged.sign.Key = eve.sign.Key
	guarded, open := d.everything(p)
	for _, path := range guarded { // into the memory of public documents first
		d.get(path, nil)
	}
	d.authorized()
	for _, path := range guarded {
		signed := d.get(path, &bob)
		if signed.Code != 200 && !strings.HasPrefix(path, "/activities/") {
			t.Errorf("%s: a signed fetch was answered %d", path, signed.Code)
		}
		if c, v := signed.Header().Get("Cache-Control"), signed.Header().Get("Vary"); !strings.Contains(c, "private") || !strings.Contains(v, "Signature") {
			t.Errorf("%s: Cache-Control %q, Vary %q", path, c, v)
		}
		for name, w := range map[string]*httptest.ResponseRecorder{"unsigned": d.get(path, nil), "forged": d.get(path, &forged)} {
			if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "Hello") {
				t.Errorf("%s: %s was answered %d %s", path, name, w.Code, w.Body)
			}
			if c := w.Header().Get("Cache-Control"); !strings.Contains(c, "no-store") {
				t.Errorf("%s: the refusal may be kept: %q", path, c)
			}
		}
		if asks := d.get(path, nil).Header().Get("Accept-Signature"); asks != httpsig.AcceptSignature(false) {
			t.Errorf("%s: asks for %q", path, asks)
		}
		if w := d.get(path, &mallory); w.Code != http.StatusNotFound {
			t.Errorf("%s: a blocked server was answered %d", path, w.Code)
		}
	}
	for _, path := range open {
		if w := d.get(path, nil); w.Code != 200 {
			t.Errorf("%s: unsigned was answered %d", path, w.Code)
		}
	}
}

func TestAuthorizedFetchShowsKeysToEverybody(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob, mallory := d.person("bob", "b.example"), d.person("mallory", "m.example")
	d.write(func(tx *store.Tx) error { return tx.BlockHost("m.example") })
	whole := d.object("/users/"+d.me.ActorKey, nil)
	d.authorized()
	stub := d.object("/users/"+d.me.ActorKey, nil)
	for _, name := range []string{"id", "type", "preferredUsername", "inbox"} {
		if stub[name] != whole[name] {
			t.Errorf("%s is %v", name, stub[name])
		}
		delete(stub, name)
	}
	key, _ := stub["publicKey"].(map[string]any)
	methods, _ := stub["assertionMethod"].([]any)
	if key["publicKeyPem"] != whole["publicKey"].(map[string]any)["publicKeyPem"] || len(methods) != 2 {
		t.Errorf("keys %v, %v", key, methods)
	}
	delete(stub, "publicKey")
	delete(stub, "assertionMethod")
	delete(stub, "@context")
	if len(stub) != 0 {
		t.Errorf("an unsigned fetch also got %v", stub)
	}
	if again := d.object("/users/"+d.me.ActorKey, &bob); again["outbox"] != whole["outbox"] || again["outbox"] == nil {
		t.Errorf("a signed fetch got %v", again)
	}
	if w := d.get("/users/"+d.me.ActorKey, &mallory); w.Code != http.StatusNotFound {
		t.Errorf("a blocked server was answered %d", w.Code)
	}
}
