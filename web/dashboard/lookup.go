package dashboard

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/web/reply"
)

// askingAfter is how long a look-up may take before the page says whom it asks. A
// quicker one is answered in one piece.
const askingAfter = 400 * time.Millisecond

// foundMark is where on the page the answer begins; before it stands what is known
// while another server is asked.
var foundMark = []byte(`<div id="found">`)

type lookedUp struct {
	federation.Found
	err error
}

// searchThere looks up what an address names. A post is opened at once. If the
// other server takes its time, the beginning of the page goes out before its
// answer is there and says who is asked; it needs no script for that.
func (d *Dashboard) searchThere(w http.ResponseWriter, r *http.Request, q string) {
	ctx, cancel := context.WithTimeout(r.Context(), searchTime)
	defer cancel()
	came := make(chan lookedUp, 1)
	go func() {
		found, err := d.service.Lookup(ctx, q)
		came <- lookedUp{found, err}
	}()
	slow := time.NewTimer(askingAfter)
	defer slow.Stop()
	select {
	case got := <-came:
		if got.err != nil && reply.CodeOf(got.err) == reply.Internal {
			d.fail(w, r, got.err)
			return
		}
		if got.Post != nil {
			reply.Redirect(w, r, postPath(got.Post.ID))
			return
		}
		d.show(w, r, "search", answer{}, foundPage(q, got))
	case <-slow.C:
		d.searchInParts(w, r, q, came)
	}
}

// searchInParts sends the page up to the answer, waits for it, and sends the rest.
func (d *Dashboard) searchInParts(w http.ResponseWriter, r *http.Request, q string, came <-chan lookedUp) {
	first, err := d.page(r, "search", foundPage(q, lookedUp{}))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	head, _, _ := bytes.Cut(first, foundMark)
	reply.HTMLInParts(w, r, head, reply.Headers{Script: true}, func() []byte {
		got := <-came
		if got.err != nil && reply.CodeOf(got.err) == reply.Internal {
			d.log.Error("look up", "err", got.err)
		}
		whole, err := d.page(r, "search", foundPage(q, got))
		if err != nil {
			d.log.Error("show what was looked up", "err", err)
			return []byte("<p>Something went wrong on this server.</p>")
		}
		return whole[bytes.Index(whole, foundMark):]
	})
}

// foundPage is the page of what a look-up led to, or of one that still runs.
func foundPage(q string, got lookedUp) func(*view) (any, error) {
	return func(v *view) (any, error) {
		page, err := v.searchPage(q)
		if err != nil {
			return nil, err
		}
		page.Asked, page.TryURL = asked(q, v.d.service.Origin().Scheme)
		if got.err != nil {
			page.Error = reply.Message(got.err)
			return page, nil
		}
		return page, v.searchFound(page, got.Found)
	}
}

// asked is the server that an address names, and the page to try there; "" for
// what names none.
func asked(q, scheme string) (host, page string) {
	if user, host, err := ap.ParseHandle(q); err == nil {
		return host, scheme + "://" + host + "/@" + url.PathEscape(user)
	}
	if !strings.Contains(q, "://") {
		q = scheme + "://" + q
	}
	u, err := url.Parse(q)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || ap.Host(q) == "" {
		return "", ""
	}
	return ap.Host(q), u.String()
}
