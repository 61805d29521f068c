package federation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
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

// Nothing but a code goes to an address before the code has come back.
func TestAnAddressIsProvenFirst(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	mentions(c, bob, alice, "/1", "before", false)
	passes(c, time.Hour)
	for _, bad := range []string{"", "alice", "a@b, c@d.example", "a@b.example\r\nBcc: c@d.example", "Alice <a@b.example>", strings.Repeat("a", 250) + "@b.example", `"a b"@c.example`} {
		if err := alice.AskMail(ctx(), bad); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := alice.AskMail(ctx(), mailbox); err != nil {
		t.Fatal(err)
	}
	mentions(c, bob, alice, "/2", "meanwhile", false)
	passes(c, time.Hour)
	list := alice.Letters()
	if len(list) != 1 || list[0].To != mailbox || list[0].Code == "" || list[0].Off != "" || !strings.HasSuffix(list[0].Link, "/me/mail?code="+list[0].Code) {
		t.Fatalf("letters %+v", list)
	}
	for _, wrong := range []string{"", "AAAAA-AAAAA", list[0].Code + "A"} {
		if err := alice.ConfirmMail(ctx(), wrong); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := alice.ConfirmMail(ctx(), strings.ToLower(strings.ReplaceAll(list[0].Code, "-", " "))); err != nil {
		t.Fatal(err)
	}
	id, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil || id.Email != mailbox {
		t.Errorf("the address is %q, %v", id.Email, err)
	}
	mentions(c, bob, alice, "/3", "Are you there?", false)
	passes(c, time.Minute)
	list = alice.Letters()
	if len(list) != 1 || list[0].To != mailbox || list[0].Subject != "bob mentioned you" || list[0].Off == "" || !strings.Contains(list[0].Events[0].Text, "Are you there?") {
		t.Errorf("letters %+v", list)
	}
}

// Codes cannot be guessed, are not sent without end, and are too old after a day.
func TestCodesOfMailAreBounded(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for i := range 5 {
		if err := alice.AskMail(ctx(), fmt.Sprint("a", i, "@mail.example")); err != nil {
			t.Fatal(err)
		}
	}
	if err := alice.AskMail(ctx(), mailbox); reply.CodeOf(err) != reply.RateLimited {
		t.Errorf("a sixth code: %v", err)
	}
	c.Settle()
	last := alice.Letters()[0].Code
	for range 10 {
		alice.ConfirmMail(ctx(), "AAAAA-AAAAA")
	}
	if err := alice.ConfirmMail(ctx(), last); reply.CodeOf(err) != reply.Unprocessable || mailOf(t, alice).Confirmed() {
		t.Errorf("the code holds after ten wrong ones: %v", err)
	}
	passes(c, 2*time.Hour)
	if err := alice.AskMail(ctx(), mailbox); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	code := alice.Letters()[0].Code
	c.Advance(25 * time.Hour)
	if err := alice.ConfirmMail(ctx(), code); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("the code holds after a day: %v", err)
	}
}

// Who changes the address is told so at the old one, twice: when it is asked for, and
// when it is done.
func TestTheOldAddressIsTold(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, "old@mail.example")
	if err := alice.AskMail(ctx(), "OLD@mail.example"); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("the same address: %v", err)
	}
	mentions(c, bob, alice, "/1", "x", false)
	passes(c, time.Minute)
	off := alice.Letters()[0].Off
	if err := alice.AskMail(ctx(), "new@mail.example"); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	code := ""
	for _, l := range alice.Letters() {
		if l.Code != "" {
			code = l.Code
		} else if l.To != "old@mail.example" || !strings.HasPrefix(l.Subject, "Your mail address is to be changed") || strings.Contains(fmt.Sprint(l), "new@") {
			t.Errorf("a letter %+v", l)
		}
	}
	mentions(c, bob, alice, "/2", "x", false)
	passes(c, 20*time.Minute)
	if list := alice.Letters(); len(list) != 1 || list[0].To != "old@mail.example" {
		t.Errorf("before the code came back: %+v", list)
	}
	if err := alice.ConfirmMail(ctx(), code); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if list := alice.Letters(); len(list) != 1 || list[0].To != "old@mail.example" || !strings.HasPrefix(list[0].Subject, "Your mail address was changed") || strings.Contains(fmt.Sprint(list), "new@") {
		t.Errorf("afterwards: %+v", list)
	}
	if err := alice.EndMail(ctx(), off[strings.LastIndex(off, "/")+1:]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a link of a mail to the old address: %v", err)
	}
	if err := alice.ForgetMail(ctx()); err != nil {
		t.Fatal(err)
	}
	mentions(c, bob, alice, "/3", "x", false)
	passes(c, time.Hour)
	if list := alice.Letters(); len(list) != 1 || list[0].To != "new@mail.example" || !strings.HasPrefix(list[0].Subject, "No more mail comes here") {
		t.Errorf("after it was taken off: %+v", list)
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

// What concerns safety is mailed at once, whatever was chosen, and once.
func TestSafetyIsAlwaysMailed(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	log := func(kind, detail, address string) {
		t.Helper()
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.LogSecurity(kind, detail, address) }); err != nil {
			t.Fatal(err)
		}
	}
	firefox := "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	log(auth.EventLogIn, firefox, "203.0.113.5")
	log(auth.EventPassword, "x", "")
	alice.Proves(t, mailbox)
	choose(t, alice, func(c *federation.MailChoice) {
		for kind := range store.MailUsual {
			c.When[kind] = store.MailOff
		}
	})
	c.Settle()
	if list := alice.Letters(); len(list) > 0 {
		t.Errorf("what was before the address: %v", subjects(list))
	}
	told := func(kind, detail, address, want string) {
		t.Helper()
		log(kind, detail, address)
		c.Settle()
		list := alice.Letters()
		if want == "" && len(list) > 0 || want != "" && (len(list) != 1 || !strings.HasPrefix(list[0].Subject, want) || list[0].Off != "" || list[0].To != mailbox) {
			t.Errorf("%s: %+v, want %q", kind, list, want)
		}
		if strings.Contains(fmt.Sprint(list), "203.0.113") || strings.Contains(fmt.Sprint(list), "198.51.100") {
			t.Errorf("%s: the mail names a network address", kind)
		}
	}
	told(auth.EventLogIn, firefox, "203.0.113.77", "")
	told(auth.EventLogIn, firefox+auth.WithCode+" code", "203.0.113.77", "")
	told(auth.EventLogIn, firefox, "198.51.100.1", "New log-in from Firefox on Linux")
	told(auth.EventLogIn, "curl/8", "203.0.113.5", "New log-in from curl")
	told(auth.EventPassword, firefox+"; all other sessions ended", "", "Your password was changed")
	told(auth.EventFactorOn, firefox, "", "The second factor is on")
	told(auth.EventFactorOff, firefox, "", "The second factor is off")
	told(auth.EventRecoveryCodes, firefox, "", "There are new recovery codes")
	told("archive", "asked for, Firefox", "", "An archive was asked for")
	told(auth.EventCodeFailed, "", "198.51.100.9", "A log-in with a wrong code")
	for range 3 {
		c.Advance(19 * time.Minute)
		told(auth.EventCodeFailed, "4 wrong codes since the last line", "198.51.100.9", "")
	}
	c.Advance(19 * time.Minute)
	told(auth.EventCodeFailed, "", "198.51.100.9", "A log-in with a wrong code")
	told(auth.EventCheckFailed, "", "203.0.113.5", "")
	told(auth.EventFailed, "", "", "")
	told("block", "@x@y", "", "")
	choose(t, alice, func(c *federation.MailChoice) { c.When["login"] = store.MailNow })
	log(auth.EventLogIn, firefox, "203.0.113.77")
	c.Settle()
	if list := alice.Letters(); len(list) != 1 || list[0].Subject[:7] != "Log-in " || list[0].Off == "" {
		t.Errorf("a known browser, if wanted: %+v", list)
	}
	// The end of the account ends all jobs but this letter.
	if err := alice.DeleteAccount(ctx(), "@"+alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if list := alice.Letters(); len(list) != 1 || !strings.HasPrefix(list[0].Subject, "Your account is being deleted") || list[0].Link != "" || list[0].Button != "" || list[0].Manage != "" ||
		!strings.Contains(fmt.Sprint(list[0].Notes), "dassie delete-account prints") {
		t.Errorf("the end, which no browser watches: %+v", list)
	}
}

