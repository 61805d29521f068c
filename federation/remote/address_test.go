package remote

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

// notForUs has an address of each network that must never be reached, the
// edges of the larger ones included.
var notForUs = strings.Fields(`
	0.0.0.0 0.1.2.3 0.255.255.255 10.0.0.0 10.1.2.3 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.1.2.3 127.255.255.255
	169.254.0.1 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.255 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255
	198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.254 255.255.255.255
	:: ::1 ::7f00:1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
	64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 64:ff9b:1:ffff::a00:1 100::1 100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
	2001:2::1 2001:10::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1 2001:db8:ffff::1 2002::1 2002:7f00:1::1 2002:c0a8:101::1 3fff::1
	5f00::1 fc00::1 fd12:3456::1 fe80::1 febf::1 fec0::1 ff00::1 ff02::1 fe80::1%eth0 4000::1 1::1`)

var forUs = strings.Fields(`1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.1.1 172.15.255.255
	172.32.0.0 192.0.1.1 192.167.1.1 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a01::1`)

func TestT21_AddressJudge(t *testing.T) {
	c := New(Config{})
	for _, s := range notForUs {
		if c.Judge(netip.MustParseAddr(s)) == nil {
			t.Error(s, "may be dialled")
		}
	}
	for _, s := range forUs {
		if err := c.Judge(netip.MustParseAddr(s)); err != nil {
			t.Error(err)
		}
	}
	if c.Judge(netip.Addr{}) == nil {
		t.Error("no address may be dialled")
	}
}

func TestT21_NoConnectionIsOpened(t *testing.T) {
	var asked netip.Addr
	c := New(Config{
		LookupIP: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("1.1.1.1"), asked}, nil // a public address beside it does not help
		},
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			t.Error("connects to", addr)
			return nil, errors.New("no")
		},
	})
	for _, s := range notForUs {
		asked = netip.MustParseAddr(s)
		_, err := c.GetObject(t.Context(), "https://peer.example/"+url.PathEscape(s), nil)
		wantErr(t, err, ErrAddress)
		_, err = c.Post(t.Context(), "https://peer.example/inbox", activityJSON, nil, nil)
		wantErr(t, err, ErrAddress)
	}
}

// TestT21_DialerJudgesAgain: whatever comes to the dialer, nothing private is
// connected to.
func TestT21_DialerJudgesAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := New(Config{})
	_, err = c.cfg.DialContext(t.Context(), "tcp", l.Addr().String())
	wantErr(t, err, ErrAddress)
	c = New(Config{AllowNetworks: []netip.Prefix{loopback}})
	conn, err := c.cfg.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close() // nothing was written
}

func TestAllowedNetworks(t *testing.T) {
	c := New(Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}})
	for s, ok := range map[string]bool{"10.1.2.3": true, "10.2.0.1": false, "fd00::1": true, "fc00::1": false, "::ffff:10.1.2.3": false, "8.8.8.8": true, "127.0.0.1": false} {
		if got := c.Judge(netip.MustParseAddr(s)) == nil; got != ok {
			t.Errorf("%s: %v", s, got)
		}
	}
}

func TestLoopbackModeReachesThisMachineOnly(t *testing.T) {
	c := New(Config{Loopback: true})
	for s, ok := range map[string]bool{"127.0.0.1": true, "::1": true, "8.8.8.8": false, "10.0.0.1": false, "0.0.0.0": false, "::": false, "::ffff:127.0.0.1": false} {
		if got := c.Judge(netip.MustParseAddr(s)) == nil; got != ok {
			t.Errorf("%s: %v", s, got)
		}
	}
}

func TestSecondFamilyIsTriedSoon(t *testing.T) {
	six, four := netip.MustParseAddr("2606:4700::1111"), netip.MustParseAddr("1.1.1.1")
	got := interleave([]netip.Addr{six, six.Next(), six.Next().Next(), four, four.Next()})
	if len(got) != maxAddresses || got[0] != six || got[1] != four {
		t.Error(got)
	}
	c := New(Config{
		LookupIP: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{six, four}, nil },
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "[") {
				<-ctx.Done() // a family without a route
				return nil, ctx.Err()
			}
			a, _ := net.Pipe()
			return a, nil
		},
		Limits: Limits{Connect: 5 * time.Second},
	})
	within(t, 2*time.Second, func() {
		conn, err := c.dial(t.Context(), "tcp", "peer.example:443")
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close() // a pipe
	})
}
