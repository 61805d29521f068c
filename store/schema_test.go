package store_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

var update = flag.Bool("update", false, "write migrations/schema.sql anew")

// schema.sql is what all migrations together amount to, for people to read.
func TestSchemaIsGolden(t *testing.T) {
	const file = "migrations/schema.sql"
	s := storetest.Open(t)
	list := read(t, s, func(tx *store.Tx) ([]string, error) {
		return tx.Strings(`
			select sql
			from sqlite_schema
			where sql is not null
			and name not like 'search\_%' escape '\'
			order by rowid`)
	})
	got := "-- What the migrations amount to, as SQLite reports it. Written by: go test ./store -run Golden -update\n\n" +
		strings.Join(list, ";\n\n") + ";\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the migrations make; run go test ./store -run Golden -update and look at the difference", file)
	}
}
