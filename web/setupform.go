package web

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

const (
	maxDisplayName = 100             // characters
	resolveTime    = 5 * time.Second // to look a domain up
)

type addressCheck struct {
	OK   bool
	Text string
}

type addressPage struct {
	assets.Plain
	Name, Domain, ServerHost                      string
	SplitOpen                                     bool
	NameError, DomainError, HostError, AgreeError string
	Checks                                        []addressCheck
}

func (s *Setup) showAddress(rw http.ResponseWriter, r *http.Request, status int, d addressPage) {
	d.Plain = s.frame(r)
	d.SplitOpen = d.SplitOpen || d.ServerHost != "" || d.HostError != ""
	s.show(rw, r, status, "setup_address", d)
}

// address reads the second form: the handle for good.
func (s *Setup) address(rw http.ResponseWriter, r *http.Request) {
	d := addressPage{Name: r.PostFormValue("name"), Domain: r.PostFormValue("domain"), ServerHost: r.PostFormValue("host")}
	n := store.NewAccount{Name: d.Name, Domain: d.Domain, Host: d.ServerHost}
	if err := n.Check(); err != nil {
		d.place(err, n)
		s.showAddress(rw, r, http.StatusUnprocessableEntity, d)
		return
	}
	d.Name, d.Domain = n.Name, n.Domain
	if r.PostFormValue("do") == "check" {
		d.Checks = s.lookUp(r.Context(), n)
		s.showAddress(rw, r, http.StatusOK, d)
		return
	}
	if r.PostFormValue("agree") != "yes" {
		d.AgreeError = "Tick this to go on."
		s.showAddress(rw, r, http.StatusUnprocessableEntity, d)
		return
	}
	s.answers = n
	reply.Redirect(rw, r, "/setup")
}

// place puts what is wrong beside the field that it is about: the first that
// does not pass alone.
func (d *addressPage) place(err error, n store.NewAccount) {
	text := sentence(err)
	name := store.NewAccount{Name: n.Name, Domain: "localhost"}
	domain := store.NewAccount{Name: "a", Domain: n.Domain}
	switch {
	case name.Check() != nil:
		d.NameError = text
	case domain.Check() != nil:
		d.DomainError = text
	default:
		d.HostError = text
	}
}

// sentence writes an error of the store as one.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// lookUp says whether the name of the server leads anywhere.
func (s *Setup) lookUp(ctx context.Context, n store.NewAccount) []addressCheck {
	checks := []addressCheck{{true, "This address can be used."}}
	if store.IsLoopbackHost(n.Host) {
		return append(checks, addressCheck{true, n.Host + " is this computer: only servers on it can be reached, for trying out."})
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	host, _, err := net.SplitHostPort(n.Host)
	if err != nil {
		host = n.Host
	}
	found, err := s.resolve(ctx, host)
	if err != nil || len(found) == 0 {
		return append(checks, addressCheck{false, host + " has no address yet. Point it to this server at whoever keeps your domain."})
	}
	return append(checks, addressCheck{true, host + " points to " + found[0].Unmap().String() + "."})
}

// accountForm is the third form, as typed.
type accountForm struct {
	assets.Plain
	Handle, Display                         string
	Languages, Zones                        []assets.Option
	Approve, Discoverable                   bool
	DisplayError, PasswordError, AgainError string

	password, again, language, zone string
}

func newAccountForm(n store.NewAccount) accountForm {
	return accountForm{Handle: "@" + n.Name + "@" + n.Domain, Approve: true, language: "en", zone: "UTC"}
}

func readAccountForm(r *http.Request, n store.NewAccount) accountForm {
	f := newAccountForm(n)
	f.Display = strings.TrimSpace(r.PostFormValue("display"))
	f.password, f.again = r.PostFormValue("password"), r.PostFormValue("again")
	f.language, f.zone = r.PostFormValue("language"), r.PostFormValue("timezone")
	f.Approve, f.Discoverable = r.PostFormValue("approve") == "yes", r.PostFormValue("discoverable") == "yes"
	return f
}

// check notes what is wrong, and says whether nothing is. Language and zone come
// from lists; another value is taken for the first choice.
func (f *accountForm) check() bool {
	if utf8.RuneCountInString(f.Display) > maxDisplayName || !utf8.ValidString(f.Display) {
		f.DisplayError = "A name has at most 100 letters."
	}
	if err := auth.CheckNewPassword(f.password); err != nil {
		f.PasswordError = reply.Message(err)
	} else if f.password != f.again {
		f.AgainError = "This is not the same password."
	}
	if !assets.LanguageListed(f.language) {
		f.language = "en"
	}
	if !assets.ZoneListed(f.zone) {
		f.zone = "UTC"
	}
	return f.DisplayError == "" && f.PasswordError == "" && f.AgainError == ""
}

func (s *Setup) showAccount(rw http.ResponseWriter, r *http.Request, status int, f accountForm) {
	f.Plain = s.frame(r)
	f.Languages, f.Zones = assets.Languages(f.language), assets.Zones(f.zone)
	s.show(rw, r, status, "setup_account", f)
}

func (f *accountForm) newAccount(n store.NewAccount) store.NewAccount {
	n.Language, n.Timezone, n.ApproveFollowers = f.language, f.zone, f.Approve
	return n
}

// finish writes what an account made by the command line does not have: the
// name people read, and whether it may be found.
func (f *accountForm) finish(tx *store.Tx) error {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return err
	}
	me.Name, me.Discoverable, me.Indexable = f.Display, f.Discoverable, f.Discoverable
	if err := tx.SaveActor(&me); err != nil {
		return err
	}
	set, err := tx.Settings()
	if err != nil {
		return err
	}
	set.Discoverable, set.Indexable, set.SearchEngines = f.Discoverable, f.Discoverable, f.Discoverable
	return tx.SaveSettings(set)
}
