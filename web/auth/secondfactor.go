package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"dassie/store"
	"dassie/web/reply"
)

// Codes of the owner's app are those of RFC 6238 as every app makes them:
// HMAC-SHA-1, 6 digits, 30 seconds. The step before and the one after count too,
// for clocks that are a little off (5.2).
const (
	codeDigits = otp.DigitsSix
	codePeriod = 30
	codeSkew   = 1
)

const (
	secretSize    = 20 // bytes of the shared secret (RFC 4226 4)
	recoveryCodes = 10
	recoverySize  = 10 // bytes of one: 16 letters and digits
)

var plainBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// codeStep is the time step whose code this is, 0 for none that counts now.
func codeStep(secret, code string, now time.Time) int64 {
	step := now.Unix() / codePeriod
	for s := step - codeSkew; s <= step+codeSkew; s++ {
		ok, err := hotp.ValidateCustom(code, uint64(s), secret, hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1})
		if ok && err == nil {
			return s
		}
	}
	return 0
}

// typed is a code without what people put between its parts.
func typed(code string) string {
	return strings.ToLower(strings.Map(func(c rune) rune {
		if c == ' ' || c == '-' || c == '\u00a0' {
			return -1
		}
		return c
	}, code))
}

// isRecovery says that a code has the form of a recovery code: then it is not
// looked at as one of the app's.
func isRecovery(code string) bool { return len(typed(code)) > codeDigits.Length() }

// newRecoveryCodes draws codes for the owner and their hashes for the store. With
// 80 bits a plain SHA-256 is enough.
func newRecoveryCodes() (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		b := make([]byte, recoverySize)
		rand.Read(b)
		code := strings.ToLower(plainBase32.EncodeToString(b))
		hashes = append(hashes, hashSecret(code))
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
	}
	return codes, hashes
}

// useCode says whether a code is one of the app's or a recovery code, and uses it
// up. It is right for no second time (T50).
func (g *Guard) useCode(tx *store.Tx, f store.SecondFactor, code string) (ok bool, err error) {
	if isRecovery(code) {
		return tx.UseRecoveryCode(hashSecret(typed(code)))
	}
	step := codeStep(f.Secret, typed(code), g.now())
	if step == 0 {
		return false, nil
	}
	return tx.UseStep(step)
}

// EnrolmentKey is what the owner's app is to be given while the second factor is
// not confirmed: as text, and as the address in the picture.
type EnrolmentKey struct {
	Secret string // in groups of four
	key    *otp.Key
}

// BeginSecondFactor draws a secret for the owner's app. Nothing asks for its codes
// before ConfirmSecondFactor. Errors: Conflict if one is on.
func (g *Guard) BeginSecondFactor(ctx context.Context) error {
	b := make([]byte, secretSize)
	rand.Read(b)
	err := g.st.Write(ctx, func(tx *store.Tx) error { return tx.BeginSecondFactor(plainBase32.EncodeToString(b)) })
	if errors.Is(err, store.ErrSecondFactorOn) {
		return &reply.Error{Code: reply.Conflict, Message: "A second factor is on already. Switch it off first.", Err: err}
	}
	if err != nil {
		return fmt.Errorf("begin a second factor: %w", err)
	}
	return nil
}

// Enrolment is the key of a second factor that was begun and not confirmed.
// Errors: NotFound if there is none; what is confirmed is never shown again.
func (g *Guard) Enrolment(ctx context.Context) (EnrolmentKey, error) {
	var id store.Identity
	var f store.SecondFactor
	err := g.st.Read(ctx, func(tx *store.Tx) (err error) {
		if f, err = tx.SecondFactor(); err != nil {
			return err
		}
		id, err = tx.Identity()
		return err
	})
	if err != nil {
		return EnrolmentKey{}, fmt.Errorf("read the second factor: %w", err)
	}
	if f.Secret == "" || f.On() {
		return EnrolmentKey{}, reply.Errorf(reply.NotFound, "No second factor is being set up.")
	}
	raw, err := plainBase32.DecodeString(f.Secret)
	if err != nil {
		return EnrolmentKey{}, fmt.Errorf("read the second factor: %w", err)
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: g.origin.Host, AccountName: id.Name + "@" + id.Domain, Secret: raw,
		Period: codePeriod, Digits: codeDigits, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return EnrolmentKey{}, fmt.Errorf("make the app's key: %w", err)
	}
	return EnrolmentKey{Secret: inFours(f.Secret), key: key}, nil
}

func inFours(s string) string {
	var groups []string
	for ; len(s) > 4; s = s[4:] {
		groups = append(groups, s[:4])
	}
	return strings.Join(append(groups, s), " ")
}

// Sizes of the picture of a key, in pixels: the code, and the white around it that
// cameras need, also on a dark page.
const (
	codePixels  = 240
	QRPixels    = 288 // of the whole picture
	frameOffset = (QRPixels - codePixels) / 2
)

