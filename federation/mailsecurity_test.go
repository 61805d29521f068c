package federation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/auth"
)

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
