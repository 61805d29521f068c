package dashboard

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/archive"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// Config is what a Dashboard stands on. All fields but Log are needed.
type Config struct {
	Service   *federation.Service
	Archives  *archive.Keeper
	Imports   *archive.Taker
	Guard     *auth.Guard
	Templates *assets.Set
	Log       *slog.Logger // nil: slog.Default

	Ended http.HandlerFunc // answers the form of a post that came without a session; nil: as any other
}

// Dashboard answers everything under /me. It is safe for use by many
// goroutines.
type Dashboard struct {
	service  *federation.Service
	archives *archive.Keeper
	incoming *archive.Taker
	guard    *auth.Guard
	pages    *assets.Set
	log      *slog.Logger
	live     *live
	ended    http.HandlerFunc
	resumes  resumes
}

// New makes the dashboard of one account. Close it when it is not asked any more.
func New(c Config) *Dashboard {
	d := &Dashboard{service: c.Service, archives: c.Archives, incoming: c.Imports, guard: c.Guard, pages: c.Templates, log: c.Log, ended: c.Ended}
	if d.log == nil {
		d.log = slog.Default()
	}
	d.live = newLive(c.Service)
	return d
}

// Close ends the streams and what feeds them.
func (d *Dashboard) Close() { d.live.close() }

// zone is the owner's time zone. The name is checked when it is saved; one that
// this machine does not know counts as UTC.
func zone(set store.Settings) *time.Location {
	loc, err := time.LoadLocation(set.Timezone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// notFound is the answer for an id that is not stored here.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &reply.Error{Code: reply.NotFound, Message: "There is nothing at this address. It may have been deleted.", Err: err}
	}
	return err
}

// refused tells what the owner did wrong, or what went wrong elsewhere, in words
// that a page can show beside its form. It is false for faults of ours.
func refused(err error) (string, bool) {
	if err == nil || reply.CodeOf(err) == reply.Internal {
		return "", false
	}
	return reply.Message(err), true
}

// refusedStatus is the status of a form that comes back with an error.
func refusedStatus(err error) int {
	if reply.CodeOf(err) == reply.Invalid {
		return http.StatusUnprocessableEntity
	}
	return reply.Status(err)
}
