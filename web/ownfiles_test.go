package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dassie/store"
	"dassie/web/auth"
)

// ownFiles is a house with an archive that is ready, one that comes in, a list that comes
// in and a request, each with a secret in it; and the addresses at which they are.
func ownFiles(t *testing.T) (h *house, open map[string]int, posts []string) {
	t.Helper()
	h = newHouse(t)
	dir := filepath.Join(h.svc.Store().Dir(), "archives")
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "secret.zip"), []byte("PK SECRET-WORDS"), 0o600))
	var made store.Archive
	in := store.Import{State: store.ImportLooked, Name: "SECRET-WORDS.zip", Plan: "{}"}
	list := store.CSVImport{State: store.CSVRead, Kind: store.CSVBlocks, File: "SECRET-WORDS.csv"}
	h.write(func(tx *store.Tx) error {
		if _, err := tx.AskArchive(); err != nil {
			return err
		}
		all, err := tx.Archives()
		if err != nil {
			return err
		}
		made = all[0]
		made.State, made.File, made.Size, made.EndedAt = store.ArchiveReady, "secret.zip", 15, tx.Now()
		if err := tx.SaveArchive(made); err != nil {
			return err
		}
		if err := tx.AddImport(&in); err != nil {
			return err
		}
		if err := tx.SaveCSVImport(&list); err != nil {
			return err
		}
		if err := tx.AddCSVRows([]store.CSVRow{{ImportID: list.ID, Line: 2, Key: "SECRET-WORDS@there.example", Host: "there.example"}}); err != nil {
			return err
		}
		if err := tx.SaveCSVRow(store.CSVRow{ImportID: list.ID, Line: 2, State: store.CSVRefused, Reason: "SECRET-WORDS"}); err != nil {
			return err
		}
		return tx.LogSecurity("log-in", "SECRET-WORDS", "203.0.113.9")
	})
	archive, imported, csv := "/me/data/archive/"+formatID(made.ID), "/me/data/import/"+formatID(in.ID), "/me/data/csv/"+formatID(list.ID)
	open = map[string]int{
		archive: 200, imported: 200, csv: 200, csv + "/left.csv": 200, "/me/data": 200, "/me/data/archive": 303, "/me/data/import": 200, "/me/data/lists/blocked_accounts.csv": 200,
		"/me/data/requests": 200, "/me/data/promise": 200, "/me/data/expiry": 200, "/me/drafts": 200, "/me/security": 200,
		"/me/leaving": 200, "/me/leaving/archive": 303, "/me/leaving/report": 404, // nothing is being deleted
	}
	posts = []string{"/me/data/archive", archive + "/delete", "/me/data/import", imported, imported + "/stop", csv + "/begin", csv + "/stop", csv + "/delete", "/me/leaving"}
	return h, open, posts
}

// T42: what is the owner's alone, archives, what comes in, sessions and drafts among it,
// is for nobody else: not without a log-in, nor with a token of an app, nor signed by a
// server, nor with a session that has ended.
func TestT42_TheOwnersFilesAreForNobodyElse(t *testing.T) {
	h, open, posts := ownFiles(t)
	token, err := auth.TokenCommand(bg, h.svc.Store(), "read write follow push", "Phone")
	must(t, err)
	friend, key := h.person("fan", "fans.example")
	h.write(func(tx *store.Tx) error {
		return tx.SaveFollower(store.Follower{ActorID: friend.ID, State: store.FollowAccepted, FollowURI: friend.URI + "/f", AskedAt: noon})
	})
	was := h.logIn()
	ended := h.ask("GET", "/me/data", browser, was, encrypted)
	csrf := between(ended.Body.String(), `name="csrf" value="`, `"`)
	if w := h.ask("POST", "/logout", browser, was, form("csrf="+csrf), encrypted); w.Code != http.StatusSeeOther {
		t.Fatalf("log out: %d %s", w.Code, w.Body)
	}
	session := h.logIn()
	strangers := map[string]func(*http.Request){
		"nobody": func(*http.Request) {},
		"an app": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
		"a follower's server": func(r *http.Request) {
			if err := key.SignCavage(r, nil, h.clock()); err != nil {
				t.Fatal(err)
			}
		},
		"a session that ended": was,
	}
	state := func() string {
		var s []string
		must(t, h.svc.Store().Read(bg, func(tx *store.Tx) error {
			archives, err := tx.Archives()
			if err != nil {
				return err
			}
			in, err := tx.Imports()
			if err != nil {
				return err
			}
			lists, err := tx.CSVImports()
			s = append(s, fmt.Sprint(archives, in, lists))
			return err
		}))
		return strings.Join(s, "")
	}
	before := state()
	shown := 0
	for path, status := range open {
		mine := h.ask("GET", path, browser, session, encrypted)
		if mine.Code != status {
			t.Errorf("the owner at %s: %d %.300s", path, mine.Code, mine.Body)
		}
		if strings.Contains(mine.Body.String(), "SECRET") {
			shown++
		}
		for who, as := range strangers {
			for _, method := range []string{"GET", "HEAD"} {
				w := h.ask(method, path, browser, as, encrypted)
				if w.Code < 300 || w.Code >= 500 || strings.Contains(w.Body.String(), "SECRET") || w.Header().Get("Content-Disposition") != "" ||
					w.Code < 400 && !strings.HasPrefix(w.Header().Get("Location"), "/login") {
					t.Errorf("%s at %s %s: %d %q %.300s", who, method, path, w.Code, w.Header().Get("Location"), w.Body)
				}
				if cache := w.Header().Get("Cache-Control"); !strings.Contains(cache, "no-store") {
					t.Errorf("%s at %s: Cache-Control %q", who, path, cache)
				}
			}
		}
	}
	if shown < 5 {
		t.Errorf("the owner sees the secret in %d places alone", shown)
	}
	for _, path := range posts {
		for who, as := range strangers {
			w := h.ask("POST", path, browser, as, encrypted, func(r *http.Request) {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Body = io.NopCloser(bytes.NewReader([]byte("csrf=" + csrf + "&sure=yes&confirm=%40nora%40" + testHost)))
			})
			if w.Code < 300 || w.Code >= 500 || w.Code < 400 && !strings.HasPrefix(w.Header().Get("Location"), "/login") {
				t.Errorf("%s posts to %s: %d %.200s", who, path, w.Code, w.Body)
			}
		}
	}
	if after := state(); after != before || h.svc.Ending() != nil {
		t.Errorf("strangers changed\n%s to\n%s", before, after)
	}
}
