package federation

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// BrowserPushUsual are the kinds that a browser is told of unless the owner chooses.
var BrowserPushUsual = []string{"mention", "quote", "follow_request"}

// browserPushJob is the payload of the job "browser-push".
type browserPushJob struct {
	Session      []byte
	Notification int64
}

// browserMessage is what a browser's service worker decrypts and shows.
type browserMessage struct {
	Title string `json:"title"`
	Body  string `json:"body,omitempty"`
	Tag   string `json:"tag"` // a later one with the same takes its place
	Path  string `json:"path"`
}

// briefTitles say of which kind a notice is, and nothing else.
var briefTitles = map[string]string{
	"mention": "New mention", "quote": "New quote", "status": "New post", "reblog": "New boost", "follow": "New follower", "follow_request": "New follow request",
	"favourite": "New like", "poll": "A poll has ended", "update": "A post was edited", "admin.report": "New report",
}

// SubscribeBrowser lets a browser that is logged in be told of notices, in the place of
// what it had asked for before. Without an endpoint the one that is known stays.
func (s *Service) SubscribeBrowser(ctx context.Context, session []byte, w PushWish, words bool) error {
	p := store.SessionPush{Session: session, Endpoint: w.Endpoint, Words: words, Alerts: map[string]bool{}}
	for _, kind := range PushKinds {
		p.Alerts[kind] = w.Alerts[kind]
	}
	if w.Endpoint != "" {
		var err error
		if p.P256DH, p.Auth, err = s.checkWish(w); err != nil {
			return &reply.Error{Code: reply.Unprocessable, Message: "This server cannot send to the push service of this browser.", Err: err}
		}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Session(session); err != nil { // ended meanwhile
			return err
		}
		if w.Endpoint == "" {
			known, err := tx.SessionPush(session)
			if errors.Is(err, store.ErrNotFound) {
				return reply.Errorf(reply.Unprocessable, "This browser gave no address to send to. Its script does that, where push messages are allowed.")
			}
			if err != nil {
				return err
			}
			p.Endpoint, p.P256DH, p.Auth = known.Endpoint, known.P256DH, known.Auth
		}
		return tx.SaveSessionPush(&p)
	})
}

// UnsubscribeBrowser tells a browser nothing any more; without a subscription it does
// nothing.
func (s *Service) UnsubscribeBrowser(ctx context.Context, session []byte) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.DropSessionPush(session)
		return err
	})
}

// TestBrowserPush sends a message to a browser now, and says in plain words what came
// of it.
func (s *Service) TestBrowserPush(ctx context.Context, session []byte) error {
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.SessionPush, error) { return tx.SessionPush(session) })
	if errors.Is(err, store.ErrNotFound) {
		return reply.Errorf(reply.Conflict, "This browser is not told of anything yet, so there is nothing to test.")
	}
	if err != nil {
		return fmt.Errorf("read where a browser is told: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	gone, err := s.sendBrowser(ctx, p, browserMessage{Title: "This is a test", Body: "Notices from " + s.origin.Host + " arrive here.", Tag: "test", Path: "/me/push"})
	switch {
	case gone:
		return reply.Errorf(reply.Conflict, "The push service does not know this browser any more, so it was switched off here. Switch it on again.")
	case err != nil:
		return &reply.Error{Code: reply.Conflict, Message: "The push service at " + PushHost(p.Endpoint) + " did not take the message. Notices are tried again for two days; a test is not.", Err: err}
	}
	return nil
}

// PushHost is the push service behind an address, as people can read it.
func PushHost(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "an unknown address"
	}
	return u.Hostname()
}

// tellBrowsers queues a notification for the browsers that asked for its kind.
func (s *Service) tellBrowsers(tx *store.Tx, n store.Notification) error {
	list, err := tx.SessionPushes()
	if err != nil {
		return err
	}
	for _, p := range list {
		if !p.Alerts[n.Kind] {
			continue
		}
		payload, err := json.Marshal(browserPushJob{p.Session, n.ID})
		if err != nil {
			return err
		}
		if err := tx.AddJob("browser-push", "browser-push:"+hex.EncodeToString(p.Session[:8]), payload, time.Time{}); err != nil {
			return err
		}
		tx.After(s.work.pokeJobs)
	}
	return nil
}

// pushBrowser is the job "browser-push": it tells one browser of one notification. The
// session is looked up at the last moment, so that one that ended is told nothing.
func (s *Service) pushBrowser(ctx context.Context, payload []byte) error {
	var j browserPushJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	var p store.SessionPush
	var told browserMessage
	var at time.Time
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.SessionPush(j.Session); err != nil {
			return err
		}
		n, err := tx.Notification(j.Notification)
		if err != nil {
			return err
		}
		at = n.At
		told, err = s.browserText(tx, n, p.Words)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && s.now().Sub(at) > pushAge {
		return nil // nobody waits for it any more
	}
	if err != nil {
		return err
	}
	_, err = s.sendBrowser(ctx, p, told)
	return err
}

// sendBrowser gives a message to the push service of a browser, and forgets a browser
// that is not there any more.
func (s *Service) sendBrowser(ctx context.Context, p store.SessionPush, told browserMessage) (gone bool, err error) {
	plain, err := json.Marshal(told)
	if err != nil {
		return false, err
	}
	gone, err = s.postPush(ctx, pushTarget{p.Endpoint, p.P256DH, p.Auth, true}, plain)
	if gone {
		err = s.store.Write(ctx, func(tx *store.Tx) error { return tx.DropSessionPushAt(p.Session, p.Endpoint) })
	}
	return gone, err
}

// browserText is what a browser shows: without words only of which kind a notice is,
// because it stands on a locked screen.
func (s *Service) browserText(tx *store.Tx, n store.Notification, words bool) (browserMessage, error) {
	m := browserMessage{Title: briefTitles[n.Kind], Tag: n.Kind, Path: "/me/inbox"}
	if n.Kind == "follow_request" {
		m.Path = "/me/requests"
	}
	if m.Title == "" {
		m.Title = "New notice"
	}
	if !words {
		return m, nil
	}
	said, err := s.pushText(tx, n)
	if err != nil {
		return m, err
	}
	m.Title, m.Body, m.Tag = said.Title, said.Body, fmt.Sprint("n-", n.ID)
	return m, nil
}
