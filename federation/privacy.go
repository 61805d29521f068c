package federation

import (
	"context"
	"fmt"
	"html/template"
	"strings"
	"time"

	"dassie/store"
)

// Privacy is what the privacy policy says, as far as it hangs on settings. The words
// around it are a template.
type Privacy struct {
	Server, Handle, Name     string // where and whose this is; Handle with its @
	Contact, ContactURL      string // "" for the handle
	Approves, Searchable     bool
	ShowApp                  bool // others see with which app a post was written
	Previews                 bool
	Lists, Counts            bool // visitors see whom the owner follows and who follows them; and how many
	Engines, AI              bool // let in
	Suggested                bool // to be listed and found on other servers
	SignedOnly               bool // other servers must say who they are
	TLS                      bool // everything goes over https
	LogInDays                int  // 0: addresses of log-ins are not kept
	LogDays                  int  // of the log of requests; 0: there is none
	RemoteDays, MediaMB      int
	PictureDays              int // that others' pictures are kept which nobody looks at
	NoticeDays               int
	SecurityDays             int                   // of the security log
	JobDays                  int                   // of what arrived and could not be worked on
	ExpiryDays               int                   // 0: own posts are not deleted for their age
	Mail                     string                // the mail server by which the owner is told of what happens; "" for none
	MailPrivate              bool                  // and what is written in private messages
	Indexed                  bool                  // public posts may be found by the search of other servers
	AskURL                   string                // of the form for what is kept
	ProxyBy                  string                // who runs what stands before this server; "" if the owner named nobody
	Proxied                  bool                  // something does stand before it, as far as it knows
	Session, Form, Code, Key string                // names of the cookies
	CopyDays, ArchiveDays    int                   // that a copy of before an upgrade and a packed archive are kept
	BackupDays               int                   // 0: the owner says nothing of backups
	RequestDays              int                   // that a request which is not answered is kept
	DoneDays                 int                   // that one is kept after the answer
	LinkDays                 int                   // that the link of an answer is good
	AnswerDays               int                   // that an answer may take
	Age                      string                // what is said of the age of those who write
	Words                    template.HTML         // the owner's own; "" for none
	WordsSince               time.Time             // in the owner's zone
	Earlier                  []EarlierWords        // the newest first
	Changed                  time.Time             // when it began to say this, in the owner's zone
	Changes                  []store.PrivacyChange // the newest first, What in words
}

// EarlierWords are the owner's own words as they were.
type EarlierWords struct {
	From, Until time.Time
	Words       template.HTML
}

// policyTextsShown is how many versions of the owner's words the policy shows.
const policyTextsShown = 11

// policyChangesShown is how many changes the policy lists.
const policyChangesShown = 50

// PrivacyPolicy is the policy as the settings make it, with what changed in it.
func (s *Service) PrivacyPolicy(ctx context.Context) (Privacy, error) {
	set := s.Settings()
	p := Privacy{
		Server: s.origin.Host, Handle: "@" + s.origin.Handle(s.me.Name), Contact: set.Contact, ContactURL: contactURL(set.Contact),
		Approves: set.ApproveFollowers, ShowApp: set.ShowApp, Searchable: visitorSearch(set), Previews: set.LinkPreviews, Lists: set.ShowLists, Counts: set.ShowCounts,
		Engines: set.SearchEngines, AI: set.AICrawlers, Suggested: set.Discoverable, Indexed: set.Indexable, SignedOnly: set.AuthorizedFetch, TLS: !s.origin.Loopback(),
		LogInDays: set.KeepAddressDays, LogDays: set.KeepLogDays, RemoteDays: set.KeepRemoteDays, MediaMB: set.MediaCacheMB,
		PictureDays: set.KeepPictureDays, NoticeDays: set.KeepNoticeDays, SecurityDays: set.KeepSecurityDays, JobDays: set.KeepJobDays, ExpiryDays: set.Expiry.Days,
		Changed: s.me.CreatedAt,
		AskURL:  s.origin.URL("/privacy/ask"), ProxyBy: set.ProxyOperator, Session: s.origin.CookieName(), Form: s.origin.FormCookieName(), Code: s.origin.CodeCookieName(), Key: s.origin.KeyCookieName(),
		CopyDays: days(store.SnapshotLasts), ArchiveDays: days(store.ArchiveLasts), BackupDays: set.BackupDays, Age: set.MinimumAge, RequestDays: days(store.SubjectRequestLasts), DoneDays: days(store.SubjectDoneLasts), LinkDays: days(store.SubjectLinkLasts), AnswerDays: days(store.SubjectAnswerBy),
	}
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		me, err := tx.Actor(store.OwnerID)
		if err != nil {
			return err
		}
		p.Name = me.DisplayName()
		m, err := tx.Mail()
		if err != nil {
			return err
		}
		if s.mail != nil && m.Confirmed() {
			p.Mail, p.MailPrivate = s.mailServer, m.PrivateText
		}
		started, err := tx.Started()
		if err != nil {
			return err
		}
		p.Proxied = started.Behind(s.origin)
		if err := s.ownWords(tx, set, &p); err != nil {
			return err
		}
		p.Changes, err = policyChanges(tx)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("read the privacy policy: %w", err)
	}
	if len(p.Changes) > 0 {
		p.Changed = p.Changes[0].At
	}
	if loc, err := time.LoadLocation(set.Timezone); err == nil { // else a zone that this system does not know
		p.Changed, p.WordsSince = p.Changed.In(loc), p.WordsSince.In(loc)
		for i := range p.Earlier {
			p.Earlier[i].From, p.Earlier[i].Until = p.Earlier[i].From.In(loc), p.Earlier[i].Until.In(loc)
		}
		for i := range p.Changes {
			p.Changes[i].At = p.Changes[i].At.In(loc)
		}
	}
	return p, nil
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// ownWords fills in what the owner wrote, and what stood there before
// (PRIVACY-CLAUSES 30).
func (s *Service) ownWords(tx *store.Tx, set store.Settings, p *Privacy) error {
	texts, err := tx.PolicyTexts(policyTextsShown)
	if err != nil {
		return err
	}
	if set.PolicyWords != "" {
		if p.Words, err = s.policyHTML(set.PolicyWords); err != nil {
			return err
		}
		p.WordsSince = s.me.CreatedAt
	}
	for i, t := range texts {
		if i == 0 {
			p.WordsSince = t.At
			continue
		}
		if t.Words == "" {
			continue
		}
		html, err := s.policyHTML(t.Words)
		if err != nil {
			return err
		}
		p.Earlier = append(p.Earlier, EarlierWords{From: t.At, Until: texts[i-1].At, Words: html})
	}
	return nil
}

// policyHTML is Markdown as safe HTML, with links to nobody but those written out.
func (s *Service) policyHTML(words string) (template.HTML, error) {
	r, err := s.render(words, true, nil)
	return template.HTML(r.HTML), err
}

// contactURL is where a contact leads: a page, or mail; "" for neither.
func contactURL(contact string) string {
	switch {
	case contact == "":
		return ""
	case strings.HasPrefix(contact, "https://"):
		return contact
	}
	return "mailto:" + contact
}
