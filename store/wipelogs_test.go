package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/logs"
	"dassie/store/storetest"
)

// The log of requests goes with the account.
func TestWipeTakesTheLogOfRequests(t *testing.T) {
	s := storetest.OpenAlice(t)
	dir := s.Dir()
	log := logs.Open(filepath.Join(dir, logs.Folder))
	if err := errors.Join(log.Write(logs.Request{At: time.Now(), Method: "GET", Path: "/"}), log.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.SetPassword("hash"); err != nil {
			return err
		}
		return tx.SaveFarewell(store.Farewell{Begun: tx.Now(), Done: tx.Now()})
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Wipe(dir, time.Now), store.WipeRest(t.Context(), dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, logs.Folder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}
