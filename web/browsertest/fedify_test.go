package browsertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFedify federates the program with a server on an independent stack
// (fedify/peer.mjs), over https with public names, in either signature scheme.
// DASSIE_PEER names a folder in which "npm ci" was run on fedify/package.json.
func TestFedify(t *testing.T) {
	modules := os.Getenv("DASSIE_PEER")
	if modules == "" {
		t.Skip("DASSIE_PEER is not set: copy web/browsertest/fedify to a folder, run npm ci there, and name it")
	}
	for _, knock := range []string{"draft-cavage-http-signatures-12", "rfc9421"} {
		t.Run(knock, func(t *testing.T) {
			needRoot(t)
			dir := t.TempDir()
			ca := newAuthority(t, dir)
			anna := &site{name: "anna", host: "anna-dassie.test", addr: "127.0.3.1", dir: filepath.Join(dir, "anna")}
			fay := &fedify{t: t, host: "fay-fedify.test", addr: "127.0.3.3"}
			addHosts(t, anna.addr+" "+anna.host, fay.addr+" "+fay.host)
			server := anna.boot(t, ca, false)
			fay.start(modules, ca, knock)
			talk := &talk{t: t, anna: anna, fay: fay, knock: knock}
			talk.acquaint()
			talk.posts()
			talk.touches()
			talk.polls()
			talk.quotes()
			talk.hidden()
			server.stop()
			missed := fay.do("post", args{"text": "<p>While you were away</p>"})
			anna.serve(t, ca, false)
			talk.annaHas(missed["id"].(string), "While you were away")
			talk.faults()
			talk.moves()
		})
	}
}

type args = map[string]any

// fedify is the other server.
type fedify struct {
	t                   *testing.T
	host, addr, control string
}

func (f *fedify) actor() string { return "https://" + f.host + "/users/fay" }

func (f *fedify) start(modules string, ca *authority, knock string) {
	f.t.Helper()
	here, err := filepath.Abs("fedify/peer.mjs")
	if err != nil {
		f.t.Fatal(err)
	}
	text, err := os.ReadFile(here)
	if err != nil {
		f.t.Fatal(err)
	}
	script := filepath.Join(modules, "peer.mjs") // node looks for modules beside the script
	if err := os.WriteFile(script, text, 0o600); err != nil {
		f.t.Fatal(err)
	}
	cert, key := ca.issue(f.t, f.host)
	r := startCommand(f.t, exec.Command(node(modules), script), []string{
		"HOST=" + f.host, "ADDRESS=" + f.addr, "CERT=" + cert, "KEY=" + key, "FIRST_KNOCK=" + knock, "NODE_EXTRA_CA_CERTS=" + ca.file,
	})
	f.control = "http://127.0.0.1:" + r.until(`ready (\d+)`)[1] + "/do"
}

// do gives an order and returns what came of it.
func (f *fedify) do(op string, with args) args {
	f.t.Helper()
	order := args{"op": op}
	for k, v := range with {
		order[k] = v
	}
	body, err := json.Marshal(order)
	if err != nil {
		f.t.Fatal(err)
	}
	res, err := http.Post(f.control, "application/json", bytes.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	if res.StatusCode != 200 {
		f.t.Fatalf("fay cannot %s: %s", op, text)
	}
	var out args
	if err := json.Unmarshal(text, &out); err != nil {
		f.t.Fatal(err)
	}
	return out
}

// got waits until an activity of a kind arrived that contains a text.
func (f *fedify) got(kind, text string) args {
	f.t.Helper()
	var found args
	eventually(f.t, "fay gets a "+kind+" with "+text, func() bool {
		for _, a := range f.do("log", nil)["log"].([]any) {
			b, _ := json.Marshal(a)
			if a.(args)["type"] == kind && strings.Contains(string(b), text) {
				found = a.(args)
				return true
			}
		}
		return false
	})
	return found
}

// eventually polls until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * patience); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v it is not so that %s", 2*patience, what)
		}
	}
}

// talk is the two of them.
type talk struct {
	t     *testing.T
	anna  *site
	fay   *fedify
	knock string
	fayID string // at anna's
	annas string // anna's actor id
}

type status struct {
	ID, URI, Content string
	RepliesCount     int     `json:"replies_count"`
	FavouritesCount  int     `json:"favourites_count"`
	ReblogsCount     int     `json:"reblogs_count"`
	EditedAt         *string `json:"edited_at"`
	Reblog           *status
	Poll             *struct {
		ID         string
		VotesCount int `json:"votes_count"`
		Voted      bool
	}
	Quote *struct {
		State        string
		QuotedStatus *status `json:"quoted_status"`
	}
}

func (k *talk) say(form url.Values) status {
	k.t.Helper()
	var s status
	k.anna.ask(k.t, "/api/v1/statuses", form, &s)
	return s
}

