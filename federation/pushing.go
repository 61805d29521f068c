package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/federation/remote"
	"dassie/federation/webpush"
	"dassie/store"
)

const (
	pushAge  = 48 * time.Hour // what could not be told for so long is no news
	pushText = 140            // characters of a post in a push message, about
)

// pushJob is the payload of the job "push".
type pushJob struct {
	Token, Notification int64
}

// pushMessage is what an app decrypts: Mastodon's words, in Mastodon's types.
type pushMessage struct {
	AccessToken string `json:"access_token"`
	Locale      string `json:"preferred_locale"`
	ID          int64  `json:"notification_id"`
	Kind        string `json:"notification_type"`
	Icon        string `json:"icon"`
	Title       string `json:"title"`
	Body        string `json:"body"`
}

// tellNotice lets everybody who listens know of a notification: open pages, streams,
// and the apps that asked for push messages.
func (s *Service) tellNotice(tx *store.Tx, n store.Notification) error {
	s.emit(tx, EventNotification, n.ID)
	if s.pushKey == nil {
		return nil
	}
	subs, err := tx.Pushes()
	if err != nil {
		return err
	}
	if f, err := s.filterOfNotice(tx, n); err != nil || f != nil && f.Action == store.FilterHide {
		return err
	}
	if err := s.tellMail(tx, n); err != nil {
		return err
	}
	for _, p := range subs {
		wanted, err := pushWanted(tx, p, n)
		if err != nil {
			return err
		}
		if !wanted {
			continue
		}
		payload, err := json.Marshal(pushJob{p.TokenID, n.ID})
		if err != nil {
			return err
		}
		if err := tx.AddJob("push", idKey("push", p.TokenID), payload, time.Time{}); err != nil {
			return err
		}
		tx.After(s.work.pokeJobs)
	}
	return s.tellBrowsers(tx, n)
}

// filterOfNotice is the filter that finds what a notification is about, for
// notifications; nil for none.
func (s *Service) filterOfNotice(tx *store.Tx, n store.Notification) (*Filter, error) {
	filters := s.Filters().In(store.FilterNotifications)
	if len(filters) == 0 || n.PostID == 0 || n.Kind == "admin.report" {
		return nil, nil
	}
	p, err := tx.Post(n.PostID)
	if err != nil {
		return nil, err
	}
	return Gravest(filters.Match(&p)), nil
}

// pushWanted says whether an app asked to be told of a notification.
func pushWanted(tx *store.Tx, p store.PushSubscription, n store.Notification) (bool, error) {
	if !p.Alerts[n.Kind] || p.Policy == PushNone {
		return false, nil
	}
	switch p.Policy {
	case PushFollowed:
		return tx.Follows(n.ActorID)
	case PushFollower:
		f, err := tx.Follower(n.ActorID)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return f.State == store.FollowAccepted, err
	}
	return true, nil
}

// push is the job "push": it tells one app of one notification. An app that is not
// there any more is forgotten. The messages to an app go in their order; one that its
// push service does not take for three quarters of an hour is tried on alone until it
// is no news any more, so that it is not lost and holds up nothing.
func (s *Service) push(ctx context.Context, payload []byte) error {
	var j pushJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	var p store.PushSubscription
	var told pushMessage
	var at time.Time
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Push(j.Token); err != nil {
			return err
		}
		n, err := tx.Notification(j.Notification)
		if err != nil {
			return err
		}
		at = n.At
		told, err = s.pushText(tx, n)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && s.now().Sub(at) > pushAge {
		return nil // nobody waits for it any more
	}
	if err != nil {
		return err
	}
	told.AccessToken, _ = s.seenTokens.Get(j.Token)
	return s.sendPush(ctx, p, told)
}

func (s *Service) sendPush(ctx context.Context, p store.PushSubscription, told pushMessage) error {
	plain, err := json.Marshal(told)
	if err != nil {
		return err
	}
	gone, err := s.postPush(ctx, pushTarget{p.Endpoint, p.P256DH, p.Auth, p.Standard}, plain)
	if gone {
		return s.store.Write(ctx, func(tx *store.Tx) error { return tx.DropPushAt(p.TokenID, p.Endpoint) })
	}
	return err
}

