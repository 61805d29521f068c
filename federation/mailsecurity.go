package federation

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
)

const (
	linesAtOnce = 20             // lines of the security log that are mailed at once
	linesBack   = 200            // log-ins among which a browser is looked for
	codesApart  = time.Hour      // from one letter about wrong codes to the next: a guesser makes many
	lineAge     = 24 * time.Hour // an older line is no news: there was no mail then
)

// securityLetters are the lines of the security log that are mailed whatever the owner
// chose: subject and first paragraph.
var securityLetters = map[string]struct{ subject, lead string }{
	auth.EventPassword:       {"Your password was changed", "The password of your server was changed, and all other log-ins have ended."},
	auth.EventFactorOn:       {"The second factor is on", "A second factor was switched on. From now on a log-in takes a code too."},
	auth.EventFactorOff:      {"The second factor is off", "The second factor was switched off. From now on the password alone opens your server."},
	auth.EventCodeFailed:     {"A log-in with a wrong code", "Somebody gave your name and the right password, and then a wrong code of the second factor. They did not get in. If that was not you, they know your password."},
	auth.EventRecoveryCodes:  {"There are new recovery codes", "New recovery codes were made. Those from before are void."},
	auth.EventPasskeyAdded:   {"A passkey was added", "A passkey was added. Whoever has it can log in."},
	auth.EventPasskeyRemoved: {"A passkey was removed", "A passkey was removed. It opens nothing any more."},
	auth.EventPasskeyCopied:  {"There may be a copy of a passkey", "A passkey counted backwards, as if there were a copy of it, and was refused. Remove it under Security unless you know better."},
	"archive":                {"An archive was asked for", "Somebody who is logged in asked for an archive of everything that is yours."},
}

// securityLoop mails lines of the security log as they come: those of this server, and
// those of commands beside it.
func (s *Service) securityLoop(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.mailSecurity(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("cannot mail what concerns safety", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-s.lines:
		}
	}
}

