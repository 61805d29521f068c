package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	permissions "github.com/chromedp/cdproto/browser"
	apps "github.com/chromedp/cdproto/page"

	"dassie/federation/fedtest"
	"dassie/store"
)

// TestEachThingOfSettings: for whom new posts are, how long they are held, other keys,
// what a device needs to have the pages on its home screen and to share with them,
// and push, which tells no words unless that is wanted; with scripts and without, in
// one log-in.
func TestEachThingOfSettings(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", desktop) // skips where there is no browser
	for _, l := range widths(desktop, phone) {
		t.Run(l.name, func(t *testing.T) {
			s := newStreet(t, "alice", "bob")
			alice, bob := s.at("alice"), s.at("bob")
			bob.Follows(t, alice)
			bob.Post(t, store.Public, "The goat is back, @"+alice.Handle())
			alice.Follows(t, bob)
			bob.Post(t, store.Public, "Rye today")
			p := s.window("alice", l, false)
			for _, scripts := range []bool{false, true} {
				p.scripts(scripts)
				s.newPostsAreFor(p, alice, bob)
				s.heldFor5Seconds(p, alice, bob)
				p.otherKeysAre(scripts)
				p.onTheHomeScreen(alice)
				s.sharedByTheDevice(p)
			}
			s.pushIsAsked(p, alice)
		})
	}
}

// newPostsAreFor sets for whom new posts are, and whether apps cover their pictures.
func (s *street) newPostsAreFor(p *tab, of, follower *fedtest.Server) {
	s.t.Helper()
	p.open("/me/settings")
	p.choose("new_posts", "followers")
	p.touch("Pictures posted from apps are covered", "")
	p.press("Save settings")
	p.sees("Saved.")
	if set := of.Settings(); set.PostVisibility != store.Followers || !set.PostSensitive {
		s.t.Errorf("new posts are for %v, covered %v", set.PostVisibility, set.PostSensitive)
	}
	p.open("/me/write")
	if got := eval[string](p, `() => document.querySelector("[name=audience]:checked").value`); got != "followers" {
		s.t.Errorf("a new post is for %s", got)
	}
	p.sees("as soon as you press Post to your followers.")
	p.fill("text", "For those who follow")
	p.press("Post")
	p.sees("Posted.")
	s.Settle()
	if got, here := follower.Has(s.t, lastOf(s.t, of).URI); !here || got.Visibility != store.Followers {
		s.t.Errorf("the follower has %+v", got)
	}
	p.open("/me/settings")
	p.choose("new_posts", "everyone")
	p.touch("Pictures posted from apps are covered", "")
	p.press("Save settings")
	if set := of.Settings(); set.PostVisibility != store.Public || set.PostSensitive {
		s.t.Errorf("back again: for %v, covered %v", set.PostVisibility, set.PostSensitive)
	}
}

// heldFor5Seconds sets the shortest window, and none.
func (s *street) heldFor5Seconds(p *tab, from, to *fedtest.Server) {
	s.t.Helper()
	window := func(seconds string) {
		s.t.Helper()
		p.open("/me/settings")
		p.choose("undo", seconds)
		p.press("Save settings")
		p.sees("Saved.")
		p.open("/me/write")
	}
	had := len(to.Received("Create"))
	window("5")
	p.sees("5 seconds after you press Post", "You can change it until then.")
	p.fill("text", "Held for a moment")
	p.press("Post")
	p.sees("goes out in", "Undo")
	s.Settle()
	if n := len(to.Received("Create")); n != had {
		s.t.Errorf("%d Creates within the window", n-had)
	}
	s.Advance(6 * time.Second)
	s.Settle()
	if n := len(to.Received("Create")); n != had+1 {
		s.t.Errorf("%d Creates after the window", n-had)
	}
	window("0")
	p.sees("as soon as you press Post to everyone.")
	p.fill("text", "Gone at once")
	p.press("Post")
	p.sees("Posted.")
	s.Settle()
	if n := len(to.Received("Create")); n != had+2 {
		s.t.Errorf("%d Creates without a window", n-had-1)
	}
}

// otherKeysAre gives a key to something else: the form and the map work anywhere, the
// keys where scripts run.
func (p *tab) otherKeysAre(scripts bool) {
	p.t.Helper()
	p.open("/me/keys")
	p.fill("k-6a", "k")
	p.press("Save keys")
	p.sees("“Post before” has this key too.")
	p.fill("k-6a", "l")
	p.press("Save keys")
	p.sees("Saved.")
	if got := eval[string](p, `() => [...document.querySelectorAll("dl.keys div")].find(e => e.textContent.includes("Next post")).querySelector("kbd").textContent`); got != "l" {
		p.t.Errorf("the map has %q", got)
	}
	p.open("/me")
	if scripts {
		p.waitsForScript()
	}
	const atPost = `() => document.activeElement.matches("article")`
	p.types("j")
	if eval[bool](p, atPost) {
		p.t.Error("j still goes to the next post")
	}
	p.types("l")
	if scripts {
		p.waits("l goes to the next post", atPost)
	} else if eval[bool](p, atPost) {
		p.t.Error("a key does something without scripts")
	}
	p.open("/me/keys")
	p.press("Back to the usual keys")
	p.misses("Back to the usual keys")
}

