package federation_test

import (
	"errors"
	"net/http"
	"path"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

// TestHostileAndOddDocuments holds each document of hostile-or-odd to its rule in
// the collection's SOURCES.md: refused, or stored without the part that is wrong.
func TestHostileAndOddDocuments(t *testing.T) {
	dir := fedtest.CorpusDir(t, "..")
	rules := map[string]func(*odd, *testing.T){
		"announce-note__pl-bogus-mastodon-announce":       (*odd).embeddedPostIsNotBelieved,
		"create__ff-example-com-cross-origin-actor":       (*odd).isRefused,
		"emojireact__pl-emoji-reaction-no-emoji":          (*odd).doesNoHarm,
		"emojireact__pl-emoji-reaction-too-long":          (*odd).doesNoHarm,
		"person__ms-activitypub-actor-noinbox":            (*odd).isNobody,
		"person__pl-mewmew-no-name":                       (*odd).isShownByHandle,
		"webfinger__ms-webfinger-hacker1":                 (*odd).isNotFound,
		"webfinger__ms-webfinger-hacker2":                 (*odd).isNotFound,
		"webfinger__ms-webfinger-hacker3":                 (*odd).isNotFound,
		"webfinger__pl-tesla-mock-webfinger-spoof":        (*odd).isNotFound,
		"webfinger__pl-webfinger-graf-imposter-webfinger": (*odd).isNotFound,
		"note__pl-minds-invalid-mention-post":             (*odd).mentionIsWhoTheLinkNames,
		"note__pl-quote-post-fedibird-quote-mismatched":   (*odd).isKept,
		"note__pl-spoofed-object":                         (*odd).isNotFoundWhereItIsNot,
	}
	c := fedtest.New(t, "alice")
	w := c.World(dir, c.Servers[0])
	for _, d := range w.Documents {
		if d.Software != "hostile-or-odd" {
			continue
		}
		name := strings.TrimSuffix(path.Base(d.Path), ".json")
		t.Run(name, func(t *testing.T) {
			rule := rules[name]
			if rule == nil {
				t.Fatal("there is no rule for it: see SOURCES.md")
			}
			c := fedtest.New(t, "alice")
			o := &odd{c: c, w: c.World(dir, c.Servers[0]), alice: c.Servers[0]}
			for _, d := range o.w.Documents {
				if strings.HasSuffix(d.Path, "/"+name+".json") {
					o.d = d
				}
			}
			rule(o, t)
		})
		delete(rules, name)
	}
	for name := range rules {
		t.Errorf("%s is not in the collection", name)
	}
}

// odd is one such document, and a server that meets it.
type odd struct {
	c     *fedtest.Cluster
	w     *fedtest.World
	alice *fedtest.Server
	d     *fedtest.Document
}

func (o *odd) send(t *testing.T) int {
	t.Helper()
	if _, err := o.w.Meet(o.alice, idOf(o.d.Body["actor"])); err != nil {
		t.Fatal(err)
	}
	status := o.w.Send(o.alice, o.d.Body)
	o.c.Settle()
	return status
}

func (o *odd) embeddedPostIsNotBelieved(t *testing.T) {
	inner := o.d.Body["object"].(map[string]any)
	id := idOf(inner)
	if status := o.send(t); status >= 500 {
		t.Errorf("answered %d", status)
	}
	if p, ok := o.alice.Has(t, id); ok {
		t.Errorf("stored, though its server has no such post: %q", p.Content)
	}
}

func (o *odd) isRefused(t *testing.T) {
	before := len(o.alice.Home(t))
	if status := o.send(t); !refused(status) {
		t.Errorf("answered %d", status)
	}
	if n := len(o.alice.Home(t)); n != before {
		t.Errorf("home has %d posts", n)
	}
}

// doesNoHarm: refused, or a plain like; nobody is told of a reaction with such text.
func (o *odd) doesNoHarm(t *testing.T) {
	if status := o.send(t); status >= 500 {
		t.Errorf("answered %d", status)
	}
	for _, kind := range o.alice.Notified(t) {
		if kind != "favourite" {
			t.Errorf("alice is told of a %s", kind)
		}
	}
}

func (o *odd) isNobody(t *testing.T) {
	if found, err := o.alice.Lookup(ctx(), o.d.Address()); err == nil {
		t.Errorf("found %+v", found.Actor)
	}
	_, err := store.Get(ctx(), o.alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(o.d.Address()) })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is stored: %v", err)
	}
}

