package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"dassie/store"
	"dassie/web/reply"
)

// OutOfBand is the address of an app that takes its code from the owner's hands:
// what others call "urn:ietf:wg:oauth:2.0:oob".
const OutOfBand = "urn:ietf:wg:oauth:2.0:oob"

// Bounds of what an app says about itself.
const (
	appName     = 60 // characters
	appAddress  = 2000
	appTargets  = 10
	appsAtOnce  = 5 // registrations within appWindow (DECISIONS 36)
	appWindow   = 10 * time.Minute
	defaultLets = "read" // the scopes of who names none
)

// NewApp is what an app says about itself.
type NewApp struct {
	Name, Website string
	Redirects     []string
	Scopes        string // "" for the default
}

// check returns the app, or what is wrong with it: Unprocessable, with
// Mastodon's beginning, by which apps know it.
func (n NewApp) check() (store.App, error) {
	wrong := func(format string, args ...any) (store.App, error) {
		return store.App{}, reply.Errorf(reply.Unprocessable, "Validation failed: "+format, args...)
	}
	if n.Scopes == "" {
		n.Scopes = defaultLets
	}
	list, err := ParseScopes(n.Scopes)
	if err != nil {
		return store.App{}, err
	}
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1 // it will stand before the owner as the name to be trusted
		}
		return r
	}, n.Name))
	switch {
	case name == "":
		return wrong("an app needs a name, in client_name.")
	case len([]rune(name)) > appName:
		return wrong("the name of an app has at most %d characters.", appName)
	case n.Website != "" && !isWebsite(n.Website):
		return wrong("website is the app's address, https://…")
	case len(n.Redirects) == 0:
		return wrong("an app needs a redirect_uri.")
	case len(n.Redirects) > appTargets:
		return wrong("an app has at most %d redirect_uris.", appTargets)
	}
	for _, target := range n.Redirects {
		if !mayRedirect(target) {
			return wrong("%.100q cannot be redirected to.", target)
		}
	}
	return store.App{Name: name, Website: n.Website, RedirectURIs: strings.Join(n.Redirects, "\n"), Scopes: list.String()}, nil
}

func isWebsite(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= appAddress && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// runs are schemes by which a browser would do something on our page, or on no
// site at all.
var runs = map[string]bool{"javascript": true, "data": true, "vbscript": true, "blob": true, "file": true, "about": true, "view-source": true}

// mayRedirect: an absolute address without a fragment (RFC 6749 3.1.2), by any
// scheme that leads to a program.
func mayRedirect(target string) bool {
	if target == OutOfBand {
		return true
	}
	if len(target) > appAddress || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme == "" || runs[strings.ToLower(u.Scheme)] || strings.Contains(target, "#") || u.User != nil {
		return false
	}
	return u.Host != "" || u.Scheme != "http" && u.Scheme != "https"
}

// isTarget says whether an app registered an address: as a whole, letter by
// letter, but for the port of a program on the same machine, which gets another
// one each time (RFC 8252 7.3).
func isTarget(app store.App, asked string) bool {
	for target := range strings.SplitSeq(app.RedirectURIs, "\n") {
		if target == asked && target != "" || sameButPort(target, asked) {
			return true
		}
	}
	return false
}

func sameButPort(target, asked string) bool {
	t, err := url.Parse(target)
	if err != nil || t.Scheme != "http" || !store.IsLoopbackHost(t.Host) || !mayRedirect(asked) {
		return false
	}
	a, err := url.Parse(asked)
	if err != nil || a.Scheme != "http" {
		return false
	}
	host := "://" + a.Host
	if !strings.HasPrefix(asked, "http"+host) || a.Hostname() != t.Hostname() {
		return false
	}
	return strings.TrimPrefix(asked, "http"+host) == strings.TrimPrefix(target, "http://"+t.Host)
}

// Register counts a registration by its address, and makes the app. The secret
// is told once. Errors: RateLimited, Unprocessable.
func (g *Guard) Register(r *http.Request, n NewApp) (app store.App, secret string, rate Rate, err error) {
	if from := throttled(g.ClientAddr(r), g.trusted); from.IsValid() {
		if rate, err = g.apps.take(from); err != nil {
			return app, "", rate, err
		}
	}
	if app, err = n.check(); err != nil {
		return app, "", rate, err
	}
	secret = newSecret()
	app.ClientID, app.SecretHash = newSecret(), hashSecret(secret)
	if err := g.st.Write(r.Context(), func(tx *store.Tx) error { return tx.AddApp(&app) }); err != nil {
		return app, "", rate, fmt.Errorf("register an app: %w", err)
	}
	return app, secret, rate, nil
}

// oauthError is a refusal in the words of RFC 6749.
func oauthError(code reply.Code, name, format string, args ...any) error {
	return &reply.Named{Name: name, Err: reply.Errorf(code, format, args...)}
}

var errClient = oauthError(reply.Unauthorized, "invalid_client", "The client_id or the client_secret is wrong.")

// app reads an app that proves itself by its secret.
func (g *Guard) app(ctx context.Context, clientID, secret string) (store.App, error) {
	if clientID == "" || len(clientID) > 2*secretBytes {
		return store.App{}, errClient
	}
	app, err := g.appNamed(ctx, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return app, errClient
	}
	if err != nil {
		return app, err
	}
	if subtle.ConstantTimeCompare(app.SecretHash, hashSecret(secret)) != 1 {
		return app, errClient
	}
	return app, nil
}

func (g *Guard) appNamed(ctx context.Context, clientID string) (store.App, error) {
	app, err := store.Get(ctx, g.st, func(tx *store.Tx) (store.App, error) { return tx.AppByClientID(clientID) })
	if err != nil {
		return app, fmt.Errorf("read an app: %w", err)
	}
	return app, nil
}
