package remote

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Document is a fetched body and where it came from.
type Document struct {
	URL         string // the final one, after redirects, without fragment
	ContentType string // as sent
	Body        []byte // decompressed
	Header      http.Header
}

const acceptActivity = `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"`

// GetObject fetches an ActivityPub document. sign is called with each request
// ready to be sent and may set headers; nil sends them unsigned. Redirects are
// followed only within the host, at most three, each judged and signed anew. The
// answer must be application/activity+json, or application/ld+json with the
// ActivityStreams profile, of at most Limits.Object bytes.
//
// Whether the document's id equals Document.URL is for the caller to check.
// Errors are those of this package, *StatusError, sign's, or the context's.
func (c *Client) GetObject(ctx context.Context, url string, sign func(*http.Request) error) (*Document, error) {
	return c.get(ctx, url, fetch{
		kind: "object", accept: acceptActivity, sign: sign, limit: c.limits.Object, typeOK: isActivityType,
	})
}

// GetJSON fetches a discovery document (WebFinger, host-meta, NodeInfo),
// unsigned. Redirects may lead to other hosts, at most three, each judged anew.
// The answer must be application/json or application/jrd+json or one of the
// types in accept, which are also what is asked for; with
// application/xrd+xml among them the plain XML types pass too.
func (c *Client) GetJSON(ctx context.Context, url string, accept ...string) (*Document, error) {
	if len(accept) == 0 {
		accept = []string{"application/jrd+json", "application/json"}
	}
	return c.get(ctx, url, fetch{
		kind: "json", accept: strings.Join(accept, ", "), roam: true, limit: c.limits.Object,
		typeOK: func(h http.Header) bool { return isPlainType(h, accept) },
	})
}

// GetMedia fetches a picture, video or sound of at most limit bytes, unsigned,
// with redirects as in GetJSON. Only the label is checked here: what the bytes
// are is for the caller to find out.
func (c *Client) GetMedia(ctx context.Context, url string, limit int64) (*Document, error) {
	return c.get(ctx, url, fetch{
		kind: "media", accept: "image/*, video/*, audio/*", roam: true, limit: limit, typeOK: isMediaType,
	})
}

// GetPage fetches a web page, unsigned. For a preview, redirects go as in GetJSON,
// and of a page larger than Limits.Object the beginning is handed out; with exact
// set, for the proof of a link, a redirect is ErrMoved and a larger page ErrTooLarge.
func (c *Client) GetPage(ctx context.Context, url string, exact bool) (*Document, error) {
	kind := "page"
	if exact {
		kind = "exact page"
	}
	return c.get(ctx, url, fetch{
		kind: kind, accept: "text/html, application/xhtml+xml;q=0.9", roam: true, still: exact, cut: !exact, limit: c.limits.Object, typeOK: isPageType,
	})
}

// fetch is what distinguishes the kinds of GET.
type fetch struct {
	kind   string
	accept string
	sign   func(*http.Request) error
	roam   bool // redirects may leave the host
	still  bool // no redirect is followed
	cut    bool // a larger body is cut at the limit
	limit  int64
	typeOK func(http.Header) bool
	use    func(body io.Reader) error // takes the body instead of Document.Body
}

func (c *Client) get(ctx context.Context, raw string, f fetch) (*Document, error) {
	u, err := c.CheckURL(raw)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	if err := c.refused.find(f.kind, u.String(), c.cfg.Now()); err != nil {
		return nil, fmt.Errorf("fetch %s: refused a short while ago: %w", u, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.Total)
	defer cancel()
	doc, err := c.follow(ctx, u, f)
	if err != nil {
		err = failed(err)
		c.refused.note(f.kind, u.String(), err, c.cfg.Now())
		return nil, fmt.Errorf("fetch %s: %w", u, err)
	}
	// What was asked for is handed back as it was spelled, so that ids with
	// characters that net/url would escape still compare equal.
	if asked, _, _ := strings.Cut(raw, "#"); doc.URL == u.String() && strings.HasPrefix(asked, u.Scheme+"://"+u.Host) {
		doc.URL = asked
	}
	return doc, nil
}

// follow asks for u and goes after redirects.
func (c *Client) follow(ctx context.Context, u *url.URL, f fetch) (*Document, error) {
	for hop := 0; ; hop++ {
		resp, err := c.roundTrip(ctx, u, f)
		if err != nil {
			return nil, err
		}
		next, err := c.redirect(resp, u, f.roam)
		if err != nil {
			_ = resp.Body.Close() // the answer is refused as it is
			return nil, err
		}
		if next == nil {
			defer resp.Body.Close()
			return c.readDocument(resp, u, f)
		}
		discard(resp.Body)
		if f.still {
			return nil, fmt.Errorf("%w: to %.200s", ErrMoved, next)
		}
		if hop == maxRedirects {
			return nil, fmt.Errorf("%w: more than %d", ErrRedirect, maxRedirects)
		}
		u = next
	}
}

func (c *Client) roundTrip(ctx context.Context, u *url.URL, f fetch) (*http.Response, error) {
	if err := c.checkOwn(u); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}
	r.Header.Set("User-Agent", c.cfg.UserAgent)
	r.Header.Set("Accept", f.accept)
	if f.kind != "media" { // pictures do not shrink
		r.Header.Set("Accept-Encoding", "gzip")
	}
	if f.sign != nil {
		if err := f.sign(r); err != nil {
			return nil, err
		}
	}
	return c.transport.RoundTrip(r)
}

// redirect returns where an answer sends us, nil if nowhere.
func (c *Client) redirect(resp *http.Response, from *url.URL, roam bool) (*url.URL, error) {
	switch resp.StatusCode {
	case 301, 302, 303, 307, 308:
	default:
		return nil, nil
	}
	locations := resp.Header.Values("Location")
	if len(locations) != 1 || locations[0] == "" {
		return nil, fmt.Errorf("%w: %d locations", ErrRedirect, len(locations))
	}
	to, err := from.Parse(locations[0])
	if err != nil || strings.Contains(locations[0], `\`) {
		return nil, fmt.Errorf("%w: to %.200q", ErrRedirect, locations[0])
	}
	next, err := c.CheckURL(to.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRedirect, err)
	}
	if !roam && next.Host != from.Host {
		return nil, fmt.Errorf("%w: from %s to %s", ErrRedirect, from.Host, next.Host)
	}
	if *next == *from {
		return nil, fmt.Errorf("%w: to itself", ErrRedirect)
	}
	return next, nil
}

// discard reads a little of a body that nobody wants, so that the connection
// can be used again, and closes it.
func discard(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 2<<10) // an error only costs the connection
	_ = body.Close()                         // nothing was asked of it
}
