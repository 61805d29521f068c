package store_test

import (
	"fmt"
	"testing"
	"time"

	"dassie/store"
)

// T18: strangers who move a lot do not make the server forget when the owner did.
func TestT18_TheOwnMoveIsRememberedWhoeverElseMoves(t *testing.T) {
	s, w, c := world(t)
	moved := c.Now()
	write(t, s, func(tx *store.Tx) error { return tx.AddMove(store.OwnerID, "https://new.example/me") })
	c.Add(aDay)
	write(t, s, func(tx *store.Tx) error {
		for i := range 600 {
			if err := tx.AddMove(w.Bob.ID, fmt.Sprint("https://new.example/", i)); err != nil {
				return err
			}
		}
		return nil
	})
	sweepAll(t, s)
	if n := count(t, s, "select count(*) from moves"); n != 501 {
		t.Errorf("%d moves are kept, want 500 of others and the own", n)
	}
	at, err := store.Get(bg, s, func(tx *store.Tx) (time.Time, error) { return tx.LastMove(store.OwnerID) })
	if err != nil || !at.Equal(moved.Truncate(time.Millisecond)) {
		t.Errorf("moved %s, %v", at, err)
	}
}
