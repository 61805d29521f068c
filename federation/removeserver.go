package federation

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	removeJob   = "remove-followers"
	removeSlice = 50          // followers removed in one transaction
	removeAgain = time.Minute // when what a crash left over is taken up
)

// RemoveFollowersOn removes all followers on a server, each with a Reject, and
// says how many they were. It works in slices, so that the writer is never held
// for long; a job queued with the first slice finishes the work if it breaks off.
// Who follows anew meanwhile stays.
func (s *Service) RemoveFollowersOn(ctx context.Context, hostID int64) (int, error) {
	now := s.now()
	payload := fmt.Appendf(nil, "%d %d", hostID, now.UnixMilli())
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.HostByID(hostID); err != nil {
			return err
		}
		return tx.AddJob(removeJob, idKey(removeJob, hostID), payload, now.Add(removeAgain))
	})
	if err != nil {
		return 0, fmt.Errorf("remove the followers on server %d: %w", hostID, err)
	}
	return s.removeSlices(context.WithoutCancel(ctx), hostID, now)
}

// finishRemoval is the job "remove-followers". The payload is the server's id and
// the moment of the decision.
func (s *Service) finishRemoval(ctx context.Context, payload []byte) error {
	host, at, _ := strings.Cut(string(payload), " ")
	id, err := strconv.ParseInt(host, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	_, err = s.removeSlices(ctx, id, time.UnixMilli(ms))
	return err
}

func (s *Service) removeSlices(ctx context.Context, hostID int64, upTo time.Time) (total int, err error) {
	for {
		n, err := store.Put(ctx, s.store, func(tx *store.Tx) (int, error) {
			list, err := tx.FollowersToRemove(hostID, upTo, removeSlice)
			if err != nil {
				return 0, err
			}
			for _, f := range list {
				a, err := tx.Actor(f.ActorID)
				if err != nil {
					return 0, err
				}
				if err := s.turnAway(tx, a, f, store.FollowRemoved); err != nil {
					return 0, err
				}
			}
			if len(list) == removeSlice {
				return len(list), nil
			}
			// All are gone: files of private posts get new names once, and nothing is left to finish.
			if err := s.renameFor(tx, 0); err != nil {
				return 0, err
			}
			return len(list), tx.DropJobs(removeJob, idKey(removeJob, hostID))
		})
		total += n
		if err != nil || n < removeSlice {
			return total, err
		}
	}
}
