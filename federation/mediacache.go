package federation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

const (
	mediaFlight  = 2 * time.Minute  // one fetch with everything it waits for
	mediaWait    = 25 * time.Second // how long who asks waits for it
	mediaPending = 128              // requests that wait for a fetch …
	guestPending = 64               // … of which visitors may be so many, so that the owner always has a place
	mediaRetry   = 10 * time.Minute // wait after a first failure, four times as long with each more …
	mediaGiveUp  = 28 * 24 * time.Hour
	mediaLasting = 5 // … and what will hardly change begins here
	guestBurst   = 200
	guestEvery   = 2 * time.Second // visitors make us fetch so many pictures, and then one in this time
	remoteFolder = "remote"        // of the media folder: pictures of other people's posts
	emojiShape   = "emoji"
)

// mediaShapes are the shapes of the cache folder by their names in remote_media.
var mediaShapes = map[string]media.Shape{
	shapeSmall: media.RemoteSmall, shapeFull: media.RemoteFull, emojiShape: media.RemoteEmoji,
}

// ErrNoFace says that somebody's picture cannot be had: the default one stands for it.
var ErrNoFace = errors.New("there is no picture of this person")

// mediaCache is what fetching pictures needs in memory.
type mediaCache struct {
	files   *media.Store
	flight  singleflight.Group
	pending atomic.Int32
	gate    *mediaGate
	guests  *rate.Limiter

	guestsWait atomic.Int32 // visitors among pending

	mu   sync.Mutex
	seen map[[2]string]time.Time // looked at and not noted yet: address, shape
}

func newMediaCache(files *media.Store) (*mediaCache, error) {
	own, err := files.Sub(remoteFolder)
	return &mediaCache{
		files: own, gate: newMediaGate(), guests: rate.NewLimiter(rate.Every(guestEvery), guestBurst), seen: map[[2]string]time.Time{},
	}, err
}

// RemotePicture is a picture of somebody else, ready to be sent. Close File.
type RemotePicture struct {
	File    *os.File
	Info    fs.FileInfo
	Name    string // of our encoding, by which package media knows its type
	Private bool   // of a post that not everybody may read
}

// wanted is what an address asks for.
type wanted struct {
	url     string
	shape   string            // in remote_media
	row     store.RemoteMedia // what is known of it; zero for nothing
	actor   store.Actor       // whose face or header it is; ID 0 for none
	stored  string            // name of that picture, if it is here
	private bool
	guest   bool
}

// nothingThere is one answer for what we did not sign, what is gone and what
// never was.
func nothingThere() error { return &reply.Error{Code: reply.NotFound} }

// OpenRemote opens the picture that an address of ours names, fetching it if it is
// not here. Of a face that cannot be had the error is ErrNoFace; every other error
// carries its status.
func (s *Service) OpenRemote(ctx context.Context, name, sign string) (*RemotePicture, error) {
	ref, ok := s.readAddress(name, sign)
	if !ok || ref.shape == shapePlay {
		return nil, nothingThere()
	}
	w, err := store.Get(ctx, s.store, func(tx *store.Tx) (wanted, error) { return s.wantedMedia(tx, ref) })
	if errors.Is(err, store.ErrNotFound) {
		return nil, nothingThere()
	}
	if err != nil {
		return nil, fmt.Errorf("look up a picture: %w", err)
	}
	if w.actor.ID != 0 {
		return s.openFace(ctx, w)
	}
	if w.row.Name != "" {
		p, err := openPicture(s.pictures.files, w.row.Name, w.private)
		if err == nil {
			s.usePicture(ctx, w.row)
		}
		if !errors.Is(err, fs.ErrNotExist) { // somebody may have emptied the folder
			return p, err
		}
	}
	row, err := s.fetchWanted(ctx, w)
	if err != nil {
		return nil, err
	}
	return openPicture(s.pictures.files, row.Name, w.private)
}

func openPicture(files *media.Store, name string, private bool) (*RemotePicture, error) {
	f, info, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	return &RemotePicture{f, info, name, private}, nil
}

// wantedMedia looks up what a signed address names; ErrNotFound if it is gone, or
// was changed since.
func (s *Service) wantedMedia(tx *store.Tx, ref mediaRef) (w wanted, err error) {
	w.guest = ref.scope == ForVisitors
	switch ref.kind {
	case "post":
		err = s.wantedOfPost(tx, ref, &w)
	case emojiShape:
		var e store.CustomEmoji
		e, err = tx.Emoji(ref.id)
		w.url, w.shape = e.URL, emojiShape
		if err == nil && ref.tag != s.mediaTag(e.URL) {
			err = store.ErrNotFound
		}
	default:
		err = s.wantedOfActor(tx, ref, &w)
	}
	if err == nil && w.url == "" {
		err = store.ErrNotFound
	}
	if err != nil {
		return w, err
	}
	w.row, err = tx.RemoteMedia(w.url, w.shape)
	if errors.Is(err, store.ErrNotFound) {
		w.row, err = store.RemoteMedia{URL: w.url, Shape: w.shape}, nil
	}
	return w, err
}

func (s *Service) wantedOfPost(tx *store.Tx, ref mediaRef, w *wanted) error {
	a, p, err := s.signedAttachment(tx, ref)
	if err != nil {
		return err
	}
	w.private = !p.Visibility.Open()
	picture := mediaClass(a.MediaType) == "image"
	switch ref.shape {
	case shapeSmall, shapeFull:
		if picture {
			w.url, w.shape = a.URL, ref.shape
		}
	case shapeStill:
		if !picture {
			w.url, w.shape = a.Preview, shapeSmall
		}
	}
	return nil
}

