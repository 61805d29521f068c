package remote

import (
	"errors"
	"strings"
	"testing"
)

func TestT22_OddSpellingsRefused(t *testing.T) {
	c := New(Config{})
	for _, raw := range []string{
		"http://2130706433/", "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://127.1/", "https://127.0.0.01/", "https://0177.0.0.1/",
		"https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://１２７.0.0.1/", "https://10.0.0.1/",
		"https://localhost/", "https://foo.localhost/", "https://LOCALHOST/", "https://x.onion/", "https://metadata.google.internal/", "https://nas.local/",
		"https://router/", "https://x.home.arpa/", "https://example.org.invalid/",
		"https://example.org:22/", "https://example.org:25/", "https://example.org:6379/", "https://example.org:0/", "https://example.org:65536/", "https://example.org:/",
		"https://example.org:0443/", "https://example.org:+443/", "http://example.org/", "http://example.org:443/", "file:///etc/passwd", "gopher://example.org/",
		"unix:/run/x.sock", "data:application/json,{}", "javascript:1", "ftp://example.org/", "//example.org/", "/inbox", "", "https:", "https:///x", "https:example.org",
		"https://good@evil.example/", "https://a:b@evil.example/", "https://@evil.example/", `https://good.example\@evil.example/`, `https:\\evil.example/`,
		"https://example.org/a b", "https://example.org/\r\nX: y", "https://example.org\n/", "https://exam\tple.org/", "https://example.org./", "https://example..org/",
		"https://.example.org/", "https://exa_mple.org/", "https://ex%61mple.org/", "https://xn--a/", "https://[::1/", "https://[1.2.3.4]/", "https://example.org]/",
		"https://example.org/" + strings.Repeat("a", maxURL), "https://" + strings.Repeat("a", 64) + ".org/", "HTTPS//example.org", "https://a,b.org/", "https://*.example.org/",
	} {
		if u, err := c.CheckURL(raw); err == nil {
			t.Errorf("%q passes as %s", raw, u)
		} else if !errors.Is(err, ErrURL) && !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestURLsThatPass(t *testing.T) {
	c := New(Config{})
	for raw, want := range map[string]string{
		"https://example.org":                                       "https://example.org",
		"HTTPS://EXAMPLE.org:443/Users/X?Page=1#main-key":           "https://example.org/Users/X?Page=1",
		"https://example.org:8443/@a":                               "https://example.org:8443/@a",
		"https://example.org:80/":                                   "https://example.org:80/",
		"https://bücher.example/":                                   "https://xn--bcher-kva.example/",
		"https://xn--bcher-kva.example/":                            "https://xn--bcher-kva.example/",
		"https://1.1.1.1/":                                          "https://1.1.1.1/",
		"https://[2606:4700:0::1111]/":                              "https://[2606:4700::1111]/",
		"https://a--b.example/ap/at://did:plc:x/app.bsky.feed.post": "https://a--b.example/ap/at://did:plc:x/app.bsky.feed.post",
	} {
		u, err := c.CheckURL(raw)
		if err != nil || u.String() != want {
			t.Errorf("%s: %v %v, want %s", raw, u, err, want)
		}
	}
	c = New(Config{Loopback: true})
	for raw, ok := range map[string]bool{
		"http://alice.localhost:8080/x": true, "http://localhost/": true, "http://127.0.0.1:22/": true, "http://[::1]:99/": true,
		"https://alice.localhost/": false, "http://10.0.0.1/": false, "http://1.1.1.1/": false, "http://a@localhost/": false, "http://x.onion/": false,
	} {
		if _, err := c.CheckURL(raw); (err == nil) != ok {
			t.Errorf("loopback, %s: %v", raw, err)
		}
	}
}

func TestT15_OneCanonicalHost(t *testing.T) {
	for raw, want := range map[string]string{
		"EXAMPLE.org": "example.org", "example.org": "example.org", "example.org:443": "example.org", "Example.ORG:8443": "example.org:8443",
		"exаmple.org": "xn--exmple-4nf.org", "XN--EXMPLE-4NF.org": "xn--exmple-4nf.org", "ｅxample。org": "example.org", "[2606:4700::1111]:443": "[2606:4700::1111]",
	} {
		if got, err := CanonicalHost(raw); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", raw, got, want, err)
		}
	}
	for _, raw := range []string{"", "example.org.", "good@evil", `good\@evil`, "good/evil", "a b", "example.org:", "example.org:x", "example.org:443:1", "::1", "[::1", "[::1]x",
		"127.1", "0x7f.1", "2130706433", "-.-_.", ".", "a..b", "%65xample.org", "example.org\x00"} {
		if got, err := CanonicalHost(raw); err == nil {
			t.Errorf("%q passes as %q", raw, got)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"https://example.org/", "https://bücher.example:8443/ä?ö#ü", `https://good\@evil/`, "https://[::ffff:7f00:1]/", "https://１２７。1/", "https://0x7f.1", "https://0000000.\xbc"} {
		f.Add(s)
	}
	c := New(Config{})
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := c.CheckURL(raw)
		if err != nil {
			return
		}
		again, err := c.CheckURL(u.String())
		if err != nil || again.Host != u.Host {
			t.Errorf("%q passes as %s, then %v %v", raw, u, again, err)
		}
		if u.User != nil || u.Scheme != "https" || strings.ContainsAny(u.Host, "@\\ /%") {
			t.Errorf("%q passes as %s", raw, u)
		}
	})
}
