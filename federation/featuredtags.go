package federation

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	maxFeaturedTags = 10
	maxEndorsements = 100
)

// FeatureTag shows a hashtag on the profile, and tells the followers' servers. It
// returns the name as it is kept.
func (s *Service) FeatureTag(ctx context.Context, text string) (string, error) {
	name, ok := TagName(text)
	if !ok {
		return "", errNoTag
	}
	return name, s.store.Write(ctx, func(tx *store.Tx) error {
		list, err := tx.FeaturedTagNames()
		if err != nil {
			return err
		}
		for _, is := range list {
			if is == name {
				return nil
			}
		}
		if len(list) >= maxFeaturedTags {
			return reply.Errorf(reply.Unprocessable, "%d hashtags are on your profile, which is the most there can be. Take one off first.", len(list))
		}
		if err := tx.FeatureTag(name); err != nil {
			return err
		}
		return s.tellOfTag(tx, "Add", name)
	})
}

// UnfeatureTag takes a hashtag off the profile.
func (s *Service) UnfeatureTag(ctx context.Context, text string) (string, error) {
	name, ok := TagName(text)
	if !ok {
		return "", errNoTag
	}
	return name, s.store.Write(ctx, func(tx *store.Tx) error {
		was, err := tx.UnfeatureTag(name)
		if err != nil || !was {
			return err
		}
		return s.tellOfTag(tx, "Remove", name)
	})
}

// tellOfTag sends an Add or Remove of a hashtag. Its target is the collection of
// pinned posts, as Mastodon has it, though the hashtags are in one of their own.
func (s *Service) tellOfTag(tx *store.Tx, kind, name string) error {
	s.emit(tx, EventProfile, 0)
	to, err := tx.FollowerInboxes()
	if err != nil {
		return err
	}
	if to, err = unblocked(tx, to); err != nil {
		return err
	}
	m := ap.NewActivity(kind, s.newActivityID(), s.actorURI, s.hashtag(name), []string{ap.Public}, []string{s.followersURI()}, s.now())
	m.Target = s.actorURI + "/featured"
	return s.send(tx, kind, 0, m, to)
}

func (s *Service) hashtag(name string) ap.Object {
	return ap.Object{"type": "Hashtag", "href": s.TagURL(name), "name": "#" + name}
}

// TagURL is the page of a hashtag for visitors.
func (s *Service) TagURL(name string) string {
	return s.origin.URL("/tags/" + url.PathEscape(store.TagName(name)))
}

// ServeFeaturedTags answers GET of the hashtags on the owner's profile.
func (s *Service) ServeFeaturedTags(w http.ResponseWriter, r *http.Request) {
	s.serveList(w, r, func(tx *store.Tx, _ url.Values) (*ap.Collection, error) {
		names, err := tx.FeaturedTagNames()
		if err != nil {
			return nil, err
		}
		c := &ap.Collection{ID: s.actorURI + "/tags", Type: "Collection", TotalItems: int64(len(names)), Items: []any{}}
		for _, name := range names {
			c.Items = append(c.Items, s.hashtag(name))
		}
		return c, nil
	})
}

// Endorse recommends somebody whom the owner follows on the owner's profile.
func (s *Service) Endorse(ctx context.Context, actorID int64) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Actor(actorID); err != nil {
			return err
		}
		follows, err := tx.Follows(actorID)
		if err != nil {
			return err
		}
		if !follows {
			return reply.Errorf(reply.Unprocessable, "You can recommend only people whom you follow.")
		}
		n, err := tx.CountEndorsements()
		if err != nil {
			return err
		}
		if n >= maxEndorsements {
			return reply.Errorf(reply.Unprocessable, "You recommend %d people, which is the most there can be.", n)
		}
		s.emit(tx, EventProfile, 0)
		return tx.Endorse(actorID)
	})
	if err != nil {
		return fmt.Errorf("recommend actor %d: %w", actorID, err)
	}
	return nil
}

// Disendorse takes that back.
func (s *Service) Disendorse(ctx context.Context, actorID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		was, err := tx.Disendorse(actorID)
		if was {
			s.emit(tx, EventProfile, 0)
		}
		return err
	})
}
