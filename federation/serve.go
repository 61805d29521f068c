package federation

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// WantsActivity says whether the asker wants the ActivityPub object rather than
// the page for people. Of two that are wanted equally, the first named counts.
func WantsActivity(r *http.Request) bool {
	bestJSON, bestHTML, order := 0.0, 0.0, 0
	firstJSON, firstHTML := 0, 0
	for _, line := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(line, ",") {
			order++
			name, params, _ := strings.Cut(part, ";")
			q := quality(params)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "application/activity+json", "application/ld+json", "application/json":
				if q > bestJSON {
					bestJSON, firstJSON = q, order
				}
			case "text/html", "application/xhtml+xml":
				if q > bestHTML {
					bestHTML, firstHTML = q, order
				}
			}
		}
	}
	if bestJSON == bestHTML {
		return bestJSON > 0 && firstJSON < firstHTML
	}
	return bestJSON > bestHTML
}

// quality reads the weight among the parameters of a media range (RFC 9110 12.4.2).
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		if v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
			q, err := strconv.ParseFloat(v, 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}

// ServePost answers GET of an own post's object.
func (s *Service) ServePost(w http.ResponseWriter, r *http.Request, id int64) {
	s.servePost(w, r, documentKey{docPost, id}, func(tx *store.Tx, p store.Post) (any, error) {
		if p.BoostOf != 0 {
			return nil, store.ErrNotFound // a boost's row has no object of its own
		}
		return s.noteOf(tx, p)
	})
}

// ServePostActivity answers GET of the Create of an own post, or of the
// Announce that is a boost.
func (s *Service) ServePostActivity(w http.ResponseWriter, r *http.Request, id int64) {
	s.servePost(w, r, documentKey{docPostActivity, id}, func(tx *store.Tx, p store.Post) (any, error) {
		kind := "Create"
		if p.BoostOf != 0 {
			kind = "Announce"
		}
		return s.activityOf(tx, p, kind)
	})
}

// postRender writes what is asked of a post that the asker may read.
type postRender func(*store.Tx, store.Post) (any, error)

// servePost answers from memory if it can. Public and unlisted posts are for
// everybody. Signed fetches are noted afterwards.
func (s *Service) servePost(w http.ResponseWriter, r *http.Request, key documentKey, render postRender) {
	asker := s.claimedAsker(r)
	if asker.blocked {
		s.nothingHere(w, r)
		return
	}
	if !s.mayFetch(w, r) {
		return
	}
	d, generation := s.documents.get(key, s.now())
	if d == nil {
		var private bool
		d, private = s.renderPost(w, r, key.id, render)
		if d == nil {
			return
		}
		if private {
			reply.PrivateAnswer(w.Header())
			reply.Activity(w, r, http.StatusOK, d.body)
			s.noteFetch(r, asker, key.id)
			return
		}
		d.etag, d.made = reply.ETag(d.body), s.now()
		s.documents.put(key, d, generation)
	}
	s.hand(w, r, d)
	s.noteFetch(r, asker, key.id)
}

// renderPost reads a post and writes what is asked of it. If it returns nil it
// has answered.
func (s *Service) renderPost(w http.ResponseWriter, r *http.Request, id int64, render postRender) (d *document, private bool) {
	d, private, err := s.readPost(r, id, render)
	switch {
	case err == nil:
		return d, private
	case errors.Is(err, store.ErrNotFound):
		s.nothingHere(w, r)
	case errors.Is(err, errDeleted):
		s.tombstone(w, r, id)
	default:
		reply.FailText(w, r, err, s.log)
	}
	return nil, false
}

// errDeleted says that a public or unlisted post of the owner is deleted.
var errDeleted = errors.New("deleted")

