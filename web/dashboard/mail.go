package dashboard

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	mailPath    = "/me/mail"
	lettersRead = 500 // letters that were not sent, at most …
	lettersShow = 20  // … and that the page shows
)

type mailPage struct {
	assets.Owner
	On                     bool   // there is a mail server
	Server                 string // its name
	Address                string // that mail goes to; "" for none
	Since                  time.Time
	Pending                string // address that waits for its code
	Typed, Code            string
	AddressError, PassWord string // what was wrong with the form of the address
	CodeError, Error       string
	Kinds                  []mailKind
	Hours                  []assets.Option
	Always, PrivateText    bool
	Letters                []unsentLetter
	More                   int // letters beside them
}

// mailKind is one kind of notice with the choices there are for it.
type mailKind struct {
	Name, Label string
	Options     []assets.Option
}

// unsentLetter is one that the mail server did not take yet, or refused.
type unsentLetter struct {
	ID, Subject, Problem string
	At, Next             time.Time
	Aside                bool // it is not tried any more
}

// mailKindWords are the kinds as the owner's pages call them, in the order of the form.
var mailKindWords = []struct {
	name, label string
}{
	{"mention", "Mentions"}, {"private", "Private messages"}, {"quote", "Quotes"}, {"follow_request", "Follow requests"}, {"follow", "New followers"},
	{"favourite", "Likes and reactions"}, {"reblog", "Boosts"}, {"poll", "Polls that end"}, {"status", "Posts of people whose notices you asked for"},
	{"update", "Edits of what you boosted or quoted"}, {"admin.report", "Reports"}, {"archive", "An archive that is ready"}, {"login", "Log-ins from browsers known here"},
}

// mail handles GET /me/mail: where mail goes, and what it is about. The link in the mail
// with the code brings the code along.
func (d *Dashboard) mail(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	if len(code) > 20 {
		code = ""
	}
	d.showMail(w, r, answer{}, mailPage{Code: code}, nil)
}

// showMail draws the page. page has what a form said that was not taken, sent the form of
// the choices if it was that.
func (d *Dashboard) showMail(w http.ResponseWriter, r *http.Request, a answer, page mailPage, sent url.Values) {
	d.show(w, r, "mail", a, func(v *view) (any, error) {
		m, err := v.tx.Mail()
		if err != nil {
			return nil, err
		}
		id, err := v.tx.Identity()
		if err != nil {
			return nil, err
		}
		page.On, page.Server, page.Pending = d.service.MailOn(), d.service.MailServer(), m.Pending
		if m.Confirmed() {
			page.Address, page.Since = id.Email, v.local(m.ConfirmedAt)
		} else if page.Typed == "" && m.Pending == "" {
			page.Typed = id.Email // as it was given when the account was made
		}
		if sent != nil {
			c := readMailChoice(sent)
			m.When, m.Hour, m.Always, m.PrivateText = c.When, c.Hour, c.Always, c.PrivateText
		}
		page.Always, page.PrivateText, page.Kinds, page.Hours = m.Always, m.PrivateText, mailKinds(m), hours(m.Hour)
		if page.Letters, err = v.unsentLetters(); err != nil {
			return nil, err
		}
		if page.More = len(page.Letters) - lettersShow; page.More > 0 {
			page.Letters = page.Letters[:lettersShow]
		}
		page.Owner, err = v.frame("Mail", "settings")
		return page, err
	})
}

func mailKinds(m store.Mail) (list []mailKind) {
	for _, k := range mailKindWords {
		now := m.WhenOf(k.name)
		kind := mailKind{Name: k.name, Label: k.label}
		for _, o := range []assets.Option{{Value: string(store.MailNow), Label: "At once"}, {Value: string(store.MailDigest), Label: "In the digest"}, {Value: string(store.MailOff), Label: "Never"}} {
			o.Selected = o.Value == string(now)
			kind.Options = append(kind.Options, o)
		}
		list = append(list, kind)
	}
	return list
}

func hours(chosen int) (list []assets.Option) {
	for h := range 24 {
		list = append(list, assets.Option{Value: strconv.Itoa(h), Label: time.Date(2000, 1, 1, h, 0, 0, 0, time.UTC).Format("15:04"), Selected: h == chosen})
	}
	return list
}

// unsentLetters are those that were tried in vain.
func (v *view) unsentLetters() (list []unsentLetter, err error) {
	jobs, err := v.tx.JobsOf("mail", lettersRead)
	for _, j := range jobs {
		if j.Error == "" {
			continue // it has not been tried yet
		}
		var what struct {
			At     time.Time
			Letter struct{ Subject string }
		}
		if err := json.Unmarshal(j.Payload, &what); err != nil {
			what.Letter.Subject = "A letter that cannot be read"
		}
		list = append(list, unsentLetter{ID: decimal(j.ID), Subject: what.Letter.Subject, Problem: j.Error, At: v.local(what.At), Next: v.local(j.RunAt), Aside: !j.DeadAt.IsZero()})
	}
	return list, err
}

