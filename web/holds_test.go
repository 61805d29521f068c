package web

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/auth/authtest"
)

// street is Alice's whole server, the people who write to her, and everything by
// which she hears of it.
type street struct {
	*house
	c                      *fedtest.Cluster
	alice                  *fedtest.Server
	bob, carol, dora, wild *fedtest.Stranger
	ids                    map[string]int64
	question               store.Post
	list                   int64
	login, bearer          func(*http.Request)
	token                  string
	srv                    *httptest.Server

	mu     sync.Mutex
	pushed []string // what push messages said
	told   map[string]*strings.Builder
	end    chan struct{}
}

func (s *street) here(r *http.Request) {
	r.Host, r.URL.Host, r.URL.Scheme, r.TLS = s.alice.Host, s.alice.Host, "http", nil
}

// newStreet has Alice follow Bob and Carol, who are in a list, and #garden. Dora and
// Wild are strangers to her. She asked a question that some will answer.
func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{c: fedtest.New(t, "alice"), ids: map[string]int64{}, told: map[string]*strings.Builder{}, end: make(chan struct{}, 8)}
	s.alice = s.c.Servers[0]
	s.house = &house{t: t, now: s.c.Now()}
	s.svc = s.alice.Service
	var err error
	s.web, err = New(Config{Service: s.svc, Log: quiet, Templates: pages(t)})
	must(t, err)
	t.Cleanup(s.web.Close)
	in := authtest.LogIn(t, s.alice.Store(), s.alice.Origin(), s.c.Now(), "Chromium")
	s.login = func(r *http.Request) { r.AddCookie(in) }
	s.token, err = auth.TokenCommand(bg, s.alice.Store(), "read write follow push", "Phone")
	must(t, err)
	s.bearer = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.token) }

	s.bob, s.carol, s.dora, s.wild = s.c.Stranger("bob"), s.c.Stranger("carol"), s.c.Stranger("dora"), s.c.Stranger("wild")
	for _, who := range []*fedtest.Stranger{s.bob, s.carol, s.dora, s.wild} {
		a := who.Actor()
		a["published"] = s.c.Now().Add(-2 * 24 * time.Hour).Format(time.RFC3339)
		who.Serve("/users/"+who.Name, a)
	}
	for _, who := range []*fedtest.Stranger{s.bob, s.carol, s.dora} {
		found, err := s.alice.Lookup(bg, who.Name+"@"+who.Host)
		must(t, err)
		s.ids[who.Name] = found.Actor.ID
		if who == s.dora {
			continue
		}
		f, err := s.alice.Follow(bg, found.Actor.ID)
		must(t, err)
		who.Send(s.alice, who.Activity("Accept", f.FollowURI))
	}
	_, err = s.alice.FollowTag(bg, "garden")
	must(t, err)
	must(t, s.alice.Store().Write(bg, func(tx *store.Tx) error {
		l := store.List{Title: "Friends"}
		if err := tx.SaveList(&l); err != nil {
			return err
		}
		s.list = l.ID
		for _, name := range []string{"bob", "carol"} {
			if _, err := tx.AddListed(l.ID, s.ids[name]); err != nil {
				return err
			}
		}
		return nil
	}))
	s.question = s.alice.Post(t, store.Public, "How are the beds?")
	s.c.Advance(time.Minute)
	s.tellPhone()
	return s
}

