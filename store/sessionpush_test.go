package store_test

import (
	"errors"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// Where a browser is told is known while its session stands, and once for each address.
func TestSessionPushEndsWithItsSession(t *testing.T) {
	s := storetest.Open(t)
	one, two := []byte("one"), []byte("two")
	if err := s.Write(bg, func(tx *store.Tx) error {
		for _, hash := range [][]byte{one, two} {
			if err := tx.AddSession(store.Session{Hash: hash, CSRF: "x", UsedAt: tx.Now(), Agent: "Firefox"}); err != nil {
				return err
			}
		}
		p := store.SessionPush{Session: one, Endpoint: "https://push.example/1", P256DH: []byte{1}, Auth: []byte{2}, Alerts: map[string]bool{"mention": true}, Words: true}
		if err := tx.SaveSessionPush(&p); err != nil {
			return err
		}
		known, err := tx.SessionPush(one)
		if err != nil || !known.Alerts["mention"] || !known.Words || known.Agent != "Firefox" || known.At.IsZero() {
			t.Errorf("%+v %v", known, err)
		}
		p.Session = two // the same browser, logged in anew
		if err := tx.SaveSessionPush(&p); err != nil {
			return err
		}
		if list, err := tx.SessionPushes(); err != nil || len(list) != 1 || string(list[0].Session) != "two" {
			t.Errorf("%v %v", list, err)
		}
		if err := tx.DropSessionPushAt(two, "https://push.example/else"); err != nil {
			return err
		}
		if _, err := tx.SessionPush(two); err != nil {
			t.Errorf("dropped by another address: %v", err)
		}
		if err := tx.DropSession(two); err != nil {
			return err
		}
		if _, err := tx.SessionPush(two); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of a session that has ended: %v", err)
		}
		list, err := tx.SessionPushes()
		if len(list) != 0 {
			t.Errorf("of a session that has ended: %v", list)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	removed, err := s.Sweep(bg)
	if err != nil || removed["push addresses without a session"] != 1 {
		t.Errorf("swept %v, %v", removed, err)
	}
}

func TestPrivacyChangesAreBounded(t *testing.T) {
	s := storetest.Open(t)
	if err := s.Write(bg, func(tx *store.Tx) error {
		for range 510 {
			if err := tx.AddPrivacyChange(store.PrivacyChange{What: "link_previews", Was: "yes", Now: "no"}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	removed, err := s.Sweep(bg)
	if err != nil || removed["changes of the privacy policy over 500"] != 10 {
		t.Errorf("swept %v, %v", removed, err)
	}
}
