package media

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// What can be wrong with a file that was given to us, or with the disk. Compare
// with errors.Is. All but ErrBadName come inside a *Refusal, whose text is for
// the owner.
var (
	ErrTooLarge      = errors.New("file too large")
	ErrTooManyPixels = errors.New("too many pixels")
	ErrUnsupported   = errors.New("unsupported kind of file")
	ErrBroken        = errors.New("damaged or incomplete picture")
	ErrNoSpace       = errors.New("no space left for media")
	ErrBadName       = errors.New("not the name of a stored file")
)

// A Refusal is an error whose text is meant for the owner: whole sentences in
// plain words, with the figures that decided, and nothing of the file in it.
type Refusal struct {
	Kind error  // one of the sentinels above
	Text string // safe to show
	Err  error  // what a library said, for the log; may be nil
}

// Error gives the text for the owner.
func (r *Refusal) Error() string { return r.Text }

// Unwrap lets errors.Is find the sentinel and the cause.
func (r *Refusal) Unwrap() []error {
	if r.Err == nil {
		return []error{r.Kind}
	}
	return []error{r.Kind, r.Err}
}

// broken reports a file that says it is one thing and then is not.
func broken(cause error) error {
	return &Refusal{Kind: ErrBroken, Text: "This picture is damaged or incomplete.", Err: cause}
}

// brokenf is broken with a reason of our own for the log.
func brokenf(format string, args ...any) error { return broken(fmt.Errorf(format, args...)) }

func tooLarge(what string, got, most int64) error {
	if got <= most { // the reader was stopped at the limit, its length is not known
		return &Refusal{Kind: ErrTooLarge, Text: fmt.Sprintf("%s is over %s, which is the most that is taken.", what, megabytes(most))}
	}
	return &Refusal{Kind: ErrTooLarge, Text: fmt.Sprintf("%s has %s; at most %s are taken.", what, megabytes(got), megabytes(most))}
}

func tooManyPixels(what string, pixels, most int64) error {
	return &Refusal{Kind: ErrTooManyPixels, Text: fmt.Sprintf("%s has %s megapixels; at most %s can be worked on.",
		what, tenthsUp(float64(pixels)/1e6), tenthsDown(float64(most)/1e6))}
}

// tenthsUp and tenthsDown keep "25.1 megapixels; at most 25" from reading
// "25 megapixels; at most 25".
func tenthsUp(v float64) string   { return strconv.FormatFloat(math.Ceil(v*10-1e-9)/10, 'f', -1, 64) }
func tenthsDown(v float64) string { return strconv.FormatFloat(math.Floor(v*10+1e-9)/10, 'f', -1, 64) }

func megabytes(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt((n+1023)>>10, 10) + " KB"
	}
	return tenthsUp(float64(n)/(1<<20)) + " MB"
}
