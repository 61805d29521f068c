package federation

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
)

// Why a picture could not be had, as it is remembered.
const (
	failedLarge   = "large"
	failedKind    = "kind"
	failedBroken  = "broken"
	failedGone    = "gone"
	failedSilent  = "silent"
	failedRefused = "refused"
)

// failedWords say why a picture is not shown.
var failedWords = map[string]string{
	failedLarge:   "This picture is too large to be shown here.",
	failedKind:    "This file is no picture that can be shown here.",
	failedBroken:  "This picture is damaged or incomplete.",
	failedGone:    "Its server does not have this picture any more, or gives it to nobody.",
	failedSilent:  "Its server did not give this picture. It is asked again later.",
	failedRefused: "This picture’s address leads where this server does not go.",
}

// fetchPostMedia fetches and stores a picture of a post. What went wrong with it is
// in the row and no error; an error is our own trouble and not remembered.
func (s *Service) fetchPostMedia(ctx context.Context, w wanted) (store.RemoteMedia, error) {
	row := w.row
	pic, size, err := s.download(ctx, s.pictures.files, w.url, mediaShapes[w.shape])
	row.FetchedAt, row.UsedAt, row.Bytes = s.now(), s.now(), size
	switch {
	case err == nil:
		row.Name, row.Size, row.Failed, row.Why = pic.Name, pic.Size, 0, ""
	case ctx.Err() != nil:
		return row, busyMedia(10 * time.Second)
	case errors.Is(err, media.ErrNoSpace), errors.Is(err, errMediaBudget), errors.Is(err, errBlocked):
		s.log.Debug("no picture", "url", printable(w.url, 200), "error", err)
		return row, busyMedia(time.Hour)
	default:
		s.log.Debug("no picture", "url", printable(w.url, 200), "error", err)
		row.Name, row.Size = "", 0
		row.Failed++
		lasting := false
		if row.Why, lasting = whyNoPicture(err); lasting {
			row.Failed = max(row.Failed, mediaLasting)
		}
	}
	return row, s.cachePicture(ctx, row)
}

// whyNoPicture sorts failures, and says which will hardly pass by waiting.
func whyNoPicture(err error) (why string, lasting bool) {
	var status *remote.StatusError
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case is(media.ErrTooLarge, media.ErrTooManyPixels, remote.ErrTooLarge):
		return failedLarge, true
	case is(media.ErrUnsupported, remote.ErrContentType):
		return failedKind, true
	case is(media.ErrBroken):
		return failedBroken, true
	case is(remote.ErrURL, remote.ErrOwnHost, remote.ErrAddress, remote.ErrRedirect):
		return failedRefused, true
	case errors.As(err, &status) && status.Code >= 400 && status.Code < 500 && status.Code != http.StatusTooManyRequests:
		return failedGone, status.Code == http.StatusGone
	}
	return failedSilent, false
}

// download fetches a picture, and stores our own encoding of it in a folder. What
// comes goes through a file: twenty large ones at once do not take memory.
func (s *Service) download(ctx context.Context, to *media.Store, url string, shape media.Shape) (pic media.Picture, size int64, err error) {
	if !ap.IsURL(url) {
		return pic, 0, remote.ErrURL
	}
	if free, err := to.Free(); err == nil && free < mediaReserve {
		return pic, 0, &media.Refusal{Kind: media.ErrNoSpace, Text: "Little space is left: pictures of other people are not fetched."}
	}
	if err := s.notBlocked(ctx, url); err != nil {
		return pic, 0, err
	}
	host := ap.Host(url)
	leave, err := s.pictures.gate.enter(ctx, host)
	if err != nil {
		return pic, 0, err
	}
	defer leave()
	domain := registrable(host)
	if err := s.pictures.gate.allow(domain, s.now()); err != nil {
		return pic, 0, err
	}
	n := &counted{}
	err = s.remote.ReadMedia(ctx, url, media.RemotePicture.MaxBytes, func(body io.Reader) error {
		n.r = body
		pics, err := to.Picture(ctx, n, media.RemotePicture, shape)
		if err == nil {
			pic = pics[0]
		}
		return err
	})
	s.pictures.gate.spend(domain, n.bytes)
	return pic, n.bytes, err
}

// counted counts what is read.
type counted struct {
	r     io.Reader
	bytes int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.bytes += int64(n)
	return n, err
}
