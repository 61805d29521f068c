package browsertest

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAListIsImportedWithAPreview: Alice brings in whom she followed elsewhere, sees
// what it would do both ways and which line is wrong, lets it begin, and watches it to
// the end; with scripts and without.
func TestAListIsImportedWithAPreview(t *testing.T) {
	long(t)
	t.Parallel()
	type way struct {
		name    string
		look    look
		scripts bool
	}
	for _, c := range []way{{"phone", phone, false}, {"with scripts", desktop, true}} {
		t.Run(c.name, func(t *testing.T) {
			newTab(t, "about:blank", c.look) // skips before the demo is started
			j := &journey{TB: t, houses: demo(t)}
			j.alice = j.arrive("alice", c.look)
			j.alice.scripts(c.scripts)
			j.importList(t.TempDir())
		})
	}
}

func (j *journey) importList(dir string) {
	a, bob, carol := j.alice, j.houses["bob"].handle()[1:], j.houses["carol"].handle()[1:]
	file := filepath.Join(dir, "following_accounts.csv")
	text := "Account address,Show boosts,Notify on new posts,Languages\r\n" + carol + ",true,false,\r\n=cmd(),true,false,\r\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		j.Fatal(err)
	}
	a.open("/me/following")
	a.sees("Bob Okafor")
	a.open("/me/data/import")
	a.upload("file", file)
	a.press("Show what would come")
	a.sees("People you follow", "Nothing has changed yet", "whom you do not follow yet", "Line 3: =cmd(),true,false,", "Take in 1 person")
	a.press("In place of what is here")
	a.sees("What goes", bob, "you stop following them", "Take in 1, remove 1")
	a.press("Add to what is here")
	a.misses("What goes")
	a.press("Take in 1 person")
	at := "/me/data/csv/"
	a.sees("People you follow")
	path := a.address()[len(a.site):]
	if len(path) <= len(at) || path[:len(at)] != at {
		j.Fatalf("the import is watched at %s", path)
	}
	a.awaitsText(path, "Done ")
	a.sees("Asked", "1 line")
	a.open("/me/following")
	a.sees("Bob Okafor", "Carol Lindqvist")
	a.open("/me/data/import")
	a.sees("Imported")
}
