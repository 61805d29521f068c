package mastodon

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"dassie/federation"
	"dassie/store"
	"dassie/store/storetest"
	"dassie/web/auth"
)

// An app sees an incoming post, its edit, its deletion and a notification, in that
// order, within a second, over TLS.
func TestAnAppSeesWhatHappens(t *testing.T) {
	s := newStreet(t)
	s.alice.Follows(t, s.bob)
	a := s.listen("user")
	began := time.Now()
	p := s.bob.Post(t, store.Public, "Lunch")
	s.Settle()
	st := a.want("update", "user")
	hasKeys(t, "Status", st, statusKeys, "pinned")
	if !strings.Contains(st["content"].(string), "Lunch") || st["account"].(object)["acct"] != s.bob.Handle() {
		t.Errorf("%v", st)
	}
	if _, err := s.bob.Edit(context.Background(), p.ID, federation.Draft{Text: "Late lunch"}); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	edited := a.want("status.update", "user")
	if edited["id"] != st["id"] || !strings.Contains(edited["content"].(string), "Late lunch") || edited["edited_at"] == nil {
		t.Errorf("%v", edited)
	}
	if _, err := s.bob.Delete(context.Background(), p.ID); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if gone := a.want("delete", "user"); gone["id"] != st["id"] {
		t.Errorf("deleted %v, not %v", gone, st["id"])
	}
	s.bob.Post(t, store.Public, "Hello @"+s.alice.Handle())
	s.Settle()
	a.want("update", "user")
	n := a.want("notification", "user")
	hasKeys(t, "Notification", n, "id type created_at group_key account status")
	if n["type"] != "mention" {
		t.Errorf("%v", n)
	}
	own, err := s.alice.Publish(context.Background(), federation.Draft{Text: "Mine"})
	if err != nil {
		t.Fatal(err)
	}
	if st := a.want("update", "user"); st["id"] != id(own.ID) {
		t.Errorf("%v", st)
	}
	a.quiet()
	t.Logf("all of it took %v", time.Since(began))
}

