// Package listen opens the doors that requests come in by: sockets, certificates
// from files or by ACME, the end in good order, and the lines that tell people
// where the doors are. It knows nothing of what is served and imports nothing of
// ours. It writes one folder, the certificates of -tls auto, and for them alone
// asks a certificate authority over the network.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"syscall"
	"time"
)

// Open listens on an address. "localhost" means this machine in both families,
// because browsers ask either first: 127.0.0.1 and, where there is IPv6, ::1
// with the same port. Port 0 takes a free one. Errors wrap the system's, such
// as syscall.EADDRINUSE.
func Open(addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	if host != "localhost" {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", addr, err)
		}
		return []net.Listener{l}, nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String()) // the one that was drawn for 0
	list := []net.Listener{l}
	six, err := net.Listen("tcp", net.JoinHostPort("::1", port))
	switch {
	case err == nil:
		list = append(list, six)
	case errors.Is(err, syscall.EADDRINUSE):
		l.Close() // a browser that asks ::1 first would meet another program
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return list, nil // without IPv6 there is one
}

// Serve answers on all listeners, with TLS if a configuration is given, until
// ctx ends; what is under way then has grace to finish. It closes the listeners.
func Serve(ctx context.Context, s *http.Server, list []net.Listener, conf *tls.Config, grace time.Duration) error {
	s.TLSConfig = conf
	failed := make(chan error, len(list))
	for _, l := range list {
		go func() {
			if conf != nil {
				failed <- s.ServeTLS(l, "", "")
			} else {
				failed <- s.Serve(l)
			}
		}()
	}
	select {
	case err := <-failed:
		s.Close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if s.Shutdown(wait) != nil {
		s.Close() // whoever is still there has had the time
	}
	return nil
}

// Profiles answers with profiles of this program under /debug/pprof/. Only for
// a listener on loopback.
func Profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
