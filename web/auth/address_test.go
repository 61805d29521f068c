package auth

import (
	"crypto/tls"
	"net/netip"
	"testing"
)

func TestClientAddressBehindProxies(t *testing.T) {
	for _, c := range []struct {
		name, trusted, peer string
		forwarded           []string
		want                string
	}{
		{"no proxy", "", "203.0.113.9", nil, "203.0.113.9"},
		{"header of a stranger is not believed", "", "203.0.113.9", []string{"192.0.2.1"}, "203.0.113.9"},
		{"header of a peer outside the list is not believed", "10.0.0.0/8", "203.0.113.9", []string{"192.0.2.1"}, "203.0.113.9"},
		{"loopback is not trusted by itself", "", "127.0.0.1", []string{"192.0.2.1"}, "127.0.0.1"},
		{"one proxy", "127.0.0.1", "127.0.0.1", []string{"192.0.2.1"}, "192.0.2.1"},
		{"what the client wrote stands left", "127.0.0.1", "127.0.0.1", []string{"198.51.100.7, 192.0.2.1"}, "192.0.2.1"},
		{"over several header lines", "127.0.0.1", "127.0.0.1", []string{"198.51.100.7", "192.0.2.1"}, "192.0.2.1"},
		{"two proxies", "127.0.0.1 10.0.0.0/8", "127.0.0.1", []string{"198.51.100.7, 192.0.2.1, 10.1.2.3"}, "192.0.2.1"},
		{"all inside: the leftmost", "127.0.0.1,10.0.0.0/8", "127.0.0.1", []string{"10.9.9.9, 10.1.2.3"}, "10.9.9.9"},
		{"proxy that sends none", "127.0.0.1", "127.0.0.1", nil, "127.0.0.1"},
		{"empty header", "127.0.0.1", "127.0.0.1", []string{""}, "127.0.0.1"},
		{"unreadable last entry", "127.0.0.1", "127.0.0.1", []string{"192.0.2.1, unknown"}, "127.0.0.1"},
		{"unreadable entry further left", "127.0.0.1,10.0.0.0/8", "127.0.0.1", []string{"evil, 10.1.2.3"}, "10.1.2.3"},
		{"bare address is one address", "10.0.0.1", "10.0.0.2", []string{"192.0.2.1"}, "10.0.0.2"},
		{"bare IPv6 address", "::1", "::1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"mapped peer", "127.0.0.1", "::ffff:127.0.0.1", []string{"192.0.2.1"}, "192.0.2.1"},
		{"mapped network", "::ffff:10.0.0.0/104", "10.4.4.4", []string{"192.0.2.1"}, "192.0.2.1"},
		{"mapped entry", "127.0.0.1", "127.0.0.1", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"entry with port", "127.0.0.1", "127.0.0.1", []string{"192.0.2.1:5050"}, "192.0.2.1"},
		{"IPv6 entry in brackets with port", "127.0.0.1", "127.0.0.1", []string{"[2001:db8::7]:5050"}, "2001:db8::7"},
		{"IPv6 entry in brackets", "127.0.0.1", "127.0.0.1", []string{"[2001:db8::7]"}, "2001:db8::7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			trusted, err := ParseTrusted(c.trusted)
			if err != nil {
				t.Fatal(err)
			}
			r := request(c.peer)
			r.Header["X-Forwarded-For"] = c.forwarded
			if got := ClientAddr(r, trusted); got != netip.MustParseAddr(c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestForwardedProto(t *testing.T) {
	trusted, _ := ParseTrusted("127.0.0.1")
	for _, c := range []struct{ peer, header, want string }{
		{"127.0.0.1", "https", "https"},
		{"127.0.0.1", " HTTPS ", "https"},
		{"127.0.0.1", "http", "http"},
		{"127.0.0.1", "https, http", "http"}, // the client wrote the first
		{"127.0.0.1", "javascript", "http"},
		{"203.0.113.9", "https", "http"},
	} {
		if got := ForwardedProto(request(c.peer, "X-Forwarded-Proto", c.header), trusted); got != c.want {
			t.Errorf("%s says %q: %q, want %q", c.peer, c.header, got, c.want)
		}
	}
	r := request("203.0.113.9")
	r.TLS = &tls.ConnectionState{}
	if ForwardedProto(r, nil) != "https" {
		t.Error("a TLS connection is https")
	}
}

func TestTrustedListThatCannotBeRead(t *testing.T) {
	for _, bad := range []string{"proxy.example", "10.0.0.0/33", "10.0.0"} {
		if _, err := ParseTrusted(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestBlockThatCountsAsOneClient(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "::1": "::/64",
	} {
		if got := block(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	trusted, _ := ParseTrusted("127.0.0.1")
	local := netip.MustParseAddr("127.0.0.1")
	if throttled(local, nil).IsValid() || !throttled(local, trusted).IsValid() {
		t.Error("loopback is skipped only while no proxy is trusted")
	}
}
