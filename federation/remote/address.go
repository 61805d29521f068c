package remote

import (
	"fmt"
	"net/netip"
)

// notPublic are the networks that are never dialled, from the special-purpose
// registries of IANA (RFC 6890). Of IPv6 only 2000::/3 is in use as public
// addresses, so all else is refused by that alone: mapped and compatible IPv4,
// NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), 100::/64, fc00::/7, fe80::/10, ff00::/8.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local, clouds' metadata
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("3fff::/20"),       // documentation
}

var publicIPv6 = netip.MustParsePrefix("2000::/3")

// Judge says whether an address may be dialled: ErrAddress if not. It is the
// one judge, for names, redirects and address literals alike. Our own public
// address passes: neighbours behind the same proxy share it.
func (c *Client) Judge(addr netip.Addr) error {
	if !addr.IsValid() || addr.Zone() != "" {
		return fmt.Errorf("%w: %s", ErrAddress, addr)
	}
	for _, p := range c.cfg.AllowNetworks {
		if p.Contains(addr) {
			return nil
		}
	}
	if c.cfg.Loopback {
		if addr.IsLoopback() && !addr.Is4In6() {
			return nil
		}
		return fmt.Errorf("%w: %s is not this machine, and we are on http", ErrAddress, addr)
	}
	if addr.Is6() && !publicIPv6.Contains(addr) {
		return fmt.Errorf("%w: %s is not public", ErrAddress, addr)
	}
	for _, p := range notPublic {
		if p.Contains(addr) {
			return fmt.Errorf("%w: %s is in %s", ErrAddress, addr, p)
		}
	}
	return nil
}
