package browsertest

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take, and news from one server to another.
const patience = 20 * time.Second

var browser struct {
	once  sync.Once
	ctx   context.Context
	close func()
	err   error
}

func closeBrowser() {
	if browser.close != nil {
		browser.close()
	}
}

// findChromium returns its path, "" if there is none.
func findChromium() string {
	for _, name := range []string{os.Getenv("CHROME"), "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

func openBrowser(path string) {
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(scratch + "/chromium")}
	for _, flag := range []string{"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, endBrowser := chromedp.NewContext(ctx)
	browser.ctx, browser.close = ctx, func() { endBrowser(); end() }
	browser.err = chromedp.Do(ctx)
}

// look is how a page is looked at: CSS pixels, dots per pixel, dark or light.
type look struct {
	name          string
	width, height int64
	scale         float64
	dark          bool
	forced        bool // the system's own colours in the place of ours
}

var (
	desktop = look{"desktop", 1280, 900, 1, false, false}
	phone   = look{"phone", 390, 844, 2, false, false}
)

// widths is all of a list with DASSIE_WIDTHS=all, and its first entry without: each
// page is looked at in all of them elsewhere, and what people do is the same.
func widths(all ...look) []look {
	if os.Getenv("DASSIE_WIDTHS") != "all" {
		return all[:1]
	}
	return all
}

// long skips what takes its time but with DASSIE_LONG: a first post, a visitor, set-up
// and https are walked through without it, everything else with it.
func long(t testing.TB) {
	t.Helper()
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 walks every way through the pages")
	}
}

// tab is one person's window: cookies of its own, and no scripts unless they are switched on.
type tab struct {
	t      testing.TB
	ctx    context.Context
	site   string            // origin of the server that paths are on
	status int64             // of the last page
	header map[string]string // of the last page, names in small letters

	mu      sync.Mutex
	foreign []string          // what was asked of hosts that are not ours
	page    network.RequestID // of the document that is shown
	worker  serviceworker.RegistrationID
}

// newTab opens a window on a site. Without a browser the test is skipped.
func newTab(t testing.TB, site string, l look) *tab {
	t.Helper()
	path := findChromium()
	switch {
	case path == "" && os.Getenv("DASSIE_CHROMIUM") == "required":
		t.Fatal("DASSIE_CHROMIUM=required, but there is no Chromium; CHROME names another one")
	case path == "":
		t.Skip("there is no Chromium to test with; CHROME names one")
	}
	browser.once.Do(func() { openBrowser(path) })
	if browser.err != nil {
		t.Fatal(browser.err)
	}
	p := &tab{t: t, site: site}
	ctx, end := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.note))
	t.Cleanup(end)
	p.ctx = ctx
	if err := chromedp.Do(ctx); err != nil { // opens it; with a time limit it would close again at its end
		t.Fatal(err)
	}
	call(p, network.Enable, network.EnableParams{})
	p.scripts(false)
	p.wear(l)
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.foreign) > 0 {
			t.Errorf("the browser was sent elsewhere: %v", p.foreign)
		}
	})
	return p
}

// scripts lets the pages that are opened from now on run their script, or not.
func (p *tab) scripts(run bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
}

func (p *tab) note(event any) {
	if e, ok := event.(*serviceworker.EventWorkerRegistrationUpdated); ok && len(e.Registrations) > 0 {
		p.mu.Lock()
		p.worker = e.Registrations[len(e.Registrations)-1].RegistrationID
		p.mu.Unlock()
	}
	e, ok := event.(*network.EventRequestWillBeSent)
	if !ok {
		return
	}
	if e.Type == network.ResourceTypeDocument {
		p.mu.Lock()
		p.page = e.RequestID
		p.mu.Unlock()
	}
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return
	}
	// A link may lead to a neighbour of the test; what a page loads is its own server's.
	page, err := url.Parse(e.DocumentURL)
	borrowed := err == nil && e.Type != network.ResourceTypeDocument && u.Host != page.Host
	if borrowed || u.Hostname() != "localhost" && !strings.HasSuffix(u.Hostname(), ".localhost") {
		p.mu.Lock()
		p.foreign = append(p.foreign, e.Request.URL)
		p.mu.Unlock()
	}
}

func (p *tab) wear(l look) {
	p.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: l.scale, Mobile: l.scale > 1})
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "forced-colors", Value: "none"}}
	if l.forced {
		features[1].Value = "active"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

// run does one thing in a window, within the time that a page may take.
func run[T any](p *tab, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

func call[P, R any](p *tab, cmd cdp.Command[P, R], params P) R {
	p.t.Helper()
	return run(p, func(ctx context.Context, _ *chromedp.Target) (R, error) { return chromedp.Call(ctx, cmd, params) })
}

// load does what leads to another page, and waits for it.
func (p *tab) load(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, actions...)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", what, err, p.text())
	}
	p.status, p.header = res.Status, map[string]string{}
	for name, value := range res.Headers {
		p.header[strings.ToLower(name)], _ = value.(string)
	}
}

// open types a path, or a whole address, into the address bar.
func (p *tab) open(path string) {
	p.t.Helper()
	if !strings.Contains(path, "://") {
		path = p.site + path
	}
	p.load("open "+path, chromedp.Navigate(path))
}

// source is the page as the server sent it.
func (p *tab) source() string {
	p.t.Helper()
	p.mu.Lock()
	id := p.page
	p.mu.Unlock()
	return string(call(p, network.GetResponseBody, network.GetResponseBodyParams{RequestID: id}).Body)
}

// eval asks the page through the inspector, which works without scripts.
func eval[T any](p *tab, script string, args ...any) T {
	p.t.Helper()
	list := make([]string, len(args))
	for i, a := range args {
		b, err := json.Marshal(a)
		if err != nil {
			p.t.Fatal(err)
		}
		list[i] = string(b)
	}
	return run(p, chromedp.Evaluate[T]("("+script+")("+strings.Join(list, ",")+")"))
}

// text is what can be read on the page now; what is closed cannot.
func (p *tab) text() string {
	p.t.Helper()
	return eval[string](p, `() => document.body.innerText.replace(/\s+/g, " ")`)
}

func (p *tab) address() string {
	p.t.Helper()
	return eval[string](p, `() => location.href`)
}

func (p *tab) sees(words ...string) {
	p.t.Helper()
	text := p.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.t.Fatalf("%s: %q cannot be read:\n%s", p.address(), w, text)
		}
	}
}

func (p *tab) misses(words ...string) {
	p.t.Helper()
	text := p.text()
	for _, w := range words {
		if strings.Contains(text, w) {
			p.t.Fatalf("%s: %q can be read:\n%s", p.address(), w, text)
		}
	}
}

// awaits loads a page again until ok, as somebody does who expects news.
func (p *tab) awaits(path, what string, ok func(text string) bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; {
		p.open(path)
		text := p.text()
		if ok(text) {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s: not after %v: %s\n%s", path, patience, what, text)
		}
		run(p, chromedp.Sleep(100*time.Millisecond))
	}
}

func (p *tab) awaitsText(path, words string) {
	p.t.Helper()
	p.awaits(path, words, func(text string) bool { return strings.Contains(text, words) })
}

func (p *tab) awaitsNo(path, words string) {
	p.t.Helper()
	p.awaits(path, "no "+words, func(text string) bool { return !strings.Contains(text, words) })
}
