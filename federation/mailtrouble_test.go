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
)

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
