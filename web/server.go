package web

import (
	"log"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dassie/store/logs"
	"dassie/web/reply"
)

// Limits of the server; a request as a whole has requestTime.
const (
	headerTime   = 5 * time.Second
	idleTime     = 2 * time.Minute
	maxHeader    = 32 << 10 // bytes
	maxStreams   = 100      // at once on one HTTP/2 connection
	handshakeLog = "TLS handshake error"
)

// Server is an http.Server with our limits. What it logs itself goes to log
// without anybody's address.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      requestTime + headerTime, // counted from the end of the headers
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:          errorLog(log),
	}
	reply.EndStreams(s)
	return s
}

// addressless is where http.Server logs to.
type addressless struct{ log *slog.Logger }

func (a addressless) Write(line []byte) (int, error) {
	text := strings.TrimSpace(logs.Hide(string(line)))
	if strings.Contains(text, handshakeLog) { // scanners make many of these
		a.log.Debug(text)
	} else {
		a.log.Warn(text)
	}
	return len(line), nil
}

func errorLog(l *slog.Logger) *log.Logger { return log.New(addressless{l}, "", 0) }

func formatInt(n int) string { return strconv.Itoa(n) }
