package federation_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/auth"
)

const mailbox = "alice.private@mail.example"

// mentions makes a stranger mention somebody, in public or in private.
func mentions(c *fedtest.Cluster, from *fedtest.Stranger, to *fedtest.Server, path, text string, private bool) {
	note := from.Note(path, "<p>"+text+"</p>")
	note["tag"] = []any{map[string]any{"type": "Mention", "href": to.ActorURI()}}
	if private {
		note["to"], note["cc"] = []any{to.ActorURI()}, []any{}
	}
	create := from.Activity("Create", note)
	create["to"], create["cc"] = note["to"], note["cc"]
	from.Send(to, create)
	c.Settle()
}

// passes lets time pass, and everything happen that is due then.
func passes(c *fedtest.Cluster, d time.Duration) {
	c.Advance(d)
	c.Settle()
}

func subjects(list []fedtest.Letter) (all []string) {
	for _, l := range list {
		all = append(all, l.Subject)
	}
	return all
}

func mailOf(t *testing.T, s *fedtest.Server) store.Mail {
	t.Helper()
	m, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (store.Mail, error) { return tx.Mail() })
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func choose(t *testing.T, s *fedtest.Server, change func(*federation.MailChoice)) {
	t.Helper()
	m := mailOf(t, s)
	c := federation.MailChoice{When: map[string]store.MailWhen{}, Hour: m.Hour, Always: m.Always, PrivateText: m.PrivateText}
	change(&c)
	if err := s.ChooseMail(ctx(), c); err != nil {
		t.Fatal(err)
	}
}

// A flood is one letter, and there are four an hour at most.
func TestAFloodIsOneLetter(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, mailbox)
	const many = 500
	for i := range many {
		note := bob.Note(fmt.Sprint("/", i), "<p>flood</p>")
		note["tag"] = []any{map[string]any{"type": "Mention", "href": alice.ActorURI()}}
		bob.Send(alice, bob.Activity("Create", note))
		if i%50 == 0 {
			c.Settle()
		}
	}
	c.Settle()
	passes(c, time.Minute)
	list := alice.Letters()
	if len(list) != 1 || list[0].Subject != "500 mentions" || len(list[0].Events) != 30 || list[0].More != 470 {
		t.Fatalf("%d letters: %v", len(list), subjects(list))
	}
	for i := range 60 {
		mentions(c, bob, alice, fmt.Sprint("/more", i), "more", false)
		passes(c, time.Minute)
	}
	if list = alice.Letters(); len(list) > 4 || len(list) < 3 {
		t.Errorf("%d letters within an hour: %v", len(list), subjects(list))
	}
}

// Each kind is mailed at once, in the digest at its hour, or not at all, as was chosen.
func TestEachKindOfMailIsChosen(t *testing.T) {
	for when, want := range map[store.MailWhen]string{store.MailNow: "at once", store.MailDigest: "digest", store.MailOff: ""} {
		c := fedtest.New(t, "alice") // at noon
		alice, bob := c.Servers[0], c.Stranger("bob")
		alice.Lock(t, true)
		alice.Proves(t, mailbox)
		choose(t, alice, func(c *federation.MailChoice) {
			c.Hour = 18
			for kind := range store.MailUsual {
				c.When[kind] = when
			}
		})
		p := alice.Post(t, store.Public, "Hello.")
		bob.Send(alice, bob.Activity("Follow", alice.ActorURI()))
		bob.Send(alice, bob.Activity("Like", p.URI))
		bob.Send(alice, bob.Activity("Announce", p.URI))
		mentions(c, bob, alice, "/1", "Hello, Alice.", false)
		mentions(c, bob, alice, "/2", "The secret word.", true)
		passes(c, time.Minute)
		list := alice.Letters()
		if now := len(list) == 1; now != (want == "at once") {
			t.Fatalf("%s: at once %v", when, subjects(list))
		}
		passes(c, 5*time.Hour)
		if more := alice.Letters(); len(more) > 0 {
			t.Errorf("%s: before the hour: %v", when, subjects(more))
		}
		passes(c, 2*time.Hour)
		more := alice.Letters()
		if later := len(more) == 1; later != (want == "digest") {
			t.Fatalf("%s: in the digest %v", when, subjects(more))
		}
		passes(c, 48*time.Hour)
		if again := alice.Letters(); len(again) > 0 {
			t.Errorf("%s: told twice: %v", when, subjects(again))
		}
		if list = append(list, more...); len(list) == 0 {
			continue
		}
		if !strings.Contains(list[0].Subject, "1 mention, 1 private message, 1 follow request, 1 like and 1 boost") {
			t.Errorf("%s: %s", when, list[0].Subject)
		}
		text := fmt.Sprint(list)
		if !strings.Contains(text, "Hello, Alice.") || strings.Contains(text, "secret word") || !strings.Contains(text, "bob sent you a private message") {
			t.Errorf("%s: %s", when, text)
		}
	}
}