// pushTarget is an app or browser behind its push service.
type pushTarget struct {
	endpoint     string
	p256dh, auth []byte
	standard     bool
}

// postPush encrypts a message and gives it to a push service. gone says that there is
// nobody behind the address any more.
func (s *Service) postPush(ctx context.Context, t pushTarget, plain []byte) (gone bool, err error) {
	to, err := webpush.NewReceiver(t.p256dh, t.auth)
	if err != nil {
		return false, err
	}
	seal := to.SealDraft
	if t.standard {
		seal = to.Seal
	}
	m, err := seal(plain)
	if err != nil {
		return false, err
	}
	if err := s.pushKey.Sign(m, t.endpoint, s.origin.URL("/"), s.now()); err != nil {
		return false, err
	}
	// RFC 8030 5.2 and 5.3
	m.Header["TTL"], m.Header["Urgency"] = strconv.Itoa(int(pushAge/time.Second)), "normal"
	a, err := s.remote.Post(ctx, t.endpoint, "application/octet-stream", m.Body, func(r *http.Request) error {
		for name, value := range m.Header {
			r.Header.Set(name, value)
		}
		return nil
	})
	switch {
	case err != nil:
		return false, &worthWaiting{error: err}
	case a.Status < 300:
		return false, nil
	case a.Status == http.StatusNotFound || a.Status == http.StatusGone: // RFC 8030 7.3
		return true, nil
	}
	return false, &worthWaiting{&remote.StatusError{Code: a.Status, RetryAfter: a.RetryAfter, URL: t.endpoint}, a.RetryAfter}
}

// pushText says in words what happened. The push service cannot read it.
func (s *Service) pushText(tx *store.Tx, n store.Notification) (pushMessage, error) {
	m := pushMessage{Locale: "en", ID: n.ID, Kind: n.Kind, Icon: s.origin.URL(assets.StaticPath("avatar.png"))}
	who, err := tx.Actor(n.ActorID)
	if err != nil {
		return m, err
	}
	if path := s.FacePath(who, ForOwner); path != "" {
		m.Icon = s.origin.URL(path)
	}
	m.Title, m.Body, err = s.noticeText(tx, n, who, pushText)
	return m, err
}

// noticeText is the title of a notification and what it is about, as far as the
// owner's filters let it be read.
func (s *Service) noticeText(tx *store.Tx, n store.Notification, who store.Actor, runes int) (title, body string, err error) {
	body = markup.Text(who.Summary)
	var p store.Post
	if n.Kind == "admin.report" {
		body = ""
	} else if n.PostID != 0 {
		if p, err = tx.Post(n.PostID); err != nil {
			return "", "", err
		}
		body = p.Summary // a content warning stands for what it hides
		if body == "" {
			body = markup.Text(p.HTML())
		}
		if f := Gravest(s.Filters().In(store.FilterNotifications).Match(&p)); f != nil && f.Action != store.FilterBlur {
			body = "Your filter “" + f.Title + "” covers it."
		}
	}
	return pushTitle(n.Kind, shortened(who.DisplayName(), 100), p.Own()), shortened(body, runes), nil
}

func pushTitle(kind, name string, own bool) string {
	switch kind {
	case "mention":
		return name + " mentioned you"
	case "quote":
		return name + " quoted your post"
	case "status":
		return name + " just posted"
	case "reblog":
		return name + " boosted your post"
	case "favourite":
		return name + " favourited your post"
	case "follow":
		return name + " is now following you"
	case "follow_request":
		return name + " asks to follow you"
	case "update":
		return name + " edited a post"
	case "quoted_update":
		return name + " edited a post that you quoted"
	case "admin.report":
		return name + " sent a report"
	case "poll":
		if own {
			return "Your poll has ended"
		}
		return "A poll you voted in has ended"
	}
	return name
}
