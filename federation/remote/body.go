package remote

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readDocument checks status and type and reads the body within its limit.
func (c *Client) readDocument(resp *http.Response, u *url.URL, f fetch) (*Document, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{
			Code: resp.StatusCode, RetryAfter: retryAfter(resp.Header, c.cfg.Now()), URL: u.String(),
			AcceptSignature: acceptSignature(resp.Header),
		}
	}
	contentType := resp.Header.Get("Content-Type")
	if len(resp.Header.Values("Content-Type")) != 1 || !f.typeOK(resp.Header) {
		return nil, fmt.Errorf("%w: %.100q", ErrContentType, contentType)
	}
	if resp.ContentLength > f.limit && !f.cut {
		return nil, fmt.Errorf("%w: %d bytes announced", ErrTooLarge, resp.ContentLength)
	}
	if f.use != nil {
		return &Document{URL: u.String(), ContentType: contentType, Header: resp.Header}, handOver(resp, f)
	}
	body, err := readBody(resp, f.limit, f.cut)
	if err != nil {
		return nil, err
	}
	return &Document{URL: u.String(), ContentType: contentType, Body: body, Header: resp.Header}, nil
}

// readBody reads at most limit bytes, counted after decompression. What comes
// over the wire is bounded too: an endless row of empty gzip members would
// never count otherwise. With cut, what is larger is handed out up to the limit.
func readBody(resp *http.Response, limit int64, cut bool) ([]byte, error) {
	wire := &io.LimitedReader{R: resp.Body, N: limit + 1}
	var r io.Reader = wire
	encoding := strings.ToLower(strings.Join(resp.Header.Values("Content-Encoding"), ","))
	switch encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(wire)
		if err != nil {
			return nil, fmt.Errorf("%w: gzip: %w", errBody, err)
		}
		r = z
	default:
		return nil, fmt.Errorf("%w: content encoding %.50q", ErrContentType, encoding)
	}
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if cut && (int64(len(body)) > limit || wire.N <= 0) {
		return body[:min(int64(len(body)), limit)], nil
	}
	if int64(len(body)) > limit || wire.N <= 0 {
		return nil, fmt.Errorf("%w: over %d bytes", ErrTooLarge, limit)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	return body, err
}

// isActivityType is the strict rule for ActivityPub documents (AP 3.2,
// FEP-fe34): anything a server lets its users upload must not pass.
func isActivityType(h http.Header) bool {
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return false
	}
	switch mediaType {
	case "application/activity+json":
		return true
	case "application/ld+json":
		return slices.Contains(strings.Fields(params["profile"]), "https://www.w3.org/ns/activitystreams")
	}
	return false
}

func isPlainType(h http.Header, accept []string) bool {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return false
	}
	switch mediaType {
	case "application/json", "application/jrd+json":
		return true
	}
	for _, a := range accept {
		wanted, _, err := mime.ParseMediaType(a)
		if err != nil {
			continue
		}
		if wanted == mediaType || wanted == "application/xrd+xml" && (mediaType == "application/xml" || mediaType == "text/xml") {
			return true
		}
	}
	return false
}

func isMediaType(h http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	kind, _, _ := strings.Cut(mediaType, "/")
	return err == nil && (kind == "image" || kind == "video" || kind == "audio")
}

func isPageType(h http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (mediaType == "text/html" || mediaType == "application/xhtml+xml")
}

const maxRetryAfter = 7 * 24 * time.Hour

// retryAfter reads a Retry-After header (RFC 9110 10.2.3): seconds or a date,
// zero if absent, past or unreadable, at most a week.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	var d time.Duration
	if sec, err := strconv.ParseUint(v, 10, 31); err == nil {
		d = time.Duration(sec) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