// The words of private messages are in mail only if the owner says so.
func TestPrivateWordsAreMailedOnWish(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, mailbox)
	choose(t, alice, func(c *federation.MailChoice) { c.PrivateText = true })
	mentions(c, bob, alice, "/1", "The secret word.", true)
	passes(c, time.Minute)
	if list := alice.Letters(); len(list) != 1 || list[0].Subject != "bob sent you a private message" || list[0].Events[0].Text != "The secret word." {
		t.Errorf("%+v", list)
	}
}

// Who is there is not mailed to; what they have not read when they leave is.
func TestMailWaitsWhileTheOwnerIsThere(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, mailbox)
	alice.Seen()
	mentions(c, bob, alice, "/1", "x", false)
	passes(c, time.Minute)
	leave := alice.Watching()
	for range 10 {
		passes(c, 3*time.Minute)
	}
	if list := alice.Letters(); len(list) > 0 {
		t.Errorf("while she is there: %v", subjects(list))
	}
	leave()
	for range 5 {
		passes(c, 3*time.Minute)
	}
	if list := alice.Letters(); len(list) != 1 {
		t.Errorf("after she left: %v", subjects(list))
	}
	alice.Seen()
	mentions(c, bob, alice, "/2", "x", false)
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		newest, err := tx.Newest(store.MarkerNotifications)
		if err != nil {
			return err
		}
		return tx.SetMarker(store.MarkerNotifications, newest)
	})
	if err != nil {
		t.Fatal(err)
	}
	passes(c, time.Hour)
	passes(c, time.Hour)
	if list := alice.Letters(); len(list) > 0 {
		t.Errorf("what she has read: %v", subjects(list))
	}
	choose(t, alice, func(c *federation.MailChoice) { c.Always = true })
	alice.Seen()
	mentions(c, bob, alice, "/3", "x", false)
	passes(c, time.Minute)
	if list := alice.Letters(); len(list) != 1 {
		t.Errorf("always: %v", subjects(list))
	}
}

// What is muted, blocked, filtered or gone between the notice and its mail is not in it.
func TestMailHasWhatIsShownWhenItIsSent(t *testing.T) {
	for name, do := range map[string]func(alice *fedtest.Server, bob *fedtest.Stranger, id int64) error{
		"mute":  func(a *fedtest.Server, _ *fedtest.Stranger, id int64) error { return a.Mute(ctx(), id, 0, true) },
		"block": func(a *fedtest.Server, _ *fedtest.Stranger, id int64) error { return a.Block(ctx(), id) },
		"server": func(a *fedtest.Server, b *fedtest.Stranger, _ int64) error {
			_, err := a.BlockServer(ctx(), b.Host)
			return err
		},
		"dismiss": func(a *fedtest.Server, _ *fedtest.Stranger, _ int64) error { return a.ClearNotices(ctx()) },
		"filter": func(a *fedtest.Server, _ *fedtest.Stranger, _ int64) error {
			word := "turnip"
			_, err := a.SaveFilter(ctx(), store.Filter{Title: "T", Context: store.FilterEverywhere, Action: store.FilterHide}, federation.FilterWordEdit{Word: &word})
			return err
		},
		"deleted": func(a *fedtest.Server, b *fedtest.Stranger, _ int64) error {
			b.Send(a, b.Activity("Delete", b.URL("/1")))
			return nil
		},
		"off": func(a *fedtest.Server, _ *fedtest.Stranger, _ int64) error {
			return a.ChooseMail(ctx(), federation.MailChoice{When: map[string]store.MailWhen{"mention": store.MailOff}})
		},
	} {
		c := fedtest.New(t, "alice")
		alice, bob := c.Servers[0], c.Stranger("bob")
		alice.Proves(t, mailbox)
		mentions(c, bob, alice, "/1", "One turnip.", false)
		p, ok := alice.Has(t, bob.URL("/1"))
		if !ok {
			t.Fatal("the mention did not come")
		}
		if err := do(alice, bob, p.ActorID); err != nil {
			t.Fatal(err)
		}
		passes(c, time.Hour)
		if list := alice.Letters(); len(list) > 0 {
			t.Errorf("%s: %v", name, subjects(list))
		}
	}
}

// The link of a mail ends what it is for and nothing else, and cannot be made up.
func TestOneClickEndsItsKind(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, mailbox)
	mentions(c, bob, alice, "/1", "x", false)
	passes(c, time.Minute)
	off := alice.Letters()[0].Off
	token := off[strings.LastIndex(off, "/")+1:]
	if !strings.HasPrefix(off, alice.Origin().URL("/mail/off/")) {
		t.Errorf("the link is %s", off)
	}
	left, right, _ := strings.Cut(token, ".")
	for _, bad := range []string{"", ".", left, left + ".", "." + right, left + "." + right[1:], "cHJpdmF0ZQ." + right, token + "x", strings.Repeat("A", 5000)} {
		if err := alice.EndMail(ctx(), bad); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if kinds, done, err := alice.MailOff(ctx(), token); kinds != "mentions" || done || err != nil {
		t.Errorf("%q %v %v", kinds, done, err)
	}
	for range 2 {
		if err := alice.EndMail(ctx(), token); err != nil {
			t.Fatal(err)
		}
	}
	if _, done, err := alice.MailOff(ctx(), token); !done || err != nil {
		t.Errorf("%v %v", done, err)
	}
	passes(c, time.Hour)
	mentions(c, bob, alice, "/2", "x", false)
	mentions(c, bob, alice, "/3", "x", true)
	passes(c, time.Hour)
	if got := subjects(alice.Letters()); !slices.Equal(got, []string{"bob sent you a private message"}) {
		t.Errorf("afterwards %v", got)
	}
}

