package federation

import (
	"context"
	"encoding/json"
	"errors"
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
	RemoteDays, MediaMB  int
	Changed              time.Time // when it began to say this, in the owner's zone
}

// policySetting is the internal setting that remembers what the policy said and
// since when.
const policySetting = "privacy_policy"

// datedPolicy is what was said, and since when.
type datedPolicy struct {
	Said  Privacy
	Since time.Time
}

// PrivacyPolicy is the policy as the settings make it. A change is dated when the
// policy is first asked for after it.
func (s *Service) PrivacyPolicy(ctx context.Context) (Privacy, error) {
	set := s.Settings()
	now := Privacy{
		Server: s.origin.Host, Handle: "@" + s.origin.Handle(s.me.Name), Contact: set.Contact, ContactURL: contactURL(set.Contact),
		Approves: set.ApproveFollowers, Searchable: set.PostsOnWeb && set.VisitorSearch, Previews: set.LinkPreviews, Lists: set.ShowLists, Counts: set.ShowCounts,
		Engines: set.SearchEngines, AI: set.AICrawlers, Suggested: set.Discoverable, SignedOnly: set.AuthorizedFetch, TLS: !s.origin.Loopback(),
		LogInDays: set.KeepAddressDays, RemoteDays: set.KeepRemoteDays, MediaMB: set.MediaCacheMB,
	}
	known := datedPolicy{now, s.me.CreatedAt}
	name, noted := "", false
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		me, err := tx.Actor(store.OwnerID)
		if err != nil {
			return err
		}
		name = me.DisplayName()
		text, err := tx.Setting(policySetting)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			noted, err = true, json.Unmarshal([]byte(text), &known)
		}
		return err
	})
	if err != nil {
		return now, fmt.Errorf("read the privacy policy: %w", err)
	}
	if known.Said != now {
		known, noted = datedPolicy{now, s.now().UTC()}, false
	}
	if !noted {
		if err := s.datePolicy(ctx, known); err != nil {
			return now, err
		}
	}
	now.Name, now.Changed = name, known.Since
	if loc, err := time.LoadLocation(set.Timezone); err == nil { // else a zone that this system does not know
		now.Changed = now.Changed.In(loc)
	}
	return now, nil
}

func (s *Service) datePolicy(ctx context.Context, p datedPolicy) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("date the privacy policy: %w", err)
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error { return tx.SetSetting(policySetting, string(text)) })
	if err != nil {
		return fmt.Errorf("date the privacy policy: %w", err)
	}
	return nil
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
