package public

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
)

type aboutPage struct {
	assets.Visitor
	Contact, ContactURL string
	Rules, Blocked      []string
	ShowBlocked         bool
	Posts               int // -1 if the owner does not show it
	Since               time.Time
}

// About answers GET of /about.
func (s *Site) About(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, "about", func(v *view) (*page, error) {
		host := s.svc.Origin().Host
		d := aboutPage{
			Visitor: v.visitor("About "+host, "One person’s server on the social web.", "/about"),
			Contact: v.set.Contact, ContactURL: contactURL(v.set.Contact), Since: zoned(s.svc.Identity().CreatedAt, v.set), Posts: -1, ShowBlocked: v.set.ShowBlocked,
		}
		for line := range strings.Lines(v.set.Rules) {
			if line = strings.TrimSpace(line); line != "" {
				d.Rules = append(d.Rules, line)
			}
		}
		if v.set.ShowBlocked {
			hosts, err := v.tx.BlockedHosts()
			if err != nil {
				return nil, err
			}
			for _, h := range hosts {
				d.Blocked = append(d.Blocked, h.Name)
			}
		}
		if v.set.ShowCounts {
			var err error
			if d.Posts, err = v.tx.CountOwnPosts(); err != nil {
				return nil, err
			}
		}
		return v.html("about", d)
	})
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

type privacyPage struct {
	assets.Visitor
	Contact, ContactURL            string
	Approves, Searchable, Previews bool
	RemoteDays, LogInDays, MediaMB int
	Changed                        time.Time
}

// Privacy answers GET of /privacy-policy: what is stored, from the settings as
// they are. Addresses are written down where somebody logs in, or tries to.
func (s *Site) Privacy(w http.ResponseWriter, r *http.Request) {
	changed, err := s.policyDate(r.Context())
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.serve(w, r, "privacy", func(v *view) (*page, error) {
		host := s.svc.Origin().Host
		return v.html("privacy", privacyPage{
			Visitor: v.visitor("Privacy", "What "+host+" stores, and for how long.", "/privacy-policy"),
			Contact: v.set.Contact, ContactURL: contactURL(v.set.Contact), Approves: v.set.ApproveFollowers, Searchable: v.searchable(), Previews: v.set.LinkPreviews,
			RemoteDays: v.set.KeepRemoteDays, LogInDays: v.set.KeepAddressDays, MediaMB: v.set.MediaCacheMB, Changed: changed,
		})
	})
}

// policySetting is the internal setting that remembers what the policy said and
// since when.
const policySetting = "privacy_policy"

// policy is what of the settings the policy speaks of.
type policy struct {
	Approves  bool      `json:"approves"`
	Days      int       `json:"days"`
	MB        int       `json:"mb"`
	LogInDays int       `json:"log_in_days"`
	Search    bool      `json:"search"`
	Previews  bool      `json:"previews"`
	Contact   string    `json:"contact"`
	Since     time.Time `json:"since"`
}

// policyDate is since when the policy says what it says now. A change is noted
// when the policy is first shown after it.
func (s *Site) policyDate(ctx context.Context) (time.Time, error) {
	set := s.svc.Settings()
	now := policy{
		Approves: set.ApproveFollowers, Days: set.KeepRemoteDays, MB: set.MediaCacheMB, LogInDays: set.KeepAddressDays,
		Search: set.PostsOnWeb && set.VisitorSearch, Contact: set.Contact, Previews: set.LinkPreviews,
	}
	known := policy{Since: s.svc.Identity().CreatedAt}
	text, err := store.Get(ctx, s.svc.Store(), func(tx *store.Tx) (string, error) { return tx.Setting(policySetting) })
	switch {
	case errors.Is(err, store.ErrNotFound):
		now.Since = s.svc.Identity().CreatedAt
	case err != nil:
		return time.Time{}, fmt.Errorf("read the policy's date: %w", err)
	default:
		if err := json.Unmarshal([]byte(text), &known); err != nil {
			return time.Time{}, fmt.Errorf("read the policy's date: %w", err)
		}
		if now.Since = known.Since; now == known {
			return known.Since, nil
		}
		now.Since = s.svc.Now().UTC()
	}
	encoded, err := json.Marshal(now)
	if err != nil {
		return time.Time{}, fmt.Errorf("note the policy's date: %w", err)
	}
	err = s.svc.Store().Write(ctx, func(tx *store.Tx) error { return tx.SetSetting(policySetting, string(encoded)) })
	if err != nil {
		return time.Time{}, fmt.Errorf("note the policy's date: %w", err)
	}
	return now.Since, nil
}