// tellPhone subscribes an app to push messages and to all streams.
func (s *street) tellPhone() {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	must(s.t, err)
	secret := make([]byte, 16)
	rand.Read(secret)
	phone := s.c.Stranger("push")
	phone.Handle(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pushed = append(s.pushed, unsealed(s.t, key, secret, body))
		w.WriteHeader(http.StatusCreated)
	})
	grants, err := store.Get(bg, s.alice.Store(), func(tx *store.Tx) ([]store.Token, error) { return tx.Tokens() })
	must(s.t, err)
	alerts := map[string]bool{}
	for _, kind := range federation.PushKinds {
		alerts[kind] = true
	}
	_, err = s.alice.SubscribePush(bg, grants[0].ID, federation.PushWish{
		Endpoint: phone.URL("/send"), P256DH: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		Auth: base64.RawURLEncoding.EncodeToString(secret), Standard: true, Alerts: alerts,
	})
	must(s.t, err)

	s.alice.Proves(s.t, "alice@mail.example")
	all := federation.MailChoice{Always: true, PrivateText: true, When: map[string]store.MailWhen{}}
	for kind := range store.MailUsual {
		all.When[kind] = store.MailNow
	}
	must(s.t, s.alice.ChooseMail(bg, all))

	s.srv = httptest.NewServer(s.web)
	s.t.Cleanup(s.srv.Close)
	at := s.srv.Listener.Addr().String()
	conn, _, err := websocket.Dial(bg, "ws://"+at+"/api/v1/streaming?stream=user", &websocket.DialOptions{Host: s.alice.Host, Subprotocols: []string{s.token}})
	must(s.t, err)
	conn.SetReadLimit(1 << 20)
	s.t.Cleanup(func() { conn.CloseNow() })
	for _, more := range []string{`"public"`, `"direct"`, `"hashtag","tag":"garden"`, `"list","list":"` + formatID(s.list) + `"`} {
		must(s.t, conn.Write(bg, websocket.MessageText, []byte(`{"type":"subscribe","stream":`+more+`}`)))
	}
	go s.readSocket(conn)
	ctx, stop := context.WithCancel(bg)
	s.t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+at+"/api/v1/streaming/user", nil)
	must(s.t, err)
	r.Host = s.alice.Host
	s.bearer(r)
	answer, err := http.DefaultClient.Do(r)
	must(s.t, err)
	go s.readLines(answer.Body)
	// Both listen once they were told of something.
	s.alice.Post(s.t, store.Public, "zzend")
	s.wait()
}

func (s *street) hear(stream, payload string) {
	s.mu.Lock()
	if s.told[stream] == nil {
		s.told[stream] = &strings.Builder{}
	}
	s.told[stream].WriteString(payload + "\n")
	s.mu.Unlock()
	if strings.Contains(payload, "zzend") && strings.HasSuffix(stream, "user") {
		s.end <- struct{}{}
	}
}

func (s *street) readSocket(conn *websocket.Conn) {
	for {
		_, b, err := conn.Read(bg)
		if err != nil {
			return
		}
		var f struct {
			Stream  []string
			Payload string
		}
		if json.Unmarshal(b, &f) == nil && len(f.Stream) > 0 {
			s.hear("ws "+f.Stream[0], f.Payload)
		}
	}
}

func (s *street) readLines(body io.ReadCloser) {
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			s.hear("sse user", data)
		}
	}
}

// wait lets both streams come to the end of what was told so far.
func (s *street) wait() {
	s.t.Helper()
	for range 2 {
		select {
		case <-s.end:
		case <-time.After(20 * time.Second):
			s.t.Fatal("a stream did not come to its end")
		}
	}
}

// unsealed is RFC 8291 from the app's side.
func unsealed(t testing.TB, key *ecdh.PrivateKey, secret, body []byte) string {
	if len(body) < 86 {
		t.Error("a push message too short")
		return ""
	}
	theirs, err := ecdh.P256().NewPublicKey(body[21:86])
	must(t, err)
	shared, err := key.ECDH(theirs)
	must(t, err)
	ikm, err := hkdf.Key(sha256.New, shared, secret, "WebPush: info\x00"+string(key.PublicKey().Bytes())+string(body[21:86]), 32)
	must(t, err)
	cek, err := hkdf.Key(sha256.New, ikm, body[:16], "Content-Encoding: aes128gcm\x00", 16)
	must(t, err)
	nonce, err := hkdf.Key(sha256.New, ikm, body[:16], "Content-Encoding: nonce\x00", 12)
	must(t, err)
	block, err := aes.NewCipher(cek)
	must(t, err)
	gcm, err := cipher.NewGCM(block)
	must(t, err)
	plain, err := gcm.Open(nil, nonce, body[86:], nil)
	must(t, err)
	return strings.TrimRight(string(plain), "\x00\x02")
}

// says makes somebody send a post; change may address it.
func (s *street) says(who *fedtest.Stranger, word string, change func(note map[string]any)) {
	s.t.Helper()
	note := who.Note("/"+word, "<p>Turnips "+word+"</p>")
	change(note)
	who.Serve("/"+word, note)
	s.c.Advance(time.Second)
	create := who.Activity("Create", note)
	create["to"], create["cc"] = note["to"], note["cc"]
	who.Send(s.alice, create)
	s.c.Settle()
}

