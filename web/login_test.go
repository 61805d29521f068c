package web

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dassie/store"
)

// T50: with a second factor a log-in has two steps, and leads where it was to lead.
func TestT50_LogInInTwoSteps(t *testing.T) {
	h := newHouse(t)
	recovery := "k3f92mzq77abx4ct"
	sum := sha256.Sum256([]byte(recovery))
	h.write(func(tx *store.Tx) error {
		if err := tx.BeginSecondFactor("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
			return err
		}
		return tx.ConfirmSecondFactor([][]byte{sum[:]})
	})
	first := h.ask("GET", "/login?next=/me/requests", browser)
	if strings.Contains(first.Body.String(), `name="code"`) {
		t.Error("a visitor is asked for a code, and learns that there is a second factor")
	}
	csrf := "csrf=" + between(first.Body.String(), `name="csrf" value="`, `"`)
	send := func(fields string, more ...func(*http.Request)) *httptest.ResponseRecorder {
		return h.ask("POST", "/login", browser, append([]func(*http.Request){cookies(first), form(csrf + "&" + fields), encrypted}, more...)...)
	}
	if w := send("code=123456"); w.Code != 403 || !strings.Contains(w.Body.String(), "Start again") || !strings.Contains(w.Body.String(), `name="password"`) {
		t.Errorf("the second step before the first: %d %s", w.Code, w.Body)
	}
	half := send("name=nora&password=three+short+words&next=/me/requests")
	if half.Code != 303 || half.Header().Get("Location") != "/login?next=%2Fme%2Frequests" {
		t.Fatalf("the first step: %d %v %s", half.Code, half.Header(), half.Body)
	}
	for _, c := range half.Result().Cookies() {
		if c.Name == "__Host-dassie" || !c.HttpOnly || !c.Secure {
			t.Errorf("the first step sets %s", c)
		}
	}
	ask := h.ask("GET", "/login?next=/me/requests", browser, cookies(first), cookies(half))
	for _, part := range []string{`name="code"`, `name="next" value="/me/requests"`, `href="/login?again=1&amp;next=%2fme%2frequests"`, "Log in</button>"} {
		if !strings.Contains(ask.Body.String(), part) {
			t.Errorf("the page of the second step lacks %s:\n%s", part, ask.Body)
		}
	}
	if again := h.ask("GET", "/login?again=1", browser, cookies(first), cookies(half)); !strings.Contains(again.Body.String(), `name="password"`) {
		t.Error("there is no way back to the first step")
	}
	if w := send("code=000000&next=/me/requests", cookies(half)); w.Code != 401 || !strings.Contains(w.Body.String(), "The code is wrong") || !strings.Contains(w.Body.String(), `name="code"`) {
		t.Errorf("a wrong code: %d %s", w.Code, w.Body)
	}
	in := send("code="+recovery+"&next=/me/requests", cookies(half))
	if in.Code != 303 || in.Header().Get("Location") != "/me/requests" {
		t.Fatalf("the second step: %d %v %s", in.Code, in.Header(), in.Body)
	}
	if w := h.ask("GET", "/me/security", browser, cookies(in)); w.Code != 200 || !strings.Contains(w.Body.String(), "No recovery codes are left") {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
	// T55
	half = send("name=nora&password=three+short+words&next=//evil.example")
	if at := half.Header().Get("Location"); at != "/login" {
		t.Errorf("leads to %q", at)
	}
}

func TestTooManyWrongCodesSayHowLongToWait(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		if err := tx.BeginSecondFactor("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
			return err
		}
		return tx.ConfirmSecondFactor(nil)
	})
	first := h.ask("GET", "/login", browser)
	csrf := "csrf=" + between(first.Body.String(), `name="csrf" value="`, `"`)
	half := h.ask("POST", "/login", browser, cookies(first), form(csrf+"&name=nora&password=three+short+words"))
	var last *httptest.ResponseRecorder
	for range 6 {
		last = h.ask("POST", "/login", browser, cookies(first), cookies(half), form(csrf+"&code=000000"))
	}
	body := last.Body.String()
	if last.Code != 429 || last.Header().Get("Retry-After") != "2" || !strings.Contains(body, "Too many wrong codes. Wait 2 seconds") || !strings.Contains(body, `name="code"`) {
		t.Errorf("%d %v %s", last.Code, last.Header(), body)
	}
}
