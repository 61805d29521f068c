package federation

import (
	"errors"

	"dassie/store"
)

// onUndo takes back what the same actor did before (AP 7.12, 6.10). Some servers
// send only the id of what is undone.
func (s *Service) onUndo(tx *store.Tx, in *incoming) (outcome, error) {
	kind := ""
	if in.act.Object != nil {
		kind = in.act.Object.Type()
	}
	if kind != "" && kind != "Follow" {
		return done, nil
	}
	f, err := tx.Follower(in.sender.ID)
	if errors.Is(err, store.ErrNotFound) {
		return done, nil
	}
	if err != nil {
		return done, err
	}
	if kind == "" && in.act.ObjectID != f.FollowURI {
		return done, nil // the id of something else
	}
	if kind == "Follow" && in.act.Object.FirstID("object") != s.actorURI {
		return done, nil
	}
	if err := tx.DropFollower(in.sender.ID); err != nil {
		return done, err
	}
	for _, kind := range []string{"follow_request", "follow"} {
		if err := tx.DropNotifications(kind, in.sender.ID, 0); err != nil {
			return done, err
		}
	}
	s.emit(tx, EventProfile, 0)
	return done, nil
}
