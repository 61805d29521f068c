package dashboard

import (
	"net/http"
	"regexp"
	"sync"
	"time"
)

// resumes remembers which session began to load which archive down after it gave the
// password: what breaks off on a slow line goes on where it was, though the password is
// older by then. How far it came is not asked: a proxy in front of us takes the file
// faster than the browser behind it. The zero value is ready.
type resumes struct {
	mu    sync.Mutex
	begun map[resumeKey]resume
}

type resumeKey struct {
	session string
	archive int64
}

// resume is one download: since when, and of which file.
type resume struct{ at, modified time.Time }

// begins notes that a download of a file begins that was last modified then.
func (r *resumes) begins(k resumeKey, modified, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, begun := range r.begun {
		if now.Sub(begun.at) > slowLine {
			delete(r.begun, k)
		}
	}
	if r.begun == nil {
		r.begun = map[resumeKey]resume{}
	}
	r.begun[k] = resume{now, modified}
}

// aRest is a Range that does not ask for the beginning, and for one part only.
var aRest = regexp.MustCompile(`^bytes=0*[1-9][0-9]*-[0-9]*$`)

// goesOn says whether a request is for the rest of what the session began. An If-Range
// that does not fit makes the answer the whole file (RFC 9110 13.1.5), as one that is
// no date does: the file has no ETag.
func (r *resumes) goesOn(req *http.Request, k resumeKey, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	begun, ok := r.begun[k]
	if !ok || now.Sub(begun.at) > slowLine || !aRest.MatchString(req.Header.Get("Range")) {
		return false
	}
	same := req.Header.Get("If-Range")
	at, err := http.ParseTime(same)
	return same == "" || err == nil && at.Unix() == begun.modified.Unix()
}
