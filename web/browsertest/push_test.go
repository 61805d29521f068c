package browsertest

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	permissions "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// carrier is a push service that counts what it is given.
type carrier struct {
	url   string
	taken atomic.Int32
}

func newCarrier(t testing.TB) *carrier {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c := &carrier{url: "http://push.localhost:" + port + "/to/alice"}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") {
			t.Errorf("given %v", r.Header)
		}
		c.taken.Add(1)
		w.WriteHeader(http.StatusCreated)
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return c
}

// subscribing stands in for the browser's own push service, which a test cannot reach.
const subscribing = `url => {
	PushManager.prototype.subscribe = async options => {
		if (!options.userVisibleOnly || options.applicationServerKey.length < 80) throw new Error("not asked as it should be")
		return { toJSON: () => ({ endpoint: url, keys: { p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", auth: "BTBZMqHH6r4Tts7J_aSIgg" } }) }
	}
	return true
}`

const (
	workers = `async () => (await navigator.serviceWorker.getRegistrations()).length`
	keeps   = `async () => !!await caches.match("/me/offline")`
	nothing = `async () => !(await navigator.serviceWorker.getRegistrations()).length && !(await caches.keys()).length`
)

// TestPush is Alice's browser: it is told, keeps Home, and forgets all of it when she
// logs out, or when the session is ended from elsewhere.
func TestPush(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", desktop) // skips before the demo is started
	houses, program := demoProgram(t)
	alice, bob := houses["alice"], houses["bob"]
	visitor := newTab(t, alice.url(""), desktop)
	visitor.scripts(true)
	visitor.open("/@alice")
	if visitor.asks(workers) {
		t.Error("a visitor has a service worker")
	}

	p := newTab(t, alice.url(""), phone)
	p.logIn("alice", alice.password)
	p.open("/me/push")
	p.sees("Off.", "home screen") // without scripts
	p.misses("Switch on")
	p.scripts(true)
	p.open("/me/push")
	p.waitsForScript()
	if p.asks(workers) {
		t.Error("a worker that nobody asked for")
	}
	p.allow("notifications")
	svc := newCarrier(t)
	eval[bool](p, subscribing, svc.url)
	p.press("Switch on")
	p.sees("Saved.", "On since", "push.localhost")
	p.press("Send a test")
	p.sees("Sent.")
	if n := svc.taken.Load(); n != 1 {
		t.Errorf("the push service was given %d messages", n)
	}
	b := newTab(t, bob.url(""), desktop)
	b.logIn("bob", bob.password)
	b.open("/me/write")
	b.fill("text", "Are you awake, "+alice.handle()+"?")
	b.press("Post")
	p.awaits("/me/push", "a second message", func(string) bool { return svc.taken.Load() == 2 })

	call(p, serviceworker.Enable, cdp.Empty{})
	p.waits("the worker", workers)
	const shown = `async () => (await (await navigator.serviceWorker.ready).getNotifications()).some(n => n.title === "New mention" && n.data === "/me/inbox" && !n.body)`
	for end := time.Now().Add(patience); ; { // a browser may forget what it is asked about while it shows it
		p.delivered(`{"title":"New mention","tag":"mention","path":"/me/inbox"}`)
		run(p, chromedp.Sleep(500*time.Millisecond))
		if p.asks(shown) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the notice is not shown")
		}
	}

	keep := func() {
		t.Helper()
		p.open("/me/push")
		p.waits("the switch", `() => !document.querySelector("#offline").hidden`)
		p.touch("Keep the last 50", "#offline")
		p.waits("what is kept", keeps)
	}
	keep()
	p.open("/me/more")
	p.pressNear("Log out", "#main")
	p.waits("nothing is left after the log-out", nothing)

	p.logIn("alice", alice.password)
	keep()
	other := newTab(t, alice.url(""), desktop)
	other.logIn("alice", alice.password)
	other.open("/me/security/others")
	other.press("End them")
	p.open("/me")
	p.sees("Log in")
	p.waits("nothing is left after the session was ended", nothing)

	p.logIn("alice", alice.password)
	keep()
	p.open("/me")
	program.stop()
	p.open("/me/inbox")
	p.sees("Not connected", "Rye today")
	if color := eval[string](p, `() => getComputedStyle(document.body).fontFamily`); !strings.Contains(color, "system-ui") {
		t.Errorf("without its style: %s", color)
	}
}

func (p *tab) allow(name string) {
	p.t.Helper()
	p.permits(name, permissions.PermissionSettingGranted)
}

// permits answers in the place of the person whom the browser would ask.
func (p *tab) permits(name string, answer permissions.PermissionSetting) {
	p.t.Helper()
	info := call(p, target.GetTargetInfo, target.GetTargetInfoParams{}).TargetInfo
	call(p, permissions.SetPermission, permissions.SetPermissionParams{
		Permission: &permissions.PermissionDescriptor{Name: name}, Setting: answer, Origin: p.site, BrowserContextID: info.BrowserContextID,
	})
}

// delivered gives the worker a message as the browser's push service would.
func (p *tab) delivered(data string) {
	p.t.Helper()
	var id serviceworker.RegistrationID
	for end := time.Now().Add(patience); id == ""; run(p, chromedp.Sleep(20*time.Millisecond)) {
		p.mu.Lock()
		id = p.worker
		p.mu.Unlock()
		if time.Now().After(end) {
			p.t.Fatal("there is no worker to be told")
		}
	}
	call(p, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: p.site, RegistrationID: id, Data: data})
}
