package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// codeLetters are Crockford's: no I, L, O or U, which are misread.
var codeLetters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

const (
	setupTries = 5 // wrong codes before a new one is drawn
	setupAge   = 24 * time.Hour
)

// SetupGate stands before the set-up pages while there is no account: only who
// reads this server's terminal knows the code. Code and pass live in memory; a
// restart draws anew. It is safe for use by many goroutines.
type SetupGate struct {
	trusted  []netip.Prefix
	print    func(code string)
	fail     func(http.ResponseWriter, *http.Request, error)
	cross    *http.CrossOriginProtection
	throttle *throttle

	mu   sync.Mutex
	code string // empty once Done
	left int    // tries this code has left
	pass []byte // hash of the cookie of the browser that gave the code
}

// NewSetupGate draws a code and hands it to print, as it does with each later
// one. print may be called from any goroutine and must not call the gate.
func NewSetupGate(trusted []netip.Prefix, o Options, print func(code string)) *SetupGate {
	o = o.filled()
	g := &SetupGate{
		trusted: trusted, print: print, fail: o.Fail,
		cross: http.NewCrossOriginProtection(), throttle: newThrottle(o.Now),
	}
	g.draw()
	return g
}

// draw sets a new code of 40 random bits, in two groups that are easy to type.
func (g *SetupGate) draw() {
	b := make([]byte, 5)
	rand.Read(b)
	text := codeLetters.EncodeToString(b)
	g.code, g.left = text[:4]+"-"+text[4:], setupTries
	g.print(g.code)
}

// Allowed says whether set-up may be offered to this request: on this machine
// itself, or over https by a trusted proxy. A local request that carries
// another Host or forwarding headers comes through a proxy or a rebound name
// and is not local.
func (g *SetupGate) Allowed(r *http.Request) bool {
	if proto, ok := trustedProto(r, g.trusted); ok {
		return proto == "https"
	}
	return g.local(r)
}

func (g *SetupGate) local(r *http.Request) bool {
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return peerAddr(r).IsLoopback() && store.IsLoopbackHost(r.Host)
}

// Check takes the code. If it is right, this browser, and no other, has passed.
// Errors: Forbidden (not Allowed, or set-up is over), Unauthorized (wrong),
// RateLimited.
func (g *SetupGate) Check(w http.ResponseWriter, r *http.Request, code string) error {
	if !g.Allowed(r) {
		return errSetupElsewhere()
	}
	from := throttled(ClientAddr(r, g.trusted), g.trusted)
	if wait := g.throttle.begin(from, false); wait > 0 {
		return tooMany("codes", wait)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.code == "" {
		return reply.Errorf(reply.Forbidden, "This server is set up already.")
	}
	got, want := sha256.Sum256([]byte(plainCode(code))), sha256.Sum256([]byte(plainCode(g.code)))
	if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
		g.throttle.passed(from)
		value := newSecret()
		g.pass = hashSecret(value)
		http.SetCookie(w, newCookie(g.cookieName(r, "dassie_setup"), value, setupAge, !g.local(r)))
		return nil
	}
	if g.left--; g.left > 0 {
		return reply.Errorf(reply.Unauthorized, "That is not the code. It stands in the terminal where dassie was started.")
	}
	g.draw()
	return reply.Errorf(reply.Unauthorized, "That is not the code, and it has changed now. The new one stands in the terminal where dassie was started.")
}

// Left is how many tries the present code has left.
func (g *SetupGate) Left() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left
}

// Passed says whether this browser gave the right code.
func (g *SetupGate) Passed(r *http.Request) bool {
	if !g.Allowed(r) {
		return false
	}
	c, err := r.Cookie(g.cookieName(r, "dassie_setup"))
	if err != nil || !looksSecret(c.Value) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.code != "" && g.pass != nil && subtle.ConstantTimeCompare(hashSecret(c.Value), g.pass) == 1
}

// Done closes the gate for good: the account is made.
func (g *SetupGate) Done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.code, g.pass = "", nil
}

// Protect is Guard.Protect for the set-up pages, and refuses those to whom
// set-up is not offered.
func (g *SetupGate) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.Allowed(r) {
			g.fail(w, r, errSetupElsewhere())
			return
		}
		form := formCookie{name: g.cookieName(r, "dassie_setup_form"), secure: !g.local(r)}
		v := visit{token: form.token(w, r)}
		if err := checkForm(w, r, g.cross, v.token, FormBytes); err != nil {
			g.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, withVisit(r, v))
	})
}

// CSRF is the token for the forms of the set-up pages, inside Protect.
func (g *SetupGate) CSRF(r *http.Request) string {
	v, _ := r.Context().Value(visitKey{}).(visit)
	return v.token
}

func (g *SetupGate) cookieName(r *http.Request, name string) string {
	if g.local(r) {
		return name
	}
	return "__Host-" + name
}

func errSetupElsewhere() error {
	return reply.Errorf(reply.Forbidden, "Set-up is offered only on the machine itself, or over https by a proxy named in -trusted-proxies.")
}

// plainCode is a code without what people add or leave out when they type.
func plainCode(code string) string {
	return strings.Map(func(c rune) rune {
		if c == '-' || c == ' ' || c == '\t' {
			return -1
		}
		return c
	}, strings.ToUpper(code))
}
