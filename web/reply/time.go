package reply

import (
	"net/http"
	"time"
)

// UploadTime is how long a form with files may take to arrive: 99 MB on a slow
// line.
const UploadTime = time.Hour

// LimitTime bounds a request, and its answer, from now on. A writer without a
// connection, as in tests, has no deadlines.
func LimitTime(w http.ResponseWriter, d time.Duration) {
	c, end := http.NewResponseController(w), time.Now().Add(d)
	_ = c.SetReadDeadline(end)
	_ = c.SetWriteDeadline(end)
}
