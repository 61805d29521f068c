package federation_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// endlessLines is a file that never ends.
type endlessLines struct{ line string }

func (e endlessLines) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.line)
	}
	return n, nil
}

func TestT40ListsThatAreNoListsAreRefusedInWords(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	head := "Account address,Show boosts\n"
	for _, x := range []struct {
		name, file string
		in         io.Reader
		code       reply.Code
		words      string
	}{
		{"100 MB", "following_accounts.csv", io.LimitReader(endlessLines{"someone@far.example,true\n"}, 100<<20), reply.TooLarge, "10 MB"},
		{"one field of 50 MB", "following_accounts.csv", io.MultiReader(strings.NewReader(head+`"`), io.LimitReader(endlessLines{"x"}, 50<<20)), reply.TooLarge, "10 MB"},
		{"one field of 5 MB", "following_accounts.csv", io.MultiReader(strings.NewReader(head+`"`), io.LimitReader(endlessLines{"x"}, 5<<20)), reply.Unprocessable, "Line 2 has more than 64 KB"},
		{"a million lines", "following_accounts.csv", io.LimitReader(endlessLines{"a@b.example\n"}, 9<<20), reply.TooLarge, "50,000 lines"},
		{"a million empty lines", "following_accounts.csv", io.LimitReader(endlessLines{"\n"}, 9<<20), reply.Unprocessable, "nothing in this file"},
		{"a million wrong lines", "following_accounts.csv", io.LimitReader(endlessLines{"\"\n"}, 9<<20), reply.TooLarge, "50,000 lines"},
		{"nothing", "lists.csv", strings.NewReader(""), reply.Unprocessable, "nothing in this file"},
		{"only columns", "following_accounts.csv", strings.NewReader(head), reply.Unprocessable, "nothing in this file"},
		{"of no kind", "table.csv", strings.NewReader("Account address\nbob@far.example\n"), reply.Unprocessable, "what this list holds"},
		{"followers", "followers.csv", strings.NewReader("Account address\nbob@far.example\n"), reply.Unprocessable, "followers"},
		{"a spreadsheet", "following_accounts.xlsx", strings.NewReader("PK\x03\x04\x00\x00"), reply.Unprocessable, "Save the table as CSV"},
		{"UTF-16 that does not say so", "mutes.csv", strings.NewReader("b\x00o\x00b\x00"), reply.Unprocessable, "UTF-8"},
		{"half a letter of UTF-16", "mutes.csv", strings.NewReader("\xff\xfeb"), reply.Unprocessable, "UTF-16"},
		{"half a pair of UTF-16", "mutes.csv", strings.NewReader("\xff\xfe\x00\xd8"), reply.Unprocessable, "UTF-16"},
		{"other JSON", "custom_filters.json", strings.NewReader(`{"a":1}`), reply.Unprocessable, "no list of filters"},
		{"broken JSON", "custom_filters.json", strings.NewReader(`{"custom_filters":[`), reply.Unprocessable, "no list of filters"},
		{"deep JSON", "custom_filters.json", io.LimitReader(endlessLines{"["}, 1<<20), reply.Unprocessable, "no list of filters"},
		{"many filters", "custom_filters.json", strings.NewReader(`[` + strings.Repeat(`{},`, 600) + `{}]`), reply.TooLarge, "500 filters"},
		{"a million servers", "blocked_domains.csv", io.LimitReader(endlessLines{"bad.example\n"}, 2<<20), reply.TooLarge, "1 MB"},
	} {
		_, err := alice.ReadCSV(ctx(), x.in, x.file, store.CSVUnknown)
		if err == nil || reply.CodeOf(err) != x.code || !strings.Contains(reply.Message(err), x.words) {
			t.Errorf("%s: %v, want %q", x.name, err, x.words)
		}
	}
	if left := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVImport, error) { return tx.CSVImports() }); len(left) != 0 {
		t.Errorf("something was kept: %+v", left)
	}
}

