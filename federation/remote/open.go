package remote

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// Medium is the answer to a GET of a film or sound, or of a part of one.
type Medium struct {
	Status int    // 200 or 206
	Type   string // without parameters
	Length int64  // of this answer; -1 if it was not told
	Whole  int64  // of the whole file; -1 if it was not told
	Body   io.ReadCloser

	part string // Content-Range, as it was checked
}

// contentRange is RFC 9110 14.4, with the whole length or without.
var contentRange = regexp.MustCompile(`^bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)$`)

// OpenMedia asks for a file as GetMedia does, or for a part of it, and hands out the
// body as it comes. ctx alone limits the time of reading it; Close it.
func (c *Client) OpenMedia(ctx context.Context, url, part string) (*Medium, error) {
	u, err := c.CheckURL(url)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	f := fetch{kind: "media", accept: "video/*, audio/*", roam: true, typeOK: isMediaType}
	if part != "" {
		f.sign = func(r *http.Request) error {
			r.Header.Set("Range", part)
			return nil
		}
	}
	for hop := 0; ; hop++ {
		resp, err := c.roundTrip(ctx, u, f)
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", u, failed(err))
		}
		next, err := c.redirect(resp, u, true)
		if next == nil && err == nil {
			m, err := medium(resp, part != "")
			if err != nil {
				_ = resp.Body.Close() // nobody reads it
				return nil, fmt.Errorf("fetch %s: %w", u, err)
			}
			return m, nil
		}
		discard(resp.Body)
		if err == nil && hop == maxRedirects {
			err = fmt.Errorf("%w: more than %d", ErrRedirect, maxRedirects)
		}
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", u, err)
		}
		u = next
	}
}

func medium(resp *http.Response, part bool) (*Medium, error) {
	if resp.StatusCode != http.StatusOK && !(part && resp.StatusCode == http.StatusPartialContent) {
		return nil, &StatusError{Code: resp.StatusCode, URL: resp.Request.URL.String()}
	}
	h := resp.Header
	if len(h.Values("Content-Type")) != 1 || !isMediaType(h) || h.Get("Content-Encoding") != "" {
		return nil, fmt.Errorf("%w: %.100q", ErrContentType, h.Get("Content-Type"))
	}
	m := &Medium{Status: resp.StatusCode, Length: resp.ContentLength, Whole: resp.ContentLength, Body: resp.Body}
	m.Type, _, _ = mime.ParseMediaType(h.Get("Content-Type")) // checked above
	if resp.StatusCode == http.StatusPartialContent {
		p := contentRange.FindStringSubmatch(h.Get("Content-Range"))
		if p == nil {
			return nil, fmt.Errorf("%w: part %.100q", errBody, h.Get("Content-Range"))
		}
		m.part, m.Whole = p[0], -1
		if n, err := strconv.ParseInt(p[3], 10, 64); err == nil {
			m.Whole = n
		}
	}
	return m, nil
}

// Describe sets the headers that say what the body is.
func (m *Medium) Describe(h http.Header) {
	h.Set("Content-Type", m.Type)
	h.Set("Accept-Ranges", "bytes")
	if m.Length >= 0 {
		h.Set("Content-Length", strconv.FormatInt(m.Length, 10))
	}
	if m.part != "" {
		h.Set("Content-Range", m.part)
	}
}

// Stalling reads from a body that is closed when nothing came for a while, or
// after so many bytes.
func Stalling(body io.ReadCloser, wait time.Duration, limit int64) io.Reader {
	s := &stalling{body: body, wait: wait, left: limit}
	s.timer = time.AfterFunc(wait, func() { _ = body.Close() }) // the reading ends with an error
	return s
}

type stalling struct {
	body  io.ReadCloser
	wait  time.Duration
	timer *time.Timer
	left  int64
}

func (s *stalling) Read(p []byte) (int, error) {
	s.timer.Reset(s.wait)
	defer s.timer.Stop() // what the reader does with it may take longer
	n, err := s.body.Read(p)
	if s.left -= int64(n); s.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}
