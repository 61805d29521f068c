package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
)

const (
	gather      = 20 * time.Second // how long the first notice waits for others
	mailGap     = 15 * time.Minute // from one mail of notices to the next: four an hour
	lettersRead = 1000             // notices that are looked at for one mail …
	lettersShow = 30               // … and that stand in it
	mailText    = 300              // characters of a post in a mail, about
	lettersSeen = 100              // letters among which one is looked for that is stuck
)

// mailKinds are the kinds of notices that can be mailed, in the order in which a mail
// counts them, each in words: one of them, and several.
var mailKinds = []struct{ kind, one, many string }{
	{"mention", "mention", "mentions"}, {"private", "private message", "private messages"}, {"quote", "quote", "quotes"}, {"follow_request", "follow request", "follow requests"},
	{"admin.report", "report", "reports"}, {"follow", "new follower", "new followers"}, {"poll", "ended poll", "ended polls"}, {"favourite", "like", "likes"}, {"reblog", "boost", "boosts"},
	{"status", "new post", "new posts"}, {"update", "edit", "edits"}, {"login", "log-in", "log-ins"}, {"archive", "archive", "archives"},
}

// mailKind is under which kind a notice is mailed.
func mailKind(tx *store.Tx, n store.Notification) (string, error) {
	switch n.Kind {
	case "quoted_update":
		return "update", nil
	case "mention":
		p, err := tx.Post(n.PostID)
		if err == nil && p.Visibility == store.Direct {
			return "private", nil
		}
		return "mention", err
	}
	return n.Kind, nil
}

// tellMail queues a notification to be mailed, if the owner wants that. It is called
// where push messages are queued, so that mail has what they have.
func (s *Service) tellMail(tx *store.Tx, n store.Notification) error {
	if s.mail == nil {
		return nil
	}
	m, err := tx.Mail()
	if err != nil || !m.Confirmed() {
		return err
	}
	kind, err := mailKind(tx, n)
	if err != nil {
		return err
	}
	switch m.WhenOf(kind) {
	case store.MailNow:
		at := s.now().Add(gather)
		if next := m.NoticesAt.Add(mailGap); next.After(at) {
			at = next
		}
		if err := s.planMail(tx, "mail-notices", at); err != nil {
			return err
		}
		return tx.MailNotice(n.ID, false)
	case store.MailDigest:
		if err := s.planMail(tx, "mail-digest", s.digestAfter(s.now(), m.Hour)); err != nil {
			return err
		}
		return tx.MailNotice(n.ID, true)
	}
	return nil
}

// mailLater has the next digest tell of what is no notification. The caller saves m.
func (s *Service) mailLater(tx *store.Tx, m *store.Mail, e store.MailEvent) error {
	e.ID = tx.NewID()
	m.AddEvent(e)
	return s.planMail(tx, "mail-digest", s.digestAfter(s.now(), m.Hour))
}

// digestAfter is the next time of the digest. On the day on which clocks are put
// forward over the hour, it is the hour after.
func (s *Service) digestAfter(t time.Time, hour int) time.Time {
	t = t.In(s.zone())
	at := time.Date(t.Year(), t.Month(), t.Day(), hour, 0, 0, 0, t.Location())
	if !at.After(t) {
		at = time.Date(t.Year(), t.Month(), t.Day()+1, hour, 0, 0, 0, t.Location())
	}
	return at
}

// mailNotices is the job "mail-notices": one mail about what the owner wants to be told
// of at once. While they are there it waits, and what they read meanwhile is left out.
func (s *Service) mailNotices(ctx context.Context, _ []byte) error {
	return s.mailWaiting(ctx, false)
}

// mailDigest is the job "mail-digest": one mail a day about the rest.
func (s *Service) mailDigest(ctx context.Context, _ []byte) error { return s.mailWaiting(ctx, true) }

