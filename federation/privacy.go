package federation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dassie/store"
)

// Privacy is what the privacy policy says, as far as it hangs on settings. The words
// around it are a template.
type Privacy struct {
	Server, Handle, Name string // where and whose this is; Handle with its @
	Contact, ContactURL  string // "" for the handle
	Approves, Searchable bool
	Previews             bool
	Lists, Counts        bool // visitors see whom the owner follows and who follows them; and how many
	Engines, AI          bool // let in
	Suggested            bool // to be listed and found on other servers
	SignedOnly           bool // other servers must say who they are
	TLS                  bool // everything goes over https
	LogInDays            int  // 0: addresses of log-ins are not kept
	LogDays              int  // of the log of requests; 0: there is none
	RemoteDays, MediaMB  int
	PictureDays          int // that others' pictures are kept which nobody looks at
	NoticeDays           int
	SecurityDays         int                   // of the security log
	JobDays              int                   // of what arrived and could not be worked on
	ExpiryDays           int                   // 0: own posts are not deleted for their age
	Mail                 string                // the mail server by which the owner is told of what happens; "" for none
	MailPrivate          bool                  // and what is written in private messages
	Indexed              bool                  // public posts may be found by the search of other servers
	Changed              time.Time             // when it began to say this, in the owner's zone
	Changes              []store.PrivacyChange // the newest first, What in words
}

// policyChangesShown is how many changes the policy lists.
const policyChangesShown = 50

// PrivacyPolicy is the policy as the settings make it, with what changed in it.
func (s *Service) PrivacyPolicy(ctx context.Context) (Privacy, error) {
	set := s.Settings()
	p := Privacy{
		Server: s.origin.Host, Handle: "@" + s.origin.Handle(s.me.Name), Contact: set.Contact, ContactURL: contactURL(set.Contact),
		Approves: set.ApproveFollowers, Searchable: visitorSearch(set), Previews: set.LinkPreviews, Lists: set.ShowLists, Counts: set.ShowCounts,
		Engines: set.SearchEngines, AI: set.AICrawlers, Suggested: set.Discoverable, Indexed: set.Indexable, SignedOnly: set.AuthorizedFetch, TLS: !s.origin.Loopback(),
		LogInDays: set.KeepAddressDays, LogDays: set.KeepLogDays, RemoteDays: set.KeepRemoteDays, MediaMB: set.MediaCacheMB,
		PictureDays: set.KeepPictureDays, NoticeDays: set.KeepNoticeDays, SecurityDays: set.KeepSecurityDays, JobDays: set.KeepJobDays, ExpiryDays: set.Expiry.Days,
		Changed: s.me.CreatedAt,
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
		p.Changed = p.Changed.In(loc)
		for i := range p.Changes {
			p.Changes[i].At = p.Changes[i].At.In(loc)
		}
	}
	return p, nil
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