// annaHas waits until anna's home has a post, or a boost of it.
func (k *talk) annaHas(uri, text string) status {
	k.t.Helper()
	var found status
	eventually(k.t, "anna has "+uri+" with "+text, func() bool {
		var home []status
		k.anna.ask(k.t, "/api/v1/timelines/home?limit=40", nil, &home)
		for _, s := range home {
			if s.Reblog != nil {
				s = *s.Reblog
			}
			if s.URI == uri && strings.Contains(s.Content, text) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}

// annaSees waits until a post at anna's is as it should be.
func (k *talk) annaSees(id, what string, is func(status) bool) {
	k.t.Helper()
	eventually(k.t, "anna sees "+what, func() bool {
		var s status
		k.anna.ask(k.t, "/api/v1/statuses/"+id, nil, &s)
		return is(s)
	})
}

// acquaint: both follow each other, by handle or by address; one waits for consent.
func (k *talk) acquaint() {
	t := k.t
	byHandle := k.knock != "rfc9421"
	var finger struct{ Links []struct{ Rel, Href string } }
	k.anna.ask(t, "/.well-known/webfinger?resource=acct:anna@"+k.anna.host, nil, &finger)
	for _, l := range finger.Links {
		if l.Rel == "self" {
			k.annas = l.Href
		}
	}
	to, from := k.fay.actor(), k.annas
	if byHandle {
		to, from = "@fay@"+k.fay.host, "@anna@"+k.anna.host
	}
	k.fay.do("set", args{"locked": true})
	var found struct{ Accounts []struct{ ID string } }
	k.anna.ask(t, "/api/v2/search?type=accounts&resolve=true&q="+url.QueryEscape(to), nil, &found)
	if len(found.Accounts) != 1 {
		t.Fatalf("anna looks %s up and finds %+v", to, found)
	}
	k.fayID = found.Accounts[0].ID
	var rel struct{ Following, Requested bool }
	k.anna.ask(t, "/api/v1/accounts/"+k.fayID+"/follow", url.Values{}, &rel)
	if !rel.Requested {
		t.Errorf("before fay answers it is %+v", rel)
	}
	k.fay.got("Follow", k.annas)
	k.fay.do("accept", args{"whom": k.annas})
	k.fay.do("set", args{"locked": false})
	k.related("following", func(r relation) bool { return r.Following })
	k.fay.do("follow", args{"whom": from})
	k.fay.got("Accept", k.annas)
	k.related("followed by", func(r relation) bool { return r.FollowedBy })
}

type relation struct {
	Following, Requested bool
	FollowedBy           bool `json:"followed_by"`
}

func (k *talk) related(what string, is func(relation) bool) {
	k.t.Helper()
	eventually(k.t, "anna is "+what+" fay", func() bool {
		var list []relation
		k.anna.ask(k.t, "/api/v1/accounts/relationships?id[]="+k.fayID, nil, &list)
		return len(list) == 1 && is(list[0])
	})
}

// posts: written, answered, edited and deleted on either side.
func (k *talk) posts() {
	t := k.t
	mine := k.say(url.Values{"status": {"Hello over there #greeting"}})
	k.fay.got("Create", "Hello over there")
	answer := k.fay.do("post", args{"text": "<p>Hello back</p>", "answers": mine.URI, "to": k.annas})["id"].(string)
	k.annaHas(answer, "Hello back")
	k.annaSees(mine.ID, "the answer counted", func(s status) bool { return s.RepliesCount == 1 })
	k.fay.do("edit", args{"id": answer, "text": "<p>Hello back, edited</p>"})
	theirs := k.annaHas(answer, "edited")
	k.say(url.Values{"status": {"And again"}, "in_reply_to_id": {theirs.ID}})
	k.fay.got("Create", "And again")
	k.fay.do("delete", args{"id": answer})
	eventually(t, "the deleted answer is gone", func() bool {
		status, _ := k.anna.request(t, "GET", "/api/v1/statuses/"+theirs.ID, nil)
		return status == 404
	})
	if status, text := k.anna.request(t, "DELETE", "/api/v1/statuses/"+mine.ID, nil); status != 200 {
		t.Errorf("delete: %d %s", status, text)
	}
	k.fay.got("Delete", mine.URI)
	if got := k.fay.do("look", args{"id": mine.URI})["found"]; got != nil && got.(args)["type"] != "Tombstone" {
		t.Errorf("fay still finds %v", got)
	}
}

// touches: likes and boosts on either side, and taken back.
func (k *talk) touches() {
	mine := k.say(url.Values{"status": {"Touch this"}})
	k.fay.got("Create", "Touch this")
	like := k.fay.do("like", args{"id": mine.URI, "whom": k.annas})["id"]
	k.fay.do("boost", args{"id": mine.URI, "whom": k.annas})
	k.annaSees(mine.ID, "a like and a boost", func(s status) bool { return s.FavouritesCount == 1 && s.ReblogsCount == 1 })
	k.fay.do("unlike", args{"id": mine.URI, "like": like, "whom": k.annas})
	k.annaSees(mine.ID, "the like taken back", func(s status) bool { return s.FavouritesCount == 0 })

	theirs := k.annaHas(k.fay.do("post", args{"text": "<p>Touch mine</p>"})["id"].(string), "Touch mine")
	var s status
	for _, verb := range []string{"favourite", "reblog"} {
		k.anna.ask(k.t, "/api/v1/statuses/"+theirs.ID+"/"+verb, url.Values{}, &s)
	}
	k.fay.got("Like", theirs.URI)
	k.fay.got("Announce", theirs.URI)
	for _, verb := range []string{"unfavourite", "unreblog"} {
		k.anna.ask(k.t, "/api/v1/statuses/"+theirs.ID+"/"+verb, url.Values{}, &s)
	}
	eventually(k.t, "fay gets two Undos", func() bool {
		n := 0
		for _, a := range k.fay.do("log", nil)["log"].([]any) {
			if a.(args)["type"] == "Undo" {
				n++
			}
		}
		return n >= 2
	})
}

// polls: asked and answered on either side.
func (k *talk) polls() {
	t := k.t
	theirs := k.annaHas(k.fay.do("poll", args{"text": "<p>Tea or coffee?</p>", "options": []string{"tea", "coffee"}})["id"].(string), "Tea or")
	if theirs.Poll == nil {
		t.Fatal("fay's poll is none at anna's")
	}
	var poll struct{ Voted bool }
	k.anna.ask(t, "/api/v1/polls/"+theirs.Poll.ID+"/votes", url.Values{"choices[]": {"1"}}, &poll)
	eventually(t, "fay has anna's vote", func() bool { return slices.Contains(k.fay.do("log", nil)["votes"].([]any), any("coffee")) })

	mine := k.say(url.Values{"status": {"Cat or dog?"}, "poll[options][]": {"cat", "dog"}, "poll[expires_in]": {"3600"}})
	k.fay.got("Create", "Cat or dog?")
	k.fay.do("vote", args{"id": mine.URI, "choice": "dog", "whom": k.annas})
	k.annaSees(mine.ID, "fay's vote", func(s status) bool { return s.Poll != nil && s.Poll.VotesCount == 1 })
}

// quotes: asked for and granted on either side (FEP-044f).
func (k *talk) quotes() {
	mine := k.say(url.Values{"status": {"Quote me"}})
	k.fay.got("Create", "Quote me")
	theirs := k.fay.do("quote", args{"id": mine.URI, "whom": k.annas, "text": "<p>She said it</p>"})["id"].(string)
	granted := k.fay.got("Accept", mine.URI)
	k.fay.do("stamped", args{"id": theirs, "stamp": granted["result"]})
	seen := k.annaHas(theirs, "She said it")
	k.annaSees(seen.ID, "the quote approved", func(s status) bool { return s.Quote != nil && s.Quote.State == "accepted" })

	other := k.annaHas(k.fay.do("post", args{"text": "<p>Quotable words</p>"})["id"].(string), "Quotable words")
	quoting := k.say(url.Values{"status": {"As fay says"}, "quoted_status_id": {other.ID}})
	k.fay.got("QuoteRequest", other.URI)
	k.annaSees(quoting.ID, "fay's consent", func(s status) bool { return s.Quote != nil && s.Quote.State == "accepted" })
	k.fay.got("Update", "quoteAuthorization")
}

// hidden: a server that shows nothing to unsigned requests.
func (k *talk) hidden() {
	k.fay.do("set", args{"authorized": true})
	id := k.fay.do("post", args{"text": "<p>For signed eyes</p>"})["id"].(string)
	var found struct{ Statuses []status }
	k.anna.ask(k.t, "/api/v2/search?resolve=true&q="+url.QueryEscape(id), nil, &found)
	if len(found.Statuses) != 1 {
		k.t.Errorf("with authorized fetch anna finds %+v", found)
	}
	k.fay.do("set", args{"authorized": false})
}

// faults: an inbox that is broken for a while, and one that is gone.
func (k *talk) faults() {
	posts := func() int {
		n := 0
		for _, r := range k.fay.do("log", nil)["requests"].([]any) {
			if strings.HasPrefix(r.(string), "POST ") {
				n++
			}
		}
		return n
	}
	for _, fault := range []int{503, 410} {
		before := posts()
		k.fay.do("set", args{"answer": fault})
		k.say(url.Values{"status": {fmt.Sprintf("While you answer %d", fault)}})
		eventually(k.t, fmt.Sprintf("fay answers %d", fault), func() bool { return posts() > before })
		k.fay.do("set", args{"answer": 0})
		if fault == 503 {
			k.fay.got("Create", "While you answer 503")
		}
	}
	k.say(url.Values{"status": {"To somebody again"}})
	k.fay.got("Create", "To somebody again")
}

// moves: a Move is believed only if the new account points back.
func (k *talk) moves() {
	k.fay.do("move", args{"honest": false})
	k.annaHas(k.fay.do("post", args{"text": "<p>Still here</p>"})["id"].(string), "Still here")
	k.related("still following", func(r relation) bool { return r.Following })
	k.fay.do("move", args{"honest": true})
	k.fay.got("Follow", "/users/faye")
	k.fay.got("Undo", k.fay.actor())
}