// signedAttachment is the file of another's post that a signed address names.
func (s *Service) signedAttachment(tx *store.Tx, ref mediaRef) (store.Attachment, store.Post, error) {
	p, err := tx.Post(ref.id)
	if err != nil {
		return store.Attachment{}, p, err
	}
	if p.Own() || ref.n >= len(p.Extra.Attachments) || ref.scope == ForVisitors && !p.Visibility.Open() {
		return store.Attachment{}, p, store.ErrNotFound
	}
	a := p.Extra.Attachments[ref.n]
	if ref.tag != s.mediaTag(a.URL, a.Preview) {
		return a, p, store.ErrNotFound
	}
	return a, p, nil
}

func (s *Service) wantedOfActor(tx *store.Tx, ref mediaRef, w *wanted) error {
	a, err := tx.Actor(ref.id)
	if err != nil {
		return err
	}
	if a.ID == store.OwnerID || !a.GoneAt.IsZero() {
		return store.ErrNotFound
	}
	w.actor, w.url, w.shape, w.stored = a, a.IconURL, "avatar", a.Avatar
	if ref.kind == "header" {
		w.url, w.shape, w.stored = a.ImageURL, "header", a.Header
	}
	if ref.tag != s.mediaTag(w.url) {
		return store.ErrNotFound
	}
	return nil
}

// fetchWanted fetches a picture of a post, or waits for who does already.
func (s *Service) fetchWanted(ctx context.Context, w wanted) (row store.RemoteMedia, err error) {
	if !s.mediaDue(w.row) {
		return row, mediaFailure(w.row)
	}
	got, err := s.together(ctx, w, func(ctx context.Context) (any, error) { return s.fetchPostMedia(ctx, w) })
	if err != nil {
		return row, err
	}
	if row = got.(store.RemoteMedia); row.Name == "" {
		return row, mediaFailure(row)
	}
	return row, nil
}

// together runs one fetch for all who ask for the same, and ends the waiting
// before the browser does. The fetch goes on: the next one who asks has it.
func (s *Service) together(ctx context.Context, w wanted, fetch func(context.Context) (any, error)) (any, error) {
	c := s.pictures
	if w.guest {
		if c.guestsWait.Add(1) > guestPending {
			c.guestsWait.Add(-1)
			return nil, busyMedia(10 * time.Second)
		}
		defer c.guestsWait.Add(-1)
	}
	if c.pending.Add(1) > mediaPending {
		c.pending.Add(-1)
		return nil, busyMedia(10 * time.Second)
	}
	done := c.flight.DoChan(w.shape+" "+w.url, func() (any, error) {
		if w.guest && !c.guests.AllowN(s.now(), 1) { // who begins a fetch pays, and not who joins it
			return nil, busyMedia(time.Minute)
		}
		flight, cancel := context.WithTimeout(context.WithoutCancel(ctx), mediaFlight)
		defer cancel()
		return fetch(flight)
	})
	defer c.pending.Add(-1)
	wait, cancel := context.WithTimeout(ctx, mediaWait)
	defer cancel()
	select {
	case r := <-done:
		return r.Val, r.Err
	case <-wait.Done():
		return nil, busyMedia(5 * time.Second)
	}
}

func busyMedia(again time.Duration) error {
	return &reply.Error{Code: reply.Unavailable, Message: "This picture is not here yet. Reload the page in a moment.", RetryAfter: again}
}

// mediaFailure is a failure that is remembered, said to who asks.
func mediaFailure(row store.RemoteMedia) error {
	return &reply.Error{Code: reply.NotFound, Message: failedWords[row.Why]}
}

// mediaDue says whether an address may be asked for (again).
func (s *Service) mediaDue(row store.RemoteMedia) bool {
	if row.FetchedAt.IsZero() || row.Name != "" {
		return true
	}
	return s.now().Sub(row.FetchedAt) >= min(mediaRetry<<(2*min(row.Failed-1, 10)), mediaGiveUp)
}

// openFace opens an avatar or header, which is fetched as job "pictures" does and
// stands under its own name from then on.
func (s *Service) openFace(ctx context.Context, w wanted) (*RemotePicture, error) {
	name := w.stored
	if name == "" {
		if w.row.Name == "" && w.row.Failed > 0 && !s.pictureDue(w.row) {
			return nil, ErrNoFace
		}
		got, err := s.together(ctx, w, func(ctx context.Context) (any, error) { return s.fetchFace(ctx, w) })
		if err != nil {
			return nil, err
		}
		name = got.(string)
	}
	if name == "" {
		return nil, ErrNoFace
	}
	p, err := openPicture(s.media, name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoFace
	}
	return p, err
}

func (s *Service) fetchFace(ctx context.Context, w wanted) (string, error) {
	name, err := s.remotePicture(ctx, w.actor, w.url, w.shape)
	if errors.Is(err, media.ErrNoSpace) || errors.Is(err, errMediaBudget) {
		return "", busyMedia(time.Hour)
	}
	if err != nil || name == "" {
		return "", err
	}
	return name, s.showPictures(ctx, w.actor, func(now *store.Actor) {
		if w.shape == "header" {
			now.Header = name
		} else {
			now.Avatar = name
		}
	})
}

// mediaClass is the first half of a media type: image, video, audio.
func mediaClass(mime string) string {
	class, _, _ := strings.Cut(mime, "/")
	return class
}
