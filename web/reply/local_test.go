package reply

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// T55: a redirect target that came with the request leads nowhere but here.
func TestT55_OpenRedirect(t *testing.T) {
	for _, bad := range []string{
		"", "evil", "https://evil.example/", "http:evil", "javascript:alert(1)", "//evil.example", "///evil", `/\evil`, `\\evil`, `/a\b`,
		"/\t/evil", "/\n/evil", "/\r\nSet-Cookie: a=b", "/\x00", "/\x7f", " /me", "/ me", "/..//evil", "/@user/../../evil", "/./x",
		"/%2e%2e//evil", "/%2f/evil", "/%5cevil", "/%5C%5Cevil", "/a%0d%0ab", "/%zz", "@evil", "?next=//evil", "#x",
		"/" + strings.Repeat("a", 2001),
	} {
		if got := Local(bad); got != "/" {
			t.Errorf("Local(%q) = %q, want /", bad, got)
		}
	}
	for _, good := range []string{
		"/", "/me", "/me/post/1#p-1", "/@nora/12?page=2", "/tags/%C3%A9t%C3%A9", "/me/search?q=https://other.example/@bob", "/oauth/authorize?redirect_uri=app%3A%2F%2Fx",
	} {
		if got := Local(good); got != good {
			t.Errorf("Local(%q) = %q, want it unchanged", good, got)
		}
	}
}

func TestT55_RedirectAnswersSeeOther(t *testing.T) {
	for target, want := range map[string]string{"/me#p-1": "/me#p-1", "//evil.example": "/", "/\\evil": "/"} {
		w := httptest.NewRecorder()
		Redirect(w, httptest.NewRequest("POST", "/login", nil), target)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("%q: %d %q, want 303 %q", target, w.Code, w.Header().Get("Location"), want)
		}
	}
}

func FuzzLocal(f *testing.F) {
	for _, seed := range []string{"/", "/me?x=1#y", "//evil", "/\\evil", "/%2e%2e//evil", "/a/../b", "\t/", "/:80"} {
		f.Add(seed)
	}
	base, _ := url.Parse("https://home.example/login")
	f.Fuzz(func(t *testing.T, path string) {
		got := Local(path)
		u, err := base.Parse(got)
		if err != nil || u.Host != "home.example" || u.Scheme != "https" || u.User != nil {
			t.Fatalf("Local(%q) = %q leads to %v (%v)", path, got, u, err)
		}
		if strings.ContainsAny(got, "\r\n\t\\ ") || strings.HasPrefix(got, "//") {
			t.Fatalf("Local(%q) = %q", path, got)
		}
	})
}
