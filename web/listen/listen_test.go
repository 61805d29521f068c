package listen

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestLocalhostIsBothFamilies(t *testing.T) {
	list, err := Open("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := list[0].Addr().(*net.TCPAddr).Port
	for _, l := range list {
		defer l.Close()
		if a := l.Addr().(*net.TCPAddr); !a.IP.IsLoopback() || a.Port != port {
			t.Errorf("listens on %s", a)
		}
	}
	if _, err := Open(list[0].Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the same port again: %v", err)
	}
}

func TestTunnelLineIsForMachinesWithoutAScreen(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for _, c := range []struct {
		display string
		addr    net.Addr
		want    bool
	}{
		{"", loopback, true},
		{":0", loopback, false},
		{"", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8080}, false},
	} {
		t.Setenv("DISPLAY", c.display)
		t.Setenv("WAYLAND_DISPLAY", "")
		var b bytes.Buffer
		PrintInvite(&b, c.addr, "AAAA-BBBB")
		if got := strings.Contains(b.String(), "ssh -L 8080:localhost:8080"); got != c.want {
			t.Errorf("display %q, %s: %s", c.display, c.addr, b.String())
		}
		if !strings.Contains(b.String(), "AAAA-BBBB") || !strings.Contains(b.String(), ":8080/setup") {
			t.Errorf("no link or no code: %s", b.String())
		}
	}
}
