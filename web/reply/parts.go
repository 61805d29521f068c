package reply

import "net/http"

// HTMLInParts writes a page of which the beginning can be shown before the rest is
// known: what rest returns follows when it is there. The status is 200, whatever
// comes of it.
func HTMLInParts(w http.ResponseWriter, r *http.Request, first []byte, h Headers, rest func() []byte) {
	pageHeaders(w.Header(), h)
	w.Header().Set("Content-Type", TypeHTML)
	w.Header().Set("X-Accel-Buffering", "no") // nginx would wait for the rest
	w.WriteHeader(http.StatusOK)
	// A client that went away is nobody's fault, and the status is already sent.
	_, _ = w.Write(first)
	_ = http.NewResponseController(w).Flush() // a writer that cannot sends all at the end
	_, _ = w.Write(rest())
}
