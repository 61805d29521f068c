package federation

import (
	"errors"
	"net/http"

	"dassie/federation/httpsig"
	"dassie/store"
	"dassie/web/reply"
)

// mayFetch says whether a request may have what everybody may read. While the
// owner asks for authorized fetch, that needs a valid signature of a server that
// is not blocked; else it is answered here. What has to stay open goes round
// this: the instance actor, discovery, and the keys of the owner (ServeActor).
func (s *Service) mayFetch(w http.ResponseWriter, r *http.Request) bool {
	if !s.Settings().AuthorizedFetch {
		return true
	}
	err := s.proveAsker(r)
	switch {
	case err == nil:
		return true
	case errors.Is(err, errBlocked):
		s.nothingHere(w, r)
	default:
		reply.PrivateAnswer(w.Header())
		askSignature(w, err, false)
		reply.FailText(w, r, err, s.log)
	}
	return false
}

// proveAsker checks the signature of a fetch before it is answered, within the
// budget for unknown keys (T32). Nothing is fetched from a blocked server.
func (s *Service) proveAsker(r *http.Request) error {
	source := s.source(r)
	if source != "" && s.budget.bad.empty(source, s.now()) {
		return tooMany()
	}
	if !signed(r) {
		return &reply.Error{Code: reply.Unauthorized, Message: "this server gives nothing to those who do not sign", Err: httpsig.ErrMissing}
	}
	if s.claimedAsker(r).blocked {
		return errBlocked
	}
	_, err := s.verifyGet(r.Context(), r)
	if err == nil {
		return nil
	}
	if source != "" && theirFault(err) {
		s.budget.bad.allow(source, s.now())
	}
	if reply.CodeOf(err) == reply.Invalid { // a scheme that is not understood: let the other be tried
		return &reply.Error{Code: reply.Unauthorized, Message: reply.Message(err), Err: err}
	}
	return err
}

// hand answers with a document that mayFetch let through. While signatures are
// asked for, no cache on the way may give it to the next one (T43).
func (s *Service) hand(w http.ResponseWriter, r *http.Request, d *document) {
	if !s.Settings().AuthorizedFetch {
		d.send(w, r)
		return
	}
	reply.PrivateAnswer(w.Header())
	reply.Activity(w, r, http.StatusOK, d.body)
}

// serveStub answers for the owner to who did not prove to be anybody: the keys,
// without which nobody could check what the owner signs, and where to write to,
// as GoToSocial does. Who asks with the signature of a blocked server, gets nothing.
func (s *Service) serveStub(w http.ResponseWriter, r *http.Request) {
	d, err := s.cached(r.Context(), documentKey{kind: docStub}, func(tx *store.Tx) (*document, error) {
		a, err := s.actorDocument(tx)
		if err != nil {
			return nil, err
		}
		return activityDocument(a.Stub())
	})
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	reply.PrivateAnswer(w.Header())
	reply.Activity(w, r, http.StatusOK, d.body)
}