// PNG is the picture of a key, for the app's camera.
func (k EnrolmentKey) PNG() ([]byte, error) {
	code, err := k.key.Image(codePixels, codePixels)
	if err != nil {
		return nil, fmt.Errorf("draw the app's key: %w", err)
	}
	whole := image.NewPaletted(image.Rect(0, 0, QRPixels, QRPixels), color.Palette{color.White, color.Black})
	draw.Draw(whole, code.Bounds().Add(image.Pt(frameOffset, frameOffset)), code, image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, whole); err != nil {
		return nil, fmt.Errorf("draw the app's key: %w", err)
	}
	return b.Bytes(), nil
}

// ConfirmSecondFactor switches the second factor on, if code is what the owner's
// app shows, and ends all other sessions, which were begun without it. The result
// are the recovery codes, which cannot be had again. Errors: Unauthorized for a
// wrong code, RateLimited, NotFound if none was begun.
func (g *Guard) ConfirmSecondFactor(r *http.Request, code string) ([]string, error) {
	return g.newCodes(r, code, func(f store.SecondFactor) error {
		if f.Secret == "" || f.On() {
			return reply.Errorf(reply.NotFound, "No second factor is being set up.")
		}
		return nil
	}, func(tx *store.Tx, s *store.Session, hashes [][]byte) (string, error) {
		if err := tx.ConfirmSecondFactor(hashes); err != nil {
			return "", err
		}
		_, err := tx.DropOtherSessions(s.Hash)
		return EventFactorOn, err
	})
}

// NewRecoveryCodes draws new recovery codes in the place of the old ones. Errors
// as those of ConfirmSecondFactor.
func (g *Guard) NewRecoveryCodes(r *http.Request, code string) ([]string, error) {
	return g.newCodes(r, code, factorOn, func(tx *store.Tx, _ *store.Session, hashes [][]byte) (string, error) {
		return EventRecoveryCodes, tx.SetRecoveryCodes(hashes)
	})
}

func factorOn(f store.SecondFactor) error {
	if !f.On() {
		return reply.Errorf(reply.NotFound, "No second factor is on.")
	}
	return nil
}

// newCodes does, once code was right, what gives the owner new recovery codes.
func (g *Guard) newCodes(r *http.Request, code string, fits func(store.SecondFactor) error, do func(*store.Tx, *store.Session, [][]byte) (event string, err error)) ([]string, error) {
	session, err := g.owner(r)
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes()
	addr := g.ClientAddr(r)
	err = g.withCode(r.Context(), addr, true, EventCheckFailed, code, fits, func(tx *store.Tx) error {
		event, err := do(tx, session, hashes)
		if err != nil {
			return err
		}
		if err := tx.CheckSession(session.Hash); err != nil {
			return err
		}
		return logEvent(tx, event, session.Agent, addr)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// EndSecondFactor switches it off. It takes password and code, so that neither a
// browser left open nor one of the two alone does it (T50). Errors: Unauthorized,
// RateLimited, NotFound if none is on.
func (g *Guard) EndSecondFactor(r *http.Request, password, code string) error {
	session, err := g.owner(r)
	if err != nil {
		return err
	}
	if _, err := g.rightPassword(r, password); err != nil {
		return err
	}
	addr := g.ClientAddr(r)
	return g.withCode(r.Context(), addr, true, EventCheckFailed, code, factorOn, func(tx *store.Tx) error {
		if err := tx.DropSecondFactor(); err != nil {
			return err
		}
		return logEvent(tx, EventFactorOff, session.Agent, addr)
	})
}

// withCode uses a code up and does what it allows, in one transaction; a wrong one
// is counted, and logged as failed. known says that the owner sits at this address.
func (g *Guard) withCode(ctx context.Context, addr netip.Addr, known bool, failed, code string, fits func(store.SecondFactor) error, do func(*store.Tx) error) error {
	from := throttled(addr, g.trusted)
	try := g.codes.begin(from, known, isRecovery(code))
	if try.wait > 0 {
		return tooMany("codes", try.wait)
	}
	right := false
	err := g.st.Write(ctx, func(tx *store.Tx) error {
		right = false
		f, err := tx.SecondFactor()
		if err != nil {
			return err
		}
		if err := fits(f); err != nil {
			return err
		}
		if right, err = g.useCode(tx, f, code); err != nil || !right {
			return err
		}
		return do(tx)
	})
	if err != nil {
		g.codes.undone(try)
		return fmt.Errorf("check a code: %w", err)
	}
	if !right {
		return g.wrongCode(ctx, failed, addr)
	}
	g.codes.passed(try)
	return nil
}

// wrongCode writes the security log, within bounds, and is the answer.
func (g *Guard) wrongCode(ctx context.Context, failed string, addr netip.Addr) error {
	lines := &g.wrongCodes
	if failed == EventCheckFailed {
		lines = &g.wrongChecks
	}
	if err := g.logFailure(ctx, lines, failed, "wrong codes", addr); err != nil {
		return err
	}
	return reply.Errorf(reply.Unauthorized, "The code is wrong, or was used before. Wait for the next one.")
}

// logEvent writes a line of the security log, with the address as it may be kept.
func logEvent(tx *store.Tx, kind, detail string, addr netip.Addr) error {
	address, err := keptAddress(tx, addr)
	if err != nil {
		return err
	}
	return tx.LogSecurity(kind, detail, address)
}
