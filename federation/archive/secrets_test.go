package archive_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dassie/store"
)

// secretTables hold nothing that may be in an archive.
var secretTables = []string{"sessions", "session_push", "apps", "tokens", "codes", "push", "second_factor", "recovery_codes", "idempotency", "jobs", "passkeys", "subject_requests"}

// T64: nothing secret of the database is in an archive, in whatever form: keys,
// hashes, tokens, codes, the second factor, where apps and browsers are told, the
// mail address, addresses of log-ins.
func TestT64_AnArchiveHoldsNoSecretOfTheDatabase(t *testing.T) {
	c, alice, _ := everything(t)
	db, err := sql.Open("sqlite", filepath.Join(alice.Store().Dir(), store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	secrets := map[string][]byte{}
	for _, table := range secretTables {
		plant(t, db, table, secrets)
	}
	for _, q := range []string{
		`update identity set email = 'marker-of-mail@mail.example', password_hash = '$argon2id$marker-of-the-password'`,
		`insert into security_log (id, at, kind, detail, address) values (1, 1, 'log-in', 'Firefox', 'marker-of-an-address')`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []string{"marker-of-mail", "marker-of-the-password", "argon2id", "marker-of-an-address", "PRIVATE KEY"} {
		secrets[s] = []byte(s)
	}
	secrets["pending mail"], secrets["key of mail"], secrets["code of mail"] = []byte("marker-of-pending"), []byte("marker-of-the-key-of-mail"), []byte("marker-of-the-code-of-mail")
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.SaveMail(store.Mail{Pending: "marker-of-pending@mail.example", Key: secrets["key of mail"], CodeHash: secrets["code of mail"]})
	}); err != nil {
		t.Fatal(err)
	}
	rows(t, db, `select name, pkcs8 from keys`, func(name string, key []byte) {
		secrets["key "+name] = key
		body := base64.StdEncoding.EncodeToString(key)
		secrets["key "+name+" as PEM"] = []byte(body[:min(len(body), 64)]) // its first line
	})
	rows(t, db, `select key, value from settings where key != 'owner'`, func(name string, value []byte) {
		if len(value) >= 16 {
			secrets["setting "+name] = value
		}
	})
	if len(secrets) < 30 {
		t.Errorf("only %d secrets to look for", len(secrets))
	}
	p, _ := pack(t, c, alice)
	for member, body := range p {
		for name, s := range secrets {
			for form, text := range map[string]string{"": string(s), " in hex": hex.EncodeToString(s), " in base64": base64.RawStdEncoding.EncodeToString(s), " in URL base64": base64.RawURLEncoding.EncodeToString(s)} {
				if bytes.Contains(body, []byte(text)) {
					t.Errorf("%s holds %s%s", member, name, form)
				}
			}
		}
	}
	if !bytes.Contains(p["dassie/security_log.jsonl"], []byte("Firefox")) {
		t.Error("the security log is not in it")
	}
	for _, member := range []string{"dassie/manifest.json", "index.html"} {
		if !bytes.Contains(bytes.ToLower(p[member]), []byte("no key")) {
			t.Errorf("%s does not say that there is no key in it", member)
		}
	}
}

// plant puts a row of markers into a table.
func plant(t *testing.T, db *sql.DB, table string, secrets map[string][]byte) {
	t.Helper()
	var columns, marks []string
	var values []any
	info, err := db.Query(`select name, lower(type) from pragma_table_info(?)`, table)
	if err != nil {
		t.Fatal(err)
	}
	defer info.Close()
	for info.Next() {
		var name, kind string
		if err := info.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		var v any = 4_000_000_000_000 // times lie ahead, so that nothing is swept
		switch mark := fmt.Sprintf("marker-of-%s-%s", table, name); {
		case name == "id" && table == "second_factor":
			v = 1
		case slices.Contains([]string{"kind", "scopes", "alerts"}, name):
			v = "x"
		case kind == "text":
			v, secrets[mark] = mark, []byte(mark)
		case kind == "blob":
			v, secrets[mark] = []byte(mark), []byte(mark)
		}
		columns, marks, values = append(columns, name), append(marks, "?"), append(values, v)
	}
	if len(columns) == 0 {
		t.Fatalf("there is no table %s", table)
	}
	if _, err := db.Exec(`insert into `+table+` (`+strings.Join(columns, ", ")+`) values (`+strings.Join(marks, ", ")+`)`, values...); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
}

func rows(t *testing.T, db *sql.DB, query string, f func(name string, value []byte)) {
	t.Helper()
	list, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	for list.Next() {
		var name string
		var value []byte
		if err := list.Scan(&name, &value); err != nil {
			t.Fatal(err)
		}
		f(name, value)
	}
}
