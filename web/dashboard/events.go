package dashboard

import (
	"net/http"
	"strings"
	"time"

	"dassie/web/reply"
)

const (
	heartbeat    = 25 * time.Second       // proxies cut idle streams after 60 to 100 seconds
	sessionCheck = 400 * time.Millisecond // a stream ends within a second of its session (DECISIONS 36)
)

// events handles GET /me/events: what happens, as it happens. Each event has the
// kind and the id of what changed; the page asks for what it shows.
//
// The query's "last" stands for the header Last-Event-ID, which only the
// browser's own attempts to reconnect carry.
func (d *Dashboard) events(w http.ResponseWriter, r *http.Request) {
	session, in := d.guard.Session(r)
	if !in {
		d.fail(w, r, reply.Errorf(reply.Unauthorized, "Log in first."))
		return
	}
	stream, err := reply.Events(w, r)
	if err != nil {
		return // a HEAD, or a page that is gone again
	}
	seen := r.Header.Get("Last-Event-ID")
	if seen == "" {
		seen = r.URL.Query().Get("last")
	}
	who, missed := d.live.join(seen)
	defer d.live.leave(who)
	defer d.service.Watching()()
	if stream.Write(eventLines(missed)) != nil {
		return
	}
	tick, check := time.NewTicker(heartbeat), time.NewTicker(sessionCheck)
	defer tick.Stop()
	defer check.Stop()
	for {
		piece := ""
		select {
		case <-r.Context().Done():
			return
		case <-reply.Closing(r):
			return
		case <-check.C:
			if stands, err := d.guard.Stands(r.Context(), session); err == nil && !stands || d.service.Ending() != nil {
				return // with the session, or with the account
			}
			continue
		case <-tick.C:
			piece = ": still here\n\n"
		case m, open := <-who.news:
			if !open {
				return
			}
			piece = eventLines(who.rest(m))
		}
		if stream.Write(piece) != nil {
			return
		}
	}
}

// rest is a message and all that wait behind it: what comes in a crowd is sent at
// once.
func (who *listener) rest(m message) []message {
	list := []message{m}
	for {
		select {
		case next, open := <-who.news:
			if !open {
				return list // the next look at the channel ends the stream
			}
			list = append(list, next)
		default:
			return list
		}
	}
}

// eventLines is how events are written (HTML 9.2.6).
func eventLines(list []message) string {
	var b strings.Builder
	for _, m := range list {
		b.WriteString("id: " + m.id + "\ndata: " + m.data + "\n\n")
	}
	return b.String()
}
