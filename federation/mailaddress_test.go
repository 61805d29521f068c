package federation_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

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
