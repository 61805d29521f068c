package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Answer is what an inbox said to a POST, whatever the status.
type Answer struct {
	Status          int
	RetryAfter      time.Duration // zero if it did not say
	AcceptSignature string        // RFC 9421 5.1: how it wants to be signed to
	Snippet         string        // the beginning of its body on one line, for the owner to read
}

const (
	maxSnippet         = 300 // bytes
	maxAcceptSignature = 1024
)

// Post sends body to an inbox. sign is called with the request ready to be
// sent and may set headers; nil sends it unsigned. No redirect is followed, and
// nothing is tried twice. An error means that no answer came: ErrTimeout, the
// context's, or what else went wrong; whether the inbox took the body is then
// unknown unless it is ErrURL, ErrOwnHost, ErrAddress, ErrResolve or ErrLookup.
func (c *Client) Post(ctx context.Context, inbox, contentType string, body []byte, sign func(*http.Request) error) (*Answer, error) {
	u, err := c.CheckURL(inbox)
	if err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	if err := c.checkOwn(u); err != nil {
		return nil, fmt.Errorf("post to %s: %w", u, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.Total)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("post to %s: %w: %w", u, ErrURL, err)
	}
	r.Header.Set("User-Agent", c.cfg.UserAgent)
	r.Header.Set("Content-Type", contentType)
	if sign != nil {
		if err := sign(r); err != nil {
			return nil, fmt.Errorf("post to %s: %w", u, err)
		}
	}
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("post to %s: %w", u, failed(err))
	}
	defer resp.Body.Close()
	a := &Answer{
		Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header, c.cfg.Now()), AcceptSignature: acceptSignature(resp.Header),
	}
	// The status is the answer; a body that drips does not hold us up.
	timer := time.AfterFunc(c.limits.Snippet, cancel)
	defer timer.Stop()
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 2<<10)) // a body that breaks off is as good as its beginning
	a.Snippet = snippet(start)
	return a, nil
}

// acceptSignature is what a server asks to be signed; "" if that is unreasonably long.
func acceptSignature(h http.Header) string {
	if v := strings.Join(h.Values("Accept-Signature"), ", "); len(v) <= maxAcceptSignature {
		return v
	}
	return ""
}

// snippet cuts a body to one short line without control, formatting or invalid
// characters, fit for a log and a page.
func snippet(b []byte) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r):
			return -1
		case unicode.IsControl(r) || unicode.IsSpace(r):
			return ' '
		}
		return r
	}, string(b))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxSnippet {
		s = s[:maxSnippet]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}
