package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	codeAge      = 10 * time.Minute
	challengeLen = 43 // of SHA-256 in base64url (RFC 7636 4.2)
	longestState = 2000
)

// EventAllowed is the line of the security log about the owner's consent.
const EventAllowed = "app allowed"

// Asked is what an app asks of the owner (RFC 6749 4.1.1, RFC 7636 4.3).
type Asked struct {
	App       store.App
	Scopes    Scopes
	Redirect  string
	State     string
	Challenge string
}

// Ask reads what an app asks for, out of the query or the form. Every fault is a
// page for the owner and never a redirect: anybody can register an app, and would
// otherwise have a link on this server that leads anywhere (T55).
func (g *Guard) Ask(r *http.Request, get func(string) string) (Asked, error) {
	wrong := func(words string) (Asked, error) {
		return Asked{}, reply.Errorf(reply.Invalid, "%s Nothing was given to it. Go back to the app and try again.", words)
	}
	q := Asked{Redirect: get("redirect_uri"), State: get("state"), Challenge: get("code_challenge")}
	id := get("client_id")
	if id == "" || len(id) > 2*secretBytes {
		return wrong("No app says who it is.")
	}
	var err error
	q.App, err = g.appNamed(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		return wrong("This server does not know that app any more.")
	}
	if err != nil {
		return Asked{}, err
	}
	if !isTarget(q.App, q.Redirect) {
		return wrong("The app wants the answer sent to an address that is not its own.")
	}
	scope := get("scope")
	if scope == "" {
		scope = defaultLets
	}
	if q.Scopes, err = ParseScopes(scope); err != nil {
		return wrong("The app asks for something that nobody may have here.")
	}
	method := get("code_challenge_method")
	switch {
	case get("response_type") != "code":
		return wrong("The app asks in a way that this server does not know.")
	case !Scopes(strings.Fields(q.App.Scopes)).Covers(q.Scopes):
		return wrong("The app asks for more than it said it would.")
	case len(q.State) > longestState:
		return wrong("What the app wants to remember is too long.")
	// "plain" proves nothing (T53), and is what a challenge without a method means.
	case q.Challenge != "" && (method != "S256" || len(q.Challenge) != challengeLen), q.Challenge == "" && method != "":
		return wrong("The app protects its answer in a way that this server does not know.")
	}
	return q, nil
}

// Fields are what the form sends back: it is checked anew when it comes.
func (q Asked) Fields() [][2]string {
	fields := [][2]string{
		{"client_id", q.App.ClientID}, {"redirect_uri", q.Redirect}, {"response_type", "code"}, {"scope", q.Scopes.String()}, {"state", q.State},
	}
	if q.Challenge != "" {
		fields = append(fields, [2]string{"code_challenge", q.Challenge}, [2]string{"code_challenge_method", "S256"})
	}
	return fields
}

// OutOfBand says that the owner carries the code over.
func (q Asked) OutOfBand() bool { return q.Redirect == OutOfBand }

// Site is where the answer goes, for people: a host, or what a program on the
// same device calls itself. "" if the owner carries it.
func (q Asked) Site() (host string, program, open bool) {
	u, err := url.Parse(q.Redirect)
	if err != nil || q.OutOfBand() {
		return "", false, false
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return u.Scheme, true, false
	}
	return u.Host, store.IsLoopbackHost(u.Host), u.Scheme == "http" && !store.IsLoopbackHost(u.Host)
}

// Allow makes the code that answers an app, and where the browser takes it.
func (g *Guard) Allow(r *http.Request, q Asked) (target string, err error) {
	code, addr := newSecret(), g.ClientAddr(r)
	err = g.st.Write(r.Context(), func(tx *store.Tx) error {
		if err := tx.AddCode(store.Code{Hash: hashSecret(code), AppID: q.App.ID, Scopes: q.Scopes.String(), RedirectURI: q.Redirect, Challenge: q.Challenge}); err != nil {
			return err
		}
		address, err := keptAddress(tx, addr)
		if err != nil {
			return err
		}
		return tx.LogSecurity(EventAllowed, fmt.Sprintf("%s (%s)", q.App.Name, q.Scopes), address)
	})
	if err != nil {
		return "", fmt.Errorf("answer an app: %w", err)
	}
	if q.OutOfBand() {
		return "/oauth/authorize/native?code=" + code, nil
	}
	return q.answer([2]string{"code", code}), nil
}

// Refuse is where the browser takes the owner's no; "" if the owner carries it.
func (q Asked) Refuse() string {
	if q.OutOfBand() {
		return ""
	}
	return q.answer([2]string{"error", "access_denied"}, [2]string{"error_description", "The owner of this server said no."})
}

// answer adds to the query of the app's address and leaves the rest of it as it
// was registered, letter by letter (Elk's path holds an address with escapes).
func (q Asked) answer(params ...[2]string) string {
	var b strings.Builder
	b.WriteString(q.Redirect)
	if q.State != "" {
		params = append(params, [2]string{"state", q.State})
	}
	for i, p := range params {
		switch {
		case i > 0, strings.Contains(q.Redirect, "?") && !strings.HasSuffix(q.Redirect, "?") && !strings.HasSuffix(q.Redirect, "&"):
			b.WriteByte('&')
		case !strings.Contains(q.Redirect, "?"):
			b.WriteByte('?')
		}
		b.WriteString(p[0] + "=" + url.QueryEscape(p[1]))
	}
	return b.String()
}

// IsCode says that a text can be a code of ours.
func IsCode(text string) bool {
	return looksSecret(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
