package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/store"
	"dassie/web/reply"
)

// Followers collection synchronization (FEP-8fcf): with what goes to followers
// alone, each server is told a digest of who we think follows from there. One
// that thinks otherwise asks for its part of the list.

const (
	syncHeader    = "Collection-Synchronization"
	syncFollowers = 5000      // followers on one server; for more nothing is said, since the list would be too large
	syncEvery     = time.Hour // how often a server's list is fetched
	syncPages     = 10        // pages of such a list
)

// digest is the digest of a partial follower collection: the ids' SHA-256, XORed.
type digest [sha256.Size]byte

func (d *digest) add(uri string) {
	for i, b := range sha256.Sum256([]byte(uri)) {
		d[i] ^= b
	}
}

func (d digest) String() string { return hex.EncodeToString(d[:]) }

func (s *Service) syncURI() string { return s.actorURI + "/followers/sync" }

// syncFor is the header of a delivery of a followers-only post, "" for anything
// else. A server without followers of ours is told nothing, nor one whose inbox
// lies elsewhere than its people, which the FEP excludes.
func (s *Service) syncFor(ctx context.Context, inbox store.Inbox, o store.Outgoing) (string, error) {
	if o.PostID == 0 || o.Kind != "Create" && o.Kind != "Update" {
		return "", nil
	}
	var uris []string
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		p, err := tx.Post(o.PostID)
		if err != nil || p.Visibility != store.Followers {
			return err
		}
		h, err := tx.HostByID(inbox.HostID)
		if err != nil || h.Name != ap.Host(inbox.URL) {
			return err
		}
		uris, err = tx.FollowersFrom(inbox.HostID, syncFollowers+1)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && (len(uris) == 0 || len(uris) > syncFollowers) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the followers on a server: %w", err)
	}
	var d digest
	for _, uri := range uris {
		d.add(uri)
	}
	return fmt.Sprintf(`collectionId="%s", url="%s", digest="%s"`, s.followersURI(), s.syncURI(), d), nil
}

// ServeFollowersSync answers a server that asks which of its people follow the
// owner: with those, and no others. To who does not sign there is no such list.
func (s *Service) ServeFollowersSync(w http.ResponseWriter, r *http.Request) {
	if s.claimedAsker(r).blocked {
		s.nothingHere(w, r)
		return
	}
	if !s.mayFetch(w, r) {
		return
	}
	asker := s.verifiedAsker(r.Context(), r)
	host := ap.Host(asker.URI)
	c := &ap.Collection{ID: s.syncURI(), Type: "OrderedCollection", AttributedTo: s.actorURI, Items: []any{}}
	err := s.store.Read(r.Context(), func(tx *store.Tx) error {
		if host == "" {
			return store.ErrNotFound
		}
		h, err := tx.Host(host)
		if errors.Is(err, store.ErrNotFound) {
			return nil // nobody follows from there
		}
		if err != nil {
			return err
		}
		uris, err := tx.FollowersFrom(h.ID, syncFollowers)
		for _, uri := range uris {
			c.Items = append(c.Items, uri)
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		s.nothingHere(w, r)
		return
	}
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	c.TotalItems = int64(len(c.Items))
	body, err := ap.Marshal(c)
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	reply.PrivateAnswer(w.Header())
	reply.Activity(w, r, http.StatusOK, body)
}

// syncJob is a server's list that is to be fetched.
type syncJob struct {
	Actor  int64  `json:"actor"`
	URL    string `json:"url"`
	Digest string `json:"digest"`
}

// noteSync compares what a sender's server thinks of our following them with
// what we think, and queues a look at its list if they differ. The header need
// not be signed, which few senders' RFC 9421 signatures do: it can at most make
// us look, once an hour, at the signer's own server, which then has the last word.
func (s *Service) noteSync(ctx context.Context, header http.Header, k *signer) error {
	value := header.Get(syncHeader)
	if value == "" || k.actorID == 0 {
		return nil
	}
	params, err := httpsig.Params(value)
	if err != nil {
		s.log.Debug("ignored a digest of followers", "actor", k.actorURI, "error", err)
		return nil
	}
	theirs := strings.ToLower(params["digest"])
	if !ap.SameOrigin(params["url"], k.actorURI) || len(theirs) != 2*sha256.Size {
		return nil
	}
	differs := false
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		a, err := tx.Actor(k.actorID)
		if err != nil || a.FollowersURI == "" || params["collectionid"] != a.FollowersURI {
			return err
		}
		follows, err := tx.Follows(a.ID)
		var ours digest
		if follows {
			ours.add(s.actorURI)
		}
		differs = ours.String() != theirs
		return err
	})
	host := ap.Host(k.actorURI)
	if err != nil || !differs || !s.budget.syncs.allow(host, s.now()) {
		return err
	}
	payload, err := json.Marshal(syncJob{Actor: k.actorID, URL: params["url"], Digest: theirs})
	if err != nil {
		return err
	}
	return s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		tx.After(s.work.pokeJobs)
		return tx.AddJobOnce("followers", "followers:"+s.origin.Scheme+"://"+host, payload, time.Time{})
	})
}