// names addresses a post to Alice, as an answer to her question.
func (s *street) names(note map[string]any) {
	note["inReplyTo"] = s.question.URI
	note["tag"] = []any{map[string]any{"type": "Mention", "href": s.alice.ActorURI()}}
}

// alone addresses a post to Alice and nobody else.
func (s *street) alone(note map[string]any) {
	note["to"], note["cc"] = []any{s.alice.ActorURI()}, []any{}
	note["tag"] = []any{map[string]any{"type": "Mention", "href": s.alice.ActorURI()}}
}

// happens is a day on which everybody does something: Bob writes with a hashtag,
// answers Alice, writes to her alone and likes what she wrote; Carol boosts Dora; Wild
// answers Alice and writes to her as well. It ends with something by which streams are seen to be through.
func (s *street) happens() {
	s.t.Helper()
	s.says(s.bob, "zzplain", func(n map[string]any) {
		n["tag"] = []any{map[string]any{"type": "Hashtag", "name": "#garden", "href": s.bob.URL("/tags/garden")}}
	})
	s.says(s.bob, "zzmention", s.names)
	s.says(s.bob, "zzdirect", s.alone)
	s.c.Advance(time.Second)
	s.bob.Send(s.alice, s.bob.Activity("Like", s.question.URI))
	note := s.dora.Note("/zzboosted", "<p>Turnips zzboosted</p>")
	s.dora.Serve("/zzboosted", note)
	boost := s.carol.Activity("Announce", s.dora.URL("/zzboosted"))
	boost["to"] = []any{"https://www.w3.org/ns/activitystreams#Public"}
	boost["published"] = s.c.Now().Format(time.RFC3339)
	s.carol.Send(s.alice, boost)
	s.c.Settle()
	s.says(s.wild, "zzwild", s.names)
	s.says(s.wild, "zzsecret", s.alone)
	s.alice.Post(s.t, store.Public, "zzend")
	s.wait()
	s.c.Settle()
}

// column is one place where Alice, or a visitor, may meet what was written.
type column struct {
	name   string
	shows  string // where no rule is set
	read   func(*street) []seen
	app    bool // an app is told what a filter found, and what to do with it
	public bool // it is for others: what the owner wants to meet is no business of theirs
	once   bool // it tells of what comes, and not of what was there
}

// seen is something that a place shows, or covers until Alice wants to see it.
type seen struct {
	what    string
	covered bool
}

// marks are what is looked for. A like is known by what places call it.
var marks = map[string][]string{
	"plain": {"zzplain"}, "mention": {"zzmention"}, "direct": {"zzdirect"}, "boosted": {"zzboosted"}, "wild": {"zzwild"}, "secret": {"zzsecret"},
	"like": {"liked your post", `"type":"favourite"`, "favourited your post"},
}

var named = regexp.MustCompile(`\(matches: [^)]*\)`)

// pageAt reads a page: what stands inside a part that opens is covered.
func pageAt(path func(*street) string, who ...string) func(*street) []seen {
	return func(s *street) []seen {
		change := []func(*http.Request){s.here}
		if len(who) == 0 {
			change = append(change, s.login)
		}
		w := s.ask("GET", path(s), browser, change...)
		if w.Code != http.StatusOK {
			s.t.Fatalf("%s: %d", path(s), w.Code)
		}
		body := named.ReplaceAllString(w.Body.String(), "") // the reason names the words of the filter
		var list []seen
		for what, signs := range marks {
			for _, mark := range signs {
				if at := strings.Index(body, mark); at >= 0 && (what != "like" || mark == "liked your post") {
					before := body[:at]
					list = append(list, seen{what, strings.LastIndex(before, `<details class="cw"`) > strings.LastIndex(before, "</details>")})
				}
			}
		}
		return list
	}
}

// apiAt reads an answer of the client API: what its filters found is covered.
func apiAt(path func(*street) string) func(*street) []seen {
	return func(s *street) []seen {
		w := s.ask("GET", path(s), "application/json", s.here, s.bearer)
		if w.Code != http.StatusOK {
			s.t.Fatalf("%s: %d %s", path(s), w.Code, w.Body)
		}
		return inJSON(w.Body.String())
	}
}

