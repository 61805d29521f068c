package federation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	cutJob   = "cut-server"
	cutSlice = 50          // follows that end in one transaction
	cutAgain = time.Minute // when what a crash left over is taken up
)

// ServerName reads the name of a server that a person or an app typed: a domain, a
// handle or an address.
func ServerName(text string) (string, error) {
	name := strings.TrimSpace(text)
	for _, begin := range [...]string{"https://", "http://"} {
		name = strings.TrimPrefix(name, begin)
	}
	name, _, _ = strings.Cut(name, "/")
	name = name[strings.LastIndexByte(name, '@')+1:]
	host, err := ap.ParseHost(strings.TrimSuffix(name, "."))
	if err != nil || !strings.Contains(host, ".") && !strings.HasPrefix(host, "localhost") {
		return "", reply.Errorf(reply.Unprocessable, "“%s” is not the name of a server, such as social.example.", printable(text, 80))
	}
	return host, nil
}

// OtherServer is ServerName of a server that is not the owner's own, nor above it.
func (s *Service) OtherServer(text string) (string, error) {
	name, err := ServerName(text)
	if err == nil && s.ownName(name) {
		err = reply.Errorf(reply.Unprocessable, "%s is your own server.", name)
	}
	return name, err
}

func (s *Service) ownName(name string) bool {
	own := ap.Host(s.actorURI)
	return name == own || strings.HasSuffix(own, "."+name) || name == s.origin.Domain || strings.HasSuffix(s.origin.Domain, "."+name)
}

// ServerCost says what a block of a server ends and hides, and whom it cuts off: so
// many of the followers and of those followed at most. It is what BlockServer does.
type ServerCost struct {
	store.ServerCost
	Name                 string
	Hosts                int         // that are known here, with those below the name
	Bound                store.Bound // what holds for it already …
	By                   string      // … by this name
	Followers, Following []int64
}