// synchronize is the job "followers": it reads which of us a server counts among
// somebody's followers, and brings our side in line.
func (s *Service) synchronize(ctx context.Context, payload []byte) error {
	var j syncJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	listed, sum, err := s.readSync(ctx, j.URL)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		a, err := tx.Actor(j.Actor)
		if err != nil {
			return err
		}
		f, err := tx.Following(j.Actor)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		known := err == nil && f.State != store.FollowRejected
		switch {
		case !listed && known && f.State == store.FollowAccepted && sum == j.Digest:
			// Only a whole list says that somebody is not in it.
			f.State, f.DecidedAt = store.FollowRejected, s.now()
			s.emit(tx, EventProfile, 0)
			return tx.SaveFollowing(f)
		case listed && known && f.State == store.FollowAsked:
			return s.followAccepted(tx, f) // their Accept went astray
		case listed && !known:
			if f.FollowURI == "" {
				f.FollowURI = s.newActivityID()
			}
			return s.undoFollowing(tx, a, f.FollowURI)
		}
		return nil
	})
}

// readSync reads a partial followers collection: whether the owner is in it, and
// the digest of all of it.
func (s *Service) readSync(ctx context.Context, address string) (listed bool, sum string, err error) {
	var d digest
	next := address
	for page := 0; next != "" && page < syncPages; page++ {
		if err := s.notBlocked(ctx, next); err != nil {
			return false, "", err
		}
		doc, err := s.getObject(ctx, next, s.signers().instance)
		if err != nil {
			return false, "", fmt.Errorf("fetch followers at %s: %w", next, err)
		}
		obj, err := ap.Parse(doc.Body)
		if err != nil {
			return false, "", fmt.Errorf("read followers at %s: %w", next, err)
		}
		next = ""
		for _, part := range []ap.Object{obj, inlinedFirst(obj)} {
			for _, uri := range append(part.IDs("orderedItems"), part.IDs("items")...) {
				d.add(uri)
				listed = listed || uri == s.actorURI
			}
			if to := nextPage(part); to != "" {
				next = to
			}
		}
		if next != "" && !ap.SameOrigin(next, address) {
			return false, "", fmt.Errorf("%w: the followers at %s go on at %s", errForeign, address, printable(next, 200))
		}
	}
	if next != "" {
		return listed, "", nil // longer than we read: not whole
	}
	return listed, d.String(), nil
}

func inlinedFirst(o ap.Object) ap.Object {
	first, _ := o.Obj("first")
	return first
}

// nextPage is where a collection or a page goes on, if that is not inlined.
func nextPage(o ap.Object) string {
	if _, inlined := o.Obj("first"); !inlined {
		if first := o.FirstID("first"); first != "" {
			return first
		}
	}
	return o.FirstID("next")
}
