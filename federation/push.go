package federation

import (
	"context"
	"errors"
	"fmt"

	"dassie/federation/webpush"
	"dassie/store"
	"dassie/web/reply"
)

// Whose notifications an app wants to be told of.
const (
	PushAll      = "all"
	PushFollowed = "followed" // of people whom the owner follows
	PushFollower = "follower" // of people who follow the owner
	PushNone     = "none"
)

// PushKinds are the kinds of notifications that an app can be told of.
var PushKinds = []string{"mention", "quote", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "quoted_update", "admin.report"}

const (
	maxEndpoint = 2048 // bytes
	seenTokens  = 64   // tokens that are remembered as the apps have them
)

// PushWish is what an app asks for.
type PushWish struct {
	Endpoint     string
	P256DH, Auth string // in base64
	Standard     bool
	Alerts       map[string]bool
	Policy       string
}

// loadPushKey reads the key by which push services know this server, and draws it
// at the first start. Every subscription holds for this key alone.
func (s *Service) loadPushKey(ctx context.Context) error {
	der, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]byte, error) { return tx.PushKey() })
	if errors.Is(err, store.ErrNotFound) {
		var drawn []byte
		if drawn, err = webpush.NewKey(); err == nil {
			der, err = store.Put(ctx, s.store, func(tx *store.Tx) ([]byte, error) { return tx.AddPushKey(drawn) })
		}
	}
	if err == nil {
		s.pushKey, err = webpush.ReadKey(der)
	}
	if err != nil {
		return fmt.Errorf("read the key for push messages: %w", err)
	}
	return nil
}

// PushKey is the public half of the key for push messages, as apps get it.
func (s *Service) PushKey() string { return s.pushKey.Public() }

// SubscribePush lets an app be told of notifications, in the place of what it had
// asked for before.
func (s *Service) SubscribePush(ctx context.Context, tokenID int64, w PushWish) (store.PushSubscription, error) {
	p := store.PushSubscription{TokenID: tokenID, Endpoint: w.Endpoint, Standard: w.Standard}
	var err error
	if p.P256DH, p.Auth, err = s.checkWish(w); err != nil {
		return p, err
	}
	if err := wishInto(&p, w); err != nil {
		return p, err
	}
	return p, s.store.Write(ctx, func(tx *store.Tx) error { return tx.SavePush(&p) })
}

// checkWish checks where messages shall go, and reads the keys they are encrypted for.
func (s *Service) checkWish(w PushWish) (p256dh, auth []byte, err error) {
	if _, err := s.remote.CheckURL(w.Endpoint); err != nil || len(w.Endpoint) > maxEndpoint {
		return nil, nil, reply.Errorf(reply.Unprocessable, "Validation failed: Endpoint is not an address that this server may send to.")
	}
	if p256dh, err = webpush.Decode(w.P256DH); err == nil {
		if auth, err = webpush.Decode(w.Auth); err == nil {
			_, err = webpush.NewReceiver(p256dh, auth)
		}
	}
	if err != nil {
		return nil, nil, &reply.Error{Code: reply.Unprocessable, Message: "Validation failed: The keys are not those of a push subscription.", Err: err}
	}
	return p256dh, auth, nil
}

// ChangePush changes what an app is told of. The error is store.ErrNotFound where it
// has no subscription.
func (s *Service) ChangePush(ctx context.Context, tokenID int64, w PushWish) (store.PushSubscription, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.PushSubscription, error) {
		p, err := tx.Push(tokenID)
		if err != nil {
			return p, err
		}
		if w.Policy == "" {
			w.Policy = p.Policy
		}
		if err := wishInto(&p, w); err != nil {
			return p, err
		}
		return p, tx.SavePush(&p)
	})
}

// EndPush ends the subscription of an app; without one it does nothing.
func (s *Service) EndPush(ctx context.Context, tokenID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.DropPush(tokenID)
		return err
	})
}

func wishInto(p *store.PushSubscription, w PushWish) error {
	switch w.Policy {
	case PushAll, PushFollowed, PushFollower, PushNone:
		p.Policy = w.Policy
	case "":
		p.Policy = PushAll
	default:
		return reply.Errorf(reply.Unprocessable, "Validation failed: Policy is one of all, followed, follower and none.")
	}
	p.Alerts = make(map[string]bool, len(PushKinds))
	for _, kind := range PushKinds {
		p.Alerts[kind] = w.Alerts[kind]
	}
	return nil
}

// SeenToken remembers a token as its app has it, which push messages name so that an
// app of several accounts knows whose they are. On disk there is only its hash; after a
// restart the messages name none until the app has asked for something.
func (s *Service) SeenToken(tokenID int64, value string) {
	s.Seen()
	if known, ok := s.seenTokens.Get(tokenID); !ok || known != value {
		s.seenTokens.Add(tokenID, value)
	}
}
