package federation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"dassie/store"
)

// Outcome is what one server did with the request to delete everything of the
// account.
type Outcome string

// What it can be. Only Waiting and Silent may change while servers are asked, and
// Unverified, where a server does not believe the signature for the time being.
const (
	OutcomeAccepted   Outcome = "accepted"
	OutcomeWaiting    Outcome = "waiting" // not asked yet
	OutcomeSilent     Outcome = "no answer"
	OutcomeUnverified Outcome = "could not verify"
	OutcomeRefused    Outcome = "refused"
	OutcomeGone       Outcome = "gone"
)

// AskedServer is one server that was asked to delete everything of the account.
type AskedServer struct {
	store.Told
	Outcome Outcome
}

// EndReport is what became of the end of the account.
type EndReport struct {
	store.Farewell
	Handle  string        // with the first @
	Servers []AskedServer // by name
	Count   map[Outcome]int

	Remains bool     // of an account that was wiped: pictures, archives or backups are not all removed
	Left    []string // names in its data directory that dassie did not put there
}

// NewEndReport counts servers, as ByServer does.
func NewEndReport(id store.Identity, d store.Farewell, told []store.Told) EndReport {
	r := EndReport{Farewell: d, Handle: "@" + id.Origin().Handle(id.Name), Servers: ByServer(told), Count: map[Outcome]int{}}
	for _, s := range r.Servers {
		r.Count[s.Outcome]++
	}
	return r
}

// ByServer counts a server with several inboxes once: it has accepted only if all of
// them have.
func ByServer(told []store.Told) []AskedServer {
	var list []AskedServer
	at := map[string]int{}
	reached := store.Reached(told)
	for _, t := range told {
		i, known := at[t.Host]
		switch {
		case !known:
			at[t.Host] = len(list)
			list = append(list, AskedServer{t, outcomeOf(t, reached)})
		case list[i].Outcome == OutcomeAccepted:
			list[i] = AskedServer{t, outcomeOf(t, reached)}
		}
	}
	return list
}

// outcomeOf is what became at one inbox; reached says whether any was found.
func outcomeOf(t store.Told, reached bool) Outcome {
	said := func(status string) bool { return strings.HasPrefix(t.Error, "answered "+status) }
	switch {
	case t.State == store.DeliveryAccepted:
		return OutcomeAccepted
	case said("401"), said("403"):
		return OutcomeUnverified
	case said("410"), reached && t.NameGone():
		return OutcomeGone
	case t.State == store.DeliveryRefused:
		return OutcomeRefused
	case t.TriedAt.IsZero() && t.Error == "": // with an error, something before it failed there
		return OutcomeWaiting
	}
	return OutcomeSilent
}

const reportTime = "2 January 2006, 15:04 UTC"

