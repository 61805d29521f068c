package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dassie/store"
)

func TestFollowHelperAsksTheVisitorsServer(t *testing.T) {
	template := ""
	theirs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/jrd+json")
		_, _ = io.WriteString(w, `{"subject":"acct:ann@there","links":[{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"`+template+`"}]}`)
	}))
	t.Cleanup(theirs.Close)
	port := theirs.URL[strings.LastIndexByte(theirs.URL, ':'):]

	st, err := store.Open(t.TempDir(), store.Options{Create: true, Serve: true})
	must(t, err)
	t.Cleanup(func() { _ = st.Close() })
	_, err = st.CreateAccount(bg, store.NewAccount{Name: "nora", Domain: "nora.localhost:8080"})
	must(t, err)
	h := &house{t: t, now: noon}
	h.open(st, t.TempDir())
	ask := func(account string) *httptest.ResponseRecorder {
		return h.ask("GET", "/follow?account="+account, browser, func(r *http.Request) { r.Host = "nora.localhost:8080" })
	}
	template = "http://there.localhost/authorize?uri={uri}"
	w := ask("@ann@there.localhost" + port)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `href="http://there.localhost/authorize?uri=nora%40nora.localhost%3A8080"`) || w.Header().Get("Location") != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, bad := range []string{"javascript:alert({uri})", "//evil.example/{uri}", "http://user@evil.example/{uri}", "", "http://there.localhost/"} {
		template = bad
		if body := ask("@ann@there.localhost" + port).Body.String(); !strings.Contains(body, "does not say where") || strings.Contains(body, "Go on at your server") {
			t.Errorf("template %q: %s", bad, body)
		}
	}
	if body := ask("ann").Body.String(); !strings.Contains(body, "two parts") {
		t.Error(body)
	}
}
