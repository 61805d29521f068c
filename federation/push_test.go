package federation_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/federation/webpush"
	"dassie/store"
	"dassie/web/reply"
)

// pushService is a push service and the app behind it: it takes messages as RFC 8030
// has it, and reads them.
type pushService struct {
	t    *testing.T
	url  string
	key  *ecdh.PrivateKey
	auth []byte

	mu     sync.Mutex
	status int // of its answers; 0 is 201
	asked  int
	got    []map[string]any
	poison string // what it never takes
}

func newPushService(t *testing.T) *pushService {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := &pushService{t: t, url: "http://push.localhost:" + port + "/send/phone", auth: make([]byte, 16)}
	rand.Read(p.auth)
	if p.key, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: p}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return p
}

func (p *pushService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.status != 0 {
		w.WriteHeader(p.status)
		return
	}
	if r.Method != http.MethodPost || r.Header.Get("TTL") != "172800" {
		p.t.Errorf("%s with %v", r.Method, r.Header)
	}
	plain, err := p.decrypt(r.Header, body)
	if err != nil {
		p.t.Errorf("cannot read a message with %v: %v", r.Header, err)
	}
	told := map[string]any{"encoding": r.Header.Get("Content-Encoding")}
	dec := json.NewDecoder(strings.NewReader(string(plain)))
	dec.UseNumber()
	if err := dec.Decode(&told); err != nil {
		p.t.Errorf("%s: %v", plain, err)
	}
	if p.poison != "" && strings.Contains(string(plain), p.poison) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	p.got = append(p.got, told)
	w.WriteHeader(http.StatusCreated)
}

// decrypt is RFC 8291 and its draft from the other side.
func (p *pushService) decrypt(h http.Header, body []byte) ([]byte, error) {
	var salt, theirs []byte
	ours := string(p.key.PublicKey().Bytes())
	standard := h.Get("Content-Encoding") == "aes128gcm"
	if standard {
		if len(body) < 86 || binary.BigEndian.Uint32(body[16:]) != 4096 || body[20] != 65 || !strings.HasPrefix(h.Get("Authorization"), "vapid t=") {
			return nil, errors.New("no message of RFC 8291")
		}
		salt, theirs, body = body[:16], body[21:86], body[86:]
	} else {
		dh, signer, _ := strings.Cut(h.Get("Crypto-Key"), ";")
		if !strings.HasPrefix(signer, "p256ecdsa=") || !strings.HasPrefix(h.Get("Authorization"), "WebPush ") {
			return nil, errors.New("no message of the draft")
		}
		salt, _ = base64.RawURLEncoding.DecodeString(strings.TrimPrefix(h.Get("Encryption"), "salt="))
		theirs, _ = base64.RawURLEncoding.DecodeString(strings.TrimPrefix(dh, "dh="))
	}
	sender, err := ecdh.P256().NewPublicKey(theirs)
	if err != nil {
		return nil, err
	}
	secret, err := p.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info, keyInfo, nonceInfo := "WebPush: info\x00"+ours+string(theirs), "Content-Encoding: aes128gcm\x00", "Content-Encoding: nonce\x00"
	if !standard {
		context := "P-256\x00\x00\x41" + ours + "\x00\x41" + string(theirs)
		info, keyInfo, nonceInfo = "Content-Encoding: auth\x00", "Content-Encoding: aesgcm\x00"+context, nonceInfo+context
	}
	ikm, _ := hkdf.Key(sha256.New, secret, p.auth, info, 32)
	key, _ := hkdf.Key(sha256.New, ikm, salt, keyInfo, 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, nonceInfo, 12)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, body, nil)
	if err != nil {
		return nil, err
	}
	if standard {
		return []byte(strings.TrimSuffix(string(plain), "\x02")), nil
	}
	return plain[2:], nil
}

// told hands out what came since it was asked last.
func (p *pushService) told() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.got
	p.got = nil
	return list
}

func (p *pushService) answer(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.asked = status, 0
}

