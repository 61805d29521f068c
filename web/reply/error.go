package reply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Code names a kind of failure. It decides the HTTP status and nothing else.
type Code string

// The codes and their statuses. Anything that carries none of them is Internal.
const (
	Invalid       Code = "invalid"       // 400: the request cannot be read
	Unauthorized  Code = "unauthorized"  // 401: who are you
	Forbidden     Code = "forbidden"     // 403: known, and not allowed
	NotFound      Code = "not_found"     // 404: also for what the asker may not know of
	Conflict      Code = "conflict"      // 409: the state does not allow it
	Gone          Code = "gone"          // 410: it was here and is deleted
	TooLarge      Code = "too_large"     // 413: body over its limit
	Unsupported   Code = "unsupported"   // 415: a type we do not read
	Unprocessable Code = "unprocessable" // 422: readable, but a field is wrong
	RateLimited   Code = "rate_limited"  // 429: too often; see RetryAfter
	Internal      Code = "internal"      // 500: our fault
	Unavailable   Code = "unavailable"   // 503: passing; see RetryAfter
)

var statuses = map[Code]int{
	Invalid:       http.StatusBadRequest,
	Unauthorized:  http.StatusUnauthorized,
	Forbidden:     http.StatusForbidden,
	NotFound:      http.StatusNotFound,
	Conflict:      http.StatusConflict,
	Gone:          http.StatusGone,
	TooLarge:      http.StatusRequestEntityTooLarge,
	Unsupported:   http.StatusUnsupportedMediaType,
	Unprocessable: http.StatusUnprocessableEntity,
	RateLimited:   http.StatusTooManyRequests,
	Internal:      http.StatusInternalServerError,
	Unavailable:   http.StatusServiceUnavailable,
}

// internalMessage is all that a stranger learns about a fault of ours.
const internalMessage = "Something went wrong on this server."

// Error is a failure with a code and a message that a stranger may read.
type Error struct {
	Code       Code
	Message    string        // one plain sentence, safe for a stranger
	RetryAfter time.Duration // sent as Retry-After in whole seconds, rounded up; 0 sends none
	Err        error         // the cause, for the log only
}

// Errorf returns an Error whose message is the formatted text. An argument
// verb %w also becomes the cause; its text is then part of the message, so
// wrap only errors whose text is meant for strangers. For a hidden cause
// write &Error{Code, Message, 0, cause}.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// Error returns code, message and cause: text for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Named is a failure that programs know by a word: "error" in the answer is then
// the word, and the sentence is "error_description" (RFC 6749 5.2).
type Named struct {
	Name string
	Err  *Error
}

// Error returns the word and what Error says.
func (n *Named) Error() string { return n.Name + ": " + n.Err.Error() }

// Unwrap returns the Error.
func (n *Named) Unwrap() error { return n.Err }

// CodeOf returns the code of the first Error in err's chain. A body over its
// http.MaxBytesReader limit is TooLarge, a passed deadline Unavailable,
// anything else Internal. CodeOf(nil) is empty.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e := find(err); e != nil {
		if _, known := statuses[e.Code]; known {
			return e.Code
		}
		return Internal
	}
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return TooLarge
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Unavailable
	}
	return Internal
}

// Status returns the HTTP status for err, 200 for nil.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return statuses[CodeOf(err)]
}

// Message returns the sentence for a stranger. An internal error never shows
// its own text.
func Message(err error) string {
	code := CodeOf(err)
	if e := find(err); e != nil && e.Message != "" && code != Internal {
		return e.Message
	}
	switch code {
	case "":
		return ""
	case NotFound:
		return "There is nothing at this address."
	case Gone:
		return "This was deleted."
	case Forbidden:
		return "This is not allowed."
	case Unauthorized:
		return "Log in first."
	case TooLarge:
		return "That is larger than this server takes."
	case RateLimited:
		return "Too many requests. Wait a moment and try again."
	case Unavailable:
		return "The server is busy. Try again in a moment."
	case Internal:
		return internalMessage
	}
	return "The server could not use this request."
}

func retryAfter(err error) time.Duration {
	if e := find(err); e != nil {
		return e.RetryAfter
	}
	return 0
}

func find(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
