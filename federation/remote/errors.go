package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Errors of this package; compare with errors.Is. ErrURL, ErrOwnHost,
// ErrAddress, ErrRedirect and ErrContentType will not pass by trying again soon.
var (
	ErrURL         = errors.New("remote: URL refused")           // by its spelling, before DNS
	ErrOwnHost     = errors.New("remote: our own host")          // answer it from the store
	ErrResolve     = errors.New("remote: name does not resolve") // DNS said that it leads nowhere
	ErrLookup      = errors.New("remote: name not looked up")    // DNS did not say: it failed, or this machine has none
	ErrAddress     = errors.New("remote: address refused")       // private, reserved or otherwise not to be reached
	ErrRedirect    = errors.New("remote: redirect refused")      // too many, to another host, or without a usable target
	ErrMoved       = errors.New("remote: page moved")            // a redirect where none is followed
	ErrContentType = errors.New("remote: content type refused")  // or content encoding
	ErrTooLarge    = errors.New("remote: answer too large")      // after decompression
	ErrTimeout     = errors.New("remote: took too long")         // any of the limits of time
	errBody        = errors.New("remote: body broke off or is not readable")
)

// StatusError is an answer to a GET that is not 200.
type StatusError struct {
	Code       int
	RetryAfter time.Duration // zero if the answer did not say
	URL        string        // the one that answered so, after redirects

	AcceptSignature string // RFC 9421 5.1: how it wants to be signed to
}

// Error implements error.
func (e *StatusError) Error() string {
	return fmt.Sprintf("remote: %s answered %d", e.URL, e.Code)
}

// failed names a transport error: a limit of ours that was reached, or what it
// was.
func failed(err error) error {
	var ne net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}