func readMailChoice(form url.Values) federation.MailChoice {
	c := federation.MailChoice{When: map[string]store.MailWhen{}, Hour: -1, Always: form.Get("always") == "yes", PrivateText: form.Get("private_text") == "yes"}
	for _, k := range mailKindWords {
		if form.Has("when_" + k.name) {
			c.When[k.name] = store.MailWhen(form.Get("when_" + k.name))
		}
	}
	if h, err := strconv.Atoi(form.Get("hour")); err == nil {
		c.Hour = h
	}
	return c
}

// mailSave handles POST /me/mail: what mail is about, and when it comes.
func (d *Dashboard) mailSave(w http.ResponseWriter, r *http.Request) {
	d.mailDone(w, r, d.service.ChooseMail(r.Context(), readMailChoice(r.PostForm)), "saved", func(problem string) (mailPage, url.Values) {
		return mailPage{Error: problem}, r.PostForm
	})
}

// mailAsk handles POST /me/mail/address: a code is sent there, for who has the password.
func (d *Dashboard) mailAsk(w http.ResponseWriter, r *http.Request) {
	typed := r.PostForm.Get("address")
	if err := d.guard.Check(r, r.PostForm.Get("password"), ""); err != nil {
		d.mailDone(w, r, err, "", func(problem string) (mailPage, url.Values) { return mailPage{Typed: typed, PassWord: problem}, nil })
		return
	}
	d.mailDone(w, r, d.service.AskMail(r.Context(), typed), "mail-asked", func(problem string) (mailPage, url.Values) {
		return mailPage{Typed: typed, AddressError: problem}, nil
	})
}

// mailConfirm handles POST /me/mail/confirm: the code came back.
func (d *Dashboard) mailConfirm(w http.ResponseWriter, r *http.Request) {
	code := r.PostForm.Get("code")
	d.mailDone(w, r, d.service.ConfirmMail(r.Context(), code), "mail-confirmed", func(problem string) (mailPage, url.Values) {
		return mailPage{Code: code, CodeError: problem}, nil
	})
}

// mailTest handles POST /me/mail/test.
func (d *Dashboard) mailTest(w http.ResponseWriter, r *http.Request) {
	d.mailDone(w, r, d.service.TestMail(r.Context()), "mail-test", func(problem string) (mailPage, url.Values) { return mailPage{Error: problem}, nil })
}

// mailDone leads back to the page, or shows it with what was wrong.
func (d *Dashboard) mailDone(w http.ResponseWriter, r *http.Request, err error, done string, wrong func(string) (mailPage, url.Values)) {
	if err == nil {
		reply.Redirect(w, r, mailPath+"?done="+done)
		return
	}
	problem, ok := refused(err)
	if !ok {
		d.fail(w, r, err)
		return
	}
	page, sent := wrong(problem)
	d.showMail(w, r, answer{status: refusedStatus(err)}, page, sent)
}

// mailForgetAsk handles GET /me/mail/forget, for who gave the password.
func (d *Dashboard) mailForgetAsk(w http.ResponseWriter, r *http.Request) {
	if !d.fresh(w, r, mailPath+"/forget") {
		return
	}
	d.confirm(w, r, "Remove the address", "settings", func(v *view, page *confirmPage) error {
		page.Heading, page.Button, page.BackURL = "Send no more mail?", "Remove the address", mailPath
		page.Lines = []string{"One last mail says so there. After that there is none, also none about log-ins, the password and what else concerns safety."}
		return nil
	})
}

// mailForget handles POST /me/mail/forget: the address that waits for its code, or, for
// who gave the password, the one that mail goes to.
func (d *Dashboard) mailForget(w http.ResponseWriter, r *http.Request) {
	m, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Mail, error) { return tx.Mail() })
	if err == nil && m.Pending == "" && !d.fresh(w, r, mailPath+"/forget") {
		return
	}
	if err == nil {
		err = d.service.ForgetMail(r.Context())
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, mailPath+"?done=mail-forgotten")
}

// letterRetry handles POST /me/mail/letters/ID/retry.
func (d *Dashboard) letterRetry(w http.ResponseWriter, r *http.Request) {
	if err := d.service.RetryLetter(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, mailPath+"?done=retrying")
}

// letterDrop handles POST /me/mail/letters/ID/drop.
func (d *Dashboard) letterDrop(w http.ResponseWriter, r *http.Request) {
	if err := d.service.DropLetter(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, mailPath+"?done=letter-dropped")
}