func (s *Service) mailWaiting(ctx context.Context, digest bool) error {
	var m store.Mail
	var found gathered
	var stuck bool
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if stuck, err = lettersStuck(tx); err != nil || stuck {
			return err
		}
		if m, err = tx.Mail(); err == nil && (digest || m.Always || s.away()) {
			found, err = s.gather(tx, m, digest)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("gather notices to be mailed: %w", err)
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		switch {
		case stuck && digest:
			return s.planMail(tx, "mail-digest", s.now().Add(mailGap))
		case stuck:
			return s.planMail(tx, "mail-notices", s.now().Add(mailGap))
		case !digest && !m.Always && !s.away():
			return s.planMail(tx, "mail-notices", s.now().Add(lately))
		}
		if err := tx.DropMailNotices(digest, found.newest); err != nil {
			return err
		}
		now, err := tx.Mail()
		if err != nil {
			return err
		}
		switch {
		case digest:
			now.DropEvents(found.newestEvent)
		case found.total > 0:
			now.NoticesAt = s.now()
		}
		if err := tx.SaveMail(now); err != nil || found.total == 0 {
			return err
		}
		return s.queueLetter(tx, letterJob{Letter: s.noticesLetter(m, found, digest)})
	})
}

// lettersStuck says whether the mail server did not take a letter to the owner's address
// that is to be tried again. What happens meanwhile waits for that, so that not all of it
// comes singly when the mail server is there again. A letter to another address says
// nothing: it may be the address that nobody takes letters for.
func lettersStuck(tx *store.Tx) (bool, error) {
	list, err := tx.JobsOf("mail", lettersSeen) // those set aside come last
	if err != nil {
		return false, err
	}
	for _, job := range list {
		var j letterJob
		if job.DeadAt.IsZero() && job.Tries > 0 && json.Unmarshal(job.Payload, &j) == nil && j.To == "" && !j.Code {
			return true, nil
		}
	}
	return false, nil
}

// gathered is what one mail of notices is about.
type gathered struct {
	events []assets.Event // the newest, the oldest of them first
	counts map[string]int // of all, by kind
	total  int
	newest int64 // notification that was looked at

	newestEvent int64 // that is no notification
}

// gather reads what waits to be mailed, as far as the owner would be shown it now.
func (s *Service) gather(tx *store.Tx, m store.Mail, digest bool) (gathered, error) {
	g := gathered{counts: map[string]int{}}
	read := store.Marker{}
	var err error
	if !m.Always {
		if read, err = tx.Marker(store.MarkerNotifications); err != nil {
			return g, err
		}
	}
	list, err := tx.MailedNotices(digest, read.LastID, lettersRead)
	if err != nil {
		return g, err
	}
	if g.newest, err = tx.NewestMailNotice(digest); err != nil {
		return g, err
	}
	when := store.MailNow
	if digest {
		when = store.MailDigest
	}
	for _, n := range list {
		kind, err := mailKind(tx, n)
		if errors.Is(err, store.ErrNotFound) {
			continue // what it is about is gone
		}
		if err != nil {
			return g, err
		}
		if m.WhenOf(kind) != when {
			continue
		}
		if shown, err := s.noticeShown(tx, n); err != nil || !shown {
			if err != nil {
				return g, err
			}
			continue
		}
		if len(g.events) < lettersShow {
			e, err := s.event(tx, m, n, kind)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return g, err
			}
			g.events = append(g.events, e)
		}
		g.counts[kind]++
		g.total++
	}
	slices.Reverse(g.events)
	if digest {
		s.gatherEvents(m, &g)
	}
	return g, nil
}

// gatherEvents adds what is no notification, each at its time.
func (s *Service) gatherEvents(m store.Mail, g *gathered) {
	links := map[string]string{"login": "/me/security/log", "archive": "/me/data"}
	for _, e := range m.Events {
		g.newestEvent = e.ID
		if m.WhenOf(e.Kind) != store.MailDigest {
			continue
		}
		g.events = append(g.events, assets.Event{What: e.What, Text: e.Text, At: e.At.In(s.zone()), Link: s.origin.URL(links[e.Kind])})
		g.counts[e.Kind]++
		g.total++
	}
	slices.SortStableFunc(g.events, func(a, b assets.Event) int { return a.At.Compare(b.At) })
	g.events = g.events[max(0, len(g.events)-lettersShow):]
}

