package federation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/store/media"
)

const (
	pictureAge    = 7 * 24 * time.Hour  // how long a cached picture under the same address is not fetched again
	pictureRetry  = 24 * time.Hour      // wait after a first failure, doubled with each more …
	pictureGiveUp = 32 * 24 * time.Hour // … up to this
	pictureTurns  = 4                   // fetches for one actor in a day, however often their profile changes (T62)
	evictAtMost   = 500                 // cache entries looked at to make room
	mediaReserve  = 300 << 20           // bytes on the device below which other people's pictures are not fetched
	seenMark      = " seen"             // after the id in a job: the owner looks at this person
	boostedMark   = " boosted"          // likewise: a post of theirs stands in home, boosted
	pictureWait   = 10 * time.Second    // how long these wait, so that what is more needed goes first
)

// wantBoostedPicture queues the avatar of somebody whose post came into home by a
// boost: half of a timeline would have no faces without it. One request for each
// person, since only people whom the owner follows bring it about.
func (s *Service) wantBoostedPicture(tx *store.Tx, actorID int64) error {
	a, err := tx.Actor(actorID)
	if err != nil || a.ID == store.OwnerID || a.IconURL == "" || a.Avatar != "" {
		return err
	}
	// A key of its own: a look at the person must not have to wait for this.
	return tx.AddJobOnce("pictures", idKey("face", a.ID), append(idPayload(a.ID), boostedMark...), s.now().Add(pictureWait))
}

// wantSeenPictures queues the pictures of somebody whom the owner looks at.
func (s *Service) wantSeenPictures(tx *store.Tx, a store.Actor) error {
	if a.IconURL == "" && a.ImageURL == "" || a.ID == store.OwnerID {
		return nil
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce("pictures", idKey("pictures", a.ID), append(idPayload(a.ID), seenMark...), time.Time{})
}

// fetchPictures is the job "pictures": avatar and header of an actor are fetched,
// encoded anew and cached. The payload is the actor's id. What cannot be had is
// remembered and no failure of the job.
func (s *Service) fetchPictures(ctx context.Context, payload []byte) error {
	text, looked := strings.CutSuffix(string(payload), seenMark)
	text, boosted := strings.CutSuffix(text, boostedMark)
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	var a store.Actor
	wanted := false
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if a, err = tx.Actor(id); err != nil {
			return err
		}
		wanted, err = showsPictures(tx, a, looked || boosted)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // swept meanwhile
	}
	if err != nil || !wanted {
		return err
	}
	if free, err := s.media.Free(); err == nil && free < mediaReserve {
		s.log.Warn("little space is left: pictures of other people are not fetched", "free_bytes", free)
		return nil
	}
	avatar, err := s.remotePicture(ctx, a, a.IconURL, "avatar")
	if err != nil {
		return err
	}
	header := a.Header
	if !boosted {
		if header, err = s.remotePicture(ctx, a, a.ImageURL, "header"); err != nil {
			return err
		}
	}
	return s.showPictures(ctx, a, func(now *store.Actor) { now.Avatar, now.Header = avatar, header })
}

// showPictures puts stored pictures of an actor onto their row.
func (s *Service) showPictures(ctx context.Context, a store.Actor, put func(now *store.Actor)) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.Actor(a.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil // swept meanwhile
		}
		if err != nil || now.IconURL != a.IconURL || now.ImageURL != a.ImageURL {
			return err // the profile changed meanwhile, which queued the next job
		}
		was := now
		if put(&now); now.Avatar == was.Avatar && now.Header == was.Header {
			return nil
		}
		return tx.SetActorMedia(a.ID, now.Avatar, now.Header)
	})
}

// showsPictures says whether the owner gets to see an actor: follows either way,
// looked up, in the home timeline, or in talk with the owner.
func showsPictures(tx *store.Tx, a store.Actor, looked bool) (bool, error) {
	if a.ID == store.OwnerID || !a.GoneAt.IsZero() {
		return false, nil
	}
	blocked, err := Blocked(tx, a.URI)
	if err != nil || blocked {
		return false, err
	}
	if looked || a.Avatar != "" || a.Header != "" {
		return true, nil
	}
	for _, find := range []func() error{
		func() error { _, err := tx.Following(a.ID); return err },
		func() error { _, err := tx.Follower(a.ID); return err },
		func() error { _, err := tx.LastTalk(a.ID); return err },
	} {
		if err := find(); !errors.Is(err, store.ErrNotFound) {
			return err == nil, err
		}
	}
	posts, err := tx.PostsBy(a.ID, store.Page{Limit: 5})
	if err != nil {
		return false, err
	}
	for _, p := range posts {
		home, err := tx.InHome(p.ID)
		if err != nil || home || p.Kept {
			return err == nil, err
		}
	}
	return false, nil
}

