package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dassie/store"
)

// Of an account that is being deleted, or was, the doctor says so, and finds nothing wrong
// with servers and pages that answer that it is gone.
func TestADeletedAccountIsNoFault(t *testing.T) {
	w := newWorld(t)
	w.serve()
	var f store.Farewell
	w.write(func(tx *store.Tx) error {
		f = store.Farewell{Begun: tx.Now(), Until: tx.Now()}
		return tx.BeginFarewell(&f, &store.Outgoing{Kind: "Delete", URI: "x"})
	})
	account := func(want Status, words string) {
		t.Helper()
		r := w.look()
		row := r.row(t, "account")
		if !r.OK || row.Status != want || !strings.Contains(row.Value, words) {
			t.Errorf("account: %+v, all %+v", row, r.Rows)
		}
		for _, other := range r.Rows {
			switch other.ID {
			case "backup", "webfinger", "actor", "way", "networks":
				t.Errorf("%s is looked at still: %+v", other.ID, other)
			}
		}
	}
	account(OK, "is being deleted since")
	w.write(func(tx *store.Tx) error {
		f.Done, f.Wiped = tx.Now(), tx.Now()
		return tx.SaveFarewell(f)
	})
	account(OK, "was deleted on")

	// The machine stopped when the small database was about to take the place of the old.
	small := filepath.Join(w.dir, "farewell")
	if err := os.MkdirAll(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(small, store.FileName), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	account(Warn, "while the rest was being wiped")
	if row := w.look().row(t, "account"); !strings.Contains(row.Mend, "dassie serve") {
		t.Errorf("%+v", row)
	}
}