func inJSON(text string) []seen {
	var list []seen
	for line := range strings.Lines(text) {
		var v any
		if json.Unmarshal([]byte(line), &v) != nil {
			continue
		}
		walk(v, func(o map[string]any) {
			if o["type"] == "favourite" {
				list = append(list, seen{"like", false})
			}
			content, _ := o["content"].(string)
			found, _ := o["filtered"].([]any)
			for what, signs := range marks {
				if what != "like" && strings.Contains(content, signs[0]) {
					list = append(list, seen{what, len(found) > 0})
				}
			}
		})
	}
	return list
}

func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			walk(one, visit)
		}
	case map[string]any:
		visit(v)
		for _, one := range v {
			walk(one, visit)
		}
	}
}

func streamOf(name string) func(*street) []seen {
	return func(s *street) []seen {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.told[name] == nil {
			return nil
		}
		return inJSON(s.told[name].String())
	}
}

// inText is what a text has that is not JSON with posts.
func inText(text string) []seen {
	var list []seen
	for what, signs := range marks {
		for _, mark := range signs {
			if strings.Contains(text, mark) && mark != `"type":"favourite"` {
				list = append(list, seen{what, false})
			}
		}
	}
	return list
}

func fixed(path string) func(*street) string { return func(*street) string { return path } }

const (
	inHome    = "plain mention direct boosted"
	inLists   = "plain mention boosted"
	told      = "mention direct like wild secret"
	everybody = "mention wild" // what stands below the question
)

func ofQuestion(path, tail string) func(*street) string {
	return func(s *street) string { return path + formatID(s.question.ID) + tail }
}

// columns are all places with what they show where there is no rule. Mail has what push
// messages have, and comes last, because time passes until it does.
var columns = []column{
	{name: "home", shows: inHome, read: pageAt(fixed("/me"))},
	{name: "catch up", shows: inHome, read: pageAt(fixed("/me/catchup?h=24"))},
	{name: "list", shows: inLists, read: pageAt(func(s *street) string { return "/me/lists/" + formatID(s.list) })},
	{name: "tag", shows: "plain", read: pageAt(fixed("/me/tags/garden"))},
	{name: "search", shows: "plain mention direct boosted wild secret", read: pageAt(fixed("/me/search?q=turnips"))},
	{name: "thread", shows: everybody, read: pageAt(ofQuestion("/me/post/", ""))},
	{name: "inbox", shows: told, read: pageAt(fixed("/me/inbox"))},
	{name: "messages", shows: "direct secret", read: pageAt(fixed("/me/messages"))},

	{name: "visitor's page", shows: everybody, public: true, read: pageAt(ofQuestion("/@alice/", ""), "visitor")},
	{name: "feed", shows: "", public: true, read: pageAt(fixed("/@alice.atom"), "visitor")},
	{name: "API context, visitor", shows: everybody, public: true, read: func(s *street) []seen {
		return inJSON(s.ask("GET", ofQuestion("/api/v1/statuses/", "/context")(s), "application/json", s.here).Body.String())
	}},
	{name: "replies for servers", shows: everybody, public: true, read: func(s *street) []seen {
		return inText(s.ask("GET", ofQuestion("/posts/", "/replies")(s), peer, s.here).Body.String())
	}},

	{name: "API home", shows: inHome, app: true, read: apiAt(fixed("/api/v1/timelines/home"))},
	{name: "API list", shows: inLists, app: true, read: apiAt(func(s *street) string { return "/api/v1/timelines/list/" + formatID(s.list) })},
	{name: "API tag", shows: "plain", app: true, read: apiAt(fixed("/api/v1/timelines/tag/garden"))},
	{name: "API public", shows: "plain boosted", app: true, read: apiAt(fixed("/api/v1/timelines/public"))},
	{name: "API search", shows: "plain mention direct boosted wild secret", app: true, read: apiAt(fixed("/api/v2/search?q=turnips&type=statuses"))},
	{name: "API context", shows: everybody, app: true, read: apiAt(ofQuestion("/api/v1/statuses/", "/context"))},
	{name: "API notifications", shows: told, app: true, read: apiAt(fixed("/api/v1/notifications"))},
	{name: "API notifications v2", shows: told, app: true, read: apiAt(fixed("/api/v2/notifications"))},
	{name: "API conversations", shows: "direct secret", app: true, read: apiAt(fixed("/api/v1/conversations"))},

	{name: "socket user", shows: "plain mention direct like boosted wild secret", app: true, once: true, read: streamOf("ws user")},
	{name: "socket list", shows: inLists, app: true, once: true, read: streamOf("ws list")},
	{name: "socket hashtag", shows: "plain", app: true, once: true, read: streamOf("ws hashtag")},
	{name: "socket public", shows: "plain boosted", app: true, once: true, read: streamOf("ws public")},
	{name: "socket direct", shows: "direct secret", app: true, once: true, read: streamOf("ws direct")},
	{name: "events user", shows: "plain mention direct like boosted wild secret", app: true, once: true, read: streamOf("sse user")},
	{name: "push", shows: told, once: true, read: func(s *street) []seen {
		s.mu.Lock()
		defer s.mu.Unlock()
		return inText(strings.Join(s.pushed, "\n"))
	}},
	{name: "mail", shows: told, once: true, read: func(s *street) []seen {
		s.c.Advance(time.Minute) // it waits for more
		s.c.Settle()
		text := ""
		for _, l := range s.alice.Letters() {
			text += l.Lead + "\n"
			for _, e := range l.Events {
				text += e.What + ": " + e.Text + "\n"
			}
		}
		return inText(text)
	}},
}

