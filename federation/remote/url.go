package remote

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const maxURL = 2048 // bytes

// CheckURL judges a URL by its spelling, before any name is resolved, and
// returns it with a canonical host ([CanonicalHost]), without default port and
// without fragment. Errors are ErrURL, or ErrAddress for an address literal.
//
// Refused are other schemes than ours (https, or http in loopback mode),
// userinfo, backslashes, control characters, ports of well-known services,
// names that never lead to a public server (localhost, .local, .internal,
// .onion, single labels), and numbers that some resolvers take for addresses.
func (c *Client) CheckURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, fmt.Errorf("%w: %d bytes", ErrURL, len(raw))
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] == 0x7f || raw[i] == '\\' {
			return nil, fmt.Errorf("%w: character in %.200q", ErrURL, raw)
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}
	scheme := "https"
	if c.cfg.Loopback {
		scheme = "http"
	}
	if u.Scheme != scheme || u.Opaque != "" || u.User != nil || strings.Contains(u.Host, "@") {
		return nil, fmt.Errorf("%w: %.200q is no plain %s URL", ErrURL, raw, scheme)
	}
	host, port, err := splitHost(u.Host)
	if err != nil {
		return nil, err
	}
	if err := c.checkHost(host); err != nil {
		return nil, err
	}
	if err := c.checkPort(port); err != nil {
		return nil, err
	}
	u.Host = c.dropDefaultPort(joinPort(host, port))
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// CanonicalHost returns the one spelling of a host with optional port: lower
// case, punycode, IPv6 in brackets, without the port 443. Names that differ
// only by case, Unicode form or that port come out equal; trailing dots,
// userinfo, and numbers that are no plain IPv4 address are refused with ErrURL.
func CanonicalHost(raw string) (string, error) {
	host, port, err := splitHost(raw)
	if err != nil {
		return "", err
	}
	if port == "443" {
		port = ""
	}
	return joinPort(host, port), nil
}

// names follows UTS 46 as browsers do for look-ups, and STD 3 for characters.
var names = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.CheckHyphens(false))

// splitHost returns a canonical host (IPv6 without brackets) and the port.
func splitHost(raw string) (host, port string, err error) {
	refuse := func() (string, string, error) {
		return "", "", fmt.Errorf("%w: host %.200q", ErrURL, raw)
	}
	if strings.HasPrefix(raw, "[") {
		inside, rest, ok := strings.Cut(raw[1:], "]")
		if !ok {
			return refuse()
		}
		addr, err := netip.ParseAddr(inside)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return refuse()
		}
		host = addr.String()
		if rest != "" && rest[0] != ':' {
			return refuse()
		}
		rest = strings.TrimPrefix(rest, ":")
		if rest == "" && strings.HasSuffix(raw, ":") {
			return refuse()
		}
		port = rest
	} else {
		var colon bool
		if host, port, colon = strings.Cut(raw, ":"); colon && port == "" {
			return refuse()
		}
		if host, err = canonicalName(host); err != nil {
			return refuse()
		}
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return refuse()
		}
	}
	return host, port, nil
}

func canonicalName(name string) (string, error) {
	ascii, err := names.ToASCII(name)
	if err == nil { // once more: what comes out must be a valid name by itself
		var again string
		if again, err = names.ToASCII(ascii); again != ascii {
			return "", ErrURL
		}
	}
	if err != nil || !utf8.ValidString(name) || ascii == "" || strings.HasSuffix(ascii, ".") || strings.Contains(ascii, "..") || ascii[0] == '.' {
		return "", ErrURL
	}
	ascii = strings.ToLower(ascii)
	// A name whose last label is a number is an IPv4 address to browsers and
	// to inet_aton: 2130706433, 0x7f.1, 127.1. Only the plain form passes.
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	digits := strings.Trim(last, "0123456789") == ""
	hex := strings.HasPrefix(last, "0x") && strings.Trim(last[2:], "0123456789abcdef") == ""
	if digits || hex {
		if addr, err := netip.ParseAddr(ascii); err != nil || !addr.Is4() {
			return "", ErrURL
		}
	}
	return ascii, nil
}

func joinPort(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return host + ":" + port
}

func (c *Client) dropDefaultPort(hostport string) string {
	if c.cfg.Loopback {
		return strings.TrimSuffix(hostport, ":80")
	}
	return strings.TrimSuffix(hostport, ":443")
}

// localSuffixes are names that DNS never answers with a public server:
// RFC 6761, 6762, 7686, 8375, ICANN's .internal, and what routers hand out.
var localSuffixes = []string{"local", "internal", "home.arpa", "lan", "localdomain"}

// checkHost judges a canonical host by its name or address.
func (c *Client) checkHost(host string) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		return c.Judge(addr)
	}
	under := func(suffix string) bool { return host == suffix || strings.HasSuffix(host, "."+suffix) }
	switch {
	case under("onion") || under("invalid"):
		return fmt.Errorf("%w: host %s", ErrURL, host)
	case under("localhost"):
		if len(c.localhost()) == 0 {
			return fmt.Errorf("%w: host %s", ErrURL, host)
		}
		return nil
	case c.cfg.Loopback || len(c.cfg.AllowNetworks) > 0:
		return nil // names of a LAN or a laboratory; their addresses are judged as ever
	case !strings.Contains(host, ".") || slices.ContainsFunc(localSuffixes, under):
		return fmt.Errorf("%w: host %s", ErrURL, host)
	}
	return nil
}

// servicePorts are ports from 1024 on where something else than the web
// listens; most are browsers' (fetch.spec.whatwg.org, port blocking), the rest
// databases and control sockets.
var servicePorts = map[uint64]bool{
	1433: true, 1521: true, 1719: true, 1720: true, 1723: true, 2049: true, 2375: true, 2376: true, 2379: true, 2380: true,
	3306: true, 3389: true, 3659: true, 4045: true, 4190: true, 5060: true, 5061: true, 5432: true, 5900: true, 5984: true,
	6000: true, 6379: true, 6380: true, 6566: true, 6665: true, 6666: true, 6667: true, 6668: true, 6669: true, 6679: true,
	6697: true, 9042: true, 9200: true, 9300: true, 10080: true, 10250: true, 11211: true, 27017: true,
}

func (c *Client) checkPort(port string) error {
	if port == "" || c.cfg.Loopback {
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n != 443 && n != 80 && n < 1024 || servicePorts[n] {
		return fmt.Errorf("%w: port %s", ErrURL, port)
	}
	return nil
}

// checkOwn refuses what we would only ask ourselves.
func (c *Client) checkOwn(u *url.URL) error {
	if c.own[u.Host] {
		return fmt.Errorf("%w: %s", ErrOwnHost, u.Host)
	}
	return nil
}
