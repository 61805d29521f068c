package doctor

import (
	"context"
	"errors"

	"dassie/store"
	"dassie/web/mail"
)

// mail: the mail server answers, shows a certificate that holds, and takes the log-in.
// Nothing is sent.
func (d *doctor) mail(ctx context.Context) []Row {
	r := Row{ID: "mail", Title: "mail server", Status: OK, Limit: "it answers, with a certificate that holds, and takes the log-in"}
	config := mail.FromStarted(d.started.Mail)
	if !config.On() {
		r.Value, r.Limit = "none is set; the server sends no mail", ""
		return []Row{r}
	}
	untried := ""
	if config.User != "" && !config.HasPassword() {
		config.User, untried = "", "; the log-in was not tried, because its password is in the environment of the server alone"
	}
	config.RootCAs = d.RootCAs
	sender, err := mail.New(config, d.origin.Host)
	if err == nil {
		r.Value, err = sender.Check(ctx)
	}
	if err != nil {
		r.Status, r.Value, r.Mend = Fail, oneLine(err.Error()), "look whether the flags -smtp-… are right"
		var known interface{ Mend() string }
		if errors.As(err, &known) {
			r.Mend = known.Mend()
		}
		r.Mend += "; letters wait for two days"
		return []Row{r}
	}
	r.Status, r.Value = OK, r.Value+untried
	aside := 0
	err = d.st.Read(ctx, func(tx *store.Tx) error {
		jobs, err := tx.JobsOf("mail", 100)
		for _, j := range jobs {
			if !j.DeadAt.IsZero() {
				aside++
			}
		}
		return err
	})
	if err == nil && aside > 0 {
		r.Status, r.Mend = Warn, "some letters were refused, or not taken for two days: the page Mail of your server says which, and sends them again"
	}
	return []Row{r}
}
