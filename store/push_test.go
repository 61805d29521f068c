package store_test

import (
	"errors"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// A subscription is one for each token, and nobody reads it once the token is gone.
func TestPushSubscriptions(t *testing.T) {
	s := storetest.Open(t)
	var k store.Token
	if err := s.Write(bg, func(tx *store.Tx) error {
		app := store.App{ClientID: "x", Name: "Phone"}
		if err := tx.AddApp(&app); err != nil {
			return err
		}
		k = store.Token{Hash: []byte("x"), AppID: app.ID, Scopes: "push"}
		if err := tx.AddToken(&k); err != nil {
			return err
		}
		p := store.PushSubscription{TokenID: k.ID, Endpoint: "https://push.example/1", P256DH: []byte{1}, Auth: []byte{2}, Alerts: map[string]bool{"mention": true}, Policy: "all"}
		if err := tx.SavePush(&p); err != nil {
			return err
		}
		first := p.ID
		p.Endpoint, p.Standard = "https://push.example/2", true
		if err := tx.SavePush(&p); err != nil || p.ID != first {
			t.Errorf("saved again: id %d, then %d, %v", first, p.ID, err)
		}
		if err := tx.DropPushAt(k.ID, "https://push.example/1"); err != nil {
			return err
		}
		list, err := tx.Pushes()
		if err != nil || len(list) != 1 || list[0].Endpoint != "https://push.example/2" || !list[0].Standard || !list[0].Alerts["mention"] || list[0].At.IsZero() {
			t.Errorf("%+v %v", list, err)
		}
		stand, err := tx.TokensAmong([]int64{k.ID, 4711, k.ID})
		if err != nil || len(stand) != 1 || !stand[k.ID] {
			t.Errorf("stand %v %v", stand, err)
		}
		_, err = tx.DropToken(k.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(bg, func(tx *store.Tx) error {
		if _, err := tx.Push(k.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("without a token: %v", err)
		}
		list, err := tx.Pushes()
		if len(list) != 0 {
			t.Errorf("without a token: %v", list)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sweep(bg); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, `select count(*) from push`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