// shown is what a place has, in words: "plain, (mention)" for one that is covered.
func (c column) shown(s *street) string {
	best := map[string]bool{}
	for _, is := range c.read(s) {
		if covered, ok := best[is.what]; !ok || covered {
			best[is.what] = is.covered
		}
	}
	var list []string
	for _, what := range []string{"plain", "mention", "direct", "like", "boosted", "wild", "secret"} {
		if covered, ok := best[what]; ok && covered {
			list = append(list, "("+what+")")
		} else if ok {
			list = append(list, what)
		}
	}
	return strings.Join(list, " ")
}

// rule is something that Alice decides about what she wants to meet, or that is
// decided about her.
type rule struct {
	name string
	set  func(*street) error

	gone    string            // is in no place of hers
	covered string            // is covered in every place of hers …
	inApps  string            // … and is covered for apps alone, which leave it out themselves
	public  string            // is in no place of visitors and other servers either
	but     map[string]string // places that have exactly this
	late    map[string]string // likewise, if what is written was there before the rule
	later   bool              // the rule is about what comes alone
}

func (s *street) filter(f store.Filter, words ...string) error {
	var edits []federation.FilterWordEdit
	for _, w := range words {
		edits = append(edits, federation.FilterWordEdit{Word: &w})
	}
	f.Title, f.Context = "Rule", store.FilterEverywhere
	_, err := s.alice.SaveFilter(bg, f, edits...)
	return err
}

func (s *street) policy(rule store.NoticeRule) error {
	p := store.NoticePolicy{NotFollowed: rule, NotFollowers: store.NoticeAccept, NewAccounts: store.NoticeAccept, Private: store.NoticeAccept, Limited: store.NoticeAccept}
	return s.alice.SetNoticePolicy(bg, p)
}

const ofBob = "plain mention direct like"

