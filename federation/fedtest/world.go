package fedtest

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation/httpsig"
	"dassie/store"
)

// World is one server that answers for every server of a collection of captured
// documents, under their own addresses: https://HOST/… becomes
// http://HOST.localhost:PORT/…, and every key is one that the test can sign
// with. What a document names as an actor and the collection has not, is made up.
type World struct {
	Documents []*Document

	tb      testing.TB
	cluster *Cluster
	key     *rsa.PrivateKey
	pem     string
	port    string
	mu      sync.Mutex
	served  map[string]map[string]any // by address
	answers map[string]Doc            // by address, for what is no ActivityPub document
}

// Document is one captured document: SOFTWARE/KIND/TYPE__SOURCE.json.
type Document struct {
	Path           string
	Software, Kind string
	Raw            []byte         // as it was captured
	Body           map[string]any // with the addresses of this world
}

// Address is the id of the document, "" if it has none.
func (d *Document) Address() string { return text(d.Body["id"]) }

// CorpusDir is where captured documents of other servers lie, outside of the
// project; the test is skipped where they are not. root is the way from the
// test's package to the top of the project.
func CorpusDir(tb testing.TB, root string) string {
	dir := os.Getenv("DASSIE_CORPUS")
	if dir == "" {
		dir = filepath.Join(root, "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("no captured documents at %s: set DASSIE_CORPUS to test with them", dir)
	}
	return dir
}

// namespaces are hosts of vocabularies: names, not places.
var namespaces = regexp.MustCompile(`^(www\.w3\.org|w3id\.org|joinmastodon\.org|ostatus\.org|schema\.org|purl\.org|litepub\.social|misskey-hub\.net|` +
	`gotosocial\.org|webfinger\.net|nodeinfo\.diaspora\.software|web-payments\.org|docs\.joinmastodon\.org)$`)

var address = regexp.MustCompile(`https?://([A-Za-z0-9.-]*[A-Za-z0-9])(:[0-9]+)?`)

// scrubbed are values that a capture hides; each id becomes one of its own.
var scrubbed = regexp.MustCompile(`SCRUBBED_(ID|DATE)|\{\{[A-Za-z]+\}\}`)

// World opens the documents below dir as a world. Whatever is sent to one person
// alone is sent to the owner of to, which is a server of the cluster.
func (c *Cluster) World(dir string, to *Server) *World {
	c.tb.Helper()
	key := c.nextKey()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.tb.Fatal(err)
	}
	w := &World{tb: c.tb, cluster: c, key: key, served: map[string]map[string]any{}, answers: map[string]Doc{}}
	if w.pem, err = httpsig.EncodePublicKey(&key.PublicKey); err != nil {
		c.tb.Fatal(err)
	}
	_, w.port, _ = net.SplitHostPort(l.Addr().String())
	srv := &http.Server{Handler: w}
	go srv.Serve(l)
	c.tb.Cleanup(func() { srv.Close() })
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.json"))
	if err != nil {
		c.tb.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range files {
		w.add(dir, file, to)
	}
	for _, d := range w.Documents {
		w.invent(d.Body)
	}
	return w
}

func (w *World) add(dir, file string, to *Server) {
	raw, err := os.ReadFile(file)
	if err != nil {
		w.tb.Fatal(err)
	}
	name, err := filepath.Rel(dir, file)
	if err != nil {
		w.tb.Fatal(err)
	}
	parts := strings.Split(filepath.ToSlash(name), "/")
	d := &Document{Path: filepath.ToSlash(name), Software: parts[0], Kind: parts[1], Raw: raw}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		w.tb.Fatalf("%s: %v", name, err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain); err != nil {
		w.tb.Fatal(err)
	}
	n := 0
	moved := scrubbed.ReplaceAllFunc(b.Bytes(), func(m []byte) []byte {
		n++
		switch string(m) {
		case "SCRUBBED_ID":
		case "SCRUBBED_DATE":
			return []byte("2026-11-20T10:00:00Z")
		case "{{nickname}}":
			return []byte("nick")
		default:
			return []byte("scrubbed.example")
		}
		return fmt.Appendf(nil, "https://kbin.test/scrubbed/%d/%d", len(w.Documents), n)
	})
	moved = address.ReplaceAllFunc(moved, func(m []byte) []byte { return []byte(w.At(string(m))) })
	if err := json.Unmarshal(moved, &d.Body); err != nil {
		w.tb.Fatalf("%s: %v", name, err)
	}
	w.rekey(d.Body)
	if to != nil {
		aim(d.Body, to.ActorURI())
	}
	w.Documents = append(w.Documents, d)
	if id := d.Address(); id != "" && w.served[id] == nil && d.Kind != "discovery" && d.Kind != "activity" {
		w.served[id] = d.Body
	}
}

// At is an address of the captured web in this world.
func (w *World) At(real string) string {
	host := address.FindStringSubmatch(real)
	if host == nil || namespaces.MatchString(host[1]) {
		return real
	}
	return "http://" + strings.ToLower(host[1]) + ".localhost:" + w.port + strings.TrimPrefix(real, host[0])
}

// rekey puts our key into every actor.
func (w *World) rekey(doc map[string]any) {
	if doc["inbox"] == nil || doc["type"] == nil {
		return
	}
	id := text(doc["id"])
	key, ok := doc["publicKey"].(map[string]any)
	if !ok {
		key = map[string]any{"id": id + "#main-key", "owner": id}
		doc["publicKey"] = key
	}
	key["publicKeyPem"] = w.pem
}

// aim readdresses what is meant for few: a follow, and what names neither the
// public nor followers.
func aim(doc map[string]any, me string) {
	inner, embedded := doc["object"].(map[string]any)
	if doc["type"] == "Follow" && !embedded {
		doc["object"] = me
		return
	}
	note := doc
	if embedded {
		note = inner
	}
	all, _ := json.Marshal([]any{note["to"], note["cc"], doc["to"], doc["cc"]})
	if note["content"] == nil || string(all) == "[null,null,null,null]" || strings.Contains(string(all), "ublic") || strings.Contains(string(all), "followers") {
		return
	}
	doc["to"], note["to"] = []any{me}, []any{me}
}

// invent makes up the actors that a document names and the collection has not.
func (w *World) invent(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			w.invent(item)
		}
	case map[string]any:
		for key, item := range v {
			if key == "actor" || key == "attributedTo" {
				for _, id := range append(list(item), item) {
					w.inventActor(text(id))
				}
			}
			w.invent(item)
		}
	}
}

