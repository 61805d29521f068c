package federation

import (
	"dassie/federation/ap"
	"dassie/store"
)

// ActorDocument is the owner as others see them, for an archive.
func (s *Service) ActorDocument(tx *store.Tx) (*ap.Actor, error) { return s.actorDocument(tx) }

// ActivityDocument is the Create by which an own post left, or the Announce that a
// boost is, as it would be sent now. The error is store.ErrNotFound for a boost of
// what is not stored any more.
func (s *Service) ActivityDocument(tx *store.Tx, p store.Post) (*ap.Message, error) {
	kind := "Create"
	if p.BoostOf != 0 {
		kind = "Announce"
	}
	return s.activityOf(tx, p, kind)
}
