package store_test

import (
	"errors"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

func TestPasskeysAreCountedAndCapped(t *testing.T) {
	s := storetest.OpenAlice(t)
	add := func(n byte, host string) error {
		return s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.AddPasskey(&store.Passkey{Credential: []byte{n}, Key: []byte{9}, Host: host, Name: "Phone"})
		})
	}
	for n := range byte(store.MaxPasskeys) {
		host := "alice.example"
		if n == 3 {
			host = "old.example"
		}
		if err := add(n, host); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(200, "alice.example"); !errors.Is(err, store.ErrManyPasskeys) {
		t.Errorf("one too many: %v", err)
	}
	if err := add(5, "alice.example"); !errors.Is(err, store.ErrPasskeyKnown) {
		t.Errorf("one twice: %v", err)
	}
	write(t, s, func(tx *store.Tx) error {
		if n, err := tx.CountPasskeys("alice.example"); n != store.MaxPasskeys-1 || err != nil {
			t.Errorf("%d here, %v", n, err)
		}
		if _, err := tx.PasskeyOf("alice.example", []byte{3}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("one of another host counts here: %v", err)
		}
		p, err := tx.PasskeyOf("alice.example", []byte{4})
		if err != nil || !p.UsedAt.IsZero() || p.AddedAt.IsZero() {
			t.Errorf("%+v %v", p, err)
		}
		if err := tx.RenamePasskey(p.ID, "Key"); err != nil {
			return err
		}
		if err := tx.DropPasskey(p.ID); err != nil {
			return err
		}
		if err := tx.DropPasskey(p.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("dropped twice: %v", err)
		}
		if err := tx.RenamePasskey(p.ID, "x"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("renamed after it went: %v", err)
		}
		if n, err := tx.DropPasskeys(); n != store.MaxPasskeys-1 || err != nil {
			t.Errorf("%d dropped, %v", n, err)
		}
		return nil
	})
}

// A counter never goes back, and one that counted never stops counting.
func TestCounterOfAPasskey(t *testing.T) {
	s := storetest.OpenAlice(t)
	p := store.Passkey{Credential: []byte{1}, Key: []byte{9}, Host: "alice.example", Name: "Key"}
	write(t, s, func(tx *store.Tx) error { return tx.AddPasskey(&p) })
	write(t, s, func(tx *store.Tx) error {
		for i, step := range []struct {
			counter uint32
			want    bool
		}{{0, true}, {0, true}, {5, true}, {5, false}, {4, false}, {0, false}, {6, true}, {1<<32 - 1, true}, {7, false}} {
			if ok, err := tx.UsePasskey(p.ID, step.counter); ok != step.want || err != nil {
				t.Errorf("step %d, counter %d: %v %v", i, step.counter, ok, err)
			}
		}
		if ok, err := tx.UsePasskey(p.ID+1, 9); ok || err != nil {
			t.Errorf("one that is not there: %v %v", ok, err)
		}
		return tx.DoubtPasskey(p.ID)
	})
	if got := read(t, s, func(tx *store.Tx) (store.Passkey, error) { return tx.Passkey(p.ID) }); got.Counter != 1<<32-1 || got.DoubtedAt.IsZero() || got.UsedAt.IsZero() {
		t.Errorf("%+v", got)
	}
}
