package browsertest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"dassie/store"
	"dassie/web/auth"
)

// night is a server whose owner was away: what waits for her is in its database
// before it is started.
type night struct {
	house
	dir, port string
}

// posted is how much each of the people she follows wrote; together 210 posts.
var posted = []int{40, 35, 30, 25, 20, 15, 12, 10, 8, 6, 5, 4}

// boosted is how many strangers' posts two of them boosted each.
const boosted = 45

// afterNight makes the server of nora, who was here thirteen hours ago.
func afterNight(t testing.TB) night {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	host := "nora.localhost:" + port
	n := night{house{"nora", host, "long enough for one night"}, t.TempDir(), port}
	hash, err := auth.HashPassword(context.Background(), n.password)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(-13 * time.Hour)
	st, err := store.Open(n.dir, store.Options{Create: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.CreateAccount(context.Background(), store.NewAccount{Name: "nora", Domain: host, PasswordHash: hash, Language: "en", Timezone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	f := &filling{}
	for _, fill := range []func(){f.evening, func() { now = time.Now(); f.night(now) }} {
		err := st.Write(context.Background(), func(tx *store.Tx) error {
			f.tx = tx
			fill()
			return f.err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// filling puts people and posts into a database; the first error stays.
type filling struct {
	tx     *store.Tx
	err    error
	people []int64
	count  int
}

func (f *filling) try(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *filling) somebody(name, host string) int64 {
	id, err := f.tx.EnsureHost(host)
	f.try(err)
	uri := "http://" + host + "/users/" + name
	a := store.Actor{URI: uri, HostID: id, Username: name, Domain: host, Name: strings.ToUpper(name[:1]) + name[1:], Kind: "Person", URL: uri, Inbox: uri + "/inbox", FetchedAt: f.tx.Now()}
	f.try(f.tx.SaveActor(&a))
	return a.ID
}

func (f *filling) post(author int64, at time.Time, text string, boostOf int64) int64 {
	f.count++
	p := store.Post{URI: fmt.Sprintf("http://friends.localhost:1/%d", f.count), ActorID: author, PublishedAt: at, BoostOf: boostOf, Language: "en", Likes: f.count % 17, Boosts: f.count % 5}
	if text != "" {
		p.Content = "<p>" + text + "</p>"
	}
	f.try(f.tx.InsertPost(&p))
	return p.ID
}

// evening is the last that Nora saw.
func (f *filling) evening() {
	for i := range posted {
		f.people = append(f.people, f.somebody(fmt.Sprintf("friend%02d", i+1), fmt.Sprintf("host%02d.localhost:1", i%4)))
	}
	last := f.post(f.people[0], f.tx.Now().Add(-time.Minute), "Good night, all of you.", 0)
	f.try(f.tx.AddHome(last, false))
	f.try(f.tx.SetMarker(store.MarkerHome, last))
}

func (f *filling) night(now time.Time) {
	minute := 0
	next := func() time.Time { minute += 2; return now.Add(-time.Duration(minute) * time.Minute) }
	left := append([]int(nil), posted...)
	for more := true; more; {
		more = false
		for i, author := range f.people {
			if left[i] == 0 {
				continue
			}
			left[i]--
			more = true
			words := fmt.Sprintf("Word %d from friend %d about the weather of this night, which was long and not without wind.", left[i]+1, i+1)
			f.try(f.tx.AddHome(f.post(author, next(), words, 0), false))
		}
	}
	stranger := f.somebody("stranger", "far.localhost:1")
	for i := range boosted {
		original := f.post(stranger, now.Add(-100*time.Hour-time.Duration(i)*time.Minute), fmt.Sprintf("Strange thing %d, which everybody boosts.", i+1), 0)
		for j := range 2 {
			f.try(f.tx.AddHome(f.post(f.people[(i+j)%len(f.people)], next(), "", original), false))
		}
	}
}

func (n night) serve(t testing.TB) *running {
	t.Helper()
	r := start(t, nil, "serve", "-data", n.dir, "-listen", "localhost:"+n.port)
	r.until("serving")
	return r
}

// TestMorning is the newcomer's journey 6: 300 rows, 90 of them boosts, read in one
// page that ends; with scripts and the keyboard alone, and without them.
func TestMorning(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", desktop) // skips before anything is started
	n := afterNight(t)
	n.serve(t)
	p := newTab(t, n.url(""), desktop)
	p.logIn(n.name, n.password)
	p.sees("255 new posts since", "Word 40 from friend 1 ")
	p.press("Where you were")
	p.sees("You were here", "boosted")
	t.Run("without scripts", func(*testing.T) { n.morningByLinks(p) })
	p.scripts(true)
	t.Run("with scripts", func(*testing.T) { n.morningByKeys(p) })
}

const line = `() => { const e = document.activeElement.closest(".brief") || document.querySelector(".brief:target"); const box = e && e.getBoundingClientRect(); return { ID: e ? e.id : "", Seen: !!e && box.top >= 0 && box.bottom <= innerHeight } }`

type lineSpot struct {
	ID   string
	Seen bool
}

// whole looks at the page of the night: everything once, and an end.
func (n night) whole(p *tab) {
	p.t.Helper()
	count := eval[[]int](p, `() => [document.querySelectorAll("section.author").length, document.querySelectorAll("section.author .brief").length, document.querySelectorAll("#boosted .brief").length, new Set([...document.querySelectorAll(".brief")].map(e => e.id)).size]`)
	if count[0] != 12 || count[1] != 210 || count[2] != boosted || count[3] != 210+boosted {
		p.t.Errorf("authors, posts, boosted posts, different posts: %v", count)
	}
	p.sees("255 posts since", "That is everything.", "Boosts 45", "45 boosted posts, each once")
}

func (n night) morningByLinks(p *tab) {
	p.press("Catch up")
	p.press("12 h")
	p.press("Group by author")
	n.whole(p)
	// Tab, Enter: past the frame. Tab, Enter: past the choices. Then the authors.
	keys := 0
	key := func(k string) { keys++; p.types(k) }
	for _, k := range []string{"\t", "\r", "\t", "\r", "\t", "\t", "\t", "\r"} {
		key(k)
	}
	third := eval[string](p, `() => document.querySelectorAll("section.author")[2].id`)
	if at := p.address(); !strings.HasSuffix(at, "#"+third) || keys > 10 {
		p.t.Fatalf("%d keys lead to %s, author 3 is %s", keys, at, third)
	}
	for range 2 {
		p.types("\t\t") // over the author's name, or the post that was read, to the next
		before := eval[lineSpot](p, line)
		p.load("Enter", chromedp.KeyEvent("\r"))
		p.sees("from friend 3 about the weather")
		p.pressNear("Catch up", "#main") // back
		if after := eval[lineSpot](p, line); after.ID != before.ID || !after.Seen {
			p.t.Errorf("left from %+v, back at %+v", before, after)
		}
	}
}

func (n night) morningByKeys(p *tab) {
	p.open("/me")
	p.turns("gc")
	p.turns("5") // 12 h
	p.turns("w") // by author
	n.whole(p)
	p.types("jjj") // seven keys in all
	third := eval[string](p, `() => document.querySelectorAll("section.author")[2].id`)
	if at := eval[string](p, `() => document.activeElement.id`); at != third {
		p.t.Fatalf("g c 5 w j j j lead to %q, author 3 is %q", at, third)
	}
	p.turns("o")
	p.sees("from friend 3 about the weather")
	p.turns("\x1b")
	p.waits("the line", `() => !!document.activeElement.closest(".brief")`)
	first := eval[lineSpot](p, line)
	p.types("\t")
	second := eval[lineSpot](p, line)
	if first.ID == "" || !first.Seen || second.ID == first.ID || second.ID == "" {
		p.t.Fatalf("back at %+v, then %+v", first, second)
	}
	p.load("Enter", chromedp.KeyEvent("\r"))
	p.sees("from friend 3 about the weather")
	p.turns("\x1b")
	p.waits("the line", `() => !!document.activeElement.closest(".brief")`)
	if back := eval[lineSpot](p, line); back.ID != second.ID || !back.Seen {
		p.t.Errorf("left from %+v, back at %+v", second, back)
	}
	p.types("jj")
	p.press("Mark all as read")
	p.sees("Nothing new since")
}

// TestServerGoesAndComes: Home says that it is cut off, moves nothing, and goes on
// by itself when the server is back. An open stream does not hold up its end.
func TestServerGoesAndComes(t *testing.T) {
	long(t)
	newTab(t, "about:blank", desktop)
	n := afterNight(t)
	r := n.serve(t)
	p := newTab(t, n.url(""), desktop)
	p.logIn(n.name, n.password)
	p.scripts(true)
	p.open("/me")
	p.waits("the stream", `async () => (await navigator.locks.query()).held.length === 1`)
	const top = `() => document.querySelector("#cards").getBoundingClientRect().top`
	before := eval[float64](p, top)
	began := time.Now()
	r.stop()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("with a stream open the server ends after %v", took)
	}
	p.waits("the words", `() => /Not connected\. Last update \d\d:\d\d\./.test(document.querySelector("#news").textContent)`)
	if after := eval[float64](p, top); after != before {
		t.Errorf("the cards moved from %v to %v", before, after)
	}
	n.serve(t)
	p.waits("connected again", `() => !document.querySelector(".offline")`)
}