// CostOfServer reads that for a name, as ServerName has it.
func CostOfServer(tx *store.Tx, name string, named int) (c ServerCost, err error) {
	c.Name = name
	under, err := tx.HostsUnderEach([]string{name})
	if err != nil {
		return c, err
	}
	ids := make([]int64, 0, len(under[name]))
	for _, h := range under[name] {
		ids = append(ids, h.ID)
	}
	c.Hosts = len(ids)
	rule, err := tx.RuleOver(name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	c.Bound, c.By = rule.Bound, rule.Name
	if c.ServerCost, err = tx.CostOf(ids, nil); err != nil {
		return c, err
	}
	c.Followers, c.Following, err = tx.FollowsOn(ids, named)
	return c, err
}

// BlockServer refuses everything from a server, and from the domains below it:
// the follows with the people there end both ways, which their servers are told.
// It returns the name as it is kept. A job queued with the block finishes the work
// if it breaks off.
func (s *Service) BlockServer(ctx context.Context, text string) (string, error) {
	name, err := s.OtherServer(text)
	if err != nil {
		return "", err
	}
	id, err := store.Put(ctx, s.store, func(tx *store.Tx) (int64, error) {
		if old, err := tx.ServerRuleOf(name); err == nil && old.Bound == store.Blocked {
			return old.HostID, nil // what it cost stays known
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return 0, err
		}
		if err := tx.LogSecurity("block", "server "+name, ""); err != nil {
			return 0, err
		}
		s.serversChanged(tx)
		id, err := tx.RuleServer(store.ServerRule{Name: name, Bound: store.Blocked})
		if err != nil {
			return 0, err
		}
		return id, tx.PlanJob(cutJob, idKey(cutJob, id), idPayload(id), s.now().Add(cutAgain))
	})
	if err != nil {
		return "", fmt.Errorf("block server %s: %w", name, err)
	}
	// It is blocked: what is left to do is to tell.
	if err := s.cutSlices(context.WithoutCancel(ctx), id); err != nil {
		return "", fmt.Errorf("end the follows with server %s: %w", name, err)
	}
	return name, nil
}

// finishCut is the job "cut-server". The payload is the id of the blocked name.
func (s *Service) finishCut(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	return s.cutSlices(ctx, id)
}

// cutSlices ends the follows with all that the block of a name takes in, in slices,
// so that the writer is never held for long. Of a name that is not blocked any more
// it does nothing.
func (s *Service) cutSlices(ctx context.Context, id int64) error {
	for {
		left, err := store.Put(ctx, s.store, func(tx *store.Tx) (bool, error) {
			h, err := tx.HostByID(id)
			if err != nil {
				return false, err
			}
			left := false
			if !h.Blocked.IsZero() {
				if left, err = s.cutUnder(tx, h); err != nil {
					return false, err
				}
			}
			if left {
				return true, nil
			}
			return false, tx.DropJobs(cutJob, idKey(cutJob, id))
		})
		if err != nil || !left {
			return err
		}
	}
}

// cutUnder ends some follows with the servers that a blocked name takes in, and
// counts them beside it.
func (s *Service) cutUnder(tx *store.Tx, name store.Host) (left bool, err error) {
	under, err := tx.HostsUnderEach([]string{name.Name})
	if err != nil {
		return false, err
	}
	for _, h := range under[name.Name] {
		followers, following, more, err := s.cutSome(tx, h.ID, cutSlice)
		if err != nil {
			return false, err
		}
		if followers+following == 0 && !more {
			continue
		}
		return true, tx.AddLost(name.ID, followers, following)
	}
	return false, nil
}

// cutSome ends so many follows with a server at most, both ways, telling it. It says
// how many followers and how many follows those were, and whether some are left.
// Requests are rejected and not counted.
func (s *Service) cutSome(tx *store.Tx, hostID int64, most int) (lostFollowers, lostFollowing int, left bool, err error) {
	followers, following, err := tx.FollowsOnHost(hostID)
	if err != nil {
		return 0, 0, false, err
	}
	left = len(followers) > 0 || len(following) > 0
	for _, f := range followers[:min(most, len(followers))] {
		a, err := tx.Actor(f.ActorID)
		if err != nil {
			return 0, 0, false, err
		}
		if f.State == store.FollowAccepted {
			lostFollowers++
		}
		if err := s.turnAway(tx, a, f, store.FollowRejected); err != nil {
			return 0, 0, false, err
		}
	}
	if lostFollowers > 0 && len(followers) <= most { // files of private posts get new names once, at the end
		if err := s.renameFor(tx, 0); err != nil {
			return 0, 0, false, err
		}
	}
	for _, f := range following[:min(most, len(following))] {
		a, err := tx.Actor(f.ActorID)
		if err != nil {
			return 0, 0, false, err
		}
		if err := s.unfollow(tx, a); err != nil {
			return 0, 0, false, err
		}
		lostFollowing++
	}
	return lostFollowers, lostFollowing, left, nil
}

// UnblockHost lets a server speak again. Follows do not come back by themselves;
// everything else that was hidden does.
func (s *Service) UnblockHost(ctx context.Context, name string) error {
	return s.unruleServer(ctx, name, store.Blocked, "unblock")
}

// SilenceServer keeps the strangers of a server, and of the domains below it, out of
// timelines and notices. People whom the owner follows are as before, nothing ends,
// and nobody is told. It returns the name as it is kept.
func (s *Service) SilenceServer(ctx context.Context, text string) (string, error) {
	name, err := s.OtherServer(text)
	if err != nil {
		return "", err
	}
	return name, s.store.Write(ctx, func(tx *store.Tx) error {
		old, err := tx.ServerRuleOf(name)
		if err == nil && old.Bound == store.Blocked {
			return reply.Errorf(reply.Conflict, "You blocked %s, which is more. Unblock it before you silence its strangers.", name)
		}
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if _, err := tx.RuleServer(store.ServerRule{Name: name, Bound: store.Silenced}); err != nil {
			return err
		}
		s.serversChanged(tx)
		return tx.LogSecurity("silence", "server "+name, "")
	})
}

// UnsilenceServer takes that back, whole: what was kept out is there again.
func (s *Service) UnsilenceServer(ctx context.Context, name string) error {
	return s.unruleServer(ctx, name, store.Silenced, "unsilence")
}

func (s *Service) unruleServer(ctx context.Context, name string, from store.Bound, done string) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		old, err := tx.ServerRuleOf(name)
		if errors.Is(err, store.ErrNotFound) || err == nil && old.Bound != from {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.RuleServer(store.ServerRule{Name: name}); err != nil {
			return err
		}
		s.serversChanged(tx)
		return tx.LogSecurity(done, "server "+name, "")
	})
}

// serversChanged drops what is in memory of keys and documents, and tells pages.
func (s *Service) serversChanged(tx *store.Tx) {
	tx.After(s.documents.clear)
	s.emit(tx, EventProfile, 0)
	s.emit(tx, EventMarker, 0)
}