// readPost decides who may read a post. What an asker may not know of costs the
// same work and gives the same error as an id that never was: a signature is
// checked in both cases, and the same rows are asked for (T42).
func (s *Service) readPost(r *http.Request, id int64, render postRender) (d *document, private bool, err error) {
	ctx := r.Context()
	open := false
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		p, err := tx.Post(id)
		if err == nil && p.Own() && p.Visibility.Open() {
			open = true
			d, err = renderDocument(tx, p, render)
			return err
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		gone, err := tx.DeletedOwn(id)
		if err == nil && gone.Open() {
			return errDeleted
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
	if open || err != nil {
		return d, false, err
	}
	asker := s.verifiedAsker(ctx, r)
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		entitled, err := mayRead(tx, id, asker)
		if err != nil {
			return err
		}
		if entitled == nobody {
			return store.ErrNotFound
		}
		p, err := tx.Post(id)
		if err != nil {
			return err
		}
		if !p.Own() || entitled == follower && p.Visibility != store.Followers {
			return store.ErrNotFound
		}
		d, err = renderDocument(tx, p, render)
		return err
	})
	return d, true, err
}

func renderDocument(tx *store.Tx, p store.Post, render postRender) (*document, error) {
	v, err := render(tx, p)
	if err != nil {
		return nil, err
	}
	return activityDocument(v)
}

// entitlement is what an asker may read of what is not for everybody.
type entitlement int

const (
	nobody   entitlement = iota
	follower             // what is for followers
	named                // the post in question
)

// mayRead asks for everything that can entitle an actor to a private post,
// before it is known whether there is one.
func mayRead(tx *store.Tx, id int64, asker store.Actor) (entitlement, error) {
	follows, err := tx.IsFollower(asker.ID)
	if err != nil {
		return nobody, err
	}
	mentioned, err := tx.Mentioned(id, asker.ID)
	if err != nil {
		return nobody, err
	}
	blocked, err := Blocked(tx, asker.URI)
	if err != nil {
		return nobody, err
	}
	switch {
	case asker.ID == 0, asker.ID == store.OwnerID, !asker.GoneAt.IsZero(), blocked:
		return nobody, nil
	case mentioned:
		return named, nil
	case follows:
		return follower, nil
	}
	return nobody, nil
}

// verifiedAsker is who signed the request; the zero actor if nobody did, or not
// rightly: a bad signature gets the answer that no signature gets.
func (s *Service) verifiedAsker(ctx context.Context, r *http.Request) store.Actor {
	if !signed(r) {
		return store.Actor{}
	}
	asker, err := s.verifyGet(ctx, r)
	if err != nil {
		s.log.Debug("signature of a fetch refused", "path", r.URL.Path, "err", err)
		return store.Actor{}
	}
	return asker
}

func signed(r *http.Request) bool {
	return r.Header.Get("Signature") != "" || r.Header.Get("Signature-Input") != ""
}

// nothingHere is the one answer for what never was and for what the asker may
// not know of.
func (s *Service) nothingHere(w http.ResponseWriter, r *http.Request) {
	reply.PrivateAnswer(w.Header())
	reply.FailText(w, r, &reply.Error{Code: reply.NotFound}, s.log)
}

// tombstone answers for a deleted public or unlisted post (AP 6.4).
func (s *Service) tombstone(w http.ResponseWriter, r *http.Request, id int64) {
	body, err := ap.Marshal(&ap.Tombstone{ID: s.postURI(id), FormerType: "Note"})
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	if s.Settings().AuthorizedFetch {
		reply.PrivateAnswer(w.Header())
	} else {
		w.Header().Set("Cache-Control", reply.Brief)
	}
	reply.Activity(w, r, http.StatusGone, body)
}

func (s *Service) postURI(id int64) string {
	return s.origin.URL("/posts/" + strconv.FormatInt(id, 10))
}

// ServeActivity answers GET of an activity other than Create and Announce. Only
// a Follow outlives its delivery, and only whom it asks may read it.
func (s *Service) ServeActivity(w http.ResponseWriter, r *http.Request, id int64) {
	if !s.mayFetch(w, r) {
		return
	}
	asker := s.verifiedAsker(r.Context(), r)
	uri := s.origin.URL("/activities/" + strconv.FormatInt(id, 10))
	f, err := store.Get(r.Context(), s.store, func(tx *store.Tx) (store.Following, error) {
		return tx.Following(asker.ID)
	})
	if err == nil && (asker.ID == 0 || f.FollowURI != uri) {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		s.nothingHere(w, r)
		return
	}
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	body, err := ap.Marshal(ap.NewActivity("Follow", uri, s.actorURI, asker.URI, nil, nil, f.AskedAt))
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	reply.PrivateAnswer(w.Header())
	reply.Activity(w, r, http.StatusOK, body)
}