// Log-ins and archives are told of in the digest too, each at its time among the rest,
// once, and not when they were switched off meanwhile.
func TestLogInsAndArchivesInTheDigest(t *testing.T) {
	c := fedtest.New(t, "alice") // at noon
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, mailbox)
	choose(t, alice, func(c *federation.MailChoice) {
		c.Hour = 18
		c.When["login"], c.When["archive"], c.When["mention"] = store.MailDigest, store.MailDigest, store.MailDigest
	})
	logIn := func(agent string) {
		t.Helper()
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.LogSecurity(auth.EventLogIn, agent, "203.0.113.5") }); err != nil {
			t.Fatal(err)
		}
	}
	pack := func(a store.Archive) {
		t.Helper()
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return alice.MailArchive(tx, a) }); err != nil {
			t.Fatal(err)
		}
	}
	logIn("curl/8")
	passes(c, time.Minute)
	if list := alice.Letters(); len(list) != 1 || !strings.HasPrefix(list[0].Subject, "New log-in") {
		t.Fatalf("an unknown browser is told of at once: %v", subjects(list))
	}
	logIn("curl/8")
	passes(c, time.Minute)
	mentions(c, bob, alice, "/1", "Between the two.", false)
	passes(c, time.Minute)
	pack(store.Archive{State: store.ArchiveReady, Size: 3 << 20})
	passes(c, time.Hour)
	alice.Restart(t)
	if list := alice.Letters(); len(list) > 0 {
		t.Fatalf("before the hour: %v", subjects(list))
	}
	passes(c, 6*time.Hour)
	list := alice.Letters()
	if len(list) != 1 || list[0].Subject != "Your day at "+alice.Host+": 1 mention, 1 log-in and 1 archive" || len(list[0].Events) != 3 || list[0].More != 0 {
		t.Fatalf("%+v", list)
	}
	for i, want := range []string{"Log-in from curl|/me/security/log", "bob mentioned you|/me/post/", "Your archive is ready|/me/data"} {
		what, link, _ := strings.Cut(want, "|")
		if e := list[0].Events[i]; e.What != what || !strings.Contains(e.Link, link) {
			t.Errorf("%d: %+v", i, e)
		}
	}
	if kinds, _, err := alice.MailOff(ctx(), list[0].Off[strings.LastIndex(list[0].Off, "/")+1:]); err != nil || kinds != "mentions, log-ins and archives" {
		t.Errorf("its link ends %q, %v", kinds, err)
	}
	passes(c, 48*time.Hour)
	if again := alice.Letters(); len(again) > 0 {
		t.Errorf("told twice: %v", subjects(again))
	}

	for range 150 { // more than wait
		logIn("curl/8")
	}
	pack(store.Archive{State: store.ArchiveFailed, Error: "The disk is full."})
	choose(t, alice, func(c *federation.MailChoice) { c.Hour = 18; c.When["login"] = store.MailOff })
	passes(c, 24*time.Hour)
	if list := alice.Letters(); len(list) != 1 || list[0].Subject != "Your day at "+alice.Host+": 1 archive" || !strings.Contains(list[0].Events[0].Text, "The disk is full.") {
		t.Errorf("after log-ins were switched off: %+v", list)
	}
	pack(store.Archive{State: store.ArchiveReady})
	if err := alice.ForgetMail(ctx()); err != nil {
		t.Fatal(err)
	}
	if m := mailOf(t, alice); len(m.Events) > 0 {
		t.Errorf("without an address %d events wait", len(m.Events))
	}
}

// Names go into mail without what turns the words around them.
func TestT41_NamesInMail(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	alice.Proves(t, mailbox)
	for i, name := range []string{"Eve\r\nBcc: x@y.example", "\u202Eevil\u2066", "سلمى", "🦊🦊🦊", strings.Repeat("long name ", 50)} {
		who := c.Stranger(fmt.Sprint("eve", i))
		doc := who.Actor()
		doc["name"] = name
		who.Serve("/users/"+who.Name, doc)
		mentions(c, who, alice, "/1", "x", false)
		passes(c, time.Hour)
		list := alice.Letters()
		if len(list) != 1 {
			t.Fatalf("%q: %v", name, subjects(list))
		}
		if s := list[0].Subject; strings.ContainsAny(s, "\r\n\u202e\u2066") || len([]rune(s)) > 120 || strings.Contains(name, "سلمى") != strings.Contains(s, "\u2068سلمى\u2069") {
			t.Errorf("%q: subject %q", name, s)
		}
	}
}