func (o *odd) isShownByHandle(t *testing.T) {
	a, err := o.w.Meet(o.alice, o.d.Address())
	if err != nil {
		t.Fatal(err)
	}
	if a.Name != "" || a.DisplayName() != "mewmew" || !strings.HasPrefix(a.Handle(), "mewmew@princess.cat") {
		t.Errorf("%q is shown as %q, %s", a.Name, a.DisplayName(), a.Handle())
	}
}

// isNotFound: asked for the name it claims, at the server that it was captured
// from and at the one it speaks for, the answer leads to nobody of that name.
func (o *odd) isNotFound(t *testing.T) {
	subject := strings.TrimPrefix(o.d.Body["subject"].(string), "acct:")
	user, domain, _ := strings.Cut(subject, "@")
	claimed := strings.TrimPrefix(o.w.At("https://"+domain), "http://")
	o.d.Body["subject"] = "acct:" + user + "@" + claimed
	asked := claimed
	for _, l := range o.d.Body["links"].([]any) {
		if link := l.(map[string]any); link["rel"] == "self" {
			asked, _, _ = strings.Cut(strings.TrimPrefix(link["href"].(string), "http://"), "/")
		}
	}
	o.w.Serve("http://"+asked+"/.well-known/webfinger?resource=acct:"+user+"@"+asked, fedtest.Doc{Type: "application/jrd+json", Body: o.d.Body})
	found, err := o.alice.Lookup(ctx(), user+"@"+asked)
	if err == nil {
		t.Errorf("it leads to %+v", found.Actor)
	}
	_, err = store.Get(ctx(), o.alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByHandle(user, claimed) })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("somebody is known as %s@%s: %v", user, domain, err)
	}
}

func (o *odd) stored(t *testing.T) store.Post {
	t.Helper()
	activity := o.w.Create(o.d.Body)
	if _, err := o.w.Meet(o.alice, idOf(activity["actor"])); err != nil {
		t.Fatal(err)
	}
	if status := o.w.Send(o.alice, activity); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	o.c.Settle()
	p, ok := o.alice.Has(t, o.d.Address())
	if !ok {
		t.Fatal("not kept")
	}
	readable(t, p)
	return p
}

func (o *odd) isKept(t *testing.T) { o.stored(t) }

func (o *odd) mentionIsWhoTheLinkNames(t *testing.T) {
	p := o.stored(t)
	href := o.d.Body["tag"].([]any)[0].(map[string]any)["href"]
	if len(p.Extra.Mentions) != 1 || p.Extra.Mentions[0].URI != href || strings.Contains(p.Extra.Mentions[0].Handle, "lain.com") {
		t.Errorf("mentions %+v", p.Extra.Mentions)
	}
}

// isNotFoundWhereItIsNot: a file that calls itself a post is one only if the
// post's own address says the same.
func (o *odd) isNotFoundWhereItIsNot(t *testing.T) {
	upload := o.w.At("https://patch.cx/media/spoof.json")
	o.w.Serve(upload, fedtest.Doc{Body: o.d.Body})
	o.w.Serve(o.d.Address(), fedtest.Doc{Status: http.StatusNotFound})
	if found, err := o.alice.Lookup(ctx(), upload); err == nil {
		t.Errorf("found %+v", found.Post)
	}
	if _, ok := o.alice.Has(t, o.d.Address()); ok {
		t.Error("stored")
	}
}
