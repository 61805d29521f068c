package dashboard

import (
	"bytes"
	"fmt"
	"net/http"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// answer says how a page goes out. The zero value is 200 and not kept.
type answer struct {
	status int
	cache  string // reply.Private for forms whose text the back button should bring back
}

// show reads a page's data in one transaction and renders it.
func (d *Dashboard) show(w http.ResponseWriter, r *http.Request, page string, a answer, load func(*view) (any, error)) {
	body, err := d.page(r, page, load)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	reply.HTML(w, r, a.status, body, reply.Headers{Cache: a.cache, Script: true})
}

// page is what show sends.
func (d *Dashboard) page(r *http.Request, page string, load func(*view) (any, error)) ([]byte, error) {
	seen := d.live.now() // before anything is read: what happens in between is told by the stream
	data, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (any, error) {
		v := d.newView(tx, r)
		v.event = seen
		return load(v)
	})
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	err = d.pages.Execute(&body, page, data)
	return body.Bytes(), err
}

// fail answers with the error page.
func (d *Dashboard) fail(w http.ResponseWriter, r *http.Request, err error) {
	reply.Fail(w, r, notFound(err), d.log, d.errorPage)
}

func (d *Dashboard) errorPage(status int, message, code string) []byte {
	data := struct {
		assets.Plain
		Status                        int
		Message, Code, Home, HomeText string
	}{assets.Plain{Title: "Error", Host: d.service.Origin().Host, Lang: "en"}, status, message, code, "/me", "Back to Home"}
	var body bytes.Buffer
	if err := d.pages.Execute(&body, "error", data); err != nil {
		d.log.Error("render the error page", "err", err)
		return fmt.Appendf(nil, "%d", status)
	}
	return body.Bytes()
}

// backTo is where a form came from, if it says so and that is a page of ours.
func backTo(r *http.Request, otherwise string) string {
	if back := reply.Local(r.PostForm.Get("back")); back != "/" {
		return back
	}
	return otherwise
}
