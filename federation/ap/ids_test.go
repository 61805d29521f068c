package ap

import (
	"strings"
	"testing"
)

// One canonical host, or none.
func TestT15_HostsAreCanonicalOrRefused(t *testing.T) {
	for id, want := range map[string]string{
		"https://example.org/users/a":                               "example.org",
		"https://EXAMPLE.org/users/a":                               "example.org",
		"HTTPS://example.org:443/":                                  "example.org",
		"http://example.org:80/":                                    "example.org",
		"http://example.org:443/":                                   "example.org:443",
		"https://example.org:8443/":                                 "example.org:8443",
		"https://example.org:08443/":                                "example.org:8443",
		"https://ex\u0430mple.org/":                                 "xn--exmple-4nf.org", // Cyrillic а
		"https://bücher.example/":                                   "xn--bcher-kva.example",
		"https://XN--BCHER-KVA.example/":                            "xn--bcher-kva.example",
		"https://r3---sn.example/":                                  "r3---sn.example",
		"https://127.0.0.1:8080/":                                   "127.0.0.1:8080",
		"https://[::1]:8080/a":                                      "[::1]:8080",
		"https://[0:0::1]/a":                                        "[::1]",
		"https://example.org./":                                     "",
		"https://.example.org/":                                     "",
		"https://a..example/":                                       "",
		"https://good.example@evil.example/":                        "",
		`https://good.example\@evil.example/`:                       "",
		"https://good.example\t/":                                   "",
		"https://good.exam\u200bple/":                               "",
		"https://good.example/\u202egpj.exe":                        "",
		" https://example.org/":                                     "",
		"https://xn--\u0430/":                                       "",
		"https://xn--zzzzzzzzzzz.example/":                          "",
		"https://example.org:0/":                                    "",
		"https://example.org:99999/":                                "",
		"https://example.org:/":                                     "",
		"https://-a.example/":                                       "",
		"https://2130706433/":                                       "",
		"https://0x7f.1/":                                           "",
		"https://127.1/":                                            "",
		"https://[fe80::1%25eth0]/":                                 "",
		"https:example.org":                                         "",
		"https:///x":                                                "",
		"//example.org/":                                            "",
		"example.org":                                               "",
		"acct:a@example.org":                                        "",
		"data:text/plain,x":                                         "",
		"javascript:alert(1)//example.org":                          "",
		"file://example.org/etc/passwd":                             "",
		"at://did:plc:abc/app.bsky":                                 "",
		"":                                                          "",
		"https://" + strings.Repeat("a", 64) + ".example/":          "",
		"https://a.example/" + strings.Repeat("a", MaxID):           "",
		"https://" + strings.Repeat("abcdefg.", 32) + "example/":    "",
		"https://bsky.brid.gy/convert/ap/at://did:plc:x/app.bsky/3": "bsky.brid.gy",
	} {
		if got := Host(id); got != want {
			t.Errorf("Host(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://a.example/1", "https://a.example/2#main-key", true},
		{"https://A.example:443/1", "https://a.example/2", true},
		{"https://a.example/1", "http://a.example/1", false},
		{"https://a.example/1", "https://a.example:444/1", false},
		{"https://a.example/1", "https://b.a.example/1", false},
		{"https://a.example/1", "https://a.example@b.example/1", false},
		{"https://bücher.example/", "https://xn--bcher-kva.example/", true},
		{"", "", false},
		{"tag:a.example,2020:x", "tag:a.example,2020:x", false},
	} {
		if got := SameOrigin(c.a, c.b); got != c.same {
			t.Errorf("SameOrigin(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestParseHandle(t *testing.T) {
	for s, want := range map[string]string{
		"@alice@example.org":                          "alice example.org",
		"alice@Example.ORG":                           "alice example.org",
		"acct:alice@example.org":                      "alice example.org",
		"acct:@alice@example.org":                     "alice example.org",
		" @Alice_1@example.org ":                      "Alice_1 example.org",
		"@alice@bob.localhost:8081":                   "alice bob.localhost:8081",
		"@alice@example.org:443":                      "alice example.org",
		"alice.localhost:8080@alice.localhost:8080":   "alice.localhost:8080 alice.localhost:8080",
		"@jk.nipponalba.scot@jk.nipponalba.scot":      "jk.nipponalba.scot jk.nipponalba.scot",
		"@józef@bücher.example":                       "józef xn--bcher-kva.example",
		"@alice@127.0.0.1:8080":                       "alice 127.0.0.1:8080",
		"alice":                                       "",
		"@alice":                                      "",
		"@@example.org":                               "",
		"@alice@":                                     "",
		"@alice@b@c":                                  "",
		"@alice@example.org.":                         "",
		"@alice@example.org/x":                        "",
		"@al ice@example.org":                         "",
		"@al/ice@example.org":                         "",
		"@<b>@example.org":                            "",
		"@alice@example.org:+80":                      "",
		"@alice@example.org:x":                        "",
		"@alice@exam ple.org":                         "",
		"@a\u202eb@example.org":                       "",
		"@" + strings.Repeat("a", 256) + "@a.example": "",
	} {
		user, host, err := ParseHandle(s)
		got := user + " " + host
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("ParseHandle(%q) = %q, want %q (%v)", s, got, want, err)
		}
	}
}

func TestParseResource(t *testing.T) {
	for s, want := range map[string]Resource{
		"acct:alice@example.org":            {User: "alice", Host: "example.org"},
		"acct:@alice@example.org":           {User: "alice", Host: "example.org"},
		"ACCT:alice@EXAMPLE.org":            {User: "alice", Host: "example.org"},
		"acct:example.org@example.org":      {User: "example.org", Host: "example.org"},
		"https://example.org/users/abc":     {URL: "https://example.org/users/abc"},
		"http://alice.localhost:8080/@a":    {URL: "http://alice.localhost:8080/@a"},
		"https://u@example.org/":            {},
		"mailto:alice@example.org/":         {},
		"":                                  {},
		"acct:":                             {},
		"https://":                          {},
		"acct:alice@example.org?x=y":        {},
		"acct:alice@example.org\r\nX: y":    {},
		"acct:alice%40example.org":          {},
		"acct:" + strings.Repeat("a", 9999): {},
	} {
		got, err := ParseResource(s)
		if got != want || (err == nil) != (want != Resource{}) {
			t.Errorf("ParseResource(%q) = %+v, %v", s, got, err)
		}
	}
}
