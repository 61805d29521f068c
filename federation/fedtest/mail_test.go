package fedtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/auth"
	"dassie/web/mail/smtptest"
)

// TestKillNineWhileLettersGoOut kills the real program again and again while it mails:
// each letter arrives, under one Message-ID, and at most the one that was on its way at a
// kill arrives twice, which SMTP cannot avoid.
func TestKillNineWhileLettersGoOut(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("starts and kills the real program six times; DASSIE_LONG=1 runs it")
	}
	office := smtptest.New(t, smtptest.Options{NoTLS: true, NoAuth: true})
	for name, value := range map[string]string{"HOST": office.Host, "PORT": strconv.Itoa(office.Port), "TLS": "none"} {
		t.Setenv("DASSIE_SMTP_"+name, value)
	}
	p := build(t)
	p.writes(func(tx *store.Tx) error {
		m, err := tx.Mail()
		if err != nil {
			return err
		}
		m.ConfirmedAt = tx.Now()
		m.NewKey()
		if err := tx.SaveMail(m); err != nil {
			return err
		}
		return tx.SetEmail("alice@mail.example")
	})
	const kills, each = 6, 4
	for round := range kills {
		office.Be([]smtptest.Mood{smtptest.Well, smtptest.SlowAnswer}[round%2])
		p.start()
		p.writes(func(tx *store.Tx) error { // as a command beside the server does
			for i := range each {
				if err := tx.LogSecurity(auth.EventLogIn, fmt.Sprintf("browser %d", round*each+i), ""); err != nil {
					return err
				}
			}
			return nil
		})
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		p.end(syscall.SIGKILL)
	}
	office.Be(smtptest.Well)
	p.start()
	ids, came := map[string]map[string]bool{}, 0
	if !eventually(30*time.Second, func() bool {
		for _, l := range office.Take() {
			if came++; ids[l.Subject()] == nil {
				ids[l.Subject()] = map[string]bool{}
			}
			ids[l.Subject()][l.Header.Get("Message-ID")] = true
		}
		return len(ids) == kills*each
	}) {
		t.Errorf("%d of %d letters came", len(ids), kills*each)
	}
	p.end(syscall.SIGTERM)
	for subject, of := range ids {
		if len(of) != 1 {
			t.Errorf("%q came under %d ids", subject, len(of))
		}
	}
	if twice := came - len(ids); twice > kills {
		t.Errorf("%d letters came twice, after %d kills", twice, kills)
	} else {
		t.Logf("%d letters, %d of them twice", len(ids), twice)
	}
	p.writes(func(tx *store.Tx) error {
		list, err := tx.JobsOf("mail", 10)
		if len(list) > 0 {
			t.Errorf("%d letters wait on: %+v", len(list), list[0])
		}
		return err
	})
}

// writes changes the data of the program, which may be running.
func (p *program) writes(fn func(*store.Tx) error) {
	p.t.Helper()
	st, err := store.Open(p.data, store.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer st.Close()
	if err := st.Write(context.Background(), fn); err != nil {
		p.t.Fatal(err)
	}
}
