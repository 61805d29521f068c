package listen

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
)

// PrintInvite says where the account is made while there is none.
func PrintInvite(w io.Writer, addr net.Addr, code string) {
	host := addr.String()
	if t, ok := addr.(*net.TCPAddr); ok && (t.IP.IsLoopback() || t.IP.IsUnspecified()) {
		host = fmt.Sprintf("localhost:%d", t.Port)
	}
	fmt.Fprintf(w, "\nThere is no account yet. Make it in a browser on this machine, with the code %s:\n\n    http://%s/setup\n\n", code, host)
	PrintTunnel(w, addr)
}

// PrintTunnel says how to reach this machine's loopback ports from another one,
// if this one seems to have no screen of its own.
func PrintTunnel(w io.Writer, addrs ...net.Addr) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "" {
		return
	}
	var ports strings.Builder
	for _, a := range addrs {
		t, ok := a.(*net.TCPAddr)
		if !ok || !t.IP.IsLoopback() {
			return // others can reach it as it is
		}
		fmt.Fprintf(&ports, " -L %[1]d:localhost:%[1]d", t.Port)
	}
	name, err := os.Hostname()
	if err != nil {
		name = "this-machine"
	}
	fmt.Fprintf(w, "From another computer, first open a tunnel there:\n\n    ssh%s %s\n\n", ports.String(), name)
}
