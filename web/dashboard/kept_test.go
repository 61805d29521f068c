package dashboard

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/logs"
)

// agesForm is the form of the page with some numbers changed.
func (h *house) agesForm(change map[string]int) (pairs []string) {
	set := h.Settings()
	for _, a := range store.Ages {
		n, ok := change[a.Name]
		if !ok {
			n = *a.Of(&set)
		}
		pairs = append(pairs, a.Name, strconv.Itoa(n))
	}
	return pairs
}

// Every age has a field, its default and its limits are named, and what is beyond
// them is refused in plain words.
func TestEveryAgeIsAChoice(t *testing.T) {
	h := newHouse(t)
	p := h.open("/me/data/kept")
	for _, a := range store.Ages {
		set := store.DefaultSettings()
		p.says(t, `name="`+a.Name+`" value="`+strconv.Itoa(*a.Of(&set))+`"`, fmt.Sprintf("%d to %d; %d unless you choose.", a.Least, a.Most, *a.Of(&set)))
		for _, v := range []string{strconv.Itoa(a.Least - 1), strconv.Itoa(a.Most + 1), "", "many", "1e1", "-1", "99999999999999999999"} {
			wrong := h.submit("/me/data/kept", a.Name, v, "sure", "yes")
			if wrong.status != http.StatusUnprocessableEntity {
				t.Errorf("%s %q: %d", a.Name, v, wrong.status)
			}
			wrong.says(t, fmt.Sprintf("Give a whole number from %d to %d.", a.Least, a.Most), `name="`+a.Name+`" value="`+v+`"`)
		}
		if now := h.Settings(); *a.Of(&now) != *a.Of(&set) {
			t.Errorf("%s is %d", a.Name, *a.Of(&now))
		}
		// The least and the most are taken, and stored.
		for _, n := range []int{a.Least, a.Most} {
			h.sent("/me/data/kept", a.Name, strconv.Itoa(n), "sure", "yes").says(t, "Saved.", `name="`+a.Name+`" value="`+strconv.Itoa(n)+`"`)
			if now := h.Settings(); *a.Of(&now) != n {
				t.Errorf("%s: %d is stored as %d", a.Name, n, *a.Of(&now))
			}
		}
		h.sent("/me/data/kept", a.Name, strconv.Itoa(*a.Of(&set)), "sure", "yes")
	}
	h.open("/me/data").says(t, `href="/me/data/kept"`)
	h.open("/me/settings").says(t, `href="/me/data/kept"`)
}

