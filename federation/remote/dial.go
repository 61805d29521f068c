package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	maxAddresses = 4                      // of one name that are tried
	stagger      = 300 * time.Millisecond // before the next address is tried beside the first, RFC 8305 5
)

// dial is the transport's dialer: it resolves, judges and connects.
func (c *Client) dial(ctx context.Context, _, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w: %w", hostport, ErrURL, err)
	}
	if c.own[c.dropDefaultPort(joinPort(host, port))] {
		return nil, fmt.Errorf("dial %s: %w", hostport, ErrOwnHost)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w: %w", hostport, ErrURL, err)
	}
	addrs, err := c.resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", hostport, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.Connect)
	defer cancel()
	conn, err := c.dialFirst(ctx, addrs, uint16(n))
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", hostport, err)
	}
	return conn, nil
}

// resolve returns the addresses of a host, all judged. One bad address refuses
// the name: who mixes private addresses in is up to something.
func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, c.Judge(addr)
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		if addrs := c.localhost(); len(addrs) > 0 {
			return addrs, nil // RFC 6761 6.3: without asking DNS
		}
		return nil, fmt.Errorf("%w: host %s", ErrURL, host)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limits.DNS)
	defer cancel()
	addrs, err := c.cfg.LookupIP(ctx, host)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w: %w", ErrLookup, ErrTimeout, err)
		}
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsNotFound {
			return nil, fmt.Errorf("%w: %w", ErrResolve, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrLookup, err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%w: no address", ErrResolve)
	}
	for _, a := range addrs {
		if err := c.Judge(a); err != nil {
			return nil, err
		}
	}
	return interleave(addrs), nil
}

// localhost is what *.localhost stands for: the loopback addresses that the
// judge lets pass, none on a public server.
func (c *Client) localhost() (addrs []netip.Addr) {
	for _, a := range []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()} {
		if c.Judge(a) == nil {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// lookupSystem asks the system's resolver. The closing dot keeps search domains
// out; net hands out IPv4 addresses mapped into IPv6.
func lookupSystem(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host+".")
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, err
}

// interleave puts an address of the other family second, so that a family
// without a route costs no more than the stagger, and cuts the list.
func interleave(addrs []netip.Addr) []netip.Addr {
	out := append([]netip.Addr(nil), addrs...)
	for i := 1; i < len(out); i++ {
		if out[i].Is4() != out[0].Is4() {
			out[1], out[i] = out[i], out[1]
			break
		}
	}
	return out[:min(len(out), maxAddresses)]
}

// dialFirst connects to the first address that answers: one after the other,
// the next as soon as one fails or keeps us waiting.
func (c *Client) dialFirst(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result, len(addrs)) // nobody blocks when we have left
	started, ended := 0, 0
	start := func() {
		target := netip.AddrPortFrom(addrs[started], port).String()
		started++
		go func() {
			conn, err := c.cfg.DialContext(ctx, "tcp", target)
			results <- result{conn, err}
		}()
	}
	closeRest := func(open int) {
		for range open {
			if r := <-results; r.conn != nil {
				_ = r.conn.Close() // never used
			}
		}
	}
	start()
	timer := time.NewTimer(stagger)
	defer timer.Stop()
	var errs []error
	for {
		select {
		case r := <-results:
			ended++
			if r.err == nil {
				go closeRest(started - ended)
				return r.conn, nil
			}
			errs = append(errs, r.err)
			if started < len(addrs) {
				start()
				timer.Reset(stagger)
			} else if ended == started {
				return nil, errors.Join(errs...)
			}
		case <-timer.C:
			if started < len(addrs) {
				start()
				timer.Reset(stagger)
			}
		case <-ctx.Done():
			go closeRest(started - ended)
			return nil, errors.Join(append(errs, ctx.Err())...)
		}
	}
}

// control is asked by the dialer with the socket made and not yet connected:
// the last look at what is really dialled.
func (c *Client) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s %s", ErrAddress, network, address)
	}
	return c.Judge(ap.Addr())
}
