package federation

import (
	"errors"
	"net/http"
	"strconv"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

func (s *Service) stampURI(id int64) string {
	return s.origin.URL("/stamps/" + strconv.FormatInt(id, 10))
}

// ServeStamp answers GET of the owner's consent to what somebody does with a post.
// Whoever may read the post may read this. What was taken back is answered as what
// never was, and so is consent about a post that the asker may not know of (T42).
func (s *Service) ServeStamp(w http.ResponseWriter, r *http.Request, id int64) {
	st, err := store.Get(r.Context(), s.store, func(tx *store.Tx) (store.Stamp, error) { return tx.Stamp(id) })
	if errors.Is(err, store.ErrNotFound) || err == nil && !st.RevokedAt.IsZero() {
		st, err = store.Stamp{}, nil // on to the same work as for a private post
	}
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	s.serveOfPost(w, r, st.PostID, func(_ *store.Tx, p store.Post) (any, error) { return s.authorizationOf(st, p), nil })
}

// authorizationOf is a stamp as others verify it. It embeds neither post.
func (s *Service) authorizationOf(st store.Stamp, p store.Post) ap.Object {
	return ap.Object{
		"id": s.stampURI(st.ID), "type": authorizations[st.Kind], "attributedTo": s.actorURI,
		"interactingObject": st.ObjectURI, "interactionTarget": p.URI,
	}
}
