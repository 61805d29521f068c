package doctor

import (
	"strings"
	"testing"

	"dassie/store"
	"dassie/web/mail/smtptest"
)

// Doctor logs in at the mail server that serve was started with, and sends nothing.
func TestTheMailServerIsLookedAt(t *testing.T) {
	for name, c := range map[string]struct {
		mood     smtptest.Mood
		password string
		aside    bool
		unknown  bool
		status   Status
		says     string
		mend     string
	}{
		"well":                {password: smtptest.Password, status: OK, says: "takes the log-in"},
		"password elsewhere":  {status: OK, says: "the log-in was not tried"},
		"refuses the log-in":  {password: smtptest.Password, mood: smtptest.RefusesUser, status: Fail, says: "does not take the user and the password: “535", mend: "-smtp-user"},
		"wrong password":      {password: "something else", status: Fail, says: "does not take the user and the password: “535", mend: "-smtp-user"},
		"busy":                {password: smtptest.Password, mood: smtptest.NoGreeting, status: Fail, says: "takes no mail now: “421", mend: "letters wait for two days"},
		"unknown certificate": {password: smtptest.Password, unknown: true, status: Fail, says: "nobody whom this machine trusts", mend: "authority"},
		"letters set aside":   {password: smtptest.Password, aside: true, status: Warn, says: "takes the log-in"},
	} {
		t.Run(name, func(t *testing.T) {
			s := smtptest.New(t, smtptest.Options{})
			t.Setenv("DASSIE_SMTP_PASSWORD", c.password)
			s.Be(c.mood)
			w := newWorld(t)
			w.started.Mail = store.StartedMail{Host: s.Host, Port: s.Port, TLS: "starttls", User: smtptest.User}
			w.serve()
			if !c.unknown {
				w.pool.AddCert(s.Certificate)
			}
			if c.aside {
				w.write(func(tx *store.Tx) error {
					if err := tx.AddJob("mail", "", []byte("{}"), tx.Now()); err != nil {
						return err
					}
					list, err := tx.JobsOf("mail", 1)
					if err != nil {
						return err
					}
					return tx.JobAside(list[0].ID, "550 no")
				})
			}
			row := w.look().row(t, "mail")
			if row.Status != c.status || !strings.Contains(row.Value, c.says) || c.password != "" && strings.Contains(row.Value, c.password) {
				t.Errorf("%+v", row)
			}
			if (row.Status != OK) != (row.Mend != "") || !strings.Contains(row.Mend, c.mend) {
				t.Errorf("how to mend it: %+v", row)
			}
			if len(s.Letters()) > 0 {
				t.Error("a letter was sent")
			}
		})
	}
	w := newWorld(t)
	w.serve()
	if row := w.look().row(t, "mail"); row.Status != OK || !strings.Contains(row.Value, "none is set") {
		t.Errorf("without one: %+v", row)
	}
}
