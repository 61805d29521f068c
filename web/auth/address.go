package auth

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// ParseTrusted reads the list of proxies whose forwarding headers are believed:
// CIDRs or bare addresses (/32 or /128), separated by commas or spaces.
func ParseTrusted(list string) ([]netip.Prefix, error) {
	var trusted []netip.Prefix
	for _, text := range strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' }) {
		if addr, err := netip.ParseAddr(text); err == nil {
			addr = addr.Unmap().WithZone("")
			trusted = append(trusted, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		trusted = append(trusted, p.Masked())
	}
	return trusted, nil
}

// Networks is a flag that holds what ParseTrusted reads.
type Networks []netip.Prefix

// String implements flag.Value.
func (n *Networks) String() string {
	var list []string
	for _, p := range *n {
		list = append(list, p.String())
	}
	return strings.Join(list, ",")
}

// Set implements flag.Value.
func (n *Networks) Set(text string) (err error) {
	*n, err = ParseTrusted(text)
	return err
}

// ThrottleKey is what a request counts against: an address, of IPv6 the network
// of one customer. While no proxy is declared, loopback may be everybody.
func ThrottleKey(r *http.Request, trusted []netip.Prefix) string {
	addr := ClientAddr(r, trusted)
	switch {
	case !addr.IsValid(), len(trusted) == 0 && addr.IsLoopback():
		return ""
	case addr.Is6():
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
	return addr.String()
}

// ClientAddr is the address of the client. If the peer is a trusted proxy, it
// is the rightmost entry of X-Forwarded-For that is not trusted itself, or the
// leftmost if all are; whatever stands further left was written by the client
// and is not looked at. An unreadable entry ends the search at the hop that
// wrote it. The result is unmapped, without zone, and invalid only if the peer
// has no IP address.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	client := peerAddr(r)
	if !contains(trusted, client) {
		return client
	}
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(entries) - 1; i >= 0; i-- {
		addr, ok := parseHop(entries[i])
		if !ok {
			break
		}
		client = addr
		if !contains(trusted, addr) {
			break
		}
	}
	return client
}

// ForwardedProto is the scheme the client used: "https" on a TLS connection or
// if a trusted proxy says so, else "http". Of several values the rightmost
// counts, which the nearest proxy wrote.
func ForwardedProto(r *http.Request, trusted []netip.Prefix) string {
	if r.TLS != nil {
		return "https"
	}
	if proto, ok := trustedProto(r, trusted); ok && proto == "https" {
		return "https"
	}
	return "http"
}

// trustedProto reads X-Forwarded-Proto of a trusted peer; false if there is none.
func trustedProto(r *http.Request, trusted []netip.Prefix) (string, bool) {
	lines := r.Header.Values("X-Forwarded-Proto")
	if len(lines) == 0 || !contains(trusted, peerAddr(r)) {
		return "", false
	}
	last := lines[len(lines)-1]
	last = last[strings.LastIndexByte(last, ',')+1:]
	return strings.ToLower(strings.TrimSpace(last)), true
}

func peerAddr(r *http.Request) netip.Addr {
	addr, _ := parseHop(r.RemoteAddr)
	return addr
}

// parseHop reads an address with or without a port; some proxies add one.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}

func contains(list []netip.Prefix, addr netip.Addr) bool {
	for _, p := range list {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// block is what counts as one client for throttles: an IPv4 address, or the
// /64 that one IPv6 customer has at least.
func block(addr netip.Addr) netip.Prefix {
	if !addr.IsValid() {
		return netip.Prefix{}
	}
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil { // cannot happen: the bits fit the family
		return netip.Prefix{}
	}
	return p
}
