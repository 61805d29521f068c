package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestSecondFactorFromBeginningToEnd(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	factor := func() store.SecondFactor { t.Helper(); return read(t, s, (*store.Tx).SecondFactor) }
	if f := factor(); f != (store.SecondFactor{}) || f.On() {
		t.Fatalf("before there is one: %+v", f)
	}
	write(t, s, func(tx *store.Tx) error { return tx.BeginSecondFactor("FIRST") })
	write(t, s, func(tx *store.Tx) error { return tx.BeginSecondFactor("SECOND") })
	if f := factor(); f.Secret != "SECOND" || f.On() {
		t.Fatalf("begun: %+v", f)
	}
	codes := [][]byte{{1}, {2}, {3}}
	write(t, s, func(tx *store.Tx) error {
		if ok, err := tx.UseStep(50); err != nil || !ok {
			t.Errorf("the first step: %v %v", ok, err)
		}
		return tx.ConfirmSecondFactor(codes)
	})
	if f := factor(); !f.On() || f.LastStep != 50 {
		t.Fatalf("confirmed: %+v", f)
	}
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.BeginSecondFactor("THIRD") }); !errors.Is(err, store.ErrSecondFactorOn) {
		t.Errorf("in the place of one that is on: %v", err)
	}
	write(t, s, func(tx *store.Tx) error {
		for step, want := range map[int64]bool{50: false, 49: false} {
			if ok, err := tx.UseStep(step); err != nil || ok != want {
				t.Errorf("step %d: %v %v", step, ok, err)
			}
		}
		for i, want := range []bool{true, false} {
			if ok, err := tx.UseRecoveryCode(codes[1]); err != nil || ok != want {
				t.Errorf("use %d of a recovery code: %v %v", i+1, ok, err)
			}
		}
		if ok, err := tx.UseRecoveryCode([]byte{9}); err != nil || ok {
			t.Errorf("a recovery code that never was: %v %v", ok, err)
		}
		return nil
	})
	if n := read(t, s, (*store.Tx).RecoveryCodesLeft); n != 2 {
		t.Errorf("%d codes left", n)
	}
	write(t, s, (*store.Tx).DropSecondFactor)
	if f, n := factor(), read(t, s, (*store.Tx).RecoveryCodesLeft); f.On() || n != 0 {
		t.Errorf("off: %+v, %d codes", f, n)
	}
}

func TestUnfinishedSecondFactorIsSwept(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	write(t, s, func(tx *store.Tx) error { return tx.BeginSecondFactor("FIRST") })
	c.now = c.now.Add(25 * time.Hour)
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f := read(t, s, (*store.Tx).SecondFactor); f.Secret != "" {
		t.Errorf("it stayed: %+v", f)
	}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.BeginSecondFactor("SECOND"); err != nil {
			return err
		}
		return tx.ConfirmSecondFactor(nil)
	})
	c.now = c.now.Add(400 * 24 * time.Hour)
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f := read(t, s, (*store.Tx).SecondFactor); !f.On() {
		t.Error("one that is on was swept")
	}
}

// An app that is revoked loses all it holds, what waits to be redeemed too, and
// the others lose nothing.
func TestRevokedAppLosesAllItHolds(t *testing.T) {
	s := storetest.OpenAlice(t)
	phone, bot := store.App{ClientID: "phone", Name: "Phone"}, store.App{ClientID: "bot", Name: "Bot"}
	write(t, s, func(tx *store.Tx) error {
		for _, a := range []*store.App{&phone, &bot} {
			if err := tx.AddApp(a); err != nil {
				return err
			}
		}
		for _, k := range []store.Token{
			{Hash: []byte("1"), AppID: phone.ID, Scopes: "read"}, {Hash: []byte("2"), AppID: bot.ID, Scopes: "read"},
			{Hash: []byte("3"), AppID: phone.ID, Scopes: "write push"}, {Hash: []byte("4"), AppID: phone.ID, Scopes: "read", Client: true},
		} {
			if err := tx.AddToken(&k); err != nil {
				return err
			}
		}
		return tx.AddCode(store.Code{Hash: []byte("code"), AppID: phone.ID, Scopes: "read"})
	})
	names := func() (list []string) {
		for _, a := range read(t, s, (*store.Tx).AppsWithAccess) {
			list = append(list, a.Name+": "+a.Granted)
		}
		return list
	}
	if got := names(); !slices.Equal(got, []string{"Phone: read write push", "Bot: read"}) {
		t.Errorf("%q", got)
	}
	write(t, s, func(tx *store.Tx) error {
		if had, err := tx.RevokeApp(phone.ID); err != nil || !had {
			t.Errorf("revoke: %v %v", had, err)
		}
		if had, err := tx.RevokeApp(phone.ID); err != nil || had {
			t.Errorf("revoke again: %v %v", had, err)
		}
		if _, err := tx.UseCode([]byte("code")); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("its code: %v", err)
		}
		return nil
	})
	if got := names(); !slices.Equal(got, []string{"Bot: read"}) {
		t.Errorf("afterwards: %q", got)
	}
	for _, hash := range []string{"1", "3", "4"} {
		if err := s.Read(t.Context(), func(tx *store.Tx) error { _, _, err := tx.TokenAndApp([]byte(hash)); return err }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("token %s: %v", hash, err)
		}
	}
}
