package web

import (
	"net/http"

	"dassie/web/reply"
)

// passkeyPath is where the script of the log-in page asks what is to be signed.
const passkeyPath = "/login/passkey"

// loginPasskey answers /login/passkey, inside Protect: a challenge for this browser.
func (w *Web) loginPasskey(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Cache-Control", reply.NoStore)
	asked, err := w.guard.AskPasskey(r)
	if err != nil {
		reply.FailJSON(rw, r, err, w.log)
		return
	}
	reply.JSON(rw, http.StatusOK, asked)
}