// mailSecurity queues the letters about new lines of the security log.
func (s *Service) mailSecurity(ctx context.Context) error {
	if s.mail == nil {
		return nil
	}
	for more := true; more; {
		lines, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.SecurityEvent, error) { return newLines(tx) })
		if err != nil || len(lines) == 0 {
			return err
		}
		more = len(lines) == linesAtOnce
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			lines, err := newLines(tx)
			if err != nil || len(lines) == 0 {
				return err
			}
			m, err := tx.Mail()
			if err != nil {
				return err
			}
			for _, line := range lines {
				if err := s.mailLine(tx, &m, line); err != nil {
					return err
				}
			}
			m.LineSeen = lines[len(lines)-1].ID
			return tx.SaveMail(m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newLines are those that nobody looked at; none while there is no address.
func newLines(tx *store.Tx) ([]store.SecurityEvent, error) {
	m, err := tx.Mail()
	if err != nil || !m.Confirmed() {
		return nil, err
	}
	return tx.SecurityLogAfter(m.LineSeen, linesAtOnce)
}

// mailLine queues the letter about a line, if there is one to write.
func (s *Service) mailLine(tx *store.Tx, m *store.Mail, line store.SecurityEvent) error {
	if s.now().Sub(line.At) > lineAge {
		return nil
	}
	if line.Kind == auth.EventLogIn {
		return s.mailLogIn(tx, m, line)
	}
	words, told := securityLetters[line.Kind]
	if !told || line.Kind == "archive" && !strings.HasPrefix(line.Detail, "asked for") {
		return nil
	}
	if line.Kind == auth.EventCodeFailed {
		if line.At.Sub(m.CodeTold) < codesApart {
			return nil
		}
		m.CodeTold = line.At
	}
	return s.queueLetter(tx, letterJob{Letter: s.securityLetter(words.subject, words.lead, line.At)})
}

// securityLetter is a letter that is always sent.
func (s *Service) securityLetter(subject, lead string, at time.Time) assets.Letter {
	return assets.Letter{
		Subject: subject + " (" + s.origin.Host + ")", Lead: lead,
		Notes: []string{
			"It happened on " + at.In(s.zone()).Format("Monday 2 January 2006 at 15:04") + ". If that was you, there is nothing to do.",
			"If it was not, change the password at once: that ends all other log-ins. Then look through the security log.",
		},
		Link: s.origin.URL("/me/security"), Button: "Open Security",
		Why: "Mail about the safety of your server is always sent, while there is an address for it.",
	}
}

// mailLogIn tells of a log-in: always from a browser that was not seen before, else if
// the owner wants that.
func (s *Service) mailLogIn(tx *store.Tx, m *store.Mail, line store.SecurityEvent) error {
	before, err := tx.SecurityLines(auth.EventLogIn, line.ID, linesBack)
	if err != nil {
		return err
	}
	browser := assets.BrowserName(agentOf(line))
	if !knownBrowser(line, before) {
		return s.queueLetter(tx, letterJob{Letter: s.securityLetter("New log-in from "+browser, "Somebody logged in to your server with "+browser+
			", from a browser or a network from which nobody had logged in before.", line.At)})
	}
	switch m.WhenOf("login") {
	case store.MailOff:
		return nil
	case store.MailDigest:
		return s.mailLater(tx, m, store.MailEvent{At: line.At, Kind: "login", What: "Log-in from " + browser})
	}
	l := s.securityLetter("Log-in from "+browser, "Somebody logged in to your server with "+browser+", as they did before.", line.At)
	l.Why, l.Off = "You get this because mail about log-ins is on at "+s.origin.Host+".", s.offAddress(*m, []string{"login"})
	return s.queueLetter(tx, letterJob{Letter: l})
}

// knownBrowser says whether somebody logged in before with the same program, from the
// same network as far as addresses are kept.
func knownBrowser(line store.SecurityEvent, before []store.SecurityEvent) bool {
	for _, b := range before {
		if agentOf(b) == agentOf(line) && (b.Address == "" || line.Address == "" || network(b.Address) == network(line.Address)) {
			return true
		}
	}
	return false
}

// agentOf is the program that a log-in came from.
func agentOf(line store.SecurityEvent) string {
	agent, _, _ := strings.Cut(line.Detail, auth.WithCode)
	return agent
}

// network is so much of an address as does not change while somebody moves about.
func network(text string) netip.Prefix {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if a = a.Unmap(); a.Is4() {
		bits = 16
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// mailFarewell tells that the account is being deleted. watched says that a browser
// shows how far it is: nobody else is shown that.
func (s *Service) mailFarewell(tx *store.Tx, watched bool) error {
	m, err := tx.Mail()
	if err != nil || !m.Confirmed() {
		return err
	}
	l := s.securityLetter("Your account is being deleted", "Somebody with your password began to delete @"+s.origin.Handle(s.me.Name)+
		". It answers no more, and every server that may hold a copy is being asked to delete it.", tx.Now())
	l.Notes = l.Notes[:1]
	l.Notes = append(l.Notes, "It cannot be undone here. If it was not you, switch the machine off, and restore your last backup.")
	shows := "How far it is, dassie delete-account prints on the machine."
	l.Link, l.Button = "", ""
	if watched {
		shows = "How far it is, only the browser shows in which it was begun; dassie delete-account prints it on the machine."
		l.Link, l.Button = s.origin.URL("/me/leaving"), "See how far it is, in that browser"
	}
	l.Notes = append(l.Notes, shows)
	return s.queueLetter(tx, letterJob{Letter: l})
}

// MailArchive tells that an archive is packed, or could not be, if the owner wants that.
func (s *Service) MailArchive(tx *store.Tx, a store.Archive) error {
	m, err := tx.Mail()
	if err != nil || !m.Confirmed() || m.WhenOf("archive") == store.MailOff {
		return err
	}
	what, lead, notes := "Your archive is ready", "The archive that you asked for is packed: "+assets.ByteSize(a.Size)+".",
		[]string{"It can be downloaded for 7 days. It is not in this mail, and neither is a way to it without your password."}
	if a.State == store.ArchiveFailed {
		what, lead, notes = "Your archive could not be packed", "The archive that you asked for could not be packed. "+a.Error, nil
	}
	if m.WhenOf("archive") == store.MailDigest {
		if err := s.mailLater(tx, &m, store.MailEvent{At: tx.Now(), Kind: "archive", What: what, Text: strings.Join(append([]string{lead}, notes...), " ")}); err != nil {
			return err
		}
		return tx.SaveMail(m)
	}
	return s.queueLetter(tx, letterJob{Letter: assets.Letter{
		Subject: what + " (" + s.origin.Host + ")", Lead: lead, Notes: notes,
		Link: s.origin.URL("/me/data"), Button: "Open Your data", Off: s.offAddress(m, []string{"archive"}),
		Why: "You get this because mail about archives is on at " + s.origin.Host + ".",
	}})
}
