package dashboard

import (
	"net/http"
	"sync"
	"time"
)

// resumes remembers which session began to load which archive down after it gave the
// password: what breaks off on a slow line goes on where it was, though the password is
// older by then. The zero value is ready.
type resumes struct {
	mu    sync.Mutex
	begun map[resumeKey]time.Time
}

type resumeKey struct {
	session string
	archive int64
}

// begins notes that a download begins, and says whether it is the first in a while.
func (r *resumes) begins(k resumeKey, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, at := range r.begun {
		if now.Sub(at) > slowLine {
			delete(r.begun, k)
		}
	}
	if _, ok := r.begun[k]; ok {
		return false
	}
	if r.begun == nil {
		r.begun = map[resumeKey]time.Time{}
	}
	r.begun[k] = now
	return true
}

// goesOn says whether a request is for the rest of what the session began.
func (r *resumes) goesOn(req *http.Request, k resumeKey, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.begun[k]
	return ok && req.Header.Get("Range") != "" && now.Sub(at) <= slowLine
}