// remotePicture returns the name of a cached picture, fetching it if it is not
// there or old; "" if there is none. After a failure what was cached before stays.
func (s *Service) remotePicture(ctx context.Context, a store.Actor, url, kind string) (string, error) {
	if !ap.IsURL(url) {
		return "", nil
	}
	var row store.RemoteMedia
	turn := false
	err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.RemoteMedia(url, kind)
		if errors.Is(err, store.ErrNotFound) {
			row = store.RemoteMedia{URL: url, Shape: kind}
		} else if err != nil {
			return err
		}
		turn = false
		if !s.pictureDue(row) {
			return nil
		}
		turn, err = s.takePictureTurn(tx, a)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read picture of %s: %w", a.URI, err)
	}
	if !turn {
		if row.Name == "" && row.Failed == 0 {
			return shownPicture(a, kind), nil // not its turn today: the one before stays
		}
		return row.Name, nil
	}
	pic, err := s.downloadPicture(ctx, url, kind)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, errMediaBudget):
		return shownPicture(a, kind), nil
	case errors.Is(err, media.ErrNoSpace):
		return "", fmt.Errorf("fetch picture of %s: %w", a.URI, err)
	case err != nil:
		s.log.Debug("no picture", "actor", a.URI, "url", printable(url, 200), "error", err)
		row.Failed++
	default:
		row.Name, row.Size, row.Failed = pic.Name, pic.Size, 0
	}
	row.FetchedAt, row.UsedAt = s.now(), s.now()
	return row.Name, s.cachePicture(ctx, row)
}

func shownPicture(a store.Actor, kind string) string {
	if kind == "header" {
		return a.Header
	}
	return a.Avatar
}

// pictureDue says whether an address may be asked for (again).
func (s *Service) pictureDue(row store.RemoteMedia) bool {
	if row.FetchedAt.IsZero() {
		return true
	}
	age := s.now().Sub(row.FetchedAt)
	if row.Failed == 0 {
		return age >= pictureAge
	}
	wait := pictureRetry << min(row.Failed-1, 10)
	return age >= min(wait, pictureGiveUp)
}

// takePictureTurn counts the fetches for one actor within a day: else whoever
// changes the profile all the time would have us download all the time. The
// count is kept as an entry of the cache without a file, whose Failed is the
// number of fetches since FetchedAt.
func (s *Service) takePictureTurn(tx *store.Tx, a store.Actor) (bool, error) {
	const shape = "turns"
	row, err := tx.RemoteMedia(a.URI, shape)
	if errors.Is(err, store.ErrNotFound) || err == nil && s.now().Sub(row.FetchedAt) >= pictureRetry {
		row, err = store.RemoteMedia{URL: a.URI, Shape: shape, FetchedAt: s.now(), UsedAt: s.now()}, nil
	}
	if err != nil || row.Failed >= pictureTurns {
		return false, err
	}
	row.Failed++
	return true, tx.SaveRemoteMedia(row)
}

// downloadPicture fetches a picture and stores our own encoding of it.
func (s *Service) downloadPicture(ctx context.Context, url, kind string) (media.Picture, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	pic, _, err := s.download(ctx, s.media, url, cachedShape(kind))
	return pic, err
}

// cachedShape is what a remote picture is made into.
func cachedShape(kind string) media.Shape {
	if kind == cardShape {
		return media.Thumb
	}
	return shapes[kind]
}

// cachePicture stores a cache entry and makes room for it within the owner's
// budget: what was not looked at for longest goes first, with its files.
func (s *Service) cachePicture(ctx context.Context, row store.RemoteMedia) error {
	budget := int64(s.Settings().MediaCacheMB) << 20
	var gone []store.RemoteMedia
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		gone = nil
		old, err := tx.RemoteMedia(row.URL, row.Shape)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		size, err := tx.RemoteMediaSize()
		if err != nil {
			return err
		}
		if over := size - old.Size + row.Size - budget; over > 0 {
			if gone, err = tx.EvictRemoteMedia(over, evictAtMost); err != nil {
				return err
			}
		}
		gone = append(gone, old)
		return tx.SaveRemoteMedia(row)
	})
	if err != nil {
		return fmt.Errorf("cache picture: %w", err)
	}
	s.removePictures(ctx, row, gone)
	return nil
}

// removePictures deletes the files of entries that went. A file of a profile may
// be shown by others too; one of the cache folder that was two entries' is fetched
// again when the other one is looked at.
func (s *Service) removePictures(ctx context.Context, kept store.RemoteMedia, gone []store.RemoteMedia) {
	for _, m := range gone {
		switch {
		case m.Name == "" || m.Name == kept.Name:
		case !m.Pages():
			s.removeUnused(ctx, m.Name)
		default:
			if err := s.pictures.files.Remove(m.Name); err != nil {
				s.log.Warn("cannot remove a picture", "name", m.Name, "error", err)
			}
		}
	}
}