// noticeShown is false of what the owner has muted, blocked or filtered since.
func (s *Service) noticeShown(tx *store.Tx, n store.Notification) (bool, error) {
	if quiet, err := tx.Hushed(n); err != nil || quiet {
		return false, err
	}
	f, err := s.filterOfNotice(tx, n)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && (f == nil || f.Action != store.FilterHide), err
}

// event is a notice in a mail.
func (s *Service) event(tx *store.Tx, m store.Mail, n store.Notification, kind string) (assets.Event, error) {
	e := assets.Event{At: n.At.In(s.zone()), Link: s.origin.URL("/me/inbox")}
	who, err := tx.Actor(n.ActorID)
	if err != nil {
		return e, err
	}
	if e.What, e.Text, err = s.noticeText(tx, n, isolated(who), mailText); err != nil {
		return e, err
	}
	if who.ID != store.OwnerID {
		e.Who = who.Handle()
	}
	switch {
	case n.Kind == "follow_request":
		e.Link = s.origin.URL("/me/requests")
	case n.Kind == "admin.report":
		e.Link = s.origin.URL("/me/reports")
	case n.PostID != 0:
		e.Link = s.origin.URL("/me/post/" + fmt.Sprint(n.PostID))
	}
	switch kind {
	case "private":
		e.What = isolated(who).DisplayName() + " sent you a private message"
		if !m.PrivateText {
			e.Text = ""
		}
	case "favourite":
		e.What = isolated(who).DisplayName() + " liked your post"
	}
	return e, nil
}

// isolated is a person whose name cannot turn the words around it (Unicode UAX 9):
// marks of direction are taken out, and a name that is written from right to left is
// held apart.
func isolated(a store.Actor) store.Actor {
	a.Name = plainName(shortened(a.DisplayName(), 100))
	return a
}

func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
			return -1
		case r < 0x20, r == 0x7f, r >= 0x80 && r < 0xa0, r == 0x2028, r == 0x2029:
			return ' '
		}
		return r
	}, name)
	if strings.ContainsFunc(name, rightToLeft) {
		return "\u2068" + name + "\u2069"
	}
	return name
}

func rightToLeft(r rune) bool {
	return r >= 0x590 && r <= 0x8ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc || r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff
}

// noticesLetter is the mail about notices.
func (s *Service) noticesLetter(m store.Mail, g gathered, digest bool) assets.Letter {
	var kinds, words []string
	for _, k := range mailKinds {
		if n := g.counts[k.kind]; n > 0 {
			kinds, words = append(kinds, k.kind), append(words, several(n, k.one, k.many))
		}
	}
	l := assets.Letter{
		Events: g.events, More: g.total - len(g.events), Link: s.origin.URL("/me/inbox"), Button: "Open the inbox",
		Why: "You get this because mail about " + listed(kindsInWords(kinds)) + " is on at " + s.origin.Host + ".", Off: s.offAddress(m, kinds),
	}
	switch {
	case digest:
		l.Subject = "Your day at " + s.origin.Host + ": " + listed(words)
		l.Lead = "Since the last digest: " + listed(words) + "."
	case g.total == 1:
		l.Subject = g.events[0].What
		l.Lead = g.events[0].What + "."
		l.Events[0].What = ""
	default:
		l.Subject = listed(words)
		l.Lead = "While you were away: " + listed(words) + "."
	}
	return l
}

func several(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// kindsInWords are kinds of notices as people call them.
func kindsInWords(kinds []string) (words []string) {
	for _, k := range mailKinds {
		if slices.Contains(kinds, k.kind) {
			words = append(words, k.many)
		}
	}
	return words
}

// listed is "a, b and c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
