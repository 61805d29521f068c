package reply

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// Fail answers err with the error page that page renders. code is empty unless
// the fault is ours; then it stands in the log beside the cause, so that the
// owner can find it.
func Fail(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger, page func(status int, message, code string) []byte) {
	status, message, code := prepare(w, r, err, log)
	HTML(w, r, status, page(status, message, code), Headers{Cache: w.Header().Get("Cache-Control")})
}

// FailJSON answers err as the API does: {"error": "..."}, and with a description
// if it is Named.
func FailJSON(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	status, message, code := prepare(w, r, err, log)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 3
	}
	body := map[string]string{"error": withCode(message, code)}
	var named *Named
	if errors.As(err, &named) {
		body = map[string]string{"error": named.Name, "error_description": message}
	}
	JSON(w, status, body)
}

// FailText answers err in one line of plain text: inbox, objects, discovery.
func FailText(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	status, message, code := prepare(w, r, err, log)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Signature") // draft-cavage-12 3.1.1
	}
	Text(w, r, status, withCode(message, code))
}

// prepare sets the headers an error carries, logs a fault of ours once, and
// returns what may be said.
func prepare(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) (status int, message, code string) {
	h := w.Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", NoStore)
	}
	for _, stale := range []string{"ETag", "Content-Encoding", "Content-Length", "Content-Disposition"} {
		h.Del(stale)
	}
	if wait := retryAfter(err); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	status, message = Status(err), Message(err)
	if status == http.StatusOK { // Fail(nil) is a mistake of the caller
		err, status, message = errors.New("reply.Fail called without an error"), http.StatusInternalServerError, internalMessage
	}
	if CodeOf(err) != Internal {
		log.Debug("request refused", "method", r.Method, "path", r.URL.Path, "status", status, "err", err)
		return status, message, ""
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		// The asker hung up: nobody reads the answer, and nothing is broken.
		log.Debug("asker left", "method", r.Method, "path", r.URL.Path)
		return status, message, ""
	}
	code = "D-" + rand.Text()[:6]
	log.Error("request failed", "code", code, "method", r.Method, "path", r.URL.Path, "err", err)
	return status, message, code
}

func withCode(message, code string) string {
	if code == "" {
		return message
	}
	return message + " Code " + code + "."
}