// A browser in which the account was deleted can show how far it is, and no other.
func TestTheLetterOfTheEndLeadsToWhoMayLook(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	alice.Proves(t, mailbox)
	if err := alice.DeleteAccount(ctx(), alice.Handle(), []byte("hash")); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if list := alice.Letters(); len(list) != 1 || !strings.HasSuffix(list[0].Link, "/me/leaving") || !strings.Contains(list[0].Button, "that browser") || !strings.Contains(fmt.Sprint(list[0].Notes), "only the browser shows in which it was begun") {
		t.Errorf("%+v", list)
	}
}

func TestArchivesAreMailedAbout(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	alice.Proves(t, mailbox)
	tell := func(a store.Archive) []fedtest.Letter {
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return alice.MailArchive(tx, a) }); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		return alice.Letters()
	}
	ready := tell(store.Archive{State: store.ArchiveReady, Size: 3 << 20})
	if len(ready) != 1 || !strings.HasPrefix(ready[0].Subject, "Your archive is ready") || ready[0].Off == "" {
		t.Errorf("%+v", ready)
	}
	if failed := tell(store.Archive{State: store.ArchiveFailed, Error: "The disk is full."}); len(failed) != 1 || !strings.Contains(failed[0].Lead, "The disk is full.") {
		t.Errorf("%+v", failed)
	}
	if err := alice.EndMail(ctx(), ready[0].Off[strings.LastIndex(ready[0].Off, "/")+1:]); err != nil {
		t.Fatal(err)
	}
	if list := tell(store.Archive{State: store.ArchiveReady}); len(list) > 0 {
		t.Errorf("switched off: %v", subjects(list))
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

type refusedMail struct{ error }

func (refusedMail) Refused() bool { return true }

// A letter is tried for two days, longer and longer apart, over restarts, with the same
// Message-ID, and then set aside where the owner sees it; one that is refused for good at
// once. It goes out when the owner tries again.
func TestLettersAreTriedForTwoDays(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, mailbox)
	var tried []time.Time
	ids := map[string]bool{}
	var answer error = errors.New("451 later")
	alice.MailBy(func(_ context.Context, _ string, l assets.Letter) error {
		tried, ids[l.ID] = append(tried, c.Now()), true
		return answer
	})
	mentions(c, bob, alice, "/1", "x", false)
	for range 60 * 50 {
		passes(c, time.Minute)
	}
	alice.Restart(t)
	jobs := func() []store.Job {
		list, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Job, error) { return tx.JobsOf("mail", 10) })
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := jobs()
	if len(list) != 1 || list[0].DeadAt.IsZero() || list[0].Error != "451 later" {
		t.Fatalf("%d jobs, after %d tries", len(list), len(tried))
	}
	if span := tried[len(tried)-1].Sub(tried[0]); span < 47*time.Hour || span > 49*time.Hour || len(tried) < 10 || len(tried) > 40 || len(ids) != 1 {
		t.Errorf("%d tries in %v under %d ids", len(tried), span, len(ids))
	}
	answer = nil
	if err := alice.RetryLetter(ctx(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if got := alice.Letters(); len(got) != 1 || len(jobs()) != 0 || len(ids) != 1 {
		t.Errorf("tried again: %v, %d ids", subjects(got), len(ids))
	}
	answer = refusedMail{errors.New("550 no")}
	mentions(c, bob, alice, "/2", "x", false)
	passes(c, time.Hour)
	if list = jobs(); len(list) != 1 || list[0].DeadAt.IsZero() || list[0].Tries != 1 {
		t.Fatalf("refused: %+v", list)
	}
	for range 2 {
		if err := alice.DropLetter(ctx(), list[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	if len(jobs()) != 0 {
		t.Error("a letter that was dropped is there")
	}
}

// What happens while the mail server is away comes in one letter when it is back, and in
// one more that waited for it.
func TestNoFloodAfterTheMailServerWasAway(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, mailbox)
	choose(t, alice, func(c *federation.MailChoice) { c.When["follow_request"] = store.MailDigest; c.Hour = 20 })
	alice.Lock(t, true)
	alice.MailBy(func(context.Context, string, assets.Letter) error { return errors.New("451 later") })
	bob.Send(alice, bob.Activity("Follow", alice.ActorURI()))
	for i := range 10 { // from noon to ten at night
		mentions(c, bob, alice, fmt.Sprint("/", i), "x", false)
		for range 12 {
			passes(c, 5*time.Minute)
		}
	}
	alice.MailBy(nil)
	for range 50 {
		passes(c, 5*time.Minute)
	}
	got := subjects(alice.Letters())
	slices.Sort(got)
	if want := []string{"9 mentions", "Your day at " + alice.Host + ": 1 follow request", "bob mentioned you"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A letter that another address does not get holds up nothing at the owner's: neither the
// code for an address that was mistyped, nor the word to the one from before.
func TestAnotherAddressHoldsUpNoMail(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	alice.Proves(t, "old@mail.example")
	takes := "old@mail.example"
	alice.MailBy(func(_ context.Context, to string, _ assets.Letter) error {
		if to != takes {
			return errors.New("450 no such domain")
		}
		return nil
	})
	told := func(path string) {
		t.Helper()
		mentions(c, bob, alice, path, "x", false)
		for range 10 {
			passes(c, 5*time.Minute)
		}
		if got := subjects(alice.Letters()); !slices.Contains(got, "bob mentioned you") {
			t.Errorf("%s: %q", path, got)
		}
	}
	if err := alice.AskMail(ctx(), "typo@mial.example"); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	told("/code")
	if err := alice.AskMail(ctx(), mailbox); err != nil {
		t.Fatal(err)
	}
	code := ""
	takes = mailbox
	c.Settle()
	for _, l := range alice.Letters() {
		code = max(code, l.Code)
	}
	if err := alice.ConfirmMail(ctx(), code); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	told("/old")
}

// A mail server may think for ten minutes when it has a letter (RFC 5321 4.5.3.2.6): the
// job waits as long.
func TestALetterWaitsForItsAnswer(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	var left time.Duration
	alice.MailBy(func(ctx context.Context, _ string, _ assets.Letter) error {
		if at, bounded := ctx.Deadline(); bounded {
			left = time.Until(at)
		}
		return nil
	})
	if err := alice.AskMail(ctx(), mailbox); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("it has %v", left)
	}
}

// A letter that waits outlives a start without the mail server, such as by hand without
// the usual flags, and is not kept for ever where there is none any more.
func TestLettersOutliveAStartWithoutMail(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	alice.Proves(t, mailbox)
	pack := func() {
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
			return alice.MailArchive(tx, store.Archive{State: store.ArchiveReady})
		}); err != nil {
			t.Fatal(err)
		}
	}
	pack()
	alice.RestartMailless(t, true)
	passes(c, time.Hour)
	alice.RestartMailless(t, false)
	passes(c, 20*time.Minute)
	if list := alice.Letters(); len(list) != 1 || !strings.HasPrefix(list[0].Subject, "Your archive is ready") {
		t.Errorf("with the mail server again: %v", subjects(list))
	}
	alice.RestartMailless(t, true)
	pack()
	for range 5 {
		passes(c, 12*time.Hour)
	}
	alice.RestartMailless(t, false)
	passes(c, time.Hour)
	if list := alice.Letters(); len(list) > 0 {
		t.Errorf("two days later: %v", subjects(list))
	}
}

// A mail server that takes its time holds up nothing else.
func TestASlowMailServerHoldsUpNothing(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Proves(t, mailbox)
	stuck, free := make(chan struct{}, 10), make(chan struct{})
	alice.MailBy(func(ctx context.Context, _ string, _ assets.Letter) error {
		stuck <- struct{}{}
		select {
		case <-free:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	for i := range 8 {
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
			return alice.MailArchive(tx, store.Archive{State: store.ArchiveReady, Size: int64(i)})
		}); err != nil {
			t.Fatal(err)
		}
	}
	run, end := context.WithCancel(ctx())
	done := make(chan error, 1)
	go func() { done <- alice.Run(run) }()
	<-stuck
	if _, err := alice.Publish(ctx(), federation.Draft{Text: "Still here, @" + bob.Handle(), Visibility: store.Public}); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(20 * time.Second); len(bob.Received("Create")) == 0; {
		if time.Now().After(limit) {
			t.Fatal("the post did not go out")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if len(stuck) > 0 {
		t.Error("more than one letter is being sent at a time")
	}
	close(free)
	end()
	if err := <-done; err != nil {
		t.Error(err)
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
