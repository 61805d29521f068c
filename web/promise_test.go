package web

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var hrefs = regexp.MustCompile(`<a href="(/[^"]*)">`)

// Each clause of the promise leads to a page that opens, and to a place on it that is
// there.
func TestEachClauseOfThePromiseLeadsSomewhere(t *testing.T) {
	h := newHouse(t)
	first := h.ask("GET", "/login", browser, encrypted)
	in := h.ask("POST", "/login", browser, encrypted, cookies(first), form(url.Values{"csrf": {hiddenFields(first.Body.String()).Get("csrf")}, "name": {"nora"}, "password": {testPassword}}.Encode()))
	page := h.ask("GET", "/me/data/promise", browser, encrypted, cookies(in))
	if page.Code != 200 {
		t.Fatalf("%d %s", page.Code, page.Body)
	}
	clauses := strings.Split(page.Body.String(), `<li id="c-`)[1:]
	if len(clauses) != 30 {
		t.Fatalf("%d clauses", len(clauses))
	}
	for i, c := range clauses {
		m := hrefs.FindStringSubmatch(c)
		if m == nil {
			t.Errorf("clause %d leads nowhere: %s", i+1, c)
			continue
		}
		path, place, _ := strings.Cut(m[1], "#")
		w := h.ask("GET", path, browser, encrypted, cookies(in))
		if w.Code != 200 {
			t.Errorf("clause %d: %s answers %d", i+1, path, w.Code)
		}
		if place != "" && !strings.Contains(w.Body.String(), ` id="`+place+`"`) {
			t.Errorf("clause %d: %s has no place %s", i+1, path, place)
		}
	}
}
