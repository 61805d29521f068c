// Package instance is one server from its start to its end: the database is
// opened, an account awaited, the parts put together, the work run, and all of
// it recorded before the database closes. It owns that order and the mark of a
// clean end, an internal setting; what the parts do is not its business.
package instance

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web"
)

// endedKey is the internal setting that says when the last run ended, if it ended well.
const endedKey = "ended_at"

// Spec is what the parts of a server stand on.
type Spec struct {
	Dir      string
	Store    *store.Store
	Identity store.Identity
	Now      func() time.Time
	Log      *slog.Logger
}

// Parts are a server put together; nothing of it runs yet.
type Parts struct {
	Service *federation.Service
	Handler http.Handler
	Work    func(context.Context) error // runs beside the service, until its context ends
	Close   func()
}

// Config says what a Site serves.
type Config struct {
	Dir      string
	Log      *slog.Logger
	Trusted  []netip.Prefix // proxies
	Periodic []Job
	Boot     func(context.Context, Spec) (*Parts, error)
	Invite   func(code string)    // says how to reach the set-up pages; told anew when the code changes
	Known    func(store.Identity) // told whose server it is, before Boot; may be nil
	Started  store.Started        // noted for doctor
}

// Site is one server. As a handler it shows what there is so far: that it is
// starting, the set-up pages, or everything.
type Site struct {
	Config
	handler    atomic.Pointer[http.Handler]
	store      *store.Store
	changed    chan struct{} // somebody else wrote, or the account was made
	booted     chan struct{} // closed when everything is shown …
	bootedOnce sync.Once     // … for the first time
	clean      bool          // all work under way was recorded
	next       chan struct{} // closed when what follows the wiping is shown; nil while none is under way
}

// New makes a site that answers 503 until Run has opened its database.
func New(c Config) *Site {
	s := &Site{Config: c, changed: make(chan struct{}, 1), booted: make(chan struct{})}
	s.starting("dassie is starting")
	return s
}

func (s *Site) show(h http.Handler) { s.handler.Store(&h) }

// ServeHTTP answers with what there is so far.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.handler.Load()).ServeHTTP(w, r) }

// starting answers 503 with what is being done.
func (s *Site) starting(text string) {
	s.Log.Debug(text)
	s.show(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, text, http.StatusServiceUnavailable)
	}))
}

// Run opens the database, waits for an account, and works until ctx ends. Close
// must follow, once nobody asks any more. Errors are those of store.Open and of
// Boot.
func (s *Site) Run(ctx context.Context) (err error) {
	defer func() {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil // it was ended while it started
		}
	}()
	if store.WipeBegun(s.Dir) { // a crash interrupted it
		if err := s.wipe(); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		if err := s.once(ctx); !errors.Is(err, federation.ErrEnded) {
			return err
		}
		if err := s.wipe(); err != nil {
			return err
		}
	}
	return nil
}

// wipe leaves nothing of an account that was deleted and whose servers were told.
func (s *Site) wipe() error {
	s.wiping()
	return store.Wipe(s.Dir, time.Now)
}

// wiping lets requests wait for what follows, which takes no time: the owner may be
// looking.
func (s *Site) wiping() {
	const most = 10 * time.Second
	if s.next != nil {
		return
	}
	s.starting("the account is being wiped")
	busy := s.handler.Load()
	next := make(chan struct{})
	s.next = next
	s.show(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-next:
			s.ServeHTTP(w, r)
		case <-r.Context().Done():
		case <-time.After(most):
			(*busy).ServeHTTP(w, r)
		}
	}))
}

// once opens the database, waits for an account, and works until ctx ends, or the
// account does: the error is then federation.ErrEnded, and the database closed.
func (s *Site) once(ctx context.Context) error {
	ended := lastWrite(s.Dir) // before opening writes
	var err error
	s.store, err = store.Open(s.Dir, store.Options{Create: true, Serve: true, Progress: s.starting})
	if err != nil {
		return err
	}
	s.store.OnForeignWrite = s.wake
	id, err := s.account(ctx)
	if err != nil || ctx.Err() != nil {
		return err
	}
	if s.Known != nil {
		s.Known(id)
	}
	gone, err := s.gone(ctx, id)
	if gone || err != nil {
		return err
	}
	err = s.work(ctx, id, ended)
	if errors.Is(err, federation.ErrEnded) {
		closing := s.store
		s.store = nil
		s.wiping()
		return errors.Join(err, closing.Close())
	}
	return err
}

// gone serves, until ctx ends, an account that was deleted and wiped: a small
// database knows who it was. One whose wiping a crash interrupted is wiped again.
func (s *Site) gone(ctx context.Context, id store.Identity) (bool, error) {
	d, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Farewell, error) { return tx.Farewell() })
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Done.IsZero() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if d.Wiped.IsZero() {
		federation.NewEndReport(id, d, d.Report).Log(s.Log)
		closing := s.store
		s.store = nil
		return true, errors.Join(federation.ErrEnded, closing.Close())
	}
	h, err := web.NewGone(s.store, id, d, s.Trusted, s.Log)
	if err != nil {
		return false, err
	}
	s.show(h)
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
	s.Log.Info("the account is deleted; serving that it is gone", "handle", "@"+id.Origin().Handle(id.Name))
	s.wipeRest(ctx, h)
	<-ctx.Done()
	s.clean = true
	return true, nil
}

