package remote

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ReadMedia fetches as GetMedia does and hands the body to use while it arrives,
// so that not all of it need be in memory. After limit bytes reading fails with
// ErrTooLarge. An error of use comes back wrapped. The time limit ends the reading,
// not what use does with what it has read.
func (c *Client) ReadMedia(ctx context.Context, url string, limit int64, use func(body io.Reader) error) error {
	_, err := c.get(ctx, url, fetch{
		kind: "media", accept: "image/*, video/*, audio/*", roam: true, limit: limit, typeOK: isMediaType, use: use,
	})
	return err
}

// handOver gives a body to who asked for it. We did not ask for compression, so
// that there is none to undo.
func handOver(resp *http.Response, f fetch) error {
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	default:
		return fmt.Errorf("%w: content encoding %.50q", ErrContentType, encoding)
	}
	return f.use(&bounded{resp.Body, f.limit})
}

// bounded is a reader that fails where more comes than may.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, fmt.Errorf("%w: more than was allowed", ErrTooLarge)
	}
	return n, err
}