func TestT40EncodingsAndEndsOfLines(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	plain := "Köche,bob@far.example\nKöche,eve@far.example\n"
	utf := func(order binary.AppendByteOrder, mark string) string {
		out := []byte(mark)
		for _, u := range utf16.Encode([]rune(plain + "😀,kim@far.example\n")) {
			out = order.AppendUint16(out, u)
		}
		return string(out)
	}
	for _, x := range []struct {
		name, text, encoding string
		rows                 int
	}{
		{"plain", plain, "", 2},
		{"with a mark", "\xef\xbb\xbf" + plain, "", 2},
		{"CRLF", strings.ReplaceAll(plain, "\n", "\r\n"), "", 2},
		{"CR", strings.ReplaceAll(plain, "\n", "\r"), "", 2},
		{"no last line feed", strings.TrimSpace(plain), "", 2},
		{"semicolons", strings.ReplaceAll(plain, ",", ";"), "", 2},
		{"tabs", strings.ReplaceAll(plain, ",", "\t"), "", 2},
		{"all quoted", `"Köche","bob@far.example"` + "\n" + `"Köche","eve@far.example"`, "", 2},
		{"UTF-16 LE", utf(binary.LittleEndian, "\xff\xfe"), "UTF-16", 3},
		{"UTF-16 BE", utf(binary.BigEndian, "\xfe\xff"), "UTF-16", 3},
		{"Windows-1252", "K\xf6che,bob@far.example\n\x80,eve@far.example", "Windows-1252", 2},
	} {
		i, err := alice.ReadCSV(ctx(), strings.NewReader(x.text), "lists.csv", store.CSVUnknown)
		if err != nil || i.Notes.Encoding != x.encoding || i.Notes.Wrong != 0 {
			t.Errorf("%s: %+v, %v", x.name, i, err)
			continue
		}
		rows := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVRow, error) { return tx.CSVRows(i.ID, 0, 10) })
		if len(rows) != x.rows || rows[0].Title != "Köche" || rows[0].Key != "bob@far.example" {
			t.Errorf("%s: %+v", x.name, rows)
		}
	}
}

// A broken quote and a formula cost their own line; an apostrophe makes a text of a
// formula.
func TestT40CellsAreOnlyData(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	text := `=HYPERLINK("http://evil.example"),bob@far.example
"open,bob@far.example
'=cmd|' /C calc'!A0,kim@far.example
''=x,kim@far.example
'plain,kim@far.example
Good,=1+1
=1+1,kim@far.example
"@SUM(1+1)*cmd|' /C calc'!A0",kim@far.example
-- near --,kim@far.example
@work,@kim@far.example
`
	i, err := alice.ReadCSV(ctx(), strings.NewReader(text), "lists.csv", store.CSVLists)
	if err != nil || i.Notes.Wrong != 5 || !strings.Contains(i.Notes.Problems[3].Why, "formula") {
		t.Fatalf("%+v, %v", i, err)
	}
	var titles []string
	for _, r := range lookAt(t, alice, func(tx *store.Tx) ([]store.CSVRow, error) { return tx.CSVRows(i.ID, 0, 10) }) {
		titles = append(titles, r.Title)
	}
	if want := "=cmd|' /C calc'!A0\n'=x\n'plain\n-- near --\n@work"; strings.Join(titles, "\n") != want {
		t.Errorf("titles %q", titles)
	}
	for _, cell := range []string{"", "a", "=1", "+1", "-1", "@a", "\tx", "'=1", "''=1", "'a", "it's"} {
		out := federation.CSVCell(cell)
		if out != "" && strings.ContainsAny(out[:1], "=+-@\t\r") {
			t.Errorf("%q goes out as %q", cell, out)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	c := fedtest.New(f, "alice")
	alice := c.Servers[0]
	for _, s := range []string{"a@b.example,true\n", "\xff\xfea\x00", "Account address\r\rx@y.example", `{"custom_filters":[{"title":"a","context":["home"]}]}`, "\"\n\"", "#domain\nx.example"} {
		for kind := range 8 {
			f.Add([]byte(s), kind)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, kind int) {
		i, err := alice.ReadCSV(ctx(), bytes.NewReader(text), "x.csv", store.CSVKind(kind&7))
		if err != nil {
			if reply.CodeOf(err) == reply.Internal {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		p := preview(t, &fedtest.Server{Service: alice.Service}, i, true)
		if p.New < 0 || p.Rows < p.New+p.Changed+p.Same || p.Barred < 0 {
			t.Errorf("%q: %+v", text, p)
		}
		if err := alice.DropCSV(ctx(), i.ID); err != nil {
			t.Fatal(err)
		}
	})
}
