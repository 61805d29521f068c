package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// Options are what a Guard or SetupGate takes from outside. The zero value is
// the real clock, the default log and refusals in plain text.
type Options struct {
	Now  func() time.Time
	Log  *slog.Logger
	Fail func(w http.ResponseWriter, r *http.Request, err error) // answers a refused request with a page
}

func (o Options) filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Fail == nil {
		o.Fail = func(w http.ResponseWriter, r *http.Request, err error) { reply.FailText(w, r, err, o.Log) }
	}
	return o
}

// Guard knows the owner, their sessions and their apps. It is safe for use by
// many goroutines.
type Guard struct {
	st      *store.Store
	origin  store.Origin
	trusted []netip.Prefix
	now     func() time.Time
	log     *slog.Logger
	fail    func(http.ResponseWriter, *http.Request, error)

	cross    *http.CrossOriginProtection
	throttle *throttle
	strays   *limiter[netip.Prefix] // API requests with a wrong token or none
	calls    *limiter[int64]        // API requests by token
	apps     *limiter[netip.Prefix] // registrations of apps
	failures failureLog

	codes       *codeThrottle
	wrongCodes  failureLog // at log-ins …
	wrongChecks failureLog // … and by who is logged in, so that these do not hide those

	challenges *challenges
	drawn      *limiter[netip.Prefix] // challenges for strangers
	wrongKeys  failureLog
}

// failureLog counts wrong passwords, or codes, so that a flood of them becomes a few
// lines of the security log. The count since the last line is lost on restart.
type failureLog struct {
	mu     sync.Mutex
	lines  int       // lines that may be written now
	filled time.Time // when lines was last topped up
	unsaid int       // wrong passwords since the last line
}

// API limits within apiWindow (DECISIONS 36).
const (
	apiWindow     = 5 * time.Minute
	strayRequests = 300
	tokenRequests = 30000
)

// New makes the guard of one server. trusted are the proxies whose forwarding
// headers are believed.
func New(st *store.Store, origin store.Origin, trusted []netip.Prefix, o Options) *Guard {
	o = o.filled()
	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(origin.URL("")); err != nil {
		// Origins are checked when the account is made; without the exemption the
		// check is stricter and nothing is let through.
		o.Log.Warn("own origin cannot be trusted", "origin", origin.URL(""), "err", err)
	}
	return &Guard{
		st: st, origin: origin, trusted: trusted, now: o.Now, log: o.Log, fail: o.Fail,
		cross:    cross,
		throttle: newThrottle(o.Now),
		strays:   newLimiter[netip.Prefix](strayRequests, apiWindow, 4096, o.Now),
		calls:    newLimiter[int64](tokenRequests, apiWindow, 256, o.Now),
		apps:     newLimiter[netip.Prefix](appsAtOnce, appWindow, 4096, o.Now),
		failures: failureLog{lines: maxFailureLines, filled: o.Now()},

		codes:       newCodeThrottle(o.Now),
		wrongCodes:  failureLog{lines: maxFailureLines, filled: o.Now()},
		wrongChecks: failureLog{lines: maxFailureLines, filled: o.Now()},

		challenges: newChallenges(o.Now),
		drawn:      newLimiter[netip.Prefix](challengesAtOnce, tryWindow, 4096, o.Now),
		wrongKeys:  failureLog{lines: maxFailureLines, filled: o.Now()},
	}
}

// ClientAddr is the address of the client behind this server's proxies.
func (g *Guard) ClientAddr(r *http.Request) netip.Addr { return ClientAddr(r, g.trusted) }

// throttled is the block an address is counted by. While no proxy is trusted,
// loopback may be everybody behind a proxy that was not declared, so it is not
// counted: the zero block.
func throttled(addr netip.Addr, trusted []netip.Prefix) netip.Prefix {
	if len(trusted) == 0 && addr.IsLoopback() {
		return netip.Prefix{}
	}
	return block(addr)
}

// encrypted says whether a password may travel on this connection. Over plain
// http it may not, unless the connection never leaves this machine: a try-out,
// a tunnel to localhost, or a proxy here that was not declared.
func (g *Guard) encrypted(r *http.Request) bool {
	if g.origin.Loopback() || r.TLS != nil {
		return true
	}
	if proto, ok := trustedProto(r, g.trusted); ok {
		return proto == "https"
	}
	return peerAddr(r).IsLoopback() && (strings.EqualFold(r.Host, g.origin.Host) || store.IsLoopbackHost(r.Host))
}

const secretBytes = 32

// newSecret draws what a cookie or token holds: 43 characters.
func newSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashSecret is what is stored of a cookie or token. A plain SHA-256 is enough
// for 256 random bits, and looking rows up by it leaks no time that would help
// to guess them.
func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// looksSecret spares the store what cannot be one of ours.
func looksSecret(s string) bool {
	return len(s) == base64.RawURLEncoding.EncodedLen(secretBytes)
}

// keptAddress is what may be stored of an address under the owner's settings.
func keptAddress(tx *store.Tx, addr netip.Addr) (string, error) {
	set, err := tx.Settings()
	if err != nil {
		return "", fmt.Errorf("read how long addresses are kept: %w", err)
	}
	if set.KeepAddressDays == 0 || !addr.IsValid() {
		return "", nil
	}
	return addr.String(), nil
}
