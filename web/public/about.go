package public

import (
	"net/http"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
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
	federation.Privacy
}

// Privacy answers GET of /privacy-policy: what is stored, from the settings as
// they are.
func (s *Site) Privacy(w http.ResponseWriter, r *http.Request) {
	policy, err := s.svc.PrivacyPolicy(r.Context())
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.serve(w, r, "privacy", func(v *view) (*page, error) {
		host := s.svc.Origin().Host
		d := privacyPage{v.visitor("Privacy", "What "+host+" stores, and for how long.", "/privacy-policy"), policy}
		return v.html("privacy", d)
	})
}