func TestTheStreamsOfTimelines(t *testing.T) {
	s := newStreet(t)
	ctx := context.Background()
	s.alice.Follows(t, s.bob)
	var l store.List
	if err := s.alice.Store().Write(ctx, func(tx *store.Tx) error {
		l = store.List{Title: "Friends", Exclusive: true}
		if err := tx.SaveList(&l); err != nil {
			return err
		}
		bob, err := tx.ActorByURI(s.bob.ActorURI())
		if err != nil {
			return err
		}
		_, err = tx.AddListed(l.ID, bob.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	list := `{"type":"subscribe","stream":"list","list":` + id(l.ID) + `}`
	a := s.listen("user", list)
	pub := s.listen("public")
	local, remote, media := s.listen("public:local"), s.listen("public:remote"), s.listen("public:media")
	tag := s.listen(`{"type":"subscribe","stream":"hashtag","tag":"#Dassies"}`)
	tagHere := s.listen(`{"type":"subscribe","stream":"hashtag:local","tag":"dassies"}`)
	direct := s.listen("direct")

	p := s.bob.Post(t, store.Public, "Look, #dassies")
	s.Settle()
	a.want("update", "list", id(l.ID)) // and home is spared
	pub.want("update", "public")
	remote.want("update", "public:remote")
	tag.want("update", "hashtag", "dassies")

	s.bob.Post(t, store.Followers, "Quietly, #dassies")
	s.Settle()
	a.want("update", "list", id(l.ID))

	mine, err := s.alice.Publish(ctx, federation.Draft{Text: "Mine, #Dassies"})
	if err != nil {
		t.Fatal(err)
	}
	a.want("update", "user")
	pub.want("update", "public")
	local.want("update", "public:local")
	tag.want("update", "hashtag", "dassies")
	if st := tagHere.want("update", "hashtag:local", "dassies"); st["id"] != id(mine.ID) {
		t.Errorf("%v", st)
	}

	s.bob.Post(t, store.Direct, "Psst @"+s.alice.Handle())
	s.Settle()
	c := direct.want("conversation", "direct")
	hasKeys(t, "Conversation", c, "id unread accounts last_status")
	if c["unread"] != true || len(c["accounts"].([]any)) != 1 || !strings.Contains(c["last_status"].(object)["content"].(string), "Psst") {
		t.Errorf("%v", c)
	}
	a.want("notification", "user")

	if _, err := s.bob.Delete(ctx, p.ID); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	for _, w := range []*app{pub, remote} {
		w.next()
	}
	tag.want("delete", "hashtag", "dassies")
	a.next()
	a.next()
	for _, w := range []*app{a, pub, remote, media, direct} {
		if w == media {
			w.want("delete", "public:media")
		}
		w.quiet()
	}
}

// What the owner does not want to see comes by no stream.
func TestStreamsKeepWhatIsMutedAndBlocked(t *testing.T) {
	s := newStreet(t)
	ctx := context.Background()
	s.alice.Follows(t, s.bob)
	a := s.listen("user", "public", `{"type":"subscribe","stream":"hashtag","tag":"x"}`)
	if err := s.alice.Mute(ctx, s.alice.Find(t, s.bob).ID, time.Hour, true); err != nil {
		t.Fatal(err)
	}
	s.bob.Post(t, store.Public, "Loud #x, @"+s.alice.Handle())
	s.Settle()
	a.quiet()
	if err := s.alice.Block(ctx, s.alice.Find(t, s.bob).ID); err != nil {
		t.Fatal(err)
	}
	a.quiet()
}

func TestStreamsThatEnd(t *testing.T) {
	s := newStreet(t)
	s.alice.Follows(t, s.bob)
	a := s.listen("user", "public")
	a.say(`{"type":"unsubscribe","stream":"public"}`)
	a.quiet()
	s.bob.Post(t, store.Public, "Hello")
	s.Settle()
	a.want("update", "user")
	a.quiet()
	for text, words := range map[string]string{
		"{": "Your message cannot be read: send JSON.", `{"type":"subscribe","stream":"everything"}`: "Unknown stream type", `{"type":"dance"}`: "Unknown message type",
		`{"type":"subscribe","stream":"hashtag"}`: "Name the hashtag of this stream", `{"type":"subscribe","stream":"list","list":"4711"}`: "Record not found",
		`{"type":"subscribe","stream":"list","list":null}`: "Record not found", `{"type":"subscribe","stream":"hashtag","tag":" "}`: "Name the hashtag of this stream",
	} {
		a.say(text)
		if f := a.next(); f["error"] != words {
			t.Errorf("%s: %v", text, f)
		}
	}
	for i := range maxOfOne {
		a.say(fmt.Sprintf(`{"type":"subscribe","stream":"hashtag","tag":"tag%d"}`, i))
	}
	if f := a.next(); !strings.Contains(fmt.Sprint(f["error"]), "streams at most") {
		t.Errorf("%v", f)
	}
	a.say(`{"type":"subscribe","stream":"` + strings.Repeat("x", socketRead) + `"}`)
	if code := a.gone(); code != websocket.StatusMessageTooBig {
		t.Errorf("a long message ends with %d", code)
	}
}

// T54: no token, or one without the scope, opens no stream; a token in the query, in
// the header or as a subprotocol does, and the last is echoed. A cookie is no token.
func TestT54_WhoMayListen(t *testing.T) {
	s := newStreet(t)
	notices, posts, none := s.newToken("read:notifications"), s.newToken("read:statuses"), s.newToken("write push")
	header := func(name, value string) *websocket.DialOptions {
		return &websocket.DialOptions{HTTPHeader: http.Header{name: {value}}}
	}
	for _, c := range []struct {
		what, query string
		o           *websocket.DialOptions
		want        int
	}{
		{"no token", "?stream=user", nil, 401},
		{"a wrong token", "?stream=user&access_token=" + strings.Repeat("x", 43), nil, 401},
		{"a cookie", "?stream=user", header("Cookie", s.alice.Origin().CookieName()+"="+s.token), 401},
		{"the query", "?stream=user&access_token=" + s.token, nil, 101},
		{"the header", "?stream=user", header("Authorization", "Bearer "+s.token), 101},
		{"the subprotocol", "?stream=user", &websocket.DialOptions{Subprotocols: []string{s.token}}, 101},
		{"another site's page", "?stream=user&access_token=" + s.token, header("Origin", "https://phanpy.social"), 101},
		{"the wrong scope", "?stream=user&access_token=" + notices, nil, 403},
		{"the scope of notifications", "?stream=user:notification&access_token=" + notices, nil, 101},
		{"notifications without", "?stream=user:notification&access_token=" + posts, nil, 403},
		{"no scope", "?access_token=" + none, nil, 403},
		{"public posts without", "?stream=public&access_token=" + none, nil, 403},
		{"no stream yet", "?access_token=" + posts, nil, 101},
		{"an empty parameter", "/?stream=&access_token=" + posts, nil, 101},
		{"an unknown stream", "?stream=all&access_token=" + s.token, nil, 404},
		{"an unknown address", "/everything?access_token=" + s.token, nil, 404},
		{"an address of its own", "/user?access_token=" + s.token, nil, 101},
		{"a list that is not there", "?stream=list&list=4711&access_token=" + s.token, nil, 404},
	} {
		a, status := s.open(c.query, c.o)
		if status != c.want {
			t.Errorf("%s: %d, not %d", c.what, status, c.want)
		}
		if a != nil && c.o != nil && len(c.o.Subprotocols) > 0 && a.conn.Subprotocol() != s.token {
			t.Errorf("%s: echoed %q", c.what, a.conn.Subprotocol())
		}
	}
	s.token = posts
	a := s.listen("user")
	a.say("user:notification")
	if f := a.next(); f["status"] != 403.0 {
		t.Errorf("%v", f)
	}
	s.alice.Follows(t, s.bob)
	s.bob.Post(t, store.Public, "Hello @"+s.alice.Handle())
	s.Settle()
	a.want("update", "user")
	a.quiet() // the notification is not for it
}

// T54, T51: what is revoked ends, by whatever way it is read, and at once.
func TestT54_RevokedStreamsEnd(t *testing.T) {
	s := newStreet(t)
	a := s.listen("user")
	lines := s.lines("/user", s.token)
	other := s.token
	s.token = s.newToken("read")
	stays := s.listen("user")
	began := time.Now()
	if err := s.alice.Store().Write(context.Background(), func(tx *store.Tx) error {
		list, err := tx.Tokens()
		if err != nil {
			return err
		}
		_, err = tx.DropToken(list[len(list)-1].ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if code := a.gone(); code != websocket.StatusPolicyViolation {
		t.Errorf("ended with %d", code)
	}
	for lines.Scan() {
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("both ended after %v", took)
	}
	stays.quiet()
	if _, status := s.open("?stream=user&access_token="+other, nil); status != 401 {
		t.Errorf("opened once more: %d", status)
	}
}

// T51: with the account all streams end, and no token opens one again.
func TestT51_StreamsEndWithTheAccount(t *testing.T) {
	s := newStreet(t)
	a, lines := s.listen("user"), s.lines("/user", s.token)
	began := time.Now()
	if err := s.alice.DeleteAccount(context.Background(), s.alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	if code := a.gone(); code != websocket.StatusPolicyViolation {
		t.Errorf("ended with %d", code)
	}
	for lines.Scan() {
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("both ended after %v", took)
	}
	if _, status := s.open("?stream=user&access_token="+s.token, nil); status != 401 {
		t.Errorf("opened once more: %d", status)
	}
}

func TestStreamsOfLines(t *testing.T) {
	s := newStreet(t)
	s.alice.Follows(t, s.bob)
	user, tag, byName := s.lines("/user", s.token), s.lines("/hashtag?tag=dassies", s.token), s.lines("?stream=public&only_media=", s.token)
	s.bob.Post(t, store.Public, "Look, #dassies\n\nand more")
	s.Settle()
	for what, sc := range map[string]*bufio.Scanner{"user": user, "hashtag": tag, "by name": byName} {
		var got []string
		for len(got) < 2 && sc.Scan() {
			if sc.Text() != "" {
				got = append(got, sc.Text())
			}
		}
		var st object
		if len(got) < 2 || got[0] != "event: update" || json.Unmarshal([]byte(strings.TrimPrefix(got[1], "data: ")), &st) != nil {
			t.Fatalf("%s: %q", what, got)
		}
		hasKeys(t, "Status", st, statusKeys, "pinned")
	}
	for path, want := range map[string]int{"/health": 200, "/hashtag?access_token=" + s.token: 400, "?access_token=" + s.token: 404, "/user": 401, "/list?list=x&access_token=" + s.token: 404} {
		resp, err := s.srv.Client().Get(s.srv.URL + "/api/v1/streaming" + path)
		if err != nil {
			t.Fatal(err)
		}
		var b [2]byte
		resp.Body.Read(b[:])
		resp.Body.Close()
		if resp.StatusCode != want || want == 200 && string(b[:]) != "OK" || want != 200 && b[0] != '{' {
			t.Errorf("%s: %d %s", path, resp.StatusCode, b)
		}
	}
	resp, err := s.srv.Client().Post(s.srv.URL+"/api/v1/streaming/user", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != 404 {
		t.Errorf("POST: %d", resp.StatusCode)
	}
}

// Slow readers are let go, not waited for, and when all have left nothing listens.
func TestSlowAppsAreLetGo(t *testing.T) {
	s := newStreet(t)
	grant := &auth.Grant{Token: store.Token{ID: 1}, Scopes: auth.Scopes{"read"}}
	slow, quick := newListener(grant, false), newListener(grant, true)
	hub := &s.api.stream
	for _, l := range []*listener{slow, quick} {
		hub.subscribe(l, stream{kind: "user"})
	}
	hub.mu.Lock()
	hub.listeners = []*listener{slow, quick}
	hub.mu.Unlock()
	for i := range streamBuffer + 1 {
		hub.hand(federation.Event{Kind: federation.EventDelete, ID: int64(i + 1)})
		if got := string(<-quick.out); got != fmt.Sprintf("event: delete\ndata: %d\n\n", i+1) {
			t.Fatalf("%q", got)
		}
	}
	select {
	case <-slow.ended:
	default:
		t.Error("the slow one is waited for")
	}
	if len(hub.listeners) != 1 || hub.listeners[0] != quick {
		t.Error("the quick one is gone")
	}
	hub.leave(quick)
	hub.leave(quick)
	var all []*listener
	for range maxStreams + 1 {
		l := newListener(grant, false)
		hub.join(l)
		all = append(all, l)
	}
	if len(hub.listeners) != maxStreams || !all[0].gone || hub.events == nil {
		t.Errorf("%d listen, the oldest gone: %t", len(hub.listeners), all[0].gone)
	}
	for _, l := range all {
		hub.leave(l)
	}
	if hub.events != nil {
		t.Error("the service is still listened to")
	}
}

// What only says that something changed carries nothing.
func TestEventsWithoutPayload(t *testing.T) {
	h := newHouse(t)
	api := New(Config{Service: h.svc})
	wanted := map[stream]bool{{kind: "user"}: true, {kind: "user:notification"}: true, {kind: "public"}: true}
	for kind, want := range map[federation.EventKind]int{federation.EventFilters: 1, federation.EventMerged: 2, federation.EventProfile: 0, federation.EventDeliveries: 0, federation.EventMarker: 0} {
		list, err := api.newsOf(federation.Event{Kind: kind}, wanted)
		if err != nil || len(list) != want {
			t.Errorf("%s: %v %v", kind, list, err)
		}
		for _, n := range list {
			if f := string(n.frame()); f != `{"stream":["`+n.stream.kind+`"],"event":"`+string(kind)+`"}` {
				t.Errorf("%s", f)
			}
		}
	}
}

// TestStreamTable reads FEDERATION.md against the streams that there are.
func TestStreamTable(t *testing.T) {
	text, err := os.ReadFile("../../FEDERATION.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "### Streams\n")
	text2, _, _ = strings.Cut(text2, "\n## ")
	said := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z:]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(text2, -1) {
		said[m[1]] = strings.ReplaceAll(strings.ReplaceAll(m[2], "`", ""), " or", "")
	}
	for kind, scopes := range streamKinds {
		if said[kind] != strings.Join(scopes, " ") {
			t.Errorf("FEDERATION.md says %q of %s, the code %q", said[kind], kind, scopes)
		}
		delete(said, kind)
	}
	if len(said) > 0 {
		t.Errorf("FEDERATION.md says there are %v", said)
	}
}

// What came into home by a boost alone changes there too; what is in no home is told to
// none.
func TestTheEditOfABoostedPostIsTold(t *testing.T) {
	s := newStreet(t)
	var boosted, other store.Post
	if err := s.alice.Store().Write(t.Context(), func(tx *store.Tx) error {
		carol, err := storetest.Person(tx, "carol", "carol.example")
		if err != nil {
			return err
		}
		for i, p := range []*store.Post{&boosted, &other} {
			*p = store.Post{ActorID: carol.ID, URI: "https://carol.example/p/" + id(int64(i)), Content: "<p>Tea</p>", PublishedAt: s.Now()}
			if err := tx.InsertPost(p); err != nil {
				return err
			}
		}
		boost := store.Post{ActorID: carol.ID, URI: "https://carol.example/b", BoostOf: boosted.ID, PublishedAt: s.Now()}
		if err := tx.InsertPost(&boost); err != nil {
			return err
		}
		return tx.AddHome(boost.ID, false)
	}); err != nil {
		t.Fatal(err)
	}
	user := stream{kind: "user"}
	for post, want := range map[int64]int{boosted.ID: 1, other.ID: 0} {
		list, err := s.api.newsOf(federation.Event{Kind: federation.EventEdit, ID: post}, map[stream]bool{user: true})
		if err != nil || len(list) != want || want == 1 && (list[0].event != "status.update" || !strings.Contains(list[0].payload, `"id":"`+id(post)+`"`)) {
			t.Errorf("of an edit of %d is told %v, %v", post, list, err)
		}
	}
}