// onTheHomeScreen reads the manifest as the browser does, and opens its icons.
func (p *tab) onTheHomeScreen(of *fedtest.Server) {
	p.t.Helper()
	p.open("/me")
	got := call(p, apps.GetAppManifest, apps.GetAppManifestParams{})
	if got.URL != p.site+"/manifest.webmanifest" || len(got.Errors) > 0 {
		p.t.Fatalf("the browser makes of %s: %+v", got.URL, got.Errors)
	}
	var m struct {
		Name  string `json:"name"`
		Start string `json:"start_url"`
		Icons []struct{ Src, Sizes, Type string }
	}
	if err := json.Unmarshal([]byte(got.Data), &m); err != nil || m.Start != "/me" || len(m.Icons) < 3 {
		p.t.Fatalf("%v: %s", err, got.Data)
	}
	for _, icon := range m.Icons {
		res := p.fetched(of, icon.Src)
		if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, icon.Type) {
			p.t.Errorf("%s is %s, not %s", icon.Src, kind, icon.Type)
		} else if icon.Type == "image/png" {
			if c, err := png.DecodeConfig(res.Body); err != nil || fmt.Sprintf("%dx%d", c.Width, c.Height) != icon.Sizes {
				p.t.Errorf("%s is not %s: %d x %d, %v", icon.Src, icon.Sizes, c.Width, c.Height, err)
			}
		}
		res.Body.Close()
	}
}

// fetched is what a server gives to somebody without cookies.
func (p *tab) fetched(of *fedtest.Server, path string) *http.Response {
	p.t.Helper()
	_, port, _ := strings.Cut(of.Host, ":")
	r, err := http.NewRequest("GET", "http://127.0.0.1:"+port+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Host = of.Host
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %v, %v", path, res, err)
	}
	return res
}

// sharing is a form like the one that a device fills in, made from the manifest.
const sharing = `text => {
	const target = JSON.parse(text).share_target, form = document.createElement("form")
	Object.assign(form, { id: "sharing", action: target.action, method: target.method, enctype: target.enctype })
	for (const name of ["title", "text", "url"]) {
		const field = form.appendChild(document.createElement("input"))
		field.name = target.params[name]
		field.value = { title: "Leeks", text: "All about leeks", url: "https://garden.example/leeks" }[name]
	}
	const file = form.appendChild(document.createElement("input"))
	file.type = "file"
	file.name = target.params.files[0].name
	form.appendChild(document.createElement("button")).textContent = "Share it"
	document.querySelector("main").prepend(form)
	return true
}`

// sharedByTheDevice gives a text and a picture to the share target, and a text by
// its address, as a bookmark does.
func (s *street) sharedByTheDevice(p *tab) {
	s.t.Helper()
	p.open("/me")
	manifest := call(p, apps.GetAppManifest, apps.GetAppManifestParams{}).Data
	eval[bool](p, sharing, manifest)
	file := filepath.Join(s.t.TempDir(), "leeks.png")
	drawPicture(s.t, file)
	p.upload("files", file)
	p.pressNear("Share it", "#sharing")
	text := `() => document.querySelector("textarea[name=text]").value`
	if got := eval[string](p, text); got != "Leeks\n\nAll about leeks\n\nhttps://garden.example/leeks" {
		s.t.Errorf("the post begins with %q", got)
	}
	p.sees("Added.", "1 of 4", "What can be seen?")
	if n := eval[int](p, `() => document.querySelectorAll("[name=media]").length`); n != 1 {
		s.t.Errorf("%d files", n)
	}
	p.open("/me/share?text=From+a+bookmark")
	if got := eval[string](p, text); got != "From a bookmark" {
		s.t.Errorf("by the address: %q", got)
	}
}

// pushIsAsked: without scripts it says what it takes; a browser that may not, or
// cannot, says so; one that is switched on is told no words, and the form then works
// without scripts.
func (s *street) pushIsAsked(p *tab, of *fedtest.Server) {
	s.t.Helper()
	p.scripts(false)
	p.open("/me/push")
	p.sees("Off.", "It takes our script, https, and a browser that can be told.")
	p.misses("Switch on")
	p.scripts(true)
	p.permits("notifications", permissions.PermissionSettingDenied)
	p.open("/me/push")
	p.waitsForScript()
	p.misses("It takes our script")
	p.touch("Switch on", "#this")
	p.waits("the refusal", `() => document.querySelector("#this .err.js")?.textContent.startsWith("Notices are not allowed for this site.")`)
	p.permits("notifications", permissions.PermissionSettingGranted)
	eval[bool](p, `() => { PushManager.prototype.subscribe = async () => { throw new Error("no push service") }; return true }`)
	p.touch("Switch on", "#this")
	p.waits("the trouble", `() => document.querySelector("#this .err.js")?.textContent === "This browser could not be switched on: no push service"`)
	told := func() []store.SessionPush {
		s.t.Helper()
		list, err := store.Get(context.Background(), of.Store(), (*store.Tx).SessionPushes)
		if err != nil {
			s.t.Fatal(err)
		}
		return list
	}
	if list := told(); len(list) != 0 {
		s.t.Errorf("it is told after all: %+v", list)
	}
	eval[bool](p, subscribing, newCarrier(s.t).url)
	p.press("Switch on")
	p.sees("Saved.", "On since", "push.localhost")
	if list := told(); len(list) != 1 || list[0].Words || !list[0].Alerts["mention"] {
		s.t.Errorf("switched on: %+v", list)
	}

	p.scripts(false)
	p.open("/me/push")
	if eval[bool](p, `() => document.querySelector("[name=words]").checked`) {
		s.t.Error("words are told unless somebody says otherwise")
	}
	p.touch("Show who and what", "#this")
	p.press("Save")
	p.sees("Saved.")
	if list := told(); len(list) != 1 || !list[0].Words {
		s.t.Errorf("with words: %+v", list)
	}
	p.press("Switch off")
	p.sees("Off.")
	if list := told(); len(list) != 0 {
		s.t.Errorf("switched off: %+v", list)
	}
}
