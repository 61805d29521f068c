package federation

import (
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// onUndo takes back what the same actor did before (AP 7.12, 6.10). Some servers
// send only the id of what is undone: each kind then looks for it.
func (s *Service) onUndo(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.Object != nil {
		if undo := undos[in.act.Object.Type()]; undo != nil {
			return done, undo(s, tx, in)
		}
		if in.act.Object.Type() != "" {
			return done, nil
		}
		in.act.Object = nil // {"id": …} is no more than the id
	}
	for _, undo := range undos {
		if err := undo(s, tx, in); err != nil {
			return done, err
		}
	}
	return done, nil
}

// caresForUndo: what has no effect need not be taken back.
func (s *Service) caresForUndo(_ *store.Tx, in *incoming) (bool, error) {
	kind := in.act.Object.Type()
	return kind == "" || undos[kind] != nil, nil
}

// checkUndone: only what the actor did can be taken back.
func (s *Service) checkUndone(act *ap.Activity) error {
	if act.Object == nil {
		return nil
	}
	if inner := act.Object.FirstID("actor"); inner != "" && inner != act.Actor {
		return reply.Errorf(reply.Forbidden, "what is undone was done by somebody else")
	}
	return nil
}
