package federation

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/web/reply"
)

const (
	playTime  = 15 * time.Minute // for one piece of a film
	playStall = 30 * time.Second // without a byte from its server
)

// playTypes are the films and sounds that are handed through, and no other type is
// ever told: what a stranger's server says it is, is no page here.
var playTypes = map[string]bool{
	"video/mp4": true, "video/webm": true, "video/ogg": true, "video/quicktime": true,
	"audio/mpeg": true, "audio/mp4": true, "audio/ogg": true, "audio/webm": true, "audio/flac": true, "audio/wav": true, "audio/x-wav": true, "audio/aac": true,
}

// playRange is the one form of Range that players send.
var playRange = regexp.MustCompile(`^bytes=[0-9]{1,15}-[0-9]{0,15}$`)

// PlayRemote hands a film or sound of another's post through to the owner, who so
// stays unknown to its server. Nothing of it is kept. Visitors are sent nothing: the
// address is signed for the owner's pages and apps alone.
func (s *Service) PlayRemote(w http.ResponseWriter, r *http.Request, name, sign string) error {
	ref, ok := s.readAddress(name, sign)
	if !ok || ref.shape != shapePlay || ref.scope != ForOwner {
		return nothingThere()
	}
	a, err := store.Get(r.Context(), s.store, func(tx *store.Tx) (store.Attachment, error) {
		a, _, err := s.signedAttachment(tx, ref)
		return a, err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && mediaClass(a.MediaType) == "image" {
		return nothingThere()
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), playTime)
	defer cancel()
	select {
	case s.pictures.gate.streams <- struct{}{}:
		defer func() { <-s.pictures.gate.streams }()
	default:
		return &reply.Error{Code: reply.Unavailable, Message: "Other films are being played. Try again in a moment.", RetryAfter: 10 * time.Second}
	}
	return s.play(ctx, w, r, a.URL)
}

// play asks the film's server and passes on what it says, within the limits.
func (s *Service) play(ctx context.Context, w http.ResponseWriter, r *http.Request, url string) error {
	silent := &reply.Error{Code: reply.NotFound, Message: "Its server did not give this file."}
	if err := s.notBlocked(ctx, url); err != nil {
		return silent
	}
	domain := registrable(ap.Host(url))
	if err := s.pictures.gate.allow(domain, s.now()); err != nil {
		return &reply.Error{Code: reply.Unavailable, Message: "Enough was fetched from this server for today.", RetryAfter: time.Hour, Err: err}
	}
	wanted := r.Header.Get("Range")
	if !playRange.MatchString(wanted) {
		wanted = ""
	}
	f, err := s.remote.OpenMedia(ctx, url, wanted)
	if err != nil {
		silent.Err = err
		return silent
	}
	defer f.Body.Close()
	switch {
	case !playTypes[f.Type]:
		return &reply.Error{Code: reply.NotFound, Message: "This is no film or sound that can be played here."}
	case f.Whole > streamBytes:
		return &reply.Error{Code: reply.NotFound, Message: "This file is too large to be played here."}
	}
	reply.SecurityHeaders(w.Header(), !s.origin.Loopback())
	f.Describe(w.Header())
	w.Header().Set("Cache-Control", reply.NoStore)
	reply.LimitTime(w, playTime)
	w.WriteHeader(f.Status)
	if r.Method == http.MethodHead {
		return nil
	}
	n, err := io.Copy(w, remote.Stalling(f.Body, playStall, streamBytes))
	s.pictures.gate.spend(domain, n)
	if err != nil {
		s.log.Debug("a film ended early", "url", printable(url, 200), "error", err)
	}
	return nil
}

// playable says whether a file is one that PlayRemote is likely to hand through.
func playable(mime string) bool { return playTypes[strings.ToLower(mime)] }