// Text is the report as the owner keeps it.
func (r EndReport) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s was deleted on %s. Since then the profile and %s answer “gone”.\n\n", r.Handle, r.Begun.UTC().Format(reportTime), countOf(r.Posts, "post"))
	if len(r.Servers) > 0 {
		fmt.Fprintf(&b, "We asked %s to delete what they hold. %s.\n", countOf(len(r.Servers), "server"), r.counts())
	} else {
		b.WriteString("No other server ever got anything of it.\n")
	}
	switch open := r.open(); {
	case !r.Done.IsZero():
		fmt.Fprintf(&b, "The asking ended on %s. ", r.Done.UTC().Format(reportTime))
		if r.Wiped.IsZero() {
			b.WriteString("This machine is wiped next.\n")
		} else {
			fmt.Fprintf(&b, "Key, posts, messages and followers were wiped on %s. %s\n", r.Wiped.UTC().Format(reportTime), r.rest())
		}
	case open > 0:
		fmt.Fprintf(&b, "Those that did not answer are asked until %s. Leave this machine on until then: the key is needed to sign.\n", r.Until.UTC().Format(reportTime))
	default:
		b.WriteString("Nobody is left to ask; the running server wipes this machine next.\n")
	}
	b.WriteString("\nAccepting is not proof of deletion. Search engines, archives, screenshots and servers we never met are beyond our reach. A memory card may keep old cells. " + r.Handle + " cannot be used again.\n\n")
	for _, s := range r.Servers {
		fmt.Fprintf(&b, "%s: %s", s.Host, s.Outcome)
		if !s.TriedAt.IsZero() {
			fmt.Fprintf(&b, ", %s", s.TriedAt.UTC().Format(reportTime))
		}
		if s.Error != "" && s.Outcome != OutcomeAccepted {
			fmt.Fprintf(&b, " (%s)", s.Error)
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// rest says what else of an account that was wiped is on the disk.
func (r EndReport) rest() string {
	words := "Pictures, archives and the backups in its data directory are removed too."
	if r.Remains {
		words = "Pictures, archives and the backups in its data directory are not all removed yet. The running server goes on with that, and its log says what is in the way."
	}
	if len(r.Left) > 0 {
		words += " Files that dassie did not put into the data directory stay, for you to look through: " + strings.Join(r.Left, ", ") + "."
	}
	return words
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// counts says how many did what, without what nobody did.
func (r EndReport) counts() string {
	var parts []string
	for _, c := range []struct {
		of        Outcome
		one, more string
	}{
		{OutcomeAccepted, "accepted the request", "accepted the request"}, {OutcomeSilent, "does not answer", "do not answer"},
		{OutcomeWaiting, "is still to be asked", "are still to be asked"}, {OutcomeUnverified, "could not verify it", "could not verify it"},
		{OutcomeRefused, "refused it", "refused it"}, {OutcomeGone, "no longer exists", "no longer exist"},
	} {
		n, words := r.Count[c.of], c.more
		if n == 1 {
			words = c.one
		}
		if c.of == OutcomeWaiting && !r.Done.IsZero() {
			words = "not asked any more"
		}
		if n > 0 || c.of == OutcomeAccepted {
			parts = append(parts, fmt.Sprintf("%d %s", n, words))
		}
	}
	return strings.Join(parts, ", ")
}

// open is how many servers are asked again.
func (r EndReport) open() (n int) {
	for _, s := range r.Servers {
		if s.State < store.DeliveryAccepted {
			n++
		}
	}
	return n
}

// EndReportCommand is the report from the command line; store.ErrNotFound while the
// account lives.
func EndReportCommand(ctx context.Context, st *store.Store) ([]byte, error) {
	var report EndReport
	err := st.Read(ctx, func(tx *store.Tx) error {
		d, err := tx.Farewell()
		if err != nil {
			return err
		}
		id, err := tx.Identity()
		if err != nil {
			return err
		}
		told := d.Report
		if d.Done.IsZero() {
			if told, err = tx.Told(d.Outgoing); err != nil {
				return err
			}
		}
		report = NewEndReport(id, d, told)
		return nil
	})
	if err == nil && !report.Wiped.IsZero() {
		var whole bool
		whole, err = store.WipedWhole(ctx, st.Dir())
		if err == nil {
			report.Remains = !whole
			report.Left, err = store.LeftBehind(st.Dir())
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("read what became of the account: %w", err)
	}
	return report.Text(), nil
}

// logEnd tells the log how far the end of the account is, when that changed.
func (s *Service) logEnd(r EndReport, before string) string {
	now := r.counts()
	if now != before {
		s.log.Info("asking servers to delete everything", "servers", len(r.Servers), "state", now, "until", r.Until.UTC().Format(time.RFC3339))
	}
	if !r.Done.IsZero() {
		r.Log(s.log)
	}
	return now
}

// Log tells the log what became of each server.
func (r EndReport) Log(log *slog.Logger) {
	for _, a := range r.Servers {
		log.Info("asked to delete everything", "server", a.Host, "state", string(a.Outcome), "reason", a.Error)
	}
}