var rules = []rule{
	{name: "nothing", set: func(*street) error { return nil }},
	{
		name: "filter that warns", covered: "plain mention direct boosted",
		set: func(s *street) error {
			return s.filter(store.Filter{Action: store.FilterWarn}, "zzplain", "zzmention", "zzdirect", "zzboosted")
		},
		// These have the title of the filter in place of the words.
		but: map[string]string{"catch up": "", "messages": "secret", "push": "like wild secret"},
	},
	{
		name: "filter that hides", gone: "plain mention direct boosted", inApps: "plain mention direct boosted",
		set: func(s *street) error {
			return s.filter(store.Filter{Action: store.FilterHide}, "zzplain", "zzmention", "zzdirect", "zzboosted")
		},
		but: map[string]string{"push": "like wild secret"},
	},
	{
		name: "filter that is over",
		set: func(s *street) error {
			return s.filter(store.Filter{Action: store.FilterHide, ExpiresAt: s.c.Now().Add(time.Second)}, "turnips")
		},
	},
	{
		name: "filter of some places", gone: "",
		set: func(s *street) error {
			word := "turnips"
			_, err := s.alice.SaveFilter(bg, store.Filter{Title: "Rule", Context: store.FilterHome, Action: store.FilterHide}, federation.FilterWordEdit{Word: &word})
			return err
		},
		but: map[string]string{ // apps are told the places, and here it is Home's alone
			"home": "", "catch up": "", "list": "",
			"API home": "(plain) (mention) (direct) (boosted)", "API list": "(plain) (mention) (boosted)", "API tag": "(plain)", "API public": "(plain) (boosted)",
			"API search": "(plain) (mention) (direct) (boosted) (wild) (secret)", "API context": "(mention) (wild)", "API notifications": "(mention) (direct) like (wild) (secret)",
			"API notifications v2": "(mention) (direct) like (wild) (secret)", "API conversations": "(direct) (secret)", "socket user": "(plain) (mention) (direct) like (boosted) (wild) (secret)",
			"socket list": "(plain) (mention) (boosted)", "socket hashtag": "(plain)", "socket public": "(plain) (boosted)", "socket direct": "(direct) (secret)",
			"events user": "(plain) (mention) (direct) like (boosted) (wild) (secret)",
		},
	},
	{
		name: "filter of a single post", covered: "plain", later: true,
		set: func(s *street) error {
			f, err := s.alice.SaveFilter(bg, store.Filter{Title: "Rule", Context: store.FilterEverywhere, Action: store.FilterWarn})
			if err != nil {
				return err
			}
			p, _ := s.alice.Has(s.t, s.bob.URL("/zzplain"))
			_, err = s.alice.FilterPost(bg, f.ID, p.ID)
			return err
		},
		late: map[string]string{"catch up": "mention direct boosted"},
	},
	{
		name: "mute with notices", gone: ofBob, set: func(s *street) error { return s.alice.Mute(bg, s.ids["bob"], 0, true) },
		but:  map[string]string{"messages": "direct secret", "API conversations": "direct secret"},
		late: map[string]string{"messages": "direct secret", "API conversations": "direct secret"},
	},
	{
		name: "mute without notices", gone: ofBob, set: func(s *street) error { return s.alice.Mute(bg, s.ids["bob"], 0, false) },
		but: map[string]string{
			"inbox": "mention direct like wild secret", "API notifications": "mention direct like wild secret", "API notifications v2": "mention direct like wild secret",
			"push": "mention direct like wild secret", "messages": "direct secret", "API conversations": "direct secret", "socket direct": "direct secret",
			"socket user": "mention direct like boosted wild secret", "events user": "mention direct like boosted wild secret",
		},
	},
	{name: "mute that is over", set: func(s *street) error { return s.alice.Mute(bg, s.ids["bob"], time.Second, true) }},
	{name: "mute of who is boosted", gone: "boosted", set: func(s *street) error { return s.alice.Mute(bg, s.ids["dora"], 0, true) }},
	{name: "block", gone: ofBob, public: ofBob, set: func(s *street) error { return s.alice.Block(bg, s.ids["bob"]) }},
	{name: "block of who is boosted", gone: "boosted", set: func(s *street) error { return s.alice.Block(bg, s.ids["dora"]) }},
	{
		// It ends the follow; what they still say to Alice is for her to read.
		name: "block by them",
		set: func(s *street) error {
			s.bob.Send(s.alice, s.bob.Activity("Block", s.alice.ActorURI()))
			s.c.Settle()
			return nil
		},
		but:  map[string]string{"home": "plain boosted", "catch up": "plain boosted", "list": "boosted", "API home": "plain boosted", "API list": "boosted", "socket list": "boosted"},
		late: map[string]string{"list": "boosted", "API list": "boosted"},
	},
	{name: "block of a server", gone: ofBob, public: ofBob, set: func(s *street) error { _, err := s.alice.BlockServer(bg, s.bob.Host); return err }},
	{name: "block of a server that is boosted", gone: "boosted", set: func(s *street) error { _, err := s.alice.BlockServer(bg, s.dora.Host); return err }},
	{name: "silence of a server of people followed", set: func(s *street) error { _, err := s.alice.SilenceServer(bg, s.bob.Host); return err }},
	// Whom the owner looks for is there, silenced or not.
	{
		name: "silence of a server that is boosted", gone: "boosted", set: func(s *street) error { _, err := s.alice.SilenceServer(bg, s.dora.Host); return err },
		but: lookedFor, late: lookedFor,
	},
	{
		name: "silence of a server of strangers", gone: "wild secret", public: "wild", set: func(s *street) error { _, err := s.alice.SilenceServer(bg, s.wild.Host); return err },
		but: lookedFor,
		// What was there before was told, and stays where it was told.
		late: merged(lookedFor, map[string]string{
			"inbox": told, "messages": "direct secret", "visitor's page": everybody, "API context, visitor": everybody, "replies for servers": everybody,
			"API notifications": told, "API notifications v2": told, "API conversations": "direct secret",
		}),
	},
	{
		name: "hidden conversation", set: func(s *street) error { _, err := s.alice.MuteThread(bg, s.question.ID); return err },
		but: map[string]string{
			"home": "plain direct boosted", "catch up": "plain direct boosted", "list": "plain boosted", "API home": "plain direct boosted", "API list": "plain boosted",
			"inbox": "direct secret", "API notifications": "direct secret", "API notifications v2": "direct secret", "push": "direct secret",
			"socket user": "plain direct boosted secret", "socket list": "plain boosted", "events user": "plain direct boosted secret",
		},
		late: map[string]string{"home": "plain direct boosted", "catch up": "plain direct boosted", "list": "plain boosted", "API home": "plain direct boosted", "API list": "plain boosted"},
	},
	{
		name: "boosts hidden", gone: "boosted",
		set: func(s *street) error {
			return s.alice.Choose(bg, s.ids["carol"], federation.FollowChoice{Boosts: new(bool)})
		},
		late: map[string]string{"search": "plain mention direct boosted wild secret", "API search": "plain mention direct boosted wild secret", "API public": "plain boosted"},
	},
	// What the owner looks for or opens is there, held back or not.
	{name: "strangers held back", set: func(s *street) error { return s.policy(store.NoticeHold) }, gone: "wild secret", public: "wild", but: heldBack, late: map[string]string{}, later: true},
	{
		name: "strangers not told", set: func(s *street) error { return s.policy(store.NoticeDrop) }, gone: "wild secret", later: true,
		but: merged(heldBack, map[string]string{"messages": "direct secret", "API conversations": "direct secret"}),
	},
	{name: "quarantine", set: func(s *street) error { return s.alice.SetQuarantine(bg, 7) }, gone: "wild secret", public: "wild", but: heldBack, later: true},
	{name: "quarantine for a wave", set: func(s *street) error { return s.alice.BeginWave(bg) }, gone: "wild secret", public: "wild", but: heldBack, late: heldBack},
}

