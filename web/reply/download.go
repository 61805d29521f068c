package reply

import (
	"io"
	"mime"
	"net/http"
	"path"
	"time"
)

// Download answers with a file that the browser saves under name, or the part of it
// that is asked for (RFC 9110 14). It is for nobody's cache. modified may be zero.
func Download(w http.ResponseWriter, r *http.Request, file io.ReadSeeker, name string, modified time.Time) {
	h := w.Header()
	PrivateAnswer(h)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Type", "application/octet-stream")
	switch path.Ext(name) {
	case ".zip":
		h.Set("Content-Type", "application/zip")
	case ".csv":
		h.Set("Content-Type", "text/csv; charset=utf-8")
	}
	http.ServeContent(w, r, "", modified, file)
}