// refuse makes it fail for good at messages with a word.
func (p *pushService) refuse(word string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.poison = word
}

func (p *pushService) wish(standard bool, policy string, kinds ...string) federation.PushWish {
	w := federation.PushWish{
		Endpoint: p.url, Standard: standard, Policy: policy, Alerts: map[string]bool{},
		P256DH: base64.URLEncoding.EncodeToString(p.key.PublicKey().Bytes()), Auth: base64.StdEncoding.EncodeToString(p.auth),
	}
	for _, kind := range kinds {
		w.Alerts[kind] = true
	}
	return w
}

// phone is an app of alice's, with a token.
func phone(t *testing.T, alice *fedtest.Server, name string) int64 {
	t.Helper()
	k := store.Token{Hash: []byte(name), Scopes: "read push"}
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		app := store.App{ClientID: name, Name: name}
		if err := tx.AddApp(&app); err != nil {
			return err
		}
		k.AppID = app.ID
		return tx.AddToken(&k)
	}); err != nil {
		t.Fatal(err)
	}
	return k.ID
}

func subscribe(t *testing.T, alice *fedtest.Server, token int64, w federation.PushWish) store.PushSubscription {
	t.Helper()
	p, err := alice.SubscribePush(ctx(), token, w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// An app on a phone is told what happened, in either encoding, and by nobody else to
// be read.
func TestAPhoneIsTold(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	modern, old := newPushService(t), newPushService(t)
	one, two := phone(t, alice, "Modern"), phone(t, alice, "Old")
	subscribe(t, alice, one, modern.wish(true, "", "mention", "follow"))
	subscribe(t, alice, two, old.wish(false, federation.PushAll, "mention", "favourite"))
	alice.SeenToken(one, "the token as the app has it")
	bob.Follows(t, alice)
	bob.Post(t, store.Direct, "Lunch, @"+alice.Handle()+"? <b>& more</b> "+strings.Repeat("long ", 60))
	c.Settle()

	list := modern.told()
	if len(list) != 2 {
		t.Fatalf("the modern app was told %v", list)
	}
	if f := list[0]; f["notification_type"] != "follow" || f["title"] != "bob is now following you" || f["encoding"] != "aes128gcm" || f["body"] != "" {
		t.Errorf("%v", f)
	}
	m := list[1]
	body, _ := m["body"].(string)
	if m["title"] != "bob mentioned you" || !strings.HasPrefix(body, "Lunch, @") || strings.Contains(body, "&amp;") || len([]rune(body)) > 141 || !strings.HasSuffix(body, "…") {
		t.Errorf("%v", m)
	}
	note := notices(t, alice, "mention")[0]
	if id, _ := m["notification_id"].(json.Number); id.String() == "" || note.ID == 0 || id.String() != json.Number(jsonOf(t, note.ID)).String() {
		t.Errorf("notification_id %v of %d", m["notification_id"], note.ID)
	}
	icon, _ := m["icon"].(string)
	if m["access_token"] != "the token as the app has it" || m["preferred_locale"] != "en" || !strings.HasPrefix(icon, "http://"+alice.Host+"/") {
		t.Errorf("%v", m)
	}
	list = old.told()
	if len(list) != 1 || list[0]["notification_type"] != "mention" || list[0]["encoding"] != "aesgcm" || list[0]["access_token"] != "" {
		t.Errorf("the old app was told %v", list)
	}
	if strings.Contains(alice.Disk(t), "the token as the app has it") {
		t.Error("a token is on the disk")
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A content warning stands for what it hides, there too.
func TestAPhoneIsToldTheWarningAlone(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	svc := newPushService(t)
	subscribe(t, alice, phone(t, alice, "Phone"), svc.wish(true, "", "mention"))
	bob.Follows(t, alice)
	if _, err := bob.Publish(ctx(), federation.Draft{Text: "@" + alice.Handle() + " he dies", Summary: "the end of the book"}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if list := svc.told(); len(list) != 1 || list[0]["body"] != "the end of the book" {
		t.Errorf("told %v", list)
	}
}

func TestWhoseNotificationsArePushed(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	carol.Follows(t, alice)
	token := phone(t, alice, "Phone")
	svc := newPushService(t)
	for _, row := range [][2]string{
		{federation.PushAll, "bob carol"}, {federation.PushFollowed, "bob"}, {federation.PushFollower, "carol"}, {federation.PushNone, ""},
	} {
		policy, want := row[0], row[1]
		subscribe(t, alice, token, svc.wish(true, policy, "mention"))
		bob.Post(t, store.Public, "Hello @"+alice.Handle())
		c.Settle()
		carol.Post(t, store.Public, "Hello @"+alice.Handle())
		c.Settle()
		var who []string
		for _, m := range svc.told() {
			who = append(who, strings.TrimSuffix(m["title"].(string), " mentioned you"))
		}
		if got := strings.Join(who, " "); got != want {
			t.Errorf("%s: told of %q", policy, got)
		}
	}
	p, err := alice.ChangePush(ctx(), token, federation.PushWish{Alerts: map[string]bool{"favourite": true}})
	if err != nil || p.Policy != federation.PushNone || p.Alerts["mention"] || !p.Alerts["favourite"] || p.Endpoint != svc.url {
		t.Errorf("changed to %+v, %v", p, err)
	}
}

// RFC 8030 7.3: a subscription that is over is forgotten; a push service that has
// trouble is asked again.
func TestPushSubscriptionsThatAreOver(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	token := phone(t, alice, "Phone")
	svc := newPushService(t)
	has := func() bool {
		_, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.PushSubscription, error) { return tx.Push(token) })
		return err == nil
	}
	for status, ends := range map[int]bool{404: true, 410: true, 400: false, 403: false, 413: false} {
		subscribe(t, alice, token, svc.wish(true, "", "mention"))
		svc.answer(status)
		bob.Post(t, store.Public, "Hello @"+alice.Handle())
		c.SettleFor(time.Hour, 10*time.Minute)
		if has() == ends || svc.asked != 1 {
			t.Errorf("after %d: subscribed %t, asked %d times", status, has(), svc.asked)
		}
	}
	for _, status := range []int{429, 500, 503} {
		subscribe(t, alice, token, svc.wish(true, "", "mention"))
		svc.answer(status)
		bob.Post(t, store.Public, "Hello @"+alice.Handle())
		c.Settle()
		svc.answer(0)
		c.SettleFor(6*time.Hour, 30*time.Minute)
		if list := svc.told(); len(list) != 1 || !has() {
			t.Errorf("after %d: told %v", status, list)
		}
	}
	svc.answer(503)
	bob.Post(t, store.Public, "Stale, @"+alice.Handle())
	c.Settle()
	svc.answer(0)
	c.Advance(49 * time.Hour)
	c.Settle()
	if list := svc.told(); len(list) != 0 {
		t.Errorf("told after two days: %v", list)
	}
}

// A push service that is down for hours gets everything when it is back, what came
// last as soon as the next try; and a message that it never takes holds up no other.
func TestPushMessagesOutlastTheirService(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	svc := newPushService(t)
	subscribe(t, alice, phone(t, alice, "Phone"), svc.wish(true, "", "mention"))
	svc.answer(503)
	for i := range 6 { // over nine hours
		bob.Post(t, store.Public, fmt.Sprintf("Word %d for @%s", i, alice.Handle()))
		c.Settle()
		c.SettleFor(90*time.Minute, 10*time.Minute)
	}
	tries := svc.asked
	svc.answer(0)
	c.SettleFor(40*time.Minute, 10*time.Minute)
	list := svc.told()
	words := map[string]bool{}
	for _, m := range list {
		words[m["body"].(string)] = true
	}
	if len(list) != 6 || len(words) != 6 {
		t.Errorf("%d messages of 6 came, %d different: %v", len(list), len(words), list)
	}
	if tries > 100 {
		t.Errorf("asked %d times while it was down", tries)
	}
	if _, dead, err := jobsOf(alice); err != nil || dead != 0 {
		t.Errorf("%d jobs were set aside, %v", dead, err)
	}

	svc.refuse("poison")
	bob.Post(t, store.Public, "The poison for @"+alice.Handle())
	c.SettleFor(2*time.Hour, 10*time.Minute)
	for i := range 3 {
		bob.Post(t, store.Public, fmt.Sprintf("Later %d for @%s", i, alice.Handle()))
		c.Settle()
		if list := svc.told(); len(list) != 1 {
			t.Errorf("behind one that is not taken %d came at once", len(list))
		}
		c.SettleFor(time.Hour, 10*time.Minute)
	}
	c.Advance(49 * time.Hour)
	c.SettleFor(time.Hour, 10*time.Minute)
	if waiting, dead, err := jobsOf(alice); err != nil || dead != 0 || waiting != 0 {
		t.Errorf("after two days %d wait and %d were set aside, %v", waiting, dead, err)
	}
}

// jobsOf counts the push messages that wait and those set aside.
func jobsOf(at *fedtest.Server) (waiting, dead int, err error) {
	_, err = store.Get(ctx(), at.Store(), func(tx *store.Tx) (struct{}, error) {
		var err error
		waiting, dead, err = tx.CountJobs()
		return struct{}{}, err
	})
	return waiting, dead, err
}

// T51: nothing goes to an app whose token was revoked, not even what waited.
func TestT51_ARevokedAppIsToldNothing(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	token := phone(t, alice, "Phone")
	svc := newPushService(t)
	subscribe(t, alice, token, svc.wish(true, "", "mention"))
	svc.answer(503)
	bob.Post(t, store.Public, "Hello @"+alice.Handle())
	c.Settle()
	svc.answer(0)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { _, err := tx.DropToken(token); return err }); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(6*time.Hour, time.Hour)
	bob.Post(t, store.Public, "Hello again @"+alice.Handle())
	c.Settle()
	if svc.asked != 0 {
		t.Errorf("asked %d times, told %v", svc.asked, svc.told())
	}
	if err := alice.EndPush(ctx(), token); err != nil {
		t.Errorf("ending what is over: %v", err)
	}
}

func TestPushSubscriptionsThatAreNone(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	token := phone(t, alice, "Phone")
	svc := newPushService(t)
	for what, change := range map[string]func(*federation.PushWish){
		"no address":      func(w *federation.PushWish) { w.Endpoint = "" },
		"no url":          func(w *federation.PushWish) { w.Endpoint = "not a url" },
		"a script":        func(w *federation.PushWish) { w.Endpoint = "javascript:alert(1)" },
		"a long address":  func(w *federation.PushWish) { w.Endpoint += strings.Repeat("x", 3000) },
		"another network": func(w *federation.PushWish) { w.Endpoint = "file:///etc/passwd" },
		"no key":          func(w *federation.PushWish) { w.P256DH = "" },
		"a bad key":       func(w *federation.PushWish) { w.P256DH = "AAAA" },
		"no secret":       func(w *federation.PushWish) { w.Auth = "" },
		"no base64":       func(w *federation.PushWish) { w.Auth = "§§§" },
		"a policy":        func(w *federation.PushWish) { w.Policy = "some" },
	} {
		w := svc.wish(true, "", "mention")
		change(&w)
		if _, err := alice.SubscribePush(ctx(), token, w); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := alice.ChangePush(ctx(), token, federation.PushWish{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("changing none: %v", err)
	}
	first := subscribe(t, alice, token, svc.wish(true, "", "mention"))
	if again := subscribe(t, alice, token, svc.wish(false, "", "poll")); again.ID != first.ID {
		t.Errorf("asked twice: %d, then %d", first.ID, again.ID)
	}
	if key, err := webpush.Decode(alice.PushKey()); err != nil || len(key) != 65 {
		t.Errorf("server key %q", alice.PushKey())
	}
	before := alice.PushKey()
	if alice.Restart(t); alice.PushKey() != before {
		t.Error("another key after a restart")
	}
}