func (w *World) inventActor(id string) {
	if !strings.Contains(id, ".localhost:") || w.served[id] != nil {
		return
	}
	u, err := url.Parse(id)
	if err != nil {
		return
	}
	name := strings.Trim(path.Base(u.Path), "@-/. ")
	if name == "" {
		name = "someone"
	}
	w.served[id] = map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "Person", "preferredUsername": name,
		"inbox": id + "/inbox", "followers": id + "/followers",
		"publicKey": map[string]any{"id": id + "#main-key", "owner": id, "publicKeyPem": w.pem},
	}
}

// Serve sets what the world answers at an address.
func (w *World) Serve(address string, d Doc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[address] = d
}

func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	at := "http://" + r.Host + r.URL.RequestURI()
	w.mu.Lock()
	d, known := w.answers[at]
	doc := w.served[at]
	if doc == nil {
		doc = w.served["http://"+r.Host+strings.TrimPrefix(r.URL.RequestURI(), "/")] // https://pfefferle.org?c=148
	}
	w.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		rw.WriteHeader(http.StatusAccepted)
	case known:
		d.write(rw)
	case doc != nil:
		Doc{Body: doc}.write(rw)
	case r.URL.Path == "/.well-known/webfinger":
		w.finger(rw, r)
	default:
		http.NotFound(rw, r)
	}
}

// finger finds a person by name and host.
func (w *World) finger(rw http.ResponseWriter, r *http.Request) {
	subject := r.URL.Query().Get("resource")
	user, _, _ := strings.Cut(strings.TrimPrefix(subject, "acct:"), "@")
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, doc := range w.served {
		if u, err := url.Parse(id); err == nil && u.Host == r.Host && doc["inbox"] != nil && text(doc["preferredUsername"]) == user {
			Doc{Type: "application/jrd+json", Body: map[string]any{
				"subject": subject, "links": []any{map[string]any{"rel": "self", "type": "application/activity+json", "href": id}},
			}}.write(rw)
			return
		}
	}
	http.NotFound(rw, r)
}

// Meet makes the owner of a server follow an actor of this world, as if they had
// accepted.
func (w *World) Meet(s *Server, actor string) (store.Actor, error) {
	found, err := s.Lookup(context.Background(), actor)
	if err != nil || found.Actor == nil {
		return store.Actor{}, fmt.Errorf("meet %s: %w", actor, err)
	}
	return *found.Actor, s.Store().Write(context.Background(), func(tx *store.Tx) error {
		return tx.SaveFollowing(store.Following{ActorID: found.Actor.ID, State: store.FollowAccepted, FollowURI: actor + "#follow", AskedAt: w.cluster.Now()})
	})
}

// Send delivers an activity as its own actor would, with a good signature.
func (w *World) Send(s *Server, activity map[string]any) int {
	w.tb.Helper()
	actor := text(activity["actor"])
	keyID := actor + "#main-key"
	if doc := w.served[actor]; doc != nil {
		if key, ok := doc["publicKey"].(map[string]any); ok {
			keyID = text(key["id"])
		}
	}
	body, err := json.Marshal(activity)
	if err != nil {
		w.tb.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+s.Host+"/inbox", bytes.NewReader(body))
	if err != nil {
		w.tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/activity+json")
	signer := httpsig.Signer{KeyID: keyID, Key: w.key}
	if err := signer.SignCavage(r, body, w.cluster.Now()); err != nil {
		w.tb.Fatal(err)
	}
	return w.cluster.Do(r)
}

// Create wraps a captured object into the activity of its author.
func (w *World) Create(object map[string]any) map[string]any {
	author := object["attributedTo"]
	if author == nil {
		author = object["actor"]
	}
	id := text(author)
	for _, one := range list(author) { // PeerTube names the person and the channel; the person sends
		if o, ok := one.(map[string]any); id == "" || ok && o["type"] == "Person" {
			id = text(one)
		}
	}
	activity := map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "type": "Create", "actor": id,
		"id": fmt.Sprintf("%s#create-%d", text(object["id"]), time.Now().UnixNano()), "object": object, "to": object["to"], "cc": object["cc"],
	}
	if object["to"] == nil && object["cc"] == nil { // captured without its Create, which has the audience
		activity["to"] = []any{"https://www.w3.org/ns/activitystreams#Public"}
	}
	return activity
}

// text is a string, or the id of an object.
func text(v any) string {
	if o, ok := v.(map[string]any); ok {
		v = o["id"]
	}
	s, _ := v.(string)
	return s
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
