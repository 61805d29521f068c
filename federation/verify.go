package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/federation/remote"
	"dassie/store"
)

const (
	linksAge     = 7 * 24 * time.Hour // how often links of profiles are looked at
	linksOwn     = 12                 // of the owner's links, how many
	linksRemote  = 4                  // of somebody else's
	linksAtOnce  = 4
	linksTime    = 10 * time.Second // all of them together may take when the owner waits
	bioLinksKept = 4
)

// errNoLinkBack and errNotSecure say why a link is not verified.
var (
	errNoLinkBack = errors.New("the page has no link back with rel=\"me\"")
	errNotSecure  = errors.New("only an address that begins with https:// can be verified")
)

// ProfileLinks lists the addresses in somebody's profile that can be verified:
// fields that are a link and nothing else, and of the owner those in the bio too.
func ProfileLinks(a store.Actor) []string {
	var list []string
	for _, f := range a.Extra.Fields {
		if link := markup.OnlyLink(f.Value); link != "" {
			list = append(list, link)
		}
	}
	most := linksRemote
	if a.ID == store.OwnerID {
		list = append(list, markup.LinksIn(a.Summary, bioLinksKept)...)
		most = linksOwn
	}
	seen := map[string]bool{}
	list = slices.DeleteFunc(list, func(link string) bool {
		twice := seen[link]
		seen[link] = true
		return twice
	})
	return list[:min(len(list), most)]
}

// wantLinks queues a look at the links in the profile of somebody whom the owner
// looks at, unless all of them were looked at within the week.
func (s *Service) wantLinks(ctx context.Context, a store.Actor) error {
	due := false
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = s.linksDue(tx, a)
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		tx.After(s.work.pokeJobs)
		return tx.AddJobOnce("links", idKey("links", a.ID), idPayload(a.ID), time.Time{})
	})
}

func (s *Service) linksDue(tx *store.Tx, a store.Actor) (bool, error) {
	links := ProfileLinks(a)
	if len(links) == 0 {
		return false, nil
	}
	known, err := tx.VerifiedLinks(a.ID)
	for _, link := range links {
		if v, ok := known[link]; !ok || s.now().Sub(v.CheckedAt) >= linksAge {
			return true, err
		}
	}
	return false, err
}

// verifyLinks is the job "links": it looks whether the pages that a profile links
// to link back. The payload is the actor's id. The owner's are looked at every week.
func (s *Service) verifyLinks(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	if err := s.checkLinks(ctx, id); err != nil || id != store.OwnerID {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		me, err := tx.Actor(store.OwnerID)
		if err != nil || len(ProfileLinks(me)) == 0 {
			return err
		}
		at := s.now().Add(linksAge)
		if due, err := s.linksDue(tx, me); err != nil {
			return err
		} else if due { // the profile changed meanwhile
			at = s.now().Add(time.Minute)
		}
		// Beside the one that runs, which is still in the queue under the same key.
		return tx.AddJob("links", idKey("links", id), payload, at)
	})
}

// CheckLinks looks at the links of the owner's profile now, for ten seconds at most.
func (s *Service) CheckLinks(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, linksTime)
	defer cancel()
	if err := s.checkLinks(ctx, store.OwnerID); err != nil {
		return fmt.Errorf("check the links of the profile: %w", err)
	}
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return tx.PlanJob("links", idKey("links", store.OwnerID), idPayload(store.OwnerID), s.now().Add(linksAge))
	})
}

// checkLinks asks for all pages, a few at a time, and notes what came of it.
func (s *Service) checkLinks(ctx context.Context, actorID int64) error {
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(actorID) })
	if errors.Is(err, store.ErrNotFound) {
		return nil // swept meanwhile
	}
	if err != nil {
		return err
	}
	links := ProfileLinks(a)
	outcome := make([]error, len(links))
	var wg sync.WaitGroup
	places := make(chan struct{}, linksAtOnce)
	for i, link := range links {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			outcome[i] = s.linksBack(ctx, link, a)
		})
	}
	wg.Wait()
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		for i, link := range links {
			if errors.Is(outcome[i], errOverBudget) {
				continue
			}
			if err := s.noteLink(tx, actorID, link, outcome[i]); err != nil {
				return err
			}
		}
		return s.showVerified(tx, actorID)
	})
}