// wipeRest removes what else there was of the account, and tries again while it cannot:
// that the account is gone is answered all the same.
func (s *Site) wipeRest(ctx context.Context, gone *web.Gone) {
	for wait := time.Minute; ; wait = min(2*wait, time.Hour) {
		err := store.WipeRest(ctx, s.Dir)
		if ctx.Err() != nil {
			return // the next start goes on
		}
		left, lerr := store.LeftBehind(s.Dir)
		if lerr != nil {
			s.Log.Warn("cannot look what is left in the data directory", "error", lerr)
		}
		gone.Rest(err == nil, err, left...)
		if err == nil {
			if len(left) > 0 {
				s.Log.Warn("somebody put more into the data directory, which stays", "names", left)
			}
			break
		}
		s.Log.Error("cannot remove all that is left of the account; it is tried again", "in", wait, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
	s.Log.Info("everything of the account is wiped")
	if err := FreeMemory(ctx, nil); err != nil { // what the account needed
		s.Log.Warn("cannot give memory back", "error", err)
	}
}

// work puts the server together and runs it.
func (s *Site) work(ctx context.Context, id store.Identity, ended time.Time) error {
	p, err := s.Boot(ctx, Spec{Dir: s.Dir, Store: s.store, Identity: id, Now: time.Now, Log: s.Log})
	if err != nil {
		return err
	}
	defer p.Close()
	if err := s.store.Write(ctx, func(tx *store.Tx) error { return s.begin(tx, &ended) }); err != nil {
		return err
	}
	if err := p.Service.Recover(ctx, ended); err != nil {
		return err
	}
	s.show(p.Handler)
	s.Log.Info("serving", "handle", "@"+id.Origin().Handle(id.Name), "at", id.Origin().URL("/"))
	s.bootedOnce.Do(func() { close(s.booted) })
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { runJobs(ctx, p.Service, s.Periodic, s.Log) })
	wg.Go(func() { s.reload(ctx, p.Service) })
	wg.Go(func() {
		if p.Work == nil {
			return
		}
		if err := p.Work(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("work beside the service ended", "error", err)
		}
	})
	err = p.Service.Run(ctx)
	stop()
	wg.Wait()
	s.clean = err == nil
	return err
}

// Close ends with the database: what was under way is in it by now.
func (s *Site) Close() error {
	if s.store == nil {
		return nil
	}
	var err error
	if s.clean {
		err = s.store.Write(context.Background(), func(tx *store.Tx) error {
			if err := tx.SetSetting(endedKey, tx.Now().UTC().Format(time.RFC3339)); err != nil {
				return err
			}
			return tx.SetSetting(store.CleanShutdown, "yes")
		})
	}
	return errors.Join(err, s.store.Close())
}

// account is the identity of this server. Without one it offers set-up and
// waits until the account is made, in the browser or by init.
func (s *Site) account(ctx context.Context) (store.Identity, error) {
	read := func() (store.Identity, error) {
		return store.Get(ctx, s.store, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	}
	id, err := read()
	if !errors.Is(err, store.ErrNoAccount) {
		return id, err
	}
	done := func() {
		s.wake()
		select { // the browser's next request finds everything
		case <-s.booted:
		case <-ctx.Done():
		}
	}
	// The first code is told once the pages are there: a quick browser must not meet a server that is starting.
	first, shown := "", false
	setup := web.NewSetup(web.SetupConfig{Store: s.store, Trusted: s.Trusted, Log: s.Log, Done: done, Print: func(code string) {
		if !shown {
			first = code
			return
		}
		s.Invite(code)
	}})
	shown = true
	s.show(setup)
	s.Invite(first)
	for {
		select {
		case <-ctx.Done():
			return id, nil
		case <-s.changed:
		}
		if id, err := read(); !errors.Is(err, store.ErrNoAccount) {
			return id, err
		}
	}
}

func (s *Site) wake() {
	select {
	case s.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// reload drops what is cached from before a command's write.
func (s *Site) reload(ctx context.Context, svc *federation.Service) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
			if err := svc.Reload(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("cannot read what a command wrote", "error", err)
			}
		}
	}
}

// begin marks this run as not ended. After a clean end it reads when that was;
// after a crash it marks what the last run may have been sending when it died.
func (s *Site) begin(tx *store.Tx, ended *time.Time) error {
	if err := federation.NoteStarted(tx, s.Started); err != nil {
		return err
	}
	if clean, err := tx.Setting(store.CleanShutdown); err != nil || clean != "yes" {
		_, err := tx.CrashRecovery()
		return err
	}
	text, err := tx.Setting(endedKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil { // else the file's time stands
		*ended = at
	}
	return tx.SetSetting(store.CleanShutdown, "no")
}

// lastWrite is when the database was last written, as far as its files tell: about
// when a run ended that crashed. Nothing is written while a server idles, so it may
// have ended later; then more is looked through than was missed. It is zero
// without a database.
func lastWrite(dir string) (last time.Time) {
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}
