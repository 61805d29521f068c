package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"mime"
	"net/http"
	"time"

	"dassie/web/reply"
)

const (
	formField = "csrf"
	// FormBytes is how large a form may be unless its route says otherwise.
	FormBytes = 64 << 10
	// formMemory is how much of a multipart form stays in memory; files beyond
	// it go to the temporary folder until the request ends.
	formMemory = 256 << 10
	formAge    = 24 * time.Hour // of the cookie before a session
)

// CSRF is the token that every form of this answer carries in its field
// "csrf". It is empty outside Protect.
func (g *Guard) CSRF(r *http.Request) string {
	v, _ := r.Context().Value(visitKey{}).(visit)
	return v.token
}

// Protect refuses forged requests: whatever is not GET, HEAD or OPTIONS must
// come from a page of our own (Sec-Fetch-Site or Origin) and carry the token
// that this page was given. Forms may have FormBytes.
func (g *Guard) Protect(next http.Handler) http.Handler { return g.ProtectBody(FormBytes, next) }

// ProtectBody is Protect for a route whose form may be larger: uploads. limit
// is in bytes. Put Owner around it.
func (g *Guard) ProtectBody(limit int64, next http.Handler) http.Handler {
	return g.protect(next, func(w http.ResponseWriter, r *http.Request, token string) error {
		return checkForm(w, r, g.cross, token, limit)
	})
}

func (g *Guard) protect(next http.Handler, check func(w http.ResponseWriter, r *http.Request, token string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := g.visit(r)
		if err != nil {
			g.fail(w, r, err)
			return
		}
		if v.session != nil {
			v.token = v.session.CSRF
		} else {
			v.token = g.formCookie().token(w, r)
		}
		if err := check(w, r, v.token); err != nil {
			g.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, withVisit(r, v))
	})
}

// checkForm is the check of one request against the token it should carry.
// Afterwards the form is parsed.
func checkForm(w http.ResponseWriter, r *http.Request, cross *http.CrossOriginProtection, token string, limit int64) error {
	if harmless(r) {
		return nil
	}
	if err := sameSite(r, cross); err != nil {
		return err
	}
	if r.ContentLength > limit {
		return reply.Errorf(reply.TooLarge, "That is larger than this form takes.")
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if err := parseForm(r); err != nil {
		return err
	}
	return rightToken(r.PostForm.Get(formField), token)
}

// harmless requests change nothing.
func harmless(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
}

func sameSite(r *http.Request, cross *http.CrossOriginProtection) error {
	if err := cross.Check(r); err != nil {
		return &reply.Error{Code: reply.Forbidden, Message: "This form was sent from another site, so nothing was done.", Err: err}
	}
	return nil
}

func rightToken(sent, token string) error {
	if token == "" || subtle.ConstantTimeCompare([]byte(sent), []byte(token)) != 1 {
		return reply.Errorf(reply.Forbidden, "This form is out of date, so nothing was done. Go back, reload the page and send it again.")
	}
	return nil
}

func parseForm(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
	case "multipart/form-data":
		err = r.ParseMultipartForm(formMemory)
	default:
		return reply.Errorf(reply.Unsupported, "This address takes forms only.")
	}
	if err == nil {
		return nil
	}
	if reply.CodeOf(err) == reply.TooLarge {
		return &reply.Error{Code: reply.TooLarge, Message: "That is larger than this form takes.", Err: err}
	}
	return &reply.Error{Code: reply.Invalid, Message: "This form could not be read.", Err: err}
}

// formCookie is the short-lived cookie that stands in for a session in forms
// that are sent before there is one.
type formCookie struct {
	name   string
	secure bool
}

func (g *Guard) formCookie() formCookie {
	return formCookie{name: g.origin.FormCookieName(), secure: !g.origin.Loopback()}
}

// token is derived from the cookie, which is set if it is missing. Another
// site can neither read nor, thanks to __Host-, plant it. Being derived and
// not remembered, it outlives a restart of the server.
func (c formCookie) token(w http.ResponseWriter, r *http.Request) string {
	value := ""
	if sent, err := r.Cookie(c.name); err == nil && looksSecret(sent.Value) {
		value = sent.Value
	} else {
		value = newSecret()
		http.SetCookie(w, newCookie(c.name, value, formAge, c.secure))
	}
	m := hmac.New(sha256.New, []byte(value))
	m.Write([]byte("form before a session"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (c formCookie) expired() *http.Cookie { return newCookie(c.name, "", -1, c.secure) }