var lookedFor = map[string]string{"search": "plain mention direct boosted wild secret", "API search": "plain mention direct boosted wild secret"}

var heldBack = map[string]string{
	"search": "plain mention direct boosted wild secret", "API search": "plain mention direct boosted wild secret", "thread": "mention wild", "API context": "mention wild",
}

func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// expects is what a place has under a rule.
func (r rule) expects(c column, exact map[string]string) string {
	name := c.name
	if name == "mail" {
		name = "push"
	}
	if text, ok := exact[name]; ok {
		return text
	}
	gone, covered := strings.Fields(r.gone), strings.Fields(r.covered)
	switch {
	case c.public:
		gone, covered = strings.Fields(r.public), nil
	case c.app && r.inApps != "":
		gone, covered = nil, strings.Fields(r.inApps)
	}
	var list []string
	for _, what := range strings.Fields(c.shows) {
		switch {
		case slices.Contains(gone, what):
		case slices.Contains(covered, what):
			list = append(list, "("+what+")")
		default:
			list = append(list, what)
		}
	}
	return strings.Join(list, " ")
}

// Filters, mutes, blocks, hidden conversations and what is held back hold in pages,
// in the client API, in streams and in push messages alike: for what comes after they
// were set, and, as far as it is for them, for what was there.
func TestRulesHoldEverywhere(t *testing.T) {
	for _, r := range rules {
		if r.name != "filter of a single post" {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				s := newStreet(t)
				must(t, r.set(s))
				s.c.Advance(2 * time.Second)
				s.happens()
				for _, c := range columns {
					if got, want := c.shown(s), r.expects(c, r.but); got != want {
						t.Errorf("%s has %q, want %q", c.name, got, want)
					}
				}
			})
		}
		if !r.later || r.name == "filter of a single post" {
			t.Run(r.name+", afterwards", func(t *testing.T) {
				t.Parallel()
				s := newStreet(t)
				s.happens()
				must(t, r.set(s))
				s.c.Advance(2 * time.Second)
				s.c.Settle()
				exact := r.late
				if exact == nil {
					exact = r.but
				}
				for _, c := range columns {
					if got, want := c.shown(s), r.expects(c, exact); got != want && !c.once {
						t.Errorf("%s has %q, want %q", c.name, got, want)
					}
				}
			})
		}
	}
}