// What the page says would go is what goes, and nothing goes before one has said yes.
func TestShorterAgesSayFirstWhatGoes(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.Find(t, h.other("bob"))
	old := h.Now()
	var uris []string
	h.cluster.Advance(20 * 24 * time.Hour)
	if err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for i := range 7 {
			uri := fmt.Sprint("https://bob.example/old/", i)
			p := store.Post{URI: uri, ActorID: bob.ID, PublishedAt: old, StoredAt: old}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			uris = append(uris, uri)
			for j := range 2 { // boosts of it go with it
				b := store.Post{URI: fmt.Sprint(uri, "/boost/", j), ActorID: p.ActorID, BoostOf: p.ID, PublishedAt: old, StoredAt: old}
				if err := tx.InsertPost(&b); err != nil {
					return err
				}
				uris = append(uris, b.URI)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	set := h.Settings()
	set.KeepLogDays = 90
	if err := h.SaveSettings(ctx, set); err != nil {
		t.Fatal(err)
	}
	if err := h.RequestLog().Write(logs.Request{At: old, Method: "GET", Path: "/"}); err != nil {
		t.Fatal(err)
	}
	if err := h.RequestLog().Write(logs.Request{At: h.Now(), Method: "GET", Path: "/"}); err != nil {
		t.Fatal(err)
	}
	before := h.own()
	h.open("/me/data/kept").says(t, "It has 2 days")

	form := h.agesForm(map[string]int{"keep_remote_days": 10, "keep_log_days": 5})
	p := h.submit("/me/data/kept", form...)
	if p.status != http.StatusOK {
		t.Fatalf("%d %s", p.status, p.main())
	}
	p.says(t, "Keep less from now on?", "21 posts of others that nobody here touched go.", "1 day of the log of requests goes within the hour.", "at 03:00", `name="keep_remote_days" value="10"`, `name="sure" value="yes"`)
	p.hides(t, "addresses of log-ins go")
	if now := h.Settings(); now.KeepRemoteDays != 90 || now.KeepLogDays != 90 {
		t.Error("it was saved before it was confirmed")
	}
	h.sent("/me/data/kept", append(form, "sure", "yes")...).says(t, "Saved.", "next purge")
	if h.stands(uris) != 21 {
		t.Error("something went before the purge")
	}
	p = h.sent("/me/data/kept/purge")
	p.says(t, "Purging begins.", "Purging now.", "It did not run yet.")
	h.sent("/me/data/kept/purge") // twice is once
	h.cluster.Settle()
	if n := h.stands(uris); n != 0 {
		t.Errorf("%d posts stayed", n)
	}
	if files, _ := filepath.Glob(filepath.Join(h.Store().Dir(), logs.Folder, "*.log")); len(files) != 1 {
		t.Errorf("the log has %v", files)
	}
	if len(h.own()) != len(before) {
		t.Error("own posts went")
	}
	p = h.open("/me/data/kept")
	p.says(t, "Last purge:", "Remote posts nobody here touched: <b>21</b>", "Days of the log of requests: <b>1</b>", "Next purge:", "Purge now")
	p.hides(t, "Purging now.")
	// Longer ages, and shorter ones by which nothing goes, are saved at once.
	h.sent("/me/data/kept", h.agesForm(map[string]int{"keep_remote_days": 9, "keep_log_days": 90})...).says(t, "Saved.")
	h.submit("/me/data/kept/purge")
	h.cluster.Settle()
	h.open("/me/data/kept").hides(t, "Remote posts nobody here touched:")
}

// A folder of logs that cannot be written does not stop the pages nor the purge of
// everything else.
func TestALogThatCannotBeWritten(t *testing.T) {
	h := newHouse(t)
	if err := os.WriteFile(filepath.Join(h.Store().Dir(), logs.Folder), []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := h.Settings()
	set.KeepLogDays = 3
	if err := h.SaveSettings(ctx, set); err != nil {
		t.Fatal(err)
	}
	h.open("/me/data/kept").says(t, `name="keep_log_days" value="3"`)
	if err := h.Purge(ctx); err == nil {
		t.Error("nobody is told")
	}
	p := h.open("/me/data/kept")
	p.says(t, "Last purge:")
	p.hides(t, "It did not run yet.")
}

// stands counts which posts are still here.
func (h *house) stands(uris []string) (n int) {
	h.t.Helper()
	if err := h.Store().Read(ctx, func(tx *store.Tx) error {
		n = 0
		for _, uri := range uris {
			if _, err := tx.PostIDByURI(uri); err == nil {
				n++
			}
		}
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// The README's table has every age, as the code has it (DECISIONS 35).
func TestTheReadmeHasEveryAge(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## What is kept, and how long")
	table, _, _ = strings.Cut(table, "\nAddresses of visitors")
	var want []string
	for _, g := range keptGroups {
		for _, w := range g.fields {
			a, ok := store.AgeNamed(w.name)
			if !ok {
				t.Errorf("there is no age %s", w.name)
				continue
			}
			set := store.DefaultSettings()
			want = append(want, fmt.Sprintf("| %s | %d | %d | %d |", w.label, *a.Of(&set), a.Least, a.Most))
		}
	}
	var got []string
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| what ") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(want) != len(store.Ages) {
		t.Errorf("README.md says\n%s\nthe code\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
