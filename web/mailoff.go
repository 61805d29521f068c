package web

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"dassie/assets"
)

// mailOffPage is the page of a link that ends mail.
type mailOffPage struct {
	assets.Plain
	Kinds, Action string
	Off           bool
}

// mailOff answers /mail/off/TOKEN, which stands in mail to the owner. A GET changes
// nothing, since programs that look for malware follow links; a POST needs no cookie
// and no form of ours (RFC 8058 3.1). The token is the right to do it.
func (w *Web) mailOff(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	token := at[0].Value
	if !isRead(r) {
		if err := w.svc.EndMail(r.Context(), token); err != nil {
			w.Fail(rw, r, err)
			return
		}
	}
	kinds, off, err := w.svc.MailOff(r.Context(), token)
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	w.show(rw, r, http.StatusOK, "mail_off", mailOffPage{Plain: w.plain("Mail", ""), Kinds: kinds, Off: off, Action: r.URL.Path})
}
