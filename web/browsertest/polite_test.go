package browsertest

import (
	"context"
	"encoding/xml"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// isPolite checks what every visitor is promised: a policy, and no cookies.
func (p *tab) isPolite() {
	p.t.Helper()
	if !strings.Contains(p.header["content-security-policy"], "default-src") {
		p.t.Errorf("%s has no Content-Security-Policy: %q", p.address(), p.header["content-security-policy"])
	}
	for _, c := range call(p, network.GetCookies, network.GetCookiesParams{}).Cookies {
		p.t.Errorf("%s gives a visitor the cookie %s", p.address(), c.Name)
	}
}

// onLoopback is a client that finds *.localhost everywhere.
var onLoopback = &http.Client{Timeout: patience, Transport: &http.Transport{
	DialContext: func(ctx context.Context, kind, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, kind, net.JoinHostPort("127.0.0.1", port))
	},
}}

// checkFeed reads a feed as a reader does.
func checkFeed(t testing.TB, address string) {
	t.Helper()
	if _, err := url.Parse(address); err != nil {
		t.Fatal(err)
	}
	res, err := onLoopback.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var feed struct {
		XMLName xml.Name
		Entries []struct {
			Title   string `xml:"title"`
			Content string `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.NewDecoder(res.Body).Decode(&feed); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	if res.StatusCode != 200 || feed.XMLName.Local != "feed" || len(feed.Entries) == 0 || !strings.Contains(feed.Entries[0].Content, "The river stands high") {
		t.Errorf("%s: %s, %+v", address, res.Status, feed)
	}
}