// noteLink keeps the outcome of a check. A mark outlasts a page that is out of
// order for a while.
func (s *Service) noteLink(tx *store.Tx, actorID int64, link string, outcome error) error {
	v := store.VerifiedLink{ActorID: actorID, URL: link, CheckedAt: s.now()}
	if outcome == nil {
		v.VerifiedAt = s.now()
		return tx.SaveVerifiedLink(v)
	}
	v.Error = linkWhy(outcome)
	if outOfOrder(outcome) {
		known, err := tx.VerifiedLinks(actorID)
		if err != nil {
			return err
		}
		v.VerifiedAt = known[link].VerifiedAt
	}
	return tx.SaveVerifiedLink(v)
}

// linksBack asks for the page of a link, at exactly that address, and says whether
// it links back to the profile (T20).
func (s *Service) linksBack(ctx context.Context, link string, a store.Actor) error {
	if !strings.HasPrefix(link, s.origin.Scheme+"://") {
		return errNotSecure
	}
	if s.ownHost(link) {
		return remote.ErrOwnHost
	}
	if a.ID != store.OwnerID {
		if err := s.mayAskPage(ctx, link); err != nil {
			return err
		}
	}
	to := []string{a.URI}
	switch {
	case a.ID == store.OwnerID:
		to = append(to, s.origin.URL("/@"+s.me.Name))
	case ap.SameOrigin(a.URL, a.URI): // another server's page is not theirs to be verified by
		to = append(to, a.URL)
	}
	doc, err := s.remote.GetPage(ctx, link, true)
	if err != nil {
		return err
	}
	s.budget.pageMet(ap.Host(link))
	if !markup.LinksBack(doc.Body, doc.ContentType, to...) {
		return errNoLinkBack
	}
	return nil
}

// showVerified puts the marks onto the fields of a profile. They are ours: the
// followers are not told, and the profile counts as unchanged.
func (s *Service) showVerified(tx *store.Tx, actorID int64) error {
	a, err := tx.Actor(actorID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	fields, err := markVerified(tx, actorID, slices.Clone(a.Extra.Fields))
	if err != nil || slices.Equal(fields, a.Extra.Fields) {
		return err
	}
	if actorID == store.OwnerID {
		s.emit(tx, EventProfile, 0)
	}
	return tx.SetFields(actorID, fields)
}

// markVerified marks the fields whose links are known to lead back. What such a
// link shows is its address and nothing else: a mark beside words of the
// profile's choice would vouch for the words (CVE-2023-36462).
func markVerified(tx *store.Tx, actorID int64, fields []store.Field) ([]store.Field, error) {
	known, err := tx.VerifiedLinks(actorID)
	if err != nil {
		return nil, err
	}
	for i, f := range fields {
		fields[i].Verified = time.Time{}
		link := markup.OnlyLink(f.Value)
		if link == "" {
			continue
		}
		fields[i].Verified = known[link].VerifiedAt
		if actorID != store.OwnerID && !fields[i].Verified.IsZero() {
			fields[i].Value = markup.Link(link)
		}
	}
	return fields, nil
}

// fileLinks is called when a profile has changed: what is known of links that it no
// longer has is forgotten, and the others keep their marks.
func fileLinks(tx *store.Tx, a *store.Actor) error {
	if err := tx.KeepVerifiedLinks(a.ID, ProfileLinks(*a)); err != nil {
		return err
	}
	fields, err := markVerified(tx, a.ID, slices.Clone(a.Extra.Fields))
	a.Extra.Fields = fields
	return err
}

// outOfOrder is true of failures that say nothing about the link.
func outOfOrder(err error) bool {
	var status *remote.StatusError
	if errors.As(err, &status) {
		return status.Code >= 500 || status.Code == 429 || status.Code == 408
	}
	return errors.Is(err, remote.ErrTimeout) || errors.Is(err, context.DeadlineExceeded)
}

// linkWhy says in the owner's words why a link is not verified.
func linkWhy(err error) string {
	var status *remote.StatusError
	switch {
	case errors.Is(err, errNoLinkBack), errors.Is(err, errNotSecure):
		return err.Error()
	case errors.As(err, &status):
		return fmt.Sprintf("the page answered %d", status.Code)
	case errors.Is(err, remote.ErrMoved):
		return "the address leads on to another one; put that one here"
	case errors.Is(err, remote.ErrTooLarge):
		return "the page is larger than 1 MB"
	case errors.Is(err, remote.ErrContentType):
		return "there is no web page at this address"
	case errors.Is(err, remote.ErrOwnHost):
		return "it is an address of this server"
	case errors.Is(err, errBlocked):
		return "you blocked this server"
	}
	return words(err)
}
