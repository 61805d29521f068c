package dashboard

import (
	"io"
	"net/http"

	"dassie/web/reply"
)

// takeText is what becomes of a file that is no zip file, while it arrives: the
// address of the page that shows what it would do, or a *reply.Error in plain words.
// The fields of the form that stand before the file are in r.PostForm.
func (d *Dashboard) takeText(r *http.Request, name string, body io.Reader) (page string, err error) {
	return "", reply.Errorf(reply.Unprocessable, "“%s” is not a zip file. Choose the archive as it was downloaded.", name)
}
